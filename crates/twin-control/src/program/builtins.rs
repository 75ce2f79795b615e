//! The programs that are known, with what all of their makers agree about.

use super::shell::{Halt, Shell};
use super::syntax::is_name;
use super::variables::{Scope, Variable};
use std::fmt::Write as _;
use std::time::Duration;

/// Programs that are there without a shell.
pub(super) fn is_program(name: &str) -> bool {
    const PROGRAMS: &[&str] = &[
        "[", "cat", "echo", "env", "expr", "false", "printenv", "printf", "rm", "sleep", "test",
        "touch", "true",
    ];
    PROGRAMS.contains(&name)
}

/// Builtins whose assignments outlive them in some shells.
pub(super) fn is_special(name: &str) -> bool {
    matches!(name, ":" | "exit" | "export")
}

type Code = Result<u8, Halt>;

impl Shell<'_> {
    /// Runs a program and keeps how it ended.
    pub(super) fn program(&mut self, name: &str, arguments: &[String]) -> Result<(), Halt> {
        let plain = name.strip_prefix("/usr").unwrap_or(name).strip_prefix("/bin/");
        let name = plain.filter(|it| is_program(it)).unwrap_or(name);
        self.status = match name {
            ":" | "true" => 0,
            "false" => 1,
            "exit" => return self.exit(arguments),
            "export" => self.export(arguments)?,
            "sleep" => self.sleep(arguments)?,
            "echo" => self.echo(arguments)?,
            "printf" => self.printf(arguments)?,
            "env" => self.env(arguments)?,
            "printenv" => self.printenv(arguments)?,
            "cat" => self.cat(arguments)?,
            "touch" => self.touch(arguments)?,
            "rm" => self.remove(arguments)?,
            "test" => u8::from(!self.holds(arguments)?),
            "[" => match arguments.split_last() {
                Some((last, arguments)) if last == "]" => u8::from(!self.holds(arguments)?),
                _ => return Err(Halt::Unclear),
            },
            "expr" => self.expr(arguments)?,
            _ => return Err(Halt::Unclear),
        };
        Ok(())
    }

    fn exit(&mut self, arguments: &[String]) -> Result<(), Halt> {
        self.status = match arguments {
            // A substitution that left nothing: some shells exit with its status, some with the one before.
            [] if self.substituted.is_some() => return Err(Halt::Unclear),
            [] => self.status,
            [code] if digits(code) => code.parse().map_err(|_| Halt::Unclear)?,
            _ => return Err(Halt::Unclear),
        };
        Err(Halt::Exit)
    }

    fn export(&mut self, arguments: &[String]) -> Code {
        for argument in arguments {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (argument.as_str(), self.variable(argument).ok_or(Halt::Unclear)?),
            };
            if !is_name(name) {
                return Err(Halt::Unclear);
            }
            self.set(name, value, Scope::Programs)?;
        }
        if arguments.is_empty() { Err(Halt::Unclear) } else { Ok(0) }
    }

    fn sleep(&mut self, arguments: &[String]) -> Code {
        let mut time = Duration::ZERO;
        for argument in arguments {
            if argument == "infinity" {
                return Err(Halt::Never);
            }
            time = time.saturating_add(seconds(argument).ok_or(Halt::Unclear)?);
        }
        self.wait(time);
        if arguments.is_empty() { Err(Halt::Unclear) } else { Ok(0) }
    }

    fn echo(&mut self, arguments: &[String]) -> Code {
        let (words, end) = match arguments.split_first() {
            Some((first, rest)) if first == "-n" => (rest, ""),
            _ => (arguments, "\n"),
        };
        // Which escapes and flags there are is another thing in each shell.
        let unclear = words.iter().any(|it| it.contains('\\'))
            || words.first().is_some_and(|it| it.starts_with('-'));
        if unclear {
            return Err(Halt::Unclear);
        }
        self.write(&format!("{}{end}", words.join(" ")))?;
        Ok(0)
    }

    fn printf(&mut self, arguments: &[String]) -> Code {
        let Some((format, arguments)) = arguments.split_first() else { return Err(Halt::Unclear) };
        let mut left = arguments.iter();
        let mut text = String::new();
        loop {
            let before = left.len();
            formatted(format, &mut left, &mut text)?;
            if left.len() == 0 || left.len() == before {
                break;
            }
        }
        self.write(&text)?;
        Ok(0)
    }

    fn env(&mut self, arguments: &[String]) -> Code {
        if !arguments.is_empty() {
            return Err(Halt::Unclear);
        }
        let seen = self.variables.iter().filter(|it| it.scope == Scope::Programs);
        let parts = seen.flat_map(|it| [it.name.as_str(), "=", it.value.as_str(), "\n"]);
        let lines: String = parts.collect();
        self.write(&lines)?;
        Ok(0)
    }

    fn printenv(&mut self, arguments: &[String]) -> Code {
        if arguments.is_empty() {
            return self.env(arguments);
        }
        for name in arguments {
            let seen = |it: &&_| is_seen(it, name);
            let known = self.variables.iter().rfind(seen).ok_or(Halt::Unclear)?;
            let line = format!("{}\n", known.value);
            self.write(&line)?;
        }
        Ok(0)
    }

    fn cat(&mut self, arguments: &[String]) -> Code {
        if arguments.is_empty() {
            return Err(Halt::Unclear);
        }
        let mut code = 0;
        for path in arguments {
            if let Some(text) = self.found(path)? {
                self.write(&text)?;
                continue;
            }
            // Others than busybox's say it with fewer words.
            self.complain(&format!("cat: can't open '{path}': No such file or directory\n"))?;
            code = 1;
        }
        Ok(code)
    }

    fn touch(&mut self, arguments: &[String]) -> Code {
        for path in arguments {
            let text = self.files.get(path).cloned().unwrap_or_default();
            self.store(path, text)?;
        }
        if arguments.is_empty() { Err(Halt::Unclear) } else { Ok(0) }
    }

    /// Of its own files it knows that they are there.
    fn remove(&mut self, arguments: &[String]) -> Code {
        let flags = arguments.iter().take_while(|it| matches!(it.as_str(), "-f" | "-r" | "-rf"));
        let paths = &arguments[flags.count()..];
        for path in paths {
            self.forget(path)?;
        }
        if paths.is_empty() { Err(Halt::Unclear) } else { Ok(0) }
    }

    fn expr(&mut self, arguments: &[String]) -> Code {
        let [left, operator, right] = arguments else { return Err(Halt::Unclear) };
        let (a, b) = (integer(left)?, integer(right)?);
        let result = match operator.as_str() {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "/" => a.checked_div(b),
            "%" => a.checked_rem(b),
            "=" => Some(i64::from(a == b)),
            "!=" => Some(i64::from(a != b)),
            "<" => Some(i64::from(a < b)),
            "<=" => Some(i64::from(a <= b)),
            ">" => Some(i64::from(a > b)),
            ">=" => Some(i64::from(a >= b)),
            _ => None,
        };
        let result = result.ok_or(Halt::Unclear)?;
        self.write(&format!("{result}\n"))?;
        Ok(u8::from(result == 0))
    }
}

impl Shell<'_> {
    /// What `test` says.
    fn holds(&self, arguments: &[String]) -> Result<bool, Halt> {
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => Ok(false),
            [one] | ["-n", one] => Ok(!one.is_empty()),
            ["!" | "-z", one] => Ok(one.is_empty()),
            [flag @ ("-e" | "-f" | "-s"), path] => self.is_there(flag, path),
            ["!", flag @ ("-e" | "-f" | "-s"), path] => self.is_there(flag, path).map(|it| !it),
            [left, operator, right] => compared(left, operator, right),
            ["!", left, operator, right] => compared(left, operator, right).map(|it| !it),
            _ => Err(Halt::Unclear),
        }
    }

    fn is_there(&self, flag: &str, path: &str) -> Result<bool, Halt> {
        // The streams are no files; each shell has its own idea of them.
        if path.starts_with("/dev/") {
            return Err(Halt::Unclear);
        }
        let found = self.found(path)?;
        Ok(found.is_some_and(|text| flag != "-s" || !text.is_empty()))
    }
}

fn is_seen(variable: &Variable, name: &str) -> bool {
    variable.name == name && variable.scope == Scope::Programs
}

/// One turn of a format, with as many arguments as it takes.
fn formatted<'a>(
    format: &str,
    arguments: &mut impl Iterator<Item = &'a String>,
    text: &mut String,
) -> Result<(), Halt> {
    let mut letters = format.chars();
    if format.starts_with('-') {
        return Err(Halt::Unclear);
    }
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('\\') => text.push('\\'),
                _ => return Err(Halt::Unclear),
            },
            '%' => match letters.next() {
                Some('%') => text.push('%'),
                Some('s') => text.push_str(arguments.next().map_or("", String::as_str)),
                Some('d') => {
                    let number = integer(arguments.next().ok_or(Halt::Unclear)?)?;
                    // Writing to a text cannot fail.
                    let _ = write!(text, "{number}");
                }
                _ => return Err(Halt::Unclear),
            },
            letter => text.push(letter),
        }
    }
    Ok(())
}

fn compared(left: &str, operator: &str, right: &str) -> Result<bool, Halt> {
    let numbers = || Ok::<_, Halt>((integer(left)?, integer(right)?));
    Ok(match operator {
        "=" => left == right,
        "!=" => left != right,
        "-eq" => numbers().map(|(a, b)| a == b)?,
        "-ne" => numbers().map(|(a, b)| a != b)?,
        "-lt" => numbers().map(|(a, b)| a < b)?,
        "-le" => numbers().map(|(a, b)| a <= b)?,
        "-gt" => numbers().map(|(a, b)| a > b)?,
        "-ge" => numbers().map(|(a, b)| a >= b)?,
        _ => return Err(Halt::Unclear),
    })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// A number as everybody writes it: with leading zeros some read octals.
fn integer(text: &str) -> Result<i64, Halt> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let plain = plain == "0" || (digits(plain) && !plain.starts_with('0'));
    if !plain {
        return Err(Halt::Unclear);
    }
    text.parse().map_err(|_| Halt::Unclear)
}

/// `5`, `0.5`, `2m`
fn seconds(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let plain = number.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let number: f64 = number.parse().ok().filter(|_| plain)?;
    let unit = match unit {
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => 1.0,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}
