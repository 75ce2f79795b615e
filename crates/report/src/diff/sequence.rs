//! The safe way to a change that Kubernetes refuses.

use super::compare::{Changed, Field, Named};
use serde_json::Value;

const APPLY: &str = "apply the new plan";

/// What to do, in order, so that a refused change comes about without loss.
pub(super) fn steps(changed: &Changed, fields: &[&Field], namespace: &str) -> Vec<String> {
    let object = &changed.old;
    match object.kind.as_str() {
        "StatefulSet" => stateful_set(changed, fields, namespace),
        "Deployment" => vec![
            "to go without a gap: apply it under a new name, wait until it is ready, then let the \
             Service select its pods"
                .to_owned(),
            delete(object, namespace),
            APPLY.to_owned(),
        ],
        "PersistentVolumeClaim" => vec![
            "make a new claim under another name, as the new plan wants it".to_owned(),
            "stop what mounts the old one, copy the data with a Job that mounts both".to_owned(),
            "mount the new claim, and delete the old one when all is well".to_owned(),
        ],
        "Service" => vec![
            delete(object, namespace),
            format!("{APPLY} at once: the name resolves to nothing until then"),
        ],
        "ConfigMap" | "Secret" => {
            vec![delete(object, namespace), format!("{APPLY}, and restart the pods that use it")]
        }
        "StorageClass" => vec![
            delete(object, namespace),
            format!("{APPLY}; volumes that exist keep what they were made with"),
        ],
        _ => vec![delete(object, namespace), APPLY.to_owned()],
    }
}

fn stateful_set(changed: &Changed, fields: &[&Field], namespace: &str) -> Vec<String> {
    let about = |path: &str| fields.iter().any(|it| it.path.starts_with(path));
    let orphan = format!("{} --cascade=orphan", delete(&changed.old, namespace));
    if about("spec.selector") {
        return vec![
            "make sure that its claims are retained and that there is a backup".to_owned(),
            delete(&changed.old, namespace),
            format!("{APPLY}: new pods find the old claims by their names"),
        ];
    }
    let templates: Vec<_> =
        fields.iter().filter(|it| it.path.starts_with("spec.volumeClaimTemplates")).collect();
    if templates.is_empty() {
        return vec![
            format!("{orphan}   (its pods go on)"),
            format!("{APPLY}: it takes the pods over"),
        ];
    }
    if templates.iter().all(|it| it.path.ends_with(".resources.requests.storage") && grows(it)) {
        let mut steps: Vec<_> = templates.iter().map(|it| grow(changed, it, namespace)).collect();
        steps.push(format!("{orphan}   (its pods go on)"));
        steps.push(format!("{APPLY}: it takes the pods over"));
        return steps;
    }
    vec![
        "make a backup and try to restore it elsewhere".to_owned(),
        delete(&changed.old, namespace),
        "move the old claims out of the way: a claim of the same name would be used as it is"
            .to_owned(),
        format!("{APPLY}, and restore the backup"),
    ]
}

/// How claims that were made from a template grow.
fn grow(changed: &Changed, field: &Field, namespace: &str) -> String {
    let template = field.path.split(['[', ']']).nth(1).unwrap_or_default();
    let size = field.new.as_ref().and_then(Value::as_str).unwrap_or_default();
    let last = changed.replicas.unwrap_or(1).saturating_sub(1);
    let ordinal = if last == 0 { "0".to_owned() } else { format!("{{0..{last}}}") };
    format!(
        "kubectl -n {namespace} patch pvc {template}-{}-{ordinal} -p \
         '{{\"spec\":{{\"resources\":{{\"requests\":{{\"storage\":\"{size}\"}}}}}}}}'   \
         (its storage class must allow expansion)",
        changed.old.name
    )
}

/// The command that deletes an object.
pub(super) fn delete(object: &Named, namespace: &str) -> String {
    format!("kubectl -n {namespace} delete {}/{}", object.kind.to_lowercase(), object.name)
}

/// Whether a quantity only becomes larger.
pub(super) fn grows(field: &Field) -> bool {
    let size = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).and_then(bytes);
    matches!((size(&field.old), size(&field.new)), (Some(old), Some(new)) if new >= old)
}

/// A quantity of Kubernetes in bytes, whole numbers only.
fn bytes(text: &str) -> Option<u128> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at(digits);
    let factor = match suffix {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u128.pow(2),
        "G" => 1000_u128.pow(3),
        "T" => 1000_u128.pow(4),
        "P" => 1000_u128.pow(5),
        "Ki" => 1024,
        "Mi" => 1024_u128.pow(2),
        "Gi" => 1024_u128.pow(3),
        "Ti" => 1024_u128.pow(4),
        "Pi" => 1024_u128.pow(5),
        _ => return None,
    };
    number.parse::<u128>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn quantities_compare() {
        assert!(bytes("20Gi") > bytes("20G"));
        assert_eq!(bytes("1Gi"), bytes("1024Mi"));
        assert_eq!(bytes("1.5Gi"), None);
    }
}
