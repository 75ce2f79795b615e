//! Formats of texts in custom resources: which there are, and what fits them.

use std::net::{IpAddr, Ipv6Addr};

/// A format that is asked; others say nothing.
type Fits = fn(&str) -> bool;

/// What a format asks of a text, by its name; hyphens do not count.
fn known(format: &str) -> Option<Fits> {
    Some(match format.replace('-', "").as_str() {
        "bsonobjectid" => |text| text.len() == 24 && is_hex(text),
        "uri" => is_uri,
        "email" => is_email,
        "hostname" => is_hostname,
        "ipv4" => |text| text.contains('.') && is_address(text),
        "ipv6" => |text| text.contains(':') && is_address(text),
        "cidr" => is_cidr,
        "mac" => is_mac,
        "uuid" => |text| is_uuid(text, None),
        "uuid3" => |text| is_uuid(text, Some('3')),
        "uuid4" => |text| is_uuid(text, Some('4')),
        "uuid5" => |text| is_uuid(text, Some('5')),
        "isbn" => |text| is_isbn10(text) || is_isbn13(text),
        "isbn10" => is_isbn10,
        "isbn13" => is_isbn13,
        "creditcard" => is_card,
        "ssn" => is_ssn,
        "hexcolor" => is_hex_color,
        "rgbcolor" => is_rgb_color,
        "byte" => is_base64,
        "date" => is_date,
        "duration" => is_duration,
        "datetime" => is_moment,
        "k8sshortname" => |text| text.len() <= 63 && is_name(text),
        "k8slongname" => |text| text.len() <= 253 && text.split('.').all(is_name),
        "password" => |_| true,
        _ => return None,
    })
}

/// Whether a text breaks a format.
pub(super) fn breaks(format: &str, text: &str) -> bool {
    !format.is_empty() && known(format).is_some_and(|fits| !fits(text))
}

/// Whether anybody looks at a format of values of a type.
pub(crate) fn is_format(ty: &str, format: &str) -> bool {
    match ty {
        "" | "string" => known(format).is_some(),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `my-name`
fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| letter(byte) || byte == b'-')
        && text.bytes().next().is_some_and(letter)
        && text.bytes().last().is_some_and(letter)
}

/// What a request may ask for: a path, or an address with a scheme.
fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return false;
    }
    if !has_sound_escapes(text.split('?').next().unwrap_or_default()) {
        return false;
    }
    if text == "*" || text.starts_with('/') {
        return true;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let host =
        rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    is_scheme && host.is_none_or(is_authority)
}

fn has_sound_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.get(..2).is_some_and(is_hex))
}

fn is_authority(text: &str) -> bool {
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host, ""),
    };
    let inner = host.strip_prefix('[').map(|rest| rest.strip_suffix(']'));
    port.bytes().all(|byte| byte.is_ascii_digit())
        && match inner {
            Some(address) => address.is_some_and(|it| it.split('%').next().is_some_and(is_address)),
            None => {
                !host.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}', ':', '[', ']'])
            }
        }
}

/// `Name <local@domain>`, or the address alone.
fn is_email(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    let address = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((_, address)) => address,
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let is_atom = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) || byte >= 0x80
    };
    let is_dotted =
        |text: &str| text.bytes().all(is_atom) && text.split('.').all(|part| !part.is_empty());
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    (is_dotted(local) || quoted) && is_dotted(domain)
}

/// One name, or several with letters at the end.
fn is_hostname(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || c.is_ascii_digit() || is_symbol(c);
    let parts: Vec<_> = text.split('.').collect();
    let sound = |part: &&str| {
        part.len() <= 63
            && part.chars().all(|c| is_letter(c) || c == '-')
            && part.starts_with(is_letter)
            && part.ends_with(is_letter)
    };
    if let [only] = parts[..] {
        // It may have a hyphen behind its first letter, and no other.
        let mut rest = only.chars();
        let starts = rest.next().is_some_and(is_letter);
        let rest = rest.as_str();
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        return only.len() <= 63 && starts && rest.chars().all(is_letter);
    }
    let top = parts.last().copied().unwrap_or_default();
    let has_top = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    text.len() <= 255 && parts.iter().all(sound) && has_top
}

/// Signs that are neither letters nor marks: `+`, `$`, pictures.
fn is_symbol(c: char) -> bool {
    "$+<=>^`|~".contains(c) || matches!(u32::from(c), 0x2190..=0x2bff | 0x1f000..=0x1faff)
}

/// Zeros before numbers are overlooked.
fn is_address(text: &str) -> bool {
    address(text).is_some()
}

fn address(text: &str) -> Option<IpAddr> {
    let is_part = |part: &str| is_digits(part) && part.parse::<u8>().is_ok();
    let quad = |text: &str| text.split('.').count() == 4 && text.split('.').all(is_part);
    let canonical = |text: &str| {
        text.split('.')
            .map(|part| part.trim_start_matches('0'))
            .map(|part| if part.is_empty() { "0" } else { part })
            .collect::<Vec<_>>()
            .join(".")
    };
    if quad(text) {
        return canonical(text).parse().ok();
    }
    text.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

fn is_cidr(text: &str) -> bool {
    let Some((text, bits)) = text.split_once('/') else { return false };
    let most = match address(text) {
        Some(IpAddr::V4(_)) => 32,
        Some(IpAddr::V6(_)) => 128,
        None => return false,
    };
    is_digits(bits) && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_mac(text: &str) -> bool {
    let parts = |sign: char, size: usize, counts: &[usize]| {
        let parts: Vec<_> = text.split(sign).collect();
        counts.contains(&parts.len()) && parts.iter().all(|part| part.len() == size && is_hex(part))
    };
    parts(':', 2, &[6, 8, 20]) || parts('-', 2, &[6, 8, 20]) || parts('.', 4, &[3, 4, 10])
}

/// With or without hyphens at their places.
fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut rest = text;
    let mut groups = Vec::new();
    for (at, size) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        let Some(group) = rest.get(..size).filter(|group| is_hex(group)) else { return false };
        groups.push(group);
        rest = &rest[size..];
    }
    let variant = |group: &str| group.starts_with(['8', '9', 'a', 'b', 'A', 'B']);
    let of_version = version.is_none_or(|version| groups[2].starts_with(version));
    rest.is_empty() && of_version && (matches!(version, None | Some('3')) || variant(groups[3]))
}

fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

fn without_hyphens(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace() && *c != '-').collect()
}

fn is_isbn10(text: &str) -> bool {
    let text = without_hyphens(text);
    let Some((digits, last)) = text.split_at_checked(9).filter(|(_, last)| last.len() == 1) else {
        return false;
    };
    if !is_digits(digits) || !(is_digits(last) || last == "X") {
        return false;
    }
    let sum: u32 = (1..).zip(digits.bytes()).map(|(at, byte)| at * digit(byte)).sum();
    let last = last.bytes().next().map_or(0, |byte| if byte == b'X' { 10 } else { digit(byte) });
    (sum + 10 * last).is_multiple_of(11)
}

fn is_isbn13(text: &str) -> bool {
    let text = without_hyphens(text);
    let sum: u32 =
        text.bytes().zip([1, 3].into_iter().cycle()).map(|(byte, by)| by * digit(byte)).sum();
    text.len() == 13 && is_digits(&text) && sum.is_multiple_of(10)
}

fn is_card(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let starts = |all: &[&str]| all.iter().any(|start| digits.starts_with(start));
    let second = digits.as_bytes().get(1).copied().unwrap_or(b'0');
    let third = digits.as_bytes().get(2).copied().unwrap_or(b'9');
    let is_brand = match digits.len() {
        13 => starts(&["4"]),
        14 => starts(&["36", "38"]) || (starts(&["30"]) && third <= b'5'),
        15 => starts(&["34", "37", "2131", "1800"]),
        16 => {
            starts(&["4", "6011", "65", "35"])
                || (starts(&["5"]) && (b'1'..=b'5').contains(&second))
        }
        _ => false,
    };
    let doubled = |(at, byte): (usize, u8)| match (at % 2, digit(byte)) {
        (0, digit) => digit,
        (_, digit) => digit * 2 / 10 + digit * 2 % 10,
    };
    is_brand && digits.bytes().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

fn is_ssn(text: &str) -> bool {
    let bytes = text.as_bytes();
    let sign = |at: usize| matches!(bytes.get(at), Some(b'-' | b' '));
    let part = |from: usize, to: usize| text.get(from..to).is_some_and(is_digits);
    text.len() == 11 && part(0, 3) && sign(3) && part(4, 6) && sign(6) && part(7, 11)
}

fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && is_hex(digits)
}

fn is_rgb_color(text: &str) -> bool {
    let inner = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')'));
    let is_part = |part: &str| {
        let zeros = part.len() > 1 && part.starts_with('0');
        is_digits(part) && !zeros && part.parse::<u8>().is_ok()
    };
    inner.is_some_and(|inner| {
        let parts: Vec<_> = inner
            .split(',')
            .map(|part| part.trim_matches(|c: char| c.is_ascii_whitespace()))
            .collect();
        parts.len() == 3 && parts.into_iter().all(is_part)
    })
}

fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let padding = text.len() - data.len();
    !text.is_empty() && text.len().is_multiple_of(4) && padding <= 2 && data.bytes().all(is_sign)
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2)
        || ![year, month, day].iter().all(|it| is_digits(it))
    {
        return false;
    }
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let leap = |year: u32| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let days = match number(month) {
        2 if leap(number(year)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&number(day))
}

fn is_moment(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut parts = text.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    is_date(date) && is_time(time)
}

/// `12:34:56.789+01:00`
fn is_time(text: &str) -> bool {
    let clock = |text: &str, most: &[u32]| {
        let parts: Vec<_> = text.split(':').collect();
        let fits = |(part, most): (&&str, &u32)| {
            part.len() == 2 && is_digits(part) && part.parse().is_ok_and(|it: u32| it <= *most)
        };
        parts.len() == most.len() && parts.iter().zip(most).all(fits)
    };
    let Some((time, rest)) = text.split_at_checked(8) else { return false };
    let zone = match rest.find(['z', '+', '-']) {
        Some(0) => rest,
        // Any sign parts seconds from what they have behind it.
        Some(at) if rest.chars().next().is_some_and(|c| is_digits(&rest[c.len_utf8()..at])) => {
            &rest[at..]
        }
        _ => return false,
    };
    let is_zone =
        zone == "z" || zone.strip_prefix(['+', '-']).is_some_and(|zone| clock(zone, &[99, 99]));
    clock(time, &[23, 59, 59]) && is_zone
}

/// As Go writes it, or with units in words.
fn is_duration(text: &str) -> bool {
    is_go_duration(text) || has_units(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let digits = &rest[..number];
        if digits.matches('.').count() > 1 || !digits.contains(|c: char| c.is_ascii_digit()) {
            return false;
        }
        rest = &rest[number..];
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
        match units.iter().find_map(|unit| rest.strip_prefix(unit)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    !text.is_empty()
}

/// Numbers with units behind them, somewhere in a text.
fn has_units(text: &str) -> bool {
    const WHOLE: [&str; 11] = ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
    const STARTS: [&str; 8] = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];
    let is_unit = |c: char| c.is_ascii_alphabetic() || c == 'µ';
    let numbers = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| &text[at + 1..]);
    let mut numbers = numbers;
    numbers.any(|rest| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let unit: String =
            rest.chars().take_while(|c| is_unit(*c)).collect::<String>().to_lowercase();
        WHOLE.contains(&unit.as_str()) || STARTS.iter().any(|start| unit.starts_with(start))
    })
}

#[cfg(test)]
mod tests {
    use super::breaks;

    #[test]
    fn formats_tell_what_fits_from_what_does_not() {
        for (format, fits, not) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("date-time", "2024-02-29T12:34:56.7+01:00", "2024-02-29T24:00:00Z"),
            ("email", "A B <a@b.c>", "a.b.c"),
            ("hostname", "a-b.example", "-a"),
            ("hostname", "a-b", "ab-c"),
            ("hostname", "a-", "a-b-c"),
            ("hostname", "a-b-c.example", "a-.example"),
            ("ipv4", "10.0.0.1", "10.0.0.256"),
            ("ipv6", "::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("uri", "https://a.example/b?c", "a b"),
            ("uuid", "6f1d2a0e7d384c2b9d0c000000000001", "6f1d2a0e"),
            (
                "uuid4",
                "6f1d2a0e-7d38-4c2b-9d0c-000000000001",
                "6f1d2a0e-7d38-3c2b-9d0c-000000000001",
            ),
            ("byte", "aGk=", "aGk"),
            ("duration", "1h30m", "soon"),
            ("duration", "2 days", "2 moons"),
            ("mac", "01:23:45:67:89:ab", "01:23"),
            ("isbn", "0321751043", "0321751044"),
            ("isbn13", "978-0321751041", "978-0321751042"),
            ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
            ("k8s-short-name", "a-b", "A"),
            ("k8s-long-name", "a.b-c", "a..b"),
            ("hexcolor", "#fff", "#ffff"),
            ("rgbcolor", "rgb(1, 2, 255)", "rgb(1,2)"),
            ("bsonobjectid", "507f1f77bcf86cd799439011", "507f"),
            ("ssn", "111-11-1111", "111-11-111"),
        ] {
            assert!(!breaks(format, fits), "{format} {fits}");
            assert!(breaks(format, not), "{format} {not}");
        }
        assert!(!breaks("nobody-knows", "it") && !breaks("", ""));
    }
}
