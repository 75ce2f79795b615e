//! `depends_on`.

use crate::common::{finds, kind, plan_with, workload};

#[test]
fn healthy_is_a_bounded_wait() {
    let plan = plan_with(
        "app: { image: 'acme/a:1', depends_on: { db: { condition: service_healthy } } }\ndb: { image: 'postgres:17' }",
    );
    let app = workload(&plan, "app");
    assert_eq!(app.after, ["db"]);
    let [wait] = app.pod.init.as_slice() else { panic!("{:?}", app.pod.init) };
    let script = wait.args.as_ref().unwrap().join(" ");
    assert!(script.contains("nc -z -w 2 db 5432") && script.contains("-ge 60"), "{script}");
    assert!(!wait.image.ends_with(":latest"));
}

#[test]
fn a_job_waits_longer_because_it_fails_for_good() {
    let plan = plan_with(
        "j: { image: 'acme/a:1', restart: 'no', depends_on: { db: { condition: service_healthy } } }\ndb: { image: 'postgres:17' }",
    );
    let script = workload(&plan, "j").pod.init[0].args.as_ref().unwrap().join(" ");
    assert!(script.contains("-ge 900"), "{script}");
}

#[test]
fn started_waits_for_nothing() {
    for depends in ["[db]", "{ db: { condition: service_started } }"] {
        let plan = plan_with(&format!(
            "app: {{ image: 'acme/a:1', depends_on: {depends} }}\ndb: {{ image: 'postgres:17' }}"
        ));
        let app = workload(&plan, "app");
        assert!(app.after.is_empty() && app.pod.init.is_empty());
    }
}

#[test]
fn completed_is_a_job_and_a_gate() {
    let plan = plan_with(
        "app: { image: 'acme/a:1', depends_on: { migrate: { condition: service_completed_successfully } } }\nmigrate: { image: 'acme/a:1', command: migrate }",
    );
    assert_eq!(kind(&plan, "migrate"), "Job");
    let app = workload(&plan, "app");
    assert_eq!(app.after, ["migrate"]);
    assert!(app.pod.init.is_empty());
}

#[test]
fn what_is_not_there_is_said() {
    let plan = plan_with(
        "app: { image: 'acme/a:1', depends_on: { db: { condition: service_healthy, required: false } } }\ndb: { image: 'postgres:17', profiles: [extra] }",
    );
    assert!(finds(&plan, "optional-dependency-absent"));
    assert!(workload(&plan, "app").after.is_empty());
}

#[test]
fn what_waits_names_a_port_that_the_service_has() {
    let plan = plan_with(
        "app: { image: 'acme/a:1', depends_on: { web: { condition: service_healthy }, bare: { condition: service_healthy } } }\nweb: { image: 'acme/w:1', expose: ['9229', '3000'], healthcheck: { test: curl -f http://localhost:3000/ } }\nbare: { image: 'acme/b:1' }",
    );
    let app = workload(&plan, "app");
    assert_eq!(app.after, ["bare", "web"]);
    let [wait] = app.pod.init.as_slice() else { panic!("{:?}", app.pod.init) };
    assert!(wait.args.as_ref().unwrap()[0].contains("web 3000"), "not the debugger's port");
}
