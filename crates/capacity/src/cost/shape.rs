//! What a step computes and reads on one GPU.

use crate::deployment::Deployment;
use crate::model::Attention;

/// A weight matrix of `outputs` × `inputs` on one GPU, and how often it occurs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) outputs: f64,
    pub(super) inputs: f64,
    pub(super) times: f64,
}

/// Sizes on one GPU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) layers: f64,
    /// Those with latent attention.
    pub(super) latent_layers: f64,
    pub(super) hidden: f64,
    pub(super) heads: f64,
    /// Numbers of queries, keys and values on one GPU.
    pub(super) qkv: f64,
    /// Inner width on one GPU that a token sees.
    pub(super) inner: f64,
    /// Operations for a pair of tokens on one GPU, all layers.
    pub(super) pair_operations: f64,
    pub(super) kv_bytes: f64,
    /// Operations for a cached token and a new one, all layers, where they count (MLA).
    pub(super) kv_operations: f64,
    pub(super) gpus: f64,
    /// One direction of the link, bytes a second.
    pub(super) link: f64,
    /// Bytes a second, raw.
    pub(super) bandwidth: f64,
    /// 16-bit operations a second, raw.
    pub(super) operations: f64,
    pub(super) weight_bytes: f64,
}

#[allow(clippy::cast_precision_loss)]
impl Shape {
    pub(super) fn of(d: &Deployment) -> Self {
        let m = &d.model;
        let tp = f64::from(d.tensor_parallel.max(1));
        let (bandwidth_share, compute_share) = d.shares();
        let heads = m.heads as f64 / tp;
        let full = m.full_layers as f64;
        let (qkv, pair, kv_operations) = match m.attention {
            Attention::Grouped { kv_heads, head_dim } => {
                let kv = kv_heads as f64 / tp.min(kv_heads as f64);
                ((heads + 2.0 * kv) * head_dim as f64, 4.0 * head_dim as f64, 0.0)
            }
            Attention::Latent { kv_rank, rope, nope, value, .. } => {
                let width = (nope + rope + value) as f64;
                (
                    heads * width + (kv_rank + rope) as f64,
                    2.0 * width,
                    full * heads * 2.0 * (2 * kv_rank + rope) as f64,
                )
            }
        };
        let inner = m.experts.map_or(m.ffn, |e| e.active * e.width + e.shared_width) as f64 / tp;
        Self {
            layers: m.layers as f64,
            latent_layers: match m.attention {
                Attention::Latent { .. } => m.layers as f64,
                Attention::Grouped { .. } => 0.0,
            },
            hidden: m.hidden as f64,
            heads,
            qkv,
            inner,
            pair_operations: full * heads * pair,
            kv_bytes: d.kv_bytes(),
            kv_operations,
            gpus: tp,
            link: d.gpu.link.gb_s * 0.5e9,
            bandwidth: d.gpu.bandwidth * 1e9 * bandwidth_share,
            operations: d.gpu.fp16 * 1e12 * compute_share,
            weight_bytes: d.floor_bytes(),
        }
    }
}

/// The weight matrices of all layers outside routed experts.
#[allow(clippy::cast_precision_loss)]
pub(super) fn products(d: &Deployment) -> Vec<Product> {
    let m = &d.model;
    let tp = f64::from(d.tensor_parallel.max(1));
    let (hidden, heads, layers) = (m.hidden as f64, m.heads as f64 / tp, m.layers as f64);
    let of = |outputs: f64, inputs: f64, times: f64| Product { outputs, inputs, times };
    let mut all = match m.attention {
        Attention::Grouped { kv_heads, head_dim } => {
            let (kv, dim) = (kv_heads as f64 / tp.min(kv_heads as f64), head_dim as f64);
            vec![of((heads + 2.0 * kv) * dim, hidden, layers), of(hidden, heads * dim, layers)]
        }
        Attention::Latent { q_rank, kv_rank, rope, nope, value } => {
            let (query, kv) = (heads * (nope + rope) as f64, (kv_rank + rope) as f64);
            let mut of_latent = match q_rank {
                Some(r) => vec![of(r as f64 + kv, hidden, layers), of(query, r as f64, layers)],
                None => vec![of(query + kv, hidden, layers)],
            };
            of_latent.push(of(heads * (nope + value) as f64, kv_rank as f64, layers));
            of_latent.push(of(hidden, heads * value as f64, layers));
            of_latent
        }
    };
    let mut network = |width: f64, up: f64, times: f64| {
        if width > 0.0 && times > 0.0 {
            all.push(of(up * width / tp, hidden, times));
            all.push(of(hidden, width / tp, times));
        }
    };
    network(m.ffn as f64, (m.ffn_matrices - 1) as f64, m.dense_layers() as f64);
    if let Some(e) = m.experts {
        network(e.shared_width as f64, 2.0, e.layers as f64);
        all.push(of(e.count as f64, hidden, e.layers as f64));
    }
    all
}
