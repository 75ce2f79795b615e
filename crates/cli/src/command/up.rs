//! `muster up`: the planned product, running.

use crate::Variables;
use crate::arguments::UpArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{
    Answer, Identity, Order, Patience, Progress, Session, Stopwatch, Verdict, Watching, ask,
    block_on, carry_out, events, interruptible, not_serving, standing, table,
};
use crate::printer::Printer;
use crate::product::{self, Inputs, Readable};
use apply::{Action, Decision, Desired, Id, ServiceState, decide};
use cluster::{Cluster, Force, Lease, Mode, Taken};
use model::reason::Level;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

pub(super) fn run(
    arguments: &UpArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let watch = Stopwatch::start();
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let readable = product::read(&Inputs { project, cluster, variables }, printer)?;
    let progress = if arguments.json { Progress::json(printer) } else { Progress::people(printer) };
    block_on(Box::pin(Up { arguments, variables, progress, watch }.run(readable)))
}

struct Up<'a> {
    arguments: &'a UpArguments,
    variables: &'a Variables,
    progress: Progress<'a>,
    watch: Stopwatch,
}

impl Up<'_> {
    async fn run(mut self, readable: Readable) -> Result<Exit, Error> {
        let mut session = Session::open(readable, &self.arguments.target, &mut self.watch).await?;
        let decision = self.decide(&session)?;
        if self.arguments.dry_run {
            return self.judge(&session, &decision).await;
        }
        if decision.writes() && !self.agreed()? {
            self.progress.say("nothing was changed");
            return Ok(Exit::Done);
        }
        let result = Box::pin(self.reach(&mut session, decision)).await;
        self.summary(&session.cluster, &result)?;
        result.map(|()| Exit::Done)
    }

    /// Decides, shows it, and stops where something is not ours to change.
    fn decide(&mut self, session: &Session) -> Result<Decision, Error> {
        let mut decision = decide(&session.desired, &session.live, &session.inventory);
        if self.arguments.take_over {
            decision = decision.taking_over();
        }
        self.progress.event(&json!({"event": "plan", "product": session.product.plan.app,
            "namespace": session.namespace(), "kubernetes": session.facts.version}))?;
        for event in events(&decision) {
            self.progress.event(&event)?;
        }
        let (app, server) = (&session.product.plan.app, session.cluster.server());
        let place = format!("{app} in namespace {} of {server}", session.namespace());
        let findings = session.product.plan.report.findings.iter();
        for blocker in findings.filter(|finding| finding.level == Level::Blocker) {
            self.progress.say(&format!("blocker: {}\nfix: {}", blocker.message, blocker.fix));
        }
        if decision.refusals().next().is_some() {
            self.progress.say(&format!("{place}:\n{}", table(&decision)));
            return Err(refusal(&decision));
        }
        let what = if decision.writes() {
            format!("\n{}", table(&decision))
        } else {
            " nothing to change".to_owned()
        };
        self.progress.say(&format!("{place}:{what}"));
        Ok(decision)
    }

    fn agreed(&self) -> Result<bool, Error> {
        Ok(self.arguments.yes || ask("apply these changes?")? == Answer::Yes)
    }

    /// Lets the server judge every object that would be written.
    async fn judge(&mut self, session: &Session, decision: &Decision) -> Result<Exit, Error> {
        let namespace_is_new = decision
            .changes
            .iter()
            .any(|it| it.id.kind == "Namespace" && it.action == Action::Create);
        if namespace_is_new {
            self.progress.say("the namespace is new: the cluster cannot judge the rest before");
            return Ok(Exit::Done);
        }
        let written = |desired: &&Desired| {
            let of = |it: &&apply::Change| it.id == desired.id;
            let action = decision.changes.iter().find(of).map(|it| &it.action);
            matches!(action, Some(Action::Create | Action::Update(_)))
        };
        for it in session.desired.iter().filter(written) {
            session.cluster.apply(&it.id, &it.object, self.force(), Mode::DryRun).await?;
        }
        self.progress.say("dry run: the cluster accepts it; nothing was changed");
        Ok(Exit::Done)
    }

    fn patience(&self) -> Patience {
        if self.arguments.no_wait { Patience::None } else { Patience::UntilReady }
    }

    fn force(&self) -> Force {
        if self.arguments.take_over { Force::TakeOver } else { Force::Respect }
    }

    /// Applies, and waits until it serves.
    async fn reach(&mut self, session: &mut Session, decision: Decision) -> Result<(), Error> {
        let desired = session.desired.clone();
        let deadline = Instant::now() + Duration::from_secs(self.arguments.timeout.0.into());
        let states = standing(&desired, &session.live);
        let settled = !decision.writes() && states.iter().all(ServiceState::serves);
        if settled {
            self.progress.states(&states)?;
            return session.note_completed(completed(&desired, &session.live_jobs())).await;
        }
        let cluster = session.cluster.clone();
        let mut decision = decision;
        if decision.writes() {
            namespace(session, &mut decision, self.force()).await?;
        }
        let mut watching = Watching::start(&cluster, session.namespace(), &desired);
        if decision.writes() {
            let lease = self.lease(session).await?;
            let order = Order { force: self.force(), patience: self.patience(), deadline };
            let work = carry_out(session, &decision, &mut watching, order, &mut self.progress);
            cluster.while_holding(lease, Box::pin(interruptible(work))).await?;
            self.watch.lap("apply");
        }
        if self.arguments.no_wait {
            return Ok(());
        }
        let all = BTreeSet::new();
        let serving = watching.until(&all, deadline, &mut self.progress);
        let verdict = interruptible(serving).await?;
        self.watch.lap("serving");
        session.note_completed(completed(&desired, &watching.jobs())).await?;
        let (states, why) = match verdict {
            Verdict::Serving => return Ok(()),
            Verdict::Failed(states) => (states, ""),
            Verdict::TimedOut(states) => (states, " in the time that they had"),
        };
        Err(not_serving(&cluster, session.namespace(), &states, why).await)
    }

    async fn lease(&mut self, session: &Session) -> Result<Box<Lease>, Error> {
        let me = Identity::new(self.variables);
        let mut seen = session.lease.clone();
        if let Some(holder) = seen.holder().map(str::to_owned) {
            if me.outlives(&holder) {
                seen = seen.abandoned();
            } else {
                self.progress.say(&format!("waiting whether {holder} is still at work"));
            }
        }
        match session.cluster.take(session.namespace(), seen, &me.to_string()).await? {
            Taken::Ours(lease) => Ok(lease),
            Taken::Changed => Err(Error::Conflict {
                message: "somebody else has changed this product just now".to_owned(),
                hint: "run it again: it decides anew".to_owned(),
            }),
        }
    }

    fn summary(&mut self, cluster: &Cluster, result: &Result<(), Error>) -> Result<(), Error> {
        let requests = cluster.requests().by_verb();
        let exit = result.as_ref().map_or_else(Error::exit, |()| Exit::Done);
        self.progress.event(&json!({"event": "end", "exit": exit as u8,
            "seconds": self.watch.json(), "requests": requests,
            "message": result.as_ref().err().map(ToString::to_string)}))?;
        let total: u64 = requests.values().sum();
        let counts: Vec<_> =
            requests.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
        self.progress.say(&format!("time      {}", self.watch.text()));
        self.progress.say(&format!("requests  {total}: {}", counts.join(", ")));
        Ok(())
    }
}

/// Lease and inventory lie in the namespace: it comes first.
async fn namespace(
    session: &mut Session,
    decision: &mut Decision,
    force: Force,
) -> Result<(), Error> {
    let Some(change) = decision.changes.iter_mut().find(|it| it.id.kind == "Namespace") else {
        return Ok(());
    };
    if change.action == Action::Keep {
        return Ok(());
    }
    if let Action::Replace { .. } = change.action {
        session.cluster.gone(&change.id).await?;
    }
    if let Some(wanted) = session.desired.iter().find(|it| it.id == change.id) {
        let live = session.cluster.apply(&wanted.id, &wanted.object, force, Mode::Store).await?;
        session.live.insert(wanted.id.clone(), live);
    }
    change.action = Action::Keep;
    Ok(())
}

/// Jobs that have completed.
fn completed(desired: &[Desired], jobs: &[Value]) -> Vec<Id> {
    let done = |job: &&Value| {
        let conditions = job.pointer("/status/conditions").and_then(Value::as_array);
        let mut conditions = conditions.into_iter().flatten();
        conditions.any(|it| it["type"] == "Complete" && it["status"] == "True")
    };
    let ids: Vec<Id> = jobs.iter().filter(done).filter_map(Id::of).collect();
    desired.iter().map(|it| &it.id).filter(|id| ids.contains(id)).cloned().collect()
}

fn refusal(decision: &Decision) -> Error {
    let refusals: Vec<_> = decision.refusals().collect();
    let conflicts = refusals.iter().all(|it| matches!(it.action, Action::Conflict(_)));
    let message = match refusals.as_slice() {
        [one] => format!("{} is not ours to change; nothing was written", one.id),
        many => format!("{} objects are not ours to change; nothing was written", many.len()),
    };
    let hint = if conflicts {
        "let go of the fields there, or take them over with --take-over"
    } else {
        "rename or remove what is in the way, or choose another --namespace"
    };
    Error::Conflict { message, hint: hint.to_owned() }
}
