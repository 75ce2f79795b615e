//! The wire format: numbered fields, one after the other.

/// The bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no protobuf message")]
pub(crate) struct Malformed;

/// What a field carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Payload<'a> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

impl<'a> Payload<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed(_) => Err(Malformed),
        }
    }

    /// Negative numbers have all their bits.
    pub(super) fn int(self) -> Result<i64, Malformed> {
        match self {
            Self::Varint(bits) | Self::Fixed(bits) => Ok(bits.cast_signed()),
            Self::Bytes(_) => Err(Malformed),
        }
    }
}

/// Reads fields.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    pub(super) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(Malformed)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn fixed(&mut self, length: usize) -> Result<Payload<'a>, Malformed> {
        let bytes = self.take(length)?.iter().rev();
        Ok(Payload::Fixed(bytes.fold(0, |value, byte| (value << 8) | u64::from(*byte))))
    }

    fn field(&mut self) -> Result<(u64, Payload<'a>), Malformed> {
        let key = self.varint()?;
        let payload = match key & 7 {
            0 => Payload::Varint(self.varint()?),
            1 => self.fixed(8)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Payload::Bytes(self.take(length)?)
            }
            5 => self.fixed(4)?,
            _ => return Err(Malformed),
        };
        Ok((key >> 3, payload))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Payload<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// The last value of a field of text or bytes; empty, if there is none.
pub(super) fn last(message: &[u8], number: u64) -> Result<&[u8], Malformed> {
    let mut found: &[u8] = &[];
    for field in Fields::new(message) {
        match field? {
            (this, Payload::Bytes(bytes)) if this == number => found = bytes,
            _ => {}
        }
    }
    Ok(found)
}

/// The last value of a field of integers; zero, if there is none.
pub(super) fn last_int(message: &[u8], number: u64) -> Result<i64, Malformed> {
    let mut found = 0;
    for field in Fields::new(message) {
        let (this, payload) = field?;
        if this == number {
            found = payload.int()?;
        }
    }
    Ok(found)
}
