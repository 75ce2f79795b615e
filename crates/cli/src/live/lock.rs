//! One run at a time.

use crate::Variables;
use crate::error::Error;
use crate::live::identity::Identity;
use cluster::{Cluster, Lease, LeaseSeen, Taken};

/// Takes the lease of a namespace, as it was seen before a decision was made. A run on this machine
/// that is known to have died does not keep anybody waiting.
pub(crate) async fn lock(
    cluster: &Cluster,
    namespace: &str,
    seen: LeaseSeen,
    variables: &Variables,
    mut say: impl FnMut(&str),
) -> Result<Box<Lease>, Error> {
    let me = Identity::new(variables);
    let mut seen = seen;
    if let Some(holder) = seen.holder().map(str::to_owned) {
        if me.outlives(&holder) {
            seen = seen.abandoned();
        } else {
            let since = seen.since().unwrap_or_default();
            say(&format!("{holder} runs this product{since}; waiting for a sign of life"));
        }
    }
    match cluster.take(namespace, seen, &me.to_string()).await? {
        Taken::Ours(lease) => Ok(lease),
        Taken::Changed => Err(Error::Conflict {
            message: "somebody else has changed this product just now; nothing was written"
                .to_owned(),
            hint: "run it again: it decides anew".to_owned(),
        }),
    }
}
