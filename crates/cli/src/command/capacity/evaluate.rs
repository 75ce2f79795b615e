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

pub(super) fn run(arguments: &EvaluateArguments, printer: &mut Printer) -> Result<Exit, Error> {
    let rows = &arguments.rows;
    let evaluation = evaluate(&text(rows)?, Calibration::stored())
        .map_err(|error| Error::input(format!("{}: {error}", rows.display())))?;
    let out = &arguments.out;
    write(out, &evaluation.csv, Readers::Anybody).map_err(Error::disk("write", out))?;
    let shown = if arguments.json {
        format!("{:#}\n", for_programs(&evaluation.summary))
    } else {
        evaluation.summary.text()
    };
    printer.result(&shown)?;
    printer.note(&format!("wrote {}", out.display()));
    Ok(Exit::Done)
}

fn for_programs(summary: &Summary) -> serde_json::Value {
    let errors = |errors: &Errors| {
        let middle = |it: Option<(f64, f64)>| {
            it.map(|(mean, median)| json!({"meanPercent": mean, "medianPercent": median}))
        };
        json!({
            "rows": errors.rows(),
            "ttft": middle(errors.ttft()),
            "tpot": middle(errors.tpot()),
            "endToEnd": middle(errors.end_to_end()),
        })
    };
    let by: Vec<_> = summary
        .by
        .iter()
        .map(|((model, gpu, engine), it)| json!({"model": model, "gpu": gpu, "engine": engine, "errors": errors(it)}))
        .collect();
    json!({"all": errors(&summary.all), "by": by, "notModelled": summary.not_modelled})
}
