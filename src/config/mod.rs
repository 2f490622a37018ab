//! The configuration: a TOML file comes in, a `Config` of checked values goes out, or all mistakes with file, line and
//! key. What is written (`written`) and what is meant (`meant`) are different types. It never holds a secret itself,
//! never prints one, and never changes a file.

mod check;
mod meant;
mod place;
mod secrets;
#[cfg(test)]
mod tests;
mod written;

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub use meant::{
    Addressing, Auth, AuthResults, BlobKey, Clamd, ClamdPlace, Config, EnvelopeSender, FileRule, FileRules, Files,
    Firm, Grant, Imap, Layout, Limits, Log, LogFormat, LogLevel, Login, Mailbox, OAuth, Profile, Smtp, Tls, WayIn,
    WayOut,
};
pub use secrets::{SecretError, read_private_file};

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, counted from 1; 0 if the file couldn't be read at all.
    pub line: usize,
    /// The key with its tables (`firm.smtp.host`); empty if the line can't be read as TOML.
    pub key: String,
    /// What is wrong.
    pub text: String,
}

/// All mistakes that were found in one file; none of its values may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The mistakes in the order of their lines; at least one.
    pub errors: Vec<ConfigError>,
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.errors.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            // Line 0 is no line: the file itself can't be read.
            match error.line {
                0 => write!(f, "{}: ", self.file.display())?,
                line => write!(f, "{}:{line}: ", self.file.display())?,
            }
            if !error.key.is_empty() {
                write!(f, "{}: ", error.key)?;
            }
            f.write_str(&error.text)?;
        }
        Ok(())
    }
}

/// Whether the files and variables that hold secrets are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrets {
    Read,
    Leave,
}

impl Config {
    /// Reads and checks the file at `path`, and reads the secrets it names; relative paths in it are meant from its folder.
    pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
        load(path, Secrets::Read)
    }

    /// As `load`, but leaves all passwords and client secrets empty: for commands that use no network and may be run
    /// by somebody who can't read the secrets, or outside the service that is given them. The key of the blobs is read if
    /// it can be.
    pub fn load_offline(path: &Path) -> Result<Config, ConfigErrors> {
        load(path, Secrets::Leave)
    }
}

fn load(path: &Path, secrets: Secrets) -> Result<Config, ConfigErrors> {
    let fail = |errors| ConfigErrors { file: path.to_owned(), errors };
    let text = std::fs::read_to_string(path)
        .map_err(|e| fail(vec![ConfigError { line: 0, key: String::new(), text: format!("can't be read: {e}") }]))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read(&text, folder, &|name| std::env::var(name).ok(), secrets).map_err(fail)
}

fn read(
    text: &str,
    folder: &Path,
    environment: secrets::Environment<'_>,
    secrets: Secrets,
) -> Result<Config, Vec<ConfigError>> {
    let table = match DeTable::parse_recoverable(text) {
        (table, errors) if errors.is_empty() => table,
        // what was read beside the mistake may be read wrongly: only the line says something
        (_, errors) => {
            let places = place::Places::new(text, &DeTable::new());
            return Err(errors.iter().map(|e| toml_error(text, &places, e)).collect());
        }
    };
    let places = place::Places::new(text, table.get_ref());
    let written: written::File = toml::from_str(text).map_err(|e| vec![toml_error(text, &places, &e)])?;
    let mut checker =
        check::Checker { places: &places, folder, environment, secrets, store: PathBuf::new(), errors: Vec::new() };
    let config = checker.config(&written);
    let mut errors = checker.errors;
    errors.sort_by_key(|e| e.line);
    if errors.is_empty() { Ok(config) } else { Err(errors) }
}

/// A number that no port can be is told as that, not as a type.
fn plain(message: &str) -> String {
    let is_number = message.contains("integer");
    match message.rsplit_once("expected ") {
        Some((_, "u16")) if is_number => "must be between 1 and 65535".to_owned(),
        Some((_, "u8" | "u16" | "u32" | "u64" | "usize")) if is_number => {
            "must be a whole number above zero".to_owned()
        }
        Some((said, "u8" | "u16" | "u32" | "u64" | "usize")) => format!("{said}expected a number without quotes"),
        _ => message.to_owned(),
    }
}

fn toml_error(text: &str, places: &place::Places, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or_default();
    let mut key = place::readable(places.path_at(&span));
    // serde points at the table round a missing key
    let missing = error.message().strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(name) = missing {
        key = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    }
    let line = places.line_at(span.start);
    if key.is_empty() {
        // what isn't TOML is in no table; the line itself may still name the key
        let written = text.lines().nth(line.saturating_sub(1)).and_then(|l| l.split_once('='));
        key = written.map_or_else(String::new, |(name, _)| name.trim().to_owned());
    }
    ConfigError { line, key, text: plain(error.message()) }
}
