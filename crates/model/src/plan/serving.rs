//! Models that answer people: what was computed for what they are promised.

use serde::Serialize;

/// A service that serves a model, planned from `x-muster.inference`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    /// Compose service.
    pub service: String,
    /// The question.
    pub asked: ServingQuestion,
    /// What was planned; its `needed` replicas are those that the load needs.
    pub chosen: ServingOption,
    /// Replicas of the plan: the fewest and the most.
    pub replicas: (u32, u32),
    /// Whether those keep the promise.
    pub promise: Kept,
    /// All that keep it, cheapest first; the chosen one among them.
    pub options: Vec<ServingOption>,
    /// Deployments that cannot, each with the reason.
    pub impossible: Vec<(String, String)>,
    /// Deployments that would cost many times as much.
    pub dearer: Vec<String>,
    /// The day of the list prices.
    pub prices: String,
    /// Latency of one replica of the chosen option against its load.
    pub curve: Curve,
}

/// Who asks what of a model, and what they are promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServingQuestion {
    /// The model.
    pub model: String,
    /// In what its weights are kept.
    pub weights: String,
    /// The engine whose steps were modelled.
    pub engine: String,
    /// People at once.
    pub users: u32,
    /// Between an answer and the next request of the same person.
    pub think_ms: u64,
    /// Tokens of a prompt.
    pub prompt: u32,
    /// Tokens of an answer.
    pub output: u32,
    /// Promised time to the first token.
    pub ttft_ms: u64,
    /// Promised time for each token after it.
    pub tpot_ms: u64,
    /// Which percentile of the requests the promise is kept for: `p95`.
    pub percentile: String,
}

/// Whether planned replicas keep a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kept {
    /// Also when one of them fails.
    WithSpare,
    /// As long as none of them fails.
    WithoutSpare,
    /// Only if an autoscaler that follows the CPU happens to start more of them.
    Perhaps,
    /// There are too few.
    No,
}

/// A kind of deployment that keeps the promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServingOption {
    /// As people say it: `2 × h100`, `3g.40gb of a100-80gb`.
    pub name: String,
    /// The kind of GPU.
    pub gpu: String,
    /// GPUs that compute a step of one replica together.
    pub tensor_parallel: u32,
    /// The MIG profile, if a replica gets a slice.
    pub slice: Option<String>,
    /// Replicas that the load needs.
    pub needed: u32,
    /// Replicas more, so that one may fail.
    pub spare: u32,
    /// GPUs of a replica: a slice is a share of one.
    pub gpus_each: f64,
    /// People for whom one replica has room.
    pub seats: f64,
    /// Between how many of them, as far off as nine of ten measurements were.
    pub seats_between: Option<(f64, f64)>,
    /// Requests that one replica then has in flight, in the mean.
    pub in_flight: f64,
    /// Time to the first token.
    pub ttft: Latency,
    /// Time for each token after it.
    pub tpot: Latency,
    /// What more of would serve more people.
    pub bound_by: String,
    /// `calibrated`, `extrapolated` or `modelled only`.
    pub basis: String,
    /// Dollars for an hour of all replicas, at list prices.
    pub cost_per_hour: Option<f64>,
}

/// Milliseconds of requests, at a replica that is as full as the promise allows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Half of the requests are no slower.
    pub p50: f64,
    /// 95 of 100.
    pub p95: f64,
    /// 99 of 100.
    pub p99: f64,
    /// Nine of ten measurements were between these multiples of what was predicted.
    pub between: Option<(f64, f64)>,
}

/// Latency against requests in flight, on one replica.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Curve {
    /// From few to many.
    pub points: Vec<CurvePoint>,
    /// Where the first token takes five times as long as alone, if that was reached.
    pub knee: Option<u32>,
}

/// A point of a [`Curve`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CurvePoint {
    /// Requests in flight.
    pub in_flight: u32,
    /// Time to the first token.
    pub ttft: Latency,
    /// Time for each token after it.
    pub tpot: Latency,
}
