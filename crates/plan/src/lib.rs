//! The planner: a pure function from a Compose project to a Kubernetes architecture with reasons
