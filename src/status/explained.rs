//! What a running process says about one item, on its way through the socket.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What is known about a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Why it can't be told.
    pub error: Option<String>,
    /// What is known; `None` if there is no such key.
    pub found: Option<Json>,
    /// Keys that begin with what was given, when that is not one key.
    pub candidates: Vec<Vec<String>>,
    /// Why the process that tells it sends nothing now, or not yet; `None` while it delivers.
    pub delivery: Option<String>,
}

/// Explains the key of a feed, by the feed's name, that has these parts, or begins with them.
pub type Explain = Box<dyn Fn(&str, &[String]) -> Explained + Send + Sync>;
