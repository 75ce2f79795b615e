//! `muster up`: the planned product, running.

mod on_twin;

use crate::Variables;
use crate::arguments::UpArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{
    Answer, Former, Order, Patience, Place, Progress, Purpose, Session, Stopwatch, Verdict,
    Watching, Work, ask, block_on, events, go_back, interruptible, judge, lock, not_serving,
    standing, table, written,
};
use crate::printer::Printer;
use crate::product::{self, Inputs, Readable};
use apply::{Action, Blame, Decision, ServiceState, decide};
use cluster::{Force, Mode};
use model::reason::Level;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use twin::Twin;

pub(super) fn run(
    arguments: &UpArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let watch = Stopwatch::start();
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let readable = product::read(&Inputs { project, cluster, variables }, printer)?;
    let progress = if arguments.json { Progress::json(printer) } else { Progress::people(printer) };
    let up = Up { arguments, variables, progress, watch, twin: None };
    block_on(Box::pin(up.run(readable)))
}

struct Up<'a> {
    arguments: &'a UpArguments,
    variables: &'a Variables,
    progress: Progress<'a>,
    watch: Stopwatch,
    /// Where it runs, unless on a cluster.
    twin: Option<Twin>,
}

impl Up<'_> {
    async fn run(mut self, readable: Readable) -> Result<Exit, Error> {
        let done = Box::pin(self.start(readable)).await;
        match done {
            Err(error) if self.arguments.json => Err(self.told(error)?),
            done => done,
        }
    }

    /// For programs, the Role that is missing is an event.
    fn told(&mut self, error: Error) -> Result<Error, Error> {
        let Error::NoRights { message, missing, role } = error else { return Ok(error) };
        self.progress.event(&json!({"event": "forbidden", "missing": missing, "role": role}))?;
        Ok(Error::NoRights { message, missing, role: None })
    }

    async fn start(&mut self, readable: Readable) -> Result<Exit, Error> {
        let arguments = self.arguments;
        if !arguments.on_a_cluster() {
            // Its time jumps from event to event.
            tokio::time::pause();
            self.twin = Some(on_twin::start(arguments));
        }
        let place = match &self.twin {
            Some(twin) => Place::Twin(twin),
            None => Place::Cluster(&arguments.target),
        };
        let began = std::time::Instant::now();
        let opened =
            Session::open(readable, place, &arguments.reuse, Purpose::Change, &mut self.watch);
        let mut session = opened.await?;
        if let Some(twin) = &self.twin {
            session.define_missing(twin).await?;
        }
        if let Some(namespace) = session.dying_namespace() {
            self.progress.say(&format!("{namespace} is being deleted: waiting until it is gone"));
            interruptible(session.outlive(&namespace)).await?;
            self.watch.lap("old namespace");
        }
        let decision = self.decide(&session)?;
        if decision.writes() {
            session.check_rights(&decision).await?;
        }
        if self.arguments.dry_run {
            let judged = judge(&session, &decision, self.force(), &mut self.progress);
            return judged.await.map(|()| Exit::Done);
        }
        if decision.writes() && !self.agreed()? {
            self.progress.say("nothing was changed");
            return Ok(Exit::Done);
        }
        let result = Box::pin(self.reach(&mut session, decision)).await;
        self.summary(&session, &result)?;
        result?;
        if let Some(twin) = self.twin.clone() {
            Box::pin(self.show(&twin, &session, began)).await?;
        }
        Ok(Exit::Done)
    }

    /// Decides, shows it, and stops where something is not ours to change.
    fn decide(&mut self, session: &Session) -> Result<Decision, Error> {
        let mut decision = decide(&session.desired, &session.live, &session.inventory);
        if self.arguments.take_over {
            decision = decision.taking_over();
        }
        self.progress.event(&json!({"event": "plan", "product": session.product.plan.app,
            "namespace": session.namespace(), "kubernetes": session.facts.version,
            "reused": session.reused}))?;
        for event in events(&decision) {
            self.progress.event(&event)?;
        }
        if !session.reused.is_empty() {
            self.progress.say(&format!(
                "with options of the last up: {}\n  (--reset-options forgets them)",
                written(&session.reused)
            ));
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
        unserved(session, &decision)?;
        let what = if decision.writes() {
            format!("\n{}", table(&decision))
        } else {
            " nothing to change".to_owned()
        };
        self.progress.say(&format!("{place}:{what}"));
        Ok(decision)
    }

    fn agreed(&self) -> Result<bool, Error> {
        // Nothing outside of this process changes on a twin.
        Ok(self.arguments.yes || self.twin.is_some() || ask("apply these changes?")? == Answer::Yes)
    }

    fn force(&self) -> Force {
        if self.arguments.take_over { Force::TakeOver } else { Force::Respect }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.arguments.timeout.0.into())
    }

    /// Applies, and waits until it serves.
    async fn reach(&mut self, session: &mut Session, decision: Decision) -> Result<(), Error> {
        let awaited = session.awaited();
        let deadline = Instant::now() + self.timeout();
        let states = standing(&awaited, &session.live);
        if !decision.writes() && states.iter().all(ServiceState::serves) {
            self.progress.states(&states)?;
            return session.note_completed(&session.live_jobs()).await;
        }
        let former = Former {
            live: session.live.clone(),
            inventory: session.inventory.clone(),
            timeout: self.timeout(),
        };
        let (cluster, mut decision) = (session.cluster.clone(), decision);
        if decision.writes() {
            namespace(session, &mut decision, self.force()).await?;
        }
        let mut watching = Watching::start(&cluster, session.namespace(), &awaited);
        if !decision.writes() {
            if self.arguments.no_wait {
                return session.note_completed(&session.live_jobs()).await;
            }
            return interruptible(self.serve(session, &mut watching, deadline)).await;
        }
        let (seen, progress) = (session.lease.clone(), &mut self.progress);
        let say = |text: &str| progress.say(text);
        let locked = lock(&cluster, session.namespace(), seen, self.variables, say);
        let lease = Box::pin(interruptible(locked)).await?;
        if self.arguments.rollback {
            let work = self.change_or_go_back(session, &decision, &former, &mut watching);
            return cluster.while_holding(lease, Box::pin(interruptible(work))).await;
        }
        let work = self.change(session, &decision, &mut watching, deadline);
        cluster.while_holding(lease, Box::pin(interruptible(work))).await?;
        if self.arguments.no_wait {
            return Ok(());
        }
        interruptible(self.serve(session, &mut watching, deadline)).await
    }

    /// Carries out a decision. With a way back, what is not wanted any more is still part of it and
    /// is removed later.
    async fn change(
        &mut self,
        session: &mut Session,
        decision: &Decision,
        watching: &mut Watching<'_>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let own = session.clone();
        let work = work(&own, decision);
        let mut planned = work.planned(&session.inventory);
        planned.options = session.options.clone();
        session.remember(planned).await?;
        let plan = &own.product.plan;
        let patience =
            if self.arguments.no_wait { Patience::None } else { Patience::UntilReady(plan) };
        let order = Order { force: self.force(), patience, blame: Blame::Failing, deadline };
        work.apply(watching, order, &mut self.progress).await?;
        if !self.arguments.rollback {
            work.prune().await?;
            session.remember(work.settled(&session.inventory)).await?;
        }
        self.watch.lap("apply");
        Ok(())
    }

    /// Waits until everything serves.
    async fn serve(
        &mut self,
        session: &mut Session,
        watching: &mut Watching<'_>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let verdict = watching.until(&BTreeSet::new(), deadline, &mut self.progress).await?;
        self.watch.lap("serving");
        session.note_completed(&watching.jobs()).await?;
        let (states, why) = match verdict {
            Verdict::Serving => return Ok(()),
            Verdict::Failed(states) => (states, ""),
            Verdict::TimedOut(states) => (states, " in the time that they had"),
        };
        Err(not_serving(&session.cluster, session.namespace(), &states, why).await)
    }

    /// Carries out a decision and waits until everything serves, or goes back.
    async fn change_or_go_back(
        &mut self,
        session: &mut Session,
        decision: &Decision,
        former: &Former,
        watching: &mut Watching<'_>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + self.timeout();
        let done = async {
            self.change(session, decision, watching, deadline).await?;
            self.serve(session, watching, deadline).await
        };
        match done.await {
            Ok(()) => {
                let own = session.clone();
                let work = work(&own, decision);
                work.prune().await?;
                session.remember(work.settled(&session.inventory)).await
            }
            Err(failure) => {
                let error = go_back(session, former, failure, &mut self.progress).await;
                self.watch.lap("going back");
                Err(error)
            }
        }
    }

    fn summary(&mut self, session: &Session, result: &Result<(), Error>) -> Result<(), Error> {
        let requests = session.cluster.requests().by_verb();
        let exit = result.as_ref().map_or_else(Error::exit, |()| Exit::Done);
        self.progress.event(&json!({"event": "end", "exit": exit as u8,
            "seconds": self.watch.json(), "requests": requests,
            "message": result.as_ref().err().map(ToString::to_string)}))?;
        let total: u64 = requests.values().sum();
        let counts: Vec<_> =
            requests.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
        self.progress.say(&format!("time      {}", self.watch.text()));
        let services: BTreeSet<_> =
            session.product.plan.workloads.iter().map(|it| &it.service).collect();
        self.progress.say(&format!(
            "requests  {total} for {} services: {}",
            services.len(),
            counts.join(", ")
        ));
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
    if let Some(wanted) = session.desired.iter().find(|it| it.id == change.id) {
        let live = session.cluster.apply(&wanted.id, &wanted.object, force, Mode::Store).await?;
        session.live.insert(wanted.id.clone(), live);
    }
    change.action = Action::Keep;
    Ok(())
}

/// Stops where the cluster does not know a kind that would be written.
fn unserved(session: &Session, decision: &Decision) -> Result<(), Error> {
    let written = decision.changes.iter().filter(|it| it.action.writes()).map(|it| &it.id);
    let unknown = written.filter(|id| !session.cluster.serves(&id.api_version, &id.kind));
    let kinds: BTreeSet<_> =
        unknown.map(|id| format!("{} of {}", id.kind, id.api_version)).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    let kinds: Vec<_> = kinds.into_iter().collect();
    Err(Error::Refused {
        message: format!("the cluster does not serve {}; nothing was written", kinds.join(", ")),
        hint: "`muster doctor` says what the cluster lacks for this plan; another --edge may do \
               without"
            .to_owned(),
    })
}

fn work<'a>(session: &'a Session, decision: &'a Decision) -> Work<'a> {
    Work {
        cluster: &session.cluster,
        namespace: session.namespace(),
        desired: &session.desired,
        live: &session.live,
        decision,
    }
}

fn refusal(decision: &Decision) -> Error {
    let refusals: Vec<_> = decision.refusals().collect();
    let conflicts = refusals.iter().all(|it| matches!(it.action, Action::Conflict { .. }));
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
