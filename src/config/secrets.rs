//! Secrets come from a file that nobody else can read, from an environment variable, or from systemd's credentials
//! folder; they never come from the configuration itself, and are never printed.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Where one secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    File(PathBuf),
    Variable(String),
    Credential(String),
}

/// Says why a secret can't be had, without saying anything of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file isn't there or can't be read.
    #[error("{0} can't be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// Others could read the file (decisions.md 43).
    #[error("{0} may be read by others; make it so that only its owner can (chmod 600)")]
    Open(PathBuf),
    /// The environment has no such variable.
    #[error("the environment variable {0} isn't set")]
    NoVariable(String),
    /// systemd gave no credentials.
    #[error("there are no systemd credentials here (CREDENTIALS_DIRECTORY isn't set; see LoadCredential= in the unit)")]
    NoCredentials,
    /// A credential's name must be a plain file name.
    #[error("a credential's name is a plain name, without folders")]
    BadName,
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
    /// It is no text of one line.
    #[error("the secret isn't one line of text")]
    NotText,
}

/// The environment as this module sees it: a variable's name to its value.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the secret that `source` names; a line end after it is no part of it.
pub(super) fn read(source: &Source, environment: Environment<'_>) -> Result<SecretString, SecretError> {
    match source {
        Source::File(path) => read_private_file(path),
        Source::Variable(name) => clean(environment(name).ok_or_else(|| SecretError::NoVariable(name.clone()))?),
        Source::Credential(name) => {
            if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
                return Err(SecretError::BadName);
            }
            let folder = environment("CREDENTIALS_DIRECTORY").ok_or(SecretError::NoCredentials)?;
            let path = Path::new(&folder).join(name);
            // systemd keeps that folder to the service itself and gives its files modes of its own
            read_text(&path, |_| false)
        }
    }
}

/// Reads a secret from a file that only its owner may read.
pub fn read_private_file(path: &Path) -> Result<SecretString, SecretError> {
    read_text(path, |mode| mode & 0o077 != 0)
}

fn read_text(path: &Path, too_open: impl Fn(u32) -> bool) -> Result<SecretString, SecretError> {
    let unreadable = |e| SecretError::Unreadable(path.to_owned(), e);
    let file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if meta.is_file() && too_open(meta.permissions().mode()) {
        return Err(SecretError::Open(path.to_owned()));
    }
    let mut text = String::new();
    file.take(64 * 1024).read_to_string(&mut text).map_err(unreadable)?;
    clean(text)
}

fn clean(text: String) -> Result<SecretString, SecretError> {
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(SecretError::Empty);
    }
    if line.contains(char::is_control) {
        return Err(SecretError::NotText);
    }
    Ok(SecretString::from(line))
}
