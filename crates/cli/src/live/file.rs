//! Files that people write for a twin: read whole, and refused with a place.

use crate::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use yaml::{Diagnostic, FileId, Sources};

/// A longer file is none that people wrote.
const LONGEST: u64 = 4 << 20;

/// What a function reads from the text of a file.
pub(crate) fn read<T>(
    path: &Path,
    reader: impl FnOnce(&str, FileId) -> Result<T, Diagnostic>,
) -> Result<T, Error> {
    let text = text(path)?;
    let mut sources = Sources::default();
    let file = sources.add(path.display().to_string(), text.as_str());
    reader(&text, file).map_err(|diagnostic| {
        let place = sources.location(diagnostic.span);
        let message = format!("{place}: {}", diagnostic.message);
        Error::Input { message, hint: diagnostic.hint }
    })
}

fn text(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    // One byte more than is allowed shows that there is more.
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(Error::disk("read", path))?;
    Ok(text)
}
