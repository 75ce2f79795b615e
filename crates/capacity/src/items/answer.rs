//! How many devices a rate of items needs, and which.

use super::question::{Answer, Basis, Choice, Impossible, Latency, Plan, Question, Refused};
use super::queue::{Arrivals, Batching, Served};
use super::search::Load;
use super::{Bottleneck, Cell, Device, Group, ItemModel, Work};

/// Batches beyond this gain nothing on any GPU.
const LARGEST: u32 = 1024;
/// Bytes for the context of CUDA and the engine's own space. Assumed.
const CONTEXT: f64 = 1.0e9;
/// Requests of each simulated stream.
const REQUESTS: usize = 8_192;
/// Groups with fewer rows than this follow them too closely for their error on them to mean much.
const MANY: usize = 10;

/// Answers.
///
/// # Errors
/// Where the question itself has no answer.
pub fn answer(question: &Question, devices: &[Device]) -> Result<Answer, Refused> {
    let (model, size) = checked(question, devices)?;
    let group = super::calibration()
        .of(model.family, question.runtime)
        .ok_or_else(|| Refused::Unmeasured { model: model.name.clone() })?;
    let arrivals = Arrivals::poisson(question.seed, REQUESTS);
    let asked = Asked { question, model, work: model.work(size), group, arrivals };
    let mut choices: Vec<Choice> = devices
        .iter()
        .map(|d| Choice { device: d.name(), outcome: asked.plan(d, devices) })
        .collect();
    choices.sort_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
    Ok(Answer { model, size, choices })
}

fn checked(q: &Question, devices: &[Device]) -> Result<(&'static ItemModel, u32), Refused> {
    let model = super::model(&q.model)?;
    let size = q.size.unwrap_or_else(|| model.usual_size());
    if size == 0 || size > model.most() {
        return Err(Refused::Size { model: model.name.clone(), size, most: model.most() });
    }
    let above = |what, value: f64| {
        if value.is_finite() && value > 0.0 { Ok(()) } else { Err(Refused::Number { what, value }) }
    };
    above("the latency", q.promise.latency)?;
    above("the rate", q.rate.unwrap_or(1.0))?;
    if !(q.outside.is_finite() && q.outside >= 0.0) {
        return Err(Refused::Number { what: "the time outside", value: q.outside });
    }
    if !(q.promise.part > 0.0 && q.promise.part < 1.0) {
        return Err(Refused::Part(q.promise.part));
    }
    if devices.is_empty() { Err(Refused::NoDevices) } else { Ok((model, size)) }
}

/// Impossible ones last; then by cost; then by rate.
fn rank(choice: &Choice) -> (bool, f64, f64) {
    match &choice.outcome {
        Ok(plan) => {
            let cost = plan.cost_per_million.unwrap_or(f64::INFINITY);
            (false, cost, -plan.rate)
        }
        Err(_) => (true, f64::INFINITY, 0.0),
    }
}

struct Asked<'a> {
    question: &'a Question,
    model: &'static ItemModel,
    work: Work,
    group: &'a Group,
    arrivals: Arrivals,
}

impl Asked<'_> {
    fn plan(&self, device: &Device, all: &[Device]) -> Result<Plan, Impossible> {
        let most = self.most(device)?;
        let times: Vec<f64> = (1..=most).map(|b| self.time(device, b)).collect();
        let load = Load { times: &times, outside: self.question.outside, arrivals: &self.arrivals };
        let alone = times[0] + self.question.outside;
        let promise = self.question.promise;
        if alone > promise.latency {
            return Err(self.slow(device, all, alone));
        }
        let crowded = || Impossible::Crowded {
            item: self.model.item.clone(),
            device: device.name(),
            alone,
            promise: promise.latency,
        };
        let best = load.best(promise).ok_or_else(crowded)?;
        let busiest = load.serve(best.batching, best.rate);
        let best = best.within(busiest.largest);
        let rate = self.question.rate.unwrap_or(best.rate);
        let (working, batching) = self.enough(&load, best.batching, best.rate, rate);
        let served = load.serve(batching, rate / f64::from(working));
        let at = |part| served.percentile(part) + self.question.outside;
        let devices = working.saturating_add(self.question.spares);
        let cost = device.price.map(|p| p * f64::from(devices));
        let (basis, error) = self.basis(device);
        Ok(Plan {
            batching,
            rate: best.rate,
            alone,
            devices,
            latency: Latency { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
            batch: served.batch(),
            bottleneck: self.bottleneck(device, &busiest, most),
            cost_per_hour: cost,
            cost_per_million: cost.map(|c| c / (rate * 3600.0) * 1e6),
            basis,
            error,
        })
    }

    /// Devices that keep the promise together, and how they gather at that rate: company that is worth
    /// waiting for at the highest rate may not come at a lower one.
    fn enough(&self, load: &Load, best: Batching, each: f64, rate: f64) -> (u32, Batching) {
        let mut working = ceiling(rate / each);
        loop {
            let at_once = Batching { delay: 0.0, ..best };
            for batching in [best, at_once] {
                let served = load.serve(batching, rate / f64::from(working));
                let took = served.percentile(self.question.promise.part) + load.outside;
                if took <= self.question.promise.latency || working == u32::MAX {
                    return (working, batching);
                }
            }
            working = working.saturating_add(working.div_ceil(16));
        }
    }

    fn time(&self, device: &Device, batch: u32) -> f64 {
        let c = &self.group.coefficients;
        c.parts(&self.work, device, self.question.precision, f64::from(batch)).seconds()
    }

    /// The largest batch that fits.
    fn most(&self, device: &Device) -> Result<u32, Impossible> {
        let precision = self.question.precision;
        if device.rate(precision) <= 0.0 {
            let precision = precision.name();
            return Err(Impossible::Precision { device: device.name(), precision });
        }
        let each = self.work.peak * precision.bytes();
        let room = device.memory - CONTEXT - self.work.parameters * precision.bytes();
        if room < each {
            return Err(Impossible::Memory {
                item: self.model.item.clone(),
                device: device.name(),
                needed: (device.memory - room + each) / 1e9,
                has: device.memory / 1e9,
            });
        }
        Ok((1..=LARGEST).rev().find(|&b| f64::from(b) * each <= room).unwrap_or(1))
    }

    fn slow(&self, device: &Device, all: &[Device], alone: f64) -> Impossible {
        let promise = self.question.promise.latency;
        let able = all.iter().filter(|d| self.most(d).is_ok());
        let other = able
            .map(|d| (d.name(), self.time(d, 1) + self.question.outside))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(name, _)| *name != device.name());
        Impossible::Slow {
            item: self.model.item.clone(),
            device: device.name(),
            alone,
            promise,
            other,
        }
    }

    /// At the highest rate.
    fn bottleneck(&self, device: &Device, busiest: &Served, most: u32) -> Bottleneck {
        if most < LARGEST && u32::try_from(busiest.largest).is_ok_and(|l| l >= most) {
            return Bottleneck::MemoryCapacity;
        }
        let c = &self.group.coefficients;
        c.parts(&self.work, device, self.question.precision, busiest.batch()).bottleneck()
    }

    fn basis(&self, device: &Device) -> (Basis, Option<f64>) {
        let errors = &self.group.errors;
        let precision = self.question.precision;
        let mut alike = self.group.cells.iter().filter(|c| c.precision == precision).peekable();
        if alike.peek().is_none() {
            return (Basis::ModelledOnly, None);
        }
        let on = |cell: &Cell| cell.chips.iter().any(|c| c == device.chip());
        let (same, others): (Vec<&Cell>, Vec<&Cell>) =
            alike.partition(|c| c.model == self.model.id);
        if same.iter().any(|c| on(c)) {
            let few = self.group.rows < MANY;
            (Basis::Measured, if few { errors.other_gpu } else { Some(errors.fitted) })
        } else if others.iter().any(|c| on(c)) {
            (Basis::OtherModel, errors.other_model)
        } else if same.is_empty() {
            (Basis::OtherGpu, larger(errors.other_gpu, errors.other_model))
        } else {
            (Basis::OtherGpu, errors.other_gpu)
        }
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).max_by(f64::total_cmp)
}

fn ceiling(devices: f64) -> u32 {
    // Counted down by halves: a cast of a float would cut it silently.
    let (mut low, mut high) = (1, u32::MAX);
    while low < high {
        let middle = low.midpoint(high);
        if f64::from(middle) < devices { low = middle + 1 } else { high = middle }
    }
    low
}
