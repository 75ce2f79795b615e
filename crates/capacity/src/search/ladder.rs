//! Where loads begin to pass, with few tries.

/// The first rung of a ladder that is other than the one it starts from, and the last that is not; none if all are the
/// same. Rungs that follow each other are tried first, then farther ones: most ladders are short.
pub(super) fn change(
    start: f64,
    next: impl Fn(f64) -> Option<f64>,
    mut is_other: impl FnMut(f64) -> bool,
) -> Option<(f64, f64)> {
    let mut rungs = vec![start];
    let (mut same, mut stride) = (0, 1);
    let mut other = loop {
        while rungs.len() <= same + stride
            && let Some(rung) = next(rungs[rungs.len() - 1])
        {
            rungs.push(rung);
        }
        let at = (same + stride).min(rungs.len() - 1);
        if at == same {
            return None;
        }
        if is_other(rungs[at]) {
            break at;
        }
        (same, stride) = (at, stride * 2);
    };
    while other - same > 1 {
        let middle = usize::midpoint(same, other);
        if is_other(rungs[middle]) { other = middle } else { same = middle }
    }
    Some((rungs[same], rungs[other]))
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn the_edge_is_found_in_few_tries() {
        for edge in 1_u32..60 {
            let mut tries = 0;
            let down = |load: f64| (load > 1.0).then_some(load - 1.0);
            let found = change(61.0, down, |load| {
                tries += 1;
                load <= 61.0 - f64::from(edge)
            });
            let edge = f64::from(edge);
            assert_eq!(found, Some((62.0 - edge, 61.0 - edge)));
            assert!(tries <= 11, "{edge} {tries}");
        }
    }

    #[test]
    fn where_nothing_changes_nothing_is_found() {
        let mut tries = 0;
        let down = |load: f64| (load > 1.0).then_some(load - 1.0);
        let found = change(61.0, down, |_| {
            tries += 1;
            false
        });
        assert_eq!((found, tries), (None, 6));
    }
}
