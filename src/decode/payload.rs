//! MySQL's compressed transactions: one event whose payload is the transaction's events.
//!
//! Source: MySQL manual, `Transaction_payload_event`. The payload is inflated event by event, so a
//! large transaction is never in memory as a whole. Its events carry no checksums; they are covered
//! by that of the event around them.

use std::io::{BufReader, Cursor, Read};

use thiserror::Error;

use crate::decode::bytes::{Bytes, Short};
use crate::decode::event::{EventHeader, RawEvent, event_type};

/// The largest payload that is inflated, in bytes: the servers' own limit for a packet.
const PAYLOAD_SIZE_MAX: u64 = 1 << 30;

/// [`EventHeader::SIZE`].
const HEADER_SIZE: u64 = 19;

const FIELD_END: usize = 0;
const FIELD_PAYLOAD_SIZE: usize = 1;
const FIELD_COMPRESSION: usize = 2;
const FIELD_INFLATED_SIZE: usize = 3;

const COMPRESSION_ZSTD: usize = 0;
const COMPRESSION_NONE: usize = 255;

/// What is wrong with the payload of a compressed transaction. Each of these stops the stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PayloadFault {
    /// Its header can't be read.
    #[error("its header is malformed")]
    Header,
    /// It is compressed in a way that isn't read.
    #[error("its compression type {number} is not known")]
    Compression {
        /// The type's number.
        number: usize,
    },
    /// It claims a size that no payload has.
    #[error("it claims {size} bytes (at most {limit})")]
    TooLarge {
        /// The size it claims, in bytes.
        size: u64,
        /// The largest size, in bytes.
        limit: u64,
    },
    /// The compressed bytes are damaged.
    #[error("it can't be inflated: {message}")]
    Inflate {
        /// What the decompressor said.
        message: String,
    },
    /// It has fewer bytes than it claims.
    #[error("it claims {declared} bytes and has {found}")]
    Shorter {
        /// The size it claims, in bytes.
        declared: u64,
        /// The bytes there are.
        found: u64,
    },
    /// It has more bytes than it claims.
    #[error("it has more than the {declared} bytes that it claims")]
    Longer {
        /// The size it claims, in bytes.
        declared: u64,
    },
    /// The sizes of its events don't add up to its own.
    #[error("an event of {size} bytes within it has {left} bytes left")]
    EventSize {
        /// The size that the event claims, or that its header has, in bytes.
        size: u64,
        /// What is left of the payload where the event begins, in bytes.
        left: u64,
    },
    /// It holds no event.
    #[error("it holds no event")]
    Empty,
    /// It holds an event that is no part of a transaction, or another payload.
    #[error("it holds a {name} event")]
    ForeignEvent {
        /// The event's name.
        name: &'static str,
    },
}

/// The payload of a compressed transaction, event by event.
pub struct Payload {
    inflated: Box<dyn Read + Send>,
    /// The size when inflated, as declared, and how much of that was not read yet; in bytes.
    declared: u64,
    left: u64,
    head: [u8; EventHeader::SIZE],
    body: Vec<u8>,
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payload")
            .field("declared", &self.declared)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// What the payload's header says.
struct Description {
    compression: usize,
    inflated_size: Option<u64>,
}

impl Payload {
    /// Opens the payload in the body of a `TRANSACTION_PAYLOAD` event.
    ///
    /// # Errors
    /// Its header is malformed, it claims more than 1 GiB, or it holds nothing.
    pub fn open(body: &[u8]) -> Result<Self, PayloadFault> {
        let mut bytes = Bytes(body);
        let described = describe(&mut bytes).map_err(|_short| PayloadFault::Header)?;
        let compressed = Cursor::new(bytes.0.to_vec());
        let here = u64::try_from(bytes.0.len()).unwrap_or(u64::MAX);
        let (inflated, declared): (Box<dyn Read + Send>, _) = match described.compression {
            COMPRESSION_NONE => (Box::new(compressed), described.inflated_size.unwrap_or(here)),
            COMPRESSION_ZSTD => {
                let size = described.inflated_size.ok_or(PayloadFault::Header)?;
                let plain = zstd::stream::read::Decoder::with_buffer(compressed);
                let plain = plain.map_err(|error| inflate(&error))?;
                (Box::new(BufReader::new(plain)), size)
            }
            number => return Err(PayloadFault::Compression { number }),
        };
        if declared > PAYLOAD_SIZE_MAX {
            return Err(PayloadFault::TooLarge { size: declared, limit: PAYLOAD_SIZE_MAX });
        }
        if declared == 0 {
            return Err(PayloadFault::Empty);
        }
        let head = [0; EventHeader::SIZE];
        Ok(Self { inflated, declared, left: declared, head, body: Vec::new() })
    }

    /// The next event; `None` once the payload was read to exactly its end.
    ///
    /// # Errors
    /// The payload is not what it claims to be.
    pub fn next_event(&mut self) -> Result<Option<RawEvent<'_>>, PayloadFault> {
        if self.left == 0 {
            return if self.fill(1)? == 0 {
                Ok(None)
            } else {
                Err(PayloadFault::Longer { declared: self.declared })
            };
        }
        let left = self.left;
        if left < HEADER_SIZE {
            return Err(PayloadFault::EventSize { size: HEADER_SIZE, left });
        }
        self.fill_exactly(EventHeader::SIZE)?;
        self.head.copy_from_slice(&self.body);
        let header = EventHeader::parse(&self.head);
        let size = u64::from(header.event_size);
        let length = usize::try_from(size)
            .ok()
            .filter(|_| size <= left)
            .and_then(|whole| whole.checked_sub(EventHeader::SIZE))
            .ok_or(PayloadFault::EventSize { size, left })?;
        if is_foreign(header.event_type) {
            return Err(PayloadFault::ForeignEvent { name: event_type::name(header.event_type) });
        }
        self.fill_exactly(length)?;
        Ok(Some(RawEvent { header, body: &self.body }))
    }

    /// The header of the last event, as it stands in the payload.
    pub fn last_header(&self) -> &[u8; EventHeader::SIZE] {
        &self.head
    }

    fn fill_exactly(&mut self, length: usize) -> Result<(), PayloadFault> {
        let found = self.fill(length)?;
        let read = u64::try_from(found).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(read);
        if found == length {
            return Ok(());
        }
        let found = self.declared - self.left;
        Err(PayloadFault::Shorter { declared: self.declared, found })
    }

    /// Reads up to `length` bytes into the buffer, which grows only as bytes really come.
    fn fill(&mut self, length: usize) -> Result<usize, PayloadFault> {
        self.body.clear();
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        let read = self.inflated.by_ref().take(limit).read_to_end(&mut self.body);
        read.map_err(|error| inflate(&error))
    }
}

/// Events that number transactions, tell of files or of the server, and payloads.
fn is_foreign(number: u8) -> bool {
    matches!(
        number,
        event_type::STOP
            | event_type::ROTATE
            | event_type::FORMAT_DESCRIPTION
            | event_type::INCIDENT
            | event_type::HEARTBEAT
            | event_type::GTID..=event_type::PREVIOUS_GTIDS
            | event_type::TRANSACTION_PAYLOAD..=event_type::GTID_TAGGED
            | event_type::BINLOG_CHECKPOINT..=event_type::START_ENCRYPTION
    )
}

fn inflate(error: &std::io::Error) -> PayloadFault {
    PayloadFault::Inflate { message: error.to_string() }
}

/// Fields of type, length and value, then the payload.
fn describe(bytes: &mut Bytes<'_>) -> Result<Description, Short> {
    let mut payload_size = None;
    let mut compression = None;
    let mut inflated_size = None;
    loop {
        let field = bytes.length()?;
        if field == FIELD_END {
            break;
        }
        let mut value = Bytes(bytes.prefixed()?);
        match field {
            FIELD_PAYLOAD_SIZE => payload_size = Some(value.length()?),
            FIELD_COMPRESSION => compression = Some(value.length()?),
            FIELD_INFLATED_SIZE => {
                let size = u64::try_from(value.length()?).map_err(|_too_wide| Short)?;
                inflated_size = Some(size);
            }
            // A field that a later server may add.
            _ => {}
        }
    }
    if payload_size != Some(bytes.0.len()) {
        return Err(Short);
    }
    Ok(Description { compression: compression.ok_or(Short)?, inflated_size })
}
