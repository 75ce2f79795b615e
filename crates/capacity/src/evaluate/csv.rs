//! Comma-separated values with a header, quotes where a field has commas.

/// A table whose columns are found by name.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads text; lines may end either way, rows may be short.
    pub fn read(text: &str) -> Self {
        let mut rows = records(text.trim_start_matches('\u{feff}'));
        if rows.is_empty() {
            return Self::default();
        }
        let header = rows.remove(0).into_iter().map(|h| h.trim().to_owned()).collect();
        Self { header, rows }
    }

    /// Where the column is.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    /// A field by row and name; empty where there is none.
    pub fn field<'a>(&self, row: &'a [String], name: &str) -> &'a str {
        self.column(name).and_then(|c| row.get(c)).map_or("", |f| f.trim())
    }
}

/// A field as it is written: in quotes where it needs them.
pub(super) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => row.push(std::mem::take(&mut field)),
            '\r' if !inside => {}
            '\n' if !inside => {
                row.push(std::mem::take(&mut field));
                push(&mut rows, std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    row.push(field);
    push(&mut rows, row);
    rows
}

/// Blank lines are no rows.
fn push(rows: &mut Vec<Vec<String>>, row: Vec<String>) {
    if row.len() > 1 || row.iter().any(|f| !f.trim().is_empty()) {
        rows.push(row);
    }
}
