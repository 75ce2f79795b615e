//! What a Dockerfile says about the stage that is built.

mod lines;

use crate::context::Context;
use crate::interpolate::{self, Variables};
use crate::service::signal_name;
use crate::words;
use lines::Instruction;
use model::project::{Build, Dockerfile, HealthTest, Healthcheck, Protocol};
use units::Seconds;
use yaml::{FileId, Limits, Node, Pos, Span, Spanned};

/// One `FROM` and what follows.
struct Stage {
    name: Option<String>,
    base: String,
    instructions: Vec<Instruction>,
}

/// Reads a Dockerfile for the target of a build; nothing if it has no such stage.
pub(super) fn read(
    path: &str,
    text: &str,
    build: &Build,
    context: &mut Context<'_>,
) -> Option<Dockerfile> {
    let file = context.sources.add(path, text);
    let mut globals = Variables::new();
    let stages = stages(lines::instructions(text), build, &mut globals);
    let target = match &build.target {
        Some(target) => stages
            .iter()
            .rposition(|s| s.name.as_deref() == Some(&target.value.to_ascii_lowercase())),
        None => stages.len().checked_sub(1),
    };
    let Some(target) = target else {
        if let Some(target) = &build.target {
            let message = format!("{path} has no stage {}", crate::context::quote(&target.value));
            context.warn("undefined-stage", message, target.span, "check `target`");
        }
        return None;
    };
    let chain = chain(&stages, target);
    let mut reader = Reader {
        out: Dockerfile { path: path.to_owned(), ..Dockerfile::default() },
        globals,
        file,
        inherited: false,
    };
    let base = chain.first().map(|stage| stage.base.clone()).unwrap_or_default();
    reader.out.base = Some(base).filter(|base| !base.is_empty());
    for stage in chain {
        reader.inherited = reader.out.command.is_some();
        stage.instructions.iter().for_each(|instruction| reader.instruction(instruction, build));
    }
    Some(reader.out)
}

/// The files and directories of the context that are copied to where settings lie: `/etc/…`.
pub(super) fn settings(text: &str) -> Vec<String> {
    let copies =
        lines::instructions(text).into_iter().filter(|i| matches!(i.name.as_str(), "COPY" | "ADD"));
    let mut out = Vec::new();
    for copy in copies.filter(|copy| !copy.rest.contains("--from")) {
        let words = array(&copy.rest).unwrap_or_else(|| words::split(&copy.rest));
        let mut paths: Vec<String> =
            words.into_iter().filter(|word| !word.starts_with("--")).collect();
        if paths.pop().is_some_and(|target| target.starts_with("/etc/")) {
            let clean = |path: String| path.trim_start_matches("./").trim_matches('/').to_owned();
            out.extend(paths.into_iter().map(clean).filter(|path| !path.is_empty() && path != "."));
        }
    }
    out
}

fn stages(instructions: Vec<Instruction>, build: &Build, globals: &mut Variables) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for instruction in instructions {
        match (instruction.name.as_str(), stages.last_mut()) {
            ("FROM", _) => stages.push(stage(&instruction.rest, globals)),
            ("ARG", None) => argument(&instruction.rest, build, globals),
            (_, Some(stage)) => stage.instructions.push(instruction),
            _ => {}
        }
    }
    stages
}

/// `ARG NAME=default`, where the build may say something else.
fn argument(rest: &str, build: &Build, known: &mut Variables) {
    for word in words::split(rest) {
        let (name, default) = match word.split_once('=') {
            Some((name, default)) => (name, Some(expand(default, known))),
            None => (word.as_str(), None),
        };
        let said = build.args.get(name).cloned().flatten();
        if let Some(value) = said.or(default) {
            known.insert(name.to_owned(), value);
        }
    }
}

fn stage(rest: &str, globals: &Variables) -> Stage {
    let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
    let base = expand(words.next().unwrap_or_default(), globals);
    let named = words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"));
    let name = words.next().filter(|_| named).map(str::to_ascii_lowercase);
    Stage { name, base, instructions: Vec::new() }
}

/// The stages from the one on a foreign image to the target.
fn chain(stages: &[Stage], target: usize) -> Vec<&Stage> {
    let mut out = Vec::new();
    let mut at = Some(target);
    while let Some(index) = at {
        out.push(&stages[index]);
        let base = stages[index].base.to_ascii_lowercase();
        // Only stages above count, so the chain ends.
        at = stages[..index].iter().rposition(|stage| stage.name.as_deref() == Some(&base));
    }
    out.reverse();
    out
}

/// Variables in a text; unset ones are empty, what cannot be expanded stays.
fn expand(text: &str, known: &Variables) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    interpolate::substitute(text, known).map_or_else(|_| text.to_owned(), |done| done.text)
}

struct Reader {
    out: Dockerfile,
    globals: Variables,
    file: FileId,
    /// Whether the command comes from a stage below: an entrypoint clears it.
    inherited: bool,
}

impl Reader {
    fn instruction(&mut self, instruction: &Instruction, build: &Build) {
        let rest = instruction.rest.as_str();
        match instruction.name.as_str() {
            "ARG" => self.arg(rest, build),
            "ENV" => self.env(rest),
            "EXPOSE" => self.expose(rest, instruction.line),
            "USER" => self.out.user = Some(self.text(rest)).filter(|user| !user.is_empty()),
            "WORKDIR" => self.workdir(rest),
            "VOLUME" => {
                let paths = array(rest).unwrap_or_else(|| words::split(rest));
                let paths: Vec<String> = paths.iter().map(|path| self.text(path)).collect();
                self.out.volumes.extend(paths);
            }
            "STOPSIGNAL" => self.out.stop_signal = Some(signal_name(&self.text(rest))),
            "CMD" => {
                self.out.command = Some(command(rest));
                self.inherited = false;
            }
            "ENTRYPOINT" => {
                self.out.entrypoint = Some(command(rest));
                if self.inherited {
                    self.out.command = None;
                }
            }
            "HEALTHCHECK" => self.out.healthcheck = healthcheck(rest, self.span(instruction.line)),
            _ => {}
        }
    }

    fn text(&self, text: &str) -> String {
        expand(text.trim(), &self.out.env)
    }

    fn span(&self, line: u32) -> Span {
        Span { file: self.file, start: Pos { line, column: 1 }, end: Pos { line, column: 2 } }
    }

    fn arg(&mut self, rest: &str, build: &Build) {
        // An argument without a default inherits the one from above the first stage.
        for word in words::split(rest) {
            if let (false, Some(value)) = (word.contains('='), self.globals.get(&word)) {
                self.out.env.entry(word).or_insert_with(|| value.clone());
            }
        }
        argument(rest, build, &mut self.out.env);
    }

    /// `ENV A=1 B="2 3"`, or `ENV A 1`.
    fn env(&mut self, rest: &str) {
        let first = rest.split_whitespace().next().unwrap_or_default();
        if !first.contains('=') {
            let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let value = self.text(value);
            self.out.env.insert(name.to_owned(), value);
            return;
        }
        for word in words::split(rest) {
            if let Some((name, value)) = word.split_once('=') {
                let value = self.text(value);
                self.out.env.insert(name.to_owned(), value);
            }
        }
    }

    fn expose(&mut self, rest: &str, line: u32) {
        for word in self.text(rest).split_whitespace() {
            let (port, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
            let protocol = match protocol.to_ascii_lowercase().as_str() {
                "udp" => Protocol::Udp,
                "sctp" => Protocol::Sctp,
                _ => Protocol::Tcp,
            };
            let (first, last) = port.split_once('-').unwrap_or((port, port));
            if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
                // A wide range says what may be used, not what listens.
                let last = last.min(first.saturating_add(15));
                let ports = (first..=last).filter(|port| *port > 0);
                self.out.expose.extend(ports.map(|port| (port, protocol, line)));
            }
        }
    }

    fn workdir(&mut self, rest: &str) {
        let path = self.text(rest);
        let path = path.trim_matches('"');
        self.out.workdir = Some(match &self.out.workdir {
            Some(before) if !path.starts_with('/') => {
                format!("{}/{path}", before.trim_end_matches('/'))
            }
            None if !path.starts_with('/') => format!("/{path}"),
            _ => path.to_owned(),
        });
    }
}

/// `["a", "b"]`.
fn array(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if !text.starts_with('[') || !text.ends_with(']') {
        return None;
    }
    // JSON is YAML; what is no valid list is a shell's line, as for Docker.
    let node = yaml::parse(text, FileId::default(), Limits::default()).ok()??;
    node.as_seq()?.iter().map(Node::scalar_text).collect()
}

/// The words of `CMD` and `ENTRYPOINT`.
fn command(rest: &str) -> Vec<String> {
    array(rest)
        .unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.trim().to_owned()])
}

fn healthcheck(rest: &str, span: Span) -> Option<Healthcheck> {
    let mut out = Healthcheck { span, ..Healthcheck::default() };
    let mut rest = rest.trim();
    while let Some(option) = rest.strip_prefix("--") {
        let (option, tail) = option.split_once(char::is_whitespace).unwrap_or((option, ""));
        rest = tail.trim_start();
        let (name, value) = option.split_once('=')?;
        let seconds = || value.parse::<Seconds>().ok().map(|s| Spanned::new(s, span));
        match name {
            "interval" => out.interval = seconds(),
            "timeout" => out.timeout = seconds(),
            "start-period" => out.start_period = seconds(),
            "start-interval" => out.start_interval = seconds(),
            "retries" => out.retries = value.parse().ok().map(|n| Spanned::new(n, span)),
            _ => {}
        }
    }
    let test = match rest.split_once(char::is_whitespace).unwrap_or((rest, "")) {
        (word, tail) if word.eq_ignore_ascii_case("CMD") => match array(tail) {
            Some(words) => HealthTest::Command(words),
            None => HealthTest::Shell(tail.trim().to_owned()),
        },
        (word, _) if word.eq_ignore_ascii_case("NONE") => HealthTest::Disabled,
        _ => return None,
    };
    out.test = Some(Spanned::new(test, span));
    Some(out)
}

#[cfg(test)]
mod tests;
