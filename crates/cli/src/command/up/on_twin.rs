//! What comes after a product serves on a twin.

use super::super::twin::serve;
use super::Up;
use crate::arguments::UpArguments;
use crate::error::Error;
use crate::live::{Extent, Session, interrupted, interruptible, tour};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twin::Twin;

/// Starts the twin that a product runs on.
pub(super) fn start(arguments: &UpArguments) -> Twin {
    // Its time runs ahead. Programs outside compare it with theirs, so it starts early enough not to
    // pass them.
    let early = match arguments.stay {
        Some(_) => Duration::from_secs(u64::from(arguments.timeout.0) + 60),
        None => Duration::ZERO,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Twin::builder().nodes(arguments.nodes).origin(now.saturating_sub(early)).start()
}

impl Up<'_> {
    /// What a product does on a twin, and that it was one.
    pub(super) async fn show(
        &mut self,
        twin: &Twin,
        session: &Session,
        began: std::time::Instant,
    ) -> Result<(), Error> {
        if let Some(kubeconfig) = &self.arguments.stay {
            tour(twin, session, &mut self.progress, Extent::Places).await?;
            // Until the twin's time is that of this machine.
            let ahead = twin.now().duration_since(SystemTime::now());
            let behind = ahead.err().map(|error| error.duration()).unwrap_or_default();
            tokio::time::sleep(behind).await;
            return self.stay(twin, kubeconfig).await;
        }
        if !self.arguments.no_wait {
            let tour = tour(twin, session, &mut self.progress, Extent::All);
            interruptible(tour).await?;
        }
        let seconds = began.elapsed().as_secs_f64();
        self.progress.say(&format!(
            "\nThis was a twin: API, controllers, scheduler and nodes in this process, {seconds:.1} s in all; \
             no container ran.\n\
             On a cluster  muster up --context NAME, or --current-context"
        ));
        Ok(())
    }

    /// Serves the twin in the time of this machine, until somebody ends it.
    async fn stay(&mut self, twin: &Twin, kubeconfig: &Path) -> Result<(), Error> {
        tokio::time::resume();
        let served = serve(twin, 0, kubeconfig).await?;
        let path = kubeconfig.display().to_string();
        self.progress.event(&json!({"event": "serves", "kubeconfig": path}))?;
        self.progress.say(&format!(
            "\nThe twin serves at https://{} until Ctrl-C; no container runs there.\n\n  \
             export KUBECONFIG={path}\n  kubectl get pods --all-namespaces",
            served.address()
        ));
        interrupted().await;
        served.end().await;
        Ok(())
    }
}
