//! What is secret: names of variables, passwords in addresses and on command lines, texts that hold
//! credentials.

use std::ops::Range;

/// Words in a variable's name that say: the value is secret.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "PASSWORD", "PASSWD", "PASSPHRASE", "PASSWORDS", "PASS", "PWD", "SECRET", "SECRETS", "TOKEN",
    "CREDENTIAL", "CREDENTIALS", "APIKEY", "SALT", "USERPASS", "HTPASSWD",
];

/// Words before `KEY` that make it secret: `API_KEY`, `ENCRYPTION_KEY`.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "API", "ACCESS", "SECRET", "PRIVATE", "ENCRYPTION", "ENCRYPT", "SIGNING", "SIGN", "MASTER",
    "APP", "JWT", "SESSION", "AUTH", "LICENSE", "COOKIE", "HASH", "STORAGE", "ADMIN", "SERVICE",
    "ACCOUNT", "MEILI", "FERNET", "BASE", "VAULT", "PRESHARED", "SHARED", "CRYPT", "WEBHOOK",
];

/// Last words that say: about a secret, not a secret (`TOKEN_TTL`, `PASSWORD_FILE`).
#[rustfmt::skip]
const ABOUT: &[&str] = &[
    "FILE", "PATH", "DIR", "LENGTH", "LEN", "MIN", "MAX", "EXPIRY", "EXPIRATION", "EXPIRE",
    "EXPIRES", "EXPIRED", "TTL", "TIMEOUT", "URL", "URI", "NAME", "ENABLED", "ENABLE", "DISABLED",
    "DISABLE", "TYPE", "ALGORITHM", "ALGO", "ID", "HEADER", "ISSUER", "COUNT", "SIZE", "POLICY",
    "REGEX", "AGE", "LIFETIME", "DURATION", "HOURS", "MINUTES", "SECONDS", "DAYS", "METHOD", "MODE",
    "FORMAT", "PREFIX", "AUDIENCE", "ENDPOINT", "HOST", "PORT", "USER", "USERNAME", "STRENGTH",
    "RESET", "LOGIN", "REQUIRED", "PROVIDER", "BACKEND", "STORE", "ROUNDS", "ITERATIONS", "LIMIT",
    "LIMITS", "FIELD", "REFRESH", "INTERVAL",
];

/// Values that no secret has: switches.
#[rustfmt::skip]
const SWITCHES: &[&str] = &[
    "true", "false", "yes", "no", "on", "off", "0", "1", "null", "none",
];

/// Whether a variable's name says that its value is secret.
pub(crate) fn is_secret_name(key: &str) -> bool {
    let words = words(key);
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str())
        || words.first().is_some_and(|w| w == "ALLOW" || w == "ENABLE" || w == "DISABLE")
    {
        // AWS's key id is half of a credential.
        return key.eq_ignore_ascii_case("AWS_ACCESS_KEY_ID");
    }
    let word = |word: &String| {
        WORDS.contains(&word.as_str()) || WORDS.iter().any(|w| w.len() > 6 && word.ends_with(w))
    };
    let key_pair =
        words.windows(2).any(|pair| pair[1] == "KEY" && KEYS.contains(&pair[0].as_str()));
    words.iter().any(word)
        || key_pair
        || words.windows(2).any(|pair| pair[0] == "SECRET" && pair[1] == "KEY")
}

/// Whether a variable is called a key and its value looks as if a machine had drawn it. Keys that
/// browsers see are called public or site keys.
pub(crate) fn is_drawn_key(key: &str, value: &str) -> bool {
    let words = words(key);
    let open = ["PUBLIC", "SITE", "PUB"];
    words.last().is_some_and(|last| last == "KEY")
        && !words.iter().any(|word| open.contains(&word.as_str()))
        && value.len() >= 20
        && value.contains(|c: char| c.is_ascii_digit())
        && value.contains(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(c))
        && !value.starts_with('/')
}

/// Whether a value can be a secret: neither a switch, nor the path of a file, nor a reference.
pub(crate) fn can_be_secret(value: &str) -> bool {
    let value = value.trim();
    !(value.is_empty()
        || SWITCHES.contains(&value.to_ascii_lowercase().as_str())
        || value.starts_with("/run/secrets/")
        || value.starts_with("/etc/")
        || value.starts_with("file:"))
}

/// `DB_PASSWORD`, `dbPassword` and `db-password` are `DB` and `PASSWORD`.
fn words(key: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut previous_lower = false;
    let mut fresh = true;
    for c in key.chars() {
        if !c.is_ascii_alphanumeric() {
            fresh = true;
            previous_lower = false;
            continue;
        }
        if fresh || (c.is_ascii_uppercase() && previous_lower) {
            out.push(String::new());
        }
        if let Some(word) = out.last_mut() {
            word.push(c.to_ascii_uppercase());
        }
        fresh = false;
        previous_lower = c.is_ascii_lowercase();
    }
    out
}

/// The passwords that stand in an address or a connection string, as ranges of `text`, in order.
pub(crate) fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    urls(text, &mut found);
    go_dsn(text, &mut found);
    pairs(text, &mut found);
    found.retain(|range| is_literal(&text[range.clone()]));
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup_by(|b, a| b.start < a.end);
    found
}

/// Not empty, and not already a reference to something.
fn is_literal(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['$', '{', '<', '%']) && !text.chars().all(|c| c == '*')
}

/// `scheme://user:password@host`.
fn urls(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let stop = |c: char| c.is_whitespace() || "/?#\"'`<>,;".contains(c);
        let end = text[start..].find(stop).map_or(text.len(), |n| start + n);
        let Some(host) = text[start..end].rfind('@') else { continue };
        let user = &text[start..start + host];
        if let Some(colon) = user.find(':') {
            found.push(start + colon + 1..start + host);
        }
    }
}

/// `user:password@tcp(host:3306)/name`, as Go's driver reads it.
fn go_dsn(text: &str, found: &mut Vec<Range<usize>>) {
    for opening in ["@tcp(", "@unix("] {
        for (at, _) in text.match_indices(opening) {
            let from = text[..at]
                .rfind(|c: char| c.is_whitespace() || "\"'=/".contains(c))
                .map_or(0, |n| n + 1);
            if let Some(colon) = text[from..at].find(':') {
                found.push(from + colon + 1..at);
            }
        }
    }
}

/// `password=…` and `pwd=…` in ADO, libpq and JDBC strings.
fn pairs(text: &str, found: &mut Vec<Range<usize>>) {
    let lower = text.to_ascii_lowercase();
    // A lone `password=x` is a flag's business; here it must stand among other pairs.
    if lower.matches('=').count() < 2 {
        return;
    }
    for name in ["password=", "pwd=", "passwd="] {
        for (at, _) in lower.match_indices(name) {
            if lower[..at]
                .chars()
                .next_back()
                .is_some_and(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            {
                continue;
            }
            let start = at + name.len();
            let end = text[start..]
                .find(|c: char| c.is_whitespace() || ";&\"'".contains(c))
                .map_or(text.len(), |n| start + n);
            found.push(start..end);
        }
    }
}

/// A secret on a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    /// Which word.
    pub(crate) word: usize,
    /// Where in it.
    pub(crate) range: Range<usize>,
    /// A name for the variable that carries it.
    pub(crate) name: String,
}

/// Flags whose value is secret, without their dashes.
#[rustfmt::skip]
const FLAGS: &[&str] = &[
    "requirepass", "masterauth", "password", "passwd", "pass", "token", "api-key", "api_key",
    "apikey", "secret", "secret-key", "auth-token", "access-key", "root-password", "admin-password",
    "auth",
];

/// The secrets in the words of a command: values of flags, passwords in addresses, and values that
/// are known from elsewhere (name and value).
pub(crate) fn arguments(words: &[String], known: &[(&str, &str)]) -> Vec<Argument> {
    let mut found: Vec<Argument> = Vec::new();
    let mut flag_before: Option<String> = None;
    for (word, text) in words.iter().enumerate() {
        for (key, value) in known {
            let ranges = occurrences(text, value);
            found.extend(ranges.map(|range| Argument { word, range, name: (*key).to_owned() }));
        }
        if let Some(name) =
            flag_before.take().filter(|_| is_literal(text) && !text.starts_with('-'))
        {
            found.push(Argument { word, range: 0..text.len(), name });
        }
        flag_before = in_word(word, text, &mut found);
        let urls = passwords(text).into_iter();
        found.extend(urls.map(|range| Argument {
            word,
            range,
            name: "ADDRESS_PASSWORD".to_owned(),
        }));
    }
    // The first finder wins: a known value keeps its own name.
    let mut out: Vec<Argument> = Vec::new();
    for argument in found {
        let overlaps = |other: &Argument| {
            other.word == argument.word
                && other.range.start < argument.range.end
                && argument.range.start < other.range.end
        };
        if !out.iter().any(overlaps) {
            out.push(argument);
        }
    }
    out.sort_by_key(|argument| (argument.word, argument.range.start));
    out
}

/// Flags inside one word, which may be a whole shell line. Returns the flag that the word ends with.
fn in_word(word: usize, text: &str, found: &mut Vec<Argument>) -> Option<String> {
    let mut pending: Option<String> = None;
    for token in tokens(text) {
        let piece = &text[token.clone()];
        if let Some(name) = pending.take().filter(|_| is_literal(piece) && !piece.starts_with('-'))
        {
            found.push(Argument { word, range: token.clone(), name });
            continue;
        }
        let Some(flag) = piece.strip_prefix('-').map(|rest| rest.trim_start_matches('-')) else {
            continue;
        };
        let (flag, value) =
            flag.split_once('=').map_or((flag, None), |(flag, value)| (flag, Some(value)));
        if !FLAGS.contains(&flag.to_ascii_lowercase().as_str()) {
            continue;
        }
        let name = flag.to_ascii_uppercase().replace('-', "_");
        match value {
            Some(value) => {
                let value = value.trim_matches(['"', '\'']);
                let start = token.end - piece.len() + piece.find('=').map_or(0, |n| n + 1);
                let start = start + text[start..].find(value).unwrap_or(0);
                if is_literal(value) {
                    found.push(Argument { word, range: start..start + value.len(), name });
                }
            }
            None => pending = Some(name),
        }
    }
    pending
}

/// The whitespace-separated pieces of a text, without the quotes around them.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_whitespace(), start) {
            (true, Some(from)) => {
                let piece: &str = &text[from..at];
                let trimmed = piece.trim_matches(['"', '\'']);
                let lead = piece.len() - piece.trim_start_matches(['"', '\'']).len();
                if !trimmed.is_empty() {
                    out.push(from + lead..from + lead + trimmed.len());
                }
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    out
}

/// Where a value stands as a word of its own.
fn occurrences<'t>(text: &'t str, value: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let edge = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
    // Short values are words that mean something else too, unless they are the whole word.
    let long = value.len() >= 6;
    text.match_indices(value).map(|(at, found)| at..at + found.len()).filter(move |range| {
        !value.is_empty()
            && ((long
                && edge(text[..range.start].chars().next_back())
                && edge(text[range.end..].chars().next()))
                || (value.len() >= 4 && range.len() == text.len()))
    })
}

/// Whether a text of a file holds credentials, so that it belongs into a Secret.
pub(crate) fn holds_credentials(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || passwords_in_lines(text)
}

/// Settings such as `requirepass x`, `"password": "x"`, `DB_PASSWORD=x`.
fn passwords_in_lines(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']) && !line.starts_with("//"))
        .any(|line| {
            let mut urls_found = Vec::new();
            urls(line, &mut urls_found);
            urls_found.retain(|range| is_literal(&line[range.clone()]));
            !urls_found.is_empty() || setting(line)
        })
}

fn setting(line: &str) -> bool {
    let parted =
        line.split_once('=').or_else(|| line.split_once(':')).or_else(|| line.split_once(' '));
    let Some((key, value)) = parted else { return false };
    let key = key.trim().trim_matches(['"', '\'', '-', ' ']);
    let value = value.trim().trim_end_matches([',', ';']).trim_matches(['"', '\'']);
    let named = key == "requirepass" || (is_secret_name(key) && !key.contains(' '));
    let literal = is_literal(value)
        && can_be_secret(value)
        && !value.contains(['(', '$', '[', '|'])
        && value.len() >= 3;
    named && literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_secrets() {
        for key in [
            "MYSQL_ROOT_PASSWORD",
            "dbPassword",
            "API_KEY",
            "JWT_SECRET",
            "GITHUB_TOKEN",
            "SECRET_KEY_BASE",
            "AWS_SECRET_ACCESS_KEY",
            "APP_KEY",
            "DB_PASS",
            "PGPASSWORD",
            "REDIS_PWD",
            "AWS_ACCESS_KEY_ID",
            "BASIC_AUTH_PASSWORD",
            "session-secret",
        ] {
            assert!(is_secret_name(key), "{key}");
        }
        for key in [
            "MYSQL_PASSWORD_FILE",
            "TOKEN_TTL",
            "PASSWORD_MIN_LENGTH",
            "MAX_TOKENS",
            "ALLOW_EMPTY_PASSWORD",
            "KEYCLOAK_HOST",
            "MONKEY",
            "PASSENGER_APP_ENV",
            "COMPASS",
            "SECRET_NAME",
            "KEY",
            "KAFKA_KEY_CONVERTER",
            "BYPASS_CHECKS",
            "AUTHOR",
            "TOKEN_URL",
        ] {
            assert!(!is_secret_name(key), "{key}");
        }
    }

    #[test]
    fn drawn_keys_are_secret_whatever_they_are_for() {
        for (key, value, want) in [
            ("TOTP_SEED_KEY", "9meoKctVLEjZGm+CQwNbgZdAiWnw==", true),
            ("RECAPTCHA_SITE_KEY", "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ", false),
            ("WIREGUARD_PUBLIC_KEY", "wOEI9rqqbDwnN8/Bpp22sVz48T71vJ4f=", false),
            ("SORT_KEY", "created_at", false),
            ("SSL_KEY", "/certs/server-2048-bits.key", false),
        ] {
            assert_eq!(is_drawn_key(key, value), want, "{key}");
        }
    }

    #[test]
    fn passwords_stand_in_addresses() {
        for (text, want) in [
            ("postgres://app:s3cret@db:5432/app", vec!["s3cret"]),
            ("redis://:pw@cache:6379/0", vec!["pw"]),
            ("postgres://app@db/app", vec![]),
            ("postgres://app:${PW}@db/app", vec![]),
            ("amqp://a:b@mq,amqp://c:d@mq2", vec!["b", "d"]),
            ("root:hush@tcp(db:3306)/shop?parseTime=true", vec!["hush"]),
            ("Server=db;User Id=sa;Password=Str0ng!;Encrypt=no", vec!["Str0ng!"]),
            ("host=db user=a password=x dbname=d", vec!["x"]),
            ("http://example.com:8080/a@b", vec![]),
            ("password=", vec![]),
        ] {
            let got: Vec<_> = passwords(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn secrets_stand_on_command_lines() {
        let words = |line: &[&str]| line.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        for (line, known, want) in [
            (vec!["redis-server", "--requirepass", "hush"], vec![], vec!["REQUIREPASS=hush"]),
            (vec!["redis-server --requirepass 'hush' --save 60"], vec![], vec!["REQUIREPASS=hush"]),
            (vec!["sh", "-c", "app --password=\"a b\""], vec![], vec!["PASSWORD=a"]),
            (vec!["app", "--password=x1"], vec![], vec!["PASSWORD=x1"]),
            (vec!["app", "--password", "--verbose"], vec![], vec![]),
            (vec!["app", "--db", "pg://u:pw@db/x"], vec![], vec!["ADDRESS_PASSWORD=pw"]),
            (
                vec!["redis-server", "--requirepass", "longer-one"],
                vec![("REDIS_PASSWORD", "longer-one")],
                vec!["REDIS_PASSWORD=longer-one"],
            ),
            (vec!["--password", "$PASSWORD"], vec![], vec![]),
        ] {
            let line = words(&line);
            let got: Vec<_> = arguments(&line, &known)
                .into_iter()
                .map(|a| format!("{}={}", a.name, &line[a.word][a.range]))
                .collect();
            assert_eq!(got, want, "{line:?}");
        }
    }

    #[test]
    fn files_hold_credentials() {
        for text in [
            "-----BEGIN RSA PRIVATE KEY-----\n",
            "requirepass hush\n",
            "DB_PASSWORD=abc\n",
            "  \"password\": \"abc\",\n",
            "url: pg://a:b@db/x",
        ] {
            assert!(holds_credentials(text), "{text}");
        }
        for text in [
            "listen 80;\n",
            "# password: x\n",
            "password: ${PW}\n",
            "auth_basic off;",
            "password = os.environ['X']",
            "tokens: 3",
        ] {
            assert!(!holds_credentials(text), "{text}");
        }
    }
}
