//! Names that each cluster makes for itself, and what both call them here.

use serde_json::Value;
use std::collections::BTreeMap;

/// Real names, and what stands for them: pods without their generated ends, hashes of templates as
/// numbers of revisions, nodes by what they are for.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Parts of names and sentences.
    known: BTreeMap<String, String>,
    nodes: BTreeMap<String, String>,
}

/// What nodes are called here, after that of the database.
const OTHERS: [&str; 2] = ["node-of-all", "node-spare"];
const HOME: &str = "node-of-db";

impl Names {
    pub(super) fn set_nodes<'a>(&mut self, home: String, others: impl Iterator<Item = &'a str>) {
        let others = others.map(str::to_owned).zip(OTHERS.map(str::to_owned));
        self.nodes = others.chain([(home, HOME.to_owned())]).collect();
    }

    pub(super) fn node(&self, role: &str) -> String {
        let mut nodes = self.nodes.iter();
        let (name, _) = nodes.find(|(_, known)| *known == role).expect("nodes have their roles");
        name.clone()
    }

    /// Learns the generated names of these objects.
    pub(super) fn learn(&mut self, objects: &[Value]) {
        for object in objects {
            self.learn_revision(object);
        }
        for object in objects {
            self.learn_name(object);
        }
    }

    /// Hashes of templates: another function makes them on a twin.
    fn learn_revision(&mut self, object: &Value) {
        let metadata = &object["metadata"];
        let (label, number) = match object["kind"].as_str() {
            Some("ReplicaSet") => (
                "pod-template-hash",
                metadata["annotations"]["deployment.kubernetes.io/revision"].as_str(),
            ),
            // There is one for each template, and this one's never changes.
            Some("ControllerRevision") => ("controller.kubernetes.io/hash", Some("1")),
            _ => return,
        };
        if let (Some(hash), Some(number)) = (metadata["labels"][label].as_str(), number) {
            self.know(hash, format!("#{number}"));
        }
    }

    fn learn_name(&mut self, object: &Value) {
        let metadata = &object["metadata"];
        let Some(name) = metadata["name"].as_str() else { return };
        if let Some(start) = metadata["generateName"].as_str() {
            let normal = format!("{}*", self.said(start));
            self.know(name, normal);
        }
        if let Some(claim) = object["spec"]["claimRef"]["name"].as_str() {
            self.know(name, format!("volume of {claim}"));
        }
        // Events tell of pods that are gone.
        if let Some(pod) = object["involvedObject"]["name"].as_str() {
            let of_pod = object["involvedObject"]["kind"] == "Pod";
            if let Some((start, end)) =
                pod.rsplit_once('-').filter(|(_, end)| of_pod && end.len() == 5)
            {
                debug_assert!(end.is_ascii());
                let normal = format!("{}-*", self.said(start));
                self.know(pod, normal);
            }
        }
    }

    fn know(&mut self, name: &str, normal: String) {
        self.known.entry(name.to_owned()).or_insert(normal);
    }

    /// A text with the names that both sides have.
    pub(super) fn said(&self, text: &str) -> String {
        // Longer names first: others are parts of them.
        let mut all: Vec<_> = self.known.iter().chain(&self.nodes).collect();
        all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        all.into_iter().fold(text.to_owned(), |text, (name, normal)| text.replace(name, normal))
    }
}
