//! The files that a container finds: those whose text the cluster knows.

use super::environment::{Environment, expanded_with};
use super::fields::{Site, items};
use crate::program::Files;
use crate::tables::{CONFIG_MAPS, SECRETS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use twin_core::store::{Key, TableName};
use twin_core::tree::Value;

/// What is mounted in a container.
#[derive(Debug)]
pub(super) struct Mounts<'a> {
    pub(super) container: &'a Value,
    pub(super) environment: &'a Environment,
    pub(super) site: &'a Site<'a>,
}

impl Files for Mounts<'_> {
    fn text(&self, path: &str) -> Option<String> {
        let Some((mount, inside)) = self.mount(path) else {
            return (path == "/etc/hosts" && !self.site.is_on_host()).then(|| self.hosts());
        };
        let name = mount.str_at(&["name"])?;
        let mut volumes = items(&self.site.pod.tree, &["spec", "volumes"]);
        let volume = volumes.find(|it| it.str_at(&["name"]) == Some(name))?;
        let folder = sub_path(mount, self.environment).ok()?;
        let inside = match Some(folder).filter(|path| !path.is_empty()) {
            Some(folder) if inside.is_empty() => folder,
            Some(folder) => format!("{folder}/{inside}"),
            None => inside.to_owned(),
        };
        match volume.at(&["projected"]) {
            None => self.file(volume, "secretName", &inside),
            Some(projected) => {
                let sources: Vec<_> = items(projected, &["sources"]).collect();
                sources.into_iter().rev().find_map(|it| self.file(it, "name", &inside))
            }
        }
    }
}

impl Mounts<'_> {
    /// Whether something is mounted at this path.
    pub(super) fn covers(&self, path: &str) -> bool {
        let mut mounts = items(self.container, &["volumeMounts"]);
        mounts.any(|it| it.str_at(&["mountPath"]).is_some_and(|at| within(path, at).is_some()))
    }

    /// The mount that a path lies in, with the rest of the path.
    fn mount<'p>(&self, path: &'p str) -> Option<(&Value, &'p str)> {
        let mounts = items(self.container, &["volumeMounts"]);
        let found = mounts.filter_map(|it| Some((it, within(path, it.str_at(&["mountPath"])?)?)));
        found.min_by_key(|(_, rest)| rest.len())
    }

    /// A file of a volume or of a part of one.
    fn file(&self, source: &Value, secret_name: &str, path: &str) -> Option<String> {
        if let Some(map) = source.at(&["configMap"]) {
            return self.entry(map, "name", &CONFIG_MAPS, path);
        }
        if let Some(secret) = source.at(&["secret"]) {
            return self.entry(secret, secret_name, &SECRETS, path);
        }
        let mut own = items(source.at(&["downwardAPI"])?, &["items"]);
        let item = own.find(|item| item.str_at(&["path"]) == Some(path))?;
        match item.at(&["fieldRef"]) {
            Some(field) => self.site.field(field.str_at(&["fieldPath"])?),
            None => self.site.amount(self.container, item.at(&["resourceFieldRef"])?),
        }
    }

    fn entry(&self, source: &Value, name: &str, table: &TableName, path: &str) -> Option<String> {
        let key = Key::new(self.site.pod.key.namespace(), source.str_at(&[name])?);
        let object = self.site.view.get(table, &key)?;
        let key = match source.at(&["items"]).and_then(Value::as_list).filter(|it| !it.is_empty()) {
            Some(items) => {
                let item = items.iter().find(|item| item.str_at(&["path"]) == Some(path))?;
                item.str_at(&["key"])?
            }
            None => path,
        };
        text_of(&object.tree, table, key)
    }

    /// The names of addresses, as a kubelet writes them.
    fn hosts(&self) -> String {
        let pod = &self.site.pod.tree;
        let (own, host) = (self.site.own(), self.site.hostname());
        let mut text = String::from(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n\
             ::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n\
             fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
        );
        let line = match pod.str_at(&["spec", "subdomain"]).filter(|name| !name.is_empty()) {
            Some(domain) => {
                let namespace = self.site.pod.key.namespace();
                format!("{own}\t{host}.{domain}.{namespace}.svc.cluster.local\t{host}\n")
            }
            None => format!("{own}\t{host}\n"),
        };
        text.push_str(&line);
        let mut aliases = items(pod, &["spec", "hostAliases"]).peekable();
        if aliases.peek().is_some() {
            text.push_str("\n# Entries added by HostAliases.\n");
        }
        for alias in aliases {
            let names: Vec<_> = items(alias, &["hostnames"]).filter_map(Value::as_str).collect();
            let address = alias.str_at(&["ip"]).unwrap_or_default();
            text.extend([address, "\t", &names.join("\t"), "\n"]);
        }
        text
    }
}

/// The folder of a volume that is mounted; empty for all of it. Or why there is none.
pub(super) fn sub_path(mount: &Value, environment: &Environment) -> Result<String, String> {
    let words = mount.str_at(&["subPathExpr"]).unwrap_or_default();
    if words.is_empty() {
        return Ok(mount.str_at(&["subPath"]).unwrap_or_default().to_owned());
    }
    let mut missing = BTreeSet::new();
    let path = expanded_with(words, |name| {
        let value = environment.get(name).filter(|value| !value.is_empty()).cloned();
        if value.is_none() {
            missing.insert(name.to_owned());
        }
        value
    });
    if !missing.is_empty() {
        let missing: Vec<_> = missing.into_iter().collect();
        return Err(format!("missing value for {}", missing.join(", ")));
    }
    if path.starts_with('/') {
        return Err(format!("error SubPath `{path}` must not be an absolute path"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(format!("unable to provision SubPath `{path}`: must not contain '..'"));
    }
    Ok(path)
}

/// The rest of a path that lies at or below another.
fn within<'p>(path: &'p str, above: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(above.trim_end_matches('/'))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// An entry of a `ConfigMap` or a Secret, if it is text.
pub(super) fn text_of(object: &Value, table: &TableName, key: &str) -> Option<String> {
    let value = object.at(&["data", key]);
    if *table == SECRETS {
        return secret_text(value?);
    }
    match value {
        Some(text) => text.as_str().map(str::to_owned),
        None => secret_text(object.at(&["binaryData", key])?),
    }
}

/// What is kept in base64, if it is text.
pub(super) fn secret_text(value: &Value) -> Option<String> {
    String::from_utf8(STANDARD.decode(value.as_str()?).ok()?).ok()
}
