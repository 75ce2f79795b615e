//! When a file is written anew, and what ends the keeping.

use super::{Journal, Keeper, Revision, Stand, StateError, held, open};
use crate::{Motion, Twin};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A twin without a file, with enough for a long one.
async fn twin() -> Twin {
    let twin = Twin::builder().motion(Motion::Still).start();
    let client = twin.client();
    for at in 0..8 {
        let map = serde_json::json!({ "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": format!("m{at}") }, "data": { "a": "x".repeat(2_500_000) } });
        let path = "/api/v1/namespaces/default/configmaps";
        let body = serde_json::to_vec(&map).unwrap();
        let request = http::Request::post(path).body(body).unwrap();
        client.request::<serde_json::Value>(request).await.unwrap();
    }
    twin
}

fn journal(file: &Path) -> (Journal, Keeper) {
    let (opened, _) = open(file).unwrap();
    Journal::new(opened, Revision::default())
}

fn take_all(twin: &Twin, journal: &Journal) -> Revision {
    let world = twin.world();
    let store = world.api().store();
    journal.take(store, Revision::default(), Stand::default());
    store.revision()
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "its /dev/null can be synced")]
async fn a_renewal_that_may_be_lost_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let (twin, (journal, keeper)) = (twin().await, journal(&file));
    held(&keeper.opened.log).lose_folder();
    tokio::spawn(keeper.keep(Arc::downgrade(&twin.shared)));
    let revision = take_all(&twin, &journal);
    assert!(matches!(journal.failure().await, StateError::Disk { .. }));
    assert_eq!(open(&file).unwrap().1.unwrap().store.revision(), revision);
}

#[tokio::test]
async fn a_renewal_that_does_not_begin_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let (twin, (journal, keeper)) = (twin().await, journal(&file));
    fs::create_dir(folder.path().join("state.new")).unwrap();
    tokio::spawn(keeper.keep(Arc::downgrade(&twin.shared)));
    for _ in 0..2 {
        journal.reach(take_all(&twin, &journal)).await.unwrap();
    }
    journal.close().await.unwrap();
    let length = fs::metadata(&file).unwrap().len();
    assert!(length > 40_000_000, "{length} bytes");
    fs::remove_dir(folder.path().join("state.new")).unwrap();
    assert!(open(&file).is_ok());
}
