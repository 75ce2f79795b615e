//! Nothing is wider than the page, whatever the plan holds.

mod common;

use proptest::prelude::*;
use report::{Color, Layout};

/// A service that keeps a promise, before the others.
const MODEL: &str = "services:\n  chat:\n    image: vllm/vllm-openai:v0.15.1\n    x-muster: { inference: { model: llama-3.2-1b, users: 9, gpu: l4 } }\n";

/// A product with one service of this name and image.
fn compose(name: &str, image: &str, port: u16) -> String {
    format!(
        "name: p\nservices:\n  {name}:\n    image: \"{image}\"\n    ports: [\"80:{port}\"]\n    \
         depends_on: [db]\n    environment: {{ DB_POOL: \"30\", DB_HOST: db }}\n  db:\n    \
         image: mariadb:11.4\n    volumes: [\"data:/var/lib/mysql\"]\nvolumes: {{ data: {{}} }}\n"
    )
}

/// Text without escapes.
fn bare(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
}

fn fits(text: &str, width: usize) -> Result<(), TestCaseError> {
    for line in bare(text).lines() {
        let columns = line.chars().count();
        prop_assert!(columns <= width, "{columns} columns in {width}: {line}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_wider_than_the_page(
        width in 40_usize..=200,
        name in "[a-z][a-z0-9]{0,50}",
        image in "[a-z]{1,10}\\.example\\.com/[a-z]{1,90}:[a-z0-9]{1,60}",
        port in 1_u16..,
        ansi in any::<bool>(),
    ) {
        let color = if ansi { Color::Ansi } else { Color::Plain };
        let layout = Layout { width, color };
        let planned = common::text(&compose(&name, &image, port).replace("services:\n", MODEL));
        let view = planned.view();
        fits(&report::terminal(&view, layout), width)?;
        for what in [name.as_str(), "db", "sts/db:spec", "restricted", "image-note"] {
            if let Ok(text) = report::explain(&view, what, layout) {
                fits(&text, width)?;
            }
        }
        let other = common::text(&compose("other", "nginx", 80));
        let diff = report::diff(&report::json(&view), &report::json(&other.view()));
        fits(&diff.expect("both are plans").terminal(layout), width)?;
        let other = common::text(&compose(&name, "nginx", 80));
        let diff = report::diff(&report::json(&view), &report::json(&other.view()));
        fits(&diff.expect("both are plans").terminal(layout), width)?;
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let planned = common::text(&compose("web", "nginx", 80));
    let of = |color| report::terminal(&planned.view(), Layout { width: 80, color });
    let (ansi, plain) = (of(Color::Ansi), of(Color::Plain));
    assert!(ansi.contains('\u{1b}'));
    assert!(!plain.contains('\u{1b}'));
    let trimmed = |text: &str| text.lines().map(|it| it.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&bare(&ansi)), trimmed(&plain));
}
