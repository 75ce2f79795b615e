//! `muster plan` and `muster explain`.

use super::{Place, Run, SHOP};

#[test]
fn the_default_file_is_the_one_that_compose_takes() {
    let place = Place::new(&[
        ("docker-compose.yml", "name: old\nservices: { a: { image: 'nginx:1.29' } }\n"),
        ("sub/compose.yaml", SHOP),
        ("sub/compose.override.yaml", "services: { extra: { image: 'nginx:1.29' } }\n"),
    ]);
    place.muster("plan").shows(0, &["old"]);
    place.muster("plan sub").shows(0, &["shop", "extra"]);
    place.muster("plan -f sub/compose.yaml").shows(0, &["shop"]);
    assert!(!place.muster("plan sub/compose.yaml").stdout.contains("extra"));
    let mut command = place.command("plan");
    command.env("COMPOSE_FILE", "sub/compose.yaml:sub/compose.override.yaml");
    Run::of(&mut command).shows(0, &["shop", "extra"]);
}

#[test]
fn several_files_are_merged_in_order() {
    let place = Place::new(&[
        ("a.yaml", SHOP),
        ("b.yaml", "services: { web: { image: 'acme/web:2.0' } }\n"),
    ]);
    for line in ["plan a.yaml b.yaml", "plan -f a.yaml -f b.yaml"] {
        place.muster(&format!("{line} --format yaml")).shows(0, &["image: acme/web:2.0"]);
    }
    place.muster("plan a.yaml -f b.yaml").says(2, &["cannot be used with"]);
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let place = Place::new(&[("x/docker-compose.yml", SHOP)]);
    place.muster("plan").says(2, &["no Compose file in this directory", "compose.yaml", "hint: "]);
    place.muster("plan x/docker-compose.yaml").says(
        2,
        &["there is no file x/docker-compose.yaml", "did you mean `x/docker-compose.yml`?"],
    );
    place.muster("plan x --env-file nope.env").says(2, &["nope.env"]);
    place.muster("plan x --diff nope").says(2, &["there is no file nope"]);
}

#[test]
fn errors_show_the_line() {
    let text = "services:\n  web:\n    imgae: nginx\n";
    let place =
        Place::new(&[("compose.yaml", text), ("broken.yaml", "a: [\n"), ("empty.yaml", "")]);
    let run = place.muster("plan");
    run.says(2, &["error: ", "compose.yaml:3:5", "3 |     imgae: nginx", "|     ^^^^^", "`image`"]);
    run.says(2, &["in compose.yaml: nothing was planned"]);
    assert_eq!(run.stdout, "");
    place.muster("plan broken.yaml").says(2, &["broken.yaml:", "no valid YAML"]);
    place.muster("plan empty.yaml").says(2, &["empty"]);
}

#[test]
fn variables_come_from_the_environment_and_env_files() {
    let text = "name: v\nservices: { web: { image: 'acme/web:${TAG}' } }\n";
    let place = Place::new(&[("compose.yaml", text), ("prod.env", "TAG=9.1\n")]);
    place.muster("plan").says(0, &["warning: `TAG` is not set", "hint: "]);
    place.muster("plan --strict").says(3, &["1 warning"]);
    place.muster("plan --env-file prod.env --format yaml").shows(0, &["acme/web:9.1"]);
    let mut command = place.command("plan --format yaml");
    Run::of(command.env("TAG", "9.2")).shows(0, &["acme/web:9.2"]);
}

#[test]
fn strict_refuses_warnings_and_still_shows_the_plan() {
    let clean = "name: c\nservices: { web: { image: 'nginxinc/nginx-unprivileged:1.29' } }\n";
    let blocked = "name: b\nservices: { a: { image: 'acme/agent:2.21.0', \
                   volumes: ['/var/run/docker.sock:/var/run/docker.sock'] } }\n";
    let place = Place::new(&[("clean.yaml", clean), ("blocked.yaml", blocked)]);
    place.muster("plan blocked.yaml").shows(0, &["docker-socket"]);
    place.muster("plan blocked.yaml --strict").shows(3, &["docker-socket"]).says(3, &["--strict"]);
    place.muster("plan blocked.yaml --format json").says(0, &["blocker: ", "hint: "]);
    place.muster("plan blocked.yaml --strict --out k8s").says(3, &["wrote"]);
    place.muster("plan clean.yaml --strict").shows(0, &["web"]);
}

#[test]
fn options_reach_the_plan() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    let yaml = |options: &str, parts: &[&str]| {
        place.muster(&format!("plan --format yaml {options}")).shows(0, parts);
    };
    yaml("--name depot", &["namespace: depot"]);
    yaml("--project-name depot", &["namespace: depot"]);
    yaml("-n elsewhere", &["namespace: elsewhere"]);
    yaml("--host shop.example.com", &["shop.example.com"]);
    yaml("--edge ingress", &["kind: Ingress"]);
    yaml("--edge load-balancer", &["type: LoadBalancer"]);
    yaml("--image web=ghcr.io/acme/web:2", &["image: ghcr.io/acme/web:2"]);
    yaml("--storage-class fast", &["storageClassName: fast"]);
    yaml("--with prometheus", &["monitoring.coreos.com"]);
    place
        .muster("plan --image wbe=x:1")
        .says(2, &["there is no service `wbe`", "did you mean `web`?"]);
    place.muster("plan --image zzzz=x:1").says(2, &["services are db, web"]);
}

#[test]
fn formats_that_are_folders_need_one() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    place.muster("plan --format helm").says(2, &["--format helm --out chart/"]);
    place.muster("plan --format kustomize").says(2, &["--format kustomize --out base/"]);
    place.muster("plan --format yaml --diff .").says(2, &["--diff"]);
}

#[test]
fn no_secret_goes_to_standard_output() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    for line in ["plan", "plan --format yaml", "plan --format json", "explain db"] {
        let run = place.muster(line);
        assert_eq!(run.code, 0, "{line}: {}", run.stderr);
        assert!(!run.stdout.contains("hunter22"), "{line}");
    }
    place.muster("plan --format yaml").says(0, &["secret values are masked here", "--out DIR"]);
    place.muster("plan --html a.html --svg a.svg").says(0, &["wrote a.html", "wrote a.svg"]);
    assert!(place.read("a.html").contains("shop") && !place.read("a.html").contains("hunter22"));
    assert!(place.read("a.svg").contains("<svg"));
}

#[test]
fn changes_since_a_plan_or_a_file() {
    let place = Place::new(&[("new/compose.yaml", SHOP), ("package.json", "{}")]);
    place
        .write("old/compose.yaml", &SHOP.replace("web:1.4", "web:1.3").replace("name: shop\n", ""));
    let plan = place.muster("plan old --name shop --format json");
    place.write("old.json", &plan.stdout);
    for old in ["old.json", "old"] {
        let run = place.muster(&format!("plan new --diff {old}"));
        run.shows(0, &["acme/web:1.3", "acme/web:1.4"]);
        let json = place.muster(&format!("plan new --diff {old} --format json"));
        let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert!(value.to_string().contains("acme/web:1.4"));
    }
    place.muster("plan new --diff package.json").says(2, &["package.json is no plan"]);
}

#[test]
fn explanations_and_what_was_probably_meant() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    place.muster("explain web").shows(0, &["web", "compose.yaml:"]);
    place.muster("explain Deployment/web compose.yaml").shows(0, &["Deployment/web"]);
    place.muster("explain database-never-hpa -f compose.yaml").shows(0, &["database-never-hpa"]);
    place.muster("explain wbe").says(2, &["nothing in the plan is called `wbe`", "hint: "]);
    place.muster("explain Deploymnt/web").says(2, &["did you mean `Deployment/web`"]);
    place.muster("explain").says(2, &["<WHAT>"]);
}
