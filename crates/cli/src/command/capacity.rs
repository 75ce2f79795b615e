//! `muster capacity`: how many users a GPU serves.

mod asked;
mod evaluate;
mod items;
mod sweep;

use crate::Variables;
use crate::arguments::{CapacityArguments, CapacityCommand};
use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use asked::Asked;
use capacity::offers::{Offer, offers};
use capacity::search::{Answer, replay, search, seats_between};
use report::{CapacityDetails, CapacityView};
use std::fs;
use std::path::Path;

pub(super) fn run(
    arguments: &CapacityArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    if let Some(CapacityCommand::Evaluate(evaluate)) = &arguments.command {
        return evaluate::run(evaluate, printer);
    }
    let asked = asked::read(arguments, variables, printer)?;
    match asked {
        Asked::Items(question) => items::run(&question, arguments, printer),
        Asked::Tokens(tokens) => tokens_run(&tokens, arguments, printer),
    }
}

fn tokens_run(
    asked: &asked::Tokens,
    arguments: &CapacityArguments,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let (offers, misfits) = offers(&asked.wish(), &asked.prices);
    let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
    let answer = match &asked.trace {
        Some(trace) => replay(&asked.question, &candidates, trace),
        None => search(&asked.question, &candidates),
    };
    let answer = answer.map_err(|error| Error::input(error.to_string()))?;
    let details =
        if arguments.show.details { CapacityDetails::All } else { CapacityDetails::BestTwo };
    let seats = seats(asked, &offers, &answer, details);
    let view = CapacityView {
        served: &asked.served,
        question: &asked.question,
        offers: &offers,
        misfits: &misfits,
        answer: &answer,
        seats: &seats,
        details,
    };
    let best = answer.choices.first();
    let best = best.and_then(|best| offers.iter().find(|offer| offer.name == best.name));
    if arguments.show.json {
        let mut value = report::capacity_json(&view);
        if let (true, Some(best)) = (arguments.show.sweep, best) {
            value["sweep"] = sweep::json(&sweep::points(asked, best));
        }
        printer.result(&format!("{value:#}\n"))?;
        return Ok(Exit::Done);
    }
    printer.result(&report::capacity(&view, printer.layout()))?;
    match (arguments.show.sweep, best) {
        (true, Some(best)) => sweep::show(asked, best, arguments.show.plot.as_deref(), printer),
        _ => Ok(Exit::Done),
    }
}

/// Between how many seats a replica of the first options has, as far off as measurements were.
fn seats(
    asked: &asked::Tokens,
    offers: &[Offer],
    answer: &Answer,
    details: CapacityDetails,
) -> Vec<(f64, f64)> {
    let range = |choice: &capacity::search::Choice| {
        let offer = offers.iter().find(|offer| offer.name == choice.name)?;
        Some(seats_between(&asked.question, &offer.candidate(), offer.bands?, choice.room.seats))
    };
    // A range costs two more simulations.
    let ranged = match details {
        CapacityDetails::BestTwo => 2,
        CapacityDetails::All => answer.choices.len(),
    };
    match asked.trace {
        // The number of replicas was sought, not that of seats.
        Some(_) => Vec::new(),
        None => answer.choices.iter().take(ranged).map_while(range).collect(),
    }
}

/// The largest file of rows, traces or settings that is read.
const LARGEST: u64 = 1 << 30;

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let about = fs::metadata(path).map_err(Error::disk("read", path))?;
    if about.len() > LARGEST {
        let message = format!("{} is larger than 1 GiB", path.display());
        return Err(Error::advised(message, "cut it into smaller files"));
    }
    fs::read(path).map_err(Error::disk("read", path))
}

fn text(path: &Path) -> Result<String, Error> {
    String::from_utf8(bytes(path)?)
        .map_err(|_| Error::advised(format!("{} is not UTF-8", path.display()), "is it a text?"))
}
