//! The variables that a container starts with, as far as the cluster sets them.

use super::fields::{Site, items};
use super::volumes::{secret_text, text_of};
use crate::tables::{CONFIG_MAPS, SECRETS, SERVICES};
use std::collections::BTreeMap;
use twin_core::store::{Key, TableName};
use twin_core::tree::Value;

pub(super) type Environment = BTreeMap<String, String>;

/// The variables of a container; none, if one of them comes from what is not there.
pub(super) fn environment(container: &Value, site: &Site<'_>) -> Option<Environment> {
    let mut all = of_services(site);
    all.insert("HOSTNAME".to_owned(), site.hostname());
    for source in items(container, &["envFrom"]) {
        from_whole(source, site, &mut all)?;
    }
    for variable in items(container, &["env"]) {
        let name = variable.str_at(&["name"])?;
        let value = match variable.at(&["valueFrom"]) {
            None => Some(expanded(variable.str_at(&["value"]).unwrap_or_default(), &all)),
            Some(from) => value_from(from, container, site)?,
        };
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    }
    Some(all)
}

/// What of the environment is not there and has to be, in the words of a kubelet.
pub(super) fn missing(container: &Value, site: &Site<'_>) -> Option<String> {
    let whole = items(container, &["envFrom"]).find_map(|source| {
        let (reference, table) = referred(source, "configMapRef", "secretRef")?;
        absent(reference, &table, site)
    });
    whole.or_else(|| {
        items(container, &["env"]).find_map(|variable| {
            let from = variable.at(&["valueFrom"])?;
            let (reference, table) = referred(from, "configMapKeyRef", "secretKeyRef")?;
            absent(reference, &table, site)
        })
    })
}

/// A reference to a `ConfigMap` or to a Secret.
fn referred<'a>(source: &'a Value, map: &str, secret: &str) -> Option<(&'a Value, TableName)> {
    match source.at(&[map]) {
        Some(reference) => Some((reference, CONFIG_MAPS)),
        None => Some((source.at(&[secret])?, SECRETS)),
    }
}

fn absent(reference: &Value, table: &TableName, site: &Site<'_>) -> Option<String> {
    if is_optional(reference) {
        return None;
    }
    let (kind, title) =
        if *table == SECRETS { ("secret", "Secret") } else { ("configmap", "ConfigMap") };
    let (space, name) = (site.pod.key.namespace(), reference.str_at(&["name"]).unwrap_or_default());
    let Some(object) = site.view.get(table, &Key::new(space, name)) else {
        return Some(format!("{kind} {name:?} not found"));
    };
    let key = reference.str_at(&["key"])?;
    let known = object.tree.at(&["data", key]).is_some();
    (!known).then(|| format!("couldn't find key {key} in {title} {space}/{name}"))
}

/// All of a `ConfigMap` or a Secret.
fn from_whole(source: &Value, site: &Site<'_>, all: &mut Environment) -> Option<()> {
    let prefix = source.str_at(&["prefix"]).unwrap_or_default();
    let (reference, table) = referred(source, "configMapRef", "secretRef")?;
    let key = Key::new(site.pod.key.namespace(), reference.str_at(&["name"])?);
    let Some(object) = site.view.get(&table, &key) else {
        return is_optional(reference).then_some(());
    };
    let data = object.tree.at(&["data"]).and_then(Value::as_map);
    for (name, value) in data.into_iter().flat_map(|data| data.iter()) {
        let value = if table == SECRETS { secret_text(value)? } else { value.as_str()?.to_owned() };
        all.insert(format!("{prefix}{name}"), value);
    }
    Some(())
}

/// Whether what is named may be missing.
pub(super) fn is_optional(reference: &Value) -> bool {
    reference.at(&["optional"]).and_then(Value::as_bool) == Some(true)
}

/// What a variable is taken from; some nothing, where that may be missing and is.
#[expect(clippy::option_option, reason = "what may be missing is no mistake")]
fn value_from(from: &Value, container: &Value, site: &Site<'_>) -> Option<Option<String>> {
    if let Some(field) = from.at(&["fieldRef"]) {
        return site.field(field.str_at(&["fieldPath"])?).map(Some);
    }
    if let Some(asked) = from.at(&["resourceFieldRef"]) {
        return site.amount(container, asked).map(Some);
    }
    let (reference, table) = referred(from, "configMapKeyRef", "secretKeyRef")?;
    let key = Key::new(site.pod.key.namespace(), reference.str_at(&["name"])?);
    let object = site.view.get(&table, &key);
    match object.and_then(|object| text_of(&object.tree, &table, reference.str_at(&["key"])?)) {
        Some(text) => Some(Some(text)),
        None => is_optional(reference).then_some(None),
    }
}

/// The addresses of the Services of a pod's namespace, and of the API.
fn of_services(site: &Site<'_>) -> Environment {
    let links = site.pod.tree.at(&["spec", "enableServiceLinks"]).and_then(Value::as_bool);
    let own = site.view.all(&SERVICES, site.pod.key.namespace());
    let own = own.filter(|_| links != Some(false));
    let api = site.view.get(&SERVICES, &Key::new("default", "kubernetes"));
    let mut all = Environment::new();
    for service in api.into_iter().chain(own) {
        let address = service.tree.str_at(&["spec", "clusterIP"]).unwrap_or_default();
        if !matches!(address, "" | "None") {
            of_service(service.key.name(), &service.tree, address, &mut all);
        }
    }
    all
}

fn of_service(name: &str, service: &Value, address: &str, all: &mut Environment) {
    let upper = |name: &str| name.to_uppercase().replace('-', "_");
    let name = upper(name);
    let mut add = |name: String, value: String| {
        all.insert(name, value);
    };
    add(format!("{name}_SERVICE_HOST"), address.to_owned());
    for (place, port) in items(service, &["spec", "ports"]).enumerate() {
        let number = port.at(&["port"]).and_then(Value::as_int).unwrap_or(0);
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        let url = format!("{}://{address}:{number}", protocol.to_lowercase());
        if place == 0 {
            add(format!("{name}_SERVICE_PORT"), number.to_string());
            add(format!("{name}_PORT"), url.clone());
        }
        if let Some(port_name) = port.str_at(&["name"]).filter(|name| !name.is_empty()) {
            add(format!("{name}_SERVICE_PORT_{}", upper(port_name)), number.to_string());
        }
        let prefix = format!("{name}_PORT_{number}_{}", protocol.to_uppercase());
        add(prefix.clone(), url);
        add(format!("{prefix}_PROTO"), protocol.to_lowercase());
        add(format!("{prefix}_PORT"), number.to_string());
        add(format!("{prefix}_ADDR"), address.to_owned());
    }
}

/// A text with the variables that it names as `$(NAME)`; `$$` stands for a dollar sign, and what
/// nobody set stays as it is.
pub(super) fn expanded(text: &str, variables: &Environment) -> String {
    expanded_with(text, |name| variables.get(name).cloned())
}

/// A text with what its variables hold, as somebody says.
pub(super) fn expanded_with(
    text: &str,
    mut variable: impl FnMut(&str) -> Option<String>,
) -> String {
    let mut all = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        all.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            all.push('$');
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let known = name.and_then(|(name, after)| Some((variable(name)?, after)));
        match known {
            Some((value, after)) => {
                all.push_str(&value);
                rest = after;
            }
            None => all.push('$'),
        }
    }
    all.push_str(rest);
    all
}

#[cfg(test)]
mod tests {
    use super::expanded;

    #[test]
    fn variables_are_named_in_brackets() {
        let variables = [("A", "one"), ("B", "$(A)")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (text, all) in [
            ("", ""),
            ("$(A)-$(B)", "one-$(A)"),
            ("$$(A) $A $", "$(A) $A $"),
            ("$(C) $(A", "$(C) $(A"),
            ("$$$(A)", "$one"),
            ("é$(A)é", "éoneé"),
        ] {
            assert_eq!(expanded(text, &variables), all, "{text}");
        }
    }
}
