//! Which layout the tables in binlog files have.

use std::path::PathBuf;

use crate::decode::{DecodeError, Payload, RawEvent, TableLayout, announced_columns, event_type};
use crate::position::BinlogOffset;
use crate::source::files::{BinlogFile, FileError};

/// The layout of the shop's tables, from the first event in the files that names the columns of its
/// product table; `None` when there is none.
///
/// # Errors
/// A file before that event can't be read.
pub fn find_layout(
    files: &[PathBuf],
    schema: &str,
    table_prefix: &str,
) -> Result<Option<TableLayout>, FileError> {
    let table = format!("{table_prefix}catalog_product_entity");
    for path in files {
        let mut file = BinlogFile::open(path)?;
        let name = file.name().to_owned();
        loop {
            let offset = file.offset();
            let Some(event) = file.next_event()? else { break };
            let found = layout_of(&event, schema, &table).map_err(|fault| {
                let at = BinlogOffset { file: name.clone(), offset: event.header.log_pos.into() };
                let source = Box::new(DecodeError::Payload { fault, at });
                FileError::Decode { path: path.clone(), offset, source }
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

fn layout_of(
    event: &RawEvent<'_>,
    schema: &str,
    table: &str,
) -> Result<Option<TableLayout>, crate::decode::PayloadFault> {
    match event.header.event_type {
        event_type::TABLE_MAP => Ok(announced_columns(event.body, schema, table).map(|columns| {
            if columns.contains(&b"row_id".as_slice()) {
                TableLayout::Staged
            } else {
                TableLayout::Plain
            }
        })),
        event_type::TRANSACTION_PAYLOAD => {
            let mut payload = Payload::open(event.body)?;
            while let Some(inner) = payload.next_event()? {
                // Payloads hold no payloads.
                let found = layout_of(&inner, schema, table)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}
