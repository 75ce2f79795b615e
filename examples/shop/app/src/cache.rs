//! The little of the Redis protocol that a cache needs: GET and SET for some seconds.
//!
//! A cache may be away at any time; then it holds nothing.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(200);
/// Longer answers are not ours.
const LIMIT: usize = 1 << 20;

pub struct Cache {
    address: Option<String>,
}

impl Cache {
    pub fn new(address: Option<String>) -> Self {
        Self { address }
    }

    pub fn get(&self, key: &str) -> Option<String> {
        let mut stream = self.connect()?;
        send(&mut stream, &["GET", key]).ok()?;
        read_bulk(&mut BufReader::new(stream)).ok()?
    }

    pub fn set(&self, key: &str, value: &str, seconds: u32) {
        let Some(mut stream) = self.connect() else { return };
        let sent = send(&mut stream, &["SET", key, value, "EX", &seconds.to_string()]);
        // The answer is awaited, so that the server has read all before we hang up.
        if sent.is_ok() {
            let _ = BufReader::new(stream).read_line(&mut String::new());
        }
    }

    fn connect(&self) -> Option<TcpStream> {
        let address = self.address.as_ref()?.to_socket_addrs().ok()?.next()?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        Some(stream)
    }
}

fn send(stream: &mut impl Write, words: &[&str]) -> Result<()> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(command.as_bytes())
}

/// `$5\r\nhello\r\n`, or `$-1\r\n` for nothing.
fn read_bulk(reader: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let length = line.trim_end().strip_prefix('$').and_then(|text| text.parse().ok());
    let Some(length) = length.filter(|length| *length <= LIMIT) else { return Ok(None) };
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::{read_bulk, send};

    #[test]
    fn commands_are_arrays() {
        let mut sent = Vec::new();
        send(&mut sent, &["GET", "a"]).unwrap();
        assert_eq!(sent, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    }

    #[test]
    fn answers_are_bulk_strings() {
        assert_eq!(read_bulk(&mut &b"$2\r\nhi\r\n"[..]).unwrap().as_deref(), Some("hi"));
        assert_eq!(read_bulk(&mut &b"$-1\r\n"[..]).unwrap(), None);
        assert_eq!(read_bulk(&mut &b"-ERR no\r\n"[..]).unwrap(), None);
    }
}
