//! `muster plan`: what a product looks like on Kubernetes, and why.

use crate::Variables;
use crate::arguments::{Format, OutputArguments, PlanArguments};
use crate::atomic::{self, Readers};
use crate::error::Error;
use crate::exit::Exit;
use crate::folder;
use crate::printer::Printer;
use crate::product::{self, Inputs, Product};
use manifest::{OutFile, Secrets};
use model::reason::Level;
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

pub(super) fn run(
    arguments: &PlanArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let result = result(&arguments.output)?;
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let inputs = Inputs { project, cluster, variables };
    let minor = arguments.version.kubernetes;
    let product = product::load(&inputs, minor, printer)?;
    let text = match result {
        Shape::Report => report::terminal(&product.view(), printer.layout()),
        Shape::Yaml => manifest::yaml(&product.objects, Secrets::Masked),
        Shape::Json => pretty(&report::json(&product.view())),
        Shape::Changes(old, format) => changes(&inputs, minor, (old, format), &product, printer)?,
    };
    write(&arguments.output, &product, printer)?;
    printer.result(&text)?;
    if result == Shape::Yaml {
        say_masked(&product, printer);
    }
    Ok(verdict(&arguments.output, &result, &product, printer))
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape<'a> {
    Report,
    Yaml,
    Json,
    Changes(&'a Path, Notation),
}

/// How changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    Text,
    Json,
}

fn result(output: &OutputArguments) -> Result<Shape<'_>, Error> {
    match (output.format(), &output.out, &output.diff) {
        (Some(format @ (Format::Kustomize | Format::Helm)), None, _) => {
            let (name, folder) = match format {
                Format::Helm => ("helm", "chart/"),
                _ => ("kustomize", "base/"),
            };
            Err(Error::advised(
                format!("--format {name} writes several files and needs a folder for them"),
                format!("add --out, for example: --format {name} --out {folder}"),
            ))
        }
        (Some(Format::Yaml), None, Some(_)) => Err(Error::advised(
            "--diff prints changes, --format yaml prints objects: both want standard output",
            "leave one out, or add --out DIR for the objects",
        )),
        (Some(Format::Json), None, Some(old)) => Ok(Shape::Changes(old, Notation::Json)),
        (_, _, Some(old)) => Ok(Shape::Changes(old, Notation::Text)),
        (Some(Format::Yaml), None, None) => Ok(Shape::Yaml),
        (Some(Format::Json), None, None) => Ok(Shape::Json),
        _ => Ok(Shape::Report),
    }
}

/// Applied as they are, masked values would become passwords.
fn say_masked(product: &Product, printer: &mut Printer) {
    if product.objects.iter().any(|object| object.secret) {
        let hint = "for kubectl, write the files with --out DIR";
        printer.message("note", "secret values are masked here", Some(hint));
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn changes(
    inputs: &Inputs<'_>,
    minor: u8,
    (old, notation): (&Path, Notation),
    product: &Product,
    printer: &mut Printer,
) -> Result<String, Error> {
    let before = match saved(old)? {
        Some(plan) => plan,
        None => report::json(&product::older(inputs, minor, old, product, printer)?.view()),
    };
    let diff = report::diff(&before, &report::json(&product.view())).map_err(|not| {
        Error::advised(
            format!("{} is no plan: {}", old.display(), not.0),
            "write one with `muster plan --format json > plan.json`, or name a Compose file",
        )
    })?;
    Ok(match notation {
        Notation::Text => diff.terminal(printer.layout()),
        Notation::Json => pretty(&diff.json()),
    })
}

/// A plan of thousands of services is smaller.
const LARGEST: u64 = 256 << 20;

/// A plan that was written as JSON; `None` if the file is something else.
fn saved(path: &Path) -> Result<Option<Value>, Error> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() && meta.len() <= LARGEST => {}
        Ok(meta) if meta.is_file() => {
            let message = format!("{} has {} bytes", path.display(), meta.len());
            return Err(Error::advised(message, "no plan is that large: name another file"));
        }
        _ => return Ok(None),
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(serde_json::from_str(&text).ok()),
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(Error::disk("read", path)(error)),
    }
}

fn write(output: &OutputArguments, product: &Product, printer: &mut Printer) -> Result<(), Error> {
    if let Some(dir) = &output.out {
        let written = folder::write(dir, &files(output.format(), product))?;
        let removed = match written.removed {
            0 => String::new(),
            removed => format!(", removed {removed} that are not needed any more"),
        };
        printer.note(&format!("wrote {} files to {}{removed}", written.files, dir.display()));
    }
    if let Some(path) = &output.html {
        page(path, &report::html(&product.view()), printer)?;
    }
    if let Some(path) = &output.svg {
        page(path, &report::svg(&product.view()), printer)?;
    }
    Ok(())
}

fn files(format: Option<Format>, product: &Product) -> Vec<OutFile> {
    match format.unwrap_or(Format::Yaml) {
        Format::Yaml => manifest::plain(&product.plan),
        Format::Kustomize => manifest::kustomize(&product.plan),
        Format::Helm => manifest::helm(&product.plan),
        Format::Json => {
            let text = pretty(&report::json(&product.view()));
            vec![OutFile { path: "plan.json".to_owned(), text, secret: false }]
        }
    }
}

fn page(path: &Path, text: &str, printer: &mut Printer) -> Result<(), Error> {
    atomic::write(path, text, Readers::Anybody).map_err(Error::disk("write", path))?;
    printer.note(&format!("wrote {}", path.display()));
    Ok(())
}

/// The report shows blockers and warnings; where it is not shown, they are said here.
fn verdict(
    output: &OutputArguments,
    shape: &Shape<'_>,
    product: &Product,
    printer: &mut Printer,
) -> Exit {
    let (blockers, found) = (product.count(Level::Blocker), product.count(Level::Warning));
    let warnings = found + product.warnings + product.differences();
    if *shape != Shape::Report {
        let findings = product.plan.report.findings.iter();
        for finding in findings.filter(|finding| finding.level == Level::Blocker) {
            printer.message("blocker", &finding.message, Some(&finding.fix));
        }
    }
    if !output.strict || blockers + warnings == 0 {
        return Exit::Done;
    }
    let count = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let counts: Vec<_> =
        [count(blockers, "blocker"), count(warnings, "warning")].into_iter().flatten().collect();
    let message = format!("{}, which --strict refuses", counts.join(" and "));
    printer.message("error", &message, None);
    Exit::Strict
}
