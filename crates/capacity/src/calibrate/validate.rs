//! Predictions of rows by fits that did not see them.

use std::collections::{BTreeMap, BTreeSet};

use super::engines::{Stage, belongs, stage};
use crate::cost::{EngineCost, Kernels};
use crate::evaluate::Case;
use crate::gpu::Generation;
use crate::{Coefficients, Engine};

/// What is left out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fold {
    Group,
    TensorParallel,
    Shape,
}

impl Fold {
    fn of(self, case: &Case) -> String {
        match self {
            Self::Group => case.group.clone(),
            Self::TensorParallel => case.deployment.tensor_parallel.to_string(),
            Self::Shape => format!("{}/{}", case.load.prompt, case.load.output),
        }
    }
}

/// A row and what was predicted of it: predicted over measured.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    pub case: &'a Case,
    pub ttft: f64,
    pub tpot: f64,
}

/// Every Hopper row of the stage, by fits without its fold.
pub fn held_out<'a>(
    fold: Fold,
    of: Stage,
    cases: &'a [Case],
    kernels: &BTreeMap<Generation, Kernels>,
    full: &BTreeMap<Engine, EngineCost>,
) -> Vec<Outcome<'a>> {
    let mut outcomes = Vec::new();
    for (&engine, &cost) in full {
        let mine: Vec<&Case> = cases.iter().filter(|c| belongs(of, engine, c)).collect();
        let folds: BTreeSet<String> = mine.iter().map(|c| fold.of(c)).collect();
        let expected = super::engines::expected(of, cost);
        for left_out in folds {
            let (out, rest): (Vec<&Case>, Vec<&Case>) =
                mine.iter().partition(|c| fold.of(c) == left_out);
            let fitted = stage(of, engine, &rest, kernels, expected, cost, 2);
            let coefficients =
                Coefficients { kernels: kernels.clone(), engines: [(engine, fitted)].into() };
            outcomes.extend(out.into_iter().filter_map(|c| outcome(c, &coefficients)));
        }
    }
    outcomes
}

/// A row by given coefficients; none where it cannot be predicted or was not measured.
pub fn outcome<'a>(case: &'a Case, coefficients: &Coefficients) -> Option<Outcome<'a>> {
    let means = case.replay(coefficients).ok()?;
    Some(Outcome { case, ttft: means.ttft * 1e3 / case.ttft?, tpot: means.tpot * 1e3 / case.tpot? })
}
