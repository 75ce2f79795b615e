//! What Pod Security asks of pods and containers: a table of tests.

use crate::Rule;
use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Container, Pod};
use crate::table::security as t;

/// One test of a pod or a container: where it is broken, if it is.
struct Test {
    rule: &'static Rule,
    broken: fn(&At<'_>) -> Option<Place>,
    message: &'static str,
    fix: &'static str,
}

type Place = String;

const CONTAINER_TESTS: &[Test] = &[
    Test {
        rule: &t::PRIVILEGED,
        broken: |c| {
            when(c.dig("securityContext.privileged").truthy(), "securityContext.privileged")
        },
        message: "the container is root on the node: it can read every other pod's memory and Secrets",
        fix: "remove it, or write `privileged: false`; for a single device use a device plugin",
    },
    Test {
        rule: &t::PRIVILEGE_ESCALATION,
        broken: |c| {
            let field = "securityContext.allowPrivilegeEscalation";
            when(c.dig(field).bool() != Some(false), field)
        },
        message: "a setuid program in the image can make the process root; namespaces at level restricted refuse the pod",
        fix: "securityContext:\n  allowPrivilegeEscalation: false",
    },
    Test {
        rule: &t::WRITABLE_ROOT,
        broken: |c| {
            let field = "securityContext.readOnlyRootFilesystem";
            when(!c.dig(field).truthy(), field)
        },
        message: "an intruder can replace programs, and what the application writes outside its volumes is lost at each restart",
        fix: "securityContext:\n  readOnlyRootFilesystem: true\n# and an emptyDir for each directory that must be writable, such as /tmp",
    },
    Test {
        rule: &t::ADDED_CAPABILITIES,
        broken: |c| {
            let field = "securityContext.capabilities.add";
            when(c.dig(field).truthy(), field)
        },
        message: "the container gets capabilities beyond the default set",
        fix: "remove `add`. Instead of CHOWN, SETUID, SETGID or DAC_OVERRIDE: start as the user that owns the files, with fsGroup for its volumes. Instead of NET_BIND_SERVICE: the pod's sysctl net.ipv4.ip_unprivileged_port_start, set to 0",
    },
    Test {
        rule: &t::SYS_ADMIN,
        broken: |c| {
            let field = "securityContext.capabilities.add";
            when(c.dig(field).strings().contains(&"SYS_ADMIN"), field)
        },
        message: "SYS_ADMIN is as good as root on the node",
        fix: "remove SYS_ADMIN from `add`",
    },
    Test {
        rule: &t::KEEPS_NET_RAW,
        broken: |c| {
            let field = "securityContext.capabilities.drop";
            when(!drops(c, &["ALL", "all", "NET_RAW"]), field)
        },
        message: "the process can forge packets of other pods",
        fix: "securityContext:\n  capabilities:\n    drop: [ALL]",
    },
    Test {
        rule: &t::KEEPS_CAPABILITIES,
        broken: |c| {
            let field = "securityContext.capabilities.drop";
            when(!drops(c, &["ALL", "all"]), field)
        },
        message: "the default capabilities stay; namespaces at level restricted refuse the pod",
        fix: "securityContext:\n  capabilities:\n    drop: [ALL]",
    },
    Test {
        rule: &t::NO_CONTAINER_SECURITY_CONTEXT,
        broken: |c| when(!c.at("securityContext").truthy(), "securityContext"),
        message: "privileges and capabilities of the container are what the runtime gives by default",
        fix: "securityContext:\n  allowPrivilegeEscalation: false\n  readOnlyRootFilesystem: true\n  capabilities:\n    drop: [ALL]",
    },
    Test {
        rule: &t::PROC_MOUNT,
        broken: |c| {
            let field = "securityContext.procMount";
            when(c.dig(field).is("Unmasked"), field)
        },
        message: "the container reads and changes what the runtime hides in /proc; namespaces at level baseline refuse the pod",
        fix: "remove procMount",
    },
    Test {
        rule: &t::GIT_SYNC,
        broken: |c| {
            let named = |at: &At<'_>| at.at("name").is("GITSYNC_GIT");
            when(c.at("env").items().iter().any(named), "env")
        },
        message: "whoever sets GITSYNC_GIT decides which program runs in the pod",
        fix: "remove the variable GITSYNC_GIT",
    },
];

const POD_TESTS: &[Test] = &[
    Test {
        rule: &t::HOST_PID,
        broken: |p| when(p.at("hostPID").truthy(), "hostPID"),
        message: "the pod can see and signal every process of its node",
        fix: "remove hostPID",
    },
    Test {
        rule: &t::HOST_IPC,
        broken: |p| when(p.at("hostIPC").truthy(), "hostIPC"),
        message: "the pod can read the shared memory of other processes on its node",
        fix: "remove hostIPC",
    },
    Test {
        rule: &t::HOST_NETWORK,
        broken: |p| when(p.at("hostNetwork").truthy(), "hostNetwork"),
        message: "NetworkPolicies do not apply to the pod, and its ports collide with the node's: a second pod on the node does not start",
        fix: "remove hostNetwork and reach the pod through a Service",
    },
    Test {
        rule: &t::NO_POD_SECURITY_CONTEXT,
        broken: |p| when(!p.at("securityContext").truthy(), "securityContext"),
        message: "user, group of the volumes and seccomp profile are left to the image and the runtime",
        fix: "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  fsGroup: 10001\n  seccompProfile:\n    type: RuntimeDefault",
    },
    Test {
        rule: &t::SERVICE_ACCOUNT_TOKEN,
        broken: |p| {
            let field = "automountServiceAccountToken";
            when(p.at(field).bool() != Some(false), field)
        },
        message: "a token of the API server lies in every container of the pod",
        fix: "automountServiceAccountToken: false\n# or waive this where the application talks to the API server",
    },
];

fn when(broken: bool, field: &str) -> Option<Place> {
    broken.then(|| field.to_owned())
}

fn drops(container: &At<'_>, any_of: &[&str]) -> bool {
    let dropped = container.dig("securityContext.capabilities.drop").strings();
    dropped.iter().any(|d| any_of.iter().any(|cap| d.contains(cap)))
}

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        for test in POD_TESTS {
            if let Some(field) = (test.broken)(&pod.spec) {
                out.add(test.rule, &pod.owner, &pod.spec.dig(&field), test.message, test.fix);
            }
        }
        seccomp(pod, out);
        sysctls(pod, out);
        host_paths(pod, out);
        for container in &pod.containers {
            for test in CONTAINER_TESTS {
                if let Some(field) = (test.broken)(&container.at) {
                    let at = container.at.dig(&field);
                    out.add(test.rule, &pod.owner, &at, test.message, test.fix);
                }
            }
            host_ports(pod, container, out);
            notorious_images(pod, container, out);
        }
    }
    for service in cx.set.of_kind("Service") {
        tiller_service(service, out);
    }
    for namespace in cx.set.of_kind("Namespace") {
        namespace_level(namespace, out);
    }
}

fn seccomp_profile<'a>(at: &At<'a>) -> Option<&'a str> {
    at.dig("securityContext.seccompProfile.type").str()
}

/// `RuntimeDefault` for the pod, or for each of its containers. Old annotations count too.
fn seccomp(pod: &Pod<'_>, out: &mut Findings) {
    let holds = match seccomp_profile(&pod.spec) {
        Some(own) => own == "RuntimeDefault",
        None => each_container_has_seccomp(pod),
    };
    if !holds {
        let at = pod.spec.dig("securityContext.seccompProfile.type");
        let message = "every system call is open; namespaces at level restricted refuse the pod";
        let fix = "securityContext:\n  seccompProfile:\n    type: RuntimeDefault";
        out.add(&t::NO_SECCOMP, &pod.owner, &at, message, fix);
    }
}

fn each_container_has_seccomp(pod: &Pod<'_>) -> bool {
    let each: Vec<_> = pod.main().map(|c| seccomp_profile(&c.at)).collect();
    let annotated = pod.metadata.at("annotations").entries().iter().any(|(key, at)| {
        key.contains("seccomp.security.alpha.kubernetes.io/pod")
            && at.str().is_some_and(|v| v.contains("/default"))
    });
    let all = !each.is_empty() && each.iter().all(|p| *p == Some("RuntimeDefault"));
    all || (annotated && each.iter().all(Option::is_none))
}

fn host_paths(pod: &Pod<'_>, out: &mut Findings) {
    for volume in pod.spec.at("volumes").items() {
        let path = volume.dig("hostPath.path");
        let Some(text) = path.text() else { continue };
        if text == "/var/run/docker.sock" || text == "/run/docker.sock" {
            // checkov only knows the first spelling; the second is the same file.
            let message = "whoever reaches the socket is root on the node, and nodes with containerd do not have it";
            let fix = "remove the volume; build images with a job of a builder such as BuildKit, read pods through the API server";
            out.add(&t::DOCKER_SOCKET, &pod.owner, &path, message, fix);
        } else {
            let message = format!(
                "the pod reads and writes `{text}` of whichever node it lands on: its data does not move with it, and namespaces at level baseline refuse it"
            );
            let fix = "use a PersistentVolumeClaim for data and a ConfigMap for configuration";
            out.add(&t::HOST_PATH, &pod.owner, &path, message, fix);
        }
    }
}

/// Kernel parameters that the kubelet allows everywhere.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn sysctls(pod: &Pod<'_>, out: &mut Findings) {
    for sysctl in pod.spec.dig("securityContext.sysctls").items() {
        let at = sysctl.at("name");
        let Some(name) = at.text().filter(|n| !SAFE_SYSCTLS.contains(&n.as_str())) else {
            continue;
        };
        let message = format!(
            "the kubelet refuses the pod (SysctlForbidden) unless the node allows `{name}`"
        );
        let fix = "remove it; set what belongs to the node, such as vm.max_map_count, on the node";
        out.add(&t::UNSAFE_SYSCTL, &pod.owner, &at, message, fix);
    }
}

fn host_ports(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    for port in container.at.at("ports").items() {
        let at = port.at("hostPort");
        if at.written() {
            let message = "one such pod fits on a node: further replicas stay Pending";
            let fix = "remove hostPort and reach the pod through a Service";
            out.add(&t::HOST_PORT, &pod.owner, &at, message, fix);
        }
    }
}

fn notorious_images(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    let at = container.at.at("image");
    let image = at.str().unwrap_or_default();
    let label = |key: &str| pod.labels.get(key).map(String::as_str);
    let dashboard = match (label("app"), label("k8s-app")) {
        (Some(app), _) => app == "kubernetes-dashboard",
        (None, other) => other == Some("kubernetes-dashboard"),
    };
    if dashboard || image.contains("kubernetes-dashboard") || image.contains("kubernetesui") {
        let message = "a web page that can change the cluster, and often with the rights to";
        let fix = "remove it; use a client on your own machine, such as k9s or Headlamp";
        out.add(&t::DASHBOARD, &pod.owner, &at, message, fix);
    }
    let tiller = label("app") == Some("helm") || label("name") == Some("tiller");
    if tiller || image.contains("tiller") {
        let fix = "remove it and use Helm 3, which has no server";
        let message = "Tiller is administrator of the cluster for whoever reaches its port";
        out.add(&t::TILLER, &pod.owner, &at, message, fix);
        let local = |arg: &&str| {
            arg.contains("--listen") && (arg.contains("localhost") || arg.contains("127.0.0.1"))
        };
        if !container.at.at("args").strings().iter().any(local) {
            let message = "every pod of the cluster can give Tiller orders";
            out.add(&t::TILLER_LISTENS, &pod.owner, &container.at.at("args"), message, fix);
        }
    }
}

fn tiller_service(service: &crate::set::Object<'_>, out: &mut Findings) {
    let tiller = |text: &String| text.to_lowercase().contains("tiller");
    let selector = service.spec().at("selector").text_map();
    let labels = service.labels();
    if tiller(&service.name) || labels.values().chain(selector.values()).any(tiller) {
        let message = "every pod of the cluster can give Tiller orders";
        let fix = "remove it and use Helm 3, which has no server";
        out.add(&t::TILLER_SERVICE, service, &service.name_at(), message, fix);
    }
}

fn namespace_level(namespace: &crate::set::Object<'_>, out: &mut Findings) {
    let key = "pod-security.kubernetes.io/enforce";
    let labels = namespace.root.dig("metadata.labels");
    if !labels.at(key).is_set() {
        let message = "the namespace admits privileged pods";
        let fix = format!("metadata:\n  labels:\n    {key}: restricted");
        out.add(&t::NAMESPACE_LEVEL, namespace, &labels, message, fix);
    }
}
