//! Plans compared with the files that they come from, and with policies that say something else.

use check::reach::Network;
use compose::{DiskFiles, Files, MemoryFiles, Request};
use manifest::Secrets;
use model::facts::{ClusterFacts, Options};
use model::matrix::{Cell, Matrix, State};
use std::path::Path;
use yaml::{Limits, Sources};

/// The matrix of a product with other policies in the place of the planned ones, if there are any.
fn matrix(request: &Request, files: &dyn Files, policies: Option<&str>) -> Matrix {
    let loaded = compose::load(request, files);
    let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let plan = plan::plan(&project, &ClusterFacts::default(), &Options::default());
    let mut objects = manifest::objects(&plan);
    objects.retain(|object| policies.is_none() || object.kind != "NetworkPolicy");
    let text = manifest::yaml(&objects, Secrets::Masked);
    let mut sources = Sources::default();
    let ids = [sources.add("plan", text), sources.add("others", policies.unwrap_or_default())];
    let trees = ids.map(|id| {
        let trees = yaml::parse_all(sources.text(id), id, Limits::default());
        (id, trees.unwrap_or_else(|problem| panic!("{}", problem.message)))
    });
    networks::compared(Network::read(&trees), &project, &plan)
}

fn planned(compose: &str) -> Matrix {
    matrix(&Request::file("compose.yaml"), &MemoryFiles::new([("compose.yaml", compose)]), None)
}

fn with(compose: &str, policies: &str) -> Matrix {
    let files = MemoryFiles::new([("compose.yaml", compose)]);
    matrix(&Request::file("compose.yaml"), &files, Some(policies))
}

fn cell<'m>(matrix: &'m Matrix, from: &str, to: &str) -> &'m Cell {
    let found = matrix.cells().find(|(a, b, _)| (*a, *b) == (from, to));
    found.unwrap_or_else(|| panic!("no {from} and {to} in {:?}", matrix.sources)).2
}

/// Rows of source, target, state, open ports.
fn table(matrix: &Matrix, rows: &[(&str, &str, State, &str)]) {
    for (from, to, state, ports) in rows {
        let cell = cell(matrix, from, to);
        assert_eq!((cell.state, cell.ports.as_str()), (*state, *ports), "{from} to {to}: {cell:?}");
    }
}

const SHOP: &str = "
name: shop
services:
  web: {image: nginx, networks: [front], ports: ['80:80']}
  app: {image: example/app, networks: [front, back], expose: ['8000']}
  db: {image: mariadb, networks: [back], environment: {MARIADB_ROOT_PASSWORD: x}, volumes: ['d:/var/lib/mysql']}
  job: {image: example/job, network_mode: none}
  closed: {image: example/closed, networks: [inner], expose: ['9000']}
networks: {front: {}, back: {}, inner: {internal: true}}
volumes: {d: {}}
";

#[test]
fn a_plan_says_what_the_files_say() {
    let matrix = planned(SHOP);
    table(
        &matrix,
        &[
            ("outside", "web", State::Entrance, "80"),
            ("outside", "db", State::Closed, ""),
            ("web", "app", State::Open, "8000"),
            ("web", "db", State::Closed, ""),
            ("app", "db", State::Open, "3306"),
            ("db", "web", State::Entrance, "80"),
            ("db-backup", "db", State::Open, "3306"),
            ("job", "web", State::Closed, ""),
            ("job", "outside", State::Closed, ""),
            ("job", "DNS", State::Closed, ""),
            ("web", "closed", State::Closed, ""),
            ("closed", "outside", State::Closed, ""),
            ("closed", "DNS", State::Open, "53, 53/UDP"),
            ("app", "outside", State::Open, "all"),
            ("outside", "DNS", State::Beyond, ""),
        ],
    );
    assert_eq!(matrix.differences().count(), 0);
}

#[test]
fn modes_of_the_network() {
    let matrix = planned(
        "
name: modes
services:
  host: {image: example/host, network_mode: host, expose: ['7000']}
  bridge: {image: example/one, network_mode: bridge, expose: ['7001']}
  other: {image: example/two, network_mode: bridge, expose: ['7002']}
  web: {image: nginx, ports: ['127.0.0.1:80:80']}
",
    );
    table(
        &matrix,
        &[
            ("web", "host", State::Open, "7000"),
            ("bridge", "other", State::Open, "7002"),
            ("outside", "web", State::Closed, ""),
        ],
    );
}

#[test]
fn without_policies_what_the_files_separate_is_open() {
    let matrix = with(SHOP, "");
    table(
        &matrix,
        &[
            ("web", "db", State::Leak, "all"),
            ("outside", "db", State::Leak, "all"),
            ("outside", "web", State::Leak, "all"),
            ("web", "app", State::Open, "all"),
            ("job", "outside", State::Leak, "all"),
            ("closed", "outside", State::Leak, "all"),
        ],
    );
    assert!(cell(&matrix, "web", "db").policies.is_empty());
}

#[test]
fn a_wrong_policy_is_named() {
    let policy = |name: &str, app: &str, ingress: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, namespace: shop}}, spec: {{podSelector: {{matchLabels: {{app.kubernetes.io/name: {app}}}}}, ingress: {ingress}}}}}\n---\n"
        )
    };
    let wrong = policy("shut", "app", "[]") + &policy("wide", "db", "[{ports: [{port: 3306}]}]");
    let matrix = with(SHOP, &wrong);
    table(
        &matrix,
        &[
            ("web", "app", State::Cut, ""),
            ("web", "db", State::Leak, "3306"),
            ("app", "db", State::Open, "3306"),
        ],
    );
    let (cut, leak) = (cell(&matrix, "web", "app"), cell(&matrix, "web", "db"));
    assert_eq!((cut.amiss.as_str(), cut.policies[0].as_str()), ("8000", "shut"));
    assert_eq!((leak.amiss.as_str(), leak.policies[0].as_str()), ("3306", "wide"));
}

#[test]
fn no_example_differs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("examples/shop")];
    for entry in
        std::fs::read_dir(root.join("crates/cli/tests/golden")).expect("the golden products")
    {
        folders.push(entry.expect("an entry").path());
    }
    for folder in folders {
        let file = ["compose.yaml", "compose.yml", "docker-compose.yml"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|file| file.exists())
            .unwrap_or_else(|| panic!("{} has a Compose file", folder.display()));
        let matrix = matrix(&Request::file(&file), &DiskFiles, None);
        let differences: Vec<_> = matrix.differences().collect();
        assert!(differences.is_empty(), "{}: {differences:?}", file.display());
    }
}
