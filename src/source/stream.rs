//! Follows the binlog of a live server: transport bytes in, source transactions out.
//!
//! ```text
//!  mysql_async packets ─► checksum verified ─► Decoder ─► Framer ─► StreamEvent
//! ```
//!
//! The transport cuts the checksum off without looking at it, so it is verified here, before any
//! byte is believed. Reconnecting is the engine's business: after an error this value is spent.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};
use mysql_async::BinlogStream;
use mysql_async::binlog::BinlogChecksumAlg;
use mysql_async::binlog::events::Event;
use tokio::time::timeout;

use crate::decode::{
    Decoder, Definitions, EventHeader, RawEvent, TableId, Watch, event_type, verify_crc32,
};
use crate::position::{BinlogFile, BinlogOffset, Position};
use crate::source::columns::table_columns;
use crate::source::connection::within;
use crate::source::foreign_keys::{Cascades, cascades};
use crate::source::framing::{Framed, Framer, SourceTransaction};
use crate::source::reader::{EventReader, ReadError};
use crate::source::replica::{Request, session_of_a_replica};
use crate::source::{Connection, SourceError, SourceParams, written_end};

/// A server that is silent for so many heartbeats is given up.
const HEARTBEATS_MISSED_MAX: u32 = 3;

/// While the server sends without pause, progress is told once per so many events.
const EVENTS_PER_PROGRESS: u32 = 16_384;

const DOING: &str = "follow the binlog";

/// What the stream has to say.
#[derive(Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// A source transaction with changes of watched tables.
    Transaction(SourceTransaction),
    /// A source transaction that redefined watched tables.
    Redefinition {
        /// The transaction.
        transaction: SourceTransaction,
        /// How the watched tables are defined from here on: to be stored with its position.
        definitions: Definitions,
        /// The foreign keys that the watched tables have from here on.
        cascades: Cascades,
    },
    /// A binlog file is read from here on.
    File(BinlogFile),
    /// No watched row changed, but the stream was read on.
    Progress {
        /// The place up to which everything was read.
        seen: BinlogOffset,
        /// The position behind the last transaction, which touched nothing we watch.
        position: Position,
    },
}

/// A live binlog stream.
pub struct Stream {
    events: BinlogStream,
    reader: EventReader,
    params: SourceParams,
    watch: Watch,
    definitions: Definitions,
    /// The description of the format was read, so the transport knows about checksums.
    is_format_known: bool,
    /// Tables that were redefined, with the statement as a transaction; their columns must be read
    /// before anything else happens. It is kept here while they are.
    redefined: Option<(BTreeSet<TableId>, Option<SourceTransaction>)>,
    /// The definitions changed and were not handed out yet.
    are_definitions_new: bool,
    cascades: Cascades,
    events_since_progress: u32,
    told: BinlogOffset,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("seen", self.reader.framer().seen()).finish_non_exhaustive()
    }
}

impl Stream {
    /// Asks the server for everything behind `from`. `definitions` are those of the watched tables
    /// at that position.
    pub async fn open(
        params: &SourceParams,
        from: &Position,
        watch: &Watch,
        definitions: Definitions,
    ) -> Result<Self, SourceError> {
        let connection = Connection::connect(params).await?;
        Box::pin(Self::open_over(connection, params, from, watch, definitions)).await
    }

    /// The same, over a connection that is there. It is the stream's from here on.
    pub async fn open_over(
        mut connection: Connection,
        params: &SourceParams,
        from: &Position,
        watch: &Watch,
        definitions: Definitions,
    ) -> Result<Self, SourceError> {
        let is_native = has_native_foreign_keys(&mut connection).await?;
        for statement in session_of_a_replica(params, connection.flavour(), from) {
            connection.run("set up the binlog session", &statement).await?;
        }
        let request = Request::new(params, from)?;
        let events = within(
            "register as a replica",
            params.connect_timeout,
            connection.into_conn().get_binlog_stream(request.borrow()),
        )
        .await?;
        let mut decoder = Decoder::new(watch.clone(), definitions.columns.clone());
        decoder.set_native_foreign_keys(is_native);
        let framer = Framer::new(from.clone());
        let told = framer.seen().clone();
        let mut stream = Self {
            events,
            reader: EventReader::new(decoder, framer),
            params: params.clone(),
            watch: watch.clone(),
            definitions,
            is_format_known: false,
            redefined: None,
            are_definitions_new: false,
            cascades: Cascades::default(),
            events_since_progress: 0,
            told,
        };
        stream.settle();
        Ok(stream)
    }

    /// The next thing that happened. May be dropped while waiting and called again.
    pub async fn next(&mut self) -> Result<StreamEvent, SourceError> {
        loop {
            if self.redefined.is_some() {
                self.reload_columns().await?;
                self.are_definitions_new = true;
                if let Some((_, Some(ended))) = self.redefined.take() {
                    return Ok(self.hand_out(ended));
                }
                let rest = self.reader.go_on();
                if let Some(happened) = self.act_on(rest)? {
                    return Ok(happened);
                }
                continue;
            }
            let event = if let Some(received) = self.receive().now_or_never() {
                received?
            } else {
                // Everything that was sent is read: a good moment to tell how far that is.
                if let Some(progress) = self.progress() {
                    return Ok(progress);
                }
                self.wait().await?
            };
            if let Some(happened) = self.absorb(&event)? {
                return Ok(happened);
            }
            self.events_since_progress += 1;
            if self.events_since_progress >= EVENTS_PER_PROGRESS
                && let Some(progress) = self.progress()
            {
                return Ok(progress);
            }
        }
    }

    /// The place up to which every transaction was handed out.
    pub fn seen(&self) -> BinlogOffset {
        self.reader.framer().seen().clone()
    }

    /// The position behind the last transaction, one without watched changes included. Storing it
    /// now and then keeps a quiet shop's position from being purged.
    pub fn position(&self) -> &Position {
        self.reader.framer().position()
    }

    fn progress(&mut self) -> Option<StreamEvent> {
        self.events_since_progress = 0;
        if *self.reader.framer().seen() == self.told {
            return None;
        }
        self.told.clone_from(self.reader.framer().seen());
        let position = self.reader.framer().position().clone();
        Some(StreamEvent::Progress { seen: self.told.clone(), position })
    }

    async fn wait(&mut self) -> Result<Event, SourceError> {
        let limit = self.params.heartbeat.saturating_mul(HEARTBEATS_MISSED_MAX);
        match timeout(limit, self.receive()).await {
            Ok(event) => event,
            Err(_) => Err(SourceError::Timeout { doing: DOING, limit }),
        }
    }

    async fn receive(&mut self) -> Result<Event, SourceError> {
        // The transport panics at an event that is shorter than its header says.
        match AssertUnwindSafe(self.events.next()).catch_unwind().await {
            Ok(Some(Ok(event))) => Ok(event),
            Ok(Some(Err(error))) => {
                Err(SourceError::of_stream(self.place(), self.params.server_id, error))
            }
            Ok(None) => Err(SourceError::StreamEnded),
            Err(_) => Err(SourceError::Garbled { position: self.place() }),
        }
    }

    fn absorb(&mut self, event: &Event) -> Result<Option<StreamEvent>, SourceError> {
        let (header_bytes, header) = header_of(event);
        if let Some(inner) = self.reader.next_inner_header() {
            return self.pass_repeated(&inner, &header_bytes);
        }
        let body = self.verified_body(event, &header_bytes, &header)?;
        let framed = self.reader.push(&RawEvent { header, body: &body });
        let happened = self.act_on(framed)?;
        if header.event_type != event_type::FORMAT_DESCRIPTION || header.timestamp == 0 {
            return Ok(happened);
        }
        let name = self.reader.framer().read_to().file.clone();
        Ok(Some(StreamEvent::File(BinlogFile { name, begun_at_s: header.timestamp })))
    }

    /// The transport takes payloads apart too, but drops without a word what it can't read. So we
    /// do it, and see that it repeats the same events.
    fn pass_repeated(
        &self,
        ours: &[u8; EventHeader::SIZE],
        theirs: &[u8; EventHeader::SIZE],
    ) -> Result<Option<StreamEvent>, SourceError> {
        if ours == theirs {
            return Ok(None);
        }
        Err(SourceError::PayloadDiffers { position: self.place() })
    }

    fn act_on(
        &mut self,
        framed: Result<Option<Framed>, ReadError>,
    ) -> Result<Option<StreamEvent>, SourceError> {
        let position = || self.place();
        let framed = framed.map_err(|error| match error {
            ReadError::Decode(error) => {
                SourceError::Decode { position: position(), source: Box::new(error) }
            }
            ReadError::Framing(error) => {
                SourceError::Framing { position: position(), source: Box::new(error) }
            }
        })?;
        Ok(match framed {
            None => None,
            Some(Framed::Transaction(transaction)) => {
                self.settle();
                // Most transactions of a shop touch no watched table: only the position moves.
                let matters = self.are_definitions_new || !transaction.is_empty();
                matters.then(|| self.hand_out(transaction))
            }
            Some(Framed::Ddl { tables, ended }) => {
                self.redefined = Some((tables, ended));
                None
            }
        })
    }

    fn hand_out(&mut self, transaction: SourceTransaction) -> StreamEvent {
        if std::mem::take(&mut self.are_definitions_new) {
            let definitions = self.definitions.clone();
            let cascades = self.cascades.clone();
            return StreamEvent::Redefinition { transaction, definitions, cascades };
        }
        StreamEvent::Transaction(transaction)
    }

    /// Trusts the columns of redefined tables once everything is read that may be of another form.
    fn settle(&mut self) {
        let seen = self.reader.framer().seen();
        self.definitions.unsettled.retain(|_, until| seen < until);
        self.reader.decoder().set_unsettled(self.definitions.unsettled.keys().copied().collect());
    }

    /// The body without its checksum, which is verified where there is one.
    fn verified_body<'e>(
        &mut self,
        event: &'e Event,
        header_bytes: &[u8; EventHeader::SIZE],
        header: &EventHeader,
    ) -> Result<Cow<'e, [u8]>, SourceError> {
        let body = event.data();
        let algorithm = event.footer().get_checksum_alg();
        let is_protected = algorithm == Ok(Some(BinlogChecksumAlg::BINLOG_CHECKSUM_ALG_CRC32));
        if header.event_type == event_type::FORMAT_DESCRIPTION {
            self.is_format_known = true;
            // The transport cuts the algorithm off too, which the checksum covers.
            let whole = [body, &[u8::from(is_protected)]].concat();
            if is_protected {
                // Without checksums the server changes this event and leaves its old checksum.
                self.verify(event, header_bytes, &whole)?;
            }
            return Ok(Cow::Owned(whole));
        }
        if self.is_format_known {
            if is_protected {
                self.verify(event, header_bytes, body)?;
            }
            return Ok(Cow::Borrowed(body));
        }
        // MariaDB protects even the made-up event that comes before the format is known, and the
        // transport leaves that checksum at its end.
        if let Some((inner, checksum)) = body.split_last_chunk::<4>()
            && verify_crc32(header_bytes, inner, u32::from_le_bytes(*checksum)).is_ok()
        {
            return Ok(Cow::Borrowed(inner));
        }
        Ok(Cow::Borrowed(body))
    }

    fn verify(
        &self,
        event: &Event,
        header_bytes: &[u8; EventHeader::SIZE],
        body: &[u8],
    ) -> Result<(), SourceError> {
        let Some(checksum) = event.checksum() else {
            return Ok(());
        };
        verify_crc32(header_bytes, body, u32::from_le_bytes(checksum))
            .map_err(|source| SourceError::Checksum { position: self.place(), source })
    }

    fn place(&self) -> String {
        self.reader.framer().seen().to_string()
    }

    /// The columns of redefined tables, by a second connection: this one only sends events.
    ///
    /// They are read some time after the statement that is being decoded: until the stream has passed
    /// the binlog's end of that time, they may be too new for the rows that come.
    async fn reload_columns(&mut self) -> Result<(), SourceError> {
        let Some((tables, _)) = &self.redefined else { return Ok(()) };
        let mut connection = Connection::connect(&self.params).await?;
        let columns = table_columns(&mut connection, &self.watch).await?;
        self.cascades = cascades(&mut connection, &self.watch, &columns).await?;
        let end = written_end(&mut connection).await?;
        self.definitions.unsettled.extend(tables.iter().map(|table| (*table, end.clone())));
        self.definitions.columns.clone_from(&columns);
        self.reader.decoder().set_columns(columns);
        self.reader.decoder().set_unsettled(self.definitions.unsettled.keys().copied().collect());
        connection.close().await
    }
}

/// Whether the server leaves foreign keys to its storage engine, whatever its version.
async fn has_native_foreign_keys(connection: &mut Connection) -> Result<bool, SourceError> {
    let sql = "SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'";
    let rows = connection.rows("ask how foreign keys are carried out", sql).await?;
    Ok(rows.first().and_then(|row| row.at(1)) == Some("ON"))
}

/// The header as the server sent it, and taken apart.
fn header_of(event: &Event) -> ([u8; EventHeader::SIZE], EventHeader) {
    let sent = event.header();
    let [t0, t1, t2, t3] = sent.timestamp().to_le_bytes();
    let kind = sent.event_type_raw();
    let [i0, i1, i2, i3] = sent.server_id().to_le_bytes();
    let [s0, s1, s2, s3] = sent.event_size().to_le_bytes();
    let [p0, p1, p2, p3] = sent.log_pos().to_le_bytes();
    let [f0, f1] = sent.flags_raw().to_le_bytes();
    let bytes = [t0, t1, t2, t3, kind, i0, i1, i2, i3, s0, s1, s2, s3, p0, p1, p2, p3, f0, f1];
    (bytes, EventHeader::parse(&bytes))
}
