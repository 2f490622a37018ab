//! Mail addresses, read strictly: what is not plainly `dot-atom@ldh.domain` is no address of anybody's.

use std::fmt;

/// An address in lower case: a dot-atom local part and a domain of letters, digits and hyphens (sender-proof.md 5.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

/// Says that a text is no address that docketpost accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a plain mail address such as jane@example.com")]
pub struct NotAnAddress;

impl Address {
    /// Reads `text` as it stands: no display name, comment, route, quoted local part, 8-bit or trailing dot.
    pub fn parse(text: &str) -> Result<Address, NotAnAddress> {
        let (local, domain) = text.split_once('@').ok_or(NotAnAddress)?;
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        let local_ok =
            !local.is_empty() && local.len() <= 64 && local.split('.').all(|a| !a.is_empty() && a.chars().all(atom));
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let domain_ok = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label);
        if local_ok && domain_ok { Ok(Address(text.to_ascii_lowercase())) } else { Err(NotAnAddress) }
    }

    /// The whole address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(l, _)| l)
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, d)| d)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
