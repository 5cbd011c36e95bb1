//! What the generator writes into columns: ids, and values that are easily got wrong.
//!
//! Ids come from small pools, so that statements meet the rows of others.

use aco_stream::catalog::CONFIG_PATHS;

use crate::random::Random;

/// Ids that rows of one kind may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    Website,
    Group,
    Store,
    CustomerGroup,
    EntityType,
    Attribute,
    Opt,
    Media,
    /// A product's `entity_id`.
    Product,
    /// What a product's rows belong to: its `entity_id`, or the `row_id` of a version.
    Link,
    LinkType,
    Stock,
    /// A row that nothing refers to.
    Value,
}

impl Pool {
    /// The lowest id, and how many there are.
    fn range(self) -> (u64, u64) {
        match self {
            Self::Website | Self::CustomerGroup => (0, 4),
            Self::Group | Self::Stock => (0, 5),
            Self::Store => (0, 6),
            Self::EntityType => (3, 3),
            Self::Attribute => (170, 9),
            Self::Opt => (500, 9),
            Self::Media => (40, 8),
            Self::Product | Self::Link => (101, 12),
            Self::LinkType => (1, 4),
            Self::Value => (1, 40),
        }
    }

    pub(crate) fn draw(self, random: &mut Random) -> u64 {
        let (first, count) = self.range();
        first + random.up_to(count) - 1
    }

    /// Every id, for the rows that each history begins with.
    pub(crate) fn all(self) -> std::ops::Range<u64> {
        let (first, count) = self.range();
        first..first + count
    }
}

/// What fits into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The row's own number.
    Own(Pool),
    /// The number of a row that this one belongs to.
    Of(Pool),
    Bool,
    Small,
    Unsigned,
    Signed,
    /// DECIMAL with so many digits, of which so many are behind the point.
    Decimal(usize, usize),
    Float,
    /// Text of up to so many characters.
    Text(usize),
    Nullable(&'static Self),
    /// A code that no two rows share.
    Code,
    ConfigScope,
    ConfigPath,
    Datetime,
    Timestamp,
    /// When a version begins or ends.
    Version,
}

/// Text that servers and clients like to get wrong.
const TEXTS: &[&str] = &[
    "''",
    "' '",
    "'a'",
    "'Grün'",
    "'café'",
    "'ž š č'",
    "'日本'",
    "'⛵ 🧭'",
    "'it''s'",
    "'a\\\\b\\nc'",
    "'null'",
    "'0'",
    "CONCAT('r', UUID())",
    "REPEAT('é', 30)",
];

impl Sort {
    pub(crate) fn draw(self, random: &mut Random) -> String {
        let mut of = |choices: &[&str]| (*random.of(choices)).to_owned();
        match self {
            Self::Own(pool) | Self::Of(pool) => pool.draw(random).to_string(),
            Self::Bool => of(&["0", "1"]),
            Self::Small => of(&["0", "1", "7", "32768", "65535"]),
            Self::Unsigned => of(&["0", "1", "2147483648", "4294967295"]),
            Self::Signed => of(&["0", "-1", "3", "-2147483648", "2147483647"]),
            Self::Decimal(digits, scale) => decimal(digits, scale, random),
            // No more digits than the server shows.
            Self::Float => of(&["0", "1", "2.5", "-0.125", "0.1", "65536", "123.456"]),
            Self::Text(width) => match random.up_to(20) {
                1 => format!("REPEAT('x', {width})"),
                _ => (*random.of(TEXTS)).to_owned(),
            },
            Self::Nullable(sort) => match random.up_to(6) {
                1 => "NULL".to_owned(),
                _ => sort.draw(random),
            },
            Self::Code => format!("'c{}'", random.up_to(12)),
            Self::ConfigScope => of(&["'default'", "'websites'", "'stores'"]),
            Self::ConfigPath => match random.up_to(4) {
                1 => "'some/other/path'".to_owned(),
                _ => format!("'{}'", random.of(CONFIG_PATHS)),
            },
            Self::Datetime => of(&[
                "'0000-00-00 00:00:00'",
                "'1000-01-01 00:00:00'",
                "'2024-02-29 23:59:59'",
                "'2024-00-00 00:00:00'",
                "'9999-12-31 23:59:59'",
            ]),
            Self::Timestamp => of(&[
                "'0000-00-00 00:00:00'",
                "'1970-01-01 00:00:01'",
                "'2024-03-31 01:30:00'",
                "'2038-01-19 03:14:07'",
            ]),
            Self::Version => of(&["1", "1600000000", "2000000000", "2147483647"]),
        }
    }
}

fn decimal(digits: usize, scale: usize, random: &mut Random) -> String {
    let whole = "9".repeat(digits - scale);
    match random.up_to(6) {
        1 => format!("{whole}.{}", "9".repeat(scale)),
        2 => format!("-{whole}.{}", "9".repeat(scale)),
        3 => "0".to_owned(),
        4 => format!("0.{}1", "0".repeat(scale - 1)),
        _ => format!("{}.{}", random.up_to(200), random.up_to(10_u64.pow(2)) - 1),
    }
}
