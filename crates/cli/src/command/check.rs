//! `muster check`: what would go wrong on a cluster, and how to write it right.

mod json;
mod text;

use crate::arguments::{CheckArguments, Findings};
use crate::error::Error;
use crate::exit::Exit;
use crate::manifests::{self, Manifests};
use crate::printer::Printer;
use check::reach::Network;
use check::{Finding, Severity};
use std::cmp::Reverse;

/// What was found, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    waived: usize,
}

impl Counts {
    fn new(files: usize, findings: &[Finding]) -> Self {
        let mut counts = Self { files, ..Self::default() };
        for finding in findings {
            let count = match (&finding.waived, finding.severity) {
                (Some(_), _) => &mut counts.waived,
                (None, Severity::Error) => &mut counts.errors,
                (None, Severity::Warning) => &mut counts.warnings,
                (None, Severity::Info) => &mut counts.notes,
            };
            *count += 1;
        }
        counts
    }

    /// Findings that no annotation waives.
    fn listed(self) -> usize {
        self.errors + self.warnings + self.notes
    }
}

pub(super) fn run(arguments: &CheckArguments, printer: &mut Printer) -> Result<Exit, Error> {
    let manifests = manifests::read(&arguments.paths)?;
    if !manifests.broken.is_empty() {
        return Err(broken(&manifests, printer));
    }
    if manifests.skipped > 0 {
        let files = if manifests.skipped == 1 { "file" } else { "files" };
        printer.note(&format!("left out {} {files} without Kubernetes objects", manifests.skipped));
    }
    let options = check::Options::for_minor(arguments.kubernetes);
    let findings = check::check(&manifests.files, &options);
    let counts = Counts::new(manifests.files.len(), &findings);
    let matrix = arguments.beside.matrix.then(|| networks::open(&Network::read(&manifests.files)));
    let text = match arguments.format() {
        Findings::Json => json::write(&findings, &manifests.sources, counts, matrix.as_ref()),
        Findings::Text => {
            let wanted = |it: &&Finding| it.waived.is_none() || arguments.beside.show_waived;
            let shown = worst(findings.iter().filter(wanted).collect());
            let layout = printer.layout();
            let table = matrix.map(|it| format!("\n{}", report::network(&it, layout)));
            text::write(&shown, &manifests.sources, counts, layout) + &table.unwrap_or_default()
        }
    };
    printer.result(&text)?;
    Ok(match counts {
        Counts { errors: 1.., .. } => Exit::Failed,
        Counts { warnings: 1.., .. } if arguments.strict => Exit::Strict,
        _ => Exit::Done,
    })
}

/// Nobody reads more findings than this.
const READABLE: usize = 1000;

/// The worst of too many findings, still in the order of the files.
fn worst(mut findings: Vec<&Finding>) -> Vec<&Finding> {
    if findings.len() > READABLE {
        findings.sort_by_key(|finding| Reverse(finding.severity));
        findings.truncate(READABLE);
        findings.sort_by_key(|finding| (finding.span, finding.rule.id));
    }
    findings
}

/// References into a file that cannot be read would all be reported as missing: nothing is judged.
fn broken(manifests: &Manifests, printer: &mut Printer) -> Error {
    let (broken, count) = (&manifests.broken, manifests.broken.len());
    printer.diagnostics(&broken[..count.min(SHOWN)], &manifests.sources);
    if count > SHOWN {
        printer.note(&format!("and {} more", count - SHOWN));
    }
    let files = if count == 1 { "1 file" } else { &format!("{count} files") };
    Error::input(format!("{files} could not be read: nothing was judged"))
}

/// More of them tell nothing new.
const SHOWN: usize = 10;
