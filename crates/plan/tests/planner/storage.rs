//! What mounts become: claims, files, scratch space, or nothing with a reason.

use crate::common::{
    codes, container, env, file, finds, given, kind, plan_of, plan_with, replicas, workload,
};
use model::plan::{AccessMode, Claim, Container, Kind, Plan, VolumeSource};
use units::Bytes;

/// The claim templates of a set.
fn templates<'p>(plan: &'p Plan, name: &str) -> &'p [Claim] {
    match &workload(plan, name).kind {
        Kind::StatefulSet { claims, .. } => claims,
        other => panic!("{name} is a {}", other.name()),
    }
}

/// What is mounted at a path: the volume's source, or `None` for a claim template.
fn at<'p>(plan: &'p Plan, name: &str, path: &str) -> Option<&'p VolumeSource> {
    let mount = container(plan, name).mounts.iter().find(|m| m.path == path);
    let mount =
        mount.unwrap_or_else(|| panic!("nothing at {path}: {:?}", container(plan, name).mounts));
    let volumes = &workload(plan, name).pod.volumes;
    volumes.iter().find(|v| v.name == mount.volume).map(|v| &v.source)
}

fn is_mounted(plan: &Plan, name: &str, path: &str) -> bool {
    container(plan, name).mounts.iter().any(|m| m.path == path)
}

/// A service with one bind mount.
fn bound(image: &str, mount: &str) -> String {
    format!("name: shop\nservices:\n  app: {{ {image}, volumes: ['{mount}'] }}\n")
}

const IMAGE: &str = "image: 'acme/app:1'";
const BUILD: &str = "build: ./app";

#[test]
fn a_database_gets_a_template_of_a_real_size() {
    let plan = plan_of(
        "name: shop\nservices:\n  db: { image: 'mariadb:11.4', volumes: ['data:/var/lib/mysql'] }\nvolumes: { data: {} }\n",
    );
    let [claim] = templates(&plan, "db") else { panic!("one template") };
    assert_eq!(
        (claim.name.as_str(), claim.size, claim.access),
        ("data", Bytes::gib(10), AccessMode::ReadWriteOnce)
    );
    assert!(
        plan.claims.iter().all(|c| c.name == "db-backup"),
        "the template is the only claim for data"
    );
}

#[test]
fn sizes_come_from_whoever_says_most() {
    for (service, volume, want) in [
        ("", "", 10),
        ("x-muster: { storage: 30Gi }", "", 30),
        ("x-muster: { database: { storage: 40Gi } }", "", 40),
        ("x-muster: { storage: 30Gi }", "x-muster: { size: 50Gi }", 50),
    ] {
        let plan = plan_of(&format!(
            "name: shop\nservices:\n  db: {{ image: 'mariadb:11.4', volumes: ['data:/var/lib/mysql'], {service} }}\nvolumes: {{ data: {{ {volume} }} }}\n"
        ));
        assert_eq!(templates(&plan, "db")[0].size, Bytes::gib(want), "{service} {volume}");
    }
}

#[test]
fn a_database_without_a_volume_gets_one() {
    let plan = plan_with("db: { image: 'postgres:16' }");
    assert!(finds(&plan, "database-without-volume"));
    assert_eq!(templates(&plan, "db").len(), 1);
    assert!(at(&plan, "db", "/var/lib/postgresql/data").is_none(), "it is the template");
    let moved = env(container(&plan, "db"), "PGDATA");
    assert_eq!(moved, Some("/var/lib/postgresql/data/pgdata"), "lost+found");
}

#[test]
fn a_cache_needs_none() {
    let plan = plan_with("cache: { image: 'redis:7' }");
    assert_eq!(kind(&plan, "cache"), "Deployment");
    assert!(plan.claims.is_empty());
}

#[test]
fn new_postgres_moved_its_data() {
    let plan = plan_of(
        "name: shop\nservices:\n  db: { image: 'postgres:18', volumes: ['data:/var/lib/postgresql/data'] }\nvolumes: { data: {} }\n",
    );
    assert!(is_mounted(&plan, "db", "/var/lib/postgresql"));
    assert!(finds(&plan, "data-path-moved"));
}

#[test]
fn uploads_are_shared_and_multiplied() {
    let plan = plan_of(
        "name: shop\nservices:\n  blog: { image: 'wordpress:6', ports: ['80:80'], volumes: ['up:/var/www/html'] }\nvolumes: { up: {} }\n",
    );
    assert_eq!((kind(&plan, "blog"), replicas(&plan, "blog")), ("Deployment", None));
    let claim = plan.claims.iter().find(|c| c.name == "up").unwrap();
    assert_eq!(claim.access, AccessMode::ReadWriteMany);
    assert!(finds(&plan, "shared-volume"), "the default class rarely can");
}

#[test]
fn uploads_that_nothing_is_mounted_at_are_not_multiplied() {
    let plan = plan_with("blog: { image: 'wordpress:6', ports: ['80:80'] }");
    assert_eq!(replicas(&plan, "blog"), Some(1));
    assert!(finds(&plan, "data-without-volume"));
}

#[test]
fn a_private_volume_means_one_copy() {
    let plan = plan_of(
        "name: shop\nservices:\n  app: { image: 'acme/app:1', expose: ['80'], volumes: ['d:/data'] }\nvolumes: { d: {} }\n",
    );
    assert_eq!((kind(&plan, "app"), replicas(&plan, "app")), ("StatefulSet", Some(1)));
    let forced = plan_of(
        "name: shop\nservices:\n  app: { image: 'acme/app:1', expose: ['80'], volumes: ['d:/data'], deploy: { replicas: 3 }, x-muster: { replicable: true } }\nvolumes: { d: {} }\n",
    );
    assert_eq!(replicas(&forced, "app"), Some(3));
    assert!(finds(&forced, "private-volume-multiplied"));
}

#[test]
fn one_data_directory_for_two_servers_is_an_error() {
    let plan = plan_of(
        "name: shop\nservices:\n  a: { image: 'mysql:8', volumes: ['d:/var/lib/mysql'] }\n  b: { image: 'mysql:8', volumes: ['d:/var/lib/mysql'] }\nvolumes: { d: {} }\n",
    );
    let level =
        plan.report.findings.iter().find(|f| f.code == "data-directory-shared").map(|f| f.level);
    assert_eq!(level, Some(model::reason::Level::Blocker));
}

#[test]
fn network_storage_below_a_database_is_a_warning() {
    let nfs = "driver_opts: { type: nfs, o: 'addr=10.0.0.1', device: ':/srv' }";
    let plan = plan_of(&format!(
        "name: shop\nservices:\n  db: {{ image: 'mysql:8', volumes: ['d:/var/lib/mysql'] }}\nvolumes: {{ d: {{ {nfs} }} }}\n"
    ));
    assert!(finds(&plan, "database-on-nfs"));
    let gluster = plan_of(
        "name: shop\nservices:\n  db: { image: 'mysql:8', volumes: ['d:/var/lib/mysql'] }\nvolumes: { d: { driver: glusterfs } }\n",
    );
    assert!(finds(&gluster, "glusterfs"));
}

#[test]
fn classes_follow_the_command_line_and_the_cluster() {
    let yaml = "name: shop\nservices:\n  db: { image: 'mysql:8', volumes: ['d:/var/lib/mysql'] }\n  a: { image: 'acme/a:1', volumes: ['s:/s'] }\n  b: { image: 'acme/b:1', volumes: ['s:/s'] }\nvolumes: { d: {}, s: {} }\n";
    let mut wanted = given(yaml);
    wanted.options.storage_class = Some("fast".to_owned());
    wanted
        .cluster
        .storage_classes
        .insert("fast".to_owned(), "rook-ceph.rbd.csi.ceph.com".to_owned());
    wanted
        .cluster
        .storage_classes
        .insert("files".to_owned(), "rook-ceph.cephfs.csi.ceph.com".to_owned());
    let plan = wanted.plan();
    let claim = &templates(&plan, "db")[0];
    assert_eq!(
        (claim.class.as_deref(), claim.access),
        (Some("fast"), AccessMode::ReadWriteOncePod)
    );
    let shared = plan.claims.iter().find(|c| c.name == "s").unwrap();
    assert_eq!(
        (shared.class.as_deref(), shared.access),
        (Some("files"), AccessMode::ReadWriteMany)
    );
}

#[test]
fn external_volumes_are_only_named() {
    let plan = plan_of(
        "name: shop\nservices:\n  db: { image: 'mysql:8', volumes: ['d:/var/lib/mysql'] }\nvolumes: { d: { external: true, name: Old_Data } }\n",
    );
    let claim = plan.claims.iter().find(|c| c.external).unwrap();
    assert_eq!(claim.name, "old-data");
    assert!(
        manifest::objects(&plan)
            .iter()
            .all(|o| o.kind != "PersistentVolumeClaim" || o.name != "old-data")
    );
}

#[test]
fn scratch_space_is_an_empty_dir() {
    for (rest, path, memory) in [
        ("tmpfs: ['/cache:size=64m']", "/cache", true),
        ("volumes: [{ type: tmpfs, target: /t }]", "/t", true),
        ("volumes: ['/scratch']", "/scratch", false),
    ] {
        let plan = plan_with(&format!("app: {{ image: 'acme/app:1', {rest} }}"));
        let Some(VolumeSource::Empty { memory: found, .. }) = at(&plan, "app", path) else {
            panic!("{rest}")
        };
        assert_eq!(*found, memory, "{rest}");
    }
}

/// What a bind mount becomes, by the files beside it.
#[test]
fn binds_become_what_they_hold() {
    let config = |plan: &Plan, path: &str| {
        matches!(at(plan, "app", path), Some(VolumeSource::ConfigMap { .. }))
    };
    for (image, mount, files, path) in [
        (IMAGE, "./app.conf:/etc/app.conf", &[("app.conf", "a=1\n")][..], "/etc/app.conf"),
        (
            IMAGE,
            "./conf.d:/etc/app/conf.d:ro",
            &[("conf.d/a.conf", "a"), ("conf.d/sub/b.conf", "b")][..],
            "/etc/app/conf.d",
        ),
        (
            IMAGE,
            "./init.sql:/docker-entrypoint-initdb.d/init.sql",
            &[("init.sql", "select 1;")][..],
            "/docker-entrypoint-initdb.d/init.sql",
        ),
        (
            "image: 'nginx:1.29'",
            "./site:/usr/share/nginx/html",
            &[("site/index.html", "<p>"), ("site/js/app.js", "x")][..],
            "/usr/share/nginx/html",
        ),
    ] {
        let given =
            files.iter().fold(given(&bound(image, mount)), |g, (name, text)| g.file(name, text));
        let plan = given.plan();
        assert!(config(&plan, path), "{mount}: {:?}", workload(&plan, "app").pod.volumes);
        assert!(plan.config_maps[0].name.len() > 9, "it ends in a hash");
    }
}

#[test]
fn source_code_is_dropped_where_an_image_is_built() {
    for mount in [
        "./app:/app",
        "./app/src:/app/src",
        ".:/usr/src/app",
        "./app/package.json:/app/package.json",
    ] {
        let plan = given(&bound(BUILD, mount))
            .file("app/Dockerfile", "FROM node:22\nWORKDIR /app\nEXPOSE 3000\n")
            .file("app/package.json", "{}")
            .file("app/src/index.js", "x")
            .plan();
        let target = mount.split(':').nth(1).unwrap();
        assert!(!is_mounted(&plan, "app", target), "{mount}");
        assert_eq!(kind(&plan, "app"), "Deployment", "{mount}");
        assert!(codes(&plan, "app").contains(&"source-code-mount"), "{mount}");
    }
}

#[test]
fn data_beside_a_build_is_kept() {
    let plan = given(&bound(BUILD, "./uploads:/app/uploads"))
        .file("app/Dockerfile", "FROM node:22\nWORKDIR /app\nEXPOSE 3000\n")
        .plan();
    assert!(is_mounted(&plan, "app", "/app/uploads"));
    assert_eq!(kind(&plan, "app"), "StatefulSet");
}

#[test]
fn binds_of_the_machine_are_refused_with_a_reason() {
    for (mount, code) in [
        ("/var/run/docker.sock:/var/run/docker.sock", "docker-socket"),
        ("/proc:/host/proc:ro", "host-path-refused"),
        ("/dev/snd:/dev/snd", "host-path-refused"),
        ("/:/rootfs:ro", "host-path-refused"),
        ("~/.aws:/root/.aws:ro", "personal-files"),
        ("./gone.conf:/etc/app.conf:ro", "bind-source-missing"),
        ("/srv/app.conf:/etc/app.conf:ro", "host-file"),
    ] {
        let plan = plan_of(&bound(IMAGE, mount));
        assert!(codes(&plan, "app").contains(&code), "{mount}: {:?}", codes(&plan, "app"));
        assert!(!is_mounted(&plan, "app", mount.split(':').nth(1).unwrap()), "{mount}");
    }
}

#[test]
fn the_clock_of_the_host_is_dropped_quietly() {
    let plan = plan_of(&bound(IMAGE, "/etc/localtime:/etc/localtime:ro"));
    assert!(!is_mounted(&plan, "app", "/etc/localtime"));
    assert!(!codes(&plan, "app").iter().any(|code| code.contains("host")));
}

#[test]
fn data_of_the_host_is_a_claim_that_must_be_filled() {
    for mount in ["/srv/media:/data", "./db-files:/data"] {
        let plan = given(&bound(IMAGE, mount)).file("db-files/a.bin", "\u{0}\u{1}").plan();
        assert!(is_mounted(&plan, "app", "/data"), "{mount}");
        assert!(codes(&plan, "app").contains(&"copy-data"), "{mount}");
    }
}

#[test]
fn volumes_from_brings_the_mounts_along() {
    let plan = plan_of(
        "name: shop\nservices:\n  a: { image: 'acme/a:1', volumes: ['d:/data'] }\n  b: { image: 'acme/b:1', volumes_from: ['a:ro'] }\nvolumes: { d: {} }\n",
    );
    let mount = container(&plan, "b").mounts.iter().find(|m| m.path == "/data").unwrap();
    assert!(mount.read_only);
    assert_eq!(plan.claims.len(), 1, "one claim for both");
    assert_eq!(plan.claims[0].access, AccessMode::ReadWriteMany);
}

#[test]
fn a_config_rolls_by_its_name() {
    let of = |text: &str| {
        let yaml = format!(
            "name: shop\nservices:\n  app: {{ image: 'acme/app:1', configs: [c] }}\nconfigs: {{ c: {{ content: '{text}' }} }}\n"
        );
        plan_of(&yaml).config_maps[0].name.clone()
    };
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
}

#[test]
fn a_config_stands_where_compose_puts_it() {
    let plan = plan_of(
        "name: shop\nservices:\n  app: { image: 'acme/app:1', configs: [c, { source: d, target: /etc/d.yml }] }\nconfigs: { c: { content: x }, d: { content: y } }\n",
    );
    assert!(is_mounted(&plan, "app", "/c") && is_mounted(&plan, "app", "/etc/d.yml"));
}

#[test]
fn a_theme_is_not_the_data_of_a_site() {
    let site = file(
        "x: { image: 'wordpress:6.8-apache', volumes: ['./t:/var/www/html/wp-content/themes/own:ro'] }",
    );
    let plan = given(&site).file("t/style.css", "a {}\n").plan();
    assert_eq!(kind(&plan, "x"), "StatefulSet");
    assert!(finds(&plan, "data-without-volume"));
    // Whoever makes the directories above the theme must not be root.
    let init = &workload(&plan, "x").pod.init;
    let makes =
        |c: &Container| c.args.as_ref().is_some_and(|a| a[0].contains("/wp-content/themes'"));
    assert!(init.iter().any(makes), "{init:?}");
}

#[test]
fn configuration_that_lies_on_one_machine_is_no_claim() {
    for target in ["/etc/nginx/conf.d", "/docker-entrypoint-initdb.d"] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', volumes: ['/srv/x:{target}'] }}"));
        assert!(codes(&plan, "x").contains(&"bind-source-missing"), "{target}");
        assert!(plan.claims.is_empty() && kind(&plan, "x") == "Deployment", "{target}");
    }
}

#[test]
fn a_database_that_is_only_guessed_keeps_its_data_too() {
    let plan = plan_with(
        "x: { image: 'acme/postgresql:17', environment: { POSTGRES_PASSWORD: hush-hush } }",
    );
    assert!(finds(&plan, "database-without-volume"));
    assert_eq!(templates(&plan, "x").len(), 1);
}

#[test]
fn an_older_place_of_the_data_counts() {
    let plan = plan_with(
        "x: { image: 'ghcr.io/immich-app/immich-server:v3.1.0', volumes: ['./u:/usr/src/app/upload'] }",
    );
    assert!(!finds(&plan, "data-without-volume"));
    assert_eq!(plan.claims.iter().map(|c| c.size).collect::<Vec<_>>(), [Bytes::gib(200)]);
}

#[test]
fn an_application_in_its_image_is_not_hidden_by_an_empty_volume() {
    let plan = plan_with(
        "x: { image: 'fireflyiii/core:6', volumes: ['./u:/var/www/html/storage/upload'] }",
    );
    assert!(container(&plan, "x").mounts.iter().all(|m| m.path != "/var/www/html"));
}

#[test]
fn a_shared_volume_is_told_once() {
    let plan = plan_with(
        "x: { image: 'acme/x:1', expose: ['80'], volumes: ['./m:/m'] }\ny: { image: 'acme/y:1', expose: ['80'], volumes: ['./m:/m'] }",
    );
    let told = plan.report.findings.iter().filter(|f| f.code == "shared-volume");
    assert_eq!(told.map(|f| f.service.as_deref()).collect::<Vec<_>>(), [Some("x")]);
}
