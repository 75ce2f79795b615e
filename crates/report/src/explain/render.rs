//! Explanations as text.

use super::subject::{Subject, cites};
use crate::text::{Line, Page, Role, certainty, count, field_label, joined, level, phrases};
use crate::{Layout, Shown, View};
use model::reason::{Because, Certainty, Decision, Finding, Question, Rule};
use serde_json::Value;
use std::collections::BTreeMap;

/// Values of a field that are shown; the others are counted.
const VALUES: usize = 12;

pub(super) fn render(view: &View<'_>, subject: &Subject, layout: Layout) -> String {
    let mut text = Explanation { view, page: Page::new(layout), rules: BTreeMap::new() };
    match subject {
        Subject::Service(name) => text.service(name),
        Subject::Objects(objects) => text.whole_objects(objects),
        Subject::Field { object, field } => text.field(object, field),
        Subject::Attribute(path) => text.attribute(path),
        Subject::Rule(rule) => text.rule(*rule),
        Subject::Code(code) => text.code(code),
    }
    text.rules_behind();
    text.page.render()
}

/// A text that grows, and the rules that it has cited.
struct Explanation<'v> {
    view: &'v View<'v>,
    page: Page,
    rules: BTreeMap<&'static str, &'static str>,
}

impl Explanation<'_> {
    fn service(&mut self, name: &str) {
        let report = &self.view.plan.report;
        let own = |service: &Option<String>| service.as_deref() == Some(name);
        let decisions: Vec<_> = report.decisions.iter().filter(|it| own(&it.service)).collect();
        let what = format!("{} about this service", count(decisions.len(), "decision"));
        self.title(name, &what);
        self.by_object(&decisions);
        self.findings(report.findings.iter().filter(|it| own(&it.service)).collect());
        self.questions(report.questions.iter().filter(|it| own(&it.service)).collect());
    }

    fn whole_objects(&mut self, objects: &[String]) {
        let all = &self.view.plan.report.decisions;
        let decisions: Vec<_> = all.iter().filter(|it| objects.contains(&it.object)).collect();
        self.title(&joined(objects), &count(decisions.len(), "decision"));
        if decisions.is_empty() {
            self.page.text(Line::prose("nothing was decided about it on its own"));
        }
        self.by_object(&decisions);
    }

    fn field(&mut self, object: &str, field: &str) {
        self.title(&format!("{object}:{field}"), "");
        self.values(object, field);
        let all = self.view.plan.report.decisions.iter().filter(|it| it.object == object);
        let (below, covering): (Vec<_>, Vec<_>) =
            all.partition(|it| it.field.len() > field.len() && covers(field, &it.field));
        let longest =
            covering.iter().filter(|it| covers(&it.field, field)).map(|it| it.field.len()).max();
        let covering: Vec<_> = covering
            .into_iter()
            .filter(|it| covers(&it.field, field) && Some(it.field.len()) == longest)
            .collect();
        self.page.blank();
        if longest == Some(0) && below.is_empty() {
            self.page.text(Line::prose(
                "It has no decision of its own; it follows from what was decided about the object:",
            ));
        }
        if longest != Some(0) || below.is_empty() {
            self.decisions(&covering);
        }
        self.decisions(&below);
    }

    fn attribute(&mut self, path: &str) {
        let report = &self.view.plan.report;
        let decisions: Vec<_> =
            report.decisions.iter().filter(|it| cites(&it.because, path)).collect();
        let findings: Vec<_> =
            report.findings.iter().filter(|it| cites(&it.because, path)).collect();
        self.title(path, "what became of it");
        self.by_object(&decisions);
        self.findings(findings);
    }

    fn rule(&mut self, rule: Rule) {
        let report = &self.view.plan.report;
        let rests = |because: &[Because]| because.contains(&Because::Rule(rule));
        let decisions: Vec<_> = report.decisions.iter().filter(|it| rests(&it.because)).collect();
        self.title(rule.name, "a rule of the planner");
        self.page.hang(Line::default().padded(2), Line::prose(rule.why));
        if decisions.is_empty() {
            self.page.blank();
            self.page.text(Line::prose("No decision of this plan rests on it."));
            return;
        }
        self.page.heading("Where it applied", &count(decisions.len(), "decision"));
        self.by_object(&decisions);
        self.findings(report.findings.iter().filter(|it| rests(&it.because)).collect());
        self.rules.clear();
    }

    fn code(&mut self, code: &str) {
        let findings = self.view.plan.report.findings.iter().filter(|it| it.code == code);
        let findings: Vec<_> = findings.collect();
        self.title(code, &count(findings.len(), "finding"));
        self.findings(findings);
    }

    fn title(&mut self, name: &str, beside: &str) {
        let gap = if beside.is_empty() { "" } else { "   " };
        self.page.text(Line::of(Role::Title, name).plain(gap).and(Role::Faint, beside));
    }

    /// Decisions below the names of their objects: workloads first, then in the order of applying.
    fn by_object(&mut self, decisions: &[&Decision]) {
        let runs = |object: &str| {
            let named = |kind: &str, name: &str| object.split_once('/') == Some((kind, name));
            self.view.plan.workloads.iter().any(|it| named(it.kind.name(), &it.name))
        };
        let order = |object: &str| {
            let at = self.view.objects.iter().position(|it| it.origin == object);
            at.filter(|_| !runs(object))
                .map_or(usize::from(!runs(object)) * usize::MAX, |at| at + 1)
        };
        let mut groups: BTreeMap<(usize, &str), Vec<&Decision>> = BTreeMap::new();
        for decision in decisions {
            let key = (order(&decision.object), decision.object.as_str());
            groups.entry(key).or_default().push(decision);
        }
        for ((_, object), decisions) in groups {
            self.page.heading(object, "");
            self.decisions(&decisions);
        }
    }

    /// Decisions; those with the same reason share it.
    fn decisions(&mut self, decisions: &[&Decision]) {
        let mut groups: Vec<Vec<&Decision>> = Vec::new();
        for decision in decisions {
            match groups.iter_mut().find(|group| same_reason(group[0], decision)) {
                Some(group) => group.push(decision),
                None => groups.push(vec![decision]),
            }
        }
        for group in groups {
            for decision in &group {
                self.choice(decision);
            }
            self.reasons(&group);
        }
    }

    /// Field and choice, below each other if they are long.
    fn choice(&mut self, decision: &Decision) {
        let field = field_label(&decision.field);
        // The last step is what tells the fields of an object apart.
        let at =
            field.rfind('.').filter(|at| !field[*at..].contains([']', '`'])).map_or(0, |at| at + 1);
        let field = Line::of(Role::Faint, &field[..at]).and(Role::Name, &field[at..]);
        let chosen = Line::of(Role::Title, &decision.chosen);
        if field.width() + chosen.width() + 4 <= self.page.width() {
            self.page.hang(Line::default().padded(2), field.plain("  ").then(chosen));
        } else {
            self.page.hang(Line::default().padded(2), field);
            self.page.hang(Line::default().padded(4), chosen);
        }
    }

    fn reasons(&mut self, group: &[&Decision]) {
        let sure = group[0].certainty;
        let why = Line::prose(&group[0].why).and(role(sure), format!("  ({})", certainty(sure)));
        self.page.hang(Line::default().padded(6), why);
        let lines = group.iter().flat_map(|it| &it.because).filter(|it| is_line(it));
        let others = group[0].because.iter().filter(|it| !is_line(it));
        let because: Vec<_> = lines.chain(others).cloned().collect();
        self.because(&because);
    }

    fn because(&mut self, because: &[Because]) {
        for reason in because {
            if let Because::Rule(rule) = reason {
                self.rules.insert(rule.name, rule.why);
            }
        }
        for text in phrases(because, self.view.sources) {
            self.page.hang(Line::of(Role::Faint, "      ← "), Line::of(Role::Faint, text));
        }
    }

    fn findings(&mut self, findings: Vec<&Finding>) {
        if findings.is_empty() {
            return;
        }
        self.page.heading("What to look at", "");
        for finding in findings {
            let (sign, name) = level(finding.level);
            let about = finding.service.as_ref().map_or(String::new(), |it| format!(" of {it}"));
            let lead = Line::of(Role::Warning, format!("  {sign} "));
            let title =
                Line::of(Role::Title, finding.code).and(Role::Faint, format!("  a {name}{about}"));
            self.page.hang(lead, title);
            self.page.hang(Line::default().padded(6), Line::prose(&finding.message));
            if !finding.fix.is_empty() {
                self.page.hang(Line::of(Role::Good, "      → "), Line::prose(&finding.fix));
            }
            self.because(&finding.because);
        }
    }

    fn questions(&mut self, questions: Vec<&Question>) {
        if questions.is_empty() {
            return;
        }
        self.page.heading("What only you can answer", "");
        for question in questions {
            self.page.hang(Line::of(Role::Warning, "  ? "), Line::prose(&question.question));
            let assumed = Line::of(Role::Faint, "assumed: ").sentence(&question.assumed);
            self.page.hang(Line::default().padded(6), assumed);
            let answer = Line::of(Role::Faint, "else: ").and(Role::Code, &question.answer);
            self.page.hang(Line::default().padded(6), answer);
        }
    }

    /// The values at and below a field, as they stand in the object.
    fn values(&mut self, object: &str, field: &str) {
        let shown = self.view.objects.iter().filter(|it| it.origin == object);
        let values: Vec<_> = shown.flat_map(|it| below(it, field)).collect();
        if values.is_empty() {
            let text = Line::of(Role::Faint, "  the manifest says nothing here");
            self.page.text(text);
        }
        for (path, value) in values.iter().take(VALUES) {
            let text = Line::of(Role::Name, path).plain(" = ").and(Role::Title, json(value));
            self.page.hang(Line::default().padded(2), text);
        }
        if values.len() > VALUES {
            let more = format!("  and {}", count(values.len() - VALUES, "more field"));
            self.page.text(Line::of(Role::Faint, more));
        }
    }

    fn rules_behind(&mut self) {
        if self.rules.is_empty() {
            return;
        }
        self.page.heading("The rules behind it", "");
        for (name, why) in std::mem::take(&mut self.rules) {
            let text = Line::of(Role::Name, name).plain("  ").sentence(why);
            self.page.hang(Line::default().padded(2), text);
        }
    }
}

fn below<'s>(shown: &'s Shown, field: &str) -> impl Iterator<Item = &'s (String, Value)> {
    shown.leaves.iter().filter(move |(path, _)| covers(field, path))
}

/// Whether a field is another or lies above it; the empty field lies above all.
fn covers(above: &str, path: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| above.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether the sentence is the same, and all that it rests on but the lines of the files.
fn same_reason(a: &Decision, b: &Decision) -> bool {
    let others = |it: &Decision| -> Vec<Because> {
        it.because.iter().filter(|it| !is_line(it)).cloned().collect()
    };
    (&a.why, a.certainty) == (&b.why, b.certainty) && others(a) == others(b)
}

const fn is_line(because: &Because) -> bool {
    matches!(because, Because::Line { .. })
}

const fn role(certainty: Certainty) -> Role {
    match certainty {
        Certainty::Assumed => Role::Warning,
        _ => Role::Faint,
    }
}

fn json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
