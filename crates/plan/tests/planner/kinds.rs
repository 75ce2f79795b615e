//! Which object runs a service.

use crate::common::{finds, kind, plan_of, plan_with, replicas, workload};
use model::plan::{Kind, RestartPolicy, Strategy};
use std::collections::BTreeSet;

fn check(services: &str, name: &str, want: &str) {
    let plan = plan_with(services);
    assert_eq!(kind(&plan, name), want, "{services}");
}

#[test]
fn stateless_services_are_deployments() {
    for image in ["nginx:1.29", "acme/web:1", "node:24", "redis:8", "memcached:1.6"] {
        check(&format!("web: {{ image: '{image}', ports: ['8080'] }}"), "web", "Deployment");
    }
}

#[test]
fn data_stores_are_stateful_sets() {
    for image in [
        "postgres:17",
        "mariadb:11.4",
        "mysql:8.4",
        "mongo:8",
        "rabbitmq:4",
        "bitnami/kafka:3.9",
        "docker.elastic.co/elasticsearch/elasticsearch:9.0.0",
        "minio/minio:latest",
    ] {
        check(&format!("db: {{ image: '{image}' }}"), "db", "StatefulSet");
    }
}

#[test]
fn intent_beats_evidence() {
    check("web: { image: 'acme/web:1', x-muster: { kind: daemonset } }", "web", "DaemonSet");
    check("web: { image: 'acme/web:1', x-muster: { kind: statefulset } }", "web", "StatefulSet");
    check("db: { image: 'postgres:17', x-muster: { kind: deployment } }", "db", "Deployment");
    check("x: { image: 'acme/x:1', x-muster: { kind: job } }", "x", "Job");
}

#[test]
fn one_shot_services_are_jobs() {
    for rest in [
        "restart: 'no'",
        "restart: 'on-failure:3'",
        "deploy: { restart_policy: { condition: on-failure, max_attempts: 3 } }",
        "command: python manage.py migrate",
        "command: ['sh', '-c', 'bundle exec rake db:migrate']",
        "deploy: { mode: replicated-job }",
    ] {
        check(&format!("x: {{ image: 'acme/x:1', {rest} }}"), "x", "Job");
    }
    check(
        "x: { image: 'acme/x:1' }\nweb: { image: 'acme/w:1', depends_on: { x: { condition: service_completed_successfully } } }",
        "x",
        "Job",
    );
}

#[test]
fn daemons_are_no_jobs() {
    for rest in [
        "restart: always",
        "restart: on-failure",
        "restart: 'no', ports: ['80:80']",
        "command: sh -c 'python manage.py migrate && python manage.py runserver'",
        "command: npm run start",
    ] {
        check(&format!("x: {{ image: 'acme/x:1', {rest} }}"), "x", "Deployment");
    }
    // Somebody calls it.
    check(
        "x: { image: 'acme/x:1', restart: 'no' }\nweb: { image: 'acme/w:1', environment: { API: 'http://x:80' } }",
        "x",
        "Deployment",
    );
}

#[test]
fn jobs_end_as_the_file_says() {
    for (rest, backoff, restart) in [
        ("restart: 'no'", 0, RestartPolicy::Never),
        ("restart: 'on-failure:3'", 3, RestartPolicy::OnFailure),
        ("deploy: { mode: replicated-job }", 6, RestartPolicy::OnFailure),
    ] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        let found = workload(&plan, "x");
        let Kind::Job(job) = &found.kind else { panic!("{rest}: {:?}", found.kind) };
        assert_eq!((job.backoff_limit, found.pod.restart), (backoff, restart), "{rest}");
        assert!(job.ttl_seconds.is_some());
        assert!(plan.budgets.is_empty() && plan.autoscalers.is_empty());
    }
}

#[test]
fn replicated_jobs_are_gangs() {
    let plan = plan_with(
        "train: { image: 'acme/train:1', deploy: { mode: replicated-job, replicas: 8 }, x-muster: { training: { team: vision, topology: { require: block } } } }",
    );
    let found = workload(&plan, "train");
    let Kind::Job(job) = &found.kind else { panic!("{:?}", found.kind) };
    assert_eq!((job.count, job.indexed), (8, true));
    let [gang] = plan.gangs.as_slice() else { panic!("{:?}", plan.gangs) };
    assert_eq!((gang.members, gang.name.as_str()), (8, "train"));
    assert_eq!((gang.team.as_deref(), gang.require.as_deref()), (Some("vision"), Some("block")));
    assert_eq!(found.pod.labels["scheduling.x-k8s.io/pod-group"], "train");
    let service = plan.services.iter().find(|s| s.name == "train").unwrap();
    assert!(service.publish_not_ready, "members find each other before they are ready");
}

#[test]
fn a_job_of_one_is_no_gang() {
    let plan = plan_with("x: { image: 'acme/x:1', deploy: { mode: replicated-job } }");
    assert_eq!(replicas(&plan, "x"), Some(1));
    assert!(plan.gangs.is_empty());
    let plan = plan_with("x: { image: 'acme/x:1', deploy: { mode: global-job } }");
    assert!(finds(&plan, "global-job"));
}

#[test]
fn schedules_are_cron_jobs() {
    for (rest, want) in [
        ("labels: { swarm.cronjob.schedule: '0 5 * * *' }", "0 5 * * *"),
        ("labels: { swarm.cronjob.schedule: '0 30 5 * * *' }", "30 5 * * *"),
        ("x-muster: { schedule: '*/5 * * * *' }", "*/5 * * * *"),
        ("x-muster: { kind: cronjob, schedule: '@daily' }", "@daily"),
    ] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        let Kind::CronJob { schedule, .. } = &workload(&plan, "x").kind else { panic!("{rest}") };
        assert_eq!(schedule, want, "{rest}");
    }
}

#[test]
fn agents_run_on_each_node() {
    check("x: { image: 'acme/x:1', deploy: { mode: global } }", "x", "DaemonSet");
    check("x: { image: 'prom/node-exporter:v1.9.0' }", "x", "DaemonSet");
    let plan = plan_with("x: { image: 'acme/x:1', deploy: { mode: global }, ports: ['80:80'] }");
    assert!(plan.autoscalers.is_empty() && plan.budgets.is_empty());
}

#[test]
fn what_a_cluster_has_already_is_named() {
    for image in ["prom/node-exporter:v1.9.0", "containrrr/watchtower:1.7.1", "traefik:v3.3"] {
        let plan = plan_with(&format!("x: {{ image: '{image}' }}"));
        assert!(finds(&plan, "not-needed-on-kubernetes"), "{image}");
    }
}

/// The tenant's claim is called after its Compose volume, the other after its place: renamed, they were one.
#[test]
fn volumes_of_a_shared_pod_have_names_of_their_own() {
    let plan = plan_of(
        "name: shop\nservices:\n  a.b: { image: 'postgres:17', volumes: ['data:/data'], network_mode: 'service:worker' }\n  worker: { image: 'postgres:17' }\nvolumes: { data: {} }",
    );
    let pod = &workload(&plan, "worker").pod;
    let names: BTreeSet<&str> = pod.volumes.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names.len(), pod.volumes.len(), "{names:?}");
    let mounts = pod.containers.iter().flat_map(|c| &c.mounts);
    let mounted: BTreeSet<(&str, &str)> =
        mounts.map(|m| (m.volume.as_str(), m.path.as_str())).collect();
    let of = |path: &str| mounted.iter().find(|(_, at)| *at == path).map(|(volume, _)| *volume);
    assert_ne!(of("/data"), of("/var/lib/postgresql/data"), "{mounted:?}");
}

#[test]
fn services_that_share_a_network_share_a_pod() {
    let plan = plan_with(
        "vpn: { image: 'acme/vpn:1', ports: ['9000:9000'] }\ntorrent: { image: 'acme/torrent:1', network_mode: 'service:vpn', expose: ['9000', '9001'] }",
    );
    assert_eq!(plan.workloads.len(), 1);
    let found = workload(&plan, "vpn");
    assert_eq!(found.pod.containers.len(), 2);
    let Kind::Deployment { replicas, strategy } = &found.kind else { panic!("{:?}", found.kind) };
    assert_eq!((*replicas, *strategy), (Some(1), Strategy::Recreate), "one tunnel at a time");
    let mut ports: Vec<&str> =
        found.pod.containers.iter().flat_map(|c| &c.ports).map(|p| p.name.as_str()).collect();
    let all = ports.len();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), all, "port names are unique in a pod");
}

#[test]
fn a_shared_pod_suits_all_of_its_containers() {
    let plan = plan_with(
        "a: { image: 'acme/a:1', ports: ['80:80'] }\nb: { image: 'nginx:1.29', network_mode: 'service:a', gpus: all, stop_grace_period: 90s, depends_on: { a: { condition: service_healthy }, db: { condition: service_healthy } } }\ndb: { image: 'postgres:17' }\nc: { image: 'acme/c:1', depends_on: { b: { condition: service_healthy } } }",
    );
    let found = workload(&plan, "a");
    assert_eq!(found.after, ["db"], "it cannot wait for itself");
    let waits: Vec<&str> = found.pod.init.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(waits, ["wait-for-db"]);
    assert_eq!(workload(&plan, "c").after, ["a"]);
    assert!(found.pod.grace.0 >= 90);
    assert!(!found.pod.tolerations.is_empty());
    assert!(found.pod.security.user.is_some(), "images that start as root would be refused");
    let tmp: Vec<&str> = found
        .pod
        .containers
        .iter()
        .flat_map(|c| c.mounts.iter().filter(|m| m.path == "/tmp").map(|m| m.volume.as_str()))
        .collect();
    assert_eq!(tmp, ["tmp", "b-tmp"], "each container has its own");
}

#[test]
fn names_become_dns_labels() {
    let plan = plan_with(
        "Web_App.v2: { image: 'acme/web:1', ports: ['80:80'] }\n1A: { image: 'acme/a:1', expose: ['1'] }\n1a: { image: 'acme/a:1', expose: ['1'] }",
    );
    let names: Vec<&str> = plan.workloads.iter().map(|w| w.name.as_str()).collect();
    assert!(names.contains(&"web-app-v2"), "{names:?}");
    assert!(names.iter().all(|n| n.starts_with(|c: char| c.is_ascii_lowercase())), "{names:?}");
    assert_eq!(names.len(), 3);
}

#[test]
fn a_topology_that_does_not_fit_is_named() {
    for (image, topology) in
        [("mysql:8.4", "galera"), ("mongo:8", "replication"), ("acme/x:1", "replication")]
    {
        let plan = plan_with(&format!(
            "db: {{ image: '{image}', x-muster: {{ database: {{ topology: {topology} }} }} }}"
        ));
        assert!(finds(&plan, "topology-does-not-fit"), "{image}");
        assert!(plan.databases.is_empty());
    }
}

#[test]
fn derived_names_do_not_take_a_service_away() {
    let plan = plan_of(
        "services:\n  db: { image: 'postgres:17' }\n  db-pods: { image: 'acme/x:1', expose: ['81'] }\n  db-backup: { image: 'acme/x:1', expose: ['82'] }\n  mq-public: { image: 'acme/x:1', expose: ['83'] }\n  mq: { image: 'acme/mq:1', ports: ['1883:1883'] }\n",
    );
    for (name, port) in [("db-pods", 81), ("db-backup", 82), ("mq-public", 83)] {
        let service = plan.services.iter().find(|s| s.name == name).unwrap();
        assert_eq!((service.service.as_str(), service.ports[0].port), (name, port));
    }
    let mut names: Vec<&str> = plan.workloads.iter().map(|w| w.name.as_str()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
    let Kind::StatefulSet { governing, .. } = &workload(&plan, "db").kind else { panic!() };
    let service = plan.services.iter().find(|s| s.name == *governing).unwrap();
    assert_eq!(service.workload, "db");
}
