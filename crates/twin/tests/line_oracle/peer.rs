//! The program of `tests/cluster/line-oracle`: Kubernetes' own functions.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// It ends with this value.
pub(crate) struct Peer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the program is: `MUSTER_LINE_ORACLE` names it, else the cache of `cargo xtask cluster` has it.
fn program() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cached = home.map(|home| home.join(".cache/muster/cluster/bin/line-oracle"));
    let named = std::env::var_os("MUSTER_LINE_ORACLE").map(PathBuf::from);
    named.into_iter().chain(cached).find(|path| path.exists())
}

impl Peer {
    pub(crate) fn start() -> Option<Self> {
        let mut command = Command::new(program()?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, questions, answers })
    }

    /// The answers, in the order of the questions.
    pub(crate) fn ask(&mut self, questions: &[Value]) -> Vec<Value> {
        let (write, read) = (&mut self.questions, &mut self.answers);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for question in questions {
                    writeln!(write, "{question}").unwrap();
                }
                write.flush().unwrap();
            });
            let mut line = String::new();
            let answer = |_| {
                line.clear();
                read.read_line(&mut line).unwrap();
                serde_json::from_str(&line).unwrap()
            };
            questions.iter().map(answer).collect()
        })
    }
}
