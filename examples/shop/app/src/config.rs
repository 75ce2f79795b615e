//! Settings from the environment; the password from the file that a secret is.

use std::env;
use std::fs;

use crate::Result;

pub struct Config {
    pub port: u16,
    pub database: Database,
    pub cache: Option<String>,
}

pub struct Database {
    pub host: String,
    pub port: u16,
    pub name: String,
    pub user: String,
    pub password: String,
    /// Connections at most; the database counts those of all replicas together.
    pub pool: usize,
}

impl Config {
    pub fn from_env() -> Result<Self> {
        let database = Database {
            host: required("DB_HOST")?,
            port: number("DB_PORT", 3306)?,
            name: required("DB_NAME")?,
            user: required("DB_USER")?,
            password: password()?,
            pool: number("DB_POOL", 8)?,
        };
        let cache = env::var("CACHE_HOST").ok().map(|host| format!("{host}:6379"));
        Ok(Self { port: number("PORT", 8080)?, database, cache })
    }
}

fn required(name: &str) -> Result<String> {
    env::var(name).map_err(|_| format!("{name} is not set").into())
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> Result<T> {
    let Ok(text) = env::var(name) else { return Ok(default) };
    text.parse().map_err(|_| format!("{name}={text} is not a number").into())
}

fn password() -> Result<String> {
    let path = required("DB_PASSWORD_FILE")?;
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    Ok(text.trim_end_matches('\n').to_owned())
}
