//! The instructions of a Dockerfile: comments gone, continued lines joined, here-documents skipped.

/// One instruction.
pub(super) struct Instruction {
    /// Its name in capitals.
    pub(super) name: String,
    /// What follows.
    pub(super) rest: String,
    /// The line that it starts on.
    pub(super) line: u32,
}

pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let mut out = Vec::new();
    let mut open: Option<(u32, String)> = None;
    let mut lines = text.lines().zip(1_u32..);
    while let Some((line, number)) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || (trimmed.is_empty() && open.is_none()) {
            continue;
        }
        let (start, mut joined) = open.take().unwrap_or((number, String::new()));
        if let Some(part) = trimmed.strip_suffix('\\') {
            joined.push_str(part);
            joined.push(' ');
            open = Some((start, joined));
            continue;
        }
        joined.push_str(trimmed);
        if let Some(end) = heredoc(&joined) {
            let _body = lines.by_ref().find(|(line, _)| line.trim() == end);
        }
        out.extend(instruction(&joined, start));
    }
    out.extend(open.and_then(|(start, joined)| instruction(&joined, start)));
    out
}

fn instruction(text: &str, line: u32) -> Option<Instruction> {
    let text = text.trim();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if name.is_empty() {
        return None;
    }
    Some(Instruction { name: name.to_ascii_uppercase(), rest: rest.trim().to_owned(), line })
}

/// The word that ends a here-document which a `RUN`, `COPY` or `ADD` opens.
fn heredoc(text: &str) -> Option<String> {
    let name = text.split_whitespace().next()?.to_ascii_uppercase();
    if !matches!(name.as_str(), "RUN" | "COPY" | "ADD") {
        return None;
    }
    let (_, after) = text.split_once("<<")?;
    let word = after.trim_start_matches('-').split_whitespace().next()?;
    let word = word.trim_matches(['"', '\'']);
    let named = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    named.then(|| word.to_owned())
}
