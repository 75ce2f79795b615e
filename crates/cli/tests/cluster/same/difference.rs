//! What two looks do not have in common.

use super::look::{Leaves, Look};
use std::collections::BTreeSet;
use std::fmt;

/// A value that the two sides do not agree about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) object: String,
    /// Empty if only one side has the object.
    pub(super) path: String,
    real: String,
    twin: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, path, real, twin } = self;
        write!(f, "{object}: {path}\n    real {real}\n    twin {twin}")
    }
}

const ABSENT: &str = "(absent)";

pub(super) fn between(real: &Look, twin: &Look) -> Vec<Difference> {
    let names: BTreeSet<_> = real.keys().chain(twin.keys()).collect();
    let mut all = Vec::new();
    for name in names {
        match (real.get(name), twin.get(name)) {
            (Some(real), Some(twin)) => within(name, real, twin, &mut all),
            (real, twin) => {
                let said = |side: Option<&Leaves>| if side.is_some() { "(there)" } else { ABSENT };
                all.push(difference(name, "", said(real), said(twin)));
            }
        }
    }
    all
}

fn within(object: &str, real: &Leaves, twin: &Leaves, all: &mut Vec<Difference>) {
    let paths: BTreeSet<_> = real.keys().chain(twin.keys()).collect();
    for path in paths {
        let value = |side: &Leaves| side.get(path).map_or(ABSENT, String::as_str).to_owned();
        let (real, twin) = (value(real), value(twin));
        if real != twin {
            all.push(difference(object, path, &real, &twin));
        }
    }
}

fn difference(object: &str, path: &str, real: &str, twin: &str) -> Difference {
    let [object, path, real, twin] = [object, path, real, twin].map(str::to_owned);
    Difference { object, path, real, twin }
}
