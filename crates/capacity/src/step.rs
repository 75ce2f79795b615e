//! What an engine computes at once, and how long that takes.

/// What is computed in one step of continuous batching, on all GPUs of one replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Prompt tokens that are computed.
    pub prefill_tokens: u64,
    /// How many tokens those attend to, themselves included, summed: n(n + 1)/2 for a whole prompt of n.
    pub prefill_pairs: u64,
    /// Requests those belong to.
    pub prefill_requests: u32,
    /// Requests that get one more output token.
    pub decodes: u32,
    /// Tokens in the caches of those, the new ones included, summed.
    pub context: u64,
}

/// The time of steps without prefill is a line over the cached tokens, and flat below a least time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decode {
    /// Seconds, with empty caches.
    pub base: f64,
    /// Seconds for each cached token.
    pub per_token: f64,
    /// Seconds that a step takes at least, as kernels that no graph launches do; most often none.
    pub least: f64,
}

impl Decode {
    /// Seconds of a step with so many cached tokens.
    pub fn seconds(self, context: f64) -> f64 {
        (self.base + self.per_token * context).max(self.least)
    }

    /// The same steps, if they take so many times as long.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self {
            base: factor * self.base,
            per_token: factor * self.per_token,
            least: factor * self.least,
        }
    }
}

/// How long steps take, on one kind of deployment.
pub trait StepTime {
    /// Seconds of any step. Of one without prefill: those of [`Self::decode`].
    fn seconds(&self, step: &Step) -> f64;

    /// What steps without prefill take, by how many requests get a token (at least one).
    fn decode(&self, requests: u32) -> Decode;

    /// Seconds that the front end of a replica needs for a request with so long a prompt, to read it and make tokens of
    /// it. It handles one request after the other.
    fn front_end(&self, prompt: u32) -> f64;

    /// Seconds in which a request crosses processes after that. It holds up nobody else.
    fn crossing(&self) -> f64;
}
