//! What the account may do: the little that it needs, and what it had better not.

use crate::source::preflight::Finding;
use crate::source::preflight::facts::{BinlogStatus, Facts};
use crate::source::{Connection, Flavour, SourceError, SourceParams};

/// What following a shop needs, and what lets an account look at replication only.
const HARMLESS: &[&str] = &[
    "USAGE",
    "SELECT",
    "REPLICATION SLAVE",
    "REPLICATION CLIENT",
    "BINLOG MONITOR",
    "SLAVE MONITOR",
    "REPLICA MONITOR",
];

/// So many privileges of a list are named in a message; the statement names all.
const SHOWN_MAX: usize = 8;

const EVERYTHING: &str = "*.*";

/// What one line of `SHOW GRANTS` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) privileges: Vec<String>,
    /// `*.*`, `` `shop`.* `` and the like.
    pub(super) scope: String,
    /// Quoted as in SQL.
    pub(super) grantee: String,
    /// Whether it may be passed on.
    pub(super) with_grant_option: bool,
}

/// The account's grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grants {
    pub(super) list: Vec<Grant>,
    /// Whether there is a role whose privileges the list may lack.
    pub(super) has_role: bool,
}

/// What the grants say about one global privilege.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// Not directly; a role may give it.
    PerhapsByRole,
}

impl Grants {
    /// Reads the lines of `SHOW GRANTS`. A line may hold the hash of a password: nothing of it is
    /// kept but what is parsed.
    pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut grants = Self::default();
        for line in lines {
            let Some(body) = line.strip_prefix("GRANT ") else {
                continue;
            };
            match Grant::parse(body) {
                Some(grant) => grants.list.push(grant),
                None => grants.has_role = true,
            }
        }
        grants
    }

    pub(super) fn holds(&self, privilege: &str) -> Held {
        let holds = |grant: &Grant| {
            let mut names = grant.privileges.iter();
            grant.scope == EVERYTHING
                && names.any(|name| {
                    name.eq_ignore_ascii_case(privilege)
                        || name.eq_ignore_ascii_case("ALL PRIVILEGES")
                })
        };
        match (self.list.iter().any(holds), self.has_role) {
            (true, _) => Held::Yes,
            (false, true) => Held::PerhapsByRole,
            (false, false) => Held::No,
        }
    }
}

impl Grant {
    /// `None` for the grant of a role, which is on nothing.
    fn parse(body: &str) -> Option<Self> {
        let (privileges, rest) = body.split_once(" ON ")?;
        let (scope, grantee) = rest.split_once(" TO ")?;
        let grantee_end = grantee.split(' ').next().unwrap_or(grantee);
        Some(Self {
            privileges: listed(privileges),
            scope: scope.to_owned(),
            grantee: grantee_end.to_owned(),
            with_grant_option: grantee.contains("WITH GRANT OPTION"),
        })
    }

    /// The privileges that following a shop does not need.
    fn extra(&self) -> Vec<&str> {
        let is_extra = |name: &&str| {
            let is_harmless = HARMLESS.contains(name) || name.starts_with("SELECT (");
            !is_harmless || (*name == "SELECT" && self.scope == EVERYTHING)
        };
        self.privileges.iter().map(String::as_str).filter(is_extra).collect()
    }
}

/// The names between the commas that are not in a column list.
fn listed(privileges: &str) -> Vec<String> {
    let (mut names, mut depth) = (vec![String::new()], 0_u32);
    for letter in privileges.chars() {
        match letter {
            ',' if depth == 0 => {
                names.push(String::new());
                continue;
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(name) = names.last_mut() {
            name.push(letter);
        }
    }
    names.iter().map(|name| name.trim().to_owned()).collect()
}

/// The grants of the account, those of its active roles included.
pub(super) async fn read(conn: &mut Connection) -> Result<Grants, SourceError> {
    const DOING: &str = "read the account's privileges";
    // MariaDB shows the role's grants by itself.
    let roles = match conn.flavour() {
        Flavour::Mysql if conn.version() >= (8, 0, 0) => {
            conn.text(DOING, "SELECT CURRENT_ROLE()").await?.filter(|roles| roles != "NONE")
        }
        Flavour::Mysql | Flavour::Mariadb => None,
    };
    let sql = match roles {
        Some(roles) => format!("SHOW GRANTS FOR CURRENT_USER() USING {roles}"),
        None => "SHOW GRANTS".to_owned(),
    };
    let rows = conn.rows(DOING, &sql).await?;
    Ok(Grants::parse(rows.iter().filter_map(|row| row.at(0))))
}

/// Judges what the account needs to follow the binlog.
pub(super) fn judge_running(grants: &Grants, facts: &Facts, account: &str) -> Vec<Finding> {
    vec![replication_slave(grants, account), binlog_monitor(facts, account)]
}

/// Judges that, and what the account has beyond it.
pub(super) fn judge(
    grants: &Grants,
    facts: &Facts,
    params: &SourceParams,
    account: &str,
) -> Vec<Finding> {
    let mut findings = judge_running(grants, facts, account);
    findings.push(extra(grants, facts, params));
    findings
}

fn replication_slave(grants: &Grants, account: &str) -> Finding {
    const CHECK: &str = "grant_replication_slave";
    let fix = "let the account follow the binlog";
    let sql = global("REPLICATION SLAVE", &quoted_account(account));
    match grants.holds("REPLICATION SLAVE") {
        Held::Yes => Finding::ok(CHECK, "the account may follow the binlog"),
        Held::No => {
            let message = "the account lacks REPLICATION SLAVE: it may not follow the binlog";
            Finding::fatal(CHECK, message, fix).with_sql(sql)
        }
        Held::PerhapsByRole => {
            let message = "REPLICATION SLAVE is not granted directly; a role must give it";
            Finding::warning(CHECK, message, fix).with_sql(sql)
        }
    }
}

fn binlog_monitor(facts: &Facts, account: &str) -> Finding {
    const CHECK: &str = "grant_replication_client";
    let privilege = monitor_privilege(facts);
    match facts.status {
        BinlogStatus::Denied => {
            let message = format!("the account lacks {privilege}: it may not ask for positions");
            let fatal = Finding::fatal(CHECK, message, "let the account ask for positions");
            fatal.with_sql(global(privilege, &quoted_account(account)))
        }
        BinlogStatus::Row(_) | BinlogStatus::Off => {
            Finding::ok(CHECK, "the account may ask for positions")
        }
    }
}

/// What the server calls the right to ask where its binlog ends.
fn monitor_privilege(facts: &Facts) -> &'static str {
    match facts.flavour {
        Flavour::Mariadb if facts.version >= (10, 5, 2) => "BINLOG MONITOR",
        Flavour::Mariadb | Flavour::Mysql => "REPLICATION CLIENT",
    }
}

fn extra(grants: &Grants, facts: &Facts, params: &SourceParams) -> Finding {
    const CHECK: &str = "grant_extra";
    let (mut shown, mut statements) = (Vec::new(), Vec::new());
    let mut needed = Vec::new();
    for grant in &grants.list {
        let extra = grant.extra();
        let Grant { scope, grantee, .. } = grant;
        if grant.with_grant_option {
            shown.push(format!("GRANT OPTION on {scope}"));
            statements.push(format!("REVOKE GRANT OPTION ON {scope} FROM {grantee};"));
        }
        if extra.is_empty() {
            continue;
        }
        let named: Vec<&str> = extra.iter().copied().take(SHOWN_MAX).collect();
        let more = match extra.len().saturating_sub(SHOWN_MAX) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        shown.push(format!("{}{more} on {scope}", named.join(", ")));
        statements.push(format!("REVOKE {} ON {scope} FROM {grantee};", extra.join(", ")));
        let takes_needed = extra.iter().any(|name| ["ALL PRIVILEGES", "SELECT"].contains(name));
        if takes_needed && !needed.contains(grantee) {
            needed.push(grantee.clone());
        }
    }
    if shown.is_empty() {
        return Finding::ok(CHECK, "the account may do no more than it needs");
    }
    for grantee in needed {
        let rights = format!("REPLICATION SLAVE, {}", monitor_privilege(facts));
        statements.push(global(&rights, &grantee));
        statements.push(format!("GRANT SELECT ON `{}`.* TO {grantee};", params.database));
    }
    let message = format!("not needed: {}", shown.join("; "));
    let fix = "give the program an account of its own, or take from this one what it does not need";
    Finding::warning(CHECK, message, fix).with_sql(statements.join("\n"))
}

/// The `GRANT` statement for global privileges.
fn global(privileges: &str, grantee: &str) -> String {
    format!("GRANT {privileges} ON *.* TO {grantee};")
}

/// `cdc@%` as `'cdc'@'%'`.
pub(super) fn quoted_account(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    format!("'{user}'@'{host}'")
}
