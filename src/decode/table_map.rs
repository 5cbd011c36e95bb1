//! `TABLE_MAP` events: which table and columns the row events that follow belong to.
//!
//! Source: MySQL manual, `Table_map_event`; both servers write the same form.

use crate::decode::bytes::{Bytes, Short, bitmap_width};
use crate::decode::layout::{Metadata, WireType};

const SIGNEDNESS: u8 = 1;
const DEFAULT_CHARSET: u8 = 2;
const COLUMN_CHARSET: u8 = 3;
const COLUMN_NAMES: u8 = 4;

/// Why a `TABLE_MAP` can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MapFault {
    /// Its bytes don't have the form that they should.
    Malformed,
    /// A column's type has no known form.
    UnknownType(u8),
}

impl From<Short> for MapFault {
    fn from(_: Short) -> Self {
        Self::Malformed
    }
}

/// The part that says which table it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableMapHead<'a> {
    pub(crate) table_id: u64,
    pub(crate) schema: &'a [u8],
    pub(crate) table: &'a [u8],
}

/// A column as the binlog describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// The type's number; ENUM and SET are told apart from CHAR.
    pub(crate) kind: u8,
    /// What its length or precision is; the meaning depends on the type.
    pub(crate) metadata: u16,
    /// Whether a numeric column is unsigned; `None` when the binlog doesn't say.
    pub(crate) is_unsigned: Option<bool>,
    /// The number of a text column's collation; `None` when the binlog doesn't say.
    pub(crate) collation: Option<usize>,
}

/// The whole event.
#[derive(Debug)]
pub(crate) struct TableMap<'a> {
    pub(crate) head: TableMapHead<'a>,
    pub(crate) columns: Vec<Column>,
    pub(crate) names: Option<Vec<&'a [u8]>>,
}

impl<'a> TableMapHead<'a> {
    /// Reads the head and leaves `bytes` behind it.
    pub(crate) fn read(bytes: &mut Bytes<'a>) -> Result<Self, Short> {
        let table_id = bytes.uint(6)?;
        let _flags = bytes.u16()?;
        let schema = read_name(bytes)?;
        let table = read_name(bytes)?;
        Ok(Self { table_id, schema, table })
    }
}

impl<'a> TableMap<'a> {
    /// Reads what follows the head. The servers differ in which columns have a collation.
    pub(crate) fn read(
        head: TableMapHead<'a>,
        mut bytes: Bytes<'a>,
        is_mariadb: bool,
    ) -> Result<Self, MapFault> {
        let count = bytes.length()?;
        let types = bytes.take(count)?;
        let mut metadata = Bytes(bytes.prefixed()?);
        let mut columns = Vec::with_capacity(count);
        for &column_type in types {
            columns.push(read_column(column_type, &mut metadata)?);
        }
        let _nullable = bytes.take(bitmap_width(count))?;
        let mut map = Self { head, columns, names: None };
        if !metadata.is_empty() || count == 0 {
            return Err(MapFault::Malformed);
        }
        while !bytes.is_empty() {
            let field = bytes.u8()?;
            let value = bytes.prefixed()?;
            match field {
                SIGNEDNESS => map.set_signedness(value)?,
                DEFAULT_CHARSET => map.set_default_collation(value, is_mariadb)?,
                COLUMN_CHARSET => map.set_collations(value, is_mariadb)?,
                COLUMN_NAMES => map.set_names(value)?,
                // Keys, ENUM values, and what servers may add.
                _ => {}
            }
        }
        Ok(map)
    }

    /// One collation for most text columns, then the others by their place among the text columns.
    fn set_default_collation(&mut self, value: &[u8], is_mariadb: bool) -> Result<(), Short> {
        let mut bytes = Bytes(value);
        let default = bytes.length()?;
        let mut columns: Vec<_> = text_columns(&mut self.columns, is_mariadb).collect();
        for column in &mut columns {
            column.collation = Some(default);
        }
        while !bytes.is_empty() {
            let (place, collation) = (bytes.length()?, bytes.length()?);
            columns.get_mut(place).ok_or(Short)?.collation = Some(collation);
        }
        Ok(())
    }

    /// A collation for each text column.
    fn set_collations(&mut self, value: &[u8], is_mariadb: bool) -> Result<(), Short> {
        let mut bytes = Bytes(value);
        for column in text_columns(&mut self.columns, is_mariadb) {
            column.collation = Some(bytes.length()?);
        }
        if bytes.is_empty() { Ok(()) } else { Err(Short) }
    }

    /// One bit per numeric column, the highest first. Both servers count YEAR as numeric.
    fn set_signedness(&mut self, bits: &[u8]) -> Result<(), Short> {
        let is_numeric = |column: &&mut Column| matches!(column.kind, 1..=5 | 8 | 9 | 13 | 246);
        for (place, column) in self.columns.iter_mut().filter(is_numeric).enumerate() {
            let byte = bits.get(place / 8).ok_or(Short)?;
            column.is_unsigned = Some(byte & (0x80 >> (place % 8)) != 0);
        }
        Ok(())
    }

    fn set_names(&mut self, value: &'a [u8]) -> Result<(), Short> {
        let mut bytes = Bytes(value);
        let mut names = Vec::with_capacity(self.columns.len());
        while !bytes.is_empty() {
            names.push(bytes.prefixed()?);
        }
        if names.len() != self.columns.len() {
            return Err(Short);
        }
        self.names = Some(names);
        Ok(())
    }
}

/// The names of a table's columns, from the body of a `TABLE_MAP`; `None` when it is of another table,
/// or says no names.
pub fn announced_columns<'a>(body: &'a [u8], schema: &str, table: &str) -> Option<Vec<&'a [u8]>> {
    let mut rest = Bytes(body);
    let head = TableMapHead::read(&mut rest).ok()?;
    if head.schema != schema.as_bytes() || head.table != table.as_bytes() {
        return None;
    }
    let read = |is_mariadb| TableMap::read(head, rest, is_mariadb);
    read(false).or_else(|_other_server| read(true)).ok()?.names
}

/// The columns that have a collation: MariaDB gives one to its geometries and compressed columns too,
/// MySQL to its vectors.
fn text_columns(columns: &mut [Column], is_mariadb: bool) -> impl Iterator<Item = &mut Column> {
    columns.iter_mut().filter(move |column| match column.kind {
        15 | 253 | 254 | 249..=252 | 242 => true,
        140 | 141 | 255 => is_mariadb,
        _ => false,
    })
}

/// The bytes of a `TABLE_MAP` for `mysql_cdc`: the same table with the types it shall read.
pub(crate) fn write_table_map(head: &TableMapHead<'_>, types: &[WireType]) -> Vec<u8> {
    let mut metadata = Vec::new();
    for wire in types {
        match wire.metadata {
            Metadata::None => {}
            Metadata::One(byte) => metadata.push(byte),
            Metadata::Two(first, second) => metadata.extend([first, second]),
        }
    }
    let mut body = Vec::new();
    let [id @ .., _, _] = head.table_id.to_le_bytes();
    body.extend(id);
    body.extend([0, 0]);
    for name in [head.schema, head.table] {
        // Names were read behind a one-byte length, so they fit in one.
        body.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        body.extend(name);
        body.push(0);
    }
    write_length(&mut body, types.len());
    body.extend(types.iter().map(|wire| wire.column_type));
    write_length(&mut body, metadata.len());
    body.extend(metadata);
    body.resize(body.len() + bitmap_width(types.len()), 0);
    body
}

fn write_length(body: &mut Vec<u8>, length: usize) {
    let [low, high, ..] = length.to_le_bytes();
    // A server allows 4096 columns of at most two metadata bytes, so two bytes always hold it.
    if length < 0xFB { body.push(low) } else { body.extend([0xFC, low, high]) }
}

fn read_name<'a>(bytes: &mut Bytes<'a>) -> Result<&'a [u8], Short> {
    let length = bytes.u8()?;
    let name = bytes.take(usize::from(length))?;
    if bytes.u8()? == 0 { Ok(name) } else { Err(Short) }
}

fn read_column(column_type: u8, bytes: &mut Bytes<'_>) -> Result<Column, MapFault> {
    let (column_type, metadata) = match column_type {
        4 | 5 | 17..=19 | 242 | 245 | 249..=252 | 255 | 140 => {
            (column_type, u16::from(bytes.u8()?))
        }
        // Precision, then scale; bits, then bytes; or a length: little-endian all.
        15 | 16 | 246 | 253 | 141 => (column_type, bytes.u16()?),
        247 | 248 | 254 => {
            let [first, second] = bytes.array()?;
            string_type(column_type, first, second)
        }
        0..=3 | 6..=14 => (column_type, 0),
        _ => return Err(MapFault::UnknownType(column_type)),
    };
    Ok(Column { kind: column_type, metadata, is_unsigned: None, collation: None })
}

/// CHAR, ENUM and SET share a type; the first metadata byte tells them apart, and two of its bits
/// are inverted bits 8 and 9 of a CHAR's length.
fn string_type(column_type: u8, first: u8, second: u8) -> (u8, u16) {
    match first {
        247 | 248 => (first, u16::from(second)),
        _ if column_type != 254 => (column_type, u16::from(second)),
        _ => (254, u16::from(second) | ((u16::from(first & 0x30) ^ 0x30) << 4)),
    }
}
