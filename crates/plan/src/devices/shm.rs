//! `/dev/shm`: 64 MiB is what a container gets by default.

use crate::attributes::{explain_scratch, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use model::plan::VolumeSource;
use model::reason::{Because, Certainty};
use units::Bytes;

/// Where shared memory is mounted.
const PATH: &str = "/dev/shm";

/// GPU frameworks pass tensors between processes through shared memory.
const GPU_SHM: Bytes = Bytes::gib(1);

/// A `/dev/shm` of its own.
pub(crate) struct Shm {
    /// Its size, which counts against the memory limit.
    pub(crate) size: Bytes,
    because: Vec<Because>,
    why: String,
    certainty: Certainty,
}

/// The shared memory that the service needs beyond the default.
pub(crate) fn shared_memory(subject: &Subject<'_>) -> Option<Shm> {
    let service = subject.service;
    let taken = service.mounts.iter().any(|mount| mount.target.trim_end_matches('/') == PATH)
        || service.tmpfs.iter().any(|tmpfs| tmpfs.value.0.trim_end_matches('/') == PATH);
    if taken {
        return None;
    }
    let shm = |size, because, why: &str, certainty| {
        Some(Shm { size, because, why: why.to_owned(), certainty })
    };
    if let Some(said) = service.shm_size.as_ref().filter(|said| said.value.get() > 0) {
        let because = vec![subject.line("shm_size", said.span)];
        return shm(said.value, because, "shm_size says so", Certainty::Stated);
    }
    let known = subject.known.as_ref().and_then(|known| Some((known, known.family.shm_mi?)));
    if let Some((known, mebibytes)) = known {
        let why = format!("64 MiB are too few for {}", known.family.title);
        return shm(
            Bytes::mib(mebibytes.into()),
            vec![image_or_own(subject)],
            &why,
            known.certainty,
        );
    }
    if let Some(ipc) =
        service.ipc.as_ref().filter(|ipc| matches!(ipc.value.as_str(), "host" | "shareable"))
    {
        let because = vec![subject.line("ipc", ipc.span)];
        return shm(
            GPU_SHM,
            because,
            "it asks for the host's shared memory, so it needs more than 64 MiB",
            Certainty::Assumed,
        );
    }
    if super::extended(subject).is_empty() {
        return None;
    }
    let why = "processes that share a GPU pass data through shared memory";
    shm(GPU_SHM, vec![subject.own_line()], why, Certainty::Assumed)
}

/// The same as a volume.
pub(super) fn scratch(
    subject: &Subject<'_>,
    log: &mut Log,
) -> Option<(String, VolumeSource, String)> {
    let shm = shared_memory(subject)?;
    explain_scratch(
        subject,
        PATH,
        &format!("{} of memory", shm.size),
        &shm.because,
        rules::SHARED_MEMORY,
        (shm.certainty, &format!("{}; it counts against the memory limit", shm.why)),
        log,
    );
    Some((PATH.to_owned(), VolumeSource::Empty { memory: true, limit: Some(shm.size) }, shm.why))
}
