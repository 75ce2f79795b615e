//! Which services multiply, and which do not.

use crate::common::{
    autoscaler, codes, finds, given, kind, plan_of, plan_with, replicas, why, workload,
};
use model::plan::{Kind, Spread, Strategy};

/// `None`: an autoscaler owns the number.
fn check(services: &str, name: &str, want: Option<u32>) {
    let plan = plan_with(services);
    assert_eq!(replicas(&plan, name), want, "{services}");
    assert_eq!(autoscaler(&plan, name).is_some(), want.is_none(), "{services}");
}

#[test]
fn stateless_services_scale_from_two_to_ten() {
    let plan = plan_with("web: { image: 'nginx:1.29', ports: ['8080:80'] }");
    let found = autoscaler(&plan, "web").unwrap();
    assert_eq!((found.min, found.max, found.cpu_percent), (2, 10, 50));
    assert_eq!(replicas(&plan, "web"), None);
    assert_eq!(plan.budgets.len(), 1);
    let pod = &workload(&plan, "web").pod;
    assert_eq!(pod.spread, Spread::Soft);
    assert!(pod.containers[0].resources.requests.cpu.is_some(), "an HPA needs a request");
}

#[test]
fn what_does_not_hinder_a_second_copy() {
    for rest in [
        "container_name: web",
        "hostname: web",
        "ports: ['8080:80']",
        "tmpfs: /cache",
        "read_only: true",
        "volumes: ['/tmp/x']",
    ] {
        check(&format!("web: {{ image: 'acme/web:1', expose: ['80'], {rest} }}"), "web", None);
    }
}

#[test]
fn what_hinders_a_second_copy() {
    for (rest, word) in [
        ("environment: { DATABASE_URL: 'sqlite:////data/app.db' }", "SQLite"),
        ("environment: { DB_CONNECTION: sqlite }", "SQLite"),
        ("environment: { SESSION_DRIVER: file }", "sessions"),
        ("command: sh -c 'cron && apache2-foreground'", "timers"),
        ("command: celery -A app worker -B", "timers"),
        ("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "Docker"),
        ("devices: ['/dev/ttyUSB0:/dev/ttyUSB0']", "device"),
        ("network_mode: host", "network"),
        ("x-muster: { replicable: false }", "replicable"),
    ] {
        let services = format!("web: {{ image: 'acme/web:1', expose: ['80'], {rest} }}");
        check(&services, "web", Some(1));
        let plan = plan_with(&services);
        let said = why(&plan, "Deployment/web", "spec.replicas");
        assert!(said.contains(word), "{rest}: {said}");
        assert!(plan.budgets.is_empty(), "on one replica a budget only blocks drains");
        assert_eq!(workload(&plan, "web").pod.spread, Spread::None);
    }
}

#[test]
fn singletons_of_the_table_run_once() {
    for image in
        ["prom/prometheus:v3.1.0", "gitea/gitea:1.23", "redis:8", "portainer/portainer-ce:2.27.0"]
    {
        let plan = plan_with(&format!("x: {{ image: '{image}', expose: ['80'] }}"));
        assert!(plan.autoscalers.is_empty(), "{image}");
        assert_eq!(replicas(&plan, "x"), Some(1), "{image}");
    }
}

#[test]
fn a_data_store_is_replaced_and_not_rolled() {
    let plan = plan_with("cache: { image: 'redis:8' }");
    if let Kind::Deployment { strategy, .. } = &workload(&plan, "cache").kind {
        assert_eq!(*strategy, Strategy::Recreate);
    }
    let plan = plan_with("web: { image: 'nginx:1.29' }");
    let Kind::Deployment { strategy, .. } = &workload(&plan, "web").kind else { panic!() };
    assert_eq!(*strategy, Strategy::Rolling);
}

#[test]
fn databases_never_scale_by_themselves() {
    for rest in ["", ", deploy: { replicas: 3 }", ", x-muster: { scale: { max: 5 } }"] {
        for image in ["postgres:17", "mariadb:11.4", "mongo:8", "rabbitmq:4"] {
            let plan = plan_with(&format!("db: {{ image: '{image}'{rest} }}"));
            assert!(plan.autoscalers.is_empty(), "{image} {rest}");
            assert_eq!(replicas(&plan, "db"), Some(1), "{image} {rest}");
            assert_eq!(finds(&plan, "replicated-data-store"), !rest.is_empty(), "{image} {rest}");
        }
    }
}

#[test]
fn the_file_and_the_intent_say_how_many() {
    check("web: { image: 'acme/web:1', expose: ['80'], deploy: { replicas: 3 } }", "web", Some(3));
    check("web: { image: 'acme/web:1', expose: ['80'], scale: 4 }", "web", Some(4));
    check("web: { image: 'acme/web:1', expose: ['80'], deploy: { replicas: 0 } }", "web", Some(0));
    let plan = plan_with(
        "web: { image: 'acme/web:1', expose: ['80'], deploy: { replicas: 3 }, x-muster: { scale: { min: 3, max: 30, cpu: 70 } } }",
    );
    let found = autoscaler(&plan, "web").unwrap();
    assert_eq!((found.min, found.max, found.cpu_percent), (3, 30, 70));
    assert_eq!(replicas(&plan, "web"), None);
}

#[test]
fn an_intent_overrides_a_hindrance() {
    check(
        "web: { image: 'acme/web:1', expose: ['80'], environment: { DB: 'sqlite:///x' }, x-muster: { replicable: true } }",
        "web",
        None,
    );
    let plan = plan_with(
        "web: { image: 'acme/web:1', expose: ['80'], environment: { DB: 'sqlite:///x' }, deploy: { replicas: 3 } }",
    );
    assert!(codes(&plan, "web").contains(&"scale-refused"));
    assert_eq!(replicas(&plan, "web"), Some(1));
}

#[test]
fn a_store_that_forms_a_cluster_gets_its_members() {
    let plan = plan_with(
        "mq: { image: 'rabbitmq:4', deploy: { replicas: 3 }, x-muster: { replicable: true } }",
    );
    assert_eq!((kind(&plan, "mq"), replicas(&plan, "mq")), ("StatefulSet", Some(3)));
    assert_eq!(plan.budgets.len(), 1);
    let plan =
        plan_with("mq: { image: 'rabbitmq:4', x-muster: { replicable: true, scale: { min: 3 } } }");
    assert_eq!(replicas(&plan, "mq"), Some(3));
    assert!(plan.autoscalers.is_empty());
}

#[test]
fn workers_multiply_where_a_queue_shares_the_work_out() {
    check(
        "worker: { image: 'acme/app:1', command: celery worker, environment: { BROKER_URL: 'redis://cache:6379' } }\ncache: { image: 'redis:8' }",
        "worker",
        None,
    );
    // A bot would do everything twice.
    check("bot: { image: 'acme/bot:1' }", "bot", Some(1));
}

#[test]
fn what_keeps_sessions_is_asked_about() {
    let plan = plan_with("web: { image: 'acme/web:1', expose: ['80'] }");
    assert!(plan.report.questions.iter().any(|q| q.question.contains("sessions")));
    let plan = plan_with("web: { image: 'nginx:1.29', ports: ['80:80'] }");
    assert!(!plan.report.questions.iter().any(|q| q.question.contains("sessions")));
}

#[test]
fn one_replica_per_node_is_kept() {
    let plan = plan_with(
        "web: { image: 'acme/web:1', expose: ['80'], deploy: { replicas: 3, placement: { max_replicas_per_node: 1 } } }",
    );
    assert_eq!(workload(&plan, "web").pod.spread, Spread::Hosts);
}

#[test]
fn a_private_volume_hinders_and_a_shared_one_does_not() {
    let plan = plan_of(
        "services:\n  app: { image: 'acme/app:1', expose: ['80'], volumes: ['state:/var/lib/app'] }\nvolumes: { state: {} }\n",
    );
    assert_eq!(replicas(&plan, "app"), Some(1));
    assert!(plan.autoscalers.is_empty());
}

#[test]
fn a_gpu_server_does_not_scale_by_cpu() {
    let services = "llm: { image: 'vllm/vllm-openai:v0.9.0', ports: ['8000:8000'] }";
    let plan = given(&crate::common::file(services)).plan();
    assert!(plan.autoscalers.is_empty());
    assert_eq!(replicas(&plan, "llm"), Some(1));
}

#[test]
fn what_must_not_run_twice_is_replaced_and_not_rolled() {
    let strategy = |services: &str| match &workload(&plan_with(services), "x").kind {
        Kind::Deployment { strategy, .. } => *strategy,
        other => panic!("{services} is a {}", other.name()),
    };
    for services in [
        "x: { image: 'acme/x:1', command: celery -A app beat, expose: ['80'] }",
        "x: { image: 'acme/bot:1' }",
        "x: { image: 'acme/x:1', expose: ['80'], x-muster: { replicable: false } }",
    ] {
        assert_eq!(strategy(services), Strategy::Recreate, "{services}");
    }
    let once = "x: { image: 'acme/x:1', expose: ['80'], deploy: { replicas: 1 } }";
    assert_eq!(strategy(once), Strategy::Rolling);
}
