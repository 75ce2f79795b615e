//! `depends_on`: a slow database, then a migration, then the application.

use crate::kit::Product;
use serde_json::Value;

const SLOW: &str = "
services:
  app:
    image: busybox:1.37.0
    command: [sleep, infinity]
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
  migrate:
    image: local/shop-app:1.0.0
    command: [migrate]
    environment: {DB_HOST: db, DB_NAME: shop, DB_USER: shop, DB_PASSWORD_FILE: /run/secrets/db-password, DB_POOL: '1', CACHE_HOST: none}
    secrets: [db-password]
    restart: 'no'
    depends_on:
      db: {condition: service_healthy}
  db:
    image: local/shop-db:1.0.0
    entrypoint: [sh, -c, 'echo thinking for 20 s; sleep 20; exec docker-entrypoint.sh mariadbd']
    user: '999:999'
    environment: {MARIADB_DATABASE: shop, MARIADB_USER: shop, MARIADB_PASSWORD: of-a-test, MARIADB_ROOT_PASSWORD: of-a-test}
    healthcheck: {test: [CMD, healthcheck.sh, --connect, --innodb_initialized], interval: 2s, start_period: 60s}
    volumes: ['data:/var/lib/mysql']
volumes:
  data: {}
secrets:
  db-password: {file: ./db-password}
";

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn each_waits_for_what_it_depends_on() {
    let product = Product::new("order", SLOW);
    product.write("db-password", "of-a-test");
    let up = product.muster("up --yes").exits(0);
    println!("up with a database that thinks for 20 s: {:.1} s", up.took.as_secs_f64());

    let database = condition(&product.place.pods("order", "db")[0], "Ready");
    let job = &product.place.list("order", "jobs")[0];
    let (created, done) = (text(&job["metadata"]["creationTimestamp"]), condition(job, "Complete"));
    let app = product.place.get("order", "deployment/app").unwrap();
    let app = text(&app["metadata"]["creationTimestamp"]);
    // The API server writes times as texts that sort as times do.
    assert!(database <= created, "the migration {created} comes after the database {database}");
    assert!(done <= app, "the application {app} comes after the migration {done}");
    assert_eq!(job["status"]["failed"].as_u64().unwrap_or(0), 0, "the migration failed never");
}

/// When a condition became true.
fn condition(object: &Value, of: &str) -> String {
    let conditions = object["status"]["conditions"].as_array().unwrap();
    let it = conditions.iter().find(|it| it["type"] == of && it["status"] == "True").unwrap();
    text(&it["lastTransitionTime"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
