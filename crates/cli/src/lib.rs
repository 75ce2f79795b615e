//! The muster command
