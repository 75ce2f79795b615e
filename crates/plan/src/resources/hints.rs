//! Memory that a service's own settings claim: heaps, caches and buffer pools.

use crate::world::Subject;
use catalog::Engine;
use model::reason::Because;
use units::Bytes;

/// A setting that claims memory.
pub(super) struct Hint {
    /// The setting.
    pub(super) what: &'static str,
    /// What it says.
    pub(super) said: Bytes,
    /// What the container needs for it.
    pub(super) needs: Bytes,
    /// Where it stands.
    pub(super) because: Because,
}

/// How a setting is written, and by how many halves of itself a container needs more.
struct Setting {
    prefix: &'static str,
    /// A number without a unit is so many bytes.
    unit: u64,
    halves: u64,
}

const fn setting(prefix: &'static str, unit: u64, halves: u64) -> Setting {
    Setting { prefix, unit, halves }
}

const MIB: u64 = 1 << 20;

/// A JVM takes as much again beside its heap; a database keeps connections beside its cache.
const SETTINGS: &[Setting] = &[
    setting("-Xmx", 1, 4),
    setting("-XX:MaxHeapSize=", 1, 4),
    setting("--max-old-space-size=", MIB, 3),
    setting("--max_old_space_size=", MIB, 3),
    setting("--maxmemory=", 1, 3),
    setting("--innodb-buffer-pool-size=", 1, 3),
    setting("--innodb_buffer_pool_size=", 1, 3),
    setting("innodb_buffer_pool_size=", 1, 3),
    setting("shared_buffers=", 8192, 3),
    setting("--wiredTigerCacheSizeGB=", 1 << 30, 3),
    setting("--memory-limit=", MIB, 3),
];

/// Memcached's own short flag.
const ITEMS: Setting = setting("-m", MIB, 3);

/// Variables that hold such a number themselves.
const VARIABLES: &[Setting] = &[
    setting("INNODB_BUFFER_POOL_SIZE", 1, 3),
    setting("MAX_HEAP_SIZE", 1, 4),
    setting("NEO4J_server_memory_heap_max__size", 1, 4),
    setting("NEO4J_dbms_memory_heap_max__size", 1, 4),
    setting("REDIS_MAXMEMORY", 1, 3),
    setting("JVM_MAXIMUM_MEMORY", 1, 4),
];

/// The setting that claims most.
pub(super) fn largest(subject: &Subject<'_>) -> Option<Hint> {
    let service = subject.service;
    let mut hints = Vec::new();
    for (key, value) in &service.environment {
        let Some(text) = value.value.as_deref() else { continue };
        let because = || subject.line(format!("environment.{key}"), value.span);
        hints.extend(text.split_whitespace().filter_map(|word| from_word(word, &because())));
        let variable = VARIABLES.iter().find(|setting| setting.prefix == key);
        hints.extend(variable.and_then(|setting| from_number(setting, text, because())));
    }
    for (path, words) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
        let Some(words) = words else { continue };
        let parts: Vec<&str> =
            words.value.iter().flat_map(|word| word.split_whitespace()).collect();
        hints.extend(
            parts.iter().filter_map(|word| from_word(word, &subject.line(path, words.span))),
        );
        // `--maxmemory 1gb` and `-m 1024` stand in two words.
        hints.extend(parts.windows(2).filter_map(|pair| {
            let [flag, number] = pair else { return None };
            let memcached = subject.family().is_some_and(|f| f.engine == Some(Engine::Memcached));
            if memcached && *flag == "-m" {
                return from_number(&ITEMS, number, subject.line(path, words.span));
            }
            let joined = format!("{flag}=");
            let setting = SETTINGS
                .iter()
                .find(|setting| flag.starts_with("--") && setting.prefix == joined)?;
            from_number(setting, number, subject.line(path, words.span))
        }));
    }
    hints.into_iter().max_by_key(|hint| hint.needs)
}

fn from_word(word: &str, because: &Because) -> Option<Hint> {
    let word = word.trim_matches(['"', '\'']);
    SETTINGS.iter().find_map(|setting| {
        let number = word.strip_prefix(setting.prefix)?;
        from_number(setting, number, because.clone())
    })
}

fn from_number(setting: &Setting, number: &str, because: Because) -> Option<Hint> {
    let bytes = match number.trim().parse::<u64>() {
        Ok(plain) => plain.checked_mul(setting.unit)?,
        Err(_) => Bytes::from_compose(&number.trim().to_ascii_lowercase()).ok()?.get(),
    };
    // A shell's arithmetic or a percentage is no size; neither is a slip of the pen.
    let sane = (MIB..=(1 << 44)).contains(&bytes);
    sane.then(|| Hint {
        what: setting.prefix.trim_end_matches('='),
        said: Bytes::new(bytes),
        needs: Bytes::new(bytes / 2).times(setting.halves),
        because,
    })
}
