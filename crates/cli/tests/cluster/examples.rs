//! Real Compose files: a real API server accepts every object of their plans.
