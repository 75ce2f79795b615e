//! What is meant by the words that people type.

use super::names;
use crate::View;
use model::reason::{Because, Rule};

/// What is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A Compose service.
    Service(String),
    /// Objects, as decisions name them.
    Objects(Vec<String>),
    /// A field of an object.
    Field {
        /// The object, as decisions name it.
        object: String,
        /// Path below it.
        field: String,
    },
    /// An attribute of the Compose files, by its full path.
    Attribute(String),
    /// A rule of the planner.
    Rule(Rule),
    /// A finding's code.
    Code(String),
}

/// How names are compared: as they are first, then without regard to case.
const SAME: [fn(&str, &str) -> bool; 2] = [exactly, str::eq_ignore_ascii_case];

/// What `what` means: names as they are first, then without regard to case.
pub(super) fn find(view: &View<'_>, what: &str) -> Option<Subject> {
    if what.is_empty() {
        return None;
    }
    if what.contains('/')
        && let Some(subject) = object_or_field(view, what)
    {
        return Some(subject);
    }
    SAME.into_iter().find_map(|same| named(view, what, same)).or_else(|| attribute(view, what))
}

fn exactly(a: &str, b: &str) -> bool {
    a == b
}

fn named(view: &View<'_>, what: &str, same: fn(&str, &str) -> bool) -> Option<Subject> {
    let service = || {
        let service = what.strip_prefix("services.").unwrap_or(what);
        names::services(view).into_iter().find(|it| same(it, service))
    };
    let rule = || view.rules.iter().find(|it| same(it.name, what));
    let code = || names::codes(view).into_iter().find(|it| same(it, what));
    let objects = || {
        let named =
            |object: &&str| object.split_once('/').is_some_and(|(_, name)| same(name, what));
        let found: Vec<_> =
            names::objects(view).into_iter().filter(named).map(str::to_owned).collect();
        (!found.is_empty()).then_some(found)
    };
    service()
        .map(|it| Subject::Service(it.to_owned()))
        .or_else(|| rule().map(|it| Subject::Rule(*it)))
        .or_else(|| code().map(|it| Subject::Code(it.to_owned())))
        .or_else(|| objects().map(Subject::Objects))
}

fn object_or_field(view: &View<'_>, what: &str) -> Option<Subject> {
    let Some((name, field)) = what.split_once(':') else {
        return object(view, what).map(|it| Subject::Objects(vec![it]));
    };
    let object = object(view, name)?;
    if field.is_empty() {
        return Some(Subject::Objects(vec![object]));
    }
    let shown = view.objects.iter().filter(|it| it.origin == object);
    let leaves = shown.flat_map(|shown| &shown.leaves).map(|(path, _)| path.clone());
    let decided = view.plan.report.decisions.iter().filter(|it| it.object == object);
    let known: Vec<_> =
        leaves.chain(decided.map(|it| it.field.clone()).filter(|it| !it.is_empty())).collect();
    let field = by_name(field, &known);
    SAME.into_iter().find_map(|same| {
        let field = known.iter().find_map(|path| head(path, &field, same))?;
        Some(Subject::Field { object: object.clone(), field: field.to_owned() })
    })
}

/// The path with names for indexes, where items have names: `containers[0]` is `containers[web]`.
fn by_name(field: &str, known: &[String]) -> String {
    let mut named = String::new();
    for part in field.split_inclusive('[') {
        let (index, rest) = part.split_once(']').unwrap_or(("", part));
        let item = index.parse().ok().and_then(|at| item(known, &named, index, at));
        match item {
            Some(name) => named.extend([name, "]", rest]),
            None => named.push_str(part),
        }
    }
    named
}

/// The name of the item at an index of the list `list[`, unless the index is the name of one.
fn item<'k>(known: &'k [String], list: &str, index: &str, at: usize) -> Option<&'k str> {
    let mut names: Vec<&str> = Vec::new();
    for name in known.iter().filter_map(|it| it.strip_prefix(list)?.split(']').next()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let taken = !list.ends_with('[') || names.contains(&index);
    names.get(at).copied().filter(|_| !taken)
}

/// The part of `path` that `field` names, if `path` is it or lies below it.
fn head<'p>(path: &'p str, field: &str, same: fn(&str, &str) -> bool) -> Option<&'p str> {
    let head = path.get(..field.len())?;
    let ends = matches!(path.as_bytes().get(field.len()), None | Some(b'.' | b'['));
    (ends && same(head, field)).then_some(head)
}

/// An object by kind (or its short name) and name, as decisions name it. The name may be the one
/// in the cluster, hash included.
pub(super) fn object(view: &View<'_>, what: &str) -> Option<String> {
    let (kind, name) = what.split_once('/')?;
    let wanted = format!("{}/{name}", names::kind(kind));
    let written = || view.objects.iter().map(|it| (format!("{}/{}", it.kind, it.name), &it.origin));
    let all = names::objects(view);
    SAME.into_iter().find_map(|same| {
        let origin = all.iter().find(|it| same(it, &wanted)).map(|it| (*it).to_owned());
        origin.or_else(|| {
            written().find(|(shown, _)| same(shown, &wanted)).map(|(_, origin)| origin.clone())
        })
    })
}

/// An attribute that is cited, or below or above which something is cited.
fn attribute(view: &View<'_>, what: &str) -> Option<Subject> {
    let path = what.replace('[', ".").replace(']', "");
    let cited = names::attributes(view);
    let short = format!("services.{path}");
    SAME.into_iter().find_map(|same| {
        [&path, &short].into_iter().find_map(|wanted| {
            let below = cited.iter().find_map(|it| attribute_head(it, wanted, same));
            let above = || {
                let covers =
                    |it: &&&str| !is_service(it) && attribute_head(wanted, it, same).is_some();
                cited.iter().find(covers).map(|_| wanted.as_str())
            };
            below.or_else(above).map(|it| Subject::Attribute(it.to_owned()))
        })
    })
}

/// The part of `path` that `wanted` names, if `path` is it or lies below it.
fn attribute_head<'p>(
    path: &'p str,
    wanted: &str,
    same: fn(&str, &str) -> bool,
) -> Option<&'p str> {
    let head = path.get(..wanted.len())?;
    let ends = matches!(path.as_bytes().get(wanted.len()), None | Some(b'.'));
    (ends && same(head, wanted)).then_some(head)
}

/// Whether a path is that of a service as a whole, which covers none of its attributes.
fn is_service(path: &str) -> bool {
    path.strip_prefix("services.").is_some_and(|rest| !rest.contains('.'))
}

/// Whether reasons cite an attribute, something below it, or something above it.
pub(super) fn cites(because: &[Because], attribute: &str) -> bool {
    because.iter().any(|it| match it {
        Because::Line { field, .. } => {
            attribute_head(field, attribute, exactly).is_some()
                || (!is_service(field) && attribute_head(attribute, field, exactly).is_some())
        }
        _ => false,
    })
}
