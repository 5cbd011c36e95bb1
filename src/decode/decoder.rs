//! The decoder: one event in, its meaning out.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::bytes::{Bytes, Short};
use crate::decode::columns::TableColumns;
use crate::decode::event::event_type as kind;
use crate::decode::plan::{Planning, TablePlan};
use crate::decode::rows::{RowParser, is_end_of_statement, table_id};
use crate::decode::statement::{StatementKind, classify};
use crate::decode::table_map::TableMapHead;
use crate::decode::{
    ChecksumAlgorithm, DecodeError, EventHeader, RawEvent, RowChange, TableId, Watch, control,
    gtid_event,
};
use crate::position::{BinlogOffset, Gtid, GtidSet};

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Rows of a watched table changed.
    Rows(Vec<RowChange>),
    /// Rows of a table that isn't watched changed.
    SkippedRows,
    /// The head of a binlog file.
    FormatDescription {
        /// How the events that follow are protected.
        checksum: ChecksumAlgorithm,
        /// The server's version.
        server_version: String,
    },
    /// The stream goes on in another file.
    Rotate {
        /// The file's name.
        file: String,
        /// Where in it.
        offset: u64,
        /// Made up by the server to say where its stream starts: the file did not end here.
        is_fake: bool,
    },
    /// A transaction begins, or one statement that is its own transaction.
    Gtid {
        /// The transaction's number.
        gtid: Gtid,
        /// MariaDB: one statement, without commit. MySQL doesn't say, so never set.
        is_standalone: bool,
    },
    /// The transactions before the file.
    PreviousGtids(GtidSet),
    /// A transaction begins.
    Begin,
    /// A transaction is committed.
    Commit,
    /// A transaction is rolled back.
    Rollback,
    /// The first phase of a distributed transaction: its rows are not committed yet.
    XaPrepare,
    /// A statement.
    Statement {
        /// What it means for the watched tables.
        kind: StatementKind,
    },
    /// The server is alive.
    Heartbeat {
        /// Where the server's sender is, if it says so.
        at: Option<BinlogOffset>,
    },
    /// Nothing that matters here.
    Other,
}

/// Decodes events of one stream, in order.
pub struct Decoder {
    watch: Watch,
    watched_names: BTreeMap<Vec<u8>, TableId>,
    columns: BTreeMap<TableId, TableColumns>,
    unsettled: BTreeSet<TableId>,
    file: String,
    tables: BTreeMap<u64, KnownTable>,
    parser: RowParser,
}

/// A table that a `TABLE_MAP` of this file announced.
enum KnownTable {
    Unwatched,
    Watched {
        /// The `TABLE_MAP`, to see when it comes again: servers repeat it in each transaction.
        announced: Vec<u8>,
        plan: TablePlan,
    },
}

impl Decoder {
    /// A decoder for these tables. `columns` names the columns of tables that the binlog doesn't.
    pub fn new(watch: Watch, columns: BTreeMap<TableId, TableColumns>) -> Self {
        let names = watch.full_names().map(|(name, id)| (name.into_bytes(), id)).collect();
        Self {
            watch,
            watched_names: names,
            columns,
            unsettled: BTreeSet::new(),
            file: String::new(),
            tables: BTreeMap::new(),
            parser: RowParser::new(),
        }
    }

    /// Replaces the column names, after a change of a table's definition.
    pub fn set_columns(&mut self, columns: BTreeMap<TableId, TableColumns>) {
        self.columns = columns;
        // The plans were made with the old names. A TABLE_MAP precedes the rows of each statement.
        self.forget_tables();
    }

    /// Names the tables whose columns, as given, may be of another time than the rows that come.
    pub fn set_unsettled(&mut self, tables: BTreeSet<TableId>) {
        if self.unsettled != tables {
            self.unsettled = tables;
            self.forget_tables();
        }
    }

    /// Decodes the next event.
    pub fn decode(&mut self, event: &RawEvent<'_>) -> Result<Decoded, DecodeError> {
        let (header, body) = (&event.header, event.body);
        let number = header.event_type;
        match number {
            kind::TABLE_MAP => self.table_map(header, body),
            kind::WRITE_ROWS_V1..=kind::DELETE_ROWS_V1 | kind::WRITE_ROWS..=kind::DELETE_ROWS => {
                self.rows(header, body)
            }
            kind::QUERY | kind::EXECUTE_LOAD_QUERY => self.query(header, body),
            kind::XID => Ok(Decoded::Commit),
            kind::GTID => self.gtid(header, gtid_event::mysql(body).map(|gtid| (gtid, false))),
            kind::GTID_TAGGED => {
                self.gtid(header, gtid_event::mysql_tagged(body).map(|gtid| (gtid, false)))
            }
            kind::MARIADB_GTID => self.gtid(header, gtid_event::mariadb(header, body)),
            kind::PREVIOUS_GTIDS => {
                let set = gtid_event::previous_gtids(body);
                Ok(Decoded::PreviousGtids(self.well_formed(header, set)?))
            }
            kind::GTID_LIST => {
                let set = gtid_event::gtid_list(body);
                Ok(Decoded::PreviousGtids(self.well_formed(header, set)?))
            }
            kind::FORMAT_DESCRIPTION => self.format_description(header, body),
            kind::ROTATE => self.rotate(header, body),
            kind::HEARTBEAT => Ok(Decoded::Heartbeat { at: control::heartbeat(header, body).ok() }),
            kind::HEARTBEAT_V2 => Ok(Decoded::Heartbeat { at: control::heartbeat_v2(body).ok() }),
            kind::XA_PREPARE => match body.first() {
                // Prepared and committed at once.
                Some(one_phase) if *one_phase != 0 => Ok(Decoded::Commit),
                Some(_) => Ok(Decoded::XaPrepare),
                None => Err(self.malformed(header)),
            },
            kind::PARTIAL_UPDATE_ROWS if self.is_unwatched(body) => Ok(Decoded::SkippedRows),
            _ if is_harmless(number) || header.flags & EventHeader::IGNORABLE != 0 => {
                Ok(Decoded::Other)
            }
            _ => Err(DecodeError::UnsupportedEvent {
                event_type: number,
                name: kind::name(number),
                at: self.at(header),
            }),
        }
    }

    fn table_map(&mut self, header: &EventHeader, body: &[u8]) -> Result<Decoded, DecodeError> {
        let mut rest = Bytes(body);
        let head = self.well_formed(header, TableMapHead::read(&mut rest))?;
        let is_our_schema = head.schema == self.watch.schema.as_bytes();
        let found = self.watched_names.get(head.table).filter(|_| is_our_schema);
        let Some((&table, watched)) = found.and_then(|id| Some((id, self.watch.table(*id)?)))
        else {
            self.tables.insert(head.table_id, KnownTable::Unwatched);
            return Ok(Decoded::Other);
        };
        if let Some(KnownTable::Watched { announced, .. }) = self.tables.get(&head.table_id)
            && announced == body
        {
            return Ok(Decoded::Other);
        }
        // Until the new form is understood, rows of this table can't be.
        self.tables.remove(&head.table_id);
        let at = self.at(header);
        let planning = Planning { table, watched, columns: &self.columns, at: &at };
        let plan = planning.plan(head, rest)?;
        self.parser.learn(&plan, header, &at)?;
        let announced = body.to_vec();
        self.tables.insert(head.table_id, KnownTable::Watched { announced, plan });
        Ok(Decoded::Other)
    }

    fn rows(&mut self, header: &EventHeader, body: &[u8]) -> Result<Decoded, DecodeError> {
        let table_id = self.well_formed(header, table_id(body))?;
        let at = self.at(header);
        match self.tables.get(&table_id) {
            Some(KnownTable::Unwatched) => Ok(Decoded::SkippedRows),
            Some(KnownTable::Watched { plan, .. }) => {
                self.parser.decode(plan, (header, body), &at).map(Decoded::Rows)
            }
            None if is_end_of_statement(header.event_type, body) => Ok(Decoded::SkippedRows),
            None => Err(DecodeError::MissingTableMap { table_id, at }),
        }
    }

    fn query(&mut self, header: &EventHeader, body: &[u8]) -> Result<Decoded, DecodeError> {
        let is_load = header.event_type == kind::EXECUTE_LOAD_QUERY;
        let (schema, text) = self.well_formed(header, control::query(body, is_load))?;
        Ok(match text.as_str() {
            // By far the most frequent.
            "BEGIN" => Decoded::Begin,
            "COMMIT" => Decoded::Commit,
            text => classify(&self.watch, &schema, text),
        })
    }

    fn gtid(
        &self,
        header: &EventHeader,
        read: Result<(Gtid, bool), Short>,
    ) -> Result<Decoded, DecodeError> {
        let (gtid, is_standalone) = self.well_formed(header, read)?;
        Ok(Decoded::Gtid { gtid, is_standalone })
    }

    fn format_description(
        &mut self,
        header: &EventHeader,
        body: &[u8],
    ) -> Result<Decoded, DecodeError> {
        let read = control::format_description(body);
        let (checksum, server_version) = self.well_formed(header, read)?;
        self.forget_tables();
        Ok(Decoded::FormatDescription { checksum, server_version })
    }

    fn rotate(&mut self, header: &EventHeader, body: &[u8]) -> Result<Decoded, DecodeError> {
        let BinlogOffset { file, offset } = self.well_formed(header, control::rotate(body))?;
        let is_fake = header.is_artificial() || header.log_pos == 0;
        self.file.clone_from(&file);
        if !is_fake {
            self.forget_tables();
        }
        Ok(Decoded::Rotate { file, offset, is_fake })
    }

    /// Table numbers hold within a binlog file only.
    fn forget_tables(&mut self) {
        self.tables.clear();
        self.parser = RowParser::new();
    }

    fn is_unwatched(&self, body: &[u8]) -> bool {
        let table = table_id(body).ok().and_then(|id| self.tables.get(&id));
        matches!(table, Some(KnownTable::Unwatched))
    }

    fn at(&self, header: &EventHeader) -> BinlogOffset {
        BinlogOffset { file: self.file.clone(), offset: u64::from(header.log_pos) }
    }

    fn well_formed<T>(
        &self,
        header: &EventHeader,
        read: Result<T, Short>,
    ) -> Result<T, DecodeError> {
        read.map_err(|_short| self.malformed(header))
    }

    fn malformed(&self, header: &EventHeader) -> DecodeError {
        DecodeError::Malformed {
            name: kind::name(header.event_type),
            what: "a field is longer than the event, or has a value that makes no sense",
            at: self.at(header),
        }
    }
}

/// Events that carry nothing for us and nothing that others need.
fn is_harmless(number: u8) -> bool {
    matches!(
        number,
        kind::STOP
            | kind::INTVAR
            | kind::SLAVE
            | kind::APPEND_BLOCK
            | kind::DELETE_FILE
            | kind::RAND
            | kind::USER_VAR
            | kind::BEGIN_LOAD_QUERY
            | kind::IGNORABLE
            | kind::ROWS_QUERY
            | kind::ANONYMOUS_GTID
            | kind::TRANSACTION_CONTEXT
            | kind::VIEW_CHANGE
            | kind::ANNOTATE_ROWS
            | kind::BINLOG_CHECKPOINT
    )
}
