//! Who is asked when a webhook has a say: programs of this machine, and handlers of this process.
//!
//! [`twin_core::hooks`] says what is asked, and when; here it is put.

mod backend;
mod transport;
mod trust;

pub use backend::Backend;

use crate::Twin;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use transport::Target;
use twin_core::hooks::{Answer, Place, Question};

/// A Service, and one of its ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    namespace: String,
    name: String,
    port: u16,
}

/// So many programs are asked at a time: a thread waits with each, and others need threads, too.
const OUT: usize = 128;

/// Who stands behind Services: no container runs that could.
#[derive(Debug)]
pub(crate) struct Backends {
    all: Mutex<BTreeMap<Address, Backend>>,
    /// Places of those who ask a program.
    out: Semaphore,
}

impl Default for Backends {
    fn default() -> Self {
        Self { all: Mutex::default(), out: Semaphore::new(OUT) }
    }
}

impl Backends {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Address, Backend>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a question to whoever stands there.
    pub(crate) async fn ask(self: Arc<Self>, question: Question) -> Answer {
        let (namespace, name, port) = match &question.place {
            Place::Url(_) => return transport::ask(&question, Target::Named, &self.out).await,
            Place::Service { namespace, name, port, .. } => (namespace, name, *port),
        };
        let (namespace, name) = (namespace.to_string(), name.to_string());
        let address = Address { namespace, name, port };
        let found = self.all().get(&address).cloned();
        let Some(backend) = found else {
            let name = address.name;
            return Answer::Unreached(format!("no endpoints available for service {name:?}"));
        };
        backend.ask(&question, &self.out).await
    }
}

impl Twin {
    /// From now on this stands behind a port of a Service, as pods would on a cluster: webhooks whose
    /// configuration names that Service are asked there. The Service itself has to be made as well.
    ///
    /// A [`SocketAddr`](std::net::SocketAddr) is a program of this machine, reached over TLS, whose certificate is for
    /// `NAME.NAMESPACE.svc`. Other [`Backend`]s answer in this process, where asking takes no time.
    pub fn serve_service(
        &self,
        namespace: &str,
        name: &str,
        port: u16,
        backend: impl Into<Backend>,
    ) {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let address = Address { namespace, name, port };
        self.shared.backends.all().insert(address, backend.into());
    }
}
