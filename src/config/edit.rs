//! Putting what `init` found out into the text of a configuration file: comments, order and every
//! other key stay as a person wrote them.
//!
//! Pure: text in, text out.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use crate::config::ConfigError;
use crate::config::file::CommerceEnvironment;

/// What a file that `init` makes begins with.
const NEW_FILE: &str = "\
# README.md shows every key, with its default.

[source]
# url = \"mysql://USER@HOST:3306/DATABASE\"      # password: ACO_STREAM_SOURCE_PASSWORD or password_file
tls = \"verify-full\"                            # off | require | verify-ca | verify-full
";

/// What `init` finds out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The shop's environment; the tenant's is the one that pairs with it.
    pub environment: CommerceEnvironment,
    /// `optimizer.ingestion_url`.
    pub ingestion_url: String,
    /// `optimizer.org_id`.
    pub org_id: String,
    /// `optimizer.tenant_id`.
    pub tenant_id: String,
    /// `optimizer.client_id`.
    pub client_id: String,
    /// `optimizer.client_secret_encrypted`.
    pub client_secret_encrypted: String,
    /// `optimizer.key_file`; `None`: the key comes from the environment.
    pub key_file: Option<PathBuf>,
}

/// The text of the file `path` with the setup in it. A `client_secret_file` is taken out: it would
/// go before the encrypted secret. `None` for `text`: there is no file yet.
///
/// # Errors
/// The text is no TOML, or `commerce` or `optimizer` in it is no table.
pub fn edited(path: &Path, text: Option<&str>, setup: &Setup) -> Result<String, ConfigError> {
    let text = text.unwrap_or(NEW_FILE);
    let invalid = |key: &str, message: String| ConfigError::Invalid {
        path: path.to_owned(),
        line: None,
        key: key.to_owned(),
        message,
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| invalid("", error.message().replace('\n', ", ")))?;
    let key_file = setup.key_file.as_ref().map(|path| path.to_string_lossy().into_owned());
    let settings = [
        ("commerce", "environment", Some(setup.environment.name())),
        ("optimizer", "environment", Some(setup.environment.tenant().name())),
        ("optimizer", "ingestion_url", Some(setup.ingestion_url.as_str())),
        ("optimizer", "org_id", Some(setup.org_id.as_str())),
        ("optimizer", "tenant_id", Some(setup.tenant_id.as_str())),
        ("optimizer", "client_id", Some(setup.client_id.as_str())),
        ("optimizer", "client_secret_file", None),
        ("optimizer", "client_secret_encrypted", Some(setup.client_secret_encrypted.as_str())),
        ("optimizer", "key_file", key_file.as_deref()),
    ];
    for (section, key, value) in settings {
        let table = document.entry(section).or_insert_with(|| Item::Table(Table::new()));
        let table = table
            .as_table_like_mut()
            .ok_or_else(|| invalid(section, "expected a table".to_owned()))?;
        match value {
            Some(value) => set(table, key, value),
            None => drop(table.remove(key)),
        }
    }
    Ok(document.to_string())
}

/// Sets a key; what stands around the old value stays.
fn set(table: &mut dyn TableLike, key: &str, text: &str) {
    let mut value = Value::from(text);
    let Some(item) = table.get_mut(key) else {
        table.insert(key, Item::Value(value));
        return;
    };
    if item.as_str() == Some(text) {
        return;
    }
    if let Some(old) = item.as_value() {
        value.decor_mut().clone_from(old.decor());
    }
    *item = Item::Value(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> Setup {
        Setup {
            environment: CommerceEnvironment::Staging,
            ingestion_url: "https://na1-sandbox.api.commerce.adobe.com/T".into(),
            org_id: "ORG@AdobeOrg".into(),
            tenant_id: "T".into(),
            client_id: "C".into(),
            client_secret_encrypted: "v1:AAAA".into(),
            key_file: Some("/etc/aco-stream/key".into()),
        }
    }

    fn edit(text: Option<&str>, setup: &Setup) -> String {
        edited(Path::new("aco-stream.toml"), text, setup).unwrap()
    }

    #[test]
    fn comments_order_and_other_keys_stay() {
        let text = r#"# Our shop.
[store]
path = "/var/lib/aco"   # on the fast disk

[optimizer] # theirs
# asked for in March
tenant_id = "OLD"       # the old one
client_secret_file = "/etc/secret"
timeout_seconds = 10

[source]
url = "mysql://cdc@db/shop"
"#;
        let wanted = r#"# Our shop.
[store]
path = "/var/lib/aco"   # on the fast disk

[optimizer] # theirs
# asked for in March
tenant_id = "T"       # the old one
timeout_seconds = 10
environment = "sandbox"
ingestion_url = "https://na1-sandbox.api.commerce.adobe.com/T"
org_id = "ORG@AdobeOrg"
client_id = "C"
client_secret_encrypted = "v1:AAAA"
key_file = "/etc/aco-stream/key"

[source]
url = "mysql://cdc@db/shop"

[commerce]
environment = "staging"
"#;
        assert_eq!(edit(Some(text), &setup()), wanted);
        assert_eq!(edit(Some(wanted), &setup()), wanted, "once more changes nothing");
    }

    #[test]
    fn new_file_is_complete_but_for_the_source() {
        let text = edit(None, &Setup { key_file: None, ..setup() });
        let table: toml::Table = text.parse().unwrap();
        let optimizer = table["optimizer"].as_table().unwrap();
        assert_eq!(optimizer["client_secret_encrypted"].as_str(), Some("v1:AAAA"));
        assert!(!optimizer.contains_key("key_file"), "{text}");
        let with_url = text.replace("# url = ", "url = ");
        assert!(with_url.parse::<toml::Table>().unwrap()["source"]["url"].is_str(), "{with_url}");
    }

    #[test]
    fn dotted_and_inline_tables_are_edited_too() {
        for text in ["optimizer.tenant_id = \"OLD\"\n", "optimizer = { tenant_id = \"OLD\" }\n"] {
            let table: toml::Table = edit(Some(text), &setup()).parse().unwrap();
            assert_eq!(table["optimizer"]["tenant_id"].as_str(), Some("T"), "{text}");
            assert_eq!(table["optimizer"]["client_id"].as_str(), Some("C"), "{text}");
        }
        let error = edited(Path::new("x"), Some("optimizer = 1"), &setup()).unwrap_err();
        assert!(error.to_string().contains("expected a table"), "{error}");
    }
}
