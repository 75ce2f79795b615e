//! Every text of a service's files that may hold addresses.

use model::project::{BindSource, Content, HealthTest, MountKind, Project, Service};
use model::reason::Because;

/// A piece of text that may hold addresses.
pub(super) struct Text<'a> {
    pub(super) content: &'a str,
    /// The environment variable's key, where it is one.
    pub(super) key: Option<&'a str>,
    pub(super) evidence: String,
    pub(super) because: Because,
}

/// The texts of one service.
pub(super) fn texts<'a>(project: &'a Project, service: &'a Service) -> Vec<Text<'a>> {
    let line = |path: String, span| Because::Line {
        field: format!("services.{}.{path}", service.name),
        span,
    };
    let mut out = Vec::new();
    for (key, value) in &service.environment {
        let Some(text) = value.value.as_deref() else { continue };
        let because = line(format!("environment.{key}"), value.span);
        out.push(Text { content: text, key: Some(key), evidence: key.clone(), because });
    }
    for (name, words) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
        for (index, word) in
            words.iter().flat_map(|w| w.value.iter().map(move |text| (w.span, text))).enumerate()
        {
            let because = line(format!("{name}.{index}"), word.0);
            out.push(Text { content: word.1, key: None, evidence: name.to_owned(), because });
        }
    }
    for (key, value) in &service.labels {
        let because = line(format!("labels.{key}"), value.span);
        out.push(Text {
            content: &value.value,
            key: None,
            evidence: format!("label {key}"),
            because,
        });
    }
    if let Some(test) = service.healthcheck.as_ref().and_then(|h| h.test.as_ref()) {
        let words: Vec<&str> = match &test.value {
            HealthTest::Disabled => Vec::new(),
            HealthTest::Command(words) => words.iter().map(String::as_str).collect(),
            HealthTest::Shell(text) => vec![text],
        };
        for text in words {
            let because = line("healthcheck.test".to_owned(), test.span);
            out.push(Text {
                content: text,
                key: None,
                evidence: "healthcheck".to_owned(),
                because,
            });
        }
    }
    file_texts(project, service, &mut out);
    out
}

fn file_texts<'a>(project: &'a Project, service: &'a Service, out: &mut Vec<Text<'a>>) {
    let mut push = |path: &str, text: &'a str| {
        let because = Because::File { path: path.to_owned() };
        out.push(Text { content: text, key: None, evidence: path.to_owned(), because });
    };
    for mount in &service.mounts {
        let MountKind::Bind { source, facts } = &mount.kind else { continue };
        match facts {
            BindSource::File(file) => {
                if let Content::Text(text) = &file.content {
                    push(source, text);
                }
            }
            BindSource::Directory { files, .. } => {
                for (name, file) in files {
                    if let (Content::Text(text), true) = (&file.content, is_configuration(name)) {
                        push(&format!("{}/{name}", source.trim_end_matches('/')), text);
                    }
                }
            }
            BindSource::Host | BindSource::Missing => {}
        }
    }
    for grant in &service.configs {
        if let Some(config) = project.configs.get(&grant.source).and_then(|c| c.content.as_ref()) {
            push(&format!("config {}", grant.source), config.expose());
        }
    }
    for (path, text) in service.build.iter().flat_map(|b| &b.texts) {
        push(path, text);
    }
}

/// Whether a file of a mounted directory is configuration rather than source code: code is full of
/// words that happen to be service names.
fn is_configuration(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    [
        "conf",
        "cfg",
        "ini",
        "yml",
        "yaml",
        "toml",
        "json",
        "properties",
        "env",
        "config",
        "xml",
        "hcl",
        "vcl",
    ]
    .contains(&ending)
        || name
            .rsplit('/')
            .next()
            .is_some_and(|file| ["Caddyfile", ".env", "nginx.conf"].contains(&file))
}
