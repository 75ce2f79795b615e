//! Compose files to a Project: interpolation, merge, extends, include, profiles
