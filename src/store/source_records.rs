//! The stored forms of what concerns the source: position, snapshot, definitions, tables to read
//! again, prepared transactions.

use crate::decode::{ColumnDescription, Definitions, TableColumns, TableId, TableLayout};
use crate::position::{BinlogFile, BinlogOffset, Position};
use crate::store::codec::{Reader, Why, Writer, seal, unseal};
use crate::store::progress::{GroupProgress, Phase, Prepared, Reread, SnapshotState, TableGroup};
use crate::store::records::{optional, parse_optional};

pub(crate) fn encode_position(position: &Position) -> Vec<u8> {
    seal(position.encode().as_bytes())
}

pub(crate) fn decode_position(sealed: &[u8]) -> Result<Position, Why> {
    Position::decode(&decode_text(sealed)?).map_err(|_lost| "it is no position")
}

pub(crate) fn encode_text(text: &str) -> Vec<u8> {
    seal(text.as_bytes())
}

pub(crate) fn decode_text(sealed: &[u8]) -> Result<String, Why> {
    String::from_utf8(unseal(sealed)?).map_err(|_lost| "a text is not UTF-8")
}

pub(crate) fn decode_binlog_file(sealed: &[u8]) -> Result<BinlogFile, Why> {
    BinlogFile::decode(&decode_text(sealed)?).map_err(|_lost| "it is no binlog file")
}

pub(crate) fn encode_snapshot(state: &SnapshotState) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.text(&state.start.encode()).number(state.rows_read).byte(match state.layout {
        TableLayout::Plain => 0,
        TableLayout::Staged => 1,
    });
    match &state.phase {
        Phase::Reading { groups } => {
            writer.byte(0).length(groups.len());
            for group in groups {
                write_group(&mut writer, group);
            }
        }
        Phase::CatchingUp { until } => offset(writer.byte(1), until),
        Phase::Open => drop(writer.byte(2)),
    }
    seal(&writer.0)
}

pub(crate) fn decode_snapshot(sealed: &[u8]) -> Result<SnapshotState, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let start = Position::decode(&reader.text()?).map_err(|_lost| "it is no position")?;
    let rows_read = reader.number()?;
    let layout = match reader.byte()? {
        0 => TableLayout::Plain,
        1 => TableLayout::Staged,
        _ => return Err("a layout is unknown"),
    };
    let phase = match reader.byte()? {
        0 => {
            let count: usize = reader.number()?;
            let groups: Result<_, _> = (0..count).map(|_| parse_group(&mut reader)).collect();
            Phase::Reading { groups: groups? }
        }
        1 => Phase::CatchingUp { until: parse_offset(&mut reader)? },
        2 => Phase::Open,
        _ => return Err("a phase is unknown"),
    };
    reader.end()?;
    Ok(SnapshotState { start, layout, phase, rows_read })
}

fn write_group(writer: &mut Writer, group: &TableGroup) {
    writer.byte(u8::from(group.is_ranged)).length(group.tables.len());
    for table in &group.tables {
        writer.byte(table.0);
    }
    match group.progress {
        GroupProgress::Unread => writer.byte(0),
        GroupProgress::After(last) => writer.byte(1).number(last),
        GroupProgress::Read => writer.byte(2),
    };
}

fn parse_group(reader: &mut Reader<'_>) -> Result<TableGroup, Why> {
    let is_ranged = reader.byte()? == 1;
    let count: usize = reader.number()?;
    let tables: Result<_, _> = (0..count).map(|_| reader.byte().map(TableId)).collect();
    let progress = match reader.byte()? {
        0 => GroupProgress::Unread,
        1 => GroupProgress::After(reader.number()?),
        2 => GroupProgress::Read,
        _ => return Err("a progress is unknown"),
    };
    Ok(TableGroup { tables: tables?, is_ranged, progress })
}

pub(crate) fn encode_reread(reread: &Reread) -> Vec<u8> {
    let mut writer = Writer::default();
    optional(&mut writer, reread.after);
    match &reread.replay_from {
        Some(at) => offset(writer.byte(1), at),
        None => drop(writer.byte(0)),
    }
    seal(&writer.0)
}

pub(crate) fn decode_reread(sealed: &[u8]) -> Result<Reread, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let after = parse_optional(&mut reader)?;
    let replay_from = match reader.byte()? {
        0 => None,
        _ => Some(parse_offset(&mut reader)?),
    };
    let reread = Reread { after, replay_from };
    reader.end()?;
    Ok(reread)
}

pub(crate) fn encode_definitions(definitions: &Definitions) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(definitions.columns.len());
    for (table, described) in &definitions.columns {
        writer.byte(table.0).length(described.columns.len());
        for column in &described.columns {
            writer.text(&column.name).byte(u8::from(column.is_unsigned)).text(&column.data_type);
            writer.text(column.charset.as_deref().unwrap_or_default());
        }
    }
    writer.length(definitions.unsettled.len());
    for (table, until) in &definitions.unsettled {
        offset(writer.byte(table.0), until);
    }
    seal(&writer.0)
}

pub(crate) fn decode_definitions(sealed: &[u8]) -> Result<Definitions, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let mut definitions = Definitions::default();
    let table_count: usize = reader.number()?;
    for _ in 0..table_count {
        let table = TableId(reader.byte()?);
        let column_count: usize = reader.number()?;
        let columns: Result<_, _> = (0..column_count).map(|_| parse_column(&mut reader)).collect();
        definitions.columns.insert(table, TableColumns { columns: columns? });
    }
    let unsettled_count: usize = reader.number()?;
    for _ in 0..unsettled_count {
        let table = TableId(reader.byte()?);
        definitions.unsettled.insert(table, parse_offset(&mut reader)?);
    }
    reader.end()?;
    Ok(definitions)
}

fn parse_column(reader: &mut Reader<'_>) -> Result<ColumnDescription, Why> {
    let (name, is_unsigned, data_type) = (reader.text()?, reader.byte()? == 1, reader.text()?);
    let charset = Some(reader.text()?).filter(|charset| !charset.is_empty());
    Ok(ColumnDescription { name, is_unsigned, data_type, charset })
}

pub(crate) fn encode_prepared(prepared: &Prepared) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(prepared.reread.len());
    for table in &prepared.reread {
        writer.byte(table.0);
    }
    writer.length(prepared.changes.len());
    for change in &prepared.changes {
        writer.change(change);
    }
    seal(&writer.0)
}

pub(crate) fn decode_prepared(sealed: &[u8]) -> Result<Prepared, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let table_count: usize = reader.number()?;
    let reread: Result<_, _> = (0..table_count).map(|_| reader.byte().map(TableId)).collect();
    let reread = reread?;
    let count: usize = reader.number()?;
    let changes: Result<_, _> = (0..count).map(|_| reader.change()).collect();
    let changes = changes?;
    reader.end()?;
    Ok(Prepared { changes, reread })
}

fn offset(writer: &mut Writer, at: &BinlogOffset) {
    writer.text(&at.file).number(at.offset);
}

fn parse_offset(reader: &mut Reader<'_>) -> Result<BinlogOffset, Why> {
    Ok(BinlogOffset { file: reader.text()?, offset: reader.number()? })
}
