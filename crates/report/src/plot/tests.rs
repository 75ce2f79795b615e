use super::{Mark, Plot, Point, Series};
use proptest::prelude::*;

fn latency() -> Plot {
    let point = |across: f64, up: f64| Point { across, up, band: Some((up * 0.8, up * 1.25)) };
    let curve = |name: &str, scale: f64| Series {
        name: name.to_owned(),
        points: [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
            .map(|at| point(at, scale * (20.0 + at + if at > 32.0 { at * 40.0 } else { 0.0 })))
            .to_vec(),
    };
    Plot {
        title: "Time to first token".to_owned(),
        across: "requests in flight".to_owned(),
        up: "ms".to_owned(),
        series: vec![curve("p50", 1.0), curve("p99", 2.0)],
        limits: vec![Mark { at: 500.0, name: "promised: 500 ms".to_owned() }],
        marks: vec![Mark { at: 64.0, name: "knee at 64".to_owned() }],
    }
}

#[test]
fn a_curve_in_characters() {
    insta::assert_snapshot!(latency().text(72));
}

#[test]
fn a_curve_as_svg() {
    insta::assert_snapshot!(latency().svg());
}

#[test]
fn nothing_to_draw_is_drawn() {
    let empty = Plot { series: Vec::new(), limits: Vec::new(), marks: Vec::new(), ..latency() };
    assert!(empty.text(80).contains("Time to first token"));
    assert!(empty.svg().ends_with("</svg>\n"));
}

proptest! {
    #[test]
    fn any_values_stay_in_the_field(
        values in prop::collection::vec((any::<f64>(), any::<f64>()), 0..9),
        width in 0_usize..200,
    ) {
        let points = values.into_iter().map(|(across, up)| Point { across, up, band: None });
        let series = vec![Series { name: "a".to_owned(), points: points.collect() }];
        let plot = Plot { series, ..latency() };
        let longest = plot.text(width).lines().map(|line| line.chars().count()).max();
        prop_assert!(longest <= Some(width.max(40) + 6));
        prop_assert!(!plot.svg().contains("NaN"));
    }
}
