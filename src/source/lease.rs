//! The lock by which processes with the same configuration agree on which of them delivers.
//!
//! A connection of its own holds it, and the server frees it with the connection: at once when that
//! breaks, after some silence when the other end is frozen or cut off. `GET_LOCK` needs no privilege
//! and writes nothing. Must not know what holding the lock allows.

use std::fmt::Write as _;
use std::time::Duration;

use mysql_async::Row;
use mysql_async::prelude::Queryable as _;
use sha1::{Digest as _, Sha1};

use crate::source::connection::within;
use crate::source::params::literal;
use crate::source::{Connection, SourceError, SourceParams};

/// How long the server is asked to wait for the lock, in seconds.
const LOCK_WAIT_S: u32 = 1;
/// How long a freed connection's second lock may take to be free, too, in seconds.
const OWN_WAIT_S: u32 = 2;
/// The longest wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Above what the server itself waits, how long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Tenants with longer names are named by their hash: both servers take 64 characters.
const TENANT_CHARS_MAX: usize = 40;

const DOING: &str = "ask for the right to deliver";

/// The names of the locks, on a server that other tenants' processes may use, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseNames {
    /// Held by the process that delivers.
    pub lead: String,
    /// Held by one of those that wait to.
    pub waits: String,
    /// Held by the process that delivers, and named after its store: tells a connection that a
    /// process left behind from one of another process.
    pub own: String,
}

impl LeaseNames {
    /// The names for a tenant and the store that `store` names.
    pub fn new(tenant: &str, store: &str) -> Self {
        let is_plain = |tenant: &str| tenant.chars().all(|letter| letter.is_ascii_graphic());
        let tenant = if tenant.len() <= TENANT_CHARS_MAX && is_plain(tenant) {
            tenant.to_owned()
        } else {
            Sha1::digest(tenant).iter().fold(String::new(), |mut hex, byte| {
                // A string takes whatever is written to it.
                write!(hex, "{byte:02x}").unwrap_or_default();
                hex
            })
        };
        let lead = format!("aco-stream:{tenant}");
        Self { waits: format!("{lead}#waits"), own: format!("aco-stream#{store}"), lead }
    }
}

/// Who has the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// A connection of this process, or of the one before it with the same store.
    Own,
    /// Another process.
    Other,
}

/// What the server says to a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// Whether this connection still holds the lock.
    pub is_held: bool,
    /// Whether another process waits for it.
    pub is_awaited: bool,
}

/// The connection that holds the lock, or waits for it.
#[derive(Debug)]
pub struct LeaseConnection {
    connection: Connection,
    names: LeaseNames,
    is_noted: bool,
}

impl LeaseConnection {
    /// Connects. The server will end the connection when nothing is asked for `silence`.
    ///
    /// # Errors
    /// As those of any connection.
    pub async fn open(
        params: &SourceParams,
        names: LeaseNames,
        silence: Duration,
    ) -> Result<Self, SourceError> {
        let limit = params.connect_timeout.min(CONNECT_LIMIT);
        let params = SourceParams { connect_timeout: limit, ..params.clone() };
        let connection = Connection::connect(&params).await?;
        let mut lease = Self { connection, names, is_noted: false };
        let silence_s = silence.as_secs().max(1);
        lease.ask(&format!("SET SESSION wait_timeout = {silence_s}"), 0).await?;
        Ok(lease)
    }

    /// Who has the lock now.
    ///
    /// # Errors
    /// The connection broke, or the server does not answer in time.
    pub async fn holder(&mut self) -> Result<Holder, SourceError> {
        let LeaseNames { lead, own, .. } = &self.names;
        let sql = format!("SELECT IS_USED_LOCK({}), IS_USED_LOCK({})", literal(lead), literal(own));
        let row = self.ask(&sql, 0).await?;
        let id = |place| row.as_ref().and_then(|row| row.get::<Option<u64>, _>(place)).flatten();
        Ok(match (id(0), id(1)) {
            (None, _) => Holder::Nobody,
            (Some(lead), Some(own)) if lead == own => Holder::Own,
            (Some(_), _) => Holder::Other,
        })
    }

    /// Lets the holder see that another process waits; does nothing if one is seen already.
    ///
    /// # Errors
    /// The connection broke, or the server does not answer in time.
    pub async fn show_waiting(&mut self) -> Result<(), SourceError> {
        if !self.is_noted {
            self.is_noted = self.lock(&self.names.waits.clone(), 0).await?;
        }
        Ok(())
    }

    /// Takes the lock, waiting for a second if `is_patient`. Returns whether it was given.
    ///
    /// # Errors
    /// The connection broke, or the server does not answer in time.
    pub async fn take(&mut self, is_patient: bool) -> Result<bool, SourceError> {
        let wait_s = if is_patient { LOCK_WAIT_S } else { 0 };
        self.lock(&self.names.lead.clone(), wait_s).await
    }

    /// Marks a lock just taken as that of this store, and no longer shows as waiting.
    ///
    /// # Errors
    /// The connection broke, or the server does not answer in time.
    pub async fn mark(&mut self) -> Result<(), SourceError> {
        if std::mem::take(&mut self.is_noted) {
            let sql = format!("SELECT RELEASE_LOCK({})", literal(&self.names.waits));
            self.ask(&sql, 0).await?;
        }
        // A copy of this store may have it; then both are strangers to each other, which is safe.
        self.lock(&self.names.own.clone(), OWN_WAIT_S).await.map(drop)
    }

    /// Whether the lock is still ours, and whether another process waits for it.
    ///
    /// # Errors
    /// The connection broke, or the server does not answer in time.
    pub async fn confirm(&mut self) -> Result<Confirmation, SourceError> {
        let LeaseNames { lead, waits, .. } = &self.names;
        let sql = format!(
            "SELECT IS_USED_LOCK({}) = CONNECTION_ID(), IS_USED_LOCK({}) IS NOT NULL",
            literal(lead),
            literal(waits)
        );
        let row = self.ask(&sql, 0).await?;
        let is = |place| {
            let cell = row.as_ref().and_then(|row| row.get::<Option<u64>, _>(place)).flatten();
            cell == Some(1)
        };
        Ok(Confirmation { is_held: is(0), is_awaited: is(1) })
    }

    /// Ends the connection, and with it the lock.
    ///
    /// # Errors
    /// It was broken already.
    pub async fn close(self) -> Result<(), SourceError> {
        within(DOING, ANSWER_LIMIT, self.connection.into_conn().disconnect()).await
    }

    async fn lock(&mut self, name: &str, wait_s: u32) -> Result<bool, SourceError> {
        let sql = format!("SELECT GET_LOCK({}, {wait_s})", literal(name));
        let row = self.ask(&sql, wait_s).await?;
        Ok(row.and_then(|row| row.get::<Option<u64>, _>(0)).flatten() == Some(1))
    }

    async fn ask(&mut self, sql: &str, wait_s: u32) -> Result<Option<Row>, SourceError> {
        let limit = ANSWER_LIMIT + Duration::from_secs(wait_s.into());
        within(DOING, limit, self.connection.conn_mut().query_first(sql)).await
    }
}

/// Whether any process has the lock of this tenant.
///
/// # Errors
/// The connection broke, or the server does not answer.
pub async fn is_lead_taken(conn: &mut Connection, tenant: &str) -> Result<bool, SourceError> {
    let LeaseNames { lead, .. } = LeaseNames::new(tenant, "");
    let holder = conn.text(DOING, &format!("SELECT IS_USED_LOCK({})", literal(&lead))).await?;
    Ok(holder.is_some())
}

#[cfg(test)]
mod tests {
    use super::LeaseNames;

    #[test]
    fn names_fit_both_servers_whatever_the_tenant() {
        let plain = LeaseNames::new("7pXcvuRUm4JLcLZHqq1Zx2", "0123456789abcdef");
        assert_eq!(plain.lead, "aco-stream:7pXcvuRUm4JLcLZHqq1Zx2");
        for tenant in ["", "a tenant", "größe", &"x".repeat(41), &"x".repeat(400)] {
            let names = LeaseNames::new(tenant, "0123456789abcdef");
            assert_ne!(names, LeaseNames::new(&format!("{tenant}!"), "0123456789abcdef"));
            for name in [&names.lead, &names.waits, &names.own] {
                assert!(name.len() <= 64 && name.is_ascii(), "{name}");
            }
        }
    }
}
