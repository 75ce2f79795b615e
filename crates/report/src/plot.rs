//! Curves over a logarithmic axis: for terminals and as SVG.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "columns and shares of them: small, and held between ends"
)]

mod axis;
mod svg;
#[cfg(test)]
mod tests;
mod text;

/// Curves of one quantity over another.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// What is across: positive, on a logarithmic scale.
    pub across: String,
    /// What is up, with its unit: positive, on a logarithmic scale.
    pub up: String,
    /// The curves.
    pub series: Vec<Series>,
    /// What is promised: lines from left to right.
    pub limits: Vec<Mark>,
    /// What is special: lines from bottom to top.
    pub marks: Vec<Mark>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Across.
    pub across: f64,
    /// Up.
    pub up: f64,
    /// Between which values `up` lies, if it is known how sure it is.
    pub band: Option<(f64, f64)>,
}

/// A line with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where it stands on its axis.
    pub at: f64,
    /// What it says.
    pub name: String,
}

impl Plot {
    /// As a document that stands alone, or in a page.
    pub fn svg(&self) -> String {
        svg::document(self)
    }

    /// For a terminal that is `width` columns wide.
    pub fn text(&self, width: usize) -> String {
        text::drawing(self, width)
    }

    fn across(&self) -> axis::Axis {
        let points = self.series.iter().flat_map(|series| &series.points);
        axis::Axis::over(points.map(|point| point.across).chain(self.marks.iter().map(|it| it.at)))
    }

    fn up(&self) -> axis::Axis {
        let points = self.series.iter().flat_map(|series| &series.points);
        let values = points.flat_map(|point| {
            let band = point.band.map(|(low, high)| [low, high]);
            std::iter::once(point.up).chain(band.into_iter().flatten())
        });
        axis::Axis::over(values.chain(self.limits.iter().map(|it| it.at)))
    }
}
