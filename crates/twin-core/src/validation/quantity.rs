//! Amounts, and what containers ask for.

use super::{Walk, part, quoted};
use crate::names;
use crate::tree::{Map, Text, Value};

/// An amount in billionths; nothing, if the text is none, or one that nobody has.
pub(crate) fn nanos(value: &Value) -> Option<i128> {
    const NANO: i128 = 1_000_000_000;
    let text = value.as_str()?;
    let end = text.find(|c: char| !"+-.0123456789".contains(c)).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let scale = match suffix {
        "n" => return decimal(digits, 1),
        "u" => return decimal(digits, 1_000),
        "m" => return decimal(digits, 1_000_000),
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "P" => 1_000_000_000_000_000,
        "E" => 1_000_000_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        "Ei" => 1_i128 << 60,
        exponent => {
            let exponent = exponent.strip_prefix(['e', 'E'])?.parse::<u32>().ok()?;
            10_i128.checked_pow(exponent)?
        }
    };
    decimal(digits, NANO.checked_mul(scale)?)
}

fn decimal(digits: &str, scale: i128) -> Option<i128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let whole = whole.trim_start_matches(['+', '-']);
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let below = number(fraction)?.checked_mul(scale)?;
    let below = below / 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    number(whole)?.checked_mul(scale)?.checked_add(below).map(|amount| sign * amount)
}

/// No amount is less than nothing.
pub(super) fn judge(walk: &mut Walk<'_>, amounts: &Map) {
    for (name, amount) in amounts {
        walk.below(&format!("[{name}]"), |walk| negative(walk, amount));
    }
}

fn negative(walk: &mut Walk<'_>, amount: &Value) {
    if nanos(amount).is_some_and(|amount| amount < 0) {
        walk.invalid(amount, "must be greater than or equal to 0");
    }
}

const OF_CONTAINERS: &[&str] = &["cpu", "memory", "ephemeral-storage"];

fn is_huge(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// What a container requests and may use.
pub(super) fn requirements(walk: &mut Walk<'_>, map: &Map) {
    let empty = Map::default();
    let limits = part(map, "limits").unwrap_or(&empty);
    let requests = part(map, "requests").unwrap_or(&empty);
    for (field, amounts) in [("limits", limits), ("requests", requests)] {
        walk.below(field, |walk| {
            for (name, amount) in amounts {
                walk.below(&format!("[{name}]"), |walk| resource(walk, name, amount));
            }
        });
    }
    walk.below("requests", |walk| against(walk, requests, limits));
    let kept = requests.iter().filter(|(name, _)| is_exclusive(name) && limits.get(name).is_none());
    if kept.count() > 0 {
        walk.below("limits", |walk| {
            walk.required("Limit must be set for non overcommitable resources");
        });
    }
}

fn resource(walk: &mut Walk<'_>, name: &Text, amount: &Value) {
    if name.contains('/') {
        walk.invalid_text(name, &names::label_key(name));
    } else if !OF_CONTAINERS.contains(&name.as_str()) && !is_huge(name) {
        for sentence in [
            "must be a standard resource type or fully qualified",
            "must be a standard resource for containers",
        ] {
            walk.invalid_text(name, &[sentence.to_owned()]);
        }
        return;
    }
    negative(walk, amount);
    let whole = nanos(amount).is_none_or(|amount| amount % 1_000_000_000 == 0);
    if name.contains('/') && !whole {
        walk.invalid(amount, "must be an integer");
    }
}

/// Of what nobody shares, what is requested is what may be used.
fn is_exclusive(name: &str) -> bool {
    name.contains('/') || is_huge(name)
}

fn against(walk: &mut Walk<'_>, requests: &Map, limits: &Map) {
    for (name, request) in requests {
        let Some(limit) = limits.get(name) else { continue };
        let (Some(asked), Some(most)) = (nanos(request), nanos(limit)) else { continue };
        let limit = limit.as_str().unwrap_or_default();
        if is_exclusive(name) && asked != most {
            walk.invalid(request, &format!("must be equal to {name} limit of {limit}"));
        } else if asked > most {
            walk.invalid(
                request,
                &format!("must be less than or equal to {name} limit of {limit}"),
            );
        }
    }
}

/// Not more than there is to say of a text that should be an amount.
pub(super) fn positive(walk: &mut Walk<'_>, amount: &Value) {
    if nanos(amount).is_some_and(|amount| amount <= 0) {
        let message = format!(
            "Invalid value: {}: must be greater than zero",
            quoted(amount.as_str().unwrap_or_default())
        );
        walk.say("FieldValueInvalid", message);
    }
}

#[cfg(test)]
mod tests {
    use super::nanos;
    use crate::tree::Value;

    #[test]
    fn amounts_are_compared_whatever_their_unit() {
        let amount = |text: &str| nanos(&Value::text(text));
        assert_eq!(amount("1"), amount("1000m"));
        assert_eq!(amount("1Gi"), amount("1024Mi"));
        assert_eq!(amount("1.5"), amount("1500m"));
        assert_eq!(amount("1e3"), amount("1k"));
        assert!(amount("-1") < amount("0"));
        assert_eq!((amount("x"), amount("1x")), (Some(0).filter(|_| false), None));
    }
}
