//! From a text to a tree that knows where each of its parts stands.
//!
//! The parser of the crate `cel` forgets places, which sentences about types need. It is asked why a text is
//! no expression.

mod lexer;
mod macros;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::operators::{
    ADD, CONDITIONAL, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS,
    LOGICAL_AND, LOGICAL_NOT, LOGICAL_OR, MODULO, MULTIPLY, NEGATE, NOT_EQUALS, OPT_INDEX,
    OPT_SELECT, SUBSTRACT,
};
use kube_cel::cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, ListExpr, LiteralValue, MapEntryExpr, MapExpr,
    SelectExpr, StructExpr, StructFieldExpr,
};
use lexer::Token;
pub(super) use lexer::{Word, words};

/// A tree with more parts is not made: some macros copy what they are called on.
const MOST: usize = 1 << 15;

/// Where the parts of a tree stand: at the place of its number, the first byte.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<usize>);

impl Places {
    pub(super) fn of(&self, id: u64) -> usize {
        usize::try_from(id).ok().and_then(|id| self.0.get(id).copied()).unwrap_or(0)
    }

    fn id(&mut self, at: usize) -> u64 {
        if self.0.is_empty() {
            // Nothing has the number zero.
            self.0.push(0);
        }
        self.0.push(at);
        u64::try_from(self.0.len() - 1).unwrap_or(u64::MAX)
    }

    fn is_full(&self) -> bool {
        self.0.len() > MOST
    }

    fn made(&mut self, at: usize, expr: Expr) -> IdedExpr {
        IdedExpr { id: self.id(at), expr }
    }

    fn call(&mut self, at: usize, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
        let call = CallExpr { func_name: name.to_owned(), target: None, args };
        self.made(at, Expr::Call(call))
    }
}

/// Why there is no tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax,
    /// Of a macro, at a place.
    At(usize, &'static str),
    /// Macros make more of it than anybody runs.
    TooLarge,
}

/// Which macros there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Those of rules and policies.
    Kubernetes,
    /// Those, and `cel.bind`.
    Wide,
}

/// A tree, and where its parts stand.
pub(super) fn parse(text: &str, dialect: Dialect) -> Result<(IdedExpr, Places), Fault> {
    let tokens = words(text).ok_or(Fault::Syntax)?;
    let mut parser = Parser { tokens: &tokens, at: 0, dialect, places: Places::default() };
    let expr = parser.expr()?;
    if parser.at < tokens.len() { Err(Fault::Syntax) } else { Ok((expr, parser.places)) }
}

type Read = Result<IdedExpr, Fault>;

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    dialect: Dialect,
    places: Places,
}

const RELATIONS: [(&str, &str); 7] = [
    ("<", LESS),
    ("<=", LESS_EQUALS),
    (">=", GREATER_EQUALS),
    (">", GREATER),
    ("==", EQUALS),
    ("!=", NOT_EQUALS),
    ("in", IN),
];
const SUMS: [(&str, &str); 2] = [("+", ADD), ("-", SUBSTRACT)];
const PRODUCTS: [(&str, &str); 3] = [("*", MULTIPLY), ("/", DIVIDE), ("%", MODULO)];

/// Words that no variable can be called by.
pub(super) const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "in",
];

impl<'a> Parser<'a> {
    fn word(&self) -> Option<&'a Word<'a>> {
        self.tokens.get(self.at).map(|token| &token.word)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.word(), Some(Word::Sign(known)) if *known == sign)
    }

    /// The place of a sign, if it comes next.
    fn take(&mut self, sign: &str) -> Option<usize> {
        let at = self.is(sign).then(|| self.tokens[self.at].at)?;
        self.at += 1;
        Some(at)
    }

    fn want(&mut self, sign: &str) -> Result<usize, Fault> {
        self.take(sign).ok_or(Fault::Syntax)
    }

    fn expr(&mut self) -> Read {
        let condition = self.logical(LOGICAL_OR)?;
        let Some(at) = self.take("?") else { return Ok(condition) };
        let id = self.places.id(at);
        let yes = self.logical(LOGICAL_OR)?;
        self.want(":")?;
        let no = self.expr()?;
        let args = vec![condition, yes, no];
        let call = CallExpr { func_name: CONDITIONAL.to_owned(), target: None, args };
        Ok(IdedExpr { id, expr: Expr::Call(call) })
    }

    /// A chain of `&&` or `||`, as a tree that is as flat as it can be.
    fn logical(&mut self, name: &str) -> Read {
        let (sign, is_or) = if name == LOGICAL_OR { ("||", true) } else { ("&&", false) };
        let term = |parser: &mut Self| {
            if is_or { parser.logical(LOGICAL_AND) } else { parser.binary(&RELATIONS) }
        };
        let mut terms = vec![Some(term(self)?)];
        let mut signs = Vec::new();
        while let Some(at) = self.take(sign) {
            terms.push(Some(term(self)?));
            signs.push(at);
        }
        self.balanced(name, &mut terms, &signs)
    }

    fn balanced(&mut self, name: &str, terms: &mut [Option<IdedExpr>], signs: &[usize]) -> Read {
        if signs.is_empty() {
            return terms[0].take().ok_or(Fault::Syntax);
        }
        let middle = signs.len() / 2;
        let (left, right) = terms.split_at_mut(middle + 1);
        let left = self.balanced(name, left, &signs[..middle])?;
        let right = self.balanced(name, right, &signs[middle + 1..])?;
        Ok(self.places.call(signs[middle], name, vec![left, right]))
    }

    /// Operators that bind from left to right, from the weakest on.
    fn binary(&mut self, table: &[(&str, &str)]) -> Read {
        let operand = |parser: &mut Self| match table.len() {
            7 => parser.binary(&SUMS),
            2 => parser.binary(&PRODUCTS),
            _ => parser.unary(),
        };
        let mut left = operand(self)?;
        while let Some((sign, name)) = table.iter().find(|(sign, _)| self.is(sign)) {
            let at = self.want(sign)?;
            let id = self.places.id(at);
            let right = operand(self)?;
            let args = vec![left, right];
            let call = CallExpr { func_name: (*name).to_owned(), target: None, args };
            left = IdedExpr { id, expr: Expr::Call(call) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Read {
        for (sign, name) in [("!", LOGICAL_NOT), ("-", NEGATE)] {
            let mut places = Vec::new();
            while !(sign == "-" && places.is_empty() && self.is_negative_number()) {
                let Some(at) = self.take(sign) else { break };
                places.push(at);
            }
            if let Some(first) = places.first() {
                let operand = self.member()?;
                if places.len() % 2 == 0 {
                    return Ok(operand);
                }
                return Ok(self.places.call(*first, name, vec![operand]));
            }
        }
        self.member()
    }

    fn is_negative_number(&self) -> bool {
        let next = self.tokens.get(self.at + 1).map(|token| &token.word);
        self.is("-") && matches!(next, Some(Word::Int(_) | Word::Float(_)))
    }

    fn member(&mut self) -> Read {
        let mut operand = self.primary()?;
        loop {
            if let Some(at) = self.take(".") {
                operand = self.selected(operand, at)?;
            } else if let Some(at) = self.take("[") {
                let name = if self.take("?").is_some() { OPT_INDEX } else { INDEX };
                let id = self.places.id(at);
                let index = self.expr()?;
                self.want("]")?;
                let args = vec![operand, index];
                let call = CallExpr { func_name: name.to_owned(), target: None, args };
                operand = IdedExpr { id, expr: Expr::Call(call) };
            } else {
                return Ok(operand);
            }
        }
    }

    fn selected(&mut self, operand: IdedExpr, at: usize) -> Read {
        let optional = self.take("?").is_some();
        let place = self.tokens.get(self.at).map_or(at, |token| token.at);
        let name = match self.word() {
            Some(Word::Name(name) | Word::Escaped(name)) => (*name).to_owned(),
            _ => return Err(Fault::Syntax),
        };
        let is_plain = matches!(self.word(), Some(Word::Name(_)));
        self.at += 1;
        if optional {
            let field = Expr::Literal(LiteralValue::String(name.into()));
            let field = self.places.made(place, field);
            return Ok(self.places.call(at, OPT_SELECT, vec![operand, field]));
        }
        if let Some(open) = Some(is_plain).filter(|plain| *plain).and_then(|_| self.take("(")) {
            let args = self.args()?;
            let dialect = self.dialect;
            return macros::member(&mut self.places, dialect, open, &name, operand, args);
        }
        let select = SelectExpr { operand: Box::new(operand), field: name, test: false };
        Ok(self.places.made(at, Expr::Select(select)))
    }

    /// What stands between brackets that are open already.
    fn args(&mut self) -> Result<Vec<IdedExpr>, Fault> {
        let mut args = Vec::new();
        if self.take(")").is_some() {
            return Ok(args);
        }
        loop {
            args.push(self.expr()?);
            if self.take(",").is_none() {
                self.want(")")?;
                return Ok(args);
            }
        }
    }

    fn primary(&mut self) -> Read {
        let token = self.tokens.get(self.at).ok_or(Fault::Syntax)?;
        if self.take("(").is_some() {
            let inner = self.expr()?;
            self.want(")")?;
            return Ok(inner);
        }
        if let Some(at) = self.take("[") {
            return self.list(at);
        }
        if let Some(at) = self.take("{") {
            return self.map(at);
        }
        let dotted = self.take(".").is_some();
        match self.word() {
            Some(Word::Name(_)) => self.named(dotted),
            _ if dotted => Err(Fault::Syntax),
            _ => self.literal(token.at),
        }
    }

    fn literal(&mut self, at: usize) -> Read {
        let negative = self.take("-").is_some();
        let literal = match (self.word(), negative) {
            (Some(Word::Literal(literal)), false) => literal.clone(),
            (Some(Word::Int(digits)), _) => LiteralValue::Int(signed(*digits, negative)?.into()),
            (Some(Word::Float(float)), _) => {
                LiteralValue::Double(if negative { -float } else { *float }.into())
            }
            _ => return Err(Fault::Syntax),
        };
        self.at += 1;
        Ok(self.places.made(at, Expr::Literal(literal)))
    }

    /// A variable, a call, or an object of a type.
    fn named(&mut self, dotted: bool) -> Read {
        let token = self.tokens.get(self.at).ok_or(Fault::Syntax)?;
        let Word::Name(name) = token.word else { return Err(Fault::Syntax) };
        if let Some(made) = self.object(dotted)? {
            return Ok(made);
        }
        self.at += 1;
        let dot = if dotted { "." } else { "" };
        if let Some(open) = self.take("(") {
            let args = self.args()?;
            return macros::global(&mut self.places, open, &format!("{dot}{name}"), args);
        }
        if RESERVED.contains(&name) {
            return Err(Fault::Syntax);
        }
        Ok(self.places.made(token.at, Expr::Ident(format!("{dot}{name}"))))
    }

    fn object(&mut self, dotted: bool) -> Result<Option<IdedExpr>, Fault> {
        let start = self.at;
        let mut names = Vec::new();
        while let Some(Word::Name(name)) = self.word() {
            names.push(*name);
            self.at += 1;
            if self.take(".").is_none() {
                break;
            }
        }
        let Some(at) = self.take("{").filter(|_| !names.is_empty()) else {
            self.at = start;
            return Ok(None);
        };
        let id = self.places.id(at);
        let entries = self.entries(Self::field)?;
        let dot = if dotted { "." } else { "" };
        let type_name = format!("{dot}{}", names.join("."));
        Ok(Some(IdedExpr { id, expr: Expr::Struct(StructExpr { type_name, entries }) }))
    }

    fn field(&mut self) -> Result<IdedEntryExpr, Fault> {
        let optional = self.take("?").is_some();
        let Some(Word::Name(name) | Word::Escaped(name)) = self.word() else {
            return Err(Fault::Syntax);
        };
        self.at += 1;
        let colon = self.want(":")?;
        let id = self.places.id(colon);
        let value = self.expr()?;
        let field = StructFieldExpr { field: (*name).to_owned(), value, optional };
        Ok(IdedEntryExpr { id, expr: EntryExpr::StructField(field) })
    }

    fn entry(&mut self) -> Result<IdedEntryExpr, Fault> {
        let optional = self.take("?").is_some();
        let key = self.expr()?;
        let colon = self.want(":")?;
        let id = self.places.id(colon);
        let value = self.expr()?;
        Ok(IdedEntryExpr { id, expr: EntryExpr::MapEntry(MapEntryExpr { key, value, optional }) })
    }

    fn entries(
        &mut self,
        entry: fn(&mut Self) -> Result<IdedEntryExpr, Fault>,
    ) -> Result<Vec<IdedEntryExpr>, Fault> {
        let mut entries = Vec::new();
        while self.take("}").is_none() {
            if self.is(",") && entries.is_empty() {
                self.at += 1;
                self.want("}")?;
                break;
            }
            entries.push(entry(self)?);
            if self.take(",").is_none() {
                self.want("}")?;
                break;
            }
        }
        Ok(entries)
    }

    fn map(&mut self, at: usize) -> Read {
        let id = self.places.id(at);
        let entries = self.entries(Self::entry)?;
        Ok(IdedExpr { id, expr: Expr::Map(MapExpr { entries }) })
    }

    fn list(&mut self, at: usize) -> Read {
        let id = self.places.id(at);
        let (mut elements, mut optionals) = (Vec::new(), Vec::new());
        while self.take("]").is_none() {
            if self.is(",") && elements.is_empty() {
                self.at += 1;
                self.want("]")?;
                break;
            }
            if self.take("?").is_some() {
                optionals.push(elements.len());
            }
            elements.push(self.expr()?);
            if self.take(",").is_none() {
                self.want("]")?;
                break;
            }
        }
        let list = ListExpr::new_with_optionals(elements, optionals);
        Ok(IdedExpr { id, expr: Expr::List(list) })
    }
}

fn signed(digits: u64, negative: bool) -> Result<i64, Fault> {
    let value = i128::from(digits);
    i64::try_from(if negative { -value } else { value }).map_err(|_| Fault::Syntax)
}
