//! Measured rows, forecast by aiconfigurator and by us: error and time.
//!
//! `pip install aiconfigurator` in an environment of its own, then
//! `cargo xtask bench forecast --peer ENV/bin/aiconfigurator --rows silicon_calibration.csv`. Ours are fitted without the
//! row's group; the peer's tables come from the same authors as many of the rows, of other versions of the engines.

#![allow(clippy::print_stdout, reason = "a benchmark tells the person who runs it")]

use capacity::calibrate::{Outcome, Stage, belongs, counts, engine, outcome};
use capacity::evaluate::{Case, Table};
use capacity::{Calibration, Coefficients, Engine};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::Command;
use std::time::Instant;

type Answer<T> = Result<T, Box<dyn Error>>;

/// Rows that are asked about, one of each group.
const ASKED: usize = 24;

/// A row as it was measured, and as the peer has to be told of it.
struct Row {
    case: Case,
    words: Vec<String>,
}

/// Predicted over measured, of both; and the seconds that it took.
#[derive(Clone, Copy)]
struct Forecast {
    ttft: f64,
    tpot: f64,
    seconds: f64,
}

fn main() -> Answer<()> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [peer, rows] = &words[..] else {
        println!("give the path of aiconfigurator and that of the rows");
        return Ok(());
    };
    let table = Table::read(&std::fs::read_to_string(rows)?);
    let all: Vec<Row> = table.rows.iter().filter_map(|row| read(&table, row)).collect();
    println!("model, GPUs, engine, prompt/answer, clients: error of TTFT and TPOT, seconds");
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for row in chosen(&all) {
        let ours = ours(row, &all).ok_or("it has been predicted to choose it")?;
        let theirs = theirs(row, peer)?;
        println!("{}\n  ours {}", title(&row.case), shown(Some(ours)));
        println!("  peer {}", shown(theirs));
        // Both are judged by the rows that both can forecast.
        if let Some(theirs) = theirs {
            own.push(ours);
            other.push(theirs);
        }
    }
    for (name, forecasts) in [("ours", own), ("peer", other)] {
        println!("{name}, {} rows: {}", forecasts.len(), mean(&forecasts));
    }
    Ok(())
}

/// Dense models, up to 64 clients whose caches fit, on the GPUs that engines are fitted on.
fn read(table: &Table, row: &[String]) -> Option<Row> {
    let case = Case::read(table, row).ok()?;
    let of_stage = Engine::ALL.into_iter().any(|engine| belongs(Stage::Dense, engine, &case));
    let known = outcome(&case, &Calibration::stored().coefficients)?;
    if !of_stage || !counts(&known) {
        return None;
    }
    let field = |name: &str| match name {
        "model_path" => known_to_the_peer(table.field(row, name)),
        _ => table.field(row, name).to_owned(),
    };
    let mut words: Vec<String> = ["cli", "estimate"].map(str::to_owned).into();
    for (flag, column) in [
        ("--model-path", "model_path"),
        ("--system", "system"),
        ("--backend", "backend"),
        ("--isl", "isl"),
        ("--osl", "osl"),
        ("--batch-size", "concurrency"),
        ("--tp-size", "tp_size"),
        ("--gemm-quant-mode", "gemm_quant_mode"),
    ] {
        let value = field(column);
        if !value.is_empty() {
            words.extend([flag.to_owned(), value]);
        }
    }
    Some(Row { case, words })
}

/// It brings the shapes of some models with it, under the first names of Llama's; tuned ones have the same shape.
fn known_to_the_peer(model: &str) -> String {
    let bare = model.trim_end_matches("-FP8").trim_end_matches("-Instruct");
    match bare.rsplit_once("/Llama-") {
        Some((_, version)) => format!("meta-llama/Meta-Llama-{version}"),
        None => bare.to_owned(),
    }
}

/// One row of each group, from the smallest load of the first to the largest of the last.
fn chosen(all: &[Row]) -> Vec<&Row> {
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in all {
        groups.entry(&row.case.group).or_default().push(row);
    }
    let step = groups.len().div_ceil(ASKED).max(1);
    let groups = groups.into_values().step_by(step).enumerate();
    groups
        .filter_map(|(at, mut rows)| {
            rows.sort_by_key(|row| row.case.load.clients);
            rows.get(at % rows.len()).copied()
        })
        .collect()
}

/// By a fit that did not see the row's group; the fit is not part of the time.
fn ours(row: &Row, all: &[Row]) -> Option<Forecast> {
    let kernels = &Calibration::stored().coefficients.kernels;
    let name = row.case.deployment.engine;
    let rest: Vec<_> =
        all.iter().map(|other| &other.case).filter(|other| other.group != row.case.group).collect();
    let engines = [(name, engine(name, &rest, kernels))].into();
    let coefficients = Coefficients { kernels: kernels.clone(), engines };
    let begun = Instant::now();
    let Outcome { ttft, tpot, .. } = outcome(&row.case, &coefficients)?;
    Some(Forecast { ttft, tpot, seconds: begun.elapsed().as_secs_f64() })
}

/// What the peer says; nothing, if it cannot say anything of such a row.
fn theirs(row: &Row, peer: &str) -> Answer<Option<Forecast>> {
    let begun = Instant::now();
    let output = Command::new(peer).args(&row.words).output()?;
    let seconds = begun.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    let figure = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name))?;
        line.trim().strip_suffix("ms")?.trim().replace(',', "").parse::<f64>().ok()
    };
    let figures = figure("TTFT:").zip(figure("TPOT:")).zip(row.case.ttft.zip(row.case.tpot));
    Ok(figures.map(|((ttft, tpot), measured)| Forecast {
        ttft: ttft / measured.0,
        tpot: tpot / measured.1,
        seconds,
    }))
}

fn title(case: &Case) -> String {
    let (deployment, load) = (&case.deployment, case.load);
    format!(
        "{}, {} × {}, {}, {}/{}, {}",
        deployment.model.name,
        deployment.tensor_parallel,
        deployment.gpu.id,
        deployment.engine.name(),
        load.prompt,
        load.output,
        load.clients
    )
}

fn shown(forecast: Option<Forecast>) -> String {
    let Some(it) = forecast else { return "no forecast".to_owned() };
    let error = |ratio: f64| 100.0 * (ratio - 1.0);
    format!("{:+.1} %, {:+.1} %, {:.4} s", error(it.ttft), error(it.tpot), it.seconds)
}

fn mean(forecasts: &[Forecast]) -> String {
    #[allow(clippy::cast_precision_loss, reason = "there are few rows")]
    let count = forecasts.len() as f64;
    let of = |part: fn(&Forecast) -> f64| forecasts.iter().map(part).sum::<f64>() / count;
    format!(
        "TTFT {:.1} %, TPOT {:.1} %, {:.4} s each",
        100.0 * of(|it| (it.ttft - 1.0).abs()),
        100.0 * of(|it| (it.tpot - 1.0).abs()),
        of(|it| it.seconds)
    )
}
