//! Probes that the image table knows, moved to the port that is in use.

use super::{Chosen, listens, main_port};
use crate::attributes::image_or_own;
use crate::rules;
use crate::world::Subject;
use model::plan::{Check, Probe, Probes};
use model::reason::Certainty;
use units::Seconds;

/// The table's probes of this image; a runtime has none.
pub(super) fn of_image(subject: &Subject<'_>) -> Option<Chosen> {
    let known = subject.known.as_ref().filter(|_| !subject.another_command)?;
    let table = table(subject)?;
    let fit = |probe: &Option<catalog::Probe>| probe.as_ref().map(|probe| fitted(subject, probe));
    let probes = Probes {
        startup: fit(&table.startup),
        readiness: fit(&table.readiness),
        liveness: fit(&table.liveness),
    };
    if probes == Probes::default() {
        return None;
    }
    Some(Chosen {
        probes,
        why: format!("{}; that is how {} tells its health", known.why, known.family.title),
        because: vec![image_or_own(subject)],
        rule: rules::PROBE_FROM_IMAGE,
        certainty: known.certainty,
    })
}

/// The table's liveness probe, if its port is in use.
pub(super) fn fitting_liveness(subject: &Subject<'_>) -> Option<Probe> {
    let probe = table(subject)?.liveness.as_ref().filter(|_| !subject.another_command)?;
    let fitted = fitted(subject, probe);
    // A liveness probe that asks a port where nobody listens restarts for ever.
    let answered = match &fitted.check {
        Check::Tcp(port) | Check::Grpc(port) | Check::Http { port, .. } => listens(subject, *port),
        Check::Exec(_) => true,
    };
    answered.then_some(fitted)
}

/// The longest start that the table knows of, in seconds.
pub(super) fn startup_patience(subject: &Subject<'_>) -> u32 {
    table(subject).and_then(|probes| probes.startup.as_ref()).map_or(0, catalog::Probe::patience)
}

/// The table's probes, by tag where the image is known.
fn table<'s>(subject: &'s Subject<'_>) -> Option<&'s catalog::Probes> {
    let family = subject.family()?;
    Some(match subject.image.facts_ref() {
        Some(image) => family.probes_for(image),
        None => &family.probes,
    })
}

/// One probe of the table. Where the image's main port has moved, whatever asked that port asks
/// the one that is in use, and by opening it only: what a path answers there nobody knows.
fn fitted(subject: &Subject<'_>, probe: &catalog::Probe) -> Probe {
    let main = subject.family().and_then(catalog::Family::main_port).map(|port| port.port);
    let moved = main.is_some_and(|port| !listens(subject, port));
    let asks_main = probe.check.port().is_none_or(|port| Some(port) == main);
    let check = match main_port(subject) {
        Some(port) if moved && asks_main => Check::Tcp(port.port),
        _ => plain(&probe.check),
    };
    Probe {
        check,
        period: Seconds(probe.period),
        timeout: Seconds(probe.timeout),
        failures: probe.failures,
    }
}

fn plain(check: &catalog::Check) -> Check {
    match check {
        catalog::Check::Exec(words) => Check::Exec(words.clone()),
        catalog::Check::Http(http) => {
            Check::Http { path: http.path.clone(), port: http.port, https: http.tls, host: None }
        }
        catalog::Check::Tcp(port) => Check::Tcp(*port),
        catalog::Check::Grpc(port) => Check::Grpc(*port),
    }
}

/// Whether the image has `/bin/sh`, and how sure that is.
pub(crate) fn has_shell(subject: &Subject<'_>) -> (bool, Certainty) {
    let image = &subject.image;
    let bare = |text: &str| text == "scratch" || text.contains("distroless");
    if image.base.as_ref().is_some_and(|base| bare(&base.canonical())) {
        return (false, Certainty::Known);
    }
    match (&subject.known, image.facts_ref()) {
        (Some(known), Some(reference)) => (known.family.shell_for(reference), known.certainty),
        (Some(known), None) => (known.family.shell, known.certainty),
        (None, _) => (true, Certainty::Assumed),
    }
}
