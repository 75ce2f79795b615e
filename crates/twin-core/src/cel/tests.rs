use super::{CelValue, Expression, Failure, PER_CALL, Ran, plain, tree};
use crate::tree::{Value, decode};
use std::sync::Arc;

const OBJECT: &[u8] =
    br#"{"n":3,"f":1.5,"s":"ab","l":[1,2,3],"m":{"b":2,"a":1},"o":{"p":{"q":"r"}},"z":null}"#;

fn run(text: &str) -> Ran {
    let object = plain(&decode(OBJECT).expect("it is JSON"));
    Expression::read(text).expect(text).run(&[("self", object)])
}

#[track_caller]
fn says(text: &str, wanted: &str) {
    let result = run(text).result.expect(text);
    let wanted = decode(wanted.as_bytes()).expect("it is JSON");
    assert_eq!(tree(&result), Some(wanted), "{text}");
}

#[track_caller]
fn fails(text: &str, why: &str) {
    assert_eq!(run(text).result.expect_err(text).to_string(), why, "{text}");
}

#[track_caller]
fn costs(text: &str, cost: u64) {
    assert_eq!(run(text).cost, cost, "{text}");
}

#[test]
fn operators_do_as_in_kubernetes() {
    says("self.n + 1 == 4 && self.f * 2.0 == 3.0 && self.s + 'c' == 'abc'", "true");
    says("self.l + [4]", "[1,2,3,4]");
    says("2 in self.l && 'a' in self.m && !('c' in self.m)", "true");
    says("self.l[1] + self.m['b'] - -1", "5");
    says("self.n > 2 ? 'yes' : 'no'", "\"yes\"");
    says("has(self.o.p) && !has(self.o.x) && has(self.z)", "true");
    says("self.x.y || true", "true");
    says("false && self.x.y", "false");
    says("[1, 'a', null, 2.5, {'k': true}]", "[1,\"a\",null,2.5,{\"k\":true}]");
    says("self.o.?p.q.orValue('none') + self.o.?x.q.orValue('none')", "\"rnone\"");
    says("[?self.?n, ?self.?x]", "[3]");
    says("math.greatest(1, 2) + size(self.s)", "4");
    fails("self.x", "no such key: x");
    fails("self.m['x']", "no such key: x");
    fails("self.l[3]", "index out of bounds: 3");
    fails("self.n.x", "no such overload");
    fails("has(self.n.x)", "no such overload");
    fails("self.n + 'a'", "no such overload");
    fails("self.n / 0", "division by zero");
    fails("9223372036854775807 + 1", "integer overflow");
    fails("-(-9223372036854775808)", "integer overflow");
    fails("other", "undeclared reference to 'other' (in container '')");
    fails("true && self.x.y", "no such key: x");
}

#[test]
fn loops_go_in_order() {
    says("self.m.map(k, k)", r#"["a","b"]"#);
    says("self.l.filter(x, x > 1).map(x, x * x)", "[4,9]");
    says("self.l.exists_one(x, x == 2)", "true");
    says("self.l.map(x, x > 1, [x].map(y, y + x))", "[[4],[6]]");
    says("self.m.all(k, v, v > 0 && k != 'c') && self.l.exists(i, v, i == 2 && v == 3)", "true");
    says("cel.bind(x, self.n * 2, x * x)", "36");
    says("self.l.exists(x, x == 1 || self.x.y)", "true");
}

#[test]
fn macros_and_functions_are_those_of_kubernetes() {
    says("self.l.transformList(i, v, i > 0, v * i)", "[2,6]");
    says("self.m.transformMap(k, v, v > 1, v + 1)", r#"{"b":3}"#);
    says("self.m.transformMapEntry(k, v, {k + 'x': v})", r#"{"ax":1,"bx":2}"#);
    says("self.?n.optMap(x, x + 1).orValue(0)", "4");
    says("self.?x.optFlatMap(x, optional.of(x)).hasValue()", "false");
    says("['bb', 'a'].sortBy(x, size(x))", r#"["a","bb"]"#);
    says("[[3.0, 0.0/0.0, 2.0, 1.0].sortBy(x, x)[0]]", "[1.0]");
    fails("[2, 1u, 1.5].sortBy(x, dyn(x))", "list elements must have the same type");
    fails("[[2], [1]].sortBy(x, dyn(x))", "list elements must be comparable");
    says("type(self.n) == int && type('a') != type(1) && type(self.m) == map", "true");
    says("!!true && - -1 == 1 && 'é'.size() == 1", "true");
    says("self.?n.orValue(self.x.y)", "3");
    says("r'a\\n' + 'a\\n\\u00e9' + \"\"\"b\"\"\"", r#""a\\na\né b""#.replace(' ', "").as_str());
    fails("'abc'.charAt(7)", "index out of range: 7");
    fails("int('x')", "type conversion error from 'string' to 'int'");
    fails(
        "{'a': 1}.transformMapEntry(k, v, {'x': 1}).transformMapEntry(k, v, {'y': v}).y.z",
        "no such overload",
    );
}

#[test]
fn copies_of_macros_end() {
    let text = format!("self.?n{}", ".optMap(x, x)".repeat(200));
    assert!(Expression::read(&text).is_err());
}

#[test]
fn costs_are_those_of_kubernetes() {
    costs("true", 0);
    costs("self.n", 2);
    costs("self.n == 3", 3);
    costs("self.l[0]", 3);
    costs("[1, 2]", 10);
    costs("{'a': 1}", 30);
    costs("self.s.startsWith('a')", 3);
}

#[test]
fn what_takes_too_much_ends() {
    let limit = Failure::Limit.to_string();
    let is_limited = |text: &str| fails(text, &limit);
    is_limited("lists.range(1000000000).all(x, true)");
    is_limited("lists.range(60000).all(x, lists.range(60000).all(y, x + y >= 0))");
    is_limited(
        "lists.range(60000).all(x, x >= 0 || lists.range(60000).all(y, true)) && lists.range(60000).all(x, [x].all(y, [y].all(z, z >= 0)))",
    );
    is_limited("lists.range(60000).all(x, self.l.all(y, y > 0 && self.l.all(z, z > 0)))");
    is_limited(&format!("size({}0{})", "[0,0].map(x,".repeat(28), ")".repeat(28)));
    is_limited(&format!("size([0]{})", ".map(x, [x,x])".repeat(200)));
    is_limited(&format!("'aaaaaaaa'{} == ''", ".replace('a','aaaaaaaaaa')".repeat(100)));
    let doubled = |text: &str, times| {
        (0..times).fold(text.to_owned(), |inner, _| format!("cel.bind(x, {inner}, x + x)"))
    };
    is_limited(&format!("size({}) > 0", doubled("[1]", 28)));
    is_limited(&format!("size({}) > 0", doubled("'aaaaaaaaaaaaaaaa'", 28)));
    let nested = (0..28).fold("[1]".to_owned(), |inner, _| format!("cel.bind(x, {inner}, [x, x])"));
    is_limited(&format!("{nested} == 1"));
    is_limited("lists.range(60000).all(x, ('a' + string(x)).matches('a' + string(x)))");
    assert!(run("lists.range(60000).all(x, true) || true").cost <= PER_CALL + 10);
}

#[test]
fn what_one_expression_makes_is_made_in_time() {
    says("size(lists.range(20000).map(x, x + 1))", "20000");
    says("lists.range(3000).all(x, ('a' + string(x)).matches('^a[0-9]+$'))", "true");
}

#[test]
fn free_names_are_known() {
    let read = |text: &str| Expression::read(text).expect(text);
    let names = |set: std::collections::BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
    assert_eq!(
        names(read("a.all(b, b == c) && math.greatest(d, 1) > 0").variables),
        ["a", "c", "d"]
    );
    assert_eq!(names(read("nope(a.frob()) + 1").functions), ["frob", "nope"]);
    assert_eq!(names(read("Pod{a: 1}").types), ["Pod"]);
    assert_eq!(run("duration('1s')").result.as_ref().map(tree), Ok(None));
    assert_eq!(tree(&CelValue::String(Arc::new("a".into()))), Some(Value::text("a")));
}
