//! How far the services are: rewritten lines on a terminal, new lines elsewhere, events as JSON.

use crate::error::Error;
use crate::printer::Printer;
use apply::{Phase, ServiceState};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// In which form progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Rewritten,
    Lines,
    Json,
}

/// Tells how far the services are.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    printer: &'a mut Printer,
    form: Form,
    /// Lines that stand on the terminal and will be written over.
    drawn: usize,
    told: BTreeMap<String, String>,
}

impl<'a> Progress<'a> {
    pub(crate) fn json(printer: &'a mut Printer) -> Self {
        Self { printer, form: Form::Json, drawn: 0, told: BTreeMap::new() }
    }

    pub(crate) fn people(printer: &'a mut Printer) -> Self {
        let form = if printer.is_watched() { Form::Rewritten } else { Form::Lines };
        Self { printer, form, drawn: 0, told: BTreeMap::new() }
    }

    /// An event, for programs.
    pub(crate) fn event(&mut self, event: &Value) -> Result<(), Error> {
        if self.form == Form::Json { self.printer.result(&event.to_string()) } else { Ok(()) }
    }

    /// A text, for people.
    pub(crate) fn say(&mut self, text: &str) {
        if self.form != Form::Json {
            self.drawn = 0;
            self.printer.note(text);
        }
    }

    /// Where the services stand now.
    pub(crate) fn states(&mut self, states: &[ServiceState]) -> Result<(), Error> {
        let width = self.printer.layout().width;
        let lines: Vec<String> = states.iter().map(|state| cut(&line(state), width)).collect();
        match self.form {
            Form::Rewritten => {
                self.printer.redraw(&lines, self.drawn);
                self.drawn = lines.len();
            }
            Form::Lines | Form::Json => {
                for (state, line) in states.iter().zip(lines) {
                    let news = self.told.insert(state.service.clone(), line.clone());
                    if news.as_ref() == Some(&line) {
                        continue;
                    }
                    if self.form == Form::Lines {
                        self.printer.note(&line);
                    } else {
                        self.event(&event(state))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// One service in one line.
pub(crate) fn line(state: &ServiceState) -> String {
    let count = match state.pods.wanted {
        0 => String::new(),
        wanted => format!("{}/{wanted}", state.pods.ready),
    };
    let (mark, what) = match &state.phase {
        Phase::Serving => ("ok", "serves".to_owned()),
        Phase::Waiting(_) => ("..", why(state)),
        Phase::Failed(_) => ("!!", why(state)),
    };
    format!("  {mark} {:<20} {count:>5}  {what}", state.service)
}

fn why(state: &ServiceState) -> String {
    let said: Vec<_> = state.causes().iter().map(|cause| cause.reason.say()).collect();
    said.join("; ")
}

fn cut(line: &str, width: usize) -> String {
    match line.char_indices().nth(width) {
        Some(_) => line.chars().take(width - 1).chain(['…']).collect(),
        None => line.to_owned(),
    }
}

/// One service as an event.
pub(crate) fn event(state: &ServiceState) -> Value {
    let phase = match &state.phase {
        Phase::Serving => "serving",
        Phase::Waiting(_) => "waiting",
        Phase::Failed(_) => "failed",
    };
    let causes: Vec<_> = state
        .causes()
        .iter()
        .map(|cause| {
            json!({"reason": cause.reason.word(), "says": cause.reason.say(),
                "object": cause.object, "evidence": cause.evidence, "advice": cause.reason.advice()})
        })
        .collect();
    json!({"event": "service", "service": state.service, "phase": phase,
        "ready": state.pods.ready, "wanted": state.pods.wanted, "causes": causes})
}
