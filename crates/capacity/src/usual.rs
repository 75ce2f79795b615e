//! What is taken for granted of requests and promises where nobody says it: a chat.

/// Milliseconds between an answer and the next request of the same person.
pub const THINK_MS: u64 = 30_000;
/// Tokens of a prompt.
pub const PROMPT: u32 = 1_024;
/// Tokens of an answer.
pub const OUTPUT: u32 = 256;
/// Promised milliseconds to the first token.
pub const TTFT_MS: u64 = 500;
/// Promised milliseconds for each token after it.
pub const TPOT_MS: u64 = 50;
/// How many GPUs of a kind may compute a step together.
pub const TENSOR_PARALLEL: [u32; 4] = [1, 2, 4, 8];
