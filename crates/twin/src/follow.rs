//! Logs that are followed: what a container writes, when it writes it.

use crate::Twin;
use crate::told::Listener;
use bytes::Bytes;
use futures::stream::{self, Stream};
use http_body::Frame;
use std::convert::Infallible;
use tokio::time::sleep_until;
use twin_core::api::{Follow, Heard};

struct Following {
    twin: Twin,
    follow: Follow,
    listener: Listener,
    open: bool,
}

/// What a container writes until it ends.
pub(crate) fn followed(
    twin: Twin,
    follow: Follow,
    listener: Listener,
) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    let following = Following { twin, follow, listener, open: true };
    stream::unfold(following, |mut following| async move {
        let bytes = following.next().await?;
        Some((Ok(Frame::data(bytes)), following))
    })
}

impl Following {
    fn poll(&mut self) -> Heard {
        let now = self.twin.shared.clock.now();
        let world = self.twin.world();
        self.follow.poll(world.api(), now)
    }

    async fn next(&mut self) -> Option<Bytes> {
        while self.open {
            self.listener.listen().ok()?;
            let heard = self.poll();
            self.open = !heard.ends;
            if !heard.text.is_empty() {
                return Some(heard.text);
            }
            if heard.ends {
                return None;
            }
            let written = heard.next.map(|at| self.twin.shared.clock.instant(at));
            let written = async {
                match written {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.listener.changed() => {}
                () = written => {}
            }
        }
        None
    }
}
