use super::{Course, End, Files, Scene, Scratch, Stream, read};
use proptest::prelude::*;
use std::time::Duration;

const MESSAGE: &str = "/dev/termination-log";

#[derive(Debug)]
struct Name;

impl Files for Name {
    fn text(&self, path: &str) -> Option<String> {
        (path == "/etc/name").then(|| "web".to_owned())
    }
}

fn told(words: &[&str]) -> Option<Course> {
    let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
    let environment = [("A", "one two"), ("B", "7"), ("EMPTY", "")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let scratch = Scratch::Own;
    read(&words, &Scene { environment: &environment, files: &Name, message_path: MESSAGE, scratch })
}

/// Code, seconds and output of a line.
fn line(text: &str) -> Option<(u8, f64, String)> {
    let course = told(&["sh", "-c", text])?;
    let End { after, code } = course.end?;
    let written = course.written.iter().map(|it| it.text.as_str()).collect();
    Some((code, after.as_secs_f64(), written))
}

#[test]
fn lines_say_what_they_do() {
    for (text, code, seconds, written) in [
        ("", 0, 0.0, ""),
        ("exit 3", 3, 0.0, ""),
        ("sleep 5; exit 1", 1, 5.0, ""),
        ("sleep 0.5 1m && echo late", 0, 60.5, "late\n"),
        ("false", 1, 0.0, ""),
        ("false || exit 4", 4, 0.0, ""),
        ("true || sleep 9", 0, 0.0, ""),
        ("false && echo no; echo $?", 0, 0.0, "1\n"),
        ("! true", 1, 0.0, ""),
        ("echo $A \"$A\" '$A' \\$A", 0, 0.0, "one two one two $A $A\n"),
        ("echo -n a; echo b # c", 0, 0.0, "ab\n"),
        ("printf '%s=%d\\n' a 1 b 2", 0, 0.0, "a=1\nb=2\n"),
        ("X=$(echo a; exit 3); echo $? $X", 0, 0.0, "3 a\n"),
        ("A=wrong echo \"$A\"", 0, 0.0, "one two\n"),
        ("C=1 printenv C", 0, 0.0, "1\n"),
        ("export C=2; printenv C", 0, 0.0, "2\n"),
        ("cat /etc/name && echo && cat /etc/name", 0, 0.0, "web\nweb"),
        ("echo up > /tmp/up; cat /tmp/up; rm /tmp/up", 0, 0.0, "up\n"),
        ("if [ $(expr $B % 2) -ne 0 ]; then\n exit 1\nelse\n exit 0\nfi", 1, 0.0, ""),
        ("if false; then echo a; elif true; then echo b; fi", 0, 0.0, "b\n"),
        ("test -n \"$EMPTY\" || echo none", 0, 0.0, "none\n"),
        ("echo lost >/dev/null; echo err >&2", 0, 0.0, "err\n"),
    ] {
        assert_eq!(line(text), Some((code, seconds, written.to_owned())), "{text}");
    }
}

#[test]
fn what_is_not_plain_is_not_guessed() {
    for text in [
        "ls",
        "echo a | cat",
        "while true; do sleep 1; done",
        "echo $UNKNOWN",
        "echo *",
        "echo ~",
        "echo a &",
        "sleep x",
        "exit 256",
        "echo -e a",
        "echo 'a\\n'",
        "echo `date`",
        "echo $((1))",
        "(exit 1)",
        "{ true; }",
        "[[ a = a ]]",
        "set -e",
        "trap : TERM",
        "cat /etc/passwd",
        "echo a > /etc/x",
        "echo $1",
        "f() { :; }",
        "echo {a,b}",
        "echo ${A:-b}",
        "echo 'a",
        "a=(1)",
        "true &&",
        "; true",
        "true;; true",
        "fi",
        "if true; then fi",
        "echo a 3>x",
        "cat <x",
        "echo $(false) $?",
        "exit $(false)",
        "echo $A$",
        "! ! true",
        "echo $PATH",
        "IFS=a",
        "test -f /tmp/x",
        "printf %x 1",
    ] {
        assert_eq!(line(text), None, "{text}");
    }
}

#[test]
fn programs_need_no_shell() {
    let ends = |words: &[&str]| told(words).and_then(|course| course.end);
    let after = |seconds, code| Some(End { after: Duration::from_secs(seconds), code });
    assert_eq!(ends(&["sleep", "300"]), after(300, 0));
    assert_eq!(ends(&["/bin/false"]), after(0, 1));
    assert_eq!(ends(&["/usr/bin/sleep", "1h"]), after(3_600, 0));
    assert_eq!(ends(&["bash", "-c", "exit 2", "ignored"]), after(0, 2));
    assert_eq!(told(&["sleep", "infinity"]), Some(Course::default()));
    for words in [&["exit", "1"][..], &["nginx"], &["sh"], &["sh", "-ec", "true"], &[]] {
        assert_eq!(told(words), None, "{words:?}");
    }
    let course = told(&["echo", "$A", "*"]).unwrap();
    assert_eq!(course.written[0].text, "$A *\n");
}

#[test]
fn last_words_and_streams_have_their_times() {
    let text = "echo a; sleep 2; echo -n X > /dev/termination-log; echo b >&2; exit 1";
    let course = told(&["/bin/sh", "-c", text]).unwrap();
    let times: Vec<_> = course.written.iter().map(|it| (it.after.as_secs(), it.stream)).collect();
    assert_eq!(times, [(0, Stream::Out), (2, Stream::Error)]);
    assert_eq!(course.messages.last().map(|it| it.text.as_str()), Some("X"));
}

#[test]
fn work_has_bounds() {
    let double = format!("X=$A; {} echo $X", "X=$X$X; ".repeat(60));
    assert_eq!(line(&double), None);
    assert_eq!(line(&"! ".repeat(20_000)), None);
    assert_eq!(line(&format!("echo {}", "$(echo ".repeat(5_000))), None);
    assert_eq!(line(&"true\n".repeat(20_000)), None);
    assert_eq!(line(&format!(": {}", "$A".repeat(30_000))), Some((0, 0.0, String::new())));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "[ -~\n\t]{0,80}") {
        let _ = line(&text);
    }

    #[test]
    fn any_pieces_are_read(pieces in prop::collection::vec(prop::sample::select(&[
        "echo ", "if ", "then ", "fi", "else ", "; ", "&& ", "|| ", "$(", ")", "\"", "'", "$A", "${B}",
        "> ", "/tmp/x ", "exit ", "1", "\n", "A=", "[ ", "] ", "! ", "\\", "cat ", "sleep ", "é",
    ][..]), 0..40)) {
        let _ = line(&pieces.concat());
    }
}

#[test]
fn programs_are_known_by_name_and_path() {
    for program in ["sh", "/bin/sh", "/usr/bin/env", "sleep", "["] {
        assert!(super::is_known(program), "{program}");
    }
    for program in ["", "/app/server", "/usr/local/bin/sh", "python", "exit"] {
        assert!(!super::is_known(program), "{program}");
        assert_eq!(told(&[program]), None, "{program}");
    }
}
