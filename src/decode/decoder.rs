//! The decoder: one event in, its meaning out.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::bytes::{Bytes, Short};
use crate::decode::columns::TableColumns;
use crate::decode::compressed::Fault;
use crate::decode::event::event_type as kind;
use crate::decode::plan::{Planning, TablePlan, Unplanned};
use crate::decode::rows::{self, RowFault, RowParser, is_end_of_statement, table_id};
use crate::decode::statement::{Meaning, StatementKind, classify};
use crate::decode::table_map::TableMapHead;
use crate::decode::{
    ChecksumAlgorithm, DecodeError, EventHeader, PayloadFault, RawEvent, RowChange, TableId,
    Unreadable, Watch, control, gtid_event, xa,
};
use crate::position::{BinlogOffset, Gtid, GtidSet, Xid};

/// Room kept for row events that are written anew, in bytes: servers aim at 8 KiB an event.
const REWRITTEN_KEPT: usize = 1 << 20;

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Rows of a watched table changed.
    Rows(Vec<RowChange>),
    /// Rows of a watched table changed, but can't be decoded: they must be read again.
    Unreadable {
        /// The table.
        table: TableId,
        /// Why.
        reason: Unreadable,
        /// Rows were deleted that may have taken rows of other tables along without a word.
        is_cascade: bool,
    },
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
    /// The first phase of the distributed transaction of this name: its rows are not committed yet.
    XaPrepare(Xid),
    /// A prepared distributed transaction is committed.
    XaCommit(Xid),
    /// A prepared distributed transaction is rolled back.
    XaRollback(Xid),
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

/// From this version on MySQL carries out foreign keys itself, and writes the rows that they delete to
/// the binlog. Not all of them go: it misses rows that two paths of foreign keys lead to.
const LOGS_CASCADES_FROM: (u16, u16) = (9, 6);

/// Decodes events of one stream, in order.
pub struct Decoder {
    watch: Watch,
    watched_names: BTreeMap<Vec<u8>, TableId>,
    columns: BTreeMap<TableId, TableColumns>,
    unsettled: BTreeSet<TableId>,
    file: String,
    is_mariadb: bool,
    has_native_foreign_keys: bool,
    /// The file\'s server writes what foreign keys delete to its binlog, as it happened.
    logs_cascades: bool,
    tables: BTreeMap<u64, KnownTable>,
    parser: RowParser,
    /// Room for row events that are written anew.
    rewritten: Vec<u8>,
}

/// A table that a `TABLE_MAP` of this file announced.
enum KnownTable {
    Unwatched,
    Watched {
        /// The `TABLE_MAP`, to see when it comes again: servers repeat it in each transaction.
        announced: Vec<u8>,
        plan: TablePlan,
    },
    Unreadable {
        table: TableId,
        reason: Unreadable,
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
            is_mariadb: false,
            has_native_foreign_keys: false,
            logs_cascades: false,
            tables: BTreeMap::new(),
            parser: RowParser::new(),
            rewritten: Vec::new(),
        }
    }

    /// Replaces the column names, after a change of a table's definition.
    pub fn set_columns(&mut self, columns: BTreeMap<TableId, TableColumns>) {
        self.columns = columns;
        // The plans were made with the old names. A TABLE_MAP precedes the rows of each statement.
        self.forget_tables();
    }

    /// Says whether the server leaves foreign keys to its storage engine, which newer MySQL servers
    /// don't: `innodb_native_foreign_keys`.
    pub fn set_native_foreign_keys(&mut self, is_native: bool) {
        self.has_native_foreign_keys = is_native;
    }

    /// Names the tables whose columns, as given, may be of another time than the rows that come.
    pub fn set_unsettled(&mut self, tables: BTreeSet<TableId>) {
        if self.unsettled != tables {
            self.unsettled = tables;
            self.forget_tables();
        }
    }

    /// Decodes the next event. The events of a `TRANSACTION_PAYLOAD` are given one by one, from
    /// [`Payload`](crate::decode::Payload), and never the event around them.
    pub fn decode(&mut self, event: &RawEvent<'_>) -> Result<Decoded, DecodeError> {
        let (header, body) = (&event.header, event.body);
        let number = header.event_type;
        match number {
            kind::TABLE_MAP => self.table_map(header, body),
            kind::WRITE_ROWS_V1..=kind::DELETE_ROWS_V1
            | kind::WRITE_ROWS..=kind::DELETE_ROWS
            | kind::PARTIAL_UPDATE_ROWS
            | kind::WRITE_ROWS_COMPRESSED_V1..=kind::DELETE_ROWS_COMPRESSED => {
                self.rows(header, body)
            }
            kind::QUERY | kind::EXECUTE_LOAD_QUERY | kind::QUERY_COMPRESSED => {
                self.query(header, body)
            }
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
            kind::XA_PREPARE => {
                let xa::Prepared { xid, is_one_phase } =
                    self.well_formed(header, xa::prepared(body))?;
                Ok(if is_one_phase { Decoded::Commit } else { Decoded::XaPrepare(xid) })
            }
            kind::TRANSACTION_PAYLOAD => {
                let fault = PayloadFault::ForeignEvent { name: kind::name(number) };
                Err(DecodeError::Payload { fault, at: self.at(header) })
            }
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
        let planning = Planning {
            table,
            watched,
            described: self.columns.get(&table),
            is_unsettled: self.unsettled.contains(&table),
            is_mariadb: self.is_mariadb,
        };
        let planned = planning.plan(head, rest).and_then(|plan| {
            self.parser.learn(&plan, header)?;
            Ok(plan)
        });
        let known = match planned {
            Ok(plan) => KnownTable::Watched { announced: body.to_vec(), plan },
            Err(Unplanned::Unreadable(reason)) => KnownTable::Unreadable { table, reason },
            Err(Unplanned::Malformed) => return Err(self.malformed(header)),
        };
        self.tables.insert(head.table_id, known);
        self.remind_parser(header);
        Ok(Decoded::Other)
    }

    fn rows(&mut self, header: &EventHeader, body: &[u8]) -> Result<Decoded, DecodeError> {
        let table_id = self.well_formed(header, table_id(body))?;
        let plain_type = rows::plain_type(header.event_type);
        let is_cascade = !self.logs_cascades && rows::is_cascading_delete(plain_type, body);
        let plan = match self.tables.get(&table_id) {
            Some(KnownTable::Unwatched) => return Ok(Decoded::SkippedRows),
            Some(KnownTable::Unreadable { table, reason }) => {
                let (table, reason) = (*table, reason.clone());
                return Ok(Decoded::Unreadable { table, reason, is_cascade });
            }
            Some(KnownTable::Watched { plan, .. }) => plan,
            None if is_end_of_statement(plain_type, body) => return Ok(Decoded::SkippedRows),
            None => {
                return Err(DecodeError::MissingTableMap { table_id, at: self.at(header) });
            }
        };
        let table = plan.table;
        let rewritten = match header.event_type {
            kind::PARTIAL_UPDATE_ROWS => {
                rows::write_whole(plan, body, &mut self.rewritten).map(|()| Some(kind::UPDATE_ROWS))
            }
            compressed if compressed != plain_type => {
                rows::write_inflated(plain_type, body, &mut self.rewritten)
                    .map(|()| Some(plain_type))
            }
            _ => Ok(None),
        };
        let decoded = rewritten.and_then(|rewritten| match rewritten {
            Some(event_type) => {
                let header = EventHeader { event_type, ..*header };
                self.parser.decode(plan, &header, &self.rewritten)
            }
            None => self.parser.decode(plan, header, body),
        });
        self.rewritten.clear();
        self.rewritten.shrink_to(REWRITTEN_KEPT);
        let fault = match decoded {
            Ok(mut changes) => {
                if self.logs_cascades {
                    for change in &mut changes {
                        change.cascades = false;
                    }
                }
                return Ok(Decoded::Rows(changes));
            }
            Err(fault) => fault,
        };
        let (name, of, at) = (kind::name(header.event_type), plan.name.clone(), self.at(header));
        self.remind_parser(header);
        match fault {
            RowFault::Unreadable(reason) => Ok(Decoded::Unreadable { table, reason, is_cascade }),
            RowFault::Malformed(what) => Err(DecodeError::Malformed { name, what, at }),
            RowFault::PartialImage => Err(DecodeError::PartialRowImage { table: of, at }),
            RowFault::TooLarge { size, limit } => {
                Err(DecodeError::InflatedSize { name, size, limit, at })
            }
        }
    }

    /// Tells a parser that had to be replaced about every table again.
    fn remind_parser(&mut self, header: &EventHeader) {
        if !self.parser.has_forgotten() {
            return;
        }
        for known in self.tables.values_mut() {
            if let KnownTable::Watched { plan, .. } = known
                && let Err(reason) = self.parser.learn(plan, header)
            {
                *known = KnownTable::Unreadable { table: plan.table, reason };
            }
        }
    }

    fn query(&self, header: &EventHeader, body: &[u8]) -> Result<Decoded, DecodeError> {
        let text = match header.event_type {
            kind::QUERY_COMPRESSED => control::query_compressed(body),
            kind::EXECUTE_LOAD_QUERY => control::query(body, true).map_err(Into::into),
            _ => control::query(body, false).map_err(Into::into),
        };
        let (schema, text) = text.map_err(|fault| match fault {
            Fault::Malformed => self.malformed(header),
            Fault::TooLarge { size, limit } => {
                let name = kind::name(header.event_type);
                DecodeError::InflatedSize { name, size, limit, at: self.at(header) }
            }
        })?;
        Ok(match &*text {
            // By far the most frequent.
            "BEGIN" => Decoded::Begin,
            "COMMIT" => Decoded::Commit,
            text => match classify(&self.watch, &schema, text) {
                Meaning::Begin => Decoded::Begin,
                Meaning::Commit => Decoded::Commit,
                Meaning::Rollback => Decoded::Rollback,
                Meaning::XaCommit => Decoded::XaCommit(self.xid(header, text)?),
                Meaning::XaRollback => Decoded::XaRollback(self.xid(header, text)?),
                Meaning::Statement(kind) => Decoded::Statement { kind },
            },
        })
    }

    fn xid(&self, header: &EventHeader, statement: &str) -> Result<Xid, DecodeError> {
        self.well_formed(header, xa::named(statement).ok_or(Short))
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
        self.is_mariadb = server_version.contains("MariaDB");
        self.logs_cascades = !self.has_native_foreign_keys
            && !self.is_mariadb
            && control::version(&server_version) >= LOGS_CASCADES_FROM;
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
