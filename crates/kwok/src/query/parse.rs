//! From words to the tree of a filter.

use super::functions::{Function, function};
use super::lex::{Word, words};
use crate::fault::Fault;
use twin_core::tree::Value;

/// A filter: from one value to any number of values.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    /// `.`
    Same,
    /// `..`
    Below,
    Literal(Value),
    /// `term.name`, `term["name"]`, `term[0]`
    Index(Box<Expr>, Box<Expr>),
    /// `term[]`
    Each(Box<Expr>),
    /// `term?`
    Try(Box<Expr>),
    /// `[filter]`
    List(Option<Box<Expr>>),
    /// `-term`
    Negative(Box<Expr>),
    Both(Sign, Box<(Expr, Expr)>),
    /// `if a then b else c end`
    If(Box<(Expr, Expr, Expr)>),
    Call(&'static Function, Vec<Expr>),
}

/// What stands between two filters, from what binds least to what binds most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Pipe,
    Comma,
    Else,
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divided,
    Rest,
}

/// Deeper ones are refused.
const DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Expr, Fault> {
    let words = words(text)?;
    let mut parser = Parser { words, next: 0, depth: 0, end: text.len() };
    if parser.words.is_empty() {
        return Err(Fault::new(0, "the expression is empty"));
    }
    let expr = parser.filter(0)?;
    match parser.words.get(parser.next) {
        None => Ok(expr),
        Some((at, word)) => Err(Fault::new(*at, format!("{} is too much", shown(word)))),
    }
}

struct Parser {
    words: Vec<(usize, Word)>,
    next: usize,
    depth: usize,
    end: usize,
}

fn shown(word: &Word) -> String {
    match word {
        Word::Field(name) => format!("\".{name}\""),
        Word::Name(name) => format!("{name:?}"),
        Word::Text(text) => format!("the string {text:?}"),
        Word::Int(number) => number.to_string(),
        Word::Float(number) => number.to_string(),
        Word::Sign(sign) => format!("{sign:?}"),
    }
}

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(_, word)| word)
    }

    fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    /// Takes a sign or a name, if it is the next word.
    fn takes(&mut self, wanted: &str) -> bool {
        let found = match self.peek() {
            Some(Word::Sign(sign)) => *sign == wanted,
            Some(Word::Name(name)) => name == wanted,
            _ => false,
        };
        self.next += usize::from(found);
        found
    }

    fn must(&mut self, wanted: &str) -> Result<(), Fault> {
        let at = self.at();
        if self.takes(wanted) {
            return Ok(());
        }
        let found = self.peek().map_or("the end".to_owned(), shown);
        Err(Fault::new(at, format!("{wanted:?} is missing before {found}")))
    }

    /// What stands between two filters here, and how much it binds.
    fn sign(&self) -> Option<(Sign, u8)> {
        let word = match self.peek()? {
            Word::Sign(sign) => *sign,
            Word::Name(name) => name.as_str(),
            _ => return None,
        };
        Some(match word {
            "|" => (Sign::Pipe, 0),
            "," => (Sign::Comma, 1),
            "//" => (Sign::Else, 2),
            "or" => (Sign::Or, 3),
            "and" => (Sign::And, 4),
            "==" => (Sign::Equal, 5),
            "!=" => (Sign::Unequal, 5),
            "<" => (Sign::Less, 5),
            "<=" => (Sign::LessOrEqual, 5),
            ">" => (Sign::Greater, 5),
            ">=" => (Sign::GreaterOrEqual, 5),
            "+" => (Sign::Plus, 6),
            "-" => (Sign::Minus, 6),
            "*" => (Sign::Times, 7),
            "/" => (Sign::Divided, 7),
            "%" => (Sign::Rest, 7),
            _ => return None,
        })
    }

    /// A filter of signs that bind at least this much.
    fn filter(&mut self, least: u8) -> Result<Expr, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::new(self.at(), "the expression is nested too deeply"));
        }
        let mut left = self.term()?;
        let mut length = 0;
        while let Some((sign, binds)) = self.sign().filter(|(_, binds)| *binds >= least) {
            length += 1;
            if length > DEPTH {
                return Err(Fault::new(self.at(), "the expression is too long"));
            }
            self.next += 1;
            let to_the_right = matches!(sign, Sign::Pipe | Sign::Else);
            let right = self.filter(if to_the_right { binds } else { binds + 1 })?;
            left = Expr::Both(sign, Box::new((left, right)));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn term(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        let Some((_, word)) = self.words.get(self.next).cloned() else {
            return Err(Fault::new(at, "the expression ends too early"));
        };
        self.next += 1;
        let term = match word {
            Word::Field(name) => index(Expr::Same, &name),
            Word::Text(text) => Expr::Literal(Value::text(text)),
            Word::Int(number) => Expr::Literal(Value::Int(number)),
            Word::Float(number) => Expr::Literal(Value::Float(number)),
            Word::Name(name) => self.named(&name, at)?,
            Word::Sign(sign) => self.signed(sign, at)?,
        };
        self.followed(term)
    }

    fn signed(&mut self, sign: &str, at: usize) -> Result<Expr, Fault> {
        match sign {
            "." => Ok(Expr::Same),
            ".." => Ok(Expr::Below),
            "-" => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(Fault::new(at, "the expression is nested too deeply"));
                }
                let term = Expr::Negative(Box::new(self.term()?));
                self.depth -= 1;
                Ok(term)
            }
            "(" => {
                let inner = self.filter(0)?;
                self.must(")").map(|()| inner)
            }
            "[" if self.takes("]") => Ok(Expr::List(None)),
            "[" => {
                let inner = self.filter(0)?;
                self.must("]").map(|()| Expr::List(Some(Box::new(inner))))
            }
            _ => Err(Fault::new(at, format!("{sign:?} cannot stand here"))),
        }
    }

    fn named(&mut self, name: &str, at: usize) -> Result<Expr, Fault> {
        match name {
            "null" => return Ok(Expr::Literal(Value::Null)),
            "true" | "false" => return Ok(Expr::Literal(Value::Bool(name == "true"))),
            "if" => return self.choice(),
            _ => {}
        }
        let mut arguments = Vec::new();
        if self.takes("(") {
            // Arguments are parted by a semicolon there; no function here takes two.
            arguments.push(self.filter(0)?);
            self.must(")")?;
        }
        if let Some(function) = function(name, arguments.len()) {
            return Ok(Expr::Call(function, arguments));
        }
        let how = if arguments.is_empty() { "" } else { " with an argument" };
        Err(Fault::new(at, format!("there is no function {name:?}{how}")))
    }

    /// What follows `if` or `elif`.
    fn choice(&mut self) -> Result<Expr, Fault> {
        let condition = self.filter(0)?;
        self.must("then")?;
        let then = self.filter(0)?;
        let other = if self.takes("elif") {
            self.choice()?
        } else if self.takes("else") {
            let other = self.filter(0)?;
            self.must("end")?;
            other
        } else {
            self.must("end")?;
            Expr::Same
        };
        Ok(Expr::If(Box::new((condition, then, other))))
    }

    /// A term with what follows it: `.a`, `["a"]`, `[]`, `?`.
    fn followed(&mut self, mut term: Expr) -> Result<Expr, Fault> {
        for _ in 0..DEPTH {
            if let Some(Word::Field(name)) = self.peek() {
                term = index(term, &name.clone());
                self.next += 1;
                continue;
            }
            // `.a.[0]` is the same as `.a[0]`.
            let dotted = self.words.get(self.next + 1).map(|(_, word)| word);
            if self.peek() == Some(&Word::Sign(".")) && dotted == Some(&Word::Sign("[")) {
                self.next += 1;
            }
            if self.takes("?") {
                term = Expr::Try(Box::new(term));
            } else if self.takes("[") {
                term = if self.takes("]") {
                    Expr::Each(Box::new(term))
                } else {
                    let inner = self.filter(0)?;
                    self.must("]")?;
                    Expr::Index(Box::new(term), Box::new(inner))
                };
            } else {
                return Ok(term);
            }
        }
        Err(Fault::new(self.at(), "the path is too long"))
    }
}

fn index(term: Expr, name: &str) -> Expr {
    Expr::Index(Box::new(term), Box::new(Expr::Literal(name.into())))
}
