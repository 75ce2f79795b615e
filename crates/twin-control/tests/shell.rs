//! What is said of a command line, against what the shells of this machine do with it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use twin_control::program::{Files, Scene, Scratch, Stream, read};

const VARIABLES: [(&str, &str); 6] =
    [("A", "one two"), ("B", "7"), ("EMPTY", ""), ("EDGE", " x  y "), ("X", "1"), ("Y", "y")];
/// Of so many lines that are made one has to be understood: about every fourth is.
const UNDERSTOOD: usize = 10;
/// Nobody waits longer for a real shell.
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Disk(PathBuf);

impl Files for Disk {
    fn text(&self, path: &str) -> Option<String> {
        let path = Path::new(path).strip_prefix(&self.0).ok()?;
        (path == Path::new("name")).then(|| "web\n".to_owned())
    }
}

/// How a line ended, what it wrote to both streams, and its last words.
type Seen = (i32, String, String, String);

fn told(line: &str, disk: &Disk) -> Option<Seen> {
    let environment = VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let message_path = disk.0.join("last").to_string_lossy().into_owned();
    let (message_path, scratch) = (message_path.as_str(), Scratch::Own);
    let scene = Scene { environment: &environment, files: disk, message_path, scratch };
    let course = read(&["sh", "-c", line].map(str::to_owned), &scene)?;
    let end = course.end.filter(|end| end.after < LONGEST)?;
    let of = |stream: Stream| {
        let parts = course.written.iter().filter(|it| it.stream == stream);
        parts.map(|it| it.text.as_str()).collect::<String>()
    };
    let last = course.messages.last().map(|it| it.text.clone()).unwrap_or_default();
    Some((i32::from(end.code), of(Stream::Out), of(Stream::Error), last))
}

fn done(shell: &[&str], line: &str, disk: &Disk) -> Seen {
    let last = disk.0.join("last");
    std::fs::write(&last, "").expect("the folder is there");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("-c").arg(line).env_clear().envs(VARIABLES).stdin(Stdio::null());
    let output = command.env("PATH", "/usr/bin:/bin").output().expect("the shell is there");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("lines are text");
    let code = output.status.code().unwrap_or(-1);
    let last = std::fs::read_to_string(last).expect("it was written");
    (code, text(output.stdout), text(output.stderr), last)
}

fn word() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(
        &[
            "a",
            "b=c",
            "x.y",
            "-n",
            "7",
            "0",
            "12",
            "$A",
            "\"$A\"",
            "'$A'",
            "${B}",
            "$B",
            "\"\"",
            "$EMPTY",
            "\"${EMPTY}\"",
            "$EDGE",
            "\"$EDGE\"",
            "p$EDGE.q",
            "$?",
            "\\$A",
            "\\ ",
            "\"a\\\"b\"",
            "$X",
            "$Y",
            "é",
            "a#b",
            "$(echo sub $A)",
            "\"$(printf '%s\\n\\n' $EDGE)\"",
            "$(false)",
            "'a;b'",
            "a\\\nb",
            "$",
            "!",
        ][..],
    );
    prop::collection::vec(plain, 1..3).prop_map(|parts| parts.concat())
}

fn simple() -> impl Strategy<Value = String> {
    let named = prop::sample::select(
        &[
            "true",
            "false",
            ":",
            "echo",
            "echo -n",
            "printf '%s,%d\\n' x 3",
            "printf '%s|'",
            "printf '%d %%\\n' 4",
            "exit",
            "exit 3",
            "printenv A",
            "X=",
            "Y=",
            "A=",
            "export X=",
            "export B=",
            "test",
            "test -n",
            "test -z",
            "test !",
            "test -e @/name",
            "test -f @/name",
            "[ ! -s @/last ]",
            "[ ]",
            "expr 7 + 1",
            "expr 7 %",
            "X=1 echo",
            "B=1 printenv B",
            "cat @/name",
            "/bin/echo",
            "expr 3 - 3",
            "sleep 0",
            "sleep 0.01s",
        ][..],
    );
    let compared = prop::sample::select(&["=", "!=", "-eq", "-ne", "-lt", "-ge"][..]);
    let test = (word(), compared, word()).prop_map(|(a, it, b)| format!("[ {a} {it} {b} ]"));
    let tail = prop::sample::select(
        &["", "", "", " >&2", " > @/last", " >> @/last", " >/dev/null", " 2>&1", " > /dev/stderr"]
            [..],
    );
    let words = prop::collection::vec(word(), 0..3);
    let program = (named, words).prop_map(|(name, words)| {
        let glue = if name.ends_with('=') { "" } else { " " };
        format!("{name}{glue}{}", words.join(" "))
    });
    (prop_oneof![3 => program, 1 => test], tail).prop_map(|(text, tail)| text + tail)
}

fn line() -> impl Strategy<Value = String> {
    let joint = prop::sample::select(&["; ", "\n", " && ", " || ", " # end\n", "&&\n"][..]);
    let leaf = prop_oneof![5 => simple(), 1 => simple().prop_map(|it| format!("! {it}"))];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        let list = prop::collection::vec((inner.clone(), joint.clone()), 1..4);
        let list = list.prop_map(|list| {
            let mut text: String =
                list.iter().flat_map(|(it, joint)| [it.as_str(), joint]).collect();
            text.push_str("true");
            text
        });
        let choice = (inner.clone(), inner.clone(), inner)
            .prop_map(|(a, b, c)| format!("if {a}; then {b}; else {c}; fi"));
        prop_oneof![3 => list, 1 => choice]
    })
}

#[test]
fn shells_do_what_is_said() {
    let shells = [&["/bin/sh"][..], &["/bin/dash"], &["/bin/bash"], &["/usr/bin/busybox", "sh"]];
    let there: Vec<_> = shells.into_iter().filter(|shell| Path::new(shell[0]).exists()).collect();
    if there.is_empty() {
        eprintln!("skipped: there is no /bin/sh to compare with");
        return;
    }
    let disk = Disk(std::env::temp_dir().join(format!("muster-shell-{}", std::process::id())));
    std::fs::create_dir_all(&disk.0).unwrap();
    std::fs::write(disk.0.join("name"), "web\n").unwrap();
    let understood = std::cell::Cell::new(0);
    let cases = std::env::var("MUSTER_SHELL_LINES").ok().and_then(|it| it.parse().ok());
    let config =
        Config { cases: cases.unwrap_or(100), failure_persistence: None, ..Config::default() };
    let total = usize::try_from(config.cases).unwrap();
    let result = TestRunner::new(config).run(&line(), |line| {
        let line = line.replace('@', &disk.0.to_string_lossy());
        let Some(told) = told(&line, &disk) else { return Ok(()) };
        understood.set(understood.get() + 1);
        for shell in &there {
            prop_assert_eq!(&told, &done(shell, &line, &disk), "{:?} -c {:?}", shell, line);
        }
        Ok(())
    });
    std::fs::remove_dir_all(&disk.0).unwrap();
    result.unwrap();
    eprintln!("{} of {total} lines were understood", understood.get());
    assert!(understood.get() * UNDERSTOOD >= total, "{} of {total}", understood.get());
}
