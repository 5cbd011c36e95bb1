//! What a running process says about its part among those with the same configuration.

use serde::{Deserialize, Serialize};

/// Whether a running process delivers, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleState {
    /// Its part.
    pub role: RoleName,
    /// Since when, RFC 3339.
    pub since: String,
    /// Why it sends nothing, or hardly anything; `None` for a leader that delivers.
    pub reason: Option<String>,
    /// What to do about it, or what will happen; `None` for a leader that delivers.
    pub hint: Option<String>,
}

/// The part of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// It delivers.
    Leader,
    /// It will in some seconds.
    TakingOver,
    /// It absorbs and sends nothing.
    Standby,
}

impl RoleState {
    /// All of it in one line or two.
    pub fn text(&self) -> String {
        let line = match self.role {
            RoleName::Leader => format!("leader since {}", self.since),
            RoleName::TakingOver => format!("taking over since {}", self.since),
            RoleName::Standby => format!("standby since {}: sends nothing", self.since),
        };
        let hint = self.hint.as_ref().map_or(String::new(), |hint| format!("; hint: {hint}"));
        match &self.reason {
            Some(reason) => format!("{line}\n          {reason}{hint}"),
            None => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standby_says_that_it_sends_nothing_and_why() {
        let since = "2026-01-31T08:00:00Z".to_owned();
        let leader =
            RoleState { role: RoleName::Leader, since: since.clone(), reason: None, hint: None };
        assert_eq!(leader.text(), "leader since 2026-01-31T08:00:00Z");
        let standby = RoleState {
            role: RoleName::Standby,
            since,
            reason: Some("another process delivers".to_owned()),
            hint: Some("this one takes over".to_owned()),
        };
        assert_eq!(
            standby.text(),
            "standby since 2026-01-31T08:00:00Z: sends nothing\n          another process delivers; \
             hint: this one takes over"
        );
    }
}
