//! Row events of watched tables: lengths are checked here, then `mysql_cdc` takes the rows apart.
//! Compressed and partial ones are written anew as plain ones first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mysql_cdc::errors::Error as CdcError;
use mysql_cdc::events::binlog_event::BinlogEvent;
use mysql_cdc::events::event_header::EventHeader as CdcHeader;
use mysql_cdc::events::event_parser::EventParser;
use mysql_cdc::events::row_events::row_data::RowData;

use crate::decode::bytes::{Bytes, Short, bitmap_width};
use crate::decode::compressed::{self, inflate};
use crate::decode::convert::{CellError, value};
use crate::decode::event::{EventHeader, event_type};
use crate::decode::plan::TablePlan;
use crate::decode::{Row, RowChange, Unreadable};

/// The table id of an event that only ends a statement.
const DUMMY_TABLE_ID: u64 = 0x00FF_FFFF;

/// Option of an updated row: some of its JSON cells say only what changed.
const PARTIAL_JSON: usize = 1;

/// Flag of a row event: the statement ran with `foreign_key_checks = 0`.
const NO_FOREIGN_KEY_CHECKS: u8 = 0x02;

/// Why a row event gives no rows.
#[derive(Debug)]
pub(crate) enum RowFault {
    /// Its bytes don't have the form that they should; the text says what is wrong.
    Malformed(&'static str),
    /// It leaves out columns.
    PartialImage,
    /// What it inflates to is larger than any event.
    TooLarge { size: u64, limit: u64 },
    /// Its bytes are sound, but hold what has no value here.
    Unreadable(Unreadable),
}

impl From<Short> for RowFault {
    fn from(_: Short) -> Self {
        Self::Malformed("a field is longer than the event")
    }
}

impl From<compressed::Fault> for RowFault {
    fn from(fault: compressed::Fault) -> Self {
        match fault {
            compressed::Fault::Malformed => Self::Malformed("its rows can't be inflated"),
            compressed::Fault::TooLarge { size, limit } => Self::TooLarge { size, limit },
        }
    }
}

/// The plain event type that a compressed row event stands for.
pub(crate) fn plain_type(event_type: u8) -> u8 {
    match event_type {
        event_type::WRITE_ROWS_COMPRESSED_V1 => event_type::WRITE_ROWS_V1,
        event_type::UPDATE_ROWS_COMPRESSED_V1 => event_type::UPDATE_ROWS_V1,
        event_type::DELETE_ROWS_COMPRESSED_V1 => event_type::DELETE_ROWS_V1,
        event_type::WRITE_ROWS_COMPRESSED => event_type::WRITE_ROWS,
        event_type::UPDATE_ROWS_COMPRESSED => event_type::UPDATE_ROWS,
        event_type::DELETE_ROWS_COMPRESSED => event_type::DELETE_ROWS,
        plain => plain,
    }
}

/// Writes a compressed row event as the plain one: only its rows are compressed.
pub(crate) fn write_inflated(
    plain_type: u8,
    body: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), RowFault> {
    let mut bytes = read_head(plain_type, body)?;
    let count = bytes.length()?;
    bytes.take(bitmap_width(count).saturating_mul(images_per_row(plain_type)))?;
    let (head, _) = body.split_at_checked(body.len() - bytes.0.len()).ok_or(Short)?;
    into.clear();
    into.extend(head);
    Ok(inflate(bytes.0, into)?)
}

/// Writes a partial update as a plain one. Only JSON columns can be partial, and we read none of
/// them: their cells have the same form, a length and bytes, so only what stands between the images
/// goes.
pub(crate) fn write_whole(
    plan: &TablePlan,
    body: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), RowFault> {
    let rows = full_images(plan, event_type::UPDATE_ROWS, body)?;
    into.clear();
    let (head, mut rest) = body.split_at_checked(body.len() - rows.0.len()).ok_or(Short)?;
    into.extend(head);
    while !rest.is_empty() {
        rest = copy_image(plan, rest, into)?;
        let mut bytes = Bytes(rest);
        if bytes.length()? & PARTIAL_JSON != 0 {
            bytes.take(bitmap_width(plan.json_count))?;
        }
        rest = copy_image(plan, bytes.0, into)?;
    }
    Ok(())
}

/// Copies the image at the start of `bytes`, and returns what is behind it.
fn copy_image<'b>(
    plan: &TablePlan,
    bytes: &'b [u8],
    into: &mut Vec<u8>,
) -> Result<&'b [u8], RowFault> {
    let mut rest = Bytes(bytes);
    skip_image(plan, &mut rest)?;
    let (image, rest) = bytes.split_at_checked(bytes.len() - rest.0.len()).ok_or(Short)?;
    into.extend(image);
    Ok(rest)
}

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

/// Whether a row event deletes rows, and those that refer to them with foreign keys.
pub(crate) fn is_cascading_delete(plain_type: u8, body: &[u8]) -> bool {
    let is_delete = matches!(plain_type, event_type::DELETE_ROWS_V1 | event_type::DELETE_ROWS);
    is_delete && applies_foreign_keys(body)
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
    /// It panicked and was replaced: it must be told about every table again.
    has_forgotten: bool,
}

impl RowParser {
    pub(crate) fn new() -> Self {
        Self { parser: EventParser::new(), has_forgotten: false }
    }

    /// Whether the parser forgot its tables since this was asked last.
    pub(crate) fn has_forgotten(&mut self) -> bool {
        std::mem::take(&mut self.has_forgotten)
    }

    /// Tells the parser about a table.
    pub(crate) fn learn(
        &mut self,
        plan: &TablePlan,
        header: &EventHeader,
    ) -> Result<(), Unreadable> {
        let header = EventHeader { event_type: event_type::TABLE_MAP, ..*header };
        self.call(&header, &plan.rewritten).map(drop)
    }

    /// Decodes a plain row event of a table that the parser was told about.
    pub(crate) fn decode(
        &mut self,
        plan: &TablePlan,
        header: &EventHeader,
        body: &[u8],
    ) -> Result<Vec<RowChange>, RowFault> {
        check(plan, header.event_type, body)?;
        let event = self.call(header, body).map_err(RowFault::Unreadable)?;
        let reader = RowReader { plan };
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
            _ => Err(Unreadable::RowParser { message: "not a row event".to_owned() }),
        }
        .map_err(RowFault::Unreadable)
    }

    /// Calls the parser. Its panics become errors: it slices and allocates by lengths from the wire,
    /// and although [`check`] has seen them all, one event must not end the process. A parser that
    /// panicked is replaced, so no half-changed state is used: hence [`AssertUnwindSafe`].
    fn call(&mut self, header: &EventHeader, body: &[u8]) -> Result<BinlogEvent, Unreadable> {
        let header = CdcHeader {
            timestamp: header.timestamp,
            event_type: header.event_type,
            server_id: header.server_id,
            event_length: header.event_size,
            next_event_position: header.log_pos,
            event_flags: header.flags,
        };
        let parser = &mut self.parser;
        let message = match catch_unwind(AssertUnwindSafe(|| parser.parse_event(&header, body))) {
            Ok(Ok(event)) => return Ok(event),
            Ok(Err(CdcError::String(message))) => message,
            Ok(Err(error)) => format!("{error:?}"),
            Err(_panic) => {
                self.parser = EventParser::new();
                self.has_forgotten = true;
                "the row parser panicked".to_owned()
            }
        };
        Err(Unreadable::RowParser { message })
    }
}

/// Turns rows of the parser into ours.
struct RowReader<'a> {
    plan: &'a TablePlan,
}

impl RowReader<'_> {
    fn row(&self, mut row: RowData) -> Result<Row, Unreadable> {
        let mut values = Vec::with_capacity(self.plan.reads.len());
        for read in &self.plan.reads {
            let cell = row.cells.get_mut(read.index).and_then(Option::take);
            let read_value = value(read.form, cell).map_err(|error| {
                let column = read.column;
                match error {
                    CellError::NotText(charset) => {
                        Unreadable::NotText { column, charset: charset.name() }
                    }
                    CellError::OutOfRange(value) => Unreadable::ValueRange { column, value },
                }
            })?;
            values.push(read_value);
        }
        Ok(values)
    }
}

/// Checks that every length in a row event is true, so that the parser can't run astray.
fn check(plan: &TablePlan, event_type: u8, body: &[u8]) -> Result<(), RowFault> {
    let mut bytes = full_images(plan, event_type, body)?;
    let mut images = 0_usize;
    while !bytes.is_empty() {
        skip_image(plan, &mut bytes)?;
        images += 1;
    }
    if !images.is_multiple_of(images_per_row(event_type)) {
        return Err(RowFault::Malformed("an update without its row after the change"));
    }
    Ok(())
}

/// Passes over everything before the row images, which must be of all columns.
fn full_images<'b>(
    plan: &TablePlan,
    event_type: u8,
    body: &'b [u8],
) -> Result<Bytes<'b>, RowFault> {
    let mut bytes = read_head(event_type, body)?;
    let count = bytes.length()?;
    if count != plan.extents.len() {
        let what = "the row event and the table differ in their number of columns";
        return Err(RowFault::Malformed(what));
    }
    for _image in 0..images_per_row(event_type) {
        let present = bytes.take(bitmap_width(count))?;
        if !(0..count).all(|bit| is_set(present, bit)) {
            let has_all = plan.reads.iter().all(|read| is_set(present, read.index));
            let left_out = RowFault::Unreadable(Unreadable::LeftOut);
            return Err(if has_all { left_out } else { RowFault::PartialImage });
        }
    }
    Ok(bytes)
}

/// Passes over a full row image.
fn skip_image(plan: &TablePlan, bytes: &mut Bytes<'_>) -> Result<(), Short> {
    let nulls = bytes.take(bitmap_width(plan.extents.len()))?;
    for (bit, extent) in plan.extents.iter().enumerate() {
        if !is_set(nulls, bit) {
            extent.skip(bytes)?;
        }
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
