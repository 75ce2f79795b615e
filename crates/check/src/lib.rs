//! Judges any Kubernetes YAML, independently of the planner
