//! From nothing to a product that takes orders.

use crate::kit::{Load, Shop, place};
use std::time::Duration;

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn from_nothing_to_orders_in_one_go() {
    let shop = Shop::at(place());
    shop.down("--delete-data").exits(0);

    let up = shop.up("").exits(0);
    println!("up from nothing: {:.1} s", up.took.as_secs_f64());
    for phase in ["time ", "requests "] {
        println!("  {}", up.stderr.lines().find(|line| line.starts_with(phase)).unwrap());
    }

    let load = Load::start(&shop, 4, Duration::from_millis(20));
    std::thread::sleep(Duration::from_secs(5));
    let tally = load.stop();
    tally.say("orders right after `up`");
    tally.nothing_failed();
    assert_eq!(tally.acknowledged, shop.orders());

    shop.place.muster("status --name shop").exits(0).says("serves");
}
