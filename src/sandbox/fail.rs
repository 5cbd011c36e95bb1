//! Owns the fail rules: their text form, and which one the next ingestion request meets.
//!
//! Rules are values; `ingest` carries them out.

use std::str::FromStr;

/// One rule for failing on purpose, written as a `--fail` value or a line of
/// `POST /_sandbox/fail`.
///
/// `KIND:COUNT` fails the next COUNT ingestion requests, whatever they hold; several such rules
/// take their turns in the order written. KIND is a status from 400 to 599, `timeout`, `reset`,
/// `lost-answer`, `count` or `html`; `429:COUNT:SECONDS` also chooses `retry-after`.
/// `sku=SKU` and `sku-noindex=SKU` stay until the rules are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailRule {
    /// The next requests meet a fault.
    Next {
        /// The fault.
        fault: Fault,
        /// How many requests.
        count: u32,
    },
    /// Items with this sku are refused, in every feed that has skus.
    RefuseSku {
        /// The sku.
        sku: String,
        /// Whether the answer says which item it was.
        is_named: bool,
    },
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done; the answer has this status, 400 to 599.
    Status(u16),
    /// Nothing is done; the answer is 429.
    Throttled {
        /// The `retry-after` header, in seconds.
        retry_after_s: u64,
    },
    /// The work is done; no answer comes until the client hangs up.
    Timeout,
    /// Nothing is done; the connection is closed without an answer.
    Reset,
    /// The work is done; the answer is 500.
    LostAnswer,
    /// The work is done; an `acceptedCount` is wrong.
    WrongCount,
    /// Nothing is done; the answer is 502 with a web page.
    Html,
}

/// A text that is not a fail rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("understand the fail rule {rule:?}")]
pub struct FailRuleError {
    /// The text.
    pub rule: String,
}

impl FailRuleError {
    /// What a rule looks like, in one line.
    pub const HINT: &str = "one of STATUS:COUNT, 429:COUNT:SECONDS, timeout:COUNT, reset:COUNT, \
                            lost-answer:COUNT, count:COUNT, html:COUNT, sku=SKU, sku-noindex=SKU; \
                            a status is 400 to 599";
}

impl FromStr for FailRule {
    type Err = FailRuleError;

    fn from_str(text: &str) -> Result<Self, FailRuleError> {
        let text = text.trim();
        let refuse = |sku: &str, is_named| {
            (!sku.is_empty()).then(|| Self::RefuseSku { sku: sku.to_owned(), is_named })
        };
        let rule = if let Some(sku) = text.strip_prefix("sku=") {
            refuse(sku, true)
        } else if let Some(sku) = text.strip_prefix("sku-noindex=") {
            refuse(sku, false)
        } else {
            next_requests(text)
        };
        rule.ok_or_else(|| FailRuleError { rule: text.to_owned() })
    }
}

fn next_requests(text: &str) -> Option<FailRule> {
    let (kind, numbers) = text.split_once(':')?;
    let (count, retry_after_s) = match numbers.split_once(':') {
        Some((count, seconds)) if kind == "429" => (count, seconds.parse().ok()?),
        Some(_) => return None,
        None => (numbers, 1),
    };
    let fault = match kind {
        "timeout" => Fault::Timeout,
        "reset" => Fault::Reset,
        "lost-answer" => Fault::LostAnswer,
        "count" => Fault::WrongCount,
        "html" => Fault::Html,
        "429" => Fault::Throttled { retry_after_s },
        status => Fault::Status(status.parse().ok().filter(|status| (400..=599).contains(status))?),
    };
    Some(FailRule::Next { fault, count: count.parse().ok()? })
}

/// The rules in force.
#[derive(Debug)]
pub(crate) struct FailRules {
    rules: Vec<FailRule>,
}

impl FailRules {
    pub(crate) fn new(rules: Vec<FailRule>) -> Self {
        Self { rules }
    }

    /// The rules of a text with one rule a line.
    pub(crate) fn parse(text: &str) -> Result<Vec<FailRule>, FailRuleError> {
        text.lines().filter(|line| !line.trim().is_empty()).map(str::parse).collect()
    }

    pub(crate) fn replace(&mut self, rules: Vec<FailRule>) {
        self.rules = rules;
    }

    /// The fault that this request meets; used up by asking.
    pub(crate) fn take(&mut self) -> Option<Fault> {
        self.rules.iter_mut().find_map(|rule| match rule {
            FailRule::Next { fault, count } => {
                *count = count.checked_sub(1)?;
                Some(*fault)
            }
            FailRule::RefuseSku { .. } => None,
        })
    }

    /// Whether items with this sku are refused, and if so, whether the answer names them.
    pub(crate) fn refusal(&self, sku: &str) -> Option<bool> {
        self.rules.iter().find_map(|rule| match rule {
            FailRule::RefuseSku { sku: refused, is_named } if refused == sku => Some(*is_named),
            FailRule::RefuseSku { .. } | FailRule::Next { .. } => None,
        })
    }
}
