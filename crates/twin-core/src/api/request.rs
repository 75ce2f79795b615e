//! Requests and responses as values.

use crate::status::Status;
use crate::store::Revision;
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::num::{IntErrorKind, ParseIntError};

/// What a client wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A request, as HTTP carries it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub method: Method,
    /// Without the query: `/api/v1/pods`.
    pub path: &'a str,
    /// After the question mark; empty if there is none.
    pub query: &'a str,
    pub content_type: &'a str,
    pub accept: &'a str,
    pub user_agent: &'a str,
    /// Who asks; none for who may do everything without a name of its own.
    pub user: Option<&'a User>,
    pub body: &'a [u8],
}

/// Somebody who was let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    pub name: Text,
    /// Without the group of all who were let in.
    pub groups: Vec<Text>,
}

impl Request<'_> {
    /// The value of a key of the query; empty if there is none.
    pub fn asked(&self, key: &str) -> String {
        Query::parse(self.query).get(key).to_owned()
    }
}

/// What the world adds to a request: when it comes, and chance.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Timestamp,
    /// Different for each request; equal seeds give equal names and uids.
    pub seed: u64,
}

impl Moment {
    /// The n-th number drawn in this moment.
    pub fn draw(self, n: u64) -> u64 {
        // SplitMix64: each input bit changes half of the output bits.
        let mut z = self.seed.wrapping_add((n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A uid in the form of a random UUID.
    pub(super) fn uid(self) -> String {
        written(self.draw(0), self.draw(1))
    }

    /// Another one, for what is asked in this moment.
    pub(super) fn nth_uid(self, n: u64) -> String {
        // Names draw less than that.
        let first = n.saturating_mul(2).saturating_add(1_000);
        written(self.draw(first), self.draw(first + 1))
    }

    /// The end of a generated name.
    pub(super) fn suffix(self, attempt: u64) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut rest = self.draw(2 + attempt);
        let letter = |_| {
            let at = usize::try_from(rest % 27).unwrap_or_default();
            rest /= 27;
            char::from(LETTERS[at])
        };
        (0..5).map(letter).collect()
    }
}

/// Two numbers as a UUID of the fourth kind.
fn written(high: u64, low: u64) -> String {
    let (high, low) = ((high & !0xF000) | 0x4000, (low & !(0xC << 60)) | (0x8 << 60));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub code: u16,
    pub content_type: String,
    /// Texts for `Warning` headers.
    pub warnings: Vec<String>,
    pub body: Body,
}

/// What an answer carries.
#[derive(Debug)]
pub enum Body {
    Whole(Bytes),
    /// Frames, for as long as the client listens.
    Watch(Box<super::Watch>),
    /// What a container writes, for as long as it runs.
    Log(Box<super::Follow>),
}

impl Response {
    /// An object as JSON.
    pub fn json(code: u16, value: &Value) -> Self {
        Self {
            code,
            content_type: "application/json".to_owned(),
            warnings: Vec::new(),
            body: Body::Whole(value.encoded().into()),
        }
    }

    /// Plain text.
    pub fn text(code: u16, text: &str) -> Self {
        Self {
            code,
            content_type: "text/plain; charset=utf-8".to_owned(),
            warnings: Vec::new(),
            body: Body::Whole(Bytes::copy_from_slice(text.as_bytes())),
        }
    }
}

impl From<Status> for Response {
    fn from(status: Status) -> Self {
        Self::json(status.code(), &status.value())
    }
}

/// The query of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescaped(key), unescaped(value))
        });
        // Of values for one key the first counts.
        let mut query = BTreeMap::new();
        decoded.for_each(|(key, value)| {
            query.entry(key).or_insert(value);
        });
        Self(query)
    }

    pub(super) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Whether an option of a query is there, and not said to be off.
    pub(super) fn wants(&self, key: &str) -> bool {
        let said = self.0.get(key);
        said.is_some_and(|said| said != "0" && !said.eq_ignore_ascii_case("false"))
    }

    /// A number, if it is there.
    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Status> {
        let Some(text) = self.0.get(key).filter(|text| !text.is_empty()) else { return Ok(None) };
        let why =
            |why: &str| Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"));
        text.parse().map(Some).map_err(|error: ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => why("value out of range"),
            _ => why("invalid syntax"),
        })
    }

    pub(super) fn says(&self, key: &str) -> bool {
        matches!(self.get(key), "true" | "1" | "True" | "TRUE" | "t" | "T")
    }

    pub(super) fn revision(&self, key: &str) -> Result<Option<Revision>, Status> {
        let refused = |why| Status::bad_request(format!("invalid resource version: {why}"));
        self.read_revision(key).map_err(refused)
    }

    /// A version, or why it is none.
    pub(super) fn read_revision(&self, key: &str) -> Result<Option<Revision>, String> {
        let text = self.get(key);
        if matches!(text, "" | "0") {
            return Ok(None);
        }
        let why = || {
            format!(
                "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            )
        };
        Revision::parse(text).map(Some).ok_or_else(why)
    }
}

/// Percent-encoded text, decoded; what is no encoding stays.
pub(super) fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, code.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(code)) => {
                decoded.push(code);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Moment, Query};
    use crate::time::Timestamp;

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("labelSelector=a%3Db%2Cc+d&watch=1&x&labelSelector=z&p=%zz%");
        assert_eq!(query.get("labelSelector"), "a=b,c d");
        assert!(query.says("watch") && !query.says("x"));
        assert_eq!(query.get("p"), "%zz%");
    }

    #[test]
    fn chance_follows_from_the_seed() {
        let moment = |seed| Moment { now: Timestamp::default(), seed };
        assert_eq!(moment(7).uid(), moment(7).uid());
        assert_ne!(moment(7).uid(), moment(8).uid());
        assert_eq!(moment(1).uid().len(), 36);
        assert_eq!(moment(1).uid().as_bytes()[14], b'4');
        assert_ne!(moment(1).suffix(0), moment(1).suffix(1));
    }
}
