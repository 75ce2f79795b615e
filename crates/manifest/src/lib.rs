//! A plan as typed Kubernetes objects, and those as YAML, Kustomize or Helm
