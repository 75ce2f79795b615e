//! From YAML to stages.

mod place;

use crate::delay::{Delay, Length, Source, Weight};
use crate::query::Query;
use crate::rule::Rule;
use crate::selector::{Condition, Operator, Selector};
use crate::stage::{Finalizers, Form, Removed, Severity, Stage, Step, Target, Told};
use crate::template::Template;
use place::Places;
use std::collections::BTreeMap;
use std::time::Duration;
use yaml::fields::{self, Fields, wrong};
use yaml::{Diagnostic, FileId, Limits, Node};

/// Reads the stages of a file. Objects of other kinds are left out.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read(text: &str, file: FileId) -> Result<Vec<Stage>, Diagnostic> {
    let reader = Reader { places: Places(text) };
    let mut stages = Vec::new();
    for document in yaml::parse_all(text, file, Limits::default())? {
        let list = document.as_map().and_then(|map| map.get("items")).and_then(Node::as_seq);
        for object in list.unwrap_or(std::slice::from_ref(&document)) {
            if is_stage(object) {
                stages.extend(reader.stage(object)?);
            }
        }
    }
    Ok(stages)
}

fn is_stage(object: &Node) -> bool {
    let says = |field: &str| {
        object.as_map().and_then(|map| map.get(field)).and_then(Node::as_str).unwrap_or_default()
    };
    says("kind") == "Stage" && says("apiVersion") == "kwok.x-k8s.io/v1alpha1"
}

struct Reader<'a> {
    places: Places<'a>,
}

type Read<T> = Result<T, Diagnostic>;

impl Reader<'_> {
    /// None for one without a selector, which never comes.
    fn stage(&self, object: &Node) -> Read<Option<Stage>> {
        let mut top = Fields::of(object)?;
        top.take("apiVersion");
        top.take("kind");
        top.take("status");
        let name = match top.take("metadata") {
            Some(metadata) => Fields::of(metadata)?.text("name")?,
            None => String::new(),
        };
        let mut spec = Fields::of(top.must("spec")?)?;
        top.done()?;
        let target = target(spec.must("resourceRef")?)?;
        let selector = spec.take("selector").map(|node| self.selector(node)).transpose()?;
        let weight = Weight {
            value: u32::try_from(spec.count("weight")?.unwrap_or(0)).unwrap_or(u32::MAX),
            from: spec.take("weightFrom").map(|node| self.from(node)).transpose()?,
        };
        let delay = spec.take("delay").map(|node| self.delay(node)).transpose()?;
        let next = spec.take("next").map(|node| self.following(node)).transpose()?;
        let steps = spec.take("steps").map(|node| self.steps(node)).transpose()?;
        // Here whoever writes is told at once of what it wrote: the next stage is always immediate.
        spec.flag("immediateNextStage")?;
        spec.done()?;
        let steps = steps.filter(|steps| !steps.is_empty()).or(next).unwrap_or_default();
        let delay = delay.unwrap_or_default();
        Ok(selector.map(|selector| Stage { name, target, selector, weight, delay, steps }))
    }

    fn selector(&self, node: &Node) -> Read<Selector> {
        let mut fields = Fields::of(node)?;
        let labels = fields.take("matchLabels").map(texts).transpose()?.unwrap_or_default();
        let annotations =
            fields.take("matchAnnotations").map(texts).transpose()?.unwrap_or_default();
        let conditions = fields.list("matchExpressions")?;
        let conditions = conditions.iter().map(|it| self.condition(it)).collect::<Read<_>>()?;
        fields.done()?;
        Ok(Selector { labels, annotations, conditions })
    }

    fn condition(&self, node: &Node) -> Read<Condition> {
        let mut fields = Fields::of(node)?;
        if let Some(cel) = fields.take("cel") {
            let mut cel = Fields::of(cel)?;
            let rule = self.rule(cel.must("expression")?)?;
            cel.done()?;
            return fields.done().map(|()| Condition::Rule(rule));
        }
        if let Some(jq) = fields.take("jq") {
            fields.done()?;
            fields = Fields::of(jq)?;
        }
        let query = self.query(fields.must("key")?)?;
        let operator = fields.must("operator")?;
        let values = fields.list("values")?;
        let values: Vec<_> = values.iter().map(fields::text).collect::<Read<_>>()?;
        fields.done()?;
        let operator = match (operator.as_str().unwrap_or_default(), values.is_empty()) {
            ("In", false) => Operator::In(values),
            ("NotIn", false) => Operator::NotIn(values),
            ("Exists", true) => Operator::Exists,
            ("DoesNotExist", true) => Operator::DoesNotExist,
            ("In" | "NotIn", true) => return Err(wrong(operator, "it needs values")),
            ("Exists" | "DoesNotExist", false) => {
                return Err(wrong(operator, "it takes no values"));
            }
            (name, _) => {
                let known = "In, NotIn, Exists and DoesNotExist";
                return Err(wrong(operator, format!("there is no operator {name:?}"))
                    .hint(format!("there are {known}")));
            }
        };
        Ok(Condition::Query(query, operator))
    }

    fn query(&self, node: &Node) -> Read<Query> {
        let text = fields::text(node)?;
        Query::parse(&text).map_err(|fault| self.places.wrong(node, &text, &fault))
    }

    fn rule(&self, node: &Node) -> Read<Rule> {
        let text = fields::text(node)?;
        Rule::parse(&text).map_err(|fault| self.places.wrong(node, &text, &fault))
    }

    fn template(&self, node: &Node) -> Read<Template> {
        let text = fields::text(node)?;
        Template::parse(&text).map_err(|fault| self.places.wrong(node, &text, &fault))
    }

    fn from(&self, node: &Node) -> Read<Source> {
        let mut fields = Fields::of(node)?;
        for (name, inner) in [("cel", "expression"), ("jq", "expression")] {
            let Some(node) = fields.take(name) else { continue };
            let mut nested = Fields::of(node)?;
            let node = nested.must(inner)?;
            nested.done()?;
            fields.done()?;
            return if name == "cel" {
                self.rule(node).map(Source::Rule)
            } else {
                self.query(node).map(Source::Query)
            };
        }
        let query = self.query(fields.must("expressionFrom")?)?;
        fields.done()?;
        Ok(Source::Query(query))
    }

    fn delay(&self, node: &Node) -> Read<Delay> {
        let mut fields = Fields::of(node)?;
        let least = fields.count("durationMilliseconds")?.unwrap_or(0);
        let from = fields.take("durationFrom").map(|it| self.from(it)).transpose()?;
        let most = fields.count("jitterDurationMilliseconds")?;
        let most_from = fields.take("jitterDurationFrom").map(|it| self.from(it)).transpose()?;
        fields.done()?;
        let jitters = most.is_some() || most_from.is_some();
        Ok(Delay {
            length: Length { value: Some(Duration::from_millis(least)), from },
            most: jitters
                .then(|| Length { value: most.map(Duration::from_millis), from: most_from }),
        })
    }

    /// `next`, the older form: the steps that it stands for.
    fn following(&self, node: &Node) -> Read<Vec<Step>> {
        let mut fields = Fields::of(node)?;
        let mut steps = Vec::new();
        steps.extend(fields.take("event").map(told).transpose()?.map(Step::Event));
        steps.extend(fields.take("finalizers").map(finalizers).transpose()?.map(Step::Finalizers));
        let patches = fields.list("patches")?;
        let template = fields.take("statusTemplate").map(|it| self.template(it)).transpose()?;
        let subresource = fields.text("statusSubresource")?;
        fields.take("statusPatchAs");
        let ends = fields.flag("delete")?;
        fields.done()?;
        if ends == Some(true) {
            // It outranks a template.
            steps.push(Step::Delete);
        } else if !patches.is_empty() {
            for patch in patches {
                steps.push(self.patch(patch)?);
            }
        } else if let Some(template) = template {
            let subresource =
                if subresource.is_empty() { "status".to_owned() } else { subresource };
            steps.push(Step::Patch {
                form: None,
                root: "status".to_owned(),
                subresource,
                template,
            });
        }
        Ok(steps)
    }

    fn steps(&self, node: &Node) -> Read<Vec<Step>> {
        let mut steps = Vec::new();
        for node in fields::list(node)? {
            let mut fields = Fields::of(node)?;
            steps.extend(fields.take("event").map(told).transpose()?.map(Step::Event));
            steps.extend(
                fields.take("finalizers").map(finalizers).transpose()?.map(Step::Finalizers),
            );
            steps.extend((fields.flag("delete")? == Some(true)).then_some(Step::Delete));
            steps.extend(fields.take("patch").map(|it| self.patch(it)).transpose()?);
            steps.extend(fields.take("apply").map(|it| self.apply(it)).transpose()?);
            fields.done()?;
        }
        Ok(steps)
    }

    fn patch(&self, node: &Node) -> Read<Step> {
        let mut fields = Fields::of(node)?;
        let (subresource, root) = (fields.text("subresource")?, fields.text("root")?);
        let form = fields.take("type").map(form).transpose()?;
        let template = self.template(fields.must("template")?)?;
        fields.take("impersonation");
        fields.done()?;
        Ok(Step::Patch { form, root, subresource, template })
    }

    fn apply(&self, node: &Node) -> Read<Step> {
        let mut fields = Fields::of(node)?;
        let subresource = fields.text("subresource")?;
        let form = fields.take("type").map(form).transpose()?.unwrap_or(Form::Apply);
        let template = self.template(fields.must("template")?)?;
        fields.take("impersonation");
        fields.done()?;
        Ok(Step::Apply { form, subresource, template })
    }
}

fn target(node: &Node) -> Read<Target> {
    let mut fields = Fields::of(node)?;
    let version = fields.text("apiGroup")?;
    let kind = fields::text(fields.must("kind")?)?;
    fields.done()?;
    let api_version = if version.is_empty() { "v1".to_owned() } else { version };
    Ok(Target { api_version, kind })
}

fn texts(node: &Node) -> Read<BTreeMap<String, String>> {
    let map = node
        .as_map()
        .ok_or_else(|| wrong(node, format!("this is {}, not a mapping", node.kind())))?;
    map.entries.iter().map(|(key, node)| Ok((key.value.clone(), fields::text(node)?))).collect()
}

fn form(node: &Node) -> Read<Form> {
    match node.as_str().unwrap_or_default() {
        "json" => Ok(Form::Json),
        "merge" => Ok(Form::Merge),
        "strategic" => Ok(Form::Strategic),
        "apply" => Ok(Form::Apply),
        other => Err(wrong(node, format!("there is no patch of type {other:?}"))
            .hint("there are json, merge, strategic and apply")),
    }
}

fn told(node: &Node) -> Read<Told> {
    let mut fields = Fields::of(node)?;
    let severity = fields.text("type")?;
    let told = Told {
        severity: if severity == "Warning" { Severity::Warning } else { Severity::Normal },
        reason: fields.text("reason")?,
        message: fields.text("message")?,
    };
    fields.done().map(|()| told)
}

fn finalizers(node: &Node) -> Read<Finalizers> {
    let mut fields = Fields::of(node)?;
    let names = |items: &[Node]| {
        items.iter().map(|item| Fields::of(item)?.text("value")).collect::<Read<Vec<_>>>()
    };
    let add = names(fields.list("add")?)?;
    let remove = names(fields.list("remove")?)?;
    let all = fields.flag("empty")? == Some(true);
    fields.done()?;
    Ok(Finalizers { add, remove: if all { Removed::All } else { Removed::These(remove) } })
}
