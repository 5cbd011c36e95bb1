//! Events as they come off the wire: header, body, checksum, type numbers.

use thiserror::Error;

use crate::decode::bytes::{Bytes, Short};

const BINLOG_IN_USE_FLAG: u8 = 0x01;

/// The 19-byte header of every event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventHeader {
    /// When the statement ran, seconds since 1970.
    pub timestamp: u32,
    /// One of [`event_type`].
    pub event_type: u8,
    /// The server that wrote the event first.
    pub server_id: u32,
    /// Header, body and checksum together, in bytes.
    pub event_size: u32,
    /// Where the event ends in its file, modulo 2^32; 0 when not known.
    pub log_pos: u32,
    /// The event's flags.
    pub flags: u16,
}

impl EventHeader {
    /// The size of a header in bytes.
    pub const SIZE: usize = 19;

    /// Flag: made up by the server for this connection, not part of a binlog file.
    pub const ARTIFICIAL: u16 = 0x20;

    /// Flag: a reader that doesn't know the event type may leave the event out.
    pub const IGNORABLE: u16 = 0x80;

    /// Reads a header.
    pub fn parse(bytes: &[u8; Self::SIZE]) -> Self {
        // 19 bytes hold all fields, so this can't fail.
        Self::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Result<Self, Short> {
        let mut bytes = Bytes(bytes);
        Ok(Self {
            timestamp: bytes.u32()?,
            event_type: bytes.u8()?,
            server_id: bytes.u32()?,
            event_size: bytes.u32()?,
            log_pos: bytes.u32()?,
            flags: bytes.u16()?,
        })
    }

    /// Whether the server made the event up for this connection.
    pub fn is_artificial(&self) -> bool {
        self.flags & Self::ARTIFICIAL != 0
    }
}

/// An event whose checksum was verified and cut off.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// The header.
    pub header: EventHeader,
    /// What follows the header, without checksum. That of a format description event ends with its
    /// checksum algorithm byte.
    pub body: &'a [u8],
}

/// How the events of a binlog file are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksumAlgorithm {
    /// Not at all (`binlog_checksum=NONE`).
    None,
    /// By a CRC-32 after each body.
    Crc32,
}

/// The bytes of an event are not those that the server wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("verify the event's checksum: it says {expected:08x}, the bytes give {computed:08x}")]
pub struct ChecksumMismatch {
    /// The checksum sent with the event.
    pub expected: u32,
    /// The checksum of the bytes received.
    pub computed: u32,
}

/// Checks an event against the checksum sent with it.
///
/// `body` is what the checksum covers besides the header; for a format description event that
/// includes the algorithm byte. Such an event always has a checksum, even when the others have none.
/// The server sets its in-use flag in an open file without a new checksum, so that bit is left out.
pub fn verify_crc32(
    header_bytes: &[u8; EventHeader::SIZE],
    body: &[u8],
    expected: u32,
) -> Result<(), ChecksumMismatch> {
    let mut header = *header_bytes;
    let [.., flags, _] = &mut header;
    if EventHeader::parse(header_bytes).event_type == event_type::FORMAT_DESCRIPTION {
        *flags &= !BINLOG_IN_USE_FLAG;
    }
    let mut crc = crc32fast::Hasher::new();
    crc.update(&header);
    crc.update(body);
    let computed = crc.finalize();
    if computed == expected { Ok(()) } else { Err(ChecksumMismatch { expected, computed }) }
}

macro_rules! event_types {
    ($($name:ident = $number:literal,)*) => {
        /// The numbers of the event types, as both servers' manuals name them.
        pub mod event_type {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                pub const $name: u8 = $number;
            )*

            /// The type's name, for messages.
            pub fn name(event_type: u8) -> &'static str {
                match event_type {
                    $($number => stringify!($name),)*
                    _ => "unknown",
                }
            }
        }
    };
}

event_types! {
    QUERY = 2,
    STOP = 3,
    ROTATE = 4,
    INTVAR = 5,
    SLAVE = 7,
    APPEND_BLOCK = 9,
    DELETE_FILE = 11,
    RAND = 13,
    USER_VAR = 14,
    FORMAT_DESCRIPTION = 15,
    XID = 16,
    BEGIN_LOAD_QUERY = 17,
    EXECUTE_LOAD_QUERY = 18,
    TABLE_MAP = 19,
    PRE_GA_WRITE_ROWS = 20,
    PRE_GA_UPDATE_ROWS = 21,
    PRE_GA_DELETE_ROWS = 22,
    WRITE_ROWS_V1 = 23,
    UPDATE_ROWS_V1 = 24,
    DELETE_ROWS_V1 = 25,
    INCIDENT = 26,
    HEARTBEAT = 27,
    IGNORABLE = 28,
    ROWS_QUERY = 29,
    WRITE_ROWS = 30,
    UPDATE_ROWS = 31,
    DELETE_ROWS = 32,
    GTID = 33,
    ANONYMOUS_GTID = 34,
    PREVIOUS_GTIDS = 35,
    TRANSACTION_CONTEXT = 36,
    VIEW_CHANGE = 37,
    XA_PREPARE = 38,
    PARTIAL_UPDATE_ROWS = 39,
    TRANSACTION_PAYLOAD = 40,
    HEARTBEAT_V2 = 41,
    GTID_TAGGED = 42,
    ANNOTATE_ROWS = 160,
    BINLOG_CHECKPOINT = 161,
    MARIADB_GTID = 162,
    GTID_LIST = 163,
    START_ENCRYPTION = 164,
    QUERY_COMPRESSED = 165,
    WRITE_ROWS_COMPRESSED_V1 = 166,
    UPDATE_ROWS_COMPRESSED_V1 = 167,
    DELETE_ROWS_COMPRESSED_V1 = 168,
    WRITE_ROWS_COMPRESSED = 169,
    UPDATE_ROWS_COMPRESSED = 170,
    DELETE_ROWS_COMPRESSED = 171,
    PARTIAL_ROW_DATA = 172,
}
