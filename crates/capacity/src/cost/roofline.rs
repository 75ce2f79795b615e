//! [`StepTime`] of a deployment.

use std::sync::OnceLock;

use super::coefficients::{Arithmetic, AttentionCost, Coefficients, EngineCost, Gemm, Reduce};
use super::shape::{Product, Shape, products};
use crate::deployment::{Deployment, Graphs};
use crate::{Decode, Step, StepTime};

/// Experts on one GPU.
#[derive(Clone, Copy, Debug)]
struct Routed {
    count: f64,
    active: f64,
    /// Weights of one expert's share of this GPU.
    weights: f64,
    layers: f64,
}

/// A limit and how much of it is reached.
#[derive(Clone, Copy, Debug)]
struct Rates {
    gemm: Gemm,
    weight_bytes: f64,
    bandwidth: f64,
    operations: f64,
}

impl Rates {
    fn seconds(&self, bytes: f64, operations: f64) -> f64 {
        let (b, c) = (bytes / self.bandwidth, operations / self.operations);
        // Far from the ridge the smaller one does not count.
        let (low, high) = if b < c { (b, c) } else { (c, b) };
        let s = self.gemm.sharpness;
        self.gemm.fixed_us * 1e-6 + high * (1.0 + (low / high).powf(s)).powf(1.0 / s)
    }

    fn product(&self, rows: f64, p: &Product) -> f64 {
        let bytes = self.weight_bytes * p.outputs * p.inputs + 2.0 * rows * (p.inputs + p.outputs);
        p.times * self.seconds(bytes, 2.0 * rows * p.inputs * p.outputs)
    }
}

/// The least that physics allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// Seconds to read the weights once.
    pub weights: f64,
    /// Seconds to read one cached token.
    pub per_token: f64,
}

/// How many entries of the table of decodes are kept.
const TABLE: usize = 1024;
/// How many entries of the table of products are kept: vLLM's largest step.
const LARGEST: usize = 8192;
/// Share of the bandwidth that norms and activations reach (aiconfigurator's figure).
const PLAIN_BANDWIDTH: f64 = 0.8;

fn empty<T>(length: usize) -> Vec<OnceLock<T>> {
    (0..length).map(|_| OnceLock::new()).collect()
}

/// What a table keeps, computed when it is first asked for; what is beyond it is computed each time.
fn kept<T: Copy>(table: &[OnceLock<T>], at: u64, afresh: impl FnOnce() -> T) -> T {
    match usize::try_from(at).ok().and_then(|at| table.get(at)) {
        Some(entry) => *entry.get_or_init(afresh),
        None => afresh(),
    }
}

/// A deployment with its coefficients.
#[derive(Debug)]
pub struct Roofline {
    products: Vec<Product>,
    routed: Option<Routed>,
    /// Of the vocabulary.
    output: Product,
    blocks: Rates,
    experts: Rates,
    plain: Rates,
    attention: AttentionCost,
    reduce: Reduce,
    engine: EngineCost,
    shape: Shape,
    graphs: Graphs,
    table: Vec<OnceLock<Decode>>,
    /// By tokens of a step; most deployments are never simulated, and need no table.
    layers: OnceLock<Vec<OnceLock<Layers>>>,
    /// Seconds of the product with the vocabulary, by rows.
    outputs: Vec<OnceLock<f64>>,
}

/// Seconds of all layers over the tokens of a step, besides attention.
#[derive(Clone, Copy, Debug)]
struct Layers {
    blocks: f64,
    experts: f64,
    elementwise: f64,
    reductions: f64,
}

#[allow(clippy::cast_precision_loss)] // Counts are far below 2^52.
impl Roofline {
    /// The deployment's steps. `None` where nothing was fitted for its engine.
    pub fn new(deployment: &Deployment, coefficients: &Coefficients) -> Option<Self> {
        let kernels = coefficients.kernels(deployment.gpu.generation)?;
        let engine = *coefficients.engines.get(&deployment.engine)?;
        let shape = Shape::of(deployment);
        let rates = |weights: crate::Weights, bandwidth: f64, compute: f64| {
            let arithmetic = Arithmetic::of(weights, &deployment.gpu);
            let mut gemm = kernels.gemm(arithmetic);
            if arithmetic == Arithmetic::Fp8Block {
                gemm.fixed_us *= engine.block;
            }
            Rates {
                gemm,
                weight_bytes: weights.bytes(),
                bandwidth: shape.bandwidth
                    * (gemm.bandwidth * engine.bandwidth * bandwidth).min(1.0),
                operations: arithmetic.rate(&deployment.gpu)
                    * deployment.shares().1
                    * (gemm.compute * engine.compute * compute).min(1.0),
            }
        };
        let model = &deployment.model;
        let tp = shape.gpus;
        Some(Self {
            products: products(deployment),
            routed: model.experts.map(|e| Routed {
                count: e.count as f64,
                active: e.active as f64,
                weights: (3 * model.hidden * e.width) as f64 / tp,
                layers: e.layers as f64,
            }),
            output: Product { outputs: model.vocab as f64 / tp, inputs: shape.hidden, times: 1.0 },
            blocks: rates(deployment.block_weights(), 1.0, 1.0),
            experts: rates(deployment.weights, engine.experts, engine.experts_compute),
            plain: rates(crate::Weights::Bf16, 1.0, 1.0),
            attention: kernels.attention,
            reduce: kernels.reduce,
            engine,
            shape,
            graphs: deployment.graphs,
            table: empty(TABLE),
            layers: OnceLock::new(),
            outputs: empty(TABLE),
        })
    }

    /// What no kernel can go below: for each step, and for each cached token.
    pub fn floor(&self) -> Floor {
        let s = &self.shape;
        Floor { weights: s.weight_bytes / s.bandwidth, per_token: s.kv_bytes / s.bandwidth }
    }

    fn layers_afresh(&self, tokens: u64) -> Layers {
        let tokens = tokens as f64;
        Layers {
            blocks: self.products.iter().map(|p| self.blocks.product(tokens, p)).sum(),
            experts: self.routed.map_or(0.0, |r| self.routed_seconds(tokens, r)),
            elementwise: self.elementwise(tokens),
            reductions: self.reductions(tokens),
        }
    }

    /// Powers are slow, and a long prompt has many steps of as many tokens.
    fn layers(&self, tokens: u64) -> Layers {
        let table = self.layers.get_or_init(|| empty(LARGEST + 1));
        kept(table, tokens, || self.layers_afresh(tokens))
    }

    /// Experts that at least one of the tokens goes to are read; each token pays for its own.
    fn routed_seconds(&self, tokens: f64, r: Routed) -> f64 {
        let touched = r.count * (1.0 - (1.0 - r.active / r.count).powf(tokens));
        let bytes = touched * r.weights * self.experts.weight_bytes
            + 4.0 * tokens * r.active * self.shape.hidden;
        // Two launches: up with gate, and down.
        let fixed = (self.experts.gemm.fixed_us + self.engine.experts_layer_us) * 1e-6;
        r.layers * (fixed + self.experts.seconds(bytes, 2.0 * tokens * r.active * r.weights))
    }

    /// Norms, rotation, activation: they move bytes.
    fn elementwise(&self, tokens: f64) -> f64 {
        let s = &self.shape;
        let numbers = tokens * (8.0 * s.hidden + 2.0 * s.qkv + 3.0 * s.inner);
        s.layers * 2.0 * numbers / (s.bandwidth * PLAIN_BANDWIDTH)
    }

    fn reductions(&self, tokens: f64) -> f64 {
        let s = &self.shape;
        if s.gpus < 2.0 {
            return 0.0;
        }
        let ring =
            2.0 * (s.gpus - 1.0) / s.gpus * 2.0 * tokens * s.hidden / (s.link * self.reduce.link);
        2.0 * s.layers * ((self.reduce.fixed_us + self.reduce.each_us * s.gpus) * 1e-6 + ring)
    }

    fn prefill_attention(&self, step: &Step) -> f64 {
        let (a, s) = (&self.attention, &self.shape);
        let pairs =
            step.prefill_pairs as f64 * s.pair_operations / (s.operations * a.prefill_compute);
        let tokens = step.prefill_tokens as f64 * s.heads * a.prefill_head_ns * 1e-9;
        pairs + s.layers * (a.prefill_fixed_us * 1e-6 + tokens)
    }

    fn decode_attention(&self, requests: f64) -> Decode {
        let (a, s) = (&self.attention, &self.shape);
        let bytes = s.kv_bytes / (s.bandwidth * a.decode_bandwidth);
        Decode {
            base: s.layers
                * (a.decode_fixed_us * 1e-6 + a.decode_head_ns * 1e-9 * requests * s.heads),
            per_token: bytes.max(s.kv_operations / (s.operations * a.prefill_compute)),
            least: 0.0,
        }
    }

    /// What a step takes besides attention.
    fn dense(&self, tokens: u64, rows_out: u64) -> f64 {
        let (e, s) = (&self.engine, &self.shape);
        let added = e.layer_us * s.layers + e.latent_layer_us * s.latent_layers;
        let fixed = e.step_us + added + e.request_us * rows_out as f64;
        let layers = self.layers(tokens);
        let output = || self.plain.product(rows_out as f64, &self.output);
        let matrices = layers.blocks + kept(&self.outputs, rows_out, output) + layers.experts;
        matrices + layers.elementwise + layers.reductions + fixed * 1e-6
    }

    /// What the kernels of a step that is no graph take to be launched.
    fn launches(&self) -> f64 {
        let experts = self.routed.map_or(0.0, |r| r.layers * self.engine.experts_launch_us);
        let latent = self.engine.latent_launch_us * self.shape.latent_layers;
        (self.engine.launch_us * self.shape.layers + experts + latent) * 1e-6
    }

    fn decode_afresh(&self, requests: u32) -> Decode {
        let requests = requests.max(1);
        let attention = self.decode_attention(requests.into());
        let dense = self.dense(requests.into(), requests.into());
        let least = match self.graphs {
            Graphs::Replayed => 0.0,
            Graphs::Eager => self.launches(),
        };
        Decode { base: dense + attention.base, least, ..attention }
    }
}

impl StepTime for Roofline {
    #[allow(clippy::cast_precision_loss)]
    fn seconds(&self, step: &Step) -> f64 {
        if step.prefill_tokens == 0 {
            return self.decode(step.decodes).seconds(step.context as f64);
        }
        let tokens = step.prefill_tokens + u64::from(step.decodes);
        let rows = u64::from(step.prefill_requests) + u64::from(step.decodes);
        let mut seconds = self.dense(tokens, rows) + self.prefill_attention(step);
        if step.decodes > 0 {
            let decode = self.decode_attention(f64::from(step.decodes));
            seconds += decode.base + decode.per_token * step.context as f64;
        }
        seconds.max(self.launches())
    }

    fn decode(&self, requests: u32) -> Decode {
        kept(&self.table, requests.into(), || self.decode_afresh(requests))
    }

    fn front_end(&self, prompt: u32) -> f64 {
        self.engine.front_ms * 1e-3 + self.engine.prompt_us * 1e-6 * f64::from(prompt)
    }

    fn crossing(&self) -> f64 {
        self.engine.overhead_ms * 1e-3
    }
}
