//! Signs mails by DKIM as a provider would, with keys made at start, for the demo and the tests (decisions.md 12).
//! In comes a finished mail, out goes the same mail under a DKIM-Signature; and the DNS records that make it good.
//! Shares no code with the verifier; never signs for anybody but the demo's own people.

use crate::ids;
use data_encoding::BASE64;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

/// What most providers sign.
pub const USUAL: [&str; 11] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// What Microsoft 365 signs: neither To nor Cc (decisions.md 1).
pub const MICROSOFT: [&str; 6] = ["From", "Date", "Subject", "Message-ID", "Content-Type", "MIME-Version"];

/// A provider's signing key for one domain.
pub struct Signer {
    key: Ed25519KeyPair,
    domain: String,
    selector: String,
}

/// Says that the cryptographic library took no key; not known to happen.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no signing key could be made")]
pub struct NoKey;

impl Signer {
    /// A signer for `domain` with a fresh Ed25519 key.
    pub fn generate(domain: &str, selector: &str) -> Result<Signer, NoKey> {
        let key = Ed25519KeyPair::from_seed_unchecked(&ids::random::<32>()).map_err(|_| NoKey)?;
        Ok(Signer { key, domain: domain.to_owned(), selector: selector.to_owned() })
    }

    /// The name and text of the TXT record that publishes the key.
    pub fn dns_record(&self) -> (String, String) {
        let key = BASE64.encode(self.key.public_key().as_ref());
        (format!("{}._domainkey.{}", self.selector, self.domain), format!("v=DKIM1; k=ed25519; p={key}"))
    }

    /// The mail under a signature of what most providers sign; line ends become CRLF.
    pub fn sign(&self, mail: &[u8]) -> Vec<u8> {
        self.sign_as(mail, &USUAL, "")
    }

    /// The mail under a signature as Microsoft 365 makes it.
    pub fn sign_as_microsoft(&self, mail: &[u8]) -> Vec<u8> {
        self.sign_as(mail, &MICROSOFT, "")
    }

    /// The mail under a signature of these header fields, with further tags such as `t=1; x=2;`.
    pub fn sign_as(&self, mail: &[u8], names: &[&str], tags: &str) -> Vec<u8> {
        let mail = with_crlf(mail);
        let (head, body) = parts(&mail);
        let body_hash = BASE64.encode(&Sha256::digest(relaxed_body(body)));
        let (domain, selector, signed) = (&self.domain, &self.selector, names.join(":"));
        let gap = if tags.is_empty() { "" } else { " " };
        let field = format!(
            "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d={domain}; s={selector};\r\n\t{tags}{gap}h={signed};\r\n\tbh={body_hash};\r\n\tb="
        );
        let fields = fields(head);
        let mut hashed = Sha256::new();
        for name in names {
            // The lowest field of a name is the one that a name in h= means (RFC 6376 5.4.2).
            if let Some(field) = fields.iter().rfind(|f| is_named(f, name)) {
                hashed.update(relaxed_header(field));
                hashed.update(b"\r\n");
            }
        }
        hashed.update(relaxed_header(field.as_bytes()));
        let signature = BASE64.encode(self.key.sign(&hashed.finalize()).as_ref());
        [field.as_bytes(), signature.as_bytes(), b"\r\n", &mail].concat()
    }
}

/// The mail with CRLF at the end of every line, whatever it had.
fn with_crlf(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len());
    for line in mail.split_inclusive(|b| *b == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => out.extend_from_slice(&[text.strip_suffix(b"\r").unwrap_or(text), b"\r\n"].concat()),
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// The header block and the body of a mail with CRLF line ends.
fn parts(mail: &[u8]) -> (&[u8], &[u8]) {
    let end = mail.windows(4).position(|w| w == b"\r\n\r\n").map_or(mail.len(), |at| at.saturating_add(2));
    let (head, rest) = mail.split_at_checked(end).unwrap_or((mail, &[]));
    (head, rest.get(2..).unwrap_or_default())
}

/// The header fields, each with its folds.
fn fields(head: &[u8]) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in head.split_inclusive(|b| *b == b'\n') {
        match (line.first(), fields.last_mut()) {
            (Some(b' ' | b'\t'), Some(field)) => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    fields
}

fn is_named(field: &[u8], name: &str) -> bool {
    field.split(|b| *b == b':').next().is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
}

/// A field by RFC 6376 3.4.2: name in lower case, unfolded, runs of white space as one space, none at the ends.
fn relaxed_header(field: &[u8]) -> Vec<u8> {
    let mut halves = field.splitn(2, |b| *b == b':');
    let name = halves.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let value = halves.next().unwrap_or_default();
    let words = value.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).filter(|w| !w.is_empty());
    let value = words.collect::<Vec<_>>().join(&b' ');
    [name.as_slice(), b":", &value].concat()
}

/// A body by RFC 6376 3.4.4: runs of white space as one space, none at line ends, no empty lines at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut kept = 0usize;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let begins_blank = matches!(text.first(), Some(b' ' | b'\t'));
        let words: Vec<&[u8]> = text.split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty()).collect();
        if begins_blank && !words.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(&words.join(&b' '));
        out.extend_from_slice(b"\r\n");
        if !words.is_empty() {
            kept = out.len();
        }
    }
    out.truncate(kept);
    out
}

/// The name and text of a DMARC record for `domain` with this policy: `none`, `quarantine` or `reject`.
pub fn dmarc_record(domain: &str, policy: &str) -> (String, String) {
    (format!("_dmarc.{domain}"), format!("v=DMARC1; p={policy}"))
}
