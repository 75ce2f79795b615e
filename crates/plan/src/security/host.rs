//! What pods do not get from their node: its network, its processes, its security profiles.

use crate::attributes::cite;
use crate::log::Log;
use crate::world::Subject;
use model::reason::{Because, Level};

/// Host namespaces are refused: each is said so.
pub(super) fn refuse(subject: &Subject<'_>, log: &mut Log) {
    let service = subject.service;
    let spaces = [
        (
            &service.network_mode,
            "network_mode",
            "host-network",
            "the node's network is refused: the pod has an address of its own, and its ports are Services",
            "publish the ports that others use",
        ),
        (
            &service.pid,
            "pid",
            "host-pid",
            "the node's processes are refused: the pod sees its own",
            "run an agent that needs them outside this product",
        ),
        (
            &service.ipc,
            "ipc",
            "host-ipc",
            "the node's shared memory is refused: the pod gets a larger /dev/shm of its own",
            "set shm_size if 1Gi is not right",
        ),
    ];
    for (said, path, code, message, fix) in spaces {
        let Some(said) = said.as_ref().filter(|said| said.value == "host") else { continue };
        let because = vec![subject.line(path, said.span)];
        log.find(Level::Warning, code, Some(subject.key()), message, fix, because);
    }
    user_namespaces(subject, log);
    profiles(subject, log);
}

fn user_namespaces(subject: &Subject<'_>, log: &mut Log) {
    let Some(mode) = &subject.service.userns_mode else { return };
    log.decide(subject, subject.pod_field("hostUsers"))
        .chose("as the plan decides")
        .because(subject.line("userns_mode", mode.span))
        .rule(crate::rules::DOCKER_ONLY)
        .why("it steps out of a remapping of Docker's daemon; pods decide about user namespaces one by one");
}

/// `security_opt`, each option with what becomes of it.
fn profiles(subject: &Subject<'_>, log: &mut Log) {
    for (index, option) in subject.service.security_opt.iter().enumerate() {
        let (name, value) = parted(&option.value);
        let because = vec![subject.line(format!("security_opt.{index}"), option.span)];
        let (level, message, fix) = match (name, value) {
            ("no-new-privileges", "" | "true") | ("seccomp", "unconfined" | "builtin") => continue,
            ("no-new-privileges", _) => (
                Level::Note,
                "new privileges stay forbidden: programs with the set-user-id bit do not work"
                    .to_owned(),
                "tell us if the service needs sudo or the like",
            ),
            ("seccomp", profile) => (
                Level::Warning,
                format!(
                    "the seccomp profile `{profile}` is a file of the Docker host; RuntimeDefault is used"
                ),
                "put the profile on every node and refer to it as Localhost in an overlay",
            ),
            ("apparmor", profile) => (
                Level::Note,
                format!(
                    "the AppArmor profile `{profile}` is not carried over; the runtime's default applies"
                ),
                "set securityContext.appArmorProfile in an overlay if the nodes have the profile",
            ),
            ("label", _) => (
                Level::Note,
                "SELinux labels are chosen by the container runtime, also for volumes".to_owned(),
                "set seLinuxOptions in an overlay if the default is not right",
            ),
            _ => (
                Level::Note,
                format!(
                    "the security option `{}` has no counterpart and was not carried over",
                    option.value
                ),
                "check whether the service needs it",
            ),
        };
        log.find(level, "security-option", Some(subject.key()), message, fix, because);
    }
}

/// `name=value` or `name:value`.
fn parted(option: &str) -> (&str, &str) {
    option.split_once(['=', ':']).unwrap_or((option, ""))
}

/// The lines that forbid new privileges, as the plan does anyway.
pub(super) fn escalation_lines(subject: &Subject<'_>) -> Vec<Because> {
    let options = subject.service.security_opt.iter().enumerate();
    options
        .filter(|(_, option)| parted(&option.value).0 == "no-new-privileges")
        .map(|(index, option)| subject.line(format!("security_opt.{index}"), option.span))
        .collect()
}

/// Whether system calls are filtered: unless the file says `seccomp:unconfined`.
pub(super) fn seccomp(subject: &Subject<'_>, log: &mut Log) -> bool {
    let unconfined = |option: &str| parted(option) == ("seccomp", "unconfined");
    let Some(index) =
        subject.service.security_opt.iter().position(|option| unconfined(&option.value))
    else {
        return true;
    };
    log.find(
        Level::Warning,
        "seccomp-unconfined",
        Some(subject.key()),
        "seccomp:unconfined lets it make every system call; the namespace must admit privileged pods for it",
        "remove it if the service works without: most do since Docker 20.10",
        cite(subject, &[&format!("security_opt.{index}")]),
    );
    false
}
