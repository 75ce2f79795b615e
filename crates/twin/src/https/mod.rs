//! The twin on a socket: HTTPS on the loopback interface, for kubectl, helm and other programs.
//!
//! Who comes needs the token that lies in the kubeconfig, or a certificate that the server has signed; all
//! are made anew for each server, so that nothing on the disk is worth stealing afterwards.

mod clients;
mod gate;
mod identity;
mod kubeconfig;
mod packed;
mod signing;

pub use identity::IdentityError;

use crate::{FaultLog, Faults, Twin};
use clients::Signer;
use gate::{Doors, Gate};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use identity::Identity;
use kubeconfig::{Proof, User};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How the kubeconfig calls the twin, and who comes to it without a name of its own.
pub const USER: &str = "muster-twin";
/// How long a client may take to greet.
const GREETING: Duration = Duration::from_secs(10);
/// How long connections may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long to wait before the next connection when this machine has no room for one.
const ROOM: Duration = Duration::from_millis(50);

/// Why a twin is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not ours.
    #[error("cannot listen at {address}")]
    Address {
        /// Where.
        address: SocketAddr,
        /// The system's words.
        source: io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// A twin that is served. With this value the serving ends.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    twin: Twin,
    authority: String,
    kubeconfig: String,
    users: Vec<User>,
    doors: Doors,
    signer: Arc<Signer>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Twin {
    /// Serves it over HTTPS at this address; port 0 takes any that is free.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn serve(&self, address: SocketAddr) -> Result<Served, ServeError> {
        let failed = |source| ServeError::Address { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let identity = Identity::new(address.ip())?;
        let users =
            vec![User { name: USER.to_owned(), proof: Proof::Token(identity.token.clone()) }];
        let kubeconfig = kubeconfig::text(address, &identity.authority, &users);
        let doors = Doors::default();
        let gate = Gate::new(self.service(), &identity.token, doors.clone());
        let acceptor = TlsAcceptor::from(identity.server);
        let (stop, stopped) = oneshot::channel();
        let (twin, authority, signer) = (self.clone(), identity.authority, identity.signer);
        let signing = signing::sign(Arc::downgrade(&self.shared), signer.clone());
        let task = tokio::spawn(async move {
            tokio::select! {
                () = accept(listener, acceptor, gate, stopped) => {}
                () = signing => {}
            }
        });
        Ok(Served { address, twin, authority, kubeconfig, users, doors, signer, stop, task })
    }
}

impl Served {
    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What kubectl needs to know, its secret included.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// What a client needs to know to which all this happens, and what happened.
    ///
    /// # Errors
    /// If this machine has no random numbers for its token.
    pub fn kubeconfig_with(&self, faults: Faults) -> Result<(String, FaultLog), IdentityError> {
        let (user, log) = self.user(USER, faults)?;
        Ok((kubeconfig::text(self.address, &self.authority, &[user]), log))
    }

    /// What a client needs to know that comes under this name, and in this group if there is one: it
    /// shows a certificate. Who asks is told to webhooks and policies; everybody may do everything.
    ///
    /// # Errors
    /// If no certificate can be made of the name.
    pub fn kubeconfig_as(&self, name: &str, group: Option<&str>) -> Result<String, IdentityError> {
        let pair = self.signer.pair(name, group)?;
        let user = User { name: USER.to_owned(), proof: Proof::Certificate(pair) };
        Ok(kubeconfig::text(self.address, &self.authority, &[user]))
    }

    /// Adds a user to the kubeconfig, with a context of its name, to which all this happens; and what
    /// happened. YAML has to take the name as it is.
    ///
    /// # Errors
    /// If this machine has no random numbers for its token.
    pub fn add_user(&mut self, name: &str, faults: Faults) -> Result<FaultLog, IdentityError> {
        let (user, log) = self.user(name, faults)?;
        self.users.push(user);
        self.kubeconfig = kubeconfig::text(self.address, &self.authority, &self.users);
        Ok(log)
    }

    /// From now on this happens to all clients whose `User-Agent` begins so, unless they come as a user
    /// of their own; and what happened. Of several that fit the longest counts.
    pub fn trouble_agent(&self, agent: &str, faults: Faults) -> FaultLog {
        let service = self.twin.service_with(faults);
        let log = service.log();
        self.doors.open_for_agent(agent, service);
        log
    }

    fn user(&self, name: &str, faults: Faults) -> Result<(User, FaultLog), IdentityError> {
        let token = identity::token()?;
        let service = self.twin.service_with(faults);
        let log = service.log();
        self.doors.open(&token, service);
        Ok((User { name: name.to_owned(), proof: Proof::Token(token) }, log))
    }

    /// Writes the kubeconfig to a file that nobody else may read.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> io::Result<()> {
        kubeconfig::write(path, &self.kubeconfig)
    }

    /// Ends it: requests that are under way get their answers, watches end.
    pub async fn end(self) {
        // Who does not listen any more has ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    gate: Gate,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let connection =
                        connection(stream, acceptor.clone(), gate.clone(), graceful.watcher());
                    connections.spawn(connection);
                }
                Err(_) => sleep(ROOM).await,
            },
        }
    }
    drop(listener);
    // Watches last: those that are still there then end with the set.
    let _ = timeout(FAREWELL, graceful.shutdown()).await;
}

/// One client. Whatever it does wrong is its own loss.
async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    gate: Gate,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Small answers at once; a socket that cannot do that works all the same.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(GREETING, acceptor.accept(stream)).await else { return };
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let gate = gate.of(shown.and_then(clients::user));
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(GREETING);
    server.http2().timer(TokioTimer::new());
    let served = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(gate));
    let _ = watcher.watch(served).await;
}
