//! What watchers are told of one change is what KEP-752 says: all addresses, or those of one slice.

#[path = "../benches/fanout/asking.rs"]
mod asking;
#[path = "../benches/fanout/crowd.rs"]
mod crowd;
#[path = "../benches/fanout/joined.rs"]
mod joined;

const WATCHERS: u32 = 3;

#[tokio::test(start_paused = true)]
async fn a_lost_node_costs_what_the_formula_says() {
    let twin = joined::joined(1_200).await;
    let rows = joined::lose_one(&twin, WATCHERS).await;
    for (row, entries) in rows.iter().zip([1_200, 1_000, 100]) {
        assert_eq!((row.entries, row.told.events), (entries, WATCHERS.into()), "{}", row.what);
        let (bytes, formula) = (row.told.bytes, row.formula());
        assert!(bytes.abs_diff(formula) * 10 <= formula, "{}: {bytes}, not {formula}", row.what);
        assert_eq!(row.told.texts.len(), 1, "{}: one text for all", row.what);
    }
}
