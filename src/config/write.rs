//! Writing files that only their owner may read: whole, or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::config::ConfigError;

/// Read and written by its owner.
const MODE: u32 = 0o600;

/// Replaces a file, or makes it. A reader sees the old text or the new one; the file keeps its owner,
/// and a link to it stays one.
///
/// # Errors
/// It can't be written; then the old one is untouched.
pub fn replace_private(path: &Path, text: &str) -> Result<(), ConfigError> {
    let failed = |source| ConfigError::Unwritable { path: path.to_owned(), source };
    replace(path, text).map_err(failed)
}

/// Makes a file that must not be there yet, owned like `beside` if that one is there.
///
/// # Errors
/// It is there, or can't be written.
pub fn create_private(path: &Path, text: &str, beside: &Path) -> Result<(), ConfigError> {
    let failed = |source| ConfigError::Unwritable { path: path.to_owned(), source };
    let owner = owner(beside).map_err(failed)?;
    write_new(path, text, owner).and_then(|()| sync_directory(path)).map_err(failed)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = match path.canonicalize() {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let mut draft = path.clone().into_os_string();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    match std::fs::remove_file(&draft) {
        // Left by one that was interrupted.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    write_new(&draft, text, owner(&path)?)?;
    std::fs::rename(&draft, &path)?;
    sync_directory(&path)
}

fn write_new(path: &Path, text: &str, owner: Option<(u32, u32)>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    let made = file.metadata()?;
    if let Some((user, group)) = owner
        && (made.uid(), made.gid()) != (user, group)
    {
        fchown(&file, Some(user), Some(group))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Who owns a file, if it is there.
fn owner(path: &Path) -> io::Result<Option<(u32, u32)>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.uid(), metadata.gid()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the name of a new file durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn replaced_file_is_its_owners_alone_and_a_link_stays_one() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::fs::write(directory.path().join("real.new"), "left over").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace_private(&link, "new").unwrap();
        assert_eq!((std::fs::read_to_string(&real).unwrap().as_str(), mode(&real)), ("new", 0o600));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left over");
    }

    #[test]
    fn created_file_is_its_owners_alone_and_never_overwrites_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        create_private(&path, "one", directory.path()).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(create_private(&path, "two", directory.path()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    }

    #[test]
    fn what_can_not_be_written_is_left_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nowhere/file");
        let error = replace_private(&path, "new").unwrap_err();
        assert!(error.to_string().starts_with("write "), "{error}");
    }
}
