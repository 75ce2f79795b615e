//! How to ask a container whether it has started, may receive traffic, or must be restarted.

use serde::Deserialize;

/// The three Kubernetes probes of an image.
///
/// The table may write all three at once: `probes = { http = { path = "/", port = 8080 } }` or
/// `probes = { tcp = 8080 }`, see [`Probes::http`] and [`Probes::tcp`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Probes {
    /// Holds the other two back until it passed once; long for whatever recovers at start.
    pub startup: Option<Probe>,
    /// Takes the pod out of its Services while it fails.
    pub readiness: Option<Probe>,
    /// Restarts the container when it fails; absent where a restart cannot help or does harm.
    pub liveness: Option<Probe>,
}

/// One probe: a check and how often and how patiently to run it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// What to do.
    pub check: Check,
    /// Seconds between two checks.
    #[serde(default = "period")]
    pub period: u32,
    /// Seconds after which a check that has not answered counts as failed.
    #[serde(default = "timeout")]
    pub timeout: u32,
    /// Consecutive failures after which the probe fails.
    #[serde(default = "failures")]
    pub failures: u32,
}

/// One way to look at a container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// Run this command inside the container; zero means good.
    Exec(Vec<String>),
    /// Ask this path; 200 to 399 means good.
    Http(HttpCheck),
    /// Open a connection to this port.
    Tcp(u16),
    /// Call the gRPC health service on this port.
    Grpc(u16),
}

/// An HTTP request to the container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// The path, starting with `/`.
    pub path: String,
    /// The container port.
    pub port: u16,
    /// Whether the port speaks TLS.
    #[serde(default)]
    pub tls: bool,
}

impl Check {
    /// The port the check talks to, if it names one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Exec(_) => None,
            Self::Http(http) => Some(http.port),
            Self::Tcp(port) | Self::Grpc(port) => Some(*port),
        }
    }
}

impl Probe {
    /// The longest time in seconds before the probe gives up.
    pub fn patience(&self) -> u32 {
        self.period.saturating_mul(self.failures)
    }
}

impl Probes {
    /// Probes of an ordinary HTTP server: five minutes to start, readiness by HTTP, and a patient
    /// liveness that only opens the port, so that it never depends on another service.
    pub fn http(http: HttpCheck) -> Self {
        let port = http.port;
        let check = Check::Http(http);
        Self { liveness: Some(patient(port)), ..Self::from_check(check) }
    }

    /// Probes of a server of which only the port is known.
    pub fn tcp(port: u16) -> Self {
        Self { liveness: Some(patient(port)), ..Self::from_check(Check::Tcp(port)) }
    }

    fn from_check(check: Check) -> Self {
        let startup = Probe { check: check.clone(), period: 5, timeout: 5, failures: 60 };
        let readiness = Probe { check, period: 10, timeout: 5, failures: 3 };
        Self { startup: Some(startup), readiness: Some(readiness), liveness: None }
    }

    /// The probes that exist, with their names.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &Probe)> {
        [("startup", &self.startup), ("readiness", &self.readiness), ("liveness", &self.liveness)]
            .into_iter()
            .filter_map(|(name, probe)| Some((name, probe.as_ref()?)))
    }
}

fn patient(port: u16) -> Probe {
    Probe { check: Check::Tcp(port), period: 20, timeout: 10, failures: 6 }
}

fn period() -> u32 {
    10
}

fn timeout() -> u32 {
    5
}

fn failures() -> u32 {
    3
}

/// What the table may write: a shorthand, or each probe.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    http: Option<HttpCheck>,
    tcp: Option<u16>,
    startup: Option<Probe>,
    readiness: Option<Probe>,
    liveness: Option<Probe>,
}

impl TryFrom<Wire> for Probes {
    type Error = &'static str;

    /// A shorthand first, then each probe written out replaces its part.
    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let base = match (wire.http, wire.tcp) {
            (Some(_), Some(_)) => return Err("probes take either `http` or `tcp`, not both"),
            (Some(http), None) => Self::http(http),
            (None, Some(port)) => Self::tcp(port),
            (None, None) => Self::default(),
        };
        Ok(Self {
            startup: wire.startup.or(base.startup),
            readiness: wire.readiness.or(base.readiness),
            liveness: wire.liveness.or(base.liveness),
        })
    }
}
