//! What ginkgo's JSON report says of each spec.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed { why: String },
}

/// The specs that ran, by name.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) outcomes: BTreeMap<String, Outcome>,
}

impl Report {
    pub(super) fn read(text: &str) -> Result<Self> {
        let report: Value = serde_json::from_str(text).context("the report is no JSON")?;
        let suites = report.as_array().context("the report has no suites")?;
        let specs = suites.iter().filter_map(|suite| suite["SpecReports"].as_array()).flatten();
        let specs = specs.filter(|spec| spec["LeafNodeType"] == "It");
        Ok(Self { outcomes: specs.filter_map(|spec| Some((name(spec), outcome(spec)?))).collect() })
    }
}

/// As ginkgo writes it: the texts of all nodes around it, then its own.
fn name(spec: &Value) -> String {
    let around = spec["ContainerHierarchyTexts"].as_array();
    let texts = around.into_iter().flatten().chain([&spec["LeafNodeText"]]);
    texts.filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// A spec that did not run has none.
fn outcome(spec: &Value) -> Option<Outcome> {
    match spec["State"].as_str()? {
        "passed" => Some(Outcome::Passed),
        "skipped" if spec["NumAttempts"] == 0 => None,
        "pending" => None,
        state => {
            let message = spec["Failure"]["Message"].as_str().unwrap_or(state);
            Some(Outcome::Failed { why: message.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Report};

    #[test]
    fn specs_have_names_and_outcomes() {
        let report = Report::read(
            r#"[{"SpecReports": [
                {"LeafNodeType": "BeforeSuite", "State": "passed"},
                {"LeafNodeType": "It", "ContainerHierarchyTexts": ["[sig-apps] Job", "x"],
                 "LeafNodeText": "runs", "State": "passed", "NumAttempts": 1},
                {"LeafNodeType": "It", "ContainerHierarchyTexts": ["[sig-apps] Job"],
                 "LeafNodeText": "fails", "State": "failed", "Failure": {"Message": "no"}},
                {"LeafNodeType": "It", "LeafNodeText": "left out", "State": "skipped", "NumAttempts": 0}
            ]}]"#,
        );
        let outcomes: Vec<_> = report.unwrap().outcomes.into_iter().collect();
        let failed = Outcome::Failed { why: "no".to_owned() };
        assert_eq!(
            outcomes,
            [
                ("[sig-apps] Job fails".to_owned(), failed),
                ("[sig-apps] Job x runs".to_owned(), Outcome::Passed)
            ]
        );
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        assert!(Report::read("").is_err());
        assert!(Report::read("{}").is_err());
    }
}
