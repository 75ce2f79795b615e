//! Pod Security "restricted", and each exception.

use crate::common::{codes, container, file, finds, given, plan_with, workload};
use model::plan::{ContainerSecurity, PodSecurityLevel, RestartPolicy};

#[test]
fn restricted_is_the_default() {
    for image in ["acme/x:1", "nginx:1.29", "postgres:17", "redis:8", "mariadb:11.4", "node:24"] {
        let plan = plan_with(&format!("x: {{ image: '{image}' }}"));
        assert_eq!(plan.pod_security, PodSecurityLevel::Restricted, "{image}");
        let pod = &workload(&plan, "x").pod;
        assert!(pod.security.non_root && pod.security.seccomp, "{image}");
        assert!(pod.security.user.is_some_and(|uid| uid > 0), "{image}");
        let security = &container(&plan, "x").security;
        assert!(security.drop_all && !security.escalation && !security.privileged, "{image}");
        assert!(security.add.is_empty(), "{image}");
        assert!(!pod.host_network && !pod.host_pid && !pod.host_ipc);
        assert_eq!(pod.restart, RestartPolicy::Always);
    }
}

#[test]
fn users_become_numbers() {
    for (rest, uid, gid) in [
        ("user: '1234'", 1234, 1234),
        ("user: '1234:99'", 1234, 99),
        ("user: www-data", 33, 33),
        ("x-muster: { security: { run_as: 4000 } }", 4000, 4000),
    ] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        let found = &workload(&plan, "x").pod.security;
        assert_eq!((found.user, found.group), (Some(uid), Some(gid)), "{rest}");
    }
    let plan = plan_with("db: { image: 'postgres:17-alpine', user: postgres }");
    assert_eq!(workload(&plan, "db").pod.security.user, Some(70));
}

#[test]
fn root_is_explained_and_kept_small() {
    for rest in ["user: root", "user: '0'", "x-muster: { security: { run_as: root } }"] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        assert_eq!(plan.pod_security, PodSecurityLevel::Baseline, "{rest}");
        assert!(codes(&plan, "x").contains(&"runs-as-root"), "{rest}");
        let found = container(&plan, "x");
        assert!(found.security.drop_all && !found.security.escalation, "{rest}");
        assert!(workload(&plan, "x").pod.security.user_namespace, "{rest}");
    }
}

#[test]
fn low_ports_need_no_root() {
    let plan = plan_with("web: { image: 'nginx:1.29', ports: ['80:80'] }");
    let pod = &workload(&plan, "web").pod;
    assert_eq!(pod.security.sysctls["net.ipv4.ip_unprivileged_port_start"], "0");
    assert!(container(&plan, "web").security.add.is_empty());
    let plan = plan_with("web: { image: 'acme/web:1', ports: ['80:8080'] }");
    assert!(workload(&plan, "web").pod.security.sysctls.is_empty());
}

#[test]
fn a_read_only_root_has_what_it_must_write() {
    let plan = plan_with("web: { image: 'nginx:1.29' }");
    let found = container(&plan, "web");
    assert!(found.security.read_only_root);
    for path in ["/tmp", "/var/cache/nginx"] {
        assert!(found.mounts.iter().any(|m| m.path == path && !m.read_only), "{path}");
    }
    for rest in ["read_only: false", "x-muster: { security: { read_only: false } }"] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        assert_eq!(
            container(&plan, "x").security,
            ContainerSecurity { read_only_root: false, ..ContainerSecurity::default() }
        );
    }
}

#[test]
fn what_reaches_for_the_node_is_refused_or_named() {
    for (rest, code) in [
        ("network_mode: host", "host-network"),
        ("pid: host", "host-pid"),
        ("ipc: host", "host-ipc"),
        ("privileged: true", "privileged"),
        ("cap_add: [SYS_ADMIN]", "capabilities-beyond-baseline"),
        ("security_opt: ['seccomp:unconfined']", "seccomp-unconfined"),
        ("sysctls: { net.core.somaxconn: '1024' }", "unsafe-sysctl"),
        ("devices: ['/dev/ttyUSB0:/dev/ttyUSB0']", "host-device"),
    ] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        assert!(finds(&plan, code), "{rest}");
        let pod = &workload(&plan, "x").pod;
        assert!(!pod.host_network && !pod.host_pid && !pod.host_ipc, "{rest}");
    }
}

#[test]
fn the_namespace_admits_what_its_pods_need() {
    let plan = plan_with("a: { image: 'acme/a:1' }\nb: { image: 'acme/b:1', privileged: true }");
    assert_eq!(plan.pod_security, PodSecurityLevel::Privileged);
    let found = container(&plan, "b");
    assert!(
        found.security.privileged && found.security.escalation,
        "the API refuses one without the other"
    );
}

#[test]
fn what_lies_in_roots_home_needs_root() {
    let plan = plan_with("x: { image: 'acme/x:1', volumes: ['./c:/root/.cache'] }");
    assert!(!workload(&plan, "x").pod.security.non_root);
    assert!(codes(&plan, "x").contains(&"runs-as-root"));
    let said = plan_with("x: { image: 'acme/x:1', user: '1000', volumes: ['./c:/root/.cache'] }");
    assert!(workload(&said, "x").pod.security.non_root, "the file knows better");
}

#[test]
fn what_the_command_and_templates_write_is_writable() {
    for (rest, writable) in [
        (
            "command: [sh, -c, \"envsubst < /tmp/a.conf > /etc/nginx/conf.d/default.conf && nginx -g 'daemon off;'\"]",
            true,
        ),
        ("volumes: ['./t:/etc/nginx/templates:ro']", true),
        ("command: [sh, -c, 'nginx > /dev/null 2>&1']", false),
    ] {
        let services = format!("x: {{ image: 'nginx:1.29', {rest} }}");
        let plan = given(&file(&services)).file("t/default.conf.template", "listen 80;\n").plan();
        let mounts = &container(&plan, "x").mounts;
        let found = mounts.iter().any(|m| m.path == "/etc/nginx/conf.d" && !m.read_only);
        assert_eq!(found, writable, "{rest}: {mounts:?}");
        assert!(!mounts.iter().any(|m| m.path.starts_with("/dev")), "{rest}");
    }
}

#[test]
fn questions_can_be_answered_with_the_line_that_is_given() {
    let plan = plan_with("web: { image: 'acme/x:1' }");
    let question = plan.report.questions.iter().find(|q| q.question.starts_with("Which user"));
    let answer = &question.expect("nobody knows the user").answer;
    assert!(answer.starts_with("services.web.x-muster.security.run_as: "), "{answer}");
}

#[test]
fn no_user_namespace_is_asked_of_a_runtime_that_has_none() {
    let asks = |has: Option<bool>| {
        let mut given = given(&file("x: { image: 'acme/x:1', user: root }"));
        given.cluster.user_namespaces = has;
        given.plan().workloads[0].pod.security.user_namespace
    };
    assert_eq!([None, Some(true), Some(false)].map(asks), [true, true, false]);
}
