//! `muster twin --shapes`: what nodes can be.

use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use serde_json::json;
use shapes::{Amounts, Shape, shapes};

/// How shapes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Json,
}

/// Shows all shapes.
pub(super) fn list(form: Form, printer: &mut Printer) -> Result<Exit, Error> {
    match form {
        Form::Table => printer.result(&table())?,
        Form::Json => {
            for shape in shapes() {
                printer.result(&format!("{}\n", line(shape)))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn gib(mib: u64) -> String {
    let tenths = mib * 10 / 1_024;
    if tenths.is_multiple_of(10) {
        format!("{}", tenths / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

fn cores(millis: u64) -> String {
    if millis.is_multiple_of(1_000) { (millis / 1_000).to_string() } else { format!("{millis}m") }
}

fn table() -> String {
    let head = ["SHAPE", "OF", "CPU", "FOR PODS", "MEMORY", "FOR PODS", "PODS", "DISK", "GPUS"];
    let mut rows = vec![head.map(str::to_owned)];
    for shape in shapes() {
        let (all, free) = (shape.capacity(), shape.allocatable());
        let gpus =
            shape.gpu.map_or_else(String::new, |gpu| format!("{} × {}", shape.gpus, gpu.product));
        rows.push([
            shape.name.clone(),
            shape.provider.name().to_owned(),
            cores(all.cpu_millis),
            cores(free.cpu_millis),
            gib(all.memory_mib),
            gib(free.memory_mib),
            shape.pods.to_string(),
            shape.disk_gib.to_string(),
            gpus,
        ]);
    }
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |row: &[String; 9]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            // Names to the left, numbers to the right.
            if matches!(column, 0 | 1 | 8) {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let table: String = rows.iter().map(line).collect();
    format!("{table}\nMemory and disk in GiB. --json names the source of each figure.\n")
}

fn line(shape: &Shape) -> serde_json::Value {
    let amounts = |amounts: Amounts| json!({"cpuMillis": amounts.cpu_millis, "memoryMiB": amounts.memory_mib, "diskMiB": amounts.disk_mib});
    let gpu = shape.gpu.map(|gpu| {
        json!({
            "product": gpu.product, "memoryMiB": gpu.memory_mib, "count": shape.gpus,
            "mig": gpu.mig, "source": gpu.source,
        })
    });
    json!({
        "name": shape.name, "provider": shape.provider.name(), "arch": shape.arch,
        "capacity": amounts(shape.capacity()), "allocatable": amounts(shape.allocatable()),
        "pods": shape.pods, "gpu": gpu, "source": shape.source,
    })
}
