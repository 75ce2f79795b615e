//! Settings of an engine.

use thiserror::Error;

/// One replica's engine: its limits, and room for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Blocks of the cache, after weights and everything else that needs memory.
    pub blocks: u32,
    /// Tokens in a block; vLLM's default is 16.
    pub block_tokens: u32,
    /// Requests in a batch (vLLM's `max_num_seqs`).
    pub max_sequences: u32,
    /// Tokens computed in a step (vLLM's `max_num_batched_tokens`).
    pub max_batched_tokens: u32,
    /// Tokens of a prompt with its answer (vLLM's `max_model_len`).
    pub max_tokens: u32,
    /// When a request leaves the queue.
    pub admission: Admission,
    /// With what prompts share steps.
    pub prompts: Prompts,
    /// Whether prompts that begin alike share blocks.
    pub prefix_cache: PrefixCache,
}

/// How much room there has to be before a request leaves the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// For the first piece of its prompt (vLLM up to 0.18).
    FirstPiece,
    /// For its prompt (vLLM since).
    #[default]
    Prompt,
    /// For its prompt and all of its answer: nothing is ever pushed out (TensorRT-LLM's guaranteed no evict).
    Everything,
}

/// With what prompts share steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompts {
    /// Every step gives each request of the batch its token, and what is left of the budget goes to prompts, in pieces
    /// if need be (vLLM).
    #[default]
    Mixed,
    /// The same, but no prompt is cut: it waits for a step that has room for all of it, or has a step with no other
    /// (TensorRT-LLM without chunked context).
    Whole,
    /// As long as there are prompts and room for them, steps compute nothing else, and the batch waits (`SGLang`). A
    /// block for each request of the batch stays free.
    Alone,
}

/// Whether prompts that begin alike share blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrefixCache {
    /// Blocks keep their tokens until they are needed; the longest unused goes first.
    #[default]
    On,
    /// Every prompt is computed as a whole.
    Off,
}

/// Settings that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EngineFault {
    /// A limit of zero.
    #[error("{what} is 0: nothing could ever run")]
    Zero {
        /// Which.
        what: &'static str,
    },
    /// More than is kept in memory.
    #[error("{what} is {given}: at most {most} are simulated")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// As given.
        given: u32,
        /// The limit.
        most: u32,
    },
    /// A batch that its budget does not allow.
    #[error(
        "a step of {tokens} tokens cannot serve {sequences} sequences: allow at least one token each"
    )]
    Budget {
        /// Tokens in a step.
        tokens: u32,
        /// Sequences in a batch.
        sequences: u32,
    },
}

/// A table has a row for each token of a block.
const MOST_BLOCK_TOKENS: u32 = 65_536;
/// Replicas that are simulated at once.
pub(super) const MOST_REPLICAS: u32 = 10_000;

impl Engine {
    /// Whether something can run on it.
    pub fn check(&self) -> Result<(), EngineFault> {
        let limits = [
            (self.blocks, "the number of blocks"),
            (self.block_tokens, "the size of blocks"),
            (self.max_sequences, "the number of sequences"),
            (self.max_tokens, "the length of requests"),
        ];
        for (limit, what) in limits {
            if limit == 0 {
                return Err(EngineFault::Zero { what });
            }
        }
        let (what, given, most) = ("the size of blocks", self.block_tokens, MOST_BLOCK_TOKENS);
        if given > most {
            return Err(EngineFault::TooMany { what, given, most });
        }
        let (tokens, sequences) = (self.max_batched_tokens, self.max_sequences);
        if tokens < sequences { Err(EngineFault::Budget { tokens, sequences }) } else { Ok(()) }
    }

    /// Tokens that fit into the cache.
    pub fn cached_tokens(&self) -> u64 {
        u64::from(self.blocks) * u64::from(self.block_tokens)
    }

    /// Blocks for so many tokens.
    pub(super) fn blocks_for(&self, tokens: u64) -> u64 {
        tokens.div_ceil(u64::from(self.block_tokens))
    }

    /// Blocks that so many tokens more take of a prompt that was admitted.
    pub(super) fn blocks_for_piece(&self, cached: u64, tokens: u64) -> u64 {
        match self.admission {
            Admission::Everything => 0,
            Admission::FirstPiece | Admission::Prompt => {
                self.blocks_for(cached + tokens) - self.blocks_for(cached)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Engine, EngineFault, PrefixCache, Prompts};

    #[test]
    fn contradictions_are_named() {
        let engine = Engine {
            blocks: 1,
            block_tokens: 16,
            max_sequences: 8,
            max_batched_tokens: 8,
            max_tokens: 10,
            admission: Admission::Prompt,
            prompts: Prompts::Mixed,
            prefix_cache: PrefixCache::Off,
        };
        assert_eq!(engine.check(), Ok(()));
        let tight = Engine { max_batched_tokens: 7, ..engine };
        assert_eq!(tight.check(), Err(EngineFault::Budget { tokens: 7, sequences: 8 }));
        let endless = Engine { block_tokens: u32::MAX, ..engine };
        assert!(matches!(endless.check(), Err(EngineFault::TooMany { most: 65_536, .. })));
        let none = Engine { block_tokens: 0, ..engine };
        assert_eq!(none.check(), Err(EngineFault::Zero { what: "the size of blocks" }));
    }
}
