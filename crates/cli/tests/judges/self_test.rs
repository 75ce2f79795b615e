//! A judge that never complains proves nothing: on manifests written by hand, they must.

use super::{checkov, judge, schemas, scratch};
use std::path::PathBuf;

const CARELESS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: { checkov.io/skip1: CKV_K8S_43=tags are pinned later }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: nginx:1.29
          prots: [{ containerPort: 80 }]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: web, namespace: shop }
---
apiVersion: v1
kind: Servicemap
metadata: { name: web, namespace: shop }
";

/// It would cover the pods of a folder beside it, if folders were judged together.
const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: all, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
";

fn folders(name: &str) -> Vec<PathBuf> {
    let top = scratch(name);
    let write = |folder: &str, text: &str| {
        let folder = top.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("objects.yaml"), text).unwrap();
        folder
    };
    vec![write("careless", CARELESS), write("policy", POLICY)]
}

#[test]
fn schemas_refuse_unknown_fields_and_kinds() {
    let Some(python) = judge("python") else { return };
    let verdicts = schemas::validate(&python, &folders("self-schemas"));
    let refused = schemas::refused(&verdicts);
    assert_eq!(refused.len(), 2 * 4, "{refused:?}");
    assert!(refused.iter().any(|line| line.contains("'prots' was unexpected")), "{refused:?}");
    assert!(refused.iter().any(|line| line.contains("Servicemap/web")), "{refused:?}");
    assert!(schemas::custom(&verdicts).contains("ServiceMonitor"));
}

#[test]
fn checkov_counts_for_each_workload() {
    let (Some(binary), Some(python)) = (judge("checkov"), judge("python")) else { return };
    let folders = folders("self-checkov");
    let waived = checkov::scan(&binary, &folders);
    let bare = checkov::scan(&binary, &checkov::without_skips("self-bare", &python, &folders));
    assert_eq!(checkov::workloads(&bare), 1);
    assert!(checkov::mean(&bare) > 10.0, "{:?}", checkov::failures(&bare));
    assert_eq!(checkov::failures(&bare).len(), checkov::failures(&waived).len() + 1);
    let uncovered = |line: &String| line.contains("Deployment/web CKV2_K8S_6");
    assert!(checkov::failures(&waived).iter().any(uncovered), "{:?}", checkov::failures(&waived));
}
