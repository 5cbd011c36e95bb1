//! Character sets of text columns: what a collation's number says, and bytes to text.
//!
//! Source: `information_schema.COLLATIONS` of MariaDB 10.11 and 11.8 and MySQL 9.7.

/// A character set that is read. The server converts every other one when a table is read by a SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// utf8mb3 and utf8mb4.
    Utf8,
    Ascii,
    Latin1,
    /// ucs2: two bytes a character, the higher first.
    Ucs2,
    Utf16,
    Utf16Le,
    Utf32,
    /// Bytes, of which those that are UTF-8 are read as text.
    Binary,
}

/// What the servers' latin1, which is Windows' code page 1252, has at 0x80 to 0x9F. The five codes
/// without a character stand for the control character of the same number.
const LATIN1_FROM_0X80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

impl Charset {
    /// The character set of a collation; `None` for those that aren't read, and for unknown numbers.
    /// From 576 on the numbers are MariaDB's; on MySQL they are left to whoever runs the server.
    pub(crate) fn of_collation(number: usize, is_mariadb: bool) -> Option<Self> {
        match number {
            33 | 76 | 83 | 192..=215 | 223 | 45 | 46 | 224..=247 | 255..=323 => Some(Self::Utf8),
            11 | 65 => Some(Self::Ascii),
            5 | 8 | 15 | 31 | 47 | 48 | 49 | 94 => Some(Self::Latin1),
            35 | 90 | 128..=151 | 159 => Some(Self::Ucs2),
            54 | 55 | 101..=124 => Some(Self::Utf16),
            56 | 62 => Some(Self::Utf16Le),
            60 | 61 | 160..=183 => Some(Self::Utf32),
            63 => Some(Self::Binary),
            576.. if is_mariadb => Self::of_mariadb_collation(number),
            _ => None,
        }
    }

    fn of_mariadb_collation(number: usize) -> Option<Self> {
        match number {
            // From 2048 on by the Unicode of 2022 (`uca1400`), one block for each character set.
            576..=578 | 608..=610 | 2048..=2559 => Some(Self::Utf8),
            640..=642 | 2560..=2815 => Some(Self::Ucs2),
            672..=674 | 2816..=3071 => Some(Self::Utf16),
            736..=738 | 3072..=3327 => Some(Self::Utf32),
            // The same collations again, without padding.
            1024..=1535 => Self::of_collation(number - 1024, false),
            _ => None,
        }
    }

    /// The character set of this name in `information_schema`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "utf8" | "utf8mb3" | "utf8mb4" => Some(Self::Utf8),
            "ascii" => Some(Self::Ascii),
            "latin1" => Some(Self::Latin1),
            "ucs2" => Some(Self::Ucs2),
            "utf16" => Some(Self::Utf16),
            "utf16le" => Some(Self::Utf16Le),
            "utf32" => Some(Self::Utf32),
            "binary" => Some(Self::Binary),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8mb4",
            Self::Ascii => "ascii",
            Self::Latin1 => "latin1",
            Self::Ucs2 => "ucs2",
            Self::Utf16 => "utf16",
            Self::Utf16Le => "utf16le",
            Self::Utf32 => "utf32",
            Self::Binary => "binary",
        }
    }

    /// The text that a SELECT in utf8mb4 gives for these bytes; `None` when they are no text.
    pub(crate) fn text(self, bytes: Vec<u8>) -> Option<String> {
        match self {
            Self::Utf8 | Self::Binary => String::from_utf8(bytes).ok(),
            Self::Ascii => bytes.is_ascii().then(|| String::from_utf8(bytes).ok())?,
            Self::Latin1 if bytes.is_ascii() => String::from_utf8(bytes).ok(),
            Self::Latin1 => Some(bytes.into_iter().map(latin1).collect()),
            Self::Ucs2 => {
                let units = units(&bytes, u16::from_be_bytes)?;
                units.map(|unit| char::from_u32(u32::from(unit))).collect()
            }
            Self::Utf16 => char::decode_utf16(units(&bytes, u16::from_be_bytes)?)
                .collect::<Result<_, _>>()
                .ok(),
            Self::Utf16Le => char::decode_utf16(units(&bytes, u16::from_le_bytes)?)
                .collect::<Result<_, _>>()
                .ok(),
            Self::Utf32 => units(&bytes, u32::from_be_bytes)?.map(char::from_u32).collect(),
        }
    }
}

fn latin1(byte: u8) -> char {
    let special = byte.checked_sub(0x80).and_then(|at| LATIN1_FROM_0X80.get(usize::from(at)));
    special.copied().unwrap_or(char::from(byte))
}

/// The numbers of `N` bytes each; `None` when some bytes are left over.
fn units<const N: usize, T>(
    bytes: &[u8],
    read: impl Fn([u8; N]) -> T,
) -> Option<impl Iterator<Item = T>> {
    let (units, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then(|| units.iter().map(move |unit| read(*unit)))
}
