//! Moments as Azure writes them.

/// Seconds since 1970 of `2023-11-16 18:15:46.6805900`, also with `T` between and `Z` or `+00:00` behind.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let text = text.strip_suffix('Z').or(text.strip_suffix("+00:00")).unwrap_or(text);
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (number(date.next()?)?, number(date.next()?)?, number(date.next()?)?);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (number(time.next()?)?, number(time.next()?)?);
    let second: f64 = plain(time.next()?)?.parse().ok()?;
    let within = (1970..=9999).contains(&year) && (1..=12).contains(&month);
    let within = within && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61.0;
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute;
    within.then(|| f64::from(minutes) * 60.0 + second)
}

fn number(digits: &str) -> Option<i32> {
    (digits.len() <= 4).then(|| plain(digits)?.parse().ok())?
}

/// Digits and points only: no sign, no exponent.
fn plain(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(text)
}

/// Days since 1970. Years begin in March here, so that the odd day of a leap year is their last.
fn days(year: i32, month: i32, day: i32) -> i32 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn moments_are_counted_from_1970() {
        assert_eq!(seconds("1970-01-01 00:00:00"), Some(0.0));
        assert_eq!(seconds("2000-02-29T12:00:00.5Z"), Some(951_825_600.5));
        assert_eq!(seconds("2024-05-10 00:00:00.009930+00:00"), Some(1_715_299_200.009_93));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in ["", "2023-11-16", "2023-13-16 1:1:1", "2023-11-16 25:00:00", "a-b-c d:e:f"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        for text in ["2023-11-16 1:1:1e99", "99999-1-1 1:1:1", "+023-1-1 1:1:1", "2023-1-1 1:1:"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
