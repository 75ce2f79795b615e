//! `muster capacity evaluate`: predictions beside measured rows.

use super::text;
use crate::arguments::EvaluateArguments;
use crate::atomic::{Readers, write};
use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use capacity::Calibration;
use capacity::evaluate::{Error as Errors, Summary, evaluate};
use serde_json::json;
use std::fmt::Write as _;

pub(super) fn run(arguments: &EvaluateArguments, printer: &mut Printer) -> Result<Exit, Error> {
    let rows = &arguments.rows;
    let evaluation = evaluate(&text(rows)?, Calibration::stored())
        .map_err(|error| Error::input(format!("{}: {error}", rows.display())))?;
    let out = &arguments.out;
    write(out, &evaluation.csv, Readers::Anybody).map_err(Error::disk("write", out))?;
    let shown = if arguments.json {
        format!("{:#}\n", for_programs(&evaluation.summary))
    } else {
        for_people(&evaluation.summary)
    };
    printer.result(&shown)?;
    printer.note(&format!("wrote {}", out.display()));
    Ok(Exit::Done)
}

fn for_people(summary: &Summary) -> String {
    let mut out = format!(
        "{:<32} {:<10} {:<8} {:>5}  {:>16}  {:>16}\n",
        "MODEL", "GPU", "ENGINE", "ROWS", "TTFT ERROR", "TPOT ERROR"
    );
    let percent = |middle: Option<(f64, f64)>| {
        middle
            .map_or_else(|| "–".to_owned(), |(mean, median)| format!("{mean:.1} % ({median:.1} %)"))
    };
    let mut line = |model: &str, gpu: &str, engine: &str, errors: &Errors| {
        let _ = writeln!(
            out,
            "{model:<32} {gpu:<10} {engine:<8} {:>5}  {:>16}  {:>16}",
            errors.rows(),
            percent(errors.ttft()),
            percent(errors.tpot())
        );
    };
    for ((model, gpu, engine), errors) in &summary.by {
        line(model, gpu, engine, errors);
    }
    line("all", "", "", &summary.all);
    out.push_str("\nErrors are means of absolute errors in per cent of what was measured, medians in brackets.\n");
    if !summary.not_modelled.is_empty() {
        out.push_str("\nNot predicted:\n");
        for (why, rows) in &summary.not_modelled {
            let _ = writeln!(out, "  {rows:>5}  {why}");
        }
    }
    out
}

fn for_programs(summary: &Summary) -> serde_json::Value {
    let errors = |errors: &Errors| {
        let middle = |it: Option<(f64, f64)>| {
            it.map(|(mean, median)| json!({"meanPercent": mean, "medianPercent": median}))
        };
        json!({"rows": errors.rows(), "ttft": middle(errors.ttft()), "tpot": middle(errors.tpot())})
    };
    let by: Vec<_> = summary
        .by
        .iter()
        .map(|((model, gpu, engine), it)| json!({"model": model, "gpu": gpu, "engine": engine, "errors": errors(it)}))
        .collect();
    json!({"all": errors(&summary.all), "by": by, "notModelled": summary.not_modelled})
}
