//! Who we are, for others who want to change the same product.

use crate::Variables;
use std::fmt;
use std::path::Path;

/// A run of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    user: String,
    host: String,
    process: u32,
}

impl Identity {
    pub(crate) fn new(variables: &Variables) -> Self {
        let user = ["USER", "LOGNAME"].iter().find_map(|name| variables.get(*name));
        let host = variables.get("HOSTNAME").cloned().or_else(|| {
            let text = std::fs::read_to_string("/etc/hostname").ok()?;
            Some(text.trim().to_owned())
        });
        Self {
            user: user.map_or("somebody", String::as_str).to_owned(),
            host: host.unwrap_or_else(|| "a machine".to_owned()),
            process: std::process::id(),
        }
    }

    /// Whether another run on this machine is known to have ended.
    pub(crate) fn outlives(&self, other: &str) -> bool {
        let prefix = format!("{} on {} (process ", self.user, self.host);
        let process = other.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(')'));
        let Some(process) = process.and_then(|text| text.parse::<u32>().ok()) else { return false };
        // Where there is no such directory, nothing is known of other processes.
        Path::new("/proc/self").exists() && has_ended(process)
    }
}

/// A process that nobody has asked about since it ended is still listed.
fn has_ended(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.map_or(true, |stat| stat.rsplit(')').next().is_some_and(|it| it.starts_with(" Z")))
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} (process {})", self.user, self.host, self.process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_runs_on_this_machine_are_known_to_have_ended() {
        let variables = [("USER", "ada"), ("HOSTNAME", "here")];
        let me = Identity::new(&variables.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
        assert!(!me.outlives(&me.to_string()));
        assert!(!me.outlives("ada on there (process 4194999)"));
        let gone = Identity { process: u32::MAX, ..me.clone() };
        assert_eq!(me.outlives(&gone.to_string()), Path::new("/proc/self").exists());
    }
}
