//! Why the rows of a watched table must be read again.

use std::fmt;

use crate::decode::{Effect, Unreadable};

/// Why the rows of a watched table must be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RereadReason {
    /// A statement redefined the table, or took, gave or exchanged rows without row events. Row
    /// changes of the same transaction come behind it.
    Redefined(Effect),
    /// Rows of it can't be decoded.
    Unreadable(Unreadable),
    /// Rows of it were deleted that can't be decoded: nobody can say what went with them.
    UnreadableDelete(Unreadable),
    /// Rows of it were rolled back, which a table that knows no transactions keeps all the same.
    RolledBack,
}

impl RereadReason {
    /// What spares the table from being read again, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(reason) | Self::UnreadableDelete(reason) => reason.hint(),
            Self::Redefined(_) | Self::RolledBack => None,
        }
    }
}

impl fmt::Display for RereadReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redefined(effect) => out.write_str(match effect {
                Effect::Emptied => "a statement emptied it",
                Effect::Altered => "a statement altered it",
                Effect::Exchanged => "a statement may have exchanged its rows",
            }),
            Self::Unreadable(reason) | Self::UnreadableDelete(reason) => reason.fmt(out),
            Self::RolledBack => out.write_str("changes of it were rolled back in the binlog"),
        }
    }
}
