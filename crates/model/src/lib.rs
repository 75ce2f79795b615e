//! The vocabulary: Compose project, cluster facts, plan, reasons
