//! Variables: what they hold, and who sees them.

use super::shell::{Halt, Shell};
use super::syntax::{Simple, What};

/// Variables that shells set, or that change what they do.
const OWN: &[&str] = &[
    "IFS",
    "PATH",
    "HOME",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "PPID",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "UID",
    "EUID",
    "GROUPS",
    "OPTIND",
    "OPTARG",
    "OPTERR",
    "PS1",
    "PS2",
    "PS4",
    "ENV",
    "SHELL",
    "SHELLOPTS",
    "HOSTTYPE",
    "OSTYPE",
    "MACHTYPE",
    "DIRSTACK",
    "FUNCNAME",
    "PIPESTATUS",
    "TERM",
    "LANG",
    "_",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) scope: Scope,
}

/// Who sees a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The shell alone.
    Shell,
    /// Its programs too.
    Programs,
}

impl Shell<'_> {
    /// Sets what a command sets; for a program alone, and then as it was is to come back.
    pub(super) fn assign(&mut self, simple: &Simple) -> Result<Option<Vec<Variable>>, Halt> {
        let passing = !simple.words.is_empty() && !simple.assignments.is_empty();
        let known = if passing { Some(self.copied_variables()?) } else { None };
        for (name, word) in &simple.assignments {
            // Whether one sees the one before is another thing in each shell.
            let plain = word.iter().all(|part| matches!(part.what, What::Text(_)));
            if passing && simple.assignments.len() > 1 && !plain {
                return Err(Halt::Unclear);
            }
            let value = self.joined(word)?;
            self.set(name, value, if passing { Scope::Programs } else { Scope::Shell })?;
        }
        Ok(known)
    }

    pub(super) fn copied_variables(&mut self) -> Result<Vec<Variable>, Halt> {
        self.grow(self.variables.iter().map(|it| it.name.len() + it.value.len()).sum())?;
        Ok(self.variables.clone())
    }

    /// Sets a variable; one that programs see is seen by them from then on.
    pub(super) fn set(&mut self, name: &str, value: String, scope: Scope) -> Result<(), Halt> {
        if is_own(name) {
            return Err(Halt::Unclear);
        }
        self.grow(value.len())?;
        match self.variables.iter_mut().rfind(|it| it.name == name) {
            Some(known) => {
                known.value = value;
                if scope == Scope::Programs {
                    known.scope = scope;
                }
            }
            None => self.variables.push(Variable { name: name.to_owned(), value, scope }),
        }
        Ok(())
    }

    /// What a variable holds, if it is known.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let known = self.variables.iter().rfind(|it| it.name == name)?;
        (!is_own(name)).then(|| known.value.clone())
    }
}

fn is_own(name: &str) -> bool {
    OWN.contains(&name) || ["LC_", "BASH", "HIST"].iter().any(|it| name.starts_with(it))
}
