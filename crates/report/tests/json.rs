//! The document for programs.

mod common;

use serde_json::Value;

const SHOP: &str = r#"
name: shop
services:
  web:
    image: ghcr.io/acme/web:1.4
    ports: ["80:8080"]
    environment: { DATABASE_URL: "postgres://shop:hunter2@db/shop" }
  db:
    image: postgres:17.2
    environment: { POSTGRES_PASSWORD: hunter2 }
"#;

#[test]
fn equal_plans_give_equal_bytes() {
    let text = || report::json(&common::text(SHOP).view()).to_string();
    assert_eq!(text(), text());
}

#[test]
fn secrets_stay_secret() {
    let planned = common::text(SHOP);
    let view = planned.view();
    let layout = report::Layout { width: 100, color: report::Color::Plain };
    let texts = [
        report::json(&view).to_string(),
        report::terminal(&view, layout),
        report::explain(&view, "db", layout).expect("there is such a service"),
        report::explain(&view, "web", layout).expect("there is such a service"),
    ];
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_shape_is_as_documented() {
    let document = report::json(&common::text(SHOP).view());
    let keys: Vec<_> = document.as_object().into_iter().flatten().map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        ["apiVersion", "plan", "objects", "decisions", "findings", "questions", "network"]
    );
    assert_eq!(document["plan"]["app"], "shop");
    assert_eq!(document["plan"]["report"], Value::Null);
    let objects = document["objects"].as_array().expect("objects are a list");
    let web = objects.iter().find(|it| it["origin"] == "Deployment/web").expect("web is planned");
    assert_eq!(web["fields"]["spec.template.spec.containers[web].image"], "ghcr.io/acme/web:1.4");
    let decisions = document["decisions"].as_array().expect("decisions are a list");
    let lines =
        decisions.iter().flat_map(|it| it["because"].as_array().expect("reasons are a list"));
    let line = lines
        .into_iter()
        .find(|it| it["field"] == "services.web.ports.0")
        .expect("the port is cited");
    assert_eq!((&line["from"], &line["file"]), (&"line".into(), &"compose.yaml".into()));
    assert_eq!((&line["line"], &line["column"]), (&6.into(), &13.into()));
}
