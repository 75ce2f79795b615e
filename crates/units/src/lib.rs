//! Quantities with their units: CPU, bytes, ports, durations
