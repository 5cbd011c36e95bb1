//! Other readers of the same server under the same account.
//!
//! MariaDB cuts a reader off when another one comes with its number, and does not say why. What a
//! reader can see is whose stream ends when its own begins. MySQL tells the one that it cuts off.

use std::collections::BTreeSet;

use crate::source::{Connection, Flavour, SourceError, SourceParams};

const DOING: &str = "list the readers of this account";

/// The server's own number of this connection; `None` on a server that tells a reader why it is cut
/// off.
pub async fn connection_id(conn: &mut Connection) -> Result<Option<u64>, SourceError> {
    if conn.flavour() == Flavour::Mysql {
        return Ok(None);
    }
    let id = conn.text(DOING, "SELECT CONNECTION_ID()").await?;
    Ok(id.and_then(|id| id.parse().ok()))
}

/// The server's numbers of the connections over which it sends this account the binlog. Every account
/// may see its own. None on a server that tells a reader why it is cut off.
pub async fn binlog_readers(
    conn: &mut Connection,
    params: &SourceParams,
) -> Result<BTreeSet<u64>, SourceError> {
    if conn.flavour() == Flavour::Mysql {
        return Ok(BTreeSet::new());
    }
    let rows = conn.rows(DOING, "SHOW PROCESSLIST").await?;
    let ours = rows.iter().filter(|row| {
        row.get("user") == Some(&params.user)
            && row.get("command").is_some_and(|command| command.starts_with("Binlog Dump"))
    });
    Ok(ours.filter_map(|row| row.get("id")?.parse().ok()).collect())
}
