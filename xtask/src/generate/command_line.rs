//! The reference of the command line, from the definition that the binary itself uses.

use super::NOTICE;
use clap::{Arg, Command};
use std::fmt::Write;

/// The heading of options that have none of their own.
const OPTIONS: &str = "Options";

pub(super) fn reference() -> String {
    let mut top = cli::command();
    top.build();
    let mut text = format!("{NOTICE}# Command line\n\n{}.\n", about(&top));
    section(&mut text, &mut top, &|_| true);
    for command in top.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        write!(text, "\n## muster {}\n\n{}\n", command.get_name(), about(command))
            .expect("a string takes any text");
        // What every command has is said once.
        section(&mut text, command, &|arg| !arg.is_global_set());
    }
    text
}

/// Usage, arguments by their heading, and what follows.
fn section(text: &mut String, command: &mut Command, wanted: &dyn Fn(&Arg) -> bool) {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    write!(text, "\n```text\n{usage}\n```\n").expect("a string takes any text");
    let shown = |arg: &&Arg| !arg.is_hide_set() && arg.get_id() != "help" && wanted(arg);
    let args: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    for heading in headings(&args) {
        write!(text, "\n**{heading}**\n\n").expect("a string takes any text");
        for arg in args.iter().filter(|arg| heading_of(arg) == heading) {
            text.push_str(&item(arg));
        }
    }
    let after = command.get_after_long_help().or(command.get_after_help());
    if let Some(after) = after {
        write!(text, "\n```text\n{}\n```\n", after.to_string().trim())
            .expect("a string takes any text");
    }
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about());
    about.map(ToString::to_string).unwrap_or_default()
}

fn headings<'a>(args: &[&'a Arg]) -> Vec<&'a str> {
    let mut headings: Vec<&str> = Vec::new();
    for arg in args {
        let heading = heading_of(arg);
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    // What every command has comes last.
    headings.sort_by_key(|heading| *heading == OPTIONS);
    headings
}

fn heading_of(arg: &Arg) -> &str {
    let kind = if arg.is_positional() { "Arguments" } else { OPTIONS };
    arg.get_help_heading().unwrap_or(kind)
}

/// An argument as an item of a list; its further paragraphs stand below it.
fn item(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut paragraphs = help.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let mut text = format!("- `{}`: {first}{}\n", name(arg), default(arg));
    for paragraph in paragraphs {
        write!(text, "\n  {paragraph}\n").expect("a string takes any text");
    }
    for value in arg.get_possible_values().iter().filter(|_| arg.get_action().takes_values()) {
        let help = value.get_help().map(|help| format!(": {help}")).unwrap_or_default();
        writeln!(text, "  - `{}`{help}", value.get_name()).expect("a string takes any text");
    }
    text
}

/// `-o, --out <DIR>`.
fn name(arg: &Arg) -> String {
    let mut names: Vec<String> =
        arg.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(arg.get_long().map(|long| format!("--{long}")));
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    names.extend(aliases.iter().map(|alias| format!("--{alias}")));
    let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let value = value.and_then(<[_]>::first).map(|value| format!("<{value}>"));
    let mut text = names.join(", ");
    if let Some(value) = value {
        let space = if text.is_empty() { "" } else { " " };
        write!(text, "{space}{value}").expect("a string takes any text");
    }
    text
}

fn default(arg: &Arg) -> String {
    let values = arg.get_default_values();
    if values.is_empty() || !arg.get_action().takes_values() {
        return String::new();
    }
    let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
    format!(" [default: `{}`]", values.join(","))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_and_option_is_there() {
        let text = super::reference();
        for command in cli::command().get_subcommands() {
            assert!(text.contains(&format!("## muster {}\n", command.get_name())));
            for arg in command.get_arguments().filter_map(|arg| arg.get_long()) {
                assert!(text.contains(&format!("--{arg}")), "{arg}");
            }
        }
    }
}
