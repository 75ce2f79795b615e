//! What a process has used, as Linux says it; 0 where nobody says.

#![allow(dead_code, reason = "each benchmark asks for some of it")]

use std::fs::read_to_string;

/// A process: its number, or `self`.
#[derive(Clone, Debug)]
pub(crate) struct Process(String);

impl Process {
    /// This one.
    pub(crate) fn own() -> Self {
        Self("self".to_owned())
    }

    /// The one with this number.
    pub(crate) fn numbered(number: u32) -> Self {
        Self(number.to_string())
    }

    /// Seconds of a processor that it has used; on a busy machine they say more than a clock.
    pub(crate) fn used(&self) -> f64 {
        let text = read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
        ticks.sum::<f64>() / 100.0
    }

    /// Its bytes in memory.
    pub(crate) fn resident(&self) -> u64 {
        self.bytes("VmRSS:")
    }

    /// The most bytes that it has had in memory.
    pub(crate) fn peak(&self) -> u64 {
        self.bytes("VmHWM:")
    }

    fn bytes(&self, field: &str) -> u64 {
        let text = read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        number.unwrap_or_default() * 1024
    }
}
