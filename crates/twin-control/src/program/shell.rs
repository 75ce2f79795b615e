//! Commands, carried out without a machine.

use super::expand::device;
use super::syntax::{Command, Joint, List, Simple, Target};
use super::variables::{Scope, Variable};
use super::{Change, Course, End, Message, Scene, Scratch, Stream, Written, builtins};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many commands one program may run; there are no loops.
const STEPS: usize = 10_000;
/// How much it may write.
const BYTES: usize = 1 << 20;
/// Why commands are not gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// It does not say plainly what happens.
    Unclear,
    /// `exit`
    Exit,
    /// It waits forever.
    Never,
}

/// Where output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    Stream(Stream),
    Nowhere,
    /// To who asked for it: `$(…)`.
    Kept(String),
    File(String),
}

/// A shell in the middle of its work.
pub(super) struct Shell<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) variables: Vec<Variable>,
    /// The files that it wrote.
    pub(super) files: BTreeMap<String, String>,
    pub(super) status: u8,
    /// How the last `$(…)` of this command ended.
    pub(super) substituted: Option<u8>,
    pub(super) out: Sink,
    errors: Sink,
    elapsed: Duration,
    steps: usize,
    bytes: usize,
    course: Course,
}

/// What commands do, if it is plain.
pub(super) fn run(list: &List, scene: &Scene<'_>) -> Option<Course> {
    let scope = Scope::Programs;
    let variable = |(name, value): (&String, &String)| Variable {
        name: name.clone(),
        value: value.clone(),
        scope,
    };
    let mut shell = Shell {
        scene: *scene,
        variables: scene.environment.iter().map(variable).collect(),
        files: BTreeMap::from([(scene.message_path.to_owned(), String::new())]),
        status: 0,
        substituted: None,
        out: Sink::Stream(Stream::Out),
        errors: Sink::Stream(Stream::Error),
        elapsed: Duration::ZERO,
        steps: 0,
        bytes: 0,
        course: Course::default(),
    };
    match shell.list(list) {
        Err(Halt::Unclear) => return None,
        Err(Halt::Never) => {}
        Ok(()) | Err(Halt::Exit) => {
            shell.course.end = Some(End { after: shell.elapsed, code: shell.status });
        }
    }
    Some(shell.course)
}

impl Shell<'_> {
    pub(super) fn list(&mut self, list: &List) -> Result<(), Halt> {
        for step in &list.0 {
            let turn = match step.joint {
                Joint::Always => true,
                Joint::And => self.status == 0,
                Joint::Or => self.status != 0,
            };
            if turn {
                self.command(&step.command)?;
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Result<(), Halt> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(Halt::Unclear);
        }
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Not(inner) => {
                self.command(inner)?;
                self.status = u8::from(self.status == 0);
                Ok(())
            }
            Command::If { branches, otherwise } => {
                for branch in branches {
                    self.list(&branch.condition)?;
                    if self.status == 0 {
                        return self.list(&branch.body);
                    }
                }
                if otherwise.0.is_empty() {
                    self.status = 0;
                }
                self.list(otherwise)
            }
        }
    }

    fn simple(&mut self, simple: &Simple) -> Result<(), Halt> {
        self.substituted = None;
        let fields = self.fields(&simple.words)?;
        let export = fields.first().is_some_and(|it| it == "export");
        if export && fields.len() != simple.words.len() {
            return Err(Halt::Unclear);
        }
        let kept = (self.out.clone(), self.errors.clone());
        self.redirect(simple)?;
        let known = self.assign(simple)?;
        let done = match fields.split_first() {
            None if simple.words.is_empty() => {
                self.status = self.substituted.unwrap_or(0);
                Ok(())
            }
            // Words that vanish: what they assigned stays in some shells only.
            None => Err(Halt::Unclear),
            Some((name, _)) if builtins::is_special(name) && !simple.assignments.is_empty() => {
                Err(Halt::Unclear)
            }
            Some((name, arguments)) => self.program(name, arguments),
        };
        if let Some(known) = known {
            self.variables = known;
        }
        // What was kept of this command's output stays.
        if let (Sink::Kept(_), Sink::Kept(_)) = (&kept.0, &self.out) {
            self.errors = kept.1;
        } else {
            (self.out, self.errors) = kept;
        }
        done
    }

    fn redirect(&mut self, simple: &Simple) -> Result<(), Halt> {
        for redirect in &simple.redirects {
            let sink = match &redirect.to {
                Target::Stream(stream) => self.sink(*stream)?,
                Target::File(word) => {
                    let path = self.joined(word)?;
                    self.opened(&path, String::new())?
                }
                Target::End(word) => {
                    let path = self.joined(word)?;
                    let text = self.files.get(&path).cloned().unwrap_or_default();
                    self.grow(text.len())?;
                    self.opened(&path, text)?
                }
            };
            match redirect.from {
                Stream::Out => self.out = sink,
                Stream::Error => self.errors = sink,
            }
        }
        Ok(())
    }

    fn sink(&self, stream: Stream) -> Result<Sink, Halt> {
        let sink = match stream {
            Stream::Out => &self.out,
            Stream::Error => &self.errors,
        };
        // Two streams into one text that is still being written.
        if let Sink::Kept(_) = sink { Err(Halt::Unclear) } else { Ok(sink.clone()) }
    }

    /// A file that is written from now on.
    fn opened(&mut self, path: &str, text: String) -> Result<Sink, Halt> {
        if path == "/dev/null" {
            return Ok(Sink::Nowhere);
        }
        if let Some(stream) = device(path) {
            return self.sink(stream);
        }
        self.store(path, text)?;
        Ok(Sink::File(path.to_owned()))
    }

    /// Makes a file what it now is.
    pub(super) fn store(&mut self, path: &str, text: String) -> Result<(), Halt> {
        self.grow(text.len())?;
        let own = path.strip_prefix("/tmp/");
        let own = own.is_some_and(|name| !name.is_empty() && !name.contains('/'))
            && self.scene.scratch == Scratch::Own;
        if path == self.scene.message_path {
            self.course.messages.push(Message { after: self.elapsed, text: text.clone() });
        } else if !own {
            // Whether there is such a folder, and whether it can be written to.
            return Err(Halt::Unclear);
        } else {
            let (after, path) = (self.elapsed, path.to_owned());
            self.course.files.push(Change { after, path, text: Some(text.clone()) });
        }
        self.files.insert(path.to_owned(), text);
        Ok(())
    }

    /// Takes a file of its own away.
    pub(super) fn forget(&mut self, path: &str) -> Result<(), Halt> {
        if path == self.scene.message_path || self.files.remove(path).is_none() {
            return Err(Halt::Unclear);
        }
        let (after, path) = (self.elapsed, path.to_owned());
        self.course.files.push(Change { after, path, text: None });
        Ok(())
    }

    /// The text of a file; nothing, if there is none.
    pub(super) fn found(&self, path: &str) -> Result<Option<String>, Halt> {
        match self.files.get(path).cloned().or_else(|| self.scene.files.text(path)) {
            Some(text) => Ok(Some(text)),
            None if self.scene.files.is_missing(path) => Ok(None),
            None => Err(Halt::Unclear),
        }
    }

    /// Writes to where output goes.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Halt> {
        self.grow(text.len())?;
        self.send(Stream::Out, text)
    }

    /// Writes to where errors go.
    pub(super) fn complain(&mut self, text: &str) -> Result<(), Halt> {
        self.grow(text.len())?;
        self.send(Stream::Error, text)
    }

    fn send(&mut self, from: Stream, text: &str) -> Result<(), Halt> {
        let sink = match from {
            Stream::Out => &mut self.out,
            Stream::Error => &mut self.errors,
        };
        match sink {
            Sink::Nowhere => Ok(()),
            Sink::Kept(kept) => {
                kept.push_str(text);
                Ok(())
            }
            Sink::Stream(_) if text.is_empty() => Ok(()),
            Sink::Stream(stream) => {
                let (after, text) = (self.elapsed, text.to_owned());
                self.course.written.push(Written { after, stream: *stream, text });
                Ok(())
            }
            Sink::File(path) => {
                let path = path.clone();
                let text = format!("{}{text}", self.files.get(&path).map_or("", String::as_str));
                self.store(&path, text)
            }
        }
    }

    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Halt> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > BYTES { Err(Halt::Unclear) } else { Ok(()) }
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.elapsed = self.elapsed.saturating_add(time);
    }

    /// What commands write that run for it in a shell of their own.
    pub(super) fn output(&mut self, list: &List) -> Result<String, Halt> {
        let known = self.copied_variables()?;
        let out = std::mem::replace(&mut self.out, Sink::Kept(String::new()));
        let before = self.status;
        let halted = self.list(list);
        self.variables = known;
        self.substituted = Some(std::mem::replace(&mut self.status, before));
        match (halted, std::mem::replace(&mut self.out, out)) {
            (Ok(()) | Err(Halt::Exit), Sink::Kept(text)) => Ok(text),
            (Err(halt), _) => Err(halt),
            (Ok(()), _) => Err(Halt::Unclear),
        }
    }
}
