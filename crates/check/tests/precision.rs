//! What must be told, and what must not: one small file each.

mod common;

use common::Loaded;

/// The objects that a rule complains about in files.
fn told(rule: &str, texts: &[&str]) -> Vec<String> {
    let names: Vec<String> = (0..texts.len()).map(|i| format!("{i}.yaml")).collect();
    let loaded = Loaded::texts(names.iter().map(String::as_str).zip(texts.iter().copied()));
    let findings = loaded.check().into_iter().filter(|f| f.rule.name == rule);
    findings.map(|f| f.object).collect()
}

/// What a rule says in files.
fn message(rule: &str, texts: &[&str]) -> String {
    let names: Vec<String> = (0..texts.len()).map(|i| format!("{i}.yaml")).collect();
    let loaded = Loaded::texts(names.iter().map(String::as_str).zip(texts.iter().copied()));
    let findings = loaded.check().into_iter().filter(|f| f.rule.name == rule);
    findings.flat_map(|f| [f.message, f.fix]).collect::<Vec<_>>().join("\n")
}

fn secret(key: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  {key}: {value:?}\n"
    )
}

fn claim(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}{spec}}}\n"
    )
}

fn volume(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}}}\nspec: {{accessModes: [ReadWriteOnce], capacity: {{storage: 1Gi}}, nfs: {{server: a, path: /a}}{spec}}}\n"
    )
}

fn pod(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}\nspec: {{containers: [{{name: a, image: a{rest}\n"
    )
}

fn env(name: &str, value: &str) -> String {
    pod("web", &format!(", env: [{{name: {name}, value: {value:?}}}]}}]}}"))
}

#[test]
fn files_end_in_a_newline_and_passwords_do_not() {
    let files = [
        ("tls_crt", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        ("anything", "  -----BEGIN PRIVATE KEY----- MIIB -----END PRIVATE KEY-----\n"),
        ("ca-cert", "MIIB\n"),
        ("host_key", "ssh-ed25519 AAAA me@there\n"),
        ("settings", "{\"a\": 1}\n"),
        ("htpasswd", "me:$2y$05$abc\n"),
    ];
    for (key, value) in files {
        assert!(told("secret-ends-in-newline", &[&secret(key, value)]).is_empty(), "{key}");
    }
    for key in ["password", "api-key", "DB_PASSWORD"] {
        assert_eq!(told("secret-ends-in-newline", &[&secret(key, "kT9vQz2L\n")]).len(), 1, "{key}");
    }
}

#[test]
fn a_claim_is_not_tied_to_the_volume_of_another_product() {
    let rule = "claim-goes-to-default-class";
    let wiki = volume("wiki-files", "");
    assert!(told(rule, &[&claim("crm-data", ""), &wiki, &claim("wiki-files", "")]).len() == 1);
    assert!(
        message(rule, &[&claim("crm-data", ""), &volume("crm-pv", ""), &wiki]).contains("`crm-pv`")
    );
    for taken in [
        ", claimRef: {namespace: wiki, name: wiki-data}",
        ", claimRef: {namespace: wiki, name: data}",
    ] {
        assert!(told(rule, &[&claim("data", ""), &volume("a", taken)]).is_empty(), "{taken}");
    }
    let classed = [
        claim("data", ""),
        claim("b", ", storageClassName: slow"),
        volume("a", ", storageClassName: slow"),
    ];
    assert!(told(rule, &classed.each_ref().map(String::as_str)).is_empty());
    let named =
        [claim("data", ""), claim("b", ", volumeName: a, storageClassName: \"\""), volume("a", "")];
    assert!(told(rule, &named.each_ref().map(String::as_str)).is_empty());
}

#[test]
fn a_volume_kept_for_a_claim_binds_to_it() {
    let kept = volume("a", ", claimRef: {namespace: shop, name: data}");
    let texts = [claim("data", ""), kept];
    let texts = texts.each_ref().map(String::as_str);
    assert!(told("claim-goes-to-default-class", &texts).is_empty());
    assert!(told("claim-without-class", &texts).is_empty());
    assert_eq!(told("claim-without-class", &texts[..1]).len(), 1);
}

#[test]
fn a_claim_that_no_pod_mounts() {
    let rule = "unused-claim";
    let data = claim("data", "");
    assert_eq!(told(rule, &[&data]), ["PersistentVolumeClaim/data"]);
    let mounts = pod("web", "}], volumes: [{name: a, persistentVolumeClaim: {claimName: data}}]}");
    assert!(told(rule, &[&data, &mounts]).is_empty());
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec: {volumeClaimTemplates: [{metadata: {name: my-data}}]}\n";
    assert!(told(rule, &[&claim("my-data-db-0", ""), set]).is_empty());
    assert_eq!(told(rule, &[&claim("data-db-0", ""), set]).len(), 1);
    let custom = "apiVersion: velero.io/v1\nkind: Backup\nmetadata: {name: a}\nspec: {of: data}\n";
    assert!(told(rule, &[&data, custom]).is_empty());
}

#[test]
fn what_is_no_host_is_not_looked_up() {
    for value in ["null", "true", "yes", "8080", "30s", "fd00::1", "2001:db8::7", "[fd00::1]:80"] {
        assert!(told("config-names-unknown-host", &[&env("DB_HOST", value)]).is_empty(), "{value}");
    }
    assert_eq!(told("config-names-unknown-host", &[&env("DB_HOST", "db")]).len(), 1);
}

#[test]
fn a_switch_is_no_secret() {
    for value in ["null", "Yes", "off", "", "$(PW)"] {
        assert!(told("secret-in-env", &[&env("DB_PASSWORD", value)]).is_empty(), "{value}");
    }
    assert_eq!(told("secret-in-env", &[&env("DB_PASSWORD", "hunter2")]).len(), 1);
}

#[test]
fn everything_of_a_product_names_its_namespace() {
    let bare = |kind: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n");
    for kind in ["PersistentVolumeClaim", "HorizontalPodAutoscaler", "Secret", "NetworkPolicy"] {
        assert_eq!(told("default-namespace", &[&bare(kind)]).len(), 1, "{kind}");
    }
    for kind in ["PersistentVolume", "Namespace", "ClusterRole"] {
        assert!(told("default-namespace", &[&bare(kind)]).is_empty(), "{kind}");
    }
    assert!(message("default-namespace", &[&bare("Secret")]).contains("namespace: …"));
    let crm = "apiVersion: v1\nkind: Namespace\nmetadata: {name: crm}\n";
    assert!(message("default-namespace", &[&bare("Secret"), crm]).contains("namespace: crm"));
}

#[test]
fn a_line_break_matters_in_a_variable_and_not_in_a_file() {
    let rule = "secret-ends-in-newline";
    let of = |rest: &str| pod("web", rest).replace("namespace: shop, ", "");
    let secret = secret("password", "kT9vQz2L\n");
    let mounted = of("}], volumes: [{name: a, secret: {secretName: a}}]}");
    assert!(told(rule, &[&secret, &mounted]).is_empty());
    let variable = of(", envFrom: [{secretRef: {name: a}}]}]}");
    assert_eq!(told(rule, &[&secret, &mounted, &variable]).len(), 1);
}

#[test]
fn what_cannot_change_need_not_refresh() {
    let map = |rest: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: shop}}\ndata: {{a: b}}\n{rest}"
        )
    };
    let mounts = pod(
        "web",
        ", volumeMounts: [{name: a, mountPath: /a, subPath: a}]}], volumes: [{name: a, configMap: {name: a}}]}",
    );
    assert_eq!(told("config-does-not-refresh", &[&map(""), &mounts]).len(), 1);
    assert!(told("config-does-not-refresh", &[&map("immutable: true\n"), &mounts]).is_empty());
}

#[test]
fn replicas_of_a_database_need_something_that_joins_them() {
    let set = |replicas: u8, image: &str, rest: &str| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: db, image: {image}, volumeMounts: [{{name: data, mountPath: /var/lib/postgresql}}]{rest}}}]}}}}, volumeClaimTemplates: [{{metadata: {{name: data}}}}]}}\n"
        )
    };
    let separate = |text: String| !told("separate-databases", &[&text]).is_empty();
    assert!(separate(set(3, "postgres:16", "")));
    assert!(!separate(set(1, "postgres:16", "")));
    assert!(!separate(set(3, "bitnami/postgresql-repmgr:16", "")));
    assert!(!separate(set(3, "postgres:16", ", args: [-c, hot_standby=on]")));
}
