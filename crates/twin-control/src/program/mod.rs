//! What a program does, as far as its command line says it plainly.
//!
//! `sleep 5`, `sh -c 'echo $A && exit 3'`: of such a line follow the exit code, the time it takes and
//! what it writes. [`read`] says so, or nothing where it would have to guess: a pipe, a loop, a program
//! it does not know, a variable that an image may have set. What `dash`, `bash` and `busybox` do
//! differently is guessing too. Time, output and steps have bounds.

mod builtins;
mod expand;
mod parse;
mod scanner;
mod shell;
mod syntax;
mod variables;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

/// A command line that is longer is not read.
const LONGEST: usize = 64 << 10;

/// What a program finds where it runs.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Its variables.
    pub environment: &'a BTreeMap<String, String>,
    pub files: &'a dyn Files,
    /// Where it may say why it ended.
    pub message_path: &'a str,
    pub scratch: Scratch,
}

/// What is known of `/tmp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scratch {
    /// The program may write there, and nobody else does.
    Own,
    Unknown,
}

/// The files that are known.
pub trait Files: Debug {
    /// The text of a file, if it is known.
    fn text(&self, path: &str) -> Option<String>;

    /// Whether it is known that there is nothing at a path.
    fn is_missing(&self, _path: &str) -> bool {
        false
    }
}

/// What a program does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// How it ends; it runs forever, if it does not.
    pub end: Option<End>,
    /// What it writes, in order.
    pub written: Vec<Written>,
    /// What the file of its last words holds, from each time on.
    pub messages: Vec<Message>,
    /// What becomes of the other files that it writes, in order.
    pub files: Vec<Change>,
}

/// What a program makes of a file at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From its start.
    pub after: Duration,
    pub path: String,
    /// Nothing, if it takes it away.
    pub text: Option<String>,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// From its start.
    pub after: Duration,
    pub code: u8,
}

/// What a program wrote at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// From its start.
    pub after: Duration,
    pub stream: Stream,
    pub text: String,
}

/// What a program says of its end, from a time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// From its start.
    pub after: Duration,
    pub text: String,
}

/// Where a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Error,
}

/// Whether a program of this name or path is known.
pub(crate) fn is_known(program: &str) -> bool {
    let name = name(program);
    is_shell(name) || builtins::is_program(name)
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "ash" | "dash")
}

/// The name of a program that lies where programs lie.
fn name(program: &str) -> &str {
    let name = program.strip_prefix("/usr").unwrap_or(program);
    name.strip_prefix("/bin/").unwrap_or(program)
}

/// What a program does whose words are these; nothing, if they do not say it plainly.
pub fn read(words: &[String], scene: &Scene<'_>) -> Option<Course> {
    let long = words.iter().map(String::len).sum::<usize>() > LONGEST;
    if long || words.iter().any(|word| word.contains('\0')) {
        return None;
    }
    let (program, arguments) = words.split_first()?;
    let name = name(program);
    match name {
        _ if is_shell(name) => match arguments {
            [flag, text, ..] if flag == "-c" => shell::run(&parse::parse(text)?, scene),
            _ => None,
        },
        _ if builtins::is_program(name) => shell::run(&syntax::alone(name, arguments), scene),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
