//! Text to commands.

use super::Stream;
use super::syntax::{
    Branch, Command, Joint, List, Quoting, Redirect, Simple, Step, Target, What, Word, is_name,
};

/// How deep commands may lie in each other.
const DEEPEST: usize = 16;
/// Words that begin what is not understood, or end it.
const RESERVED: &[&str] = &[
    "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
    "select", "then", "time", "until", "while", "!", "[[", "]]",
];

/// A command line; none, if it has anything that is not plainly understood.
pub(super) fn parse(text: &str) -> Option<List> {
    let mut parser = Parser { rest: text, depth: 0 };
    let list = parser.list(&[])?;
    parser.rest.is_empty().then_some(list)
}

pub(super) struct Parser<'a> {
    pub(super) rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    /// What lies between `$(` and `)`.
    pub(super) fn nested(&mut self) -> Option<List> {
        let list = self.list(&[])?;
        self.eat(")").then_some(list)
    }

    /// Commands up to one of these words, to a bracket or to the end.
    fn list(&mut self, ends: &[&str]) -> Option<List> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut list = List::default();
        let mut joint = Joint::Always;
        loop {
            self.skip_lines();
            let over = self.peek().is_none_or(|it| it == ')') || self.at_word(ends);
            if over {
                break;
            }
            list.0.push(Step { joint, command: self.command()? });
            self.skip_blanks();
            joint = match () {
                () if self.eat("&&") => Joint::And,
                () if self.eat("||") => Joint::Or,
                () if self.rest.starts_with(";;") => return None,
                () if self.eat(";") || self.eat("\n") => Joint::Always,
                () if self.peek().is_none_or(|it| it == ')') => Joint::Always,
                () => return None,
            };
        }
        self.depth -= 1;
        // After `&&` something has to come.
        (joint == Joint::Always).then_some(list)
    }

    /// Whether one of these words is next.
    fn at_word(&self, words: &[&str]) -> bool {
        let ends =
            |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\n', ';', ')', '&', '|']);
        words.iter().any(|word| self.rest.strip_prefix(word).is_some_and(ends))
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.at_word(&[word]) && self.eat(word)
    }

    fn command(&mut self) -> Option<Command> {
        if self.eat_word("if") {
            return self.branches();
        }
        if self.rest.starts_with("! ") {
            self.eat("!");
            self.skip_blanks();
            // `! !` is a mistake to some shells.
            if self.peek() == Some('!') {
                return None;
            }
            return self.command().map(|command| Command::Not(Box::new(command)));
        }
        self.simple().map(Command::Simple)
    }

    fn branches(&mut self) -> Option<Command> {
        let mut branches = Vec::new();
        loop {
            let condition = self.some(&["then"])?;
            self.eat("then");
            let body = self.some(&["elif", "else", "fi"])?;
            branches.push(Branch { condition, body });
            if !self.eat_word("elif") {
                break;
            }
        }
        let otherwise = if self.eat_word("else") { self.some(&["fi"])? } else { List::default() };
        self.eat("fi");
        Some(Command::If { branches, otherwise })
    }

    /// At least one command, up to one of these words.
    fn some(&mut self, ends: &[&str]) -> Option<List> {
        let list = self.list(ends)?;
        (!list.0.is_empty() && self.at_word(ends)).then_some(list)
    }

    fn simple(&mut self) -> Option<Simple> {
        let mut simple = Simple::default();
        loop {
            self.skip_blanks();
            if let Some(from) = self.redirect() {
                let to = self.target()?;
                simple.redirects.push(Redirect { from, to });
                continue;
            }
            let word = self.word()?;
            if word.is_empty() {
                break;
            }
            if self.peek() == Some('>') && is_number(&word) {
                return None;
            }
            match assignment(&word).filter(|_| simple.words.is_empty()) {
                Some(assigned) => simple.assignments.push(assigned),
                None if simple.words.is_empty() && is_reserved(&word) => return None,
                None => simple.words.push(word),
            }
        }
        let empty = simple == Simple::default();
        (!empty && !matches!(self.peek(), Some('(' | '<'))).then_some(simple)
    }

    /// Goes past `>` or `2>`, and says what is led elsewhere.
    fn redirect(&mut self) -> Option<Stream> {
        if self.eat(">") || self.eat("1>") {
            return Some(Stream::Out);
        }
        self.eat("2>").then_some(Stream::Error)
    }

    fn target(&mut self) -> Option<Target> {
        if self.eat("&") {
            let stream = match self.next()? {
                '1' => Stream::Out,
                '2' => Stream::Error,
                _ => return None,
            };
            let ends = self.peek().is_none_or(|it| " \t\n;)&|".contains(it));
            return ends.then_some(Target::Stream(stream));
        }
        let end = self.eat(">");
        if self.peek() == Some('|') {
            return None;
        }
        self.skip_blanks();
        let word = self.word().filter(|word| !word.is_empty())?;
        Some(if end { Target::End(word) } else { Target::File(word) })
    }
}

/// `NAME=…`
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (first, rest) = word.split_first()?;
    let What::Text(text) = first.what.clone() else { return None };
    let (name, value) = text.split_once('=').filter(|_| first.quoting == Quoting::Bare)?;
    if !is_name(name) {
        return None;
    }
    let mut parts = rest.to_vec();
    if !value.is_empty() {
        let what = What::Text(value.to_owned());
        parts.insert(0, super::syntax::Part { what, quoting: Quoting::Bare });
    }
    Some((name.to_owned(), parts))
}

fn is_reserved(word: &Word) -> bool {
    bare(word).is_some_and(|text| RESERVED.contains(&text))
}

/// Whether it is the number of a stream, before `>`.
fn is_number(word: &Word) -> bool {
    bare(word).is_some_and(|text| text.bytes().all(|it| it.is_ascii_digit()))
}

/// The text of a word that is nothing else.
fn bare(word: &Word) -> Option<&str> {
    match word.as_slice() {
        [only] if only.quoting == Quoting::Bare => match &only.what {
            What::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
