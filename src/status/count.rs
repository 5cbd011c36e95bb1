//! What a running process counts for `estimate`, on its way through the socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a full sync would be, and what was used of the budgets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Why nothing could be counted.
    pub error: Option<String>,
    /// Items by the feed's name; `None` while the catalog copy is not complete.
    pub items: Option<BTreeMap<String, u64>>,
    /// Items that can't be made.
    pub faulty: u64,
    /// The UTC day of `products_sent`, in days since 1970-01-01.
    pub day: i64,
    /// Products sent on that day.
    pub products_sent: u32,
    /// Until when the service wants to be left alone, as RFC 3339 writes it.
    pub closed_until: Option<String>,
}

/// Counts.
pub type Count = Box<dyn Fn() -> Counted + Send + Sync>;
