//! Models that answer whole items.

use super::asked::Items;
use crate::arguments::CapacityArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use capacity::items::{Choice, Device, Plan, answer};
use capacity::offers::Slices;
use serde_json::{Value, json};

pub(super) fn run(
    asked: &Items,
    arguments: &CapacityArguments,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let answer = answer(&asked.question, &devices(asked))
        .map_err(|error| Error::input(error.to_string()))?;
    let shown = if arguments.show.json {
        let choices: Vec<_> = answer.choices.iter().map(for_programs).collect();
        format!(
            "{:#}\n",
            json!({"model": answer.model.id, "size": answer.size, "options": choices})
        )
    } else {
        report::items(&answer, &asked.question, asked.prices.date(), printer.layout())
    };
    printer.result(&shown)?;
    Ok(Exit::Done)
}

fn devices(asked: &Items) -> Vec<Device> {
    let mut devices = Vec::new();
    for gpu in &asked.gpus {
        let price = asked.prices.of(&gpu.id);
        if !matches!(asked.slices, Slices::Only(_)) {
            devices.push(Device::whole(gpu, price));
        }
        let wanted = gpu.mig.iter().filter(|slice| match &asked.slices {
            Slices::Any => slice.most > 1,
            Slices::None => false,
            Slices::Only(name) => slice.name.eq_ignore_ascii_case(name),
        });
        devices.extend(wanted.map(|slice| Device::cut(gpu, slice, price)));
    }
    devices
}

fn for_programs(choice: &Choice) -> Value {
    match &choice.outcome {
        Ok(plan) => json!({"device": choice.device, "plan": plan as &Plan}),
        Err(why) => json!({"device": choice.device, "impossible": why, "why": why.to_string()}),
    }
}
