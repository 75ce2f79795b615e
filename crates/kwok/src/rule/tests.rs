use super::Rule;
use twin_core::tree::{Value, decode};

const POD: &str = r#"{
    "metadata": {"name": "p", "labels": {"d": "4", "b": "2", "c": "3", "a": "1", "e": "5", "f": "6"}},
    "spec": {"containers": [{"name": "x", "image": "i"}, {"name": "y", "image": ""}]}
}"#;

#[track_caller]
fn says(text: &str, wanted: &Value) {
    let pod = decode(POD.as_bytes()).expect("the pod is JSON");
    let rule = Rule::parse(text).expect(text);
    assert_eq!(rule.run(&pod).as_ref(), Some(wanted), "{text}");
}

#[track_caller]
fn fails(text: &str) {
    let pod = decode(POD.as_bytes()).expect("the pod is JSON");
    assert_eq!(Rule::parse(text).expect(text).run(&pod), None, "{text}");
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(Rule::parse(text).expect_err(text).message, message, "{text}");
}

#[test]
fn loops_know_their_variable() {
    says("self.spec.containers.all(c, c.name != '')", &Value::Bool(true));
    says("self.spec.containers.all(c, c.image != '')", &Value::Bool(false));
    says("self.spec.containers.exists(c, c.image == '')", &Value::Bool(true));
    says("self.spec.containers.exists_one(c, c.name == 'x')", &Value::Bool(true));
    says("size(self.spec.containers.filter(c, c.image != ''))", &Value::Int(1));
    says("self.spec.containers.map(c, c.name).join('-')", &"x-y".into());
    says("self.spec.containers.map(c, c.image != '', c.name)[0]", &"x".into());
    says("[1, 2].map(a, [3, 4].map(b, a * b)[1])[1]", &Value::Int(8));
}

#[test]
fn names_that_nothing_has_are_refused() {
    refused("other.a", "there is only \"self\", not \"other\"");
    refused("z.a && b.a && y.a", "there is only \"self\", not \"b\"");
    refused("self.a.all(c, c == d)", "there is only \"self\", not \"d\"");
    refused("self.a.all(c, true) && c", "there is only \"self\", not \"c\"");
    refused("c.all(c, true)", "there is only \"self\", not \"c\"");
    refused("nope(self)", "the function \"nope\" is not known here");
    refused("self.x.frob()", "the function \"frob\" is not known here");
    refused("z(self) || a(self)", "the function \"a\" is not known here");
    refused("Now() > self.a", "the function \"Now\" is not known here");
    refused("self.a.all(c, c.frob())", "the function \"frob\" is not known here");
    refused("math.nope(1)", "the function \"nope\" is not known here");
    refused("Pod{a: 1}", "objects of a type are not known here");
}

#[test]
fn functions_of_libraries_are_known() {
    says("math.greatest(1, 2)", &Value::Int(2));
    says("sets.contains([1, 2], [1])", &Value::Bool(true));
    says("quantity('1Gi').isGreaterThan(quantity('1Mi'))", &Value::Bool(true));
    says("self.metadata.name.replace('p', 'q')", &"q".into());
    says("'aaa'.replace('a', 'b', 2)", &"bba".into());
    says("['a', 'b'].join()", &"ab".into());
    says("lists.range(3)[2]", &Value::Int(2));
    says("'%s-%.2f'.format(['a', 1.5])", &"a-1.50".into());
    says("int(self.metadata.labels.d) + size('abc')", &Value::Int(7));
}

#[test]
fn loops_over_objects_go_through_their_keys_in_order() {
    says("self.metadata.labels.map(k, k).join()", &"abcdef".into());
    says("self.metadata.labels.filter(k, k > 'c')[0]", &"d".into());
    fails("'%s'.format([self.metadata.labels])");
    says("{'a': 1, 'b': true}.all(k, {'a': 1, 'b': false}[k])", &Value::Bool(false));
}

#[test]
fn what_takes_too_much_fails() {
    let nested =
        |depth: usize| format!("size({}0{})", "[0,0].map(x,".repeat(depth), ")".repeat(depth));
    says(&nested(3), &Value::Int(2));
    says(&nested(4), &Value::Int(2));
    fails(&nested(28));
    let list = format!("[{}]", vec!["0"; 500].join(","));
    fails(&format!("size({list}.map(a, {list}.map(b, {list}.map(c, 0))))"));
    fails(&format!("size([0]{})", ".map(x, [x,x])".repeat(200)));
    fails(&format!("size(['aaaaaaaa']{})", ".map(x, x+x)".repeat(200)));
    fails(&format!("size('aa'{})", ".replace('a','aaaaaaaaaa')".repeat(100)));
    fails(&format!("size(['a','a','a'].join('a'){})", ".split('').join('aaaaaaaaaa')".repeat(80)));
    fails("size(lists.range(9000000000000))");
    fails("size('%.99999999f'.format([1.0]))");
    says(&format!("self.metadata.name{} == 'p'", ".trim()".repeat(300)), &Value::Bool(true));
}

#[test]
fn numbers_without_an_opposite_fail() {
    fails("-(-9223372036854775808) > 0");
    fails("[-9223372036854775808].map(x, -x)[0] > 0");
    says("-int(self.metadata.labels.d)", &Value::Int(-4));
    says("-(1.5)", &Value::Float(-1.5));
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    for text in ["(".repeat(500), vec!["1"; 2_000].join("+")] {
        refused(&text, "the expression is nested too deeply");
    }
    let sum = vec!["1"; 300].join("+");
    says(&sum, &Value::Int(300));
    assert!(Rule::parse("has(self.a) && (self.b in ['x', 'y'] || !(self.c == {'d': 1}))").is_ok());
}
