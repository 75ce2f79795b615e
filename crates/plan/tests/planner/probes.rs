//! Startup, readiness, liveness.

use crate::common::{container, finds, plan_with};
use model::plan::{Check, Probes};

fn probes(rest: &str) -> Probes {
    let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
    container(&plan, "x").probes.clone()
}

fn readiness(test: &str) -> Check {
    probes(&format!("expose: ['8000'], healthcheck: {{ test: {test} }}")).readiness.unwrap().check
}

#[test]
fn a_health_check_becomes_startup_and_readiness() {
    let found = probes(
        "expose: ['8000'], healthcheck: { test: ['CMD', '/bin/ok'], interval: 7s, timeout: 3s, retries: 4, start_period: 10m }",
    );
    let readiness = found.readiness.unwrap();
    assert_eq!(readiness.check, Check::Exec(vec!["/bin/ok".to_owned()]));
    assert_eq!((readiness.period.0, readiness.timeout.0, readiness.failures), (7, 3, 4));
    let startup = found.startup.unwrap();
    assert_eq!(startup.check, readiness.check);
    assert!(startup.period.0 * startup.failures >= 600, "{startup:?}");
    let liveness = found.liveness.unwrap();
    assert_ne!(liveness.check, readiness.check, "Compose never restarts on a health check");
    assert_eq!(liveness.check, Check::Tcp(8000));
}

#[test]
fn dockers_defaults_are_explicit() {
    let readiness = probes("healthcheck: { test: ['CMD', 'ok'] }").readiness.unwrap();
    assert_eq!((readiness.period.0, readiness.timeout.0, readiness.failures), (30, 30, 3));
}

#[test]
fn plain_requests_are_asked_by_the_kubelet() {
    // Frameworks refuse hosts that they do not know, such as the address of a pod.
    let http = |host: &str, path: &str| Check::Http {
        path: path.to_owned(),
        port: 8000,
        https: false,
        host: Some(host.to_owned()),
    };
    for (test, want) in [
        ("curl -f http://localhost:8000/health", http("localhost", "/health")),
        ("curl -fsS http://127.0.0.1:8000/ || exit 1", http("127.0.0.1", "/")),
        ("['CMD', 'wget', '-q', '--spider', 'http://localhost:8000/ok']", http("localhost", "/ok")),
        ("['CMD-SHELL', 'wget -qO- http://x:8000/ok >/dev/null || exit 1']", http("x", "/ok")),
        ("curl http://localhost:8000/health", Check::Tcp(8000)),
        ("nc -z localhost 8000", Check::Tcp(8000)),
    ] {
        assert_eq!(readiness(test), want, "{test}");
    }
}

#[test]
fn other_checks_run_in_the_container() {
    for test in [
        "curl -f http://localhost:8000/ | grep ok",
        "curl -f http://localhost:9999/",
        "curl -f http://other:8000/",
        "curl -f -X POST http://localhost:8000/",
        "curl -f -H 'Host: a' http://localhost:8000/",
    ] {
        let Check::Exec(words) = readiness(&format!("\"{test}\"")) else { panic!("{test}") };
        assert_eq!(&words[..2], ["/bin/sh", "-c"], "{test}");
    }
}

#[test]
fn an_image_without_a_shell_runs_no_script() {
    let given = crate::common::given(
        "services:\n  x: { build: ./x, expose: ['8000'], healthcheck: { test: /ok | grep yes } }\n",
    )
    .file("x/Dockerfile", "FROM scratch\nCOPY ok /ok\n");
    let plan = given.plan();
    assert_eq!(container(&plan, "x").probes.readiness.as_ref().unwrap().check, Check::Tcp(8000));
    assert!(finds(&plan, "healthcheck-without-shell"));
}

#[test]
fn databases_get_time_to_recover() {
    for image in ["postgres:17", "mariadb:11.4", "mysql:8.4", "mongo:8"] {
        for health in [
            "",
            ", healthcheck: { test: ['CMD', 'ok'], interval: 5s, retries: 3, start_period: 10s }",
        ] {
            let plan = plan_with(&format!("db: {{ image: '{image}'{health} }}"));
            let found = &container(&plan, "db").probes;
            let startup = found.startup.as_ref().unwrap();
            assert!(startup.period.0 * startup.failures >= 1800, "{image} {health} {startup:?}");
            let liveness = found.liveness.as_ref().unwrap();
            assert!(liveness.period.0 * liveness.failures >= 120, "{image} {liveness:?}");
            assert_ne!(liveness.check, found.readiness.as_ref().unwrap().check, "{image}");
        }
    }
}

#[test]
fn without_anything_better_the_port_is_asked() {
    let found = probes("expose: ['8000']");
    assert_eq!(found.readiness.unwrap().check, Check::Tcp(8000));
    assert_eq!(probes("labels: { a: b }"), Probes::default());
    assert_eq!(probes("expose: ['53/udp']"), Probes::default());
}

#[test]
fn a_disabled_check_falls_back() {
    for health in ["{ disable: true }", "{ test: ['NONE'] }"] {
        let found = probes(&format!("expose: ['8000'], healthcheck: {health}"));
        assert_eq!(found.readiness.unwrap().check, Check::Tcp(8000));
    }
}

#[test]
fn jobs_have_no_probes() {
    let found = probes("restart: 'no', healthcheck: { test: ['CMD', 'ok'] }");
    assert_eq!(found, Probes::default());
}

#[test]
fn passwords_do_not_stand_in_probes() {
    let plan = plan_with(
        "db: { image: 'mariadb:11.4', environment: { MARIADB_ROOT_PASSWORD: geheim12 }, healthcheck: { test: mysqladmin ping -pgeheim12 } }\nx: { image: 'mysql:8.4', healthcheck: { test: mysqladmin ping -panders99 } }",
    );
    for name in ["db", "x"] {
        let text = format!("{:?}", container(&plan, name).probes);
        assert!(!text.contains("geheim12") && !text.contains("anders99"), "{text}");
    }
    assert!(finds(&plan, "secret-in-healthcheck"));
}

#[test]
fn the_first_start_of_a_database_is_over_when_its_port_opens() {
    let plan = plan_with(
        "x: { image: 'postgres:17', healthcheck: { test: ['CMD', 'pg_isready', '-U', 'app'] } }",
    );
    let found = &container(&plan, "x").probes;
    // The entrypoint's temporary server answers pg_isready by its socket.
    assert_eq!(found.startup.as_ref().unwrap().check, Check::Tcp(5432));
    assert!(
        matches!(&found.readiness.as_ref().unwrap().check, Check::Exec(w) if w[0] == "pg_isready")
    );
}

#[test]
fn nothing_restarts_for_a_port_that_is_only_likely() {
    for services in [
        "x: { image: 'acme/x:1', environment: { PORT: '3000' } }",
        "x: { image: 'acme/x:1' }\ny: { image: 'acme/y:1', environment: { X_URL: 'http://x:3000' } }",
    ] {
        let plan = plan_with(services);
        let found = &container(&plan, "x").probes;
        assert_eq!(found.readiness.as_ref().unwrap().check, Check::Tcp(3000), "{services}");
        assert!(found.startup.is_none() && found.liveness.is_none(), "{services}");
    }
}

#[test]
fn times_alone_do_not_rush_the_images_own_check() {
    let plan = plan_with("x: { image: 'mongo:8', healthcheck: { interval: 10s, timeout: 1s } }");
    let readiness = container(&plan, "x").probes.readiness.clone().unwrap();
    assert!(readiness.timeout.0 >= 10, "{readiness:?}");
}

#[test]
fn the_main_port_is_the_published_one_or_a_usual_one() {
    for (ports, want) in [
        ("expose: ['6060', '7422', '8080']", 8080),
        ("expose: ['3001'], ports: ['9100:9090']", 9090),
    ] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {ports} }}"));
        let readiness = container(&plan, "x").probes.readiness.clone().unwrap();
        assert_eq!(readiness.check, Check::Tcp(want), "{ports}");
    }
}

#[test]
fn what_no_probe_looks_into_counts_after_a_while() {
    let settles = |rest: &str| {
        plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}")).workloads[0].min_ready.0
    };
    assert_eq!(settles("command: [run]"), 5);
    assert_eq!(settles("expose: ['8000']"), 0);
    assert_eq!(settles("healthcheck: { test: ['CMD', 'ok'] }"), 0);
    assert_eq!(settles("restart: 'no', command: [run]"), 0, "a job is judged by its end");
}
