//! `muster logs`: what the containers of services write.

mod line;
mod source;

use crate::Variables;
use crate::arguments::{LogsArguments, ProjectArguments};
use crate::closest::{closest, either};
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{Known, Purpose, block_on, name_label};
use crate::printer::Printer;
use crate::product;
use apply::Observed;
use cluster::{End, Reading, Run, Seen, Written};
use futures::stream::{BoxStream, SelectAll, StreamExt};
use line::Prefixes;
use serde_json::Value;
use source::Source;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn run(
    arguments: &LogsArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let (file, name) = (arguments.file.clone(), arguments.name.clone());
    let project = ProjectArguments { file, name, ..ProjectArguments::default() };
    let named = arguments.namespace.as_deref();
    let namespace = product::namespace(named, &project, variables, printer)?;
    block_on(async {
        let known = Known::find(&arguments.target, &namespace).await?;
        let services = wanted(&known, &arguments.services)?;
        let by_label = known.services_by_label().await?;
        let by_label = by_label.into_iter().filter(|(_, it)| services.contains(it)).collect();
        let prefixes = Prefixes::new(printer.layout().color);
        let logs = Logs { arguments, known, by_label, prefixes, printer };
        if arguments.follow { logs.follow().await } else { logs.once(&services).await }
    })
}

/// The services that were named, or all.
fn wanted(known: &Known, named: &[String]) -> Result<BTreeSet<String>, Error> {
    let services = known.services();
    let Some(unknown) = named.iter().find(|it| !services.contains(it.as_str())) else {
        let all = || services.iter().map(|it| (*it).to_owned()).collect();
        return Ok(if named.is_empty() { all() } else { named.iter().cloned().collect() });
    };
    let product = &known.inventory.product;
    let hint = match either(&closest(unknown, services.iter().copied())) {
        Some(close) => format!("did you mean {close}?"),
        None => format!("services are {}", Vec::from_iter(services).join(", ")),
    };
    Err(Error::advised(format!("{product} runs no service `{unknown}`"), hint))
}

struct Logs<'a> {
    arguments: &'a LogsArguments,
    known: Known,
    /// Services by the label of their pods.
    by_label: BTreeMap<String, String>,
    prefixes: Prefixes,
    printer: &'a mut Printer,
}

/// A line, and who wrote it.
type Told = (Source, String);

impl Logs<'_> {
    fn reading(&self, end: End) -> Reading {
        let run = if self.arguments.previous { Run::Previous } else { Run::Current };
        let since = self.arguments.since.map(|it| it.0);
        Reading { run, end, tail: self.arguments.tail, since }
    }

    /// The service that a pod belongs to, if it was asked for.
    fn service_of(&self, pod: &Value) -> Option<&str> {
        let labels = &pod["metadata"]["labels"];
        let ours = labels["app.kubernetes.io/instance"] == *self.known.inventory.product;
        // An operator labels the pods of its databases in its own way.
        let name = if ours { name_label(pod) } else { labels["cnpg.io/cluster"].as_str() };
        self.by_label.get(name?).map(String::as_str)
    }

    /// What is there now, in the order of time.
    async fn once(mut self, services: &BTreeSet<String>) -> Result<Exit, Error> {
        let pods = match self.known.cluster.survey(&self.known.namespace, PODS).await {
            Ok(pods) => pods,
            Err(error) => return Err(self.known.refused(error, Purpose::Look).await),
        };
        let sources: Vec<Source> = pods
            .iter()
            .filter_map(|pod| Some(source::of_pod(pod, self.service_of(pod)?)))
            .flatten()
            .collect();
        for service in services {
            if !sources.iter().any(|it| it.service == *service) {
                self.printer.note(&format!("{service} has no pods now"));
            }
        }
        self.prefixes.know(&sources);
        let mut lines: Vec<Told> = Vec::new();
        for source in &sources {
            let Some(log) = self.open(source, self.reading(End::Now)).await? else { continue };
            let told: Vec<String> = log.collect().await;
            lines.extend(told.into_iter().map(|line| (source.clone(), line)));
        }
        lines.sort_by(|(_, a), (_, b)| line::time(a).cmp(&line::time(b)));
        for (source, line) in &lines {
            self.print(source, line)?;
        }
        Ok(Exit::Done)
    }

    /// What is there and what comes, of pods that start later too.
    async fn follow(mut self) -> Result<Exit, Error> {
        let mut pods = self.known.cluster.watch(&self.known.namespace, PODS);
        let mut lines: SelectAll<BoxStream<'static, Told>> = SelectAll::new();
        let mut followed = BTreeSet::new();
        let mut observed = Observed::default();
        let mut is_first = true;
        loop {
            let seen = tokio::select! {
                biased;
                Some((source, line)) = lines.next(), if !lines.is_empty() => {
                    self.print(&source, &line)?;
                    continue;
                }
                seen = pods.next() => seen,
            };
            match seen {
                Some(Ok(Seen::Listed { kind, objects })) => observed.reset(&kind, objects),
                Some(Ok(Seen::Applied(pod))) => observed.apply(pod),
                Some(Ok(Seen::Deleted(pod))) => observed.delete(&pod),
                Some(Err(error)) => return Err(self.known.refused(error, Purpose::Look).await),
                None => return Ok(Exit::Done),
            }
            for source in self.news(&observed, &mut followed) {
                let mut reading = self.reading(End::WithContainer);
                if !is_first {
                    // What starts while we look is told from its first line.
                    (reading.tail, reading.since) = (None, None);
                }
                if let Some(log) = self.open(&source, reading).await? {
                    lines.push(log.map(move |line| (source.clone(), line)).boxed());
                }
            }
            is_first = false;
        }
    }

    /// Containers that run and were not followed yet.
    fn news(&mut self, observed: &Observed, followed: &mut BTreeSet<Source>) -> Vec<Source> {
        let pods = observed.of_kind("Pod");
        let all: Vec<Source> = pods
            .filter_map(|pod| Some(source::of_pod(pod, self.service_of(pod)?)))
            .flatten()
            .collect();
        self.prefixes.know(&all);
        all.into_iter().filter(|it| it.has_started() && followed.insert(it.clone())).collect()
    }

    /// The log of a container; where there is none, why is said.
    async fn open(
        &mut self,
        source: &Source,
        reading: Reading,
    ) -> Result<Option<BoxStream<'static, String>>, Error> {
        let (cluster, namespace) = (&self.known.cluster, &self.known.namespace);
        let log = cluster.written(namespace, &source.pod, &source.container, reading).await;
        match log {
            Ok(Written::Lines(lines)) => Ok(Some(lines)),
            Ok(Written::Nothing(why)) => {
                let what = if self.arguments.previous { "no earlier log" } else { "no log yet" };
                let why = source.waits.as_deref().unwrap_or(&why);
                self.printer.note(&format!("{}: {what}: {why}", source.name()));
                Ok(None)
            }
            Err(error) => Err(self.known.refused(error, Purpose::Look).await),
        }
    }

    fn print(&mut self, source: &Source, line: &str) -> Result<(), Error> {
        let (time, text) = line::timed(line);
        let time = time.filter(|_| self.arguments.timestamps);
        let time = time.map_or_else(String::new, |time| format!("{time} "));
        self.printer.result(&format!("{}{time}{text}\n", self.prefixes.of(source)))
    }
}

const PODS: &[(&str, &str)] = &[("v1", "Pod")];
