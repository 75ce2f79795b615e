//! The application of the example shop, in three roles: `serve`, `work` and `migrate`.

mod cache;
mod config;
mod orders;
mod serve;
mod work;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Raised when the container is told to stop.
type Stop = Arc<AtomicBool>;

fn main() -> ExitCode {
    let role = std::env::args().nth(1).unwrap_or_else(|| "serve".to_owned());
    match run(&role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shop {role}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(role: &str) -> Result<()> {
    let config = config::Config::from_env()?;
    // The first process of a container gets no default handlers.
    let stop = Stop::default();
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let orders = orders::Orders::connect(&config.database)?;
    match role {
        "serve" => serve::run(&config, &orders, &stop),
        "work" => work::run(&orders, &stop),
        "migrate" => orders.migrate(),
        _ => Err(format!("no role `{role}`: serve, work or migrate").into()),
    }
}
