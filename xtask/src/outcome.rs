//! What the lines of `cargo test` say: how many tests passed, which failed and on what.

use std::collections::BTreeMap;

/// Lines of a panic's message that are kept; the whole stands further up in the output.
const KEPT: usize = 12;

/// Tests that failed, and the first lines of why.
pub(crate) type Failures = BTreeMap<String, Vec<String>>;

/// What one or more runs of `cargo test` came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
    /// Whether cargo called it a success; false too where something did not compile.
    pub(crate) success: bool,
    pub(crate) failures: Failures,
    messages: Failures,
    place: Place,
}

/// Where in the output the next line stands.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Anywhere,
    /// In the message of a test's panic.
    Message(String),
    /// In the list of tests that failed.
    Names,
}

impl Outcome {
    /// Takes the next line.
    pub(crate) fn read(&mut self, line: &str) {
        if line.starts_with("test result: ") {
            self.passed += count(line, " passed");
            self.failed += count(line, " failed");
            self.ignored += count(line, " ignored");
        }
        self.place = match std::mem::take(&mut self.place) {
            _ if line == "failures:" => Place::Names,
            Place::Names => self.name(line),
            _ if panicking(line).is_some() => self.panic(line),
            Place::Message(test) => self.message(test, line),
            Place::Anywhere => Place::Anywhere,
        };
    }

    fn panic(&mut self, line: &str) -> Place {
        let test = panicking(line).unwrap_or_default().to_owned();
        // The first panic of a test is the reason; others follow from it.
        if self.messages.contains_key(&test) {
            return Place::Anywhere;
        }
        self.messages.insert(test.clone(), vec![line.to_owned()]);
        Place::Message(test)
    }

    fn message(&mut self, test: String, line: &str) -> Place {
        let kept = self.messages.entry(test.clone()).or_default();
        if line.starts_with("stack backtrace:") || line.starts_with("note:") || kept.len() > KEPT {
            return Place::Anywhere;
        }
        kept.push(line.to_owned());
        Place::Message(test)
    }

    /// A line of a list of names, which a blank line opens or ends.
    fn name(&mut self, line: &str) -> Place {
        match line.strip_prefix("    ") {
            Some(test) if !test.contains(' ') => {
                let why = self.messages.remove(test).unwrap_or_default();
                self.failures.insert(test.to_owned(), why);
                Place::Names
            }
            _ if panicking(line).is_some() => self.panic(line),
            // Before the names stands what each test wrote.
            _ if line.is_empty() || line.starts_with("---- ") => Place::Names,
            _ => Place::Anywhere,
        }
    }

    /// Adds tests that an earlier run counted as ignored.
    pub(crate) fn add_ignored(&mut self, more: Self) {
        self.ignored -= (more.passed + more.failed).min(self.ignored);
        self.passed += more.passed;
        self.failed += more.failed;
        self.failures.extend(more.failures);
        self.success &= more.success;
    }
}

/// The test that a line like `thread 'a::b' (12) panicked at …` speaks of.
fn panicking(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("thread '")?;
    let (test, rest) = rest.split_once('\'')?;
    rest.contains("panicked at").then_some(test)
}

/// The number before a word.
fn count(line: &str, word: &str) -> usize {
    let before = line.split_once(word).map_or("", |(before, _)| before);
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    fn outcome(text: &str) -> Outcome {
        let mut outcome = Outcome::default();
        text.lines().for_each(|line| outcome.read(line));
        outcome
    }

    #[test]
    fn results_add_up() {
        let outcome = outcome(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
             test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured\n\
             test it_was ... ok",
        );
        assert_eq!((outcome.passed, outcome.failed, outcome.ignored), (13, 2, 1));
    }

    #[test]
    fn a_failure_keeps_its_reason() {
        let outcome = outcome(
            "test a::b ... FAILED\n\nfailures:\n\n---- a::b stdout ----\n\n\
             thread 'a::b' (7) panicked at crates/a.rs:3:5:\nassertion failed\n  left: 1\n\
             stack backtrace:\n   0: main\n\n\nfailures:\n    a::b\n    c\n\n\
             test result: FAILED. 0 passed; 2 failed; 0 ignored",
        );
        assert_eq!(outcome.failures["a::b"].len(), 3);
        assert_eq!(outcome.failures["a::b"][1], "assertion failed");
        assert!(outcome.failures["c"].is_empty());
    }

    #[test]
    fn a_reason_is_seen_amid_other_output() {
        let outcome = outcome(
            "test x ... orders: 3\nthread 'x' panicked at t.rs:1:1:\n1 of 9 failed\n\
             note: run with `RUST_BACKTRACE=1`\nFAILED\n\nfailures:\n\nfailures:\n    x\n\n",
        );
        assert_eq!(outcome.failures["x"], ["thread 'x' panicked at t.rs:1:1:", "1 of 9 failed"]);
    }
}
