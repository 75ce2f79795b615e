//! The file of `--faults`: what goes wrong for which clients of a twin.

use std::time::Duration;
use twin::{Faults, Percent};
use units::Micros;
use yaml::fields::{self, Fields, wrong};
use yaml::{Diagnostic, FileId, Limits, Node};

/// A client, and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Unlucky {
    pub(crate) who: Who,
    pub(crate) faults: Faults,
}

/// Which client is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// All whose `User-Agent` begins so.
    Agent(String),
    /// Who comes as this user of the kubeconfig, by a context of that name.
    User(String),
}

/// Reads `clients:`, a list.
pub(crate) fn read(text: &str, file: FileId) -> Result<Vec<Unlucky>, Diagnostic> {
    let Some(root) = yaml::parse(text, file, Limits::default())? else { return Ok(Vec::new()) };
    let mut top = Fields::of(&root)?;
    let clients = fields::list(top.must("clients")?)?;
    top.done()?;
    let mut all: Vec<Unlucky> = Vec::new();
    for node in clients {
        let client = client(node)?;
        if all.iter().any(|known| known.who == client.who) {
            return Err(wrong(node, "this client is there already"));
        }
        all.push(client);
    }
    Ok(all)
}

fn client(node: &Node) -> Result<Unlucky, Diagnostic> {
    let mut fields = Fields::of(node)?;
    let who = who(node, &mut fields)?;
    let faults = Faults::seeded(fields.count("seed")?.unwrap_or(1));
    let mut often = |name| fields.take(name).map_or(Ok(Percent::default()), percent);
    let faults = faults
        .fails(often("fails")?)
        .loses_answers(often("losesAnswers")?)
        .conflicts(often("conflicts")?)
        .doubles_events(often("doublesEvents")?)
        .cuts_watches(often("cutsWatches")?);
    let mut timed = |name, time| match fields.take(name) {
        Some(node) => for_a_time(node, time),
        None => Ok((Percent::default(), Duration::ZERO)),
    };
    let (throttled, retry) = timed("throttles", "retryAfter")?;
    let (slow, slower) = timed("slowsWrites", "upTo")?;
    let (late, later) = timed("delaysEvents", "upTo")?;
    let (dropped, noticed) = timed("dropsEvents", "noticedAfter")?;
    let (overtaken, overtaking) = timed("reordersEvents", "upTo")?;
    let faults = faults
        .throttles(throttled, retry)
        .slows_writes(slow, slower)
        .delays_events(late, later)
        .drops_events(dropped, noticed)
        .reorders_events(overtaken, overtaking);
    let faults = match fields.take("staleReads") {
        Some(node) => {
            let mut stale = Fields::of(node)?;
            let often = percent(stale.must("percent")?)?;
            let versions = stale.count("versions")?.unwrap_or(1);
            stale.done()?;
            faults.stale_reads(often, versions)
        }
        None => faults,
    };
    fields.done()?;
    Ok(Unlucky { who, faults })
}

fn who(node: &Node, fields: &mut Fields<'_>) -> Result<Who, Diagnostic> {
    let named = |name: &Node| match fields::text(name)? {
        text if text.is_empty() => Err(wrong(name, "this is empty")),
        text => Ok(text),
    };
    match (fields.take("userAgent"), fields.take("user")) {
        (Some(agent), None) => named(agent).map(Who::Agent),
        (None, Some(user)) => {
            let name = named(user)?;
            let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
            if name == twin::USER || !name.chars().all(plain) {
                let message = format!(
                    "{name:?} is no name for a user: it takes letters, digits and -_., and {} is the twin's own",
                    twin::USER
                );
                return Err(wrong(user, message));
            }
            Ok(Who::User(name))
        }
        _ => Err(wrong(node, "a client has either a \"userAgent\" or a \"user\"")),
    }
}

/// How often something happens, and a time that belongs to it.
fn for_a_time(node: &Node, time: &'static str) -> Result<(Percent, Duration), Diagnostic> {
    let mut fields = Fields::of(node)?;
    let often = percent(fields.must("percent")?)?;
    let at = fields.must(time)?;
    let text = fields::text(at)?;
    let micros: Micros = text
        .parse()
        .map_err(|_| wrong(at, format!("{text:?} is no duration such as `500ms` or `1m30s`")))?;
    fields.done()?;
    Ok((often, Duration::from_micros(micros.0)))
}

fn percent(node: &Node) -> Result<Percent, Diagnostic> {
    let number = match node.value {
        yaml::Value::Int(number) => u8::try_from(number).ok().filter(|it| *it <= 100),
        _ => None,
    };
    let bad =
        || wrong(node, "how often is a whole number from 0 to 100: so many times of a hundred");
    number.map(Percent::new).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::{Who, read};
    use yaml::{FileId, Sources};

    #[test]
    fn clients_are_read() {
        let text = include_str!("../../../../examples/twin/faults.yaml");
        let clients = read(text, FileId(0)).unwrap();
        let who: Vec<_> = clients.into_iter().map(|client| client.who).collect();
        assert_eq!(who, [Who::Agent("kubectl/".to_owned()), Who::User("unlucky".to_owned())]);
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        for (text, said) in [
            ("clients:\n- fails: 1\n", "f:2: a client has either"),
            ("clients:\n- {user: a, userAgent: b}\n", "f:2: a client has either"),
            ("clients:\n- user: a\n  fails: 101\n", "f:3: how often is"),
            ("clients:\n- user: a\n  fail: 1\n", "f:3: there is no field"),
            ("clients:\n- user: a\n  slowsWrites: 5\n", "f:3: this is a number"),
            (
                "clients:\n- user: a\n  slowsWrites:\n    percent: 5\n    upTo: x\n",
                "f:5: \"x\" is no duration",
            ),
            ("clients:\n- user: a\n- user: a\n", "f:3: this client is there"),
            ("clients:\n- user: muster-twin\n", "f:2: \"muster-twin\" is no name"),
            ("clients:\n- user: ''\n", "f:2: this is empty"),
            ("client: []\n", "f:1: \"clients\" is missing"),
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
