//! A Compose file in, a plan out; and short ways to look at one.

use compose::{MemoryFiles, Request};
use model::facts::{ClusterFacts, EdgeKind, Extra, Options};
use model::plan::{Autoscaler, Container, EnvSource, Kind, Plan, Policy, Route, Service, Workload};
use model::project::Project;
use std::collections::BTreeMap;

/// A Compose file with what stands beside it and what was asked for.
#[derive(Default)]
pub struct Given {
    files: BTreeMap<String, String>,
    pub options: Options,
    pub cluster: ClusterFacts,
}

/// A whole Compose file.
pub fn given(yaml: &str) -> Given {
    let files = BTreeMap::from([("shop/compose.yaml".to_owned(), yaml.to_owned())]);
    Given { files, ..Given::default() }
}

/// The plan of a whole Compose file.
pub fn plan_of(yaml: &str) -> Plan {
    given(yaml).plan()
}

/// The plan of some services, written one per line in flow style.
pub fn plan_with(services: &str) -> Plan {
    plan_of(&file(services))
}

/// A Compose file of some services, written one per line.
pub fn file(services: &str) -> String {
    let lines: Vec<String> = services.lines().map(|line| format!("  {line}")).collect();
    format!("name: shop\nservices:\n{}\n", lines.join("\n"))
}

impl Given {
    /// Puts a file into the project's directory.
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(format!("shop/{path}"), text.to_owned());
        self
    }

    /// Asks for an extra.
    pub fn with(mut self, extra: Extra) -> Self {
        self.options.with.insert(extra);
        self
    }

    /// Chooses the edge.
    pub fn edge(mut self, edge: EdgeKind) -> Self {
        self.options.edge = edge;
        self
    }

    /// The project, as it is loaded.
    pub fn project(&self) -> Project {
        self.load().unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
    }

    /// The project, if the file is one.
    pub fn try_project(&self) -> Option<Project> {
        self.load().ok()
    }

    fn load(&self) -> Result<Project, String> {
        let files = MemoryFiles::new(self.files.iter().map(|(path, text)| (path, text.as_str())));
        let loaded = compose::load(&Request::file("shop/compose.yaml"), &files);
        loaded.project.ok_or_else(|| format!("{:#?}", loaded.diagnostics))
    }

    /// The plan.
    pub fn plan(&self) -> Plan {
        plan::plan(&self.project(), &self.cluster, &self.options)
    }
}

/// The workload of that name.
pub fn workload<'p>(plan: &'p Plan, name: &str) -> &'p Workload {
    let found = plan.workloads.iter().find(|w| w.name == name);
    found.unwrap_or_else(|| panic!("no workload {name}"))
}

/// The container of that name, in whichever pod.
pub fn container<'p>(plan: &'p Plan, name: &str) -> &'p Container {
    let all = plan.workloads.iter().flat_map(|w| &w.pod.containers);
    all.into_iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no container {name}"))
}

/// The kind of a workload: `Deployment`, …
pub fn kind<'p>(plan: &'p Plan, name: &str) -> &'p str {
    workload(plan, name).kind.name()
}

/// The replicas that a workload's manifest says.
pub fn replicas(plan: &Plan, name: &str) -> Option<u32> {
    match &workload(plan, name).kind {
        Kind::Deployment { replicas, .. } => *replicas,
        Kind::StatefulSet { replicas, .. } => Some(*replicas),
        Kind::Job(job) | Kind::CronJob { job, .. } => Some(job.count),
        Kind::DaemonSet => None,
    }
}

/// The Service of that name.
pub fn service<'p>(plan: &'p Plan, name: &str) -> &'p Service {
    let found = plan.services.iter().find(|s| s.name == name);
    found.unwrap_or_else(|| panic!("no Service {name}: {:?}", names(plan)))
}

/// Names of all Services.
pub fn names(plan: &Plan) -> Vec<&str> {
    plan.services.iter().map(|s| s.name.as_str()).collect()
}

/// Ports of a Service, as port and target.
pub fn ports(plan: &Plan, name: &str) -> Vec<(u16, u16)> {
    service(plan, name).ports.iter().map(|p| (p.port, p.target)).collect()
}

/// The autoscaler of a workload.
pub fn autoscaler<'p>(plan: &'p Plan, name: &str) -> Option<&'p Autoscaler> {
    plan.autoscalers.iter().find(|a| a.workload == name)
}

/// The policy of a workload.
pub fn policy<'p>(plan: &'p Plan, name: &str) -> &'p Policy {
    let found = plan.policies.iter().find(|p| p.name == name);
    found.unwrap_or_else(|| panic!("no policy {name}"))
}

/// The routes to a Compose service.
pub fn routes<'p>(plan: &'p Plan, service: &str) -> Vec<&'p Route> {
    plan.routes.iter().filter(|r| r.service == service).collect()
}

/// Whether there is a finding with that code.
pub fn finds(plan: &Plan, code: &str) -> bool {
    plan.report.findings.iter().any(|f| f.code == code)
}

/// The codes of all findings about a service.
pub fn codes<'p>(plan: &'p Plan, service: &str) -> Vec<&'p str> {
    let about = |of: &Option<String>| of.as_deref() == Some(service);
    plan.report.findings.iter().filter(|f| about(&f.service)).map(|f| f.code).collect()
}

/// The sentence of the decision about a field that ends so.
pub fn why<'p>(plan: &'p Plan, object: &str, field: &str) -> &'p str {
    let mut of = plan.report.decisions.iter().filter(|d| d.object == object);
    let found = of.find(|d| d.field.ends_with(field));
    found.map_or_else(|| panic!("no decision about {object} {field}"), |d| d.why.as_str())
}

/// The plain value of an environment variable.
pub fn env<'p>(container: &'p Container, key: &str) -> Option<&'p str> {
    let variable = container.env.iter().find(|v| v.name == key)?;
    match &variable.source {
        EnvSource::Value(value) => Some(value),
        _ => None,
    }
}
