//! The shared database.

use crate::common::{
    codes, container, finds, given, kind, plan_of, plan_with, policy, service, workload,
};
use model::plan::{DatabaseKind, Kind, Plan, SecretEntry, ServiceKind};

fn budget(plan: &Plan) -> &model::plan::ConnectionBudget {
    let [budget] = plan.connections.as_slice() else { panic!("{:?}", plan.connections) };
    budget
}

const APP: &str = "app: { image: 'acme/a:1', expose: ['80'], environment: { DB_HOST: db }";

#[test]
fn the_budget_counts_every_replica_and_the_surge() {
    let plan = plan_with(&format!(
        "{APP}, x-muster: {{ connections: {{ pool: 5, processes: 2 }} }} }}\ndb: {{ image: 'mariadb:11.4' }}"
    ));
    let found = budget(&plan);
    let [client] = found.clients.as_slice() else { panic!("{found:?}") };
    assert_eq!((client.replicas, client.processes, client.pool), (11, 2, 5));
    assert_eq!((found.demand(), found.max_connections, found.holds()), (110, 151, true));
    assert!(!finds(&plan, "connection-budget"));
}

#[test]
fn what_is_replaced_does_not_surge() {
    let plan = plan_with(
        "app: { image: 'gitea/gitea:1.23', environment: { GITEA__database__HOST: 'db:3306' } }\ndb: { image: 'mariadb:11.4' }",
    );
    assert_eq!(budget(&plan).clients[0].replicas, 1);
}

#[test]
fn an_overrun_comes_with_its_fix() {
    let plan = plan_with(&format!(
        "{APP}, x-muster: {{ connections: {{ pool: 20 }} }} }}\ndb: {{ image: 'mariadb:11.4' }}"
    ));
    assert!(!budget(&plan).holds());
    let finding = plan.report.findings.iter().find(|f| f.code == "connection-budget").unwrap();
    assert!(finding.message.contains("11 × 1 × 20 = 220 of 151"), "{}", finding.message);
    assert!(finding.fix.contains("--max-connections=250"), "{}", finding.fix);
    assert!(finding.fix.contains("x-muster.scale.max: 6"), "{}", finding.fix);
}

#[test]
fn the_fix_fixes_it() {
    let plan = plan_with(&format!(
        "{APP}, x-muster: {{ connections: {{ pool: 20 }}, scale: {{ max: 6 }} }} }}\ndb: {{ image: 'mariadb:11.4' }}"
    ));
    assert!(budget(&plan).holds(), "{:?}", budget(&plan));
    let plan = plan_with(&format!(
        "{APP}, x-muster: {{ connections: {{ pool: 20 }} }} }}\ndb: {{ image: 'mariadb:11.4', command: ['--max-connections=250'] }}"
    ));
    assert_eq!((budget(&plan).max_connections, budget(&plan).holds()), (250, true));
}

#[test]
fn pools_are_read_from_well_known_variables() {
    for (variables, pool, processes) in [
        ("DB_POOL: '8'", 8, 1),
        ("DB_POOL_SIZE: '7'", 7, 1),
        ("DATABASE_POOL_SIZE: '6'", 6, 1),
        ("SQLALCHEMY_POOL_SIZE: '5', SQLALCHEMY_MAX_OVERFLOW: '3'", 8, 1),
        ("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: '12'", 12, 1),
        ("RAILS_MAX_THREADS: '5', WEB_CONCURRENCY: '3'", 5, 3),
        ("WEB_CONCURRENCY: '4'", 10, 4),
        ("DATABASE_URL: 'postgres://u@db/x?pool=4'", 4, 1),
        ("DATABASE_URL: 'postgres://u@db/x?connection_limit=3'", 3, 1),
        ("OTHER: '4'", 10, 1),
    ] {
        let plan = plan_with(&format!(
            "app: {{ image: 'acme/a:1', expose: ['80'], environment: {{ DB_HOST: db, {variables} }} }}\ndb: {{ image: 'postgres:17' }}"
        ));
        let client = &budget(&plan).clients[0];
        assert_eq!((client.pool, client.processes), (pool, processes), "{variables}");
    }
}

#[test]
fn max_connections_stand_in_commands_and_files() {
    let plan = given(
        "services:\n  app: { image: 'acme/a:1', environment: { DB_HOST: db } }\n  db: { image: 'mariadb:11.4', volumes: ['./my.cnf:/etc/mysql/conf.d/my.cnf:ro'] }\n",
    )
    .file("my.cnf", "[mysqld]\nmax_connections = 500\n")
    .plan();
    assert_eq!(budget(&plan).max_connections, 500);
    let plan = plan_with(
        "app: { image: 'acme/a:1', environment: { DB_HOST: db } }\ndb: { image: 'postgres:17', command: ['postgres', '-c', 'max_connections=300'] }",
    );
    assert_eq!(budget(&plan).max_connections, 300);
}

#[test]
fn a_database_is_backed_up_every_night() {
    let plan = plan_with(
        "db: { image: 'mariadb:11.4', environment: { MARIADB_ROOT_PASSWORD: geheim12 } }",
    );
    let job = workload(&plan, "db-backup");
    let Kind::CronJob { schedule, .. } = &job.kind else { panic!("{:?}", job.kind) };
    assert_eq!(schedule, "17 3 * * *");
    let script = job.pod.containers[0].args.as_ref().unwrap().join(" ");
    assert!(script.contains("mariadb-dump") && !script.contains("geheim12"), "{script}");
    assert!(plan.claims.iter().any(|c| c.name == "db-backup"));
    assert!(job.pod.containers[0].ports.is_empty());
}

#[test]
fn the_intent_says_how_it_is_backed_up() {
    let plan = plan_with(
        "db: { image: 'postgres:17', x-muster: { database: { topology: single, backup: { schedule: '0 1 * * *', keep: 3 } } } }",
    );
    let job = workload(&plan, "db-backup");
    let Kind::CronJob { schedule, .. } = &job.kind else { panic!() };
    assert_eq!(schedule, "0 1 * * *");
    assert!(job.pod.containers[0].args.as_ref().unwrap()[0].contains("tail -n +4"));
    let plan = plan_with(
        "db: { image: 'postgres:17', x-muster: { database: { topology: single, backup: false } } }",
    );
    assert!(finds(&plan, "no-backup"));
    assert_eq!(plan.workloads.len(), 1);
}

#[test]
fn long_names_leave_room_for_what_cron_jobs_add() {
    let name = "a".repeat(60);
    let plan = plan_with(&format!("{name}: {{ image: 'postgres:17' }}"));
    for workload in &plan.workloads {
        let most = if matches!(workload.kind, Kind::CronJob { .. }) { 52 } else { 63 };
        assert!(workload.name.len() <= most, "{}", workload.name);
    }
}

#[test]
fn a_replicated_database_is_an_operators_object() {
    for (image, topology, want) in [
        ("mariadb:11.4", "galera", DatabaseKind::Galera),
        ("mariadb:11.4", "replication", DatabaseKind::Replication),
        ("mysql:8.4", "replication", DatabaseKind::Replication),
        ("postgres:17", "replication", DatabaseKind::CloudNativePg),
    ] {
        let plan = plan_with(&format!(
            "db: {{ image: '{image}', environment: {{ POSTGRES_DB: shop, MARIADB_DATABASE: shop }}, x-muster: {{ database: {{ topology: {topology}, storage: 20Gi }} }} }}"
        ));
        let [cluster] = plan.databases.as_slice() else { panic!("{image} {topology}") };
        assert_eq!((cluster.kind, cluster.replicas), (want, 3), "{image} {topology}");
        assert_eq!(cluster.size, units::Bytes::gib(20));
        assert!(plan.workloads.is_empty(), "the operator makes the pods");
        assert!(finds(&plan, "operator-needed"));
        assert!(policy(&plan, "db").ingress.is_some());
        assert!(service(&plan, "db").ports.iter().any(|p| p.port == 3306 || p.port == 5432));
    }
}

#[test]
fn cloud_native_pg_gets_an_image_that_it_can_run() {
    for (image, want) in [
        ("postgres:17", "ghcr.io/cloudnative-pg/postgresql:17"),
        ("postgres:16.4-alpine", "ghcr.io/cloudnative-pg/postgresql:16.4"),
        ("postgres:alpine", "ghcr.io/cloudnative-pg/postgresql:18"),
        ("ghcr.io/cloudnative-pg/postgresql:16.3", "ghcr.io/cloudnative-pg/postgresql:16.3"),
    ] {
        let plan = plan_with(&format!(
            "db: {{ image: '{image}', x-muster: {{ database: {{ topology: replication }} }} }}"
        ));
        assert_eq!(plan.databases[0].image, want, "{image}");
    }
}

#[test]
fn cloud_native_pg_reads_user_and_password() {
    let plan = plan_of(
        "services:\n  db: { image: 'postgres:17', environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: geheim12, POSTGRES_DB: store }, volumes: ['d:/var/lib/postgresql/data'], x-muster: { database: { topology: replication } } }\nvolumes: { d: {} }\n",
    );
    let cluster = &plan.databases[0];
    assert_eq!(
        (cluster.owner.as_deref(), cluster.database.as_deref()),
        (Some("shop"), Some("store"))
    );
    let name = cluster.secret.as_deref().unwrap();
    let secret = plan.secrets.iter().find(|s| s.name == name).unwrap();
    let SecretEntry::Value(user) = &secret.entries["username"] else { panic!() };
    assert_eq!(user.expose(), "shop");
    let SecretEntry::Value(password) = &secret.entries["password"] else { panic!() };
    assert_eq!(password.expose(), "geheim12");
    assert!(plan.claims.is_empty(), "the operator makes the claims: {:?}", plan.claims);
    assert!(!finds(&plan, "superuser-stays-inside"));
}

#[test]
fn databases_that_share_a_password_keep_their_users() {
    let one = |name: &str| {
        format!(
            "{name}: {{ image: 'postgres:17', environment: {{ POSTGRES_USER: {name}, POSTGRES_PASSWORD: geheim12 }}, x-muster: {{ database: {{ topology: replication }} }} }}"
        )
    };
    let plan = plan_with(&format!("{}\n{}", one("a"), one("b")));
    for cluster in &plan.databases {
        let name = cluster.secret.as_deref().unwrap();
        let secret = plan.secrets.iter().find(|s| s.name == name).unwrap();
        let SecretEntry::Value(user) = &secret.entries["username"] else { panic!() };
        assert_eq!(user.expose(), cluster.name);
    }
}

#[test]
fn cloud_native_pg_refuses_its_superuser() {
    for user in ["", "POSTGRES_USER: postgres, "] {
        let plan = plan_with(&format!(
            "db: {{ image: 'postgres:17', environment: {{ {user}POSTGRES_PASSWORD: geheim12 }}, x-muster: {{ database: {{ topology: replication }} }} }}"
        ));
        assert!(finds(&plan, "superuser-stays-inside"));
        assert_eq!(plan.databases[0].owner.as_deref(), Some("app"));
    }
}

#[test]
fn clients_of_a_replicated_database_reach_its_writer() {
    let plan = plan_with(
        "db: { image: 'postgres:17', x-muster: { database: { topology: replication } } }",
    );
    let ServiceKind::External(name) = &service(&plan, "db").kind else {
        panic!("{:?}", service(&plan, "db").kind)
    };
    assert_eq!(name, "db-rw.shop.svc.cluster.local");
}

#[test]
fn an_even_number_of_members_is_named() {
    let plan = plan_with(
        "db: { image: 'mariadb:11.4', x-muster: { database: { topology: galera, replicas: 4 } } }",
    );
    assert!(codes(&plan, "db").contains(&"even-database-members"));
}

#[test]
fn a_database_without_a_recipe_is_said() {
    let plan = plan_of("services:\n  db: { image: 'couchdb:3' }\n");
    assert_eq!(kind(&plan, "db"), "StatefulSet");
    let backed_up = plan.workloads.iter().any(|w| w.name == "db-backup");
    assert!(backed_up || finds(&plan, "backup-by-hand"));
}

#[test]
fn the_fix_says_which_pool_would_fit() {
    let plan = plan_with(
        "db: { image: 'postgres:17', volumes: ['./d:/var/lib/postgresql/data'] }\nweb: { image: 'python:3', expose: ['80'], command: gunicorn -w 4 app, environment: { DB_HOST: db } }",
    );
    let client = &plan.connections[0].clients[0];
    assert_eq!((client.replicas, client.processes), (11, 4));
    let found = plan.report.findings.iter().find(|f| f.code == "connection-budget").unwrap();
    assert!(found.fix.contains("services.web.x-muster.connections.pool: 2"), "{}", found.fix);
}

#[test]
fn an_image_of_the_command_line_takes_the_place_of_the_file_s() {
    let mut given = given(
        "name: shop\nservices:\n  db: { image: 'mariadb:11.4', environment: { MARIADB_ROOT_PASSWORD: s3cret-1 }, volumes: ['d:/var/lib/mysql'] }\nvolumes: { d: {} }\n",
    );
    let plain = given.plan();
    given.options.images.insert("db".to_owned(), "local/shop-db:1.0.0".to_owned());
    let replaced = given.plan();
    for plan in [&plain, &replaced] {
        let backup = container(plan, "backup");
        assert!(backup.args.as_ref().unwrap()[0].contains("mariadb-dump"), "{:?}", backup.args);
    }
    assert_eq!(container(&replaced, "db").image, "local/shop-db:1.0.0");
    assert_eq!(container(&plain, "db").resources, container(&replaced, "db").resources);
}

#[test]
fn passwords_stay_off_command_lines() {
    for family in catalog::families() {
        let Some(backup) = &family.backup else { continue };
        for line in [&backup.dump, &backup.restore] {
            // MongoDB's tools read a password from a terminal, a file or their arguments only.
            let mongo = line.starts_with("mongo");
            assert!(mongo || !line.contains("--password="), "{}: {line}", family.id);
        }
    }
}
