//! Whom a container runs as.

use crate::attributes::{cite, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use catalog::User;
use model::project::RunAs;
use model::reason::{Because, Certainty, Level, Rule};

/// The user of an image of which nothing is known, and of pods that need none in particular: above
/// what nodes give to people and services.
pub(crate) const ASSUMED: u32 = 10_001;

/// What `useradd` gives the first user of an image.
const FIRST_USER: u32 = 1000;

/// Numbers of names that images and base systems share.
const NAMES: &[(&str, u32)] = &[
    ("nobody", 65_534),
    ("nonroot", 65_532),
    ("www-data", 33),
    ("node", 1000),
    ("nginx", 101),
    ("postgres", 999),
    ("mysql", 999),
    ("redis", 999),
    ("mongodb", 999),
    ("rabbitmq", 999),
    ("elasticsearch", 1000),
    ("grafana", 472),
    ("jenkins", 1000),
    ("vscode", 1000),
    ("ubuntu", 1000),
    ("daemon", 1),
];

/// Groups whose numbers Debian fixes.
const GROUPS: &[(&str, u32)] = &[
    ("tty", 5),
    ("disk", 6),
    ("adm", 4),
    ("mail", 8),
    ("dialout", 20),
    ("audio", 29),
    ("www-data", 33),
    ("video", 44),
    ("plugdev", 46),
    ("staff", 50),
    ("users", 100),
    ("nogroup", 65_534),
];

/// Whom a pod runs as, and why.
pub(super) struct Identity {
    pub(super) root: bool,
    pub(super) user: Option<u32>,
    pub(super) group: Option<u32>,
    pub(super) fs_group: Option<u32>,
    pub(super) groups: Vec<u32>,
    pub(super) because: Vec<Because>,
    pub(super) rule: Rule,
    pub(super) certainty: Certainty,
    pub(super) why: String,
    /// Whether nobody said so and nothing is known: worth a question.
    pub(super) open: bool,
}

impl Identity {
    fn numbered(
        uid: u32,
        because: Vec<Because>,
        certainty: Certainty,
        why: impl Into<String>,
    ) -> Self {
        Self {
            root: uid == 0,
            user: Some(uid),
            group: (uid != 0).then_some(uid),
            fs_group: (uid != 0).then_some(uid),
            groups: Vec::new(),
            because,
            rule: if uid == 0 { rules::AS_SMALL_AS_CAN_BE } else { rules::RESTRICTED },
            certainty,
            why: why.into(),
            open: false,
        }
    }

    /// Whether the file or the intent named the user.
    pub(super) fn stated(&self) -> bool {
        self.certainty == Certainty::Stated
    }

    /// Turns into root, for a reason that outweighs an assumption.
    pub(super) fn become_root(&mut self, because: Vec<Because>, why: String) {
        let groups = std::mem::take(&mut self.groups);
        *self = Self::numbered(0, because, Certainty::Inferred, why);
        self.groups = groups;
    }

    /// Writes down whom the pod runs as.
    pub(super) fn explain(&self, subject: &Subject<'_>, log: &mut Log) {
        let user = self.user.map_or_else(|| "the image's".to_owned(), |uid| uid.to_string());
        for (field, chosen) in [
            ("runAsNonRoot", Some((!self.root).to_string())),
            ("runAsUser", Some(user)),
            ("runAsGroup", self.group.map(|gid| gid.to_string())),
            ("fsGroup", self.fs_group.map(|gid| gid.to_string())),
            ("fsGroupChangePolicy", self.fs_group.map(|_| "OnRootMismatch".to_owned())),
            ("supplementalGroups", (!self.groups.is_empty()).then(|| format!("{:?}", self.groups))),
        ] {
            let Some(chosen) = chosen else { continue };
            log.decide(subject, subject.pod_field(&format!("securityContext.{field}")))
                .chose(chosen)
                .all(self.because.clone())
                .rule(self.rule)
                .sure(self.certainty)
                .why(self.why.clone());
        }
        self.report(subject, log);
    }

    fn report(&self, subject: &Subject<'_>, log: &mut Log) {
        for (index, group) in subject
            .service
            .group_add
            .iter()
            .enumerate()
            .filter(|(_, group)| gid(&group.value).is_none())
        {
            log.find(
                Level::Warning,
                "group-unknown",
                Some(subject.key()),
                format!(
                    "Kubernetes takes groups by number, and that of `{}` is not known",
                    group.value
                ),
                "write the number in group_add",
                vec![subject.line(format!("group_add.{index}"), group.span)],
            );
        }
        if self.open {
            let uid = self.user.unwrap_or(ASSUMED);
            log.ask(
                Some(subject.key()),
                format!("Which user does the image of `{}` run as?", subject.key()),
                format!("{uid}, and only what is mounted can be written"),
                format!("services.{}.x-muster.security.run_as: {uid} (or root)", subject.key()),
            );
        }
        if self.root {
            log.find(
                Level::Note,
                "runs-as-root",
                Some(subject.key()),
                format!("it runs as root: {}", self.why),
                format!(
                    "services.{}.x-muster.security.run_as: 1000, if the image can live with it",
                    subject.key()
                ),
                self.because.clone(),
            );
        }
    }
}

/// Decides whom the pod runs as: intent, file, Dockerfile, table, assumption.
pub(super) fn of(subject: &Subject<'_>) -> Identity {
    let mut identity = intended(subject)
        .or_else(|| of_file(subject))
        .or_else(|| of_dockerfile(subject))
        .or_else(|| of_image(subject))
        .unwrap_or_else(|| assumed(subject));
    // The image's own group owns its files; a bare number in the file says nothing about groups.
    if let Some(known) =
        user_of(subject).filter(|known| known.uid == identity.user && known.uid.is_some())
    {
        identity.fs_group = known.fs_group();
        identity.group = identity
            .group
            .filter(|gid| Some(*gid) != identity.user)
            .or(known.gid)
            .or(identity.user);
    }
    at_home(subject, &mut identity);
    add_groups(subject, &mut identity);
    identity
}

/// Images close /root to everybody else: what is mounted there can only be used by root.
fn at_home(subject: &Subject<'_>, identity: &mut Identity) {
    if identity.root || identity.stated() {
        return;
    }
    let mount = subject.service.mounts.iter().find(|mount| mount.target.starts_with("/root/"));
    if let Some(mount) = mount {
        let because = vec![subject.line(format!("volumes.{}", mount.index), mount.span)];
        let why =
            format!("only root can reach `{}`, where the file mounts something", mount.target);
        identity.become_root(because, why);
    }
}

/// What the table knows about the image's users.
fn user_of<'s>(subject: &'s Subject<'_>) -> Option<&'s User> {
    let family = subject.family()?;
    Some(match subject.image.facts_ref() {
        Some(image) => family.user_for(image),
        None => &family.user,
    })
}

fn intended(subject: &Subject<'_>) -> Option<Identity> {
    let run_as = subject.service.intent.security.as_ref()?.run_as?;
    let because = subject.lines("x-muster.security");
    let uid = match run_as {
        RunAs::Root => 0,
        RunAs::Uid(uid) => uid,
    };
    Some(Identity::numbered(uid, because, Certainty::Stated, "x-muster.security.run_as says so"))
}

fn of_file(subject: &Subject<'_>) -> Option<Identity> {
    let user = subject.service.user.as_ref()?;
    let because = vec![subject.line("user", user.span)];
    named(subject, &user.value, because, "the file")
}

fn of_dockerfile(subject: &Subject<'_>) -> Option<Identity> {
    let facts = subject.dockerfile?;
    let user = facts.user.as_deref()?;
    // `USER root` is how Dockerfiles go back to installing; it does not ask for root at run time.
    if matches!(user.split(':').next(), Some("root" | "0" | "")) {
        return None;
    }
    let because = vec![Because::File { path: facts.path.clone() }];
    let mut identity = named(subject, user, because, "the Dockerfile")?;
    identity.certainty = identity.certainty.max(Certainty::Known);
    Some(identity)
}

/// `user[:group]`, names or numbers. `None` if nothing is said, as after an unset variable.
fn named(subject: &Subject<'_>, text: &str, because: Vec<Because>, who: &str) -> Option<Identity> {
    let (user, group) =
        text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let (user, group) = (user.trim(), group.map(str::trim).filter(|group| !group.is_empty()));
    if user.is_empty() {
        return None;
    }
    let mut identity = match number(subject, user) {
        Some(uid) if user.parse() == Ok(uid) || uid == 0 => {
            Identity::numbered(uid, because, Certainty::Stated, format!("{who} says user {user}"))
        }
        Some(uid) => {
            let why = format!(
                "{who} says user {user}, which is {uid} in this image; the kubelet needs the number"
            );
            Identity::numbered(uid, because, Certainty::Stated, why)
        }
        None => {
            let why = format!(
                "{who} says user {user}; its number is not known, and the first user of an image is usually {FIRST_USER}"
            );
            let mut identity = Identity::numbered(FIRST_USER, because, Certainty::Assumed, why);
            identity.open = true;
            identity
        }
    };
    if let Some(gid) =
        group.and_then(|group| number(subject, group).or_else(|| group_number(group)))
    {
        identity.group = Some(gid);
        identity.fs_group = (gid != 0).then_some(gid).or(identity.fs_group);
    }
    Some(identity)
}

/// The number of a user's name in this image.
fn number(subject: &Subject<'_>, name: &str) -> Option<u32> {
    if name == "root" {
        return Some(0);
    }
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let table = user_of(subject).and_then(|user| user.names.get(name).copied());
    table.or_else(|| NAMES.iter().find(|(known, _)| *known == name).map(|(_, uid)| *uid))
}

fn group_number(name: &str) -> Option<u32> {
    GROUPS.iter().find(|(known, _)| *known == name).map(|(_, gid)| *gid)
}

/// A group that pods may have beside their own; root's is none of them.
fn gid(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| group_number(text)).filter(|gid| *gid != 0)
}

fn of_image(subject: &Subject<'_>) -> Option<Identity> {
    let known = subject.known.as_ref()?;
    let user = user_of(subject)?;
    let because = vec![image_or_own(subject)];
    if let Some(uid) = user.uid {
        let why = format!("{}, which works as user {uid}", known.why);
        return Some(Identity::numbered(uid, because, known.certainty, why));
    }
    let reason = user.root.as_ref()?;
    Some(Identity::numbered(0, because, known.certainty, reason.clone()))
}

fn assumed(subject: &Subject<'_>) -> Identity {
    let why = "nothing says whom the image runs as; most images work as any user that is not root";
    let mut identity =
        Identity::numbered(ASSUMED, vec![subject.own_line()], Certainty::Assumed, why);
    identity.because.extend(cite(subject, &["user"]));
    identity.rule = rules::ASSUMED_UID;
    identity.open = true;
    identity
}

/// `group_add`: numbers, and names that Debian numbers.
fn add_groups(subject: &Subject<'_>, identity: &mut Identity) {
    for (index, group) in subject.service.group_add.iter().enumerate() {
        if let Some(gid) = gid(&group.value) {
            identity.groups.push(gid);
            identity.because.push(subject.line(format!("group_add.{index}"), group.span));
        }
    }
    identity.groups.sort_unstable();
    identity.groups.dedup();
}
