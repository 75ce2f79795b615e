//! Tables that fit the page.

use super::{Line, Page, Role};

/// Spaces between two columns.
const GAP: usize = 2;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) title: &'static str,
    /// Columns of text below which it is not narrowed.
    pub(crate) least: usize,
}

/// One row, and what is said below it over the whole width.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// A cell for each column.
    pub(crate) cells: Vec<Line>,
    /// Texts below, each wrapped.
    pub(crate) below: Vec<Line>,
}

/// A table; columns without any content are left out.
#[derive(Clone, Debug)]
pub(crate) struct Table<'t> {
    /// Its columns.
    pub(crate) columns: &'t [Column],
    /// Its rows.
    pub(crate) rows: &'t [Row],
    /// Columns of space to the left of it.
    pub(crate) indent: usize,
}

impl Table<'_> {
    /// Adds the table to a page, its header above it.
    pub(crate) fn draw(&self, page: &mut Page) {
        let widths = self.widths(page.width());
        let margin = Line::default().padded(self.indent);
        let titles = self.columns.iter().map(|column| Line::of(Role::Faint, column.title));
        page.line(margin.clone().then(in_columns(titles, &widths)));
        let rule = widths.iter().filter(|w| **w > 0).map(|w| w + GAP).sum::<usize>();
        let rule = "─".repeat(rule.saturating_sub(GAP).min(page.width() - self.indent));
        page.line(margin.clone().and(Role::Faint, rule));
        self.body(&widths, page);
    }

    /// Adds the rows only.
    pub(crate) fn draw_rows(&self, page: &mut Page) {
        self.body(&self.widths(page.width()), page);
    }

    fn body(&self, widths: &[usize], page: &mut Page) {
        let margin = Line::default().padded(self.indent);
        for row in self.rows {
            page.line(margin.clone().then(in_columns(row.cells.iter().cloned(), widths)));
            for text in &row.below {
                page.hang(margin.clone().padded(self.indent + 4), text.clone());
            }
        }
    }

    /// Whether the table fits without narrowing a column.
    pub(crate) fn fits(&self, page: usize) -> bool {
        self.widths(page) == self.widths(usize::MAX / 2)
    }

    /// The natural widths, narrowed where there is most to spare until the page is wide enough.
    fn widths(&self, page: usize) -> Vec<usize> {
        let natural = |(at, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.cells.get(at));
            match cells.map(Line::width).max() {
                None | Some(0) => 0,
                Some(widest) => widest.max(column.title.chars().count()),
            }
        };
        let mut widths: Vec<_> = self.columns.iter().enumerate().map(natural).collect();
        let taken = |widths: &[usize]| {
            self.indent + widths.iter().filter(|w| **w > 0).map(|w| w + GAP).sum::<usize>()
        };
        while taken(&widths) > page + GAP {
            let spare = |(at, width): (usize, &usize)| width.saturating_sub(self.columns[at].least);
            let most =
                widths.iter().enumerate().max_by_key(|entry| spare(*entry)).map(|(at, _)| at);
            match most.filter(|at| spare((*at, &widths[*at])) > 0) {
                Some(at) => widths[at] -= 1,
                None => break,
            }
        }
        widths
    }
}

fn in_columns(cells: impl Iterator<Item = Line>, widths: &[usize]) -> Line {
    let mut line = Line::default();
    let mut column = 0;
    for (cell, width) in cells.zip(widths).filter(|(_, width)| **width > 0) {
        line = line.padded(column).then(cell.clipped(*width));
        column += width + GAP;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Column, Row, Table};
    use crate::text::{Line, Page};
    use crate::{Color, Layout};

    fn drawn(width: usize, rows: &[&[&str]]) -> String {
        let columns = [
            Column { title: "name", least: 4 },
            Column { title: "image", least: 6 },
            Column { title: "storage", least: 4 },
        ];
        let rows: Vec<_> = rows
            .iter()
            .map(|cells| Row {
                cells: cells.iter().map(|cell| Line::prose(cell)).collect(),
                below: Vec::new(),
            })
            .collect();
        let mut page = Page::new(Layout { width, color: Color::Plain });
        Table { columns: &columns, rows: &rows, indent: 1 }.draw(&mut page);
        page.render()
    }

    #[test]
    fn columns_are_as_wide_as_their_content() {
        let text = drawn(60, &[&["web", "nginx:1.29", "1Gi"], &["a-long-name", "x", ""]]);
        let expected = " name         image       storage\n ────────────────────────────────\n \
                        web          nginx:1.29  1Gi\n a-long-name  x\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_widest_is_narrowed_and_what_is_empty_left_out() {
        let text = drawn(30, &[&["web", "registry.example.com/team/shop:1", ""]]);
        let expected = " name  image\n ─────────────────────────────\n \
                        web   registry.example.com/t…\n";
        assert_eq!(text, expected);
    }
}
