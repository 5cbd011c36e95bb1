//! The source's URL: `mysql://user@host:port/database`.

/// The parts of a source URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceUrl {
    pub(crate) user: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
}

/// Takes a source URL apart. The message says what is wrong, without repeating the URL: it may hold
/// a password that should not be there.
pub(crate) fn parse(url: &str) -> Result<SourceUrl, String> {
    const FORM: &str = "expected mysql://USER@HOST[:PORT]/DATABASE";
    let form = |what: &str| format!("{what}; {FORM}");
    let rest =
        url.strip_prefix("mysql://").ok_or_else(|| form("it does not start with mysql://"))?;
    let (authority, database) = rest.split_once('/').ok_or_else(|| form("it names no database"))?;
    let (user, address) = authority.rsplit_once('@').ok_or_else(|| form("it names no user"))?;
    if user.contains(':') {
        return Err("it holds a password: use ACO_STREAM_SOURCE_PASSWORD or source.password_file"
            .to_owned());
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            let port =
                port.parse().map_err(|_lost| form("its port is not a number up to 65535"))?;
            (host, port)
        }
        _ => (address, 3306),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if user.is_empty() || host.is_empty() || database.is_empty() || database.contains(['/', '?']) {
        return Err(form("a part is empty or has more than it should"));
    }
    Ok(SourceUrl {
        user: percent_decode(user)?,
        host: host.to_owned(),
        port,
        database: percent_decode(database)?,
    })
}

fn percent_decode(text: &str) -> Result<String, String> {
    let broken = || "a percent escape in it is broken".to_owned();
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next().ok_or_else(broken)?, rest.next().ok_or_else(broken)?];
        let digits = std::str::from_utf8(&digits).map_err(|_lost| broken())?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_lost| broken())?);
    }
    String::from_utf8(bytes).map_err(|_lost| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_with_every_part_is_taken_apart() {
        let url = parse("mysql://c%40dc@[::1]:3307/shop").unwrap();
        assert_eq!(
            (url.user.as_str(), url.host.as_str(), url.port, url.database.as_str()),
            ("c@dc", "::1", 3307, "shop")
        );
        assert_eq!(parse("mysql://cdc@db/shop").unwrap().port, 3306);
    }

    #[test]
    fn password_in_the_url_is_refused_and_not_repeated() {
        let message = parse("mysql://cdc:hunter2@db/shop").unwrap_err();
        assert!(message.contains("password_file") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn incomplete_urls_say_what_is_expected() {
        for url in ["postgres://a@b/c", "mysql://db/shop", "mysql://cdc@db", "mysql://cdc@db:x/s"] {
            assert!(parse(url).unwrap_err().contains("mysql://USER@HOST"), "{url}");
        }
    }
}
