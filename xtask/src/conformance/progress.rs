//! How far a run has come.

use crate::shell::{say, shown};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// Ginkgo writes one of these for each spec that has run.
const RAN: &[u8] = "\u{2022}".as_bytes();
/// So many specs are worth a line.
const STEP: usize = 20;

/// Runs ginkgo to its end: its output goes to a file, and the number of specs to the person who waits.
pub(super) fn watched(command: &mut Command, folder: &Path) -> Result<ExitStatus> {
    let file = folder.join("output.txt");
    say(&format!("running the suite; what it says goes to {}", shown(&file)));
    let mut file = File::create(&file)?;
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run ginkgo")?;
    let mut output = child.stdout.take().context("ginkgo has no output")?;
    let (start, mut seen, mut told) = (Instant::now(), Counter::default(), 0);
    let mut piece = [0; 8192];
    loop {
        let length = output.read(&mut piece).context("the output of ginkgo cannot be read")?;
        if length == 0 {
            break;
        }
        // A full disk shall not end what took half an hour.
        let _ = file.write_all(&piece[..length]);
        seen.read(&piece[..length]);
        if seen.count >= told + STEP {
            told = seen.count;
            say(&format!("{told} specs after {:.0?}", start.elapsed()));
        }
    }
    child.wait().context("ginkgo is lost")
}

/// Counts bullets, also where one is cut in two.
#[derive(Debug, Default)]
struct Counter {
    count: usize,
    matched: usize,
}

impl Counter {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.matched = if *byte == RAN[self.matched] {
                self.matched + 1
            } else {
                usize::from(*byte == RAN[0])
            };
            if self.matched == RAN.len() {
                self.count += 1;
                self.matched = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn bullets_are_counted_across_pieces() {
        let text = "\u{2022}SS\u{2022}\u{2026}S\u{2022} [FAILED]".as_bytes();
        for cut in 0..text.len() {
            let mut counter = Counter::default();
            counter.read(&text[..cut]);
            counter.read(&text[cut..]);
            assert_eq!(counter.count, 3, "{cut}");
        }
    }
}
