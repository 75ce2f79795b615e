//! What makes pods: selectors that fit their templates, and how pods are replaced.

use super::rules::{amount_or_share, percent, share};
use super::{Walk, items, number, part, text};
use crate::names;
use crate::selector::LabelSelector;
use crate::tree::{Map, Text, Value};
use crate::zones::Zone;
use std::collections::BTreeSet;

pub(super) fn requirement(walk: &mut Walk<'_>, map: &Map) {
    let (values, key) = (items(map, "values"), text(map, "key"));
    walk.below("key", |walk| walk.invalid_text(key, &names::label_key(key)));
    walk.below("values", |walk| {
        walk.each(values, |walk, value| {
            let value = value.as_str().unwrap_or_default();
            walk.invalid_text(value, &names::label_value(value));
        });
    });
    match text(map, "operator") {
        "In" | "NotIn" => {
            if values.is_empty() {
                walk.below("values", |walk| {
                    walk.required("must be specified when `operator` is 'In' or 'NotIn'");
                });
            }
        }
        "Exists" | "DoesNotExist" => {
            if !values.is_empty() {
                walk.below("values", |walk| {
                    walk.forbidden(
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    );
                });
            }
        }
        other => {
            let other = Value::text(other);
            walk.below("operator", |walk| walk.invalid(&other, "not a valid selector operator"));
        }
    }
}

/// Whether it is said that a selector is not there or cannot be read, and in which words the latter.
enum Unread {
    Said(&'static str),
    Silent,
}

/// A selector selects what its owner makes. Gives whether it can be read.
fn selects(walk: &mut Walk<'_>, map: &Map, kind: &str, unread: &Unread) -> bool {
    let selector = map.get("selector").filter(|it| !it.is_null());
    let empty = selector.and_then(Value::as_map).is_some_and(|selector| {
        part(selector, "matchLabels").is_none_or(Map::is_empty)
            && items(selector, "matchExpressions").is_empty()
    });
    match (selector, unread) {
        (None, Unread::Said(_)) => walk.below("selector", |walk| walk.required("")),
        (Some(selector), _) if empty => {
            let sentence = format!("empty selector is invalid for {kind}");
            walk.below("selector", |walk| walk.invalid(selector, &sentence));
        }
        _ => {}
    }
    if empty {
        return true;
    }
    let labels = map.get("template").and_then(|it| it.at(&["metadata", "labels"]));
    let parsed = match selector.map(sound) {
        Some(None) => {
            if let (Some(selector), Unread::Said(sentence)) = (selector, unread) {
                walk.below("selector", |walk| walk.invalid(selector, sentence));
            }
            return false;
        }
        Some(parsed) => parsed,
        None => None,
    };
    let fits = parsed.is_some_and(|it| it.matches(labels.and_then(Value::as_map)));
    if !fits {
        let labels = labels.cloned().unwrap_or_default();
        walk.below("template.metadata.labels", |walk| {
            walk.invalid(&labels, "`selector` does not match template `labels`");
        });
    }
    true
}

/// Where the template of a workload lies: after a selector that cannot be read some are not judged.
const TEMPLATE: &str = "spec.template.";

/// What is asked of Deployments and `ReplicaSets` alike.
fn replicates(walk: &mut Walk<'_>, map: &Map) {
    if selects(walk, map, "deployment", &Unread::Said("invalid label selector")) {
        restarts(walk, map);
        no_deadline(walk, map, "ReplicaSet");
    } else {
        walk.unasked.push(TEMPLATE);
    }
}

/// The selector, if its keys and values can be those of labels.
fn sound(selector: &Value) -> Option<LabelSelector> {
    let labels = selector.at(&["matchLabels"]).and_then(Value::as_map);
    let fits = |(key, value): &(Text, Value)| {
        let value = value.as_str().unwrap_or_default();
        names::label_key(key).is_empty() && names::label_value(value).is_empty()
    };
    let all = labels.is_none_or(|labels| labels.iter().all(fits));
    let expressions = selector.at(&["matchExpressions"]).and_then(Value::as_list);
    let wanted = |term: &Value| {
        let map = term.as_map().cloned().unwrap_or_default();
        let values = items(&map, "values").iter().filter_map(Value::as_str);
        names::label_key(text(&map, "key")).is_empty()
            && values.clone().all(|value| names::label_value(value).is_empty())
            && !(matches!(text(&map, "operator"), "Exists" | "DoesNotExist") && values.count() > 0)
    };
    let all = all && expressions.is_none_or(|list| list.iter().all(wanted));
    LabelSelector::of_object(selector).filter(|_| all)
}

/// Pods of these kinds are always started again.
fn restarts(walk: &mut Walk<'_>, map: &Map) {
    let path = ["spec", "restartPolicy"];
    let Some(policy) = map.get("template").and_then(|it| it.at(&path)) else { return };
    if policy.as_str() != Some("Always") {
        walk.below("template.spec.restartPolicy", |walk| walk.unsupported(policy, &["Always"]));
    }
}

fn no_deadline(walk: &mut Walk<'_>, map: &Map, kind: &str) {
    let path = ["spec", "activeDeadlineSeconds"];
    if map.get("template").and_then(|it| it.at(&path)).is_some() {
        let sentence = format!("activeDeadlineSeconds in {kind} is not Supported");
        walk.below("template.spec.activeDeadlineSeconds", |walk| walk.forbidden(&sentence));
    }
}

pub(super) fn replica_set(walk: &mut Walk<'_>, map: &Map) {
    replicates(walk, map);
}

pub(super) fn deployment(walk: &mut Walk<'_>, map: &Map) {
    replicates(walk, map);
    if let Some(strategy) = part(map, "strategy") {
        walk.below("strategy", |walk| rolling(walk, strategy));
    }
    let deadline = map.get("progressDeadlineSeconds");
    if deadline.and_then(Value::as_int).is_some_and(|it| it <= number(map, "minReadySeconds"))
        && let Some(deadline) = deadline
    {
        walk.below("progressDeadlineSeconds", |walk| {
            walk.invalid(deadline, "must be greater than minReadySeconds");
        });
    }
}

fn is_zero(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Int(int)) => *int == 0,
        Some(Value::Text(text)) => share(text) == Some(0),
        _ => value.is_none(),
    }
}

/// How many pods may be too many, judged this way, and how many may be missing.
fn shares(walk: &mut Walk<'_>, update: &Map, surge: fn(&mut Walk<'_>, &Value)) {
    for (field, judge) in [("maxSurge", surge), ("maxUnavailable", percent)] {
        if let Some(value) = update.get(field) {
            walk.below(&format!("rollingUpdate.{field}"), |walk| judge(walk, value));
        }
    }
}

fn rolling(walk: &mut Walk<'_>, strategy: &Map) {
    let update = part(strategy, "rollingUpdate");
    match (text(strategy, "type"), update) {
        ("Recreate", Some(_)) => walk.below("rollingUpdate", |walk| {
            walk.forbidden("may not be specified when strategy `type` is 'Recreate'");
        }),
        ("RollingUpdate", Some(update)) => {
            shares(walk, update, amount_or_share);
            if is_zero(update.get("maxSurge")) && is_zero(update.get("maxUnavailable")) {
                let value = update.get("maxUnavailable").cloned().unwrap_or(Value::Int(0));
                walk.below("rollingUpdate.maxUnavailable", |walk| {
                    walk.invalid(&value, "may not be 0 when `maxSurge` is 0");
                });
            }
        }
        ("Recreate" | "RollingUpdate", _) => {}
        _ => walk.unsupported(&Value::Map(strategy.clone()), &["Recreate", "RollingUpdate"]),
    }
}

pub(super) fn stateful_set(walk: &mut Walk<'_>, map: &Map) {
    let claims = items(map, "volumeClaimTemplates");
    let name = |claim: &Value| Text::new(claim.str_at(&["metadata", "name"]).unwrap_or_default());
    walk.claims = claims.iter().map(name).collect();
    // They are judged as the volumes that they become, each name once.
    let mut seen = BTreeSet::new();
    let claims: Vec<_> = claims.iter().filter(|claim| seen.insert(name(claim))).cloned().collect();
    let is_read = selects(walk, map, "statefulset", &Unread::Said(""));
    let claims = if is_read { claims } else { Vec::new() };
    walk.below("template.spec.volumes", |walk| {
        walk.each(&claims, |walk, claim| match name(claim).as_str() {
            "" => ["name", "persistentVolumeClaim.claimName"]
                .into_iter()
                .for_each(|field| walk.below(field, |walk| walk.required(""))),
            name => walk.below("name", |walk| walk.invalid_text(name, &names::dns_label(name))),
        });
    });
    restarts(walk, map);
    no_deadline(walk, map, "StatefulSet");
    if !is_read {
        walk.unasked.push(TEMPLATE);
    }
    let policy = text(map, "podManagementPolicy");
    if !matches!(policy, "OrderedReady" | "Parallel") {
        walk.below("podManagementPolicy", |walk| {
            walk.invalid(&Value::text(policy), "must be 'OrderedReady' or 'Parallel'");
        });
    }
    let Some(strategy) = part(map, "updateStrategy") else { return };
    walk.below("updateStrategy", |walk| {
        match (text(strategy, "type"), part(strategy, "rollingUpdate")) {
            ("OnDelete", Some(update)) => {
                let update = Value::Map(update.clone());
                walk.below("rollingUpdate", |walk| {
                    walk.invalid(&update, "only allowed for updateStrategy 'RollingUpdate'");
                });
            }
            ("RollingUpdate", Some(update)) => {
                if let Some(value) = update.get("partition") {
                    walk.below("rollingUpdate.partition", |walk| amount_or_share(walk, value));
                }
                shares(walk, update, percent);
                if let Some(value) = update.get("maxUnavailable").filter(|it| is_zero(Some(it))) {
                    walk.below("rollingUpdate.maxUnavailable", |walk| {
                        walk.invalid(value, "cannot be 0");
                    });
                }
            }
            ("OnDelete" | "RollingUpdate", None) => {}
            _ => {
                let strategy = Value::Map(strategy.clone());
                walk.invalid(&strategy, "must be 'RollingUpdate' or 'OnDelete'");
            }
        }
    });
}

pub(super) fn daemon_set(walk: &mut Walk<'_>, map: &Map) {
    selects(walk, map, "daemonset", &Unread::Silent);
    restarts(walk, map);
    no_deadline(walk, map, "DaemonSet");
    let Some(strategy) = part(map, "updateStrategy") else { return };
    walk.below("updateStrategy", |walk| {
        match (text(strategy, "type"), part(strategy, "rollingUpdate")) {
            ("RollingUpdate", Some(update)) => {
                shares(walk, update, percent);
                let [surge, gone] =
                    ["maxSurge", "maxUnavailable"].map(|it| is_zero(update.get(it)));
                if surge && gone {
                    walk.below("rollingUpdate.maxUnavailable", |walk| {
                        walk.required("cannot be 0 when maxSurge is 0");
                    });
                } else if !surge && !gone {
                    let value = update.get("maxSurge").cloned().unwrap_or_default();
                    walk.below("rollingUpdate.maxSurge", |walk| {
                        walk.invalid(&value, "may not be set when maxUnavailable is non-zero");
                    });
                }
            }
            ("OnDelete" | "RollingUpdate", _) => {}
            _ => walk.unsupported(&Value::Map(strategy.clone()), &["RollingUpdate", "OnDelete"]),
        }
    });
}

pub(super) fn job(walk: &mut Walk<'_>, map: &Map) {
    let indexed = text(map, "completionMode") == "Indexed";
    if let Some(most) = map.get("maxFailedIndexes") {
        if map.get("backoffLimitPerIndex").is_none() {
            walk.below("backoffLimitPerIndex", |walk| {
                walk.required("when maxFailedIndexes is specified");
            });
        }
        if !indexed {
            walk.below("maxFailedIndexes", |walk| {
                walk.invalid(most, "requires indexed completion mode");
            });
        }
    }
    if let Some(limit) = map.get("backoffLimitPerIndex").filter(|_| !indexed) {
        walk.below("backoffLimitPerIndex", |walk| {
            walk.invalid(limit, "requires indexed completion mode");
        });
    }
    if indexed && map.get("completions").is_none() {
        walk.below("completions", |walk| {
            walk.required("when completion mode is Indexed");
        });
    }
    let policy = map.get("template").and_then(|it| it.str_at(&["spec", "restartPolicy"]));
    match policy {
        Some("Always") | None => walk.below("template.spec.restartPolicy", |walk| {
            walk.required("valid values: \"OnFailure\", \"Never\"");
        }),
        Some("OnFailure" | "Never") => {}
        Some(other) => {
            let other = Value::text(other);
            walk.below("template.spec.restartPolicy", |walk| {
                walk.unsupported(&other, &["OnFailure", "Never"]);
            });
        }
    }
    if map.get("manualSelector") == Some(&Value::Bool(true)) {
        selects_by_hand(walk, map);
    }
}

/// Who chooses a job's selector has to choose one that fits.
fn selects_by_hand(walk: &mut Walk<'_>, map: &Map) {
    let selector = map.get("selector");
    if selector.is_none() {
        walk.below("selector", |walk| walk.required(""));
    }
    let labels = map.get("template").and_then(|it| it.at(&["metadata", "labels"]));
    let parsed = selector.and_then(LabelSelector::of_object);
    if !parsed.is_some_and(|it| it.matches(labels.and_then(Value::as_map))) {
        let labels = labels.cloned().unwrap_or_default();
        walk.below("template.metadata.labels", |walk| {
            walk.invalid(&labels, "`selector` does not match template `labels`");
        });
    }
}

/// Words for five fields of a schedule.
const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

pub(super) fn cron_job(walk: &mut Walk<'_>, map: &Map) {
    let schedule = text(map, "schedule");
    if schedule.contains("TZ") {
        let sentence = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        walk.below("schedule", |walk| walk.invalid(&Value::text(schedule), sentence));
    } else if schedule.starts_with('@') {
        if !DESCRIPTORS.contains(&schedule) && !schedule.starts_with("@every ") {
            let sentence = format!("unrecognized descriptor: {schedule}");
            walk.below("schedule", |walk| walk.invalid(&Value::text(schedule), &sentence));
        }
    } else if !schedule.is_empty() {
        let fields: Vec<_> = schedule.split_whitespace().collect();
        if fields.len() != 5 {
            let sentence = format!(
                "expected exactly 5 fields, found {}: [{}]",
                fields.len(),
                fields.join(" ")
            );
            walk.below("schedule", |walk| walk.invalid(&Value::text(schedule), &sentence));
        }
    }
    if let Some(zone) = map.get("timeZone") {
        walk.below("timeZone", |walk| time_zone(walk, zone));
    }
}

fn time_zone(walk: &mut Walk<'_>, zone: &Value) {
    let name = zone.as_str().unwrap_or_default();
    if name.is_empty() {
        walk.invalid(zone, "timeZone must be nil or non-empty string");
    } else if name.eq_ignore_ascii_case("Local") {
        let sentence =
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        walk.invalid(zone, sentence);
        // Go knows one zone of that name, and no other.
        if name != "Local" {
            walk.invalid(zone, &format!("unknown time zone {name}"));
        }
    } else if Zone::named(name).is_none() {
        walk.invalid(zone, &format!("unknown time zone {name}"));
    }
}
