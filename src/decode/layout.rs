//! How many bytes a cell of each column type takes in a row image, and under which type `mysql_cdc`
//! is told to read it.

use crate::decode::bytes::{Bytes, Short};
use crate::decode::table_map::Column;

/// The extent of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// This many bytes.
    Fixed(usize),
    /// A length of this many bytes, then as many bytes as it says.
    Prefixed(usize),
}

/// A type with its metadata, as in a `TABLE_MAP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireType {
    pub(crate) column_type: u8,
    pub(crate) metadata: Metadata,
}

/// The metadata bytes of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metadata {
    None,
    One(u8),
    Two(u8, u8),
}

/// The extent of a column's cells and the type under which `mysql_cdc` reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) extent: Extent,
    pub(crate) read_as: WireType,
}

/// The layout of a column; `None` for a type whose cells can't even be skipped.
///
/// Text is read as BLOB, which has the same bytes but no claim to be UTF-8: a column that we don't
/// need must not disturb. For the same reason types that `mysql_cdc` reads only in part (dates and
/// times finer than milliseconds, negative TIME, BIT, ENUM) are read as a SET of the same width.
pub(crate) fn layout(column: Column) -> Option<Layout> {
    let metadata = column.metadata;
    let [low, high] = metadata.to_le_bytes();
    let plain = |width, metadata| {
        let read_as = WireType { column_type: column.kind, metadata };
        Some(Layout { extent: Extent::Fixed(width), read_as })
    };
    match column.kind {
        1 => plain(1, Metadata::None),
        2 => plain(2, Metadata::None),
        9 => plain(3, Metadata::None),
        3 => plain(4, Metadata::None),
        8 => plain(8, Metadata::None),
        4 if metadata == 4 => plain(4, Metadata::One(4)),
        5 if metadata == 8 => plain(8, Metadata::One(8)),
        246 => plain(decimal_width(low, high)?, Metadata::Two(low, high)),
        10 | 11 | 14 => opaque(3),
        7 => opaque(4),
        12 => opaque(8),
        13 => opaque(1),
        17 if metadata <= 6 => opaque(4 + fraction_width(low)),
        18 if metadata <= 6 => opaque(5 + fraction_width(low)),
        19 if metadata <= 6 => opaque(3 + fraction_width(low)),
        // BIT: whole bytes, then bits of one more byte.
        16 => opaque(usize::from(high) + usize::from(low > 0)),
        247 | 248 => opaque(usize::from(low)),
        // MariaDB's compressed VARCHAR and BLOB are 141 and 140.
        15 | 253 | 254 | 141 => prefixed(if metadata < 256 { 1 } else { 2 }),
        140 | 242 | 245 | 249..=252 | 255 if high == 0 => prefixed(low),
        _ => None,
    }
}

fn prefixed(length_width: u8) -> Option<Layout> {
    let read_as = WireType { column_type: 252, metadata: Metadata::One(length_width) };
    (1..=4)
        .contains(&length_width)
        .then_some(Layout { extent: Extent::Prefixed(usize::from(length_width)), read_as })
}

/// A cell of `width` bytes that `mysql_cdc` hands on as a number.
fn opaque(width: usize) -> Option<Layout> {
    let narrow = u8::try_from(width).ok().filter(|width| (1..=8).contains(width))?;
    let read_as = WireType { column_type: 248, metadata: Metadata::Two(0, narrow) };
    Some(Layout { extent: Extent::Fixed(width), read_as })
}

fn fraction_width(digits: u8) -> usize {
    usize::from(digits.div_ceil(2))
}

/// The width of a packed DECIMAL: nine digits take four bytes, fewer take less.
fn decimal_width(precision: u8, scale: u8) -> Option<usize> {
    let whole = precision.checked_sub(scale).filter(|_| (1..=65).contains(&precision))?;
    let part = |digits: u8| {
        let rest = match digits % 9 {
            0 => 0,
            1 | 2 => 1,
            3 | 4 => 2,
            5 | 6 => 3,
            _ => 4,
        };
        usize::from(digits / 9) * 4 + rest
    };
    Some(part(whole) + part(scale))
}

impl Extent {
    /// Passes over one cell.
    pub(crate) fn skip(self, bytes: &mut Bytes<'_>) -> Result<(), Short> {
        let width = match self {
            Self::Fixed(width) => width,
            Self::Prefixed(width) => {
                usize::try_from(bytes.uint(width)?).map_err(|_too_wide| Short)?
            }
        };
        bytes.take(width).map(drop)
    }
}
