//! `pods/NAME/log`: what a container has written, and what it is going to write.

use super::request::Query;
use super::{Api, Body, Call, Response};
use crate::causes::Causes;
use crate::logs::{Ear, Line, Run};
use crate::status::Status;
use crate::store::{Key, TableName};
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use bytes::Bytes;

/// What a pod's containers have written: all that a log has to tell then.
const LOG: &str = "muster.dev/log";

/// What is asked of a log.
#[derive(Clone, Debug)]
struct Options {
    /// The last lines alone.
    tail: Option<usize>,
    /// How many bytes may still come.
    left: Option<usize>,
    since: Option<Timestamp>,
    stamps: Stamps,
}

/// Whether lines begin with their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stamps {
    Shown,
    Hidden,
}

impl Options {
    fn read(call: &Call<'_>) -> Result<Self, Status> {
        let (query, now) = (&call.query, call.moment.now);
        let (tail, limit) = (query.number("tailLines")?, query.number("limitBytes")?);
        let seconds = query.number("sinceSeconds")?;
        let time = since_time(query)?;
        let mut causes = Causes::default();
        at_least(&mut causes, "tailLines", tail, 0);
        at_least(&mut causes, "limitBytes", limit, 1);
        if seconds.is_some() && time.is_some() {
            let message = "at most one of `sinceTime` or `sinceSeconds` may be specified";
            causes.say("FieldValueForbidden", "[]", format!("Forbidden: {message}"));
        } else {
            at_least(&mut causes, "sinceSeconds", seconds, 1);
        }
        if query.wants("stream") {
            let message = "Forbidden: may not be specified".to_owned();
            causes.say("FieldValueForbidden", "stream", message);
        }
        if !causes.is_empty() {
            let name = &call.address.name;
            return Err(Status::invalid("", "PodLogOptions", name, causes.into_vec()));
        }
        let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self {
            tail: tail.map(count),
            left: limit.map(count),
            since: seconds.map(|it| now.plus_seconds(it.saturating_neg())).or(time),
            stamps: if query.wants("timestamps") { Stamps::Shown } else { Stamps::Hidden },
        })
    }

    /// Lines as they are sent, up to the limit.
    fn sent(&mut self, lines: &[Line]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines.iter().filter(|line| self.since.is_none_or(|since| line.at >= since)) {
            if self.stamps == Stamps::Shown
                && let Some(time) = line.at.micro_value().as_str()
            {
                // Go has three digits more.
                bytes.extend_from_slice(time.trim_end_matches('Z').as_bytes());
                bytes.extend_from_slice(b"000Z ");
            }
            bytes.extend_from_slice(line.text.as_bytes());
        }
        if let Some(left) = &mut self.left {
            bytes.truncate(*left);
            *left -= bytes.len();
        }
        bytes
    }
}

fn at_least(causes: &mut Causes, field: &str, number: Option<i64>, least: i64) {
    let Some(number) = number.filter(|number| *number < least) else { return };
    let bound = if least == 0 { "greater than or equal to 0" } else { "greater than 0" };
    causes.say("FieldValueInvalid", field, format!("Invalid value: {number}: must be {bound}"));
}

fn since_time(query: &Query) -> Result<Option<Timestamp>, Status> {
    let text = query.get("sinceTime");
    let parsed = Timestamp::parse(text);
    if parsed.is_none() && !text.is_empty() {
        let layout = "2006-01-02T15:04:05Z07:00";
        return Err(Status::bad_request(format!(
            "parsing time {text:?} as {layout:?}: cannot parse {text:?} as \"2006\""
        )));
    }
    Ok(parsed)
}

/// A client that follows a log.
#[derive(Debug)]
pub struct Follow {
    table: TableName,
    key: Key,
    run: Run,
    ear: Ear,
    options: Options,
    /// What the pod says of its log, which is all of it.
    said: Option<Vec<Line>>,
    /// How many lines it has.
    told: usize,
}

/// What a client that follows a log hears.
#[derive(Debug)]
pub struct Heard {
    /// What is new.
    pub text: Bytes,
    /// When more is written, if that is known.
    pub next: Option<Timestamp>,
    /// Nothing comes after it.
    pub ends: bool,
}

impl Follow {
    /// What was written since it was asked last.
    pub fn poll(&mut self, api: &Api, now: Timestamp) -> Heard {
        let lines = match &mut self.said {
            Some(said) => Some(std::mem::take(said)),
            None => api.logs.news(&self.run, now, &mut self.ear),
        };
        let text = lines.map(|lines| self.sent(&lines)).unwrap_or_default();
        let pod = api.store.get(&self.table, &self.key);
        let runs = pod.is_some_and(|pod| is_running(&pod.tree, &self.run));
        Heard {
            text: text.into(),
            next: self.ear.next,
            ends: !runs || self.options.left == Some(0),
        }
    }

    /// What the client does not have yet.
    fn sent(&mut self, lines: &[Line]) -> Vec<u8> {
        let from = match self.options.tail.take() {
            Some(last) => lines.len().saturating_sub(last),
            None => self.told.min(lines.len()),
        };
        self.told = lines.len();
        self.options.sent(&lines[from..])
    }
}

/// Whether a run of a container goes on.
fn is_running(pod: &Value, run: &Run) -> bool {
    let since = status_of(pod, &run.container)
        .and_then(|status| status.str_at(&["state", "running", "startedAt"]))
        .and_then(Timestamp::parse);
    pod.str_at(&["metadata", "uid"]) == Some(&run.pod)
        && since.is_some_and(|since| since.seconds() == run.since.seconds())
}

fn status_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let fields = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    let lists = fields.into_iter().filter_map(|field| pod.at(&["status", field])?.as_list());
    let mut statuses = lists.flat_map(|list| list.iter());
    statuses.find(|it| it.str_at(&["name"]) == Some(container))
}

impl Api {
    /// `pods/NAME/log`
    pub(super) fn log(&self, call: &Call<'_>) -> Result<Response, Status> {
        let options = Options::read(call)?;
        let pod = self.stored(call)?;
        let container = container(call, &pod.tree)?;
        let now = call.moment.now;
        let line = |text: &str| Line { at: now, text: format!("{text}\n") };
        let said = pod.tree.str_at(&["metadata", "annotations", LOG]);
        let said = said.map(|text| text.lines().map(line).collect());
        let known = run(call, &pod.tree, container);
        let run = match (known, &said) {
            (Ok(Some(run)), _) => run,
            // What a pod says of its log is there from the first.
            (Ok(None) | Err(_), Some(_)) => Run::default(),
            (Ok(None), None) => return Ok(Response { code: 204, ..text(Bytes::new()) }),
            (Err(status), None) => return Err(status),
        };
        let table = call.address.resource.table.clone();
        let (key, ear) = (pod.key.clone(), Ear::default());
        let mut follow = Follow { table, key, run, ear, options, said, told: 0 };
        if call.query.wants("follow") {
            return Ok(Response { body: Body::Log(Box::new(follow)), ..text(Bytes::new()) });
        }
        Ok(text(follow.poll(self, now).text))
    }
}

fn text(bytes: Bytes) -> Response {
    let body = Body::Whole(bytes);
    Response { content_type: "text/plain".to_owned(), body, ..Response::text(200, "") }
}

/// Which run of a container is meant; none of a pod that has no node.
fn run(call: &Call<'_>, pod: &Value, container: &str) -> Result<Option<Run>, Status> {
    if pod.str_at(&["spec", "nodeName"]).unwrap_or_default().is_empty() {
        return Ok(None);
    }
    let refused = |why: &str| {
        let pod = &call.address.name;
        Status::bad_request(format!("container {container:?} in pod {pod:?} is {why}"))
    };
    let status = status_of(pod, container).unwrap_or(&Value::Null);
    let started = |path: &[&str]| status.str_at(path).and_then(Timestamp::parse);
    let last = started(&["lastState", "terminated", "startedAt"]);
    let since = if call.query.wants("previous") {
        last.ok_or_else(|| {
            let pod = &call.address.name;
            let title = format!("container {container:?} in pod {pod:?}");
            Status::bad_request(format!("previous terminated {title} not found"))
        })?
    } else {
        let own = started(&["state", "running", "startedAt"]);
        let own = own.or_else(|| started(&["state", "terminated", "startedAt"])).or(last);
        own.ok_or_else(|| match status.str_at(&["state", "waiting", "reason"]) {
            Some("ErrImagePull") => refused("waiting to start: image can't be pulled"),
            Some("ImagePullBackOff") => {
                refused("waiting to start: trying and failing to pull image")
            }
            reason => {
                // A state that passes at once is not written.
                let reason = reason.unwrap_or("ContainerCreating");
                refused(&format!("waiting to start: {reason}"))
            }
        })?
    };
    let pod = Text::new(pod.str_at(&["metadata", "uid"]).unwrap_or_default());
    Ok(Some(Run { pod, container: Text::new(container), since }))
}

/// Whose log is asked for: the only container, or one that is named.
fn container<'a>(call: &'a Call<'_>, pod: &'a Value) -> Result<&'a str, Status> {
    let names = |field: &str| {
        let list = pod.at(&["spec", field]).and_then(Value::as_list);
        let list = list.into_iter().flat_map(|list| list.iter());
        list.filter_map(|it| it.str_at(&["name"])).collect::<Vec<_>>()
    };
    let main = names("containers");
    let all = [names("initContainers"), main.clone(), names("ephemeralContainers")].concat();
    let pod = &call.address.name;
    match (call.query.get("container"), main.as_slice()) {
        ("", [only]) => Ok(only),
        ("", _) => Err(Status::bad_request(format!(
            "a container name must be specified for pod {pod}, choose one of: [{}]",
            all.join(" ")
        ))),
        (name, _) if all.contains(&name) => Ok(name),
        (name, _) => {
            Err(Status::bad_request(format!("container {name} is not valid for pod {pod}")))
        }
    }
}
