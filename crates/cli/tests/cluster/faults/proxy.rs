//! An API server that does what a test wants at a request.

use super::wire::{Asked, refusal};
use crate::kit::place;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is answered with this status, and not passed on.
    Answer(u16),
    /// It is never answered.
    Silence,
    /// It is answered late.
    Slow(Duration),
    /// Its connection ends before it is passed on.
    CutBefore,
    /// Its connection ends when the server has done it.
    CutAfter,
    /// Whoever sent it dies before it is passed on.
    DieBefore,
    /// Whoever sent it dies when the server has done it.
    DieAfter,
}

/// To which requests it happens; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Never,
    /// At this request.
    Request(usize),
    /// At this request and all that follow.
    From(usize),
    /// At this request among those that change something.
    Write(usize),
}

impl When {
    fn is_now(self, request: usize, write: Option<usize>) -> bool {
        match self {
            Self::Never => false,
            Self::Request(at) => request == at,
            Self::From(at) => request >= at,
            Self::Write(at) => write == Some(at),
        }
    }
}

/// A server in front of the cluster's.
#[derive(Debug)]
pub(super) struct Proxy {
    shared: Arc<Shared>,
    folder: tempfile::TempDir,
    kubectl: Child,
}

#[derive(Debug)]
struct Shared {
    upstream: u16,
    plan: Mutex<(When, Fault)>,
    requests: AtomicUsize,
    writes: AtomicUsize,
    /// The process that dies where a test wants it.
    victim: AtomicU32,
}

impl Proxy {
    pub(super) fn start() -> Self {
        let (kubectl, upstream) = upstream();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream,
            plan: Mutex::new((When::Never, Fault::Silence)),
            requests: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            victim: AtomicU32::new(0),
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig(port)).unwrap();
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = Arc::clone(&server);
                std::thread::spawn(move || server.serve(&client));
            }
        });
        Self { shared, folder, kubectl }
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// Counts anew, and does this to what comes.
    pub(super) fn expect(&self, when: When, fault: Fault) {
        *self.shared.plan.lock().unwrap() = (when, fault);
        self.shared.victim.store(0, Ordering::SeqCst);
        self.shared.requests.store(0, Ordering::SeqCst);
        self.shared.writes.store(0, Ordering::SeqCst);
    }

    /// Who dies.
    pub(super) fn aim(&self, process: u32) {
        self.shared.victim.store(process, Ordering::SeqCst);
    }

    /// Requests since the last plan.
    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Those of them that change something.
    pub(super) fn writes(&self) -> usize {
        self.shared.writes.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

impl Shared {
    /// One request for each connection: those that follow come over new ones.
    fn serve(&self, client: &TcpStream) {
        let Ok(reading) = client.try_clone() else { return };
        if let Ok(Some(asked)) = Asked::read(&mut BufReader::new(reading)) {
            // Whoever has died reads no answer.
            let _ = self.answer(&asked, client);
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    fn answer(&self, asked: &Asked, client: &TcpStream) -> io::Result<()> {
        let request = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let write = asked.writes().then(|| self.writes.fetch_add(1, Ordering::SeqCst) + 1);
        let (when, fault) = *self.plan.lock().unwrap();
        if !when.is_now(request, write) {
            return self.pass(asked, client);
        }
        match fault {
            Fault::Answer(status) => {
                let mut client = client;
                client.write_all(refusal(status).as_bytes())
            }
            Fault::Silence => {
                // It ends when the client gives up.
                let mut client = client;
                client.read(&mut [0]).map(drop)
            }
            Fault::Slow(pause) => {
                std::thread::sleep(pause);
                self.pass(asked, client)
            }
            Fault::CutBefore => Ok(()),
            Fault::CutAfter => self.done(asked),
            Fault::DieBefore => {
                self.kill();
                Ok(())
            }
            Fault::DieAfter => {
                self.done(asked)?;
                self.kill();
                Ok(())
            }
        }
    }

    fn pass(&self, asked: &Asked, client: &TcpStream) -> io::Result<()> {
        let mut upstream = asked.forward(self.upstream)?;
        // A watch ends when its client does.
        let (ended, reading) = (upstream.try_clone()?, client.try_clone()?);
        std::thread::spawn(move || {
            let _ = io::copy(&mut &reading, &mut io::sink());
            let _ = ended.shutdown(Shutdown::Both);
        });
        let mut client = client;
        io::copy(&mut upstream, &mut client).map(drop)
    }

    /// Lets the server do it, and keeps its answer.
    fn done(&self, asked: &Asked) -> io::Result<()> {
        asked.forward(self.upstream)?.read_to_end(&mut Vec::new()).map(drop)
    }

    fn kill(&self) {
        while self.victim.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let victim = self.victim.load(Ordering::SeqCst).to_string();
        Command::new("kill").args(["-9", &victim]).status().unwrap();
    }
}

/// `kubectl proxy`, and its port.
fn upstream() -> (Child, u16) {
    let mut command = place().kubectl_command(&["proxy", "--port=0"]);
    let mut kubectl = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(kubectl.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
    (kubectl, port.unwrap_or_else(|| panic!("no port: {line}")))
}

fn kubeconfig(port: u16) -> String {
    // The name that the suite asks for, if it asks for one.
    let name = std::env::var("MUSTER_TEST_CONTEXT").unwrap_or_else(|_| "faulty".to_owned());
    format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
         users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: \"{name}\", context: {{cluster: c, user: u}}}}]\n\
         current-context: \"{name}\"\n"
    )
}
