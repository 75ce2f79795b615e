//! What the server says of a decision, without storing anything.

use crate::error::Error;
use crate::live::{Progress, Session};
use apply::{Action, Change, Decision, Desired, Id};
use cluster::{Force, Mode};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Questions at the same time.
const PARALLEL: usize = 16;
/// A name that nothing has.
const NOBODY: &str = "muster-dry-run";
/// A namespace that every cluster has.
const ELSEWHERE: &str = "default";

/// How the server can judge an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// As it will be written.
    InPlace,
    /// Under another name: where it is replaced, the old one stands in the way.
    Anew,
    /// In another namespace too: its own is not there yet.
    Elsewhere,
    /// Not at all.
    Not,
}

/// What it said of one object.
enum Answer {
    Accepts(Way),
    Refuses(String),
}

/// Lets the server judge every object that would be written, and says which were judged how.
pub(crate) async fn judge(
    session: &Session,
    decision: &Decision,
    force: Force,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let is_new = |it: &Change| it.id.kind == "Namespace" && it.action == Action::Create;
    let place_is_new = decision.changes.iter().any(is_new);
    let written = decision.changes.iter().filter(|it| it.action.writes());
    let questions = written.filter_map(|change| {
        let wanted = session.desired.iter().find(|it| it.id == change.id)?;
        Some((wanted, way(change, place_is_new)))
    });
    let answers: Vec<Answer> = stream::iter(questions)
        .map(|(wanted, way)| ask(session, wanted, way, force))
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for answer in answers {
        match answer {
            Answer::Accepts(way) => *ways.entry(way).or_default() += 1,
            Answer::Refuses(said) => refused.push(said),
        }
    }
    let removed = decision.changes.iter().filter(|it| it.action == Action::Prune).count();
    let said = said(session.namespace(), &ways, removed);
    progress.event(&json!({"event": "dry-run", "refused": refused, "says": said}))?;
    if refused.is_empty() {
        progress.say(&format!("dry run: the cluster accepts it; nothing was changed\n{said}"));
        return Ok(());
    }
    Err(Error::Refused {
        message: format!("the cluster refuses\n  {}", refused.join("\n  ")),
        hint: "nothing was changed; `muster explain` says where a field comes from".to_owned(),
    })
}

fn way(change: &Change, place_is_new: bool) -> Way {
    match &change.action {
        _ if place_is_new && change.id.namespace.is_some() => Way::Elsewhere,
        Action::Replace { .. } => Way::Anew,
        _ => Way::InPlace,
    }
}

async fn ask(session: &Session, wanted: &Desired, way: Way, force: Force) -> Result<Answer, Error> {
    let (id, object) = match way {
        Way::InPlace | Way::Not => (wanted.id.clone(), wanted.object.clone()),
        Way::Anew => renamed(wanted, wanted.id.namespace.as_deref()),
        Way::Elsewhere => renamed(wanted, Some(ELSEWHERE)),
    };
    match session.cluster.apply(&id, &object, force, Mode::DryRun).await {
        Ok(_) => Ok(Answer::Accepts(way)),
        // Elsewhere we may have no rights, and that says nothing.
        Err(cluster::Error::Forbidden { .. }) if way == Way::Elsewhere => {
            Ok(Answer::Accepts(Way::Not))
        }
        Err(cluster::Error::Refused { said, .. }) => {
            Ok(Answer::Refuses(format!("{}: {said}", wanted.id)))
        }
        Err(error) => Err(error.into()),
    }
}

fn renamed(wanted: &Desired, namespace: Option<&str>) -> (Id, Value) {
    let id = Id {
        namespace: namespace.map(str::to_owned),
        name: NOBODY.to_owned(),
        ..wanted.id.clone()
    };
    let mut object = wanted.object.clone();
    object["metadata"]["name"] = NOBODY.into();
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = namespace.into();
    }
    (id, object)
}

fn said(namespace: &str, ways: &BTreeMap<Way, usize>, removed: usize) -> String {
    let line = |(way, many): (&Way, &usize)| match way {
        Way::InPlace => format!("  {many} judged as they would be written"),
        Way::Anew => format!("  {many} that are replaced: judged as new objects of another name"),
        Way::Elsewhere => format!(
            "  {many} judged in namespace {ELSEWHERE}, for {namespace} is not there yet: what its \
             quota and its policies say is not known"
        ),
        Way::Not => format!("  {many} not judged: {namespace} is not there yet"),
    };
    let mut lines: Vec<_> = ways.iter().map(line).collect();
    if removed > 0 {
        lines.push(format!("  {removed} that are removed: not judged"));
    }
    lines.join("\n")
}
