//! What people ask, and what they are told.

mod common;

use model::reason::Because;
use report::{Color, Layout, Unknown};
use std::collections::BTreeSet;
use std::path::Path;

const LAYOUT: Layout = Layout { width: 100, color: Color::Plain };

const SHOP: &str = r#"
name: shop
services:
  web:
    image: ghcr.io/acme/web:1.4
    ports: ["80:8080"]
    depends_on: [db]
  migrate:
    image: ghcr.io/acme/web:1.4
    restart: "no"
    command: [migrate]
  db:
    image: postgres:17.2
    environment: { POSTGRES_PASSWORD: hunter2 }
    volumes: [data:/var/lib/postgresql/data]
volumes: { data: {} }
"#;

fn explained(what: &str) -> Result<String, Unknown> {
    report::explain(&common::text(SHOP).view(), what, LAYOUT)
}

#[test]
fn everything_with_a_name_is_explained() {
    let cases: [(&str, &str, &[&str]); 19] = [
        (
            "web",
            "web   ",
            &["Deployment/web", "Service/web", "compose.yaml:6:13 services.web.ports.0"],
        ),
        ("WEB", "web   ", &["Deployment/web"]),
        ("services.web", "web   ", &["Deployment/web"]),
        ("Deployment/web", "Deployment/web   ", &["spec.replicas"]),
        ("deploy/web", "Deployment/web   ", &["spec.replicas"]),
        ("sts/db", "StatefulSet/db   ", &["database-never-hpa"]),
        ("svc/db", "Service/db   ", &["the object itself"]),
        ("job/migrate", "Job/migrate   ", &["the object itself"]),
        (
            "Deployment/web:spec.replicas",
            "Deployment/web:spec.replicas",
            &["rule multiply-stateless"],
        ),
        ("deploy/web:SPEC.Replicas", "Deployment/web:spec.replicas", &["rule multiply-stateless"]),
        (
            "Deployment/web:spec.template.spec.containers[web].image",
            "Deployment/web:spec",
            &["image = ghcr.io/acme/web:1.4", "compose.yaml:5:5 services.web.image"],
        ),
        (
            "deploy/web:spec.template.spec.containers[0].image",
            "Deployment/web:spec.template.spec.containers[web].image",
            &["image = ghcr.io/acme/web:1.4"],
        ),
        (
            "sts/db:spec.volumeClaimTemplates[0].spec",
            "StatefulSet/db:spec.volumeClaimTemplates[data].spec",
            &["requests.storage = 10Gi", "services.db.volumes.0"],
        ),
        (
            "Deployment/web:spec.revisionHistoryLimit",
            "Deployment/web:spec",
            &["no decision of its own"],
        ),
        ("web.ports", "services.web.ports", &["HTTPRoute/web", "Deployment/web"]),
        ("services.web.ports.0", "services.web.ports.0", &["HTTPRoute/web"]),
        ("web.ports[0]", "services.web.ports.0", &["HTTPRoute/web"]),
        (
            "database-never-hpa",
            "database-never-hpa   ",
            &["a second, empty database", "StatefulSet/db"],
        ),
        ("common-labels", "common-labels   ", &["Namespace/shop"]),
    ];
    for (what, start, parts) in cases {
        let text = explained(what).unwrap_or_else(|unknown| panic!("{unknown:?}"));
        assert!(text.starts_with(start), "{what}: {text}");
        for part in parts {
            assert!(text.contains(part), "{what}: {part} is missing in\n{text}");
        }
    }
}

#[test]
fn objects_are_found_by_the_name_that_the_cluster_knows() {
    let planned = common::text(SHOP);
    let job = planned.objects.iter().find(|it| it.kind == "Job").expect("there is a Job");
    assert_ne!(job.origin, format!("Job/{}", job.name));
    let text = report::explain(&planned.view(), &format!("job/{}", job.name), LAYOUT);
    assert!(text.is_ok_and(|it| it.starts_with("Job/migrate ")));
}

#[test]
fn unknown_names_get_close_ones() {
    let cases = [
        ("wbe", "web"),
        ("Deployment/wep", "Deployment/web"),
        ("depl/web", "Deployment/web"),
        ("database-never-hpo", "database-never-hpa"),
        ("Deployment/web:spec.replcas", "Deployment/web:spec.replicas"),
        ("web.posts", "web.ports"),
        ("web.entrypoint", "web"),
    ];
    for (what, expected) in cases {
        let unknown = explained(what).expect_err("there is no such thing");
        assert_eq!(unknown.what, what);
        assert!(unknown.close.iter().any(|it| it == expected), "{unknown:?}");
    }
    for what in ["", "  ", "nothing-like-it-at-all", "/", ":", "a/b/c:d", "é/ü:ß"] {
        assert_eq!(explained(what).map_err(|it| it.close), Err(Vec::new()), "{what:?}");
    }
}

#[test]
fn every_field_and_every_reason_can_be_asked_for() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop/compose.yaml");
    let planned = common::disk(&[Path::new(path)]);
    let view = planned.view();
    let report = &planned.plan.report;
    let leaves = planned.objects.iter().flat_map(|object| {
        object.leaves.iter().map(|(path, _)| format!("{}:{path}", object.origin))
    });
    let decided = report.decisions.iter().map(|it| match it.field.as_str() {
        "" => it.object.clone(),
        field => format!("{}:{field}", it.object),
    });
    let lines = report.decisions.iter().flat_map(|it| &it.because).filter_map(|it| match it {
        Because::Line { field, .. } => Some(field.clone()),
        Because::Rule(rule) => Some(rule.name.to_owned()),
        _ => None,
    });
    let codes = report.findings.iter().map(|it| it.code.to_owned());
    let asked: BTreeSet<_> = leaves.chain(decided).chain(lines).chain(codes).collect();
    assert!(asked.len() > 500, "{}", asked.len());
    for what in asked {
        let text = report::explain(&view, &what, LAYOUT);
        assert!(text.is_ok_and(|it| it.lines().count() > 1), "{what}");
    }
}
