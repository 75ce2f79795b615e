//! Calls that stand for loops and choices.

use super::{Dialect, Fault, Places, Read};
use crate::cel::prepare::GATHERED;
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::operators::{
    ADD, CONDITIONAL, EQUALS, LOGICAL_AND, LOGICAL_NOT, LOGICAL_OR, NOT_STRICTLY_FALSE,
};
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, MapExpr,
};

/// A loop over nothing only binds a variable.
const UNUSED: &str = "#unused";
/// What `sortBy` sorts.
const SORTED: &str = "@__sortBy_input__";

pub(super) fn global(places: &mut Places, at: usize, name: &str, mut args: Vec<IdedExpr>) -> Read {
    if name != "has" || args.len() != 1 {
        return Ok(places.call(at, name, args));
    }
    match args.pop() {
        Some(IdedExpr { expr: Expr::Select(mut select), .. }) => {
            select.test = true;
            Ok(places.made(at, Expr::Select(select)))
        }
        other => {
            let place = other.map_or(at, |arg| places.of(arg.id));
            Err(Fault::At(place, "invalid argument to has() macro"))
        }
    }
}

pub(super) fn member(
    places: &mut Places,
    dialect: Dialect,
    at: usize,
    name: &str,
    target: IdedExpr,
    args: Vec<IdedExpr>,
) -> Read {
    let is_cel = matches!(&target.expr, Expr::Ident(cel) if cel == "cel");
    let mut maker = Maker { places, at };
    let count = args.len();
    match (name, count) {
        ("all" | "exists" | "exists_one" | "filter" | "map", 2) | ("map", 3) => {
            maker.plain(name, target, args)
        }
        ("all" | "exists" | "exists_one" | "existsOne", 3)
        | ("transformList" | "transformMap" | "transformMapEntry", 3 | 4) => {
            maker.paired(name, target, args)
        }
        ("bind", 3) if is_cel && dialect == Dialect::Wide => maker.bind(args),
        ("optMap" | "optFlatMap", 2) => maker.optional(name, target, args),
        ("sortBy", 2) => maker.sorted(target, args),
        _ => Ok(maker.member_call(name, target, args)),
    }
}

struct Maker<'a> {
    places: &'a mut Places,
    at: usize,
}

impl Maker<'_> {
    fn made(&mut self, expr: Expr) -> IdedExpr {
        self.places.made(self.at, expr)
    }

    fn ident(&mut self, name: &str) -> IdedExpr {
        self.made(Expr::Ident(name.to_owned()))
    }

    fn gathered(&mut self) -> IdedExpr {
        self.ident(GATHERED)
    }

    fn bool(&mut self, bool: bool) -> IdedExpr {
        self.made(Expr::Literal(LiteralValue::Boolean(bool.into())))
    }

    fn int(&mut self, int: i64) -> IdedExpr {
        self.made(Expr::Literal(LiteralValue::Int(int.into())))
    }

    fn list(&mut self, items: Vec<IdedExpr>) -> IdedExpr {
        self.made(Expr::List(ListExpr::new(items)))
    }

    fn call(&mut self, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
        self.places.call(self.at, name, args)
    }

    fn member_call(&mut self, name: &str, target: IdedExpr, args: Vec<IdedExpr>) -> IdedExpr {
        let target = Some(Box::new(target));
        self.made(Expr::Call(CallExpr { func_name: name.to_owned(), target, args }))
    }

    fn name(&self, expr: &IdedExpr, why: &'static str) -> Result<String, Fault> {
        match &expr.expr {
            Expr::Ident(name) if !name.starts_with('.') => Ok(name.clone()),
            _ => Err(Fault::At(self.places.of(expr.id), why)),
        }
    }

    /// Loops with one variable.
    fn plain(&mut self, name: &str, range: IdedExpr, args: Vec<IdedExpr>) -> Read {
        let mut args = args.into_iter();
        let variable = args.next().ok_or(Fault::Syntax)?;
        let bound = self.name(
            &variable,
            match name {
                "map" | "filter" => "argument is not an identifier",
                _ => "argument must be a simple name",
            },
        )?;
        let first = args.next().ok_or(Fault::Syntax)?;
        let parts = match (name, args.next()) {
            ("map", Some(body)) => self.gathering(Some(first), body),
            ("map", None) => self.gathering(None, first),
            ("filter", _) => self.gathering(Some(first), variable),
            (quantifier, _) => self.quantified(quantifier, first),
        };
        Ok(self.looped(range, bound, None, parts))
    }

    /// Loops with two variables: places and items, or keys and values.
    fn paired(&mut self, name: &str, range: IdedExpr, args: Vec<IdedExpr>) -> Read {
        let mut args = args.into_iter();
        let (first, second) = args.next().zip(args.next()).ok_or(Fault::Syntax)?;
        let why = "argument must be a simple name";
        let names = [self.name(&first, why)?, self.name(&second, why)?];
        if names[0] == names[1] {
            return Err(Fault::At(self.places.of(second.id), "duplicate variable name"));
        }
        let (body, filter) = match (args.next(), args.next()) {
            (Some(filter), Some(body)) => (body, Some(filter)),
            (Some(body), None) => (body, None),
            _ => return Err(Fault::Syntax),
        };
        let parts = match name {
            "transformList" => self.gathering(filter, body),
            "transformMap" | "transformMapEntry" => {
                let gathered = self.gathered();
                let args = if name == "transformMap" {
                    vec![gathered, first, body]
                } else {
                    vec![gathered, body]
                };
                let step = self.call("cel.@mapInsert", args);
                let start = self.made(Expr::Map(MapExpr { entries: Vec::new() }));
                self.filtered(start, filter, step)
            }
            quantifier => self.quantified(quantifier, body),
        };
        let [first, second] = names;
        Ok(self.looped(range, first, Some(second), parts))
    }

    fn quantified(&mut self, name: &str, body: IdedExpr) -> Parts {
        match name {
            "all" => {
                let (start, gathered) = (self.bool(true), self.gathered());
                let going = self.call(NOT_STRICTLY_FALSE, vec![gathered]);
                let gathered = self.gathered();
                let step = self.call(LOGICAL_AND, vec![gathered, body]);
                let result = self.gathered();
                Parts { start, going, step, result }
            }
            "exists" => {
                let (start, gathered) = (self.bool(false), self.gathered());
                let not = self.call(LOGICAL_NOT, vec![gathered]);
                let going = self.call(NOT_STRICTLY_FALSE, vec![not]);
                let gathered = self.gathered();
                let step = self.call(LOGICAL_OR, vec![gathered, body]);
                let result = self.gathered();
                Parts { start, going, step, result }
            }
            _ => {
                let (start, going) = (self.int(0), self.bool(true));
                let (gathered, one) = (self.gathered(), self.int(1));
                let more = self.call(ADD, vec![gathered, one]);
                let gathered = self.gathered();
                let step = self.call(CONDITIONAL, vec![body, more, gathered]);
                let (gathered, one) = (self.gathered(), self.int(1));
                let result = self.call(EQUALS, vec![gathered, one]);
                Parts { start, going, step, result }
            }
        }
    }

    /// A list of what `body` gives, where the filter lets it.
    fn gathering(&mut self, filter: Option<IdedExpr>, body: IdedExpr) -> Parts {
        let (start, gathered) = (self.list(Vec::new()), self.gathered());
        let one = self.list(vec![body]);
        let step = self.call(ADD, vec![gathered, one]);
        self.filtered(start, filter, step)
    }

    fn filtered(&mut self, start: IdedExpr, filter: Option<IdedExpr>, step: IdedExpr) -> Parts {
        let going = self.bool(true);
        let step = match filter {
            Some(filter) => {
                let gathered = self.gathered();
                self.call(CONDITIONAL, vec![filter, step, gathered])
            }
            None => step,
        };
        Parts { start, going, step, result: self.gathered() }
    }

    fn looped(
        &mut self,
        range: IdedExpr,
        first: String,
        second: Option<String>,
        parts: Parts,
    ) -> IdedExpr {
        self.made(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range: range,
            iter_var: first,
            iter_var2: second,
            accu_var: GATHERED.to_owned(),
            accu_init: parts.start,
            loop_cond: parts.going,
            loop_step: parts.step,
            result: parts.result,
        })))
    }

    /// A variable for a value: a loop over nothing.
    fn bound(&mut self, name: &str, value: IdedExpr, body: IdedExpr) -> IdedExpr {
        let looped = ComprehensionExpr {
            iter_range: self.list(Vec::new()),
            iter_var: UNUSED.to_owned(),
            iter_var2: None,
            accu_var: name.to_owned(),
            accu_init: value,
            loop_cond: self.bool(false),
            loop_step: self.ident(name),
            result: body,
        };
        self.made(Expr::Comprehension(Box::new(looped)))
    }

    fn bind(&mut self, args: Vec<IdedExpr>) -> Read {
        let [name, value, body] = <[IdedExpr; 3]>::try_from(args).map_err(|_| Fault::Syntax)?;
        let name = self.name(&name, "cel.bind() variable names must be simple identifiers")?;
        Ok(self.bound(&name, value, body))
    }

    fn optional(&mut self, name: &str, target: IdedExpr, args: Vec<IdedExpr>) -> Read {
        let [variable, body] = <[IdedExpr; 2]>::try_from(args).map_err(|_| Fault::Syntax)?;
        let flat = name == "optFlatMap";
        let why = if flat {
            "optFlatMap() variable name must be a simple identifier"
        } else {
            "optMap() variable name must be a simple identifier"
        };
        let bound = self.name(&variable, why)?;
        if self.places.is_full() {
            return Err(Fault::TooLarge);
        }
        let copy = self.copied(&target);
        let has = self.member_call("hasValue", target, Vec::new());
        let value = self.member_call("value", copy, Vec::new());
        let given = self.bound(&bound, value, body);
        let given = if flat { given } else { self.call("optional.of", vec![given]) };
        let none = self.call("optional.none", Vec::new());
        Ok(self.call(CONDITIONAL, vec![has, given, none]))
    }

    fn sorted(&mut self, target: IdedExpr, args: Vec<IdedExpr>) -> Read {
        let can_be = matches!(
            target.expr,
            Expr::List(_)
                | Expr::Select(_)
                | Expr::Ident(_)
                | Expr::Comprehension(_)
                | Expr::Call(_)
        );
        if !can_be {
            let why = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
            return Err(Fault::At(self.places.of(target.id), why));
        }
        let input = self.ident(SORTED);
        let keys = self.plain("map", input, args)?;
        let input = self.ident(SORTED);
        let sorted = self.member_call("@sortByAssociatedKeys", input, vec![keys]);
        Ok(self.bound(SORTED, target, sorted))
    }

    /// The same once more, with numbers of its own.
    fn copied(&mut self, expr: &IdedExpr) -> IdedExpr {
        let mut copy = expr.clone();
        renumber(self.places, &mut copy);
        copy
    }
}

struct Parts {
    start: IdedExpr,
    going: IdedExpr,
    step: IdedExpr,
    result: IdedExpr,
}

fn renumber(places: &mut Places, expr: &mut IdedExpr) {
    let at = places.of(expr.id);
    expr.id = places.id(at);
    for part in crate::cel::read::parts_mut(&mut expr.expr) {
        renumber(places, part);
    }
}
