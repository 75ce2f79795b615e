//! Secrets: out of the environment, addresses and commands, into one entry each.

use crate::common::{codes, container, env, finds, given, plan_of, plan_with, workload};
use model::plan::{EnvSource, Plan, SecretEntry, VolumeSource};

/// The Secret and key behind a variable.
fn behind(plan: &Plan, name: &str, variable: &str) -> Option<(String, String)> {
    let variable = container(plan, name).env.iter().find(|v| v.name == variable)?;
    match &variable.source {
        EnvSource::Secret { name, key } => Some((name.clone(), key.clone())),
        _ => None,
    }
}

/// The value that an entry holds.
fn value(plan: &Plan, secret: &str, key: &str) -> Option<String> {
    let secret = plan.secrets.iter().find(|s| s.name == secret)?;
    match secret.entries.get(key)? {
        SecretEntry::Value(text) => Some(text.expose().to_owned()),
        _ => None,
    }
}

/// Everything that is written of a plan beside its Secrets, and everything that is said.
fn in_the_open(plan: &Plan) -> String {
    let objects = manifest::objects(plan);
    let written: Vec<String> =
        objects.iter().filter(|o| o.kind != "Secret").map(|o| o.value.to_string()).collect();
    format!("{}{}", written.join("\n"), serde_json::to_string(plan).unwrap())
}

#[test]
fn literals_become_entries() {
    let plan =
        plan_with("app: { image: 'acme/app:1', environment: { API_KEY: abc-123-def, MODE: x } }");
    let (secret, key) = behind(&plan, "app", "API_KEY").unwrap();
    assert_eq!((secret.as_str(), key.as_str()), ("app-credentials", "API_KEY"));
    assert_eq!(value(&plan, &secret, &key).as_deref(), Some("abc-123-def"));
    assert_eq!(env(container(&plan, "app"), "MODE"), Some("x"));
    assert!(!in_the_open(&plan).contains("abc-123-def"));
}

#[test]
fn a_database_and_its_clients_share_one_entry() {
    let plan = plan_with(
        "db: { image: 'postgres:16', environment: { POSTGRES_PASSWORD: s3cret-1 } }\n\
         app: { image: 'acme/app:1', environment: { DB_HOST: db, DB_PASSWORD: s3cret-1 } }\n\
         other: { image: 'acme/other:1', environment: { TOKEN: s3cret-1 } }",
    );
    let shared = ("db-credentials".to_owned(), "POSTGRES_PASSWORD".to_owned());
    assert_eq!(behind(&plan, "app", "DB_PASSWORD"), Some(shared));
    let own = ("other-credentials".to_owned(), "TOKEN".to_owned());
    assert_eq!(
        behind(&plan, "other", "TOKEN"),
        Some(own),
        "an equal value of a stranger is chance"
    );
    let users = &plan.secrets.iter().find(|s| s.name == "db-credentials").unwrap().users;
    assert_eq!(users, &["app", "db"]);
}

#[test]
fn addresses_keep_everything_but_the_password() {
    let plan = plan_with(
        "db: { image: 'postgres:16', environment: { POSTGRES_PASSWORD: s3cret-1 } }\n\
         app: { image: 'acme/app:1', environment: { DATABASE_URL: 'postgres://app:s3cret-1@db:5432/app' } }",
    );
    let app = container(&plan, "app");
    let url = env(app, "DATABASE_URL").unwrap();
    assert_eq!(url, "postgres://app:$(DATABASE_URL_PASSWORD)@db:5432/app");
    let (secret, _) = behind(&plan, "app", "DATABASE_URL_PASSWORD").unwrap();
    assert_eq!(secret, "db-credentials");
    let at = |name: &str| app.env.iter().position(|v| v.name == name).unwrap();
    let order = "Kubernetes expands only what stands before";
    assert!(at("DATABASE_URL_PASSWORD") < at("DATABASE_URL"), "{order}");
    assert!(!in_the_open(&plan).contains("s3cret-1"));
}

#[test]
fn images_that_read_files_get_files() {
    let plan = plan_with(
        "db: { image: 'mariadb:11.4', environment: { MARIADB_ROOT_PASSWORD: s3cret-1 } }",
    );
    let db = container(&plan, "db");
    assert!(behind(&plan, "db", "MARIADB_ROOT_PASSWORD").is_none(), "both at once is refused");
    let path = env(db, "MARIADB_ROOT_PASSWORD_FILE").unwrap();
    let mount = db.mounts.iter().find(|m| path.starts_with(&m.path) && m.path != "/").unwrap();
    let volume = workload(&plan, "db").pod.volumes.iter().find(|v| v.name == mount.volume).unwrap();
    let VolumeSource::Secret { name, items, .. } = &volume.source else { panic!("{volume:?}") };
    let key = path.rsplit('/').next().unwrap();
    assert!(items.contains_key(key) && value(&plan, name, key).is_some());
}

#[test]
fn commands_are_redacted() {
    let plan = plan_with(
        "cache: { image: 'redis:7', command: redis-server --requirepass hush-hush }\n\
         app: { image: 'acme/app:1', environment: { REDIS_HOST: cache, REDIS_PASSWORD: hush-hush } }",
    );
    let args = container(&plan, "cache").args.clone().unwrap();
    assert_eq!(args, ["redis-server", "--requirepass", "$(REQUIREPASS)"]);
    assert_eq!(behind(&plan, "app", "REDIS_PASSWORD"), behind(&plan, "cache", "REQUIREPASS"));
    assert!(!in_the_open(&plan).contains("hush-hush"));
}

#[test]
fn what_is_no_secret_stays() {
    for (key, text) in [
        ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
        ("TOKEN_TTL", "3600"),
        ("DB_PASSWORD_FILE", "/run/secrets/pw"),
        ("DB_PASSWORD", "/run/secrets/pw"),
        ("MAX_TOKENS", "4096"),
    ] {
        let yaml = format!("app: {{ image: 'acme/app:1', environment: {{ {key}: '{text}' }} }}");
        let plan = plan_with(&yaml);
        assert_eq!(env(container(&plan, "app"), key), Some(text), "{key}");
        assert!(plan.secrets.is_empty(), "{key}");
    }
}

#[test]
fn an_unset_secret_is_to_be_filled_in() {
    let plan =
        plan_with("app: { image: 'acme/app:1', environment: { DB_PASSWORD: '${NOWHERE_SET}' } }");
    let (secret, key) = behind(&plan, "app", "DB_PASSWORD").unwrap();
    let entries = &plan.secrets.iter().find(|s| s.name == secret).unwrap().entries;
    assert_eq!(entries[&key], SecretEntry::Missing);
    assert!(finds(&plan, "secret-missing"));
}

#[test]
fn dollars_survive_kubernetes() {
    for (written, want) in
        [("a$$b", "a$b"), ("$$(date)", "$$(date)"), ("$$$$x", "$$$x"), ("$$$$", "$$$")]
    {
        let yaml = format!("app: {{ image: 'acme/app:1', environment: {{ X: '{written}' }} }}");
        let plan = plan_with(&yaml);
        assert_eq!(env(container(&plan, "app"), "X"), Some(want), "{written}");
    }
}

#[test]
fn granted_secrets_are_files() {
    let plan = given(
        "name: shop\nservices:\n  app: { image: 'acme/app:1', secrets: [pw, { source: key, target: /etc/app/key.pem, mode: 0400 }] }\n\
         secrets: { pw: { file: pw.txt }, key: { file: gone.pem } }\n",
    )
    .file("pw.txt", "hush-hush\n")
    .plan();
    let app = container(&plan, "app");
    let mounted = |path: &str| app.mounts.iter().find(|m| m.path == path).unwrap();
    assert_eq!(mounted("/run/secrets/pw").sub_path.as_deref(), Some("pw"));
    assert!(mounted("/etc/app/key.pem").read_only);
    assert_eq!(value(&plan, "pw", "pw").as_deref(), Some("hush-hush\n"), "byte for byte");
    assert!(codes(&plan, "app").contains(&"secret-missing"), "gone.pem is not there");
}

#[test]
fn external_secrets_are_only_named() {
    let plan = plan_of(
        "name: shop\nservices:\n  app: { image: 'acme/app:1', secrets: [pw] }\nsecrets: { pw: { external: true, name: Their_PW } }\n",
    );
    let secret = plan.secrets.iter().find(|s| s.external).unwrap();
    assert_eq!(secret.name, "their-pw");
    assert!(manifest::objects(&plan).iter().all(|o| o.kind != "Secret"));
}

#[test]
fn files_with_credentials_are_secrets() {
    for (name, text, secret) in [
        ("app.conf", "listen 80;\n", false),
        ("tls.key", "-----BEGIN PRIVATE KEY-----\nabc\n", true),
        ("app.yml", "db:\n  password: s3cret-1\n", true),
        ("redis.conf", "requirepass hush-hush\n", true),
    ] {
        let yaml = format!(
            "name: shop\nservices:\n  app: {{ image: 'acme/app:1', volumes: ['./{name}:/etc/app/{name}:ro'] }}\n"
        );
        let plan = given(&yaml).file(name, text).plan();
        assert_eq!(plan.secrets.len(), usize::from(secret), "{name}");
        assert_eq!(plan.config_maps.len(), usize::from(!secret), "{name}");
    }
}

#[test]
fn a_file_that_holds_a_known_secret_is_one() {
    let plan = given(
        "name: shop\nservices:\n  app: { image: 'acme/app:1', environment: { TOKEN: abcdef-42 }, volumes: ['./x.conf:/etc/x.conf'] }\n",
    )
    .file("x.conf", "upstream abcdef-42;\n")
    .plan();
    assert!(plan.config_maps.is_empty());
    assert!(!in_the_open(&plan).contains("abcdef-42"));
}
