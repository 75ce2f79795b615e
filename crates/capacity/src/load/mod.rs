//! What is asked of a deployment: when requests arrive and how long they are.
//!
//! **Open loops** do not care how the deployment fares: [`Arrivals::Poisson`], [`Arrivals::Bursty`], [`Arrivals::Trace`].
//! They can overload it. **Closed loops** wait for an answer before they ask again: [`Arrivals::Concurrency`] keeps a
//! number of requests in flight, as benchmarks do; [`Arrivals::Users`] think between an answer and their next request.
//!
//! Everything random comes from a seed. Arrivals, lengths and think times draw from sequences of their own: another
//! think time gives the same prompts.

mod chance;
mod fault;
mod lengths;
mod source;
mod trace;

pub use fault::LoadFault;
pub use lengths::{Distribution, LONGEST, Length, Lengths};
pub use source::Arrival;
pub(crate) use source::Source;
pub use trace::{Row, Sharing, Trace, TraceFault, Wrong};

/// A load.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    arrivals: Arrivals,
    lengths: Lengths,
    requests: u32,
    seed: u64,
}

/// When requests arrive.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// At random, so many a second.
    Poisson {
        /// Requests per second.
        rate: f64,
    },
    /// In bursts: gaps from a gamma distribution.
    Bursty {
        /// Requests per second.
        rate: f64,
        /// Coefficient of variation of the gaps; 1 is Poisson.
        cv: f64,
    },
    /// As recorded. Rows have lengths of their own.
    Trace {
        /// What was recorded.
        trace: Trace,
        /// How many times as fast.
        speed: f64,
    },
    /// Always so many in flight, all from the start.
    Concurrency(u32),
    /// The same, but the clients begin one after the other.
    Staggered {
        /// How many.
        clients: u32,
        /// Seconds between the first requests of two of them.
        apart: f64,
    },
    /// People who read an answer before they ask again.
    Users {
        /// How many people.
        users: u32,
        /// How long they read and write.
        think: Think,
    },
}

/// How long people think between an answer and their next request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Think {
    /// Always as long. The first requests are spread over one such time.
    Fixed {
        /// Seconds.
        seconds: f64,
    },
    /// An exponential distribution.
    Exponential {
        /// Mean seconds.
        seconds: f64,
    },
}

/// Each takes about two hundred bytes while it is simulated.
const MOST_REQUESTS: u32 = 20_000_000;

impl Load {
    /// So many requests. A trace brings lengths of its own ([`Load::replay`]).
    pub fn new(
        arrivals: Arrivals,
        lengths: Lengths,
        requests: u32,
        seed: u64,
    ) -> Result<Load, LoadFault> {
        arrivals.check()?;
        lengths.check()?;
        let most = arrivals.most().unwrap_or(requests);
        let requests = requests.min(most);
        if requests == 0 {
            return Err(LoadFault::NoRequests);
        }
        if requests > MOST_REQUESTS {
            return Err(LoadFault::TooManyRequests { requests });
        }
        Ok(Load { arrivals, lengths, requests, seed })
    }

    /// A recorded load, so many times as fast.
    pub fn replay(trace: Trace, speed: f64) -> Result<Load, LoadFault> {
        let lengths = Lengths::Each { prompt: Length::Fixed(1), output: Length::Fixed(1) };
        Load::new(Arrivals::Trace { trace, speed }, lengths, u32::MAX, 0)
    }

    /// When requests arrive.
    pub fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    /// How many requests there are.
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Mean tokens of prompts and of answers.
    pub fn means(&self) -> (f64, f64) {
        match &self.arrivals {
            Arrivals::Trace { trace, .. } => trace.means(),
            _ => self.lengths.means(),
        }
    }

    /// Whose prompts begin alike.
    pub(crate) fn sharing(&self) -> Sharing {
        match &self.arrivals {
            Arrivals::Trace { trace, .. } => trace.sharing(),
            _ => Sharing::default(),
        }
    }
}

impl Arrivals {
    fn check(&self) -> Result<(), LoadFault> {
        match *self {
            Arrivals::Poisson { rate } | Arrivals::Bursty { rate, .. } if !positive(rate) => {
                Err(LoadFault::Rate { rate })
            }
            Arrivals::Bursty { cv, .. } if !(0.01..=100.0).contains(&cv) => {
                Err(LoadFault::Burstiness { cv })
            }
            Arrivals::Trace { speed, .. } if !positive(speed) => Err(LoadFault::Speed { speed }),
            Arrivals::Concurrency(0)
            | Arrivals::Staggered { clients: 0, .. }
            | Arrivals::Users { users: 0, .. } => Err(LoadFault::NoUsers),
            Arrivals::Staggered { apart, .. } if !(apart >= 0.0 && apart.is_finite()) => {
                Err(LoadFault::Think { seconds: apart })
            }
            Arrivals::Users { think, .. } if !(think.mean() >= 0.0 && think.mean().is_finite()) => {
                Err(LoadFault::Think { seconds: think.mean() })
            }
            _ => Ok(()),
        }
    }

    /// How many requests there can be.
    fn most(&self) -> Option<u32> {
        match self {
            Arrivals::Trace { trace, .. } => {
                Some(u32::try_from(trace.rows().len()).unwrap_or(u32::MAX))
            }
            _ => None,
        }
    }
}

impl Think {
    /// Mean seconds.
    pub fn mean(self) -> f64 {
        match self {
            Think::Fixed { seconds } | Think::Exponential { seconds } => seconds,
        }
    }
}

fn positive(number: f64) -> bool {
    number > 0.0 && number.is_finite()
}
