//! The report while it grows.

use crate::world::Subject;
use model::reason::{Because, Certainty, Decision, Finding, Level, Question, Report, Rule};

/// Collects decisions, findings and questions.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) report: Report,
}

/// A decision before it is filed: see [`Log::decide`].
#[derive(Debug)]
pub(crate) struct Draft<'l> {
    log: &'l mut Log,
    decision: Decision,
}

impl Log {
    /// Starts a decision about a field of the subject's own workload; `field` is the full path
    /// below the object (use [`Subject::pod_field`] and [`Subject::container_field`]).
    pub(crate) fn decide(&mut self, subject: &Subject<'_>, field: impl Into<String>) -> Draft<'_> {
        let object = subject.object();
        self.decide_on(Some(subject.key()), object, field)
    }

    /// Starts a decision about any object.
    pub(crate) fn decide_on(
        &mut self,
        service: Option<&str>,
        object: impl Into<String>,
        field: impl Into<String>,
    ) -> Draft<'_> {
        let decision = Decision {
            service: service.map(str::to_owned),
            object: object.into(),
            field: field.into(),
            chosen: String::new(),
            why: String::new(),
            because: Vec::new(),
            certainty: Certainty::Known,
        };
        Draft { log: self, decision }
    }

    /// Files a finding.
    pub(crate) fn find(
        &mut self,
        level: Level,
        code: &'static str,
        service: Option<&str>,
        message: impl Into<String>,
        fix: impl Into<String>,
        because: Vec<Because>,
    ) {
        self.report.findings.push(Finding {
            level,
            code,
            service: service.map(str::to_owned),
            message: sentence(message.into()),
            fix: fix.into(),
            because,
        });
    }

    /// Files a question.
    pub(crate) fn ask(
        &mut self,
        service: Option<&str>,
        question: impl Into<String>,
        assumed: impl Into<String>,
        answer: impl Into<String>,
    ) {
        self.report.questions.push(Question {
            service: service.map(str::to_owned),
            question: sentence(question.into()),
            assumed: assumed.into(),
            answer: answer.into(),
        });
    }
}

/// The text with a capital at its start, unless it starts with a name.
fn sentence(text: String) -> String {
    let word = text.split([' ', ',']).next().unwrap_or_default();
    if word.is_empty() || !word.chars().all(|c| c.is_ascii_lowercase() || c == '\'') {
        return text;
    }
    let (first, rest) = text.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

impl Draft<'_> {
    /// What was chosen, in few words.
    pub(crate) fn chose(mut self, chosen: impl Into<String>) -> Self {
        self.decision.chosen = chosen.into();
        self
    }

    /// A reason.
    pub(crate) fn because(mut self, because: Because) -> Self {
        self.decision.because.push(because);
        self
    }

    /// Several reasons.
    pub(crate) fn all(mut self, because: impl IntoIterator<Item = Because>) -> Self {
        self.decision.because.extend(because);
        self
    }

    /// A rule as the reason.
    pub(crate) fn rule(self, rule: Rule) -> Self {
        self.because(Because::Rule(rule))
    }

    /// How sure we are; [`Certainty::Known`] unless said otherwise.
    pub(crate) fn sure(mut self, certainty: Certainty) -> Self {
        self.decision.certainty = certainty;
        self
    }

    /// Files the decision with its sentence.
    pub(crate) fn why(mut self, why: impl Into<String>) {
        self.decision.why = why.into();
        debug_assert!(!self.decision.because.is_empty(), "a decision rests on something");
        self.log.report.decisions.push(self.decision);
    }
}
