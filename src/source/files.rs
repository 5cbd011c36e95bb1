//! Binlog files as a source: replay without a server.
//!
//! Reads one file, plain or compressed with zstd, checks every event's checksum and feeds decoder and
//! framer as a connection would. A file that ends inside an event is an error, never the end.

mod layout;
mod replay;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use layout::find_layout;
pub use replay::{Replay, ReplayEnd, ReplayPoint, ReplayRange};

use crate::decode::{
    ChecksumAlgorithm, ChecksumMismatch, DecodeError, EventHeader, RawEvent, event_type,
    verify_crc32,
};
use crate::source::framing::{Framed, FramingError};
use crate::source::reader::{EventReader, ReadError};

/// The largest event that is read, in bytes: the servers' own limit for a row event.
const EVENT_SIZE_MAX: u32 = 1 << 30;
const BUFFER_SIZE: usize = 1 << 18;
const CHECKSUM_SIZE: usize = 4;
const MAGIC: [u8; 4] = *b"\xfebin";
const MAGIC_ENCRYPTED: [u8; 4] = *b"\xfdbin";
const MAGIC_ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Why a binlog file can't be replayed. Offsets are of the uncompressed file.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file can't be opened.
    #[error("open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file can't be read.
    #[error("read {} at {offset}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("read {}: it is not a binlog file", path.display())]
    NotABinlog {
        /// The file.
        path: PathBuf,
    },
    /// The file is encrypted.
    #[error("read {}: the file is encrypted", path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The file ends inside an event.
    #[error("read {}: the file is cut off inside the event at {offset}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where the event begins.
        offset: u64,
    },
    /// The file ends inside a transaction.
    #[error("read {}: the file ends at {offset}, inside a transaction", path.display())]
    Unfinished {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        offset: u64,
    },
    /// An event claims a size that no event has.
    #[error("read {} at {offset}: an event of {size} bytes (at most {limit})", path.display())]
    EventSize {
        /// The file.
        path: PathBuf,
        /// Where the event begins.
        offset: u64,
        /// The size it claims, in bytes.
        size: u32,
        /// The largest size, in bytes.
        limit: u32,
    },
    /// The first event doesn't describe the file.
    #[error("read {} at {offset}: the first event is not a format description", path.display())]
    NoFormatDescription {
        /// The file.
        path: PathBuf,
        /// Where the event begins.
        offset: u64,
    },
    /// An event's bytes were changed.
    #[error("read {} at {offset}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Where the event begins.
        offset: u64,
        /// The two checksums.
        #[source]
        source: ChecksumMismatch,
    },
    /// The files are not in order, or one between them is missing.
    #[error("read {}: {before} goes on in {expected}", path.display())]
    Gap {
        /// The file that was to be read next.
        path: PathBuf,
        /// The name of the file before it.
        before: String,
        /// The name of the file that follows that one.
        expected: String,
    },
    /// No file has the name of the place to start from.
    #[error("start behind {from}: no such file among those given")]
    StartMissing {
        /// The place.
        from: String,
    },
    /// Transactions behind the position to start from are in none of the files.
    #[error("read {}: it begins behind transactions that {from} lacks: before it were {before}",
        path.display())]
    TransactionsMissing {
        /// The first file.
        path: PathBuf,
        /// The position to start from.
        from: String,
        /// What was before the second transaction of the file.
        before: String,
    },
    /// The bounds are GTIDs, and a transaction has none.
    #[error("read {} at {offset}: the transaction has no GTID to compare with {bound}",
        path.display())]
    NoGtid {
        /// The file.
        path: PathBuf,
        /// Where the transaction ends.
        offset: u64,
        /// The bound.
        bound: String,
    },
    /// The files end before the position up to which they were to be read.
    #[error("read up to {until}: the files end at {end}")]
    EndMissing {
        /// The position.
        until: String,
        /// Where they end.
        end: String,
    },
    /// An event can't be decoded.
    #[error("read {} at {offset}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// Where the event begins.
        offset: u64,
        /// Why.
        #[source]
        source: Box<DecodeError>,
    },
    /// The events don't form transactions.
    #[error("read {} at {offset}", path.display())]
    Framing {
        /// The file.
        path: PathBuf,
        /// Where the event begins.
        offset: u64,
        /// Why.
        #[source]
        source: Box<FramingError>,
    },
}

impl FileError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Encrypted { .. } => {
                Some("copy it with mysqlbinlog --read-from-remote-server --raw")
            }
            Self::Truncated { .. } | Self::Unfinished { .. } => {
                Some("copy the file again, after the server has moved on to the next one")
            }
            Self::Checksum { .. } | Self::EventSize { .. } => Some("copy the file again"),
            Self::Decode { source, .. } => source.hint(),
            Self::Framing { source, .. } => source.hint(),
            Self::Open { .. } => Some("check the path, and that this user may read the file"),
            Self::NotABinlog { .. } | Self::NoFormatDescription { .. } => {
                Some("give a file of the server's binlog, as it is or compressed with zstd")
            }
            Self::Gap { .. } => {
                Some("give every file, in order, under the names they have on the server")
            }
            Self::StartMissing { .. } | Self::TransactionsMissing { .. } => {
                Some("give the earlier files too, in order")
            }
            Self::EndMissing { .. } => Some("give the later files too, in order"),
            Self::NoGtid { .. } => Some("give a place in a file (FILE:OFFSET) instead"),
            Self::Read { .. } => None,
        }
    }
}

/// A binlog file, event by event.
pub struct BinlogFile {
    path: PathBuf,
    name: String,
    reader: Box<dyn Read + Send>,
    /// Where the next event begins.
    offset: u64,
    checksum: Option<ChecksumAlgorithm>,
    body: Vec<u8>,
}

impl BinlogFile {
    /// Opens a file; whether it is compressed is told by its first bytes, not by its name.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let open = |source| FileError::Open { path: path.to_owned(), source };
        let file = File::open(path).map_err(open)?;
        Self::from_reader(path, Box::new(BufReader::with_capacity(BUFFER_SIZE, file)))
    }

    /// Reads a file from elsewhere; `path` is what it is called in messages and positions.
    pub fn from_reader(path: &Path, mut reader: Box<dyn Read + Send>) -> Result<Self, FileError> {
        let path = path.to_owned();
        let mut magic = read_magic(&path, &mut reader)?;
        if magic == MAGIC_ZSTD {
            let whole = Cursor::new(magic).chain(reader);
            let read = |source| FileError::Read { path: path.clone(), offset: 0, source };
            let plain = zstd::stream::read::Decoder::new(whole).map_err(read)?;
            reader = Box::new(BufReader::with_capacity(BUFFER_SIZE, plain));
            magic = read_magic(&path, &mut reader)?;
        }
        match magic {
            MAGIC => {}
            MAGIC_ENCRYPTED => return Err(FileError::Encrypted { path }),
            _ => return Err(FileError::NotABinlog { path }),
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(".zst").unwrap_or(&name).to_owned();
        Ok(Self { path, name, reader, offset: 4, checksum: None, body: Vec::new() })
    }

    /// The file's name on the server: without folder and `.zst`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the next event begins, in bytes from the start of the uncompressed file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next event with verified checksum; `None` at the end of the file.
    pub fn next_event(&mut self) -> Result<Option<RawEvent<'_>>, FileError> {
        let offset = self.offset;
        let mut head = [0; EventHeader::SIZE];
        match self.fill(EventHeader::SIZE)? {
            0 if self.checksum.is_some() => return Ok(None),
            EventHeader::SIZE => head.copy_from_slice(&self.body),
            _ => return Err(self.truncated()),
        }
        let header = EventHeader::parse(&head);
        let is_description = header.event_type == event_type::FORMAT_DESCRIPTION;
        if self.checksum.is_none() && !is_description {
            return Err(FileError::NoFormatDescription { path: self.path.clone(), offset });
        }
        let is_checked = is_description || self.checksum == Some(ChecksumAlgorithm::Crc32);
        let length = self.body_length(&header, is_checked)?;
        if self.fill(length)? < length {
            return Err(self.truncated());
        }
        self.offset += u64::from(header.event_size);
        let mut body = self.body.as_slice();
        if is_checked && let Some((covered, expected)) = body.split_last_chunk() {
            let path = || self.path.clone();
            verify_crc32(&head, covered, u32::from_le_bytes(*expected))
                .map_err(|source| FileError::Checksum { path: path(), offset, source })?;
            body = covered;
        }
        if is_description {
            // The decoder refuses other numbers.
            let is_none = body.last() == Some(&0);
            let crc32 = ChecksumAlgorithm::Crc32;
            self.checksum = Some(if is_none { ChecksumAlgorithm::None } else { crc32 });
        }
        Ok(Some(RawEvent { header, body }))
    }

    /// How many bytes follow the header.
    fn body_length(&self, header: &EventHeader, is_checked: bool) -> Result<usize, FileError> {
        let (size, limit) = (header.event_size, EVENT_SIZE_MAX);
        let least = if is_checked { CHECKSUM_SIZE } else { 0 };
        usize::try_from(size)
            .ok()
            .filter(|_| size <= limit)
            .and_then(|whole| whole.checked_sub(EventHeader::SIZE))
            .filter(|length| *length >= least)
            .ok_or_else(|| {
                let (path, offset) = (self.path.clone(), self.offset);
                FileError::EventSize { path, offset, size, limit }
            })
    }

    fn truncated(&self) -> FileError {
        FileError::Truncated { path: self.path.clone(), offset: self.offset }
    }

    /// Reads up to `length` bytes into the buffer, which grows only as bytes really come.
    fn fill(&mut self, length: usize) -> Result<usize, FileError> {
        self.body.clear();
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        match self.reader.by_ref().take(limit).read_to_end(&mut self.body) {
            Ok(read) => Ok(read),
            // A compressed file that is cut off.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.truncated()),
            Err(source) => {
                Err(FileError::Read { path: self.path.clone(), offset: self.offset, source })
            }
        }
    }
}

fn read_magic(path: &Path, reader: &mut dyn Read) -> Result<[u8; 4], FileError> {
    let mut magic = [0; 4];
    match reader.read_exact(&mut magic) {
        Ok(()) => Ok(magic),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(FileError::NotABinlog { path: path.to_owned() })
        }
        Err(source) => Err(FileError::Read { path: path.to_owned(), offset: 0, source }),
    }
}

/// The replay of one file.
pub struct FileReplay {
    file: BinlogFile,
    is_started: bool,
}

impl FileReplay {
    /// Opens a file for replay.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        BinlogFile::open(path).map(Self::new)
    }

    /// Replays an opened file.
    pub fn new(file: BinlogFile) -> Self {
        Self { file, is_started: false }
    }

    /// The file's name on the server: without folder and `.zst`.
    pub fn name(&self) -> &str {
        self.file.name()
    }

    /// Reads on to the next transaction or definition change; `None` when the file ends where a
    /// transaction does. Several files are replayed with the same reader, in order.
    pub fn next_framed(&mut self, reader: &mut EventReader) -> Result<Option<Framed>, FileError> {
        if !self.is_started {
            self.is_started = true;
            self.start(reader)?;
        }
        let mut offset = self.file.offset;
        let mut framed = reader.go_on();
        loop {
            if let Some(found) = framed.map_err(|error| self.unread(error, offset))? {
                return Ok(Some(found));
            }
            offset = self.file.offset;
            framed = match self.file.next_event()? {
                Some(event) => reader.push(&event),
                None if reader.framer().is_within_transaction() => {
                    return Err(FileError::Unfinished { path: self.file.path.clone(), offset });
                }
                None => return Ok(None),
            };
        }
    }

    /// Begins as a connection does: with a made-up rotation that names the file.
    fn start(&self, reader: &mut EventReader) -> Result<(), FileError> {
        let offset = self.file.offset;
        let mut body = offset.to_le_bytes().to_vec();
        body.extend(self.file.name.as_bytes());
        let header = EventHeader {
            event_type: event_type::ROTATE,
            flags: EventHeader::ARTIFICIAL,
            ..EventHeader::default()
        };
        let framed = reader.push(&RawEvent { header, body: &body });
        framed.map(drop).map_err(|error| self.unread(error, offset))
    }

    fn unread(&self, error: ReadError, offset: u64) -> FileError {
        let path = self.file.path.clone();
        match error {
            ReadError::Decode(error) => FileError::Decode { path, offset, source: error.into() },
            ReadError::Framing(error) => FileError::Framing { path, offset, source: error.into() },
        }
    }
}

#[cfg(test)]
mod tests;
