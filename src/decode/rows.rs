//! Row events of watched tables: lengths are checked here, then `mysql_cdc` takes the rows apart.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mysql_cdc::errors::Error as CdcError;
use mysql_cdc::events::binlog_event::BinlogEvent;
use mysql_cdc::events::event_header::EventHeader as CdcHeader;
use mysql_cdc::events::event_parser::EventParser;
use mysql_cdc::events::row_events::row_data::RowData;

use crate::decode::bytes::{Bytes, Short, bitmap_width};
use crate::decode::convert::{CellError, value};
use crate::decode::event::{EventHeader, event_type};
use crate::decode::plan::TablePlan;
use crate::decode::{DecodeError, Row, RowChange};
use crate::position::BinlogOffset;

/// The table id of an event that only ends a statement.
const DUMMY_TABLE_ID: u64 = 0x00FF_FFFF;

/// Flag of a row event: the statement ran with `foreign_key_checks = 0`.
const NO_FOREIGN_KEY_CHECKS: u8 = 0x02;

/// The table that a row event belongs to.
pub(crate) fn table_id(body: &[u8]) -> Result<u64, Short> {
    Bytes(body).uint(6)
}

/// Whether a row event only ends a statement: of no table, and without rows.
pub(crate) fn is_end_of_statement(event_type: u8, body: &[u8]) -> bool {
    let is_rowless = || {
        let mut bytes = read_head(event_type, body)?;
        let count = bytes.length()?;
        for _image in 0..images_per_row(event_type) {
            bytes.take(bitmap_width(count))?;
        }
        Ok::<_, Short>(bytes.is_empty())
    };
    table_id(body) == Ok(DUMMY_TABLE_ID) && is_rowless() == Ok(true)
}

/// Whether the statement ran with `foreign_key_checks` on.
fn applies_foreign_keys(body: &[u8]) -> bool {
    body.get(6).is_none_or(|flags| flags & NO_FOREIGN_KEY_CHECKS == 0)
}

/// Passes over the head of a row event, up to its column count.
fn read_head(event_type: u8, body: &[u8]) -> Result<Bytes<'_>, Short> {
    let mut bytes = Bytes(body);
    let _table_id = bytes.uint(6)?;
    let _flags = bytes.u16()?;
    if matches!(event_type, event_type::WRITE_ROWS..=event_type::DELETE_ROWS) {
        // The length of the extra part counts itself.
        let extra = usize::from(bytes.u16()?).checked_sub(2).ok_or(Short)?;
        bytes.take(extra)?;
    }
    Ok(bytes)
}

/// `mysql_cdc`'s parser, fenced in. It lives as long as a binlog file: it never forgets a table.
pub(crate) struct RowParser {
    parser: EventParser,
}

impl RowParser {
    pub(crate) fn new() -> Self {
        Self { parser: EventParser::new() }
    }

    /// Tells the parser about a table.
    pub(crate) fn learn(
        &mut self,
        plan: &TablePlan,
        header: &EventHeader,
        at: &BinlogOffset,
    ) -> Result<(), DecodeError> {
        let header = EventHeader { event_type: event_type::TABLE_MAP, ..*header };
        match self.call(&header, &plan.rewritten) {
            Ok(_) => Ok(()),
            Err(message) => Err(refused(plan, message, at)),
        }
    }

    /// Decodes a row event of a table that the parser was told about.
    pub(crate) fn decode(
        &mut self,
        plan: &TablePlan,
        (header, body): (&EventHeader, &[u8]),
        at: &BinlogOffset,
    ) -> Result<Vec<RowChange>, DecodeError> {
        check(plan, header.event_type, body, at)?;
        let event = self.call(header, body).map_err(|message| refused(plan, message, at))?;
        let reader = RowReader { plan, at };
        let table = plan.table;
        let cascades = applies_foreign_keys(body);
        #[expect(clippy::wildcard_enum_match_arm, reason = "an enum of mysql_cdc, of row events")]
        match event {
            BinlogEvent::WriteRowsEvent(event) => event
                .rows
                .into_iter()
                .map(|row| {
                    Ok(RowChange { table, before: None, after: Some(reader.row(row)?), cascades })
                })
                .collect(),
            BinlogEvent::DeleteRowsEvent(event) => event
                .rows
                .into_iter()
                .map(|row| {
                    Ok(RowChange { table, before: Some(reader.row(row)?), after: None, cascades })
                })
                .collect(),
            BinlogEvent::UpdateRowsEvent(event) => event
                .rows
                .into_iter()
                .map(|row| {
                    let before = Some(reader.row(row.before_update)?);
                    Ok(RowChange {
                        table,
                        before,
                        after: Some(reader.row(row.after_update)?),
                        cascades,
                    })
                })
                .collect(),
            _ => Err(refused(plan, "not a row event".to_owned(), at)),
        }
    }

    /// Calls the parser. Its panics become errors: it slices and allocates by lengths from the wire,
    /// and although [`check`] has seen them all, one event must not end the process. A parser that
    /// panicked is replaced, so no half-changed state is used: hence [`AssertUnwindSafe`].
    fn call(&mut self, header: &EventHeader, body: &[u8]) -> Result<BinlogEvent, String> {
        let header = CdcHeader {
            timestamp: header.timestamp,
            event_type: header.event_type,
            server_id: header.server_id,
            event_length: header.event_size,
            next_event_position: header.log_pos,
            event_flags: header.flags,
        };
        let parser = &mut self.parser;
        match catch_unwind(AssertUnwindSafe(|| parser.parse_event(&header, body))) {
            Ok(Ok(event)) => Ok(event),
            Ok(Err(CdcError::String(message))) => Err(message),
            Ok(Err(error)) => Err(format!("{error:?}")),
            Err(_panic) => {
                self.parser = EventParser::new();
                Err("the row parser panicked".to_owned())
            }
        }
    }
}

fn refused(plan: &TablePlan, message: String, at: &BinlogOffset) -> DecodeError {
    DecodeError::RowParser { table: plan.name.clone(), message, at: at.clone() }
}

/// Turns rows of the parser into ours.
struct RowReader<'a> {
    plan: &'a TablePlan,
    at: &'a BinlogOffset,
}

impl RowReader<'_> {
    fn row(&self, mut row: RowData) -> Result<Row, DecodeError> {
        let mut values = Vec::with_capacity(self.plan.reads.len());
        for read in &self.plan.reads {
            let cell = row.cells.get_mut(read.index).and_then(Option::take);
            let read_value = value(read.form, cell).map_err(|error| {
                let (table, column, at) = (self.plan.name.clone(), read.column, self.at.clone());
                match error {
                    CellError::NotUtf8 => DecodeError::NotUtf8 { table, column, at },
                    CellError::OutOfRange(value) => {
                        DecodeError::ValueRange { table, column, value, at }
                    }
                }
            })?;
            values.push(read_value);
        }
        Ok(values)
    }
}

/// Checks that every length in a row event is true, so that the parser can't run astray.
fn check(
    plan: &TablePlan,
    event_type: u8,
    body: &[u8],
    at: &BinlogOffset,
) -> Result<(), DecodeError> {
    let malformed = |what| {
        let name = event_type::name(event_type);
        DecodeError::Malformed { name, what, at: at.clone() }
    };
    let short = |_short| malformed("a field is longer than the event");
    let mut bytes = read_head(event_type, body).map_err(short)?;
    let count = bytes.length().map_err(short)?;
    if count != plan.extents.len() {
        return Err(malformed("the row event and the table differ in their number of columns"));
    }
    for _image in 0..images_per_row(event_type) {
        let present = bytes.take(bitmap_width(count)).map_err(short)?;
        if !(0..count).all(|bit| is_set(present, bit)) {
            return Err(DecodeError::PartialRowImage { table: plan.name.clone(), at: at.clone() });
        }
    }
    let mut images = 0_usize;
    while !bytes.is_empty() {
        let nulls = bytes.take(bitmap_width(count)).map_err(short)?;
        for (bit, extent) in plan.extents.iter().enumerate() {
            if !is_set(nulls, bit) {
                extent.skip(&mut bytes).map_err(short)?;
            }
        }
        images += 1;
    }
    if !images.is_multiple_of(images_per_row(event_type)) {
        return Err(malformed("an update without its row after the change"));
    }
    Ok(())
}

/// An update has each row before and after the change.
fn images_per_row(event_type: u8) -> usize {
    match event_type {
        event_type::UPDATE_ROWS_V1 | event_type::UPDATE_ROWS => 2,
        _ => 1,
    }
}

fn is_set(bits: &[u8], bit: usize) -> bool {
    bits.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
}
