//! A command line as a tree.

/// Commands one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct List(pub(super) Vec<Step>);

/// A command, and when its turn is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) joint: Joint,
    pub(super) command: Command,
}

/// When a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    Always,
    /// After a success: `&&`.
    And,
    /// After a failure: `||`.
    Or,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Simple(Simple),
    If { branches: Vec<Branch>, otherwise: List },
    Not(Box<Command>),
}

/// `if` or `elif`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) condition: List,
    pub(super) body: List,
}

/// One program with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// `2>FILE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) from: super::Stream,
    pub(super) to: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Stream(super::Stream),
    File(Word),
    /// After what is there.
    End(Word),
}

/// What becomes one field, or several.
pub(super) type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) what: What,
    pub(super) quoting: Quoting,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Text(String),
    /// `$NAME`
    Variable(String),
    /// `$?`
    Status,
    /// `$(…)`
    Output(List),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Bare,
    Quoted,
}

/// A program without a shell: its words are as they are.
pub(super) fn alone(name: &str, arguments: &[String]) -> List {
    let word =
        |text: &str| vec![Part { what: What::Text(text.to_owned()), quoting: Quoting::Quoted }];
    let words = std::iter::once(name).chain(arguments.iter().map(String::as_str));
    let simple = Simple { words: words.map(word).collect(), ..Simple::default() };
    List(vec![Step { joint: Joint::Always, command: Command::Simple(simple) }])
}

/// Whether this may be the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
