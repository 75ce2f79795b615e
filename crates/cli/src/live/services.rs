//! The file of `--services`: which programs of this machine stand behind Services of a twin.

use std::net::SocketAddr;
use yaml::fields::{self, Fields, wrong};
use yaml::{Diagnostic, FileId, Limits, Node};

/// A port of a Service, and who answers there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) address: SocketAddr,
}

/// Where webhooks are if nobody says it.
const HTTPS: u16 = 443;

/// Reads `services:`, a list.
pub(crate) fn read(text: &str, file: FileId) -> Result<Vec<Served>, Diagnostic> {
    let Some(root) = yaml::parse(text, file, Limits::default())? else { return Ok(Vec::new()) };
    let mut top = Fields::of(&root)?;
    let services = fields::list(top.must("services")?)?;
    top.done()?;
    let mut all: Vec<Served> = Vec::new();
    for node in services {
        let new = service(node)?;
        let place = |it: &Served| (it.namespace.clone(), it.name.clone(), it.port);
        if all.iter().any(|known| place(known) == place(&new)) {
            return Err(wrong(node, "this port of this Service is there already"));
        }
        all.push(new);
    }
    Ok(all)
}

fn service(node: &Node) -> Result<Served, Diagnostic> {
    let mut fields = Fields::of(node)?;
    let (namespace, name) = (named(fields.must("namespace")?)?, named(fields.must("name")?)?);
    let port = match fields.take("port") {
        None => HTTPS,
        Some(node) => port(node)?,
    };
    let at = fields.must("address")?;
    let text = fields::text(at)?;
    let address = text.parse();
    let address = address
        .map_err(|_| wrong(at, format!("{text:?} is no address such as `127.0.0.1:9443`")))?;
    fields.done()?;
    Ok(Served { namespace, name, port, address })
}

fn named(node: &Node) -> Result<String, Diagnostic> {
    match fields::text(node)? {
        text if text.is_empty() => Err(wrong(node, "this is empty")),
        text => Ok(text),
    }
}

fn port(node: &Node) -> Result<u16, Diagnostic> {
    let number = match node.value {
        yaml::Value::Int(number) => u16::try_from(number).ok().filter(|port| *port > 0),
        _ => None,
    };
    number.ok_or_else(|| wrong(node, "a port is a number from 1 to 65535"))
}

#[cfg(test)]
mod tests {
    use super::{Served, read};
    use yaml::{FileId, Sources};

    #[test]
    fn services_are_read() {
        let text = include_str!("../../../../examples/twin/services.yaml");
        let address = "127.0.0.1:9443".parse().unwrap();
        let (namespace, name) = ("shop".to_owned(), "injector".to_owned());
        let expected = Served { namespace, name, port: 443, address };
        assert_eq!(read(text, FileId(0)).unwrap(), [expected]);
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        for (text, said) in [
            ("services:\n- {name: a, address: '127.0.0.1:1'}\n", "f:2: \"namespace\" is missing"),
            ("services:\n- namespace: a\n  name: ''\n  address: '127.0.0.1:1'\n", "f:3: this is"),
            ("services:\n- namespace: a\n  name: b\n  address: here\n", "f:4: \"here\" is no"),
            ("services:\n- namespace: a\n  name: b\n  port: 0\n", "f:4: a port is"),
            ("service: []\n", "f:1: \"services\" is missing"),
            (
                "services:\n- {namespace: a, name: b, address: '[::1]:1'}\n- {namespace: a, name: b, address: '[::1]:2'}\n",
                "f:3: this port",
            ),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("f", text);
            let error = read(text, file).unwrap_err();
            let place = sources.location(error.span);
            let line = place.split(':').take(2).collect::<Vec<_>>().join(":");
            let found = format!("{line}: {}", error.message);
            assert!(found.starts_with(said), "{text}: {found}");
        }
    }
}
