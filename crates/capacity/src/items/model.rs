//! Models whose requests are one item each, as data.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Precision;
use crate::nearest;

/// How a network computes; what was learnt on one holds for others of its family.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Convolution,
    Encoder,
    Diffusion,
}

/// One pass of a network over one item.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    pub parameters: f64,
    /// Operations, two for each multiply and add.
    pub flops: f64,
    /// Numbers that operators write.
    pub outputs: f64,
    /// Operators after fusion.
    pub kernels: f64,
}

/// What a model does with an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// The same for each item.
    Fixed(Pass),
    /// A stack of attention over as many tokens as the item has.
    Encoder { layers: f64, hidden: f64, feed_forward: f64 },
    /// A U-Net, twice for each step (with the prompt and without); text encoder and decoder once.
    Diffusion { unet: Pass, ends: Pass },
}

/// A model.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemModel {
    pub id: String,
    pub aliases: Vec<String>,
    pub name: String,
    /// What is counted: `image`.
    pub item: String,
    pub family: Family,
    pub shape: Shape,
    pub source: String,
    parameters: f64,
    peak: f64,
    size: u32,
    most: u32,
}

/// What one item of a size costs, and what a batch costs once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Operations of an item.
    pub flops: f64,
    /// Numbers an item's operators write.
    pub outputs: f64,
    /// Weights a batch reads, some of them several times.
    pub weights: f64,
    /// Operators a batch starts.
    pub kernels: f64,
    /// Weights that stay in memory.
    pub parameters: f64,
    /// Numbers of an item that are alive at once.
    pub peak: f64,
}

/// Operators of a layer of an encoder after fusion: three of attention, its output, two of the network
/// behind it, two norms.
const ENCODER_KERNELS: f64 = 8.0;
/// A picture is denoised with its prompt and without it.
const GUIDANCE: f64 = 2.0;

impl ItemModel {
    /// The size that is taken where none is given: tokens, steps; one where items are alike.
    pub fn usual_size(&self) -> u32 {
        self.size
    }

    /// The largest size.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// What items of a size cost.
    pub fn work(&self, size: u32) -> Work {
        let n = f64::from(size);
        match self.shape {
            Shape::Fixed(pass) => Work {
                flops: pass.flops,
                outputs: pass.outputs,
                weights: pass.parameters,
                kernels: pass.kernels,
                parameters: self.parameters,
                peak: self.peak,
            },
            Shape::Encoder { layers, hidden: d, feed_forward: ff } => {
                let matrices = 4.0 * d * d + 2.0 * d * ff;
                Work {
                    flops: layers * (2.0 * n * matrices + 4.0 * n * n * d),
                    outputs: layers * n * (8.0 * d + ff),
                    weights: layers * matrices,
                    kernels: layers * ENCODER_KERNELS,
                    parameters: self.parameters,
                    peak: n * (3.0 * d + ff),
                }
            }
            Shape::Diffusion { unet, ends } => Work {
                flops: GUIDANCE * n * unet.flops + ends.flops,
                outputs: GUIDANCE * n * unet.outputs + ends.outputs,
                weights: n * unet.parameters + ends.parameters,
                kernels: n * unet.kernels + ends.kernels,
                parameters: self.parameters,
                peak: self.peak,
            },
        }
    }

    /// Bytes that weights take.
    pub fn weight_bytes(&self, precision: Precision) -> f64 {
        self.parameters * precision.bytes()
    }
}

/// No model has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no model of items is called `{name}`; did you mean `{nearest}`? Known are {known}")]
pub struct UnknownModel {
    pub name: String,
    pub nearest: String,
    pub known: String,
}

/// All of them.
pub fn models() -> &'static [ItemModel] {
    &MODELS
}

/// The model of that id or alias.
///
/// # Errors
/// With what is known.
pub fn model(name: &str) -> Result<&'static ItemModel, UnknownModel> {
    let named = |m: &&ItemModel| names(m).any(|n| n.eq_ignore_ascii_case(name));
    MODELS.iter().find(named).ok_or_else(|| UnknownModel {
        name: name.to_owned(),
        nearest: nearest::of(name, MODELS.iter().flat_map(names)).to_owned(),
        known: MODELS.iter().map(|m| m.id.as_str()).collect::<Vec<_>>().join(", "),
    })
}

fn names(model: &ItemModel) -> impl Iterator<Item = &str> {
    std::iter::once(model.id.as_str()).chain(model.aliases.iter().map(String::as_str))
}

static MODELS: LazyLock<Vec<ItemModel>> =
    LazyLock::new(|| super::data::file().model.into_iter().map(ItemModel::from).collect());

/// As it is written.
#[derive(Deserialize)]
pub(super) struct Written {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    name: String,
    item: String,
    family: Family,
    source: String,
    parameters: f64,
    #[serde(default)]
    peak: f64,
    #[serde(flatten)]
    form: Form,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Encoder { layers: f64, hidden: f64, feed_forward: f64, tokens: u32, most_tokens: u32 },
    Diffusion { unet: Pass, ends: Pass, steps: u32, most_steps: u32 },
    Fixed { flops: f64, outputs: f64, kernels: f64 },
}

impl From<Written> for ItemModel {
    fn from(w: Written) -> Self {
        let parameters = w.parameters;
        let (shape, size, most) = match w.form {
            Form::Fixed { flops, outputs, kernels } => {
                (Shape::Fixed(Pass { parameters, flops, outputs, kernels }), 1, 1)
            }
            Form::Encoder { layers, hidden, feed_forward, tokens, most_tokens } => {
                (Shape::Encoder { layers, hidden, feed_forward }, tokens, most_tokens)
            }
            Form::Diffusion { unet, ends, steps, most_steps } => {
                (Shape::Diffusion { unet, ends }, steps, most_steps)
            }
        };
        Self {
            id: w.id,
            aliases: w.aliases,
            name: w.name,
            item: w.item,
            family: w.family,
            shape,
            source: w.source,
            parameters,
            peak: w.peak,
            size,
            most,
        }
    }
}
