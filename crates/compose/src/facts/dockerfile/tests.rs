use super::*;
use crate::files::MemoryFiles;
use std::path::PathBuf;

fn facts(text: &str, target: Option<&str>, args: &[(&str, &str)]) -> Option<Dockerfile> {
    let files = MemoryFiles::default();
    let mut context = Context::new(&files, PathBuf::new());
    let target = target.map(|target| Spanned::new(target.to_owned(), Span::default()));
    let args = args.iter().map(|(k, v)| ((*k).to_owned(), Some((*v).to_owned()))).collect();
    let build = Build { target, args, ..Build::default() };
    read("./Dockerfile", text, &build, &mut context)
}

const MULTI: &str = "# syntax=docker/dockerfile:1
ARG VERSION=3.10
FROM --platform=$BUILDPLATFORM python:${VERSION}-slim AS base
ENV PORT=8000 NAME=\"two words\"
WORKDIR /app
CMD [\"never\"]
RUN <<EOF
FROM nowhere
EOF
FROM base as dev
ENTRYPOINT [\"python3\"]
CMD flask run \\
  # a comment
  --host=0.0.0.0
FROM scratch AS prod
COPY --from=base /x /x
EXPOSE $PORT 53/udp 9000-9002
";

#[test]
fn the_chain_of_the_target_counts() {
    let dev = facts(MULTI, Some("dev"), &[]).unwrap();
    assert_eq!(dev.base.as_deref(), Some("python:3.10-slim"));
    assert_eq!(dev.workdir.as_deref(), Some("/app"));
    assert_eq!(dev.env["NAME"], "two words");
    assert_eq!(dev.entrypoint.unwrap(), ["python3"]);
    assert_eq!(dev.command.unwrap(), ["/bin/sh", "-c", "flask run  --host=0.0.0.0"]);
    let prod = facts(MULTI, None, &[]).unwrap();
    assert_eq!(prod.base.as_deref(), Some("scratch"));
    let ports: Vec<u16> = prod.expose.iter().map(|(port, ..)| *port).collect();
    assert_eq!(ports, [53, 9000, 9001, 9002]);
    assert_eq!(prod.command, None);
    let other = facts(MULTI, Some("DEV"), &[("VERSION", "3.12")]).unwrap();
    assert_eq!(other.base.as_deref(), Some("python:3.12-slim"));
    assert_eq!(facts(MULTI, Some("none"), &[]), None);
}

#[test]
fn the_rest_is_read() {
    let text = "FROM nginx\nUSER 101:101\nVOLUME [\"/a\", \"/b\"]\nVOLUME /c /d\nWORKDIR /srv\nWORKDIR x\n\
        STOPSIGNAL 15\nHEALTHCHECK --interval=5s --retries=3 CMD curl -f http://localhost/\nEXPOSE 80\n";
    let facts = facts(text, None, &[]).unwrap();
    assert_eq!(facts.user.as_deref(), Some("101:101"));
    assert_eq!(facts.volumes, ["/a", "/b", "/c", "/d"]);
    assert_eq!(facts.workdir.as_deref(), Some("/srv/x"));
    assert_eq!(facts.stop_signal.as_deref(), Some("SIGTERM"));
    assert_eq!(facts.expose, [(80, Protocol::Tcp, 9)]);
    let check = facts.healthcheck.unwrap();
    assert_eq!(check.interval.unwrap().value, Seconds(5));
    assert_eq!(
        check.test.unwrap().value,
        HealthTest::Shell("curl -f http://localhost/".to_owned())
    );
}

#[test]
fn nothing_is_too_odd() {
    for text in [
        "",
        "FROM",
        "RUN <<",
        "CMD [",
        "HEALTHCHECK --x",
        "FROM a\nENV\nENV =\nEXPOSE x-y 0\nARG\nVOLUME",
        "\\",
    ] {
        let _ = facts(text, None, &[]);
    }
}
