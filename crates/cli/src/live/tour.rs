//! What a twin shows of a product that serves: where it runs, what load does, what a lost node does.
//!
//! Time is the twin's: it stands while something happens and jumps to what is due next.

use super::session::Session;
use super::wait::standing;
use crate::error::Error;
use crate::live::Progress;
use apply::{Id, ServiceState};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use twin::{Twin, Workload};

/// How often the tour looks.
const GLANCE: Duration = Duration::from_secs(1);
/// How often it looks at all services.
const LOOK: Duration = Duration::from_secs(4);
/// Longer than this nothing is waited for.
const PATIENCE: Duration = Duration::from_mins(20);

/// How much of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Where things run.
    Places,
    /// That, and what happens to them.
    All,
}

/// Shows it, step by step.
pub(crate) async fn tour(
    twin: &Twin,
    session: &Session,
    progress: &mut Progress<'_>,
    extent: Extent,
) -> Result<(), Error> {
    let mut tour = Tour { twin, session, progress, began: Instant::now() };
    tour.places().await?;
    if extent == Extent::Places {
        return Ok(());
    }
    tour.load().await?;
    tour.outage().await
}

struct Tour<'a, 'p> {
    twin: &'a Twin,
    session: &'a Session,
    progress: &'a mut Progress<'p>,
    /// When the present step began.
    began: Instant,
}

/// An autoscaler, and what it scales.
struct Scaled {
    name: String,
    least: u64,
    most: u64,
    /// Thousandths of a core that ask for the most replicas.
    load: u64,
}

impl Tour<'_, '_> {
    fn step(&mut self, title: &str) {
        self.began = Instant::now();
        self.progress.say(&format!("\n{title}"));
    }

    /// One line of what happened, with the time since the step began.
    fn tell(&mut self, text: &str) -> Result<(), Error> {
        let seconds = self.began.elapsed().as_secs();
        self.progress.event(&json!({"event": "tour", "at": seconds, "says": text}))?;
        self.progress.say(&format!("  {:>2}:{:02}  {text}", seconds / 60, seconds % 60));
        Ok(())
    }

    async fn pods(&self) -> Result<Vec<Value>, Error> {
        let pods = self.session.cluster.list("v1", "Pod", Some(self.session.namespace())).await?;
        Ok(pods.unwrap_or_default())
    }

    /// Services on each node, with how many pods each has there.
    async fn by_node(&self) -> Result<BTreeMap<String, BTreeMap<String, usize>>, Error> {
        let mut nodes: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        let ends = |pod: &Value| !pod["metadata"]["deletionTimestamp"].is_null();
        for pod in self.pods().await?.into_iter().filter(|pod| !ends(pod)) {
            let (Some(node), Some("Running")) =
                (pod["spec"]["nodeName"].as_str(), pod["status"]["phase"].as_str())
            else {
                continue;
            };
            let label = &pod["metadata"]["labels"]["app.kubernetes.io/name"];
            let service = label.as_str().or(pod["metadata"]["name"].as_str()).unwrap_or_default();
            *nodes.entry(node.to_owned()).or_default().entry(service.to_owned()).or_default() += 1;
        }
        Ok(nodes)
    }

    async fn places(&mut self) -> Result<(), Error> {
        self.step("Where it runs");
        for (node, services) in self.by_node().await? {
            self.progress.event(&json!({"event": "node", "name": node, "pods": services}))?;
            self.progress.say(&format!("  {node}  {}", counted(&services)));
        }
        Ok(())
    }

    /// Asks for as much as the first autoscaler allows, and then for nothing.
    async fn load(&mut self) -> Result<(), Error> {
        let Some(scaled) = self.scaled() else { return Ok(()) };
        let (name, cores) = (&scaled.name, thousandths(scaled.load));
        self.step(&format!("Under load: clients ask {cores} CPUs of {name}"));
        self.ask(&scaled, scaled.load)?;
        self.until_replicas(&scaled, scaled.most).await?;
        self.ask(&scaled, 0)?;
        self.tell("they ask for nothing more")?;
        self.until_replicas(&scaled, scaled.least).await
    }

    fn ask(&self, scaled: &Scaled, load: u64) -> Result<(), Error> {
        let workload = Workload::Deployment(&scaled.name);
        self.twin.load(self.session.namespace(), workload, load).map_err(|error| gone(&error))
    }

    fn scaled(&self) -> Option<Scaled> {
        let of_kind =
            |kind: &'static str| self.session.desired.iter().filter(move |it| it.id.kind == kind);
        of_kind("HorizontalPodAutoscaler").find_map(|scaler| {
            let spec = &scaler.object["spec"];
            let name = spec["scaleTargetRef"]["name"].as_str()?;
            let target = of_kind("Deployment").find(|it| it.id.name == name)?;
            let percent =
                spec["metrics"][0]["resource"]["target"]["averageUtilization"].as_u64()?;
            let requested = requested(&target.object);
            let most = spec["maxReplicas"].as_u64()?;
            Some(Scaled {
                name: name.to_owned(),
                least: spec["minReplicas"].as_u64().unwrap_or(1),
                most,
                load: requested.saturating_mul(most).saturating_mul(percent) / 100,
            })
        })
    }

    /// Tells each change of the replicas until there are as many as wanted.
    async fn until_replicas(&mut self, scaled: &Scaled, wanted: u64) -> Result<(), Error> {
        let id = Id {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some(self.session.namespace().to_owned()),
            name: scaled.name.clone(),
        };
        let mut known = None;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let live = self.session.cluster.get(&id).await?.unwrap_or_default();
            let ready = live["status"]["readyReplicas"].as_u64().unwrap_or_default();
            if known.is_some_and(|known| known != ready) {
                self.tell(&format!("{ready} replicas of {}", scaled.name))?;
            }
            if ready == wanted {
                return Ok(());
            }
            known = Some(ready);
            sleep(GLANCE).await;
        }
        self.tell(&format!("not {wanted} replicas after {} minutes", PATIENCE.as_secs() / 60))
    }

    /// Cuts the power of the node with most of the product, and gives it back.
    async fn outage(&mut self) -> Result<(), Error> {
        let nodes = self.by_node().await?;
        let busiest = nodes.iter().max_by_key(|(_, services)| services.values().sum::<usize>());
        let all = self.session.cluster.list("v1", "Node", None).await?.unwrap_or_default();
        // Of a single node nothing would be left to look at.
        let Some((node, services)) = busiest.filter(|_| all.len() > 1) else { return Ok(()) };
        self.step(&format!("A node is lost: {node}, with {}", counted(services)));
        self.twin.lose(node).map_err(|error| gone(&error))?;
        let hit = self.until_stable(&BTreeSet::new()).await?;
        self.twin.bring_back(node).map_err(|error| gone(&error))?;
        if hit.is_empty() {
            return Ok(());
        }
        self.tell(&format!("{node} is back"))?;
        self.until_stable(&hit).await.map(drop)
    }

    /// Tells which services stop serving and which serve again, until none was hit for as long as an
    /// eviction takes, or all of `down` serve. Gives those that do not serve.
    async fn until_stable(&mut self, down: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        let mut known = down.clone();
        let mut changed = Instant::now();
        while (down.is_empty() || !known.is_empty()) && changed.elapsed() < EVICTION {
            let states = self.states().await?;
            for state in &states {
                let name = &state.service;
                let said = match (state.serves(), known.contains(name)) {
                    (false, false) => {
                        format!("{name}: {} of {} ready", state.pods.ready, state.pods.wanted)
                    }
                    (true, true) => format!("{name} serves again"),
                    _ => continue,
                };
                if !known.remove(name) {
                    known.insert(name.clone());
                }
                changed = Instant::now();
                self.tell(&said)?;
            }
            sleep(LOOK).await;
        }
        for name in known.iter().filter(|_| down.is_empty()) {
            self.tell(&format!(
                "{name} waits for the node: a second one may not start beside one that may be alive"
            ))?;
        }
        Ok(known)
    }

    async fn states(&self) -> Result<Vec<ServiceState>, Error> {
        let awaited = self.session.awaited();
        let ids: BTreeSet<Id> = awaited.iter().map(|it| it.id.clone()).collect();
        let live = self.session.cluster.read(&ids).await?;
        Ok(standing(&awaited, &live))
    }
}

fn gone(unknown: &twin::Unknown) -> Error {
    Error::advised(unknown.to_string(), "somebody removed it meanwhile".to_owned())
}

/// Nothing changes any more after this: the notice of a lost node, and what pods tolerate it.
const EVICTION: Duration = Duration::from_secs(40 + 300 + 60);

fn counted(services: &BTreeMap<String, usize>) -> String {
    let words = services.iter().map(|(name, count)| match count {
        1 => name.clone(),
        count => format!("{count} × {name}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn thousandths(load: u64) -> String {
    format!("{}.{}", load / 1000, load % 1000 / 100)
}

/// What the containers of a workload request together, in thousandths of a core.
fn requested(workload: &Value) -> u64 {
    let containers = workload["spec"]["template"]["spec"]["containers"].as_array();
    let cpu = |it: &Value| it["resources"]["requests"]["cpu"].as_str()?.parse::<units::Cpu>().ok();
    containers.into_iter().flatten().filter_map(cpu).map(units::Cpu::as_millis).sum()
}
