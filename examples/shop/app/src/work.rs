//! The worker: one order after the other, until told to stop.

use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use crate::orders::Orders;
use crate::{Result, Stop};

const PAUSE: Duration = Duration::from_millis(500);
const RETRY: Duration = Duration::from_secs(2);

pub fn run(orders: &Orders, stop: &Stop) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        match orders.work_on_one() {
            Ok(Some(id)) => println!("order {id} is done"),
            Ok(None) => sleep(PAUSE),
            Err(why) => {
                // The database may be starting again: the next try finds out.
                eprintln!("no order could be worked on: {why}");
                sleep(RETRY);
            }
        }
    }
    Ok(())
}
