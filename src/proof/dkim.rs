//! DKIM, verified by ourselves, and whether a signer speaks for the author's domain (sender-proof.md 5.4, decisions.md 1).
//! In come the bytes of a mail and the moment it arrived, out goes one fact per signature and what DMARC is published.
//! Never lets a signature count that leaves something we act on unsigned, and never takes trouble with DNS for an answer.

use super::auth_results::related;
use super::headers::unfold;
use super::resolver::{Answer, Resolver};
use crate::domain::address::is_mail_domain;
use futures_util::future::join_all;
use jiff::Timestamp;
use mail_auth::common::crypto::Algorithm;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::dkim::DkimError;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::dmarc::{Alignment, Dmarc, Policy};
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, DnsError, Error, Parameters, ResolverCache, SpfOutput,
    Txt,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

/// The most signatures of one mail that are examined.
const MAX_SIGNATURES: usize = 10;
/// The most names in `h=` that are looked at.
const MAX_SIGNED_NAMES: usize = 200;
/// The smallest RSA key that proves anything, in bits (RFC 8301).
const MIN_RSA_BITS: usize = 1024;
/// How far its mail's arrival may lie before a signature was made, or after it ended, in seconds (sender-proof.md 5.5,
/// fault F42).
const SLACK_SECS: i64 = 600;
/// What a signature has to cover (decisions.md 1).
const MUST_SIGN: [&str; 4] = ["from", "date", "subject", "message-id"];

/// What one DKIM signature of a mail was found to be; stored with the mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimFact {
    /// The signing domain `d=`, lower case.
    pub domain: String,
    /// The selector `s=`, lower case.
    pub selector: String,
    /// SHA-256 of the key record used, in hexadecimal.
    pub key_sha256: Option<String>,
    /// The signed header names `h=`, lower case, in order.
    pub signed: Vec<String>,
    /// The outcome.
    pub result: DkimFinding,
}

/// The outcome of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DkimFinding {
    /// It holds, and covers what it has to.
    Pass,
    /// It was examined with its key and does not fit this mail.
    Broken,
    /// It counts as no signature, for this reason.
    Void(DkimVoid),
    /// Its key is not published (any more).
    KeyAbsent,
    /// DNS did not say; to be asked again.
    TempError,
}

/// Why a signature counts as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DkimVoid {
    /// It cannot be read, or in two ways.
    Malformed,
    /// It leaves the rest of the body open by `l=` (threats.md T14).
    BodyLength,
    /// SHA-1, or RSA below 1024 bits (threats.md T19).
    Weak,
    /// It holds, but From, Date, Subject or Message-ID is not signed (decisions.md 1).
    Uncovered,
    /// It had expired when the mail arrived.
    Expired,
    /// It was made later than the mail arrived.
    Future,
    /// Its key says `t=y`: the domain is only testing.
    Testing,
    /// Its key cannot be read, is revoked, or is not for mail.
    Key,
    /// More signatures stand before it than are examined.
    TooMany,
}

impl DkimFact {
    /// A signature of which nothing is worth keeping but that it counts as none.
    const fn unread(result: DkimFinding) -> DkimFact {
        DkimFact { domain: String::new(), selector: String::new(), key_sha256: None, signed: Vec::new(), result }
    }

    /// Says whether the signature holds.
    pub fn passes(&self) -> bool {
        self.result == DkimFinding::Pass
    }

    /// Says whether the signature covers this header field, named in lower case.
    pub fn signs(&self, name: &str) -> bool {
        self.signed.iter().any(|s| s == name)
    }

    /// Says whether it covers what it has to (decisions.md 1).
    pub(super) fn covers_enough(&self) -> bool {
        MUST_SIGN.iter().all(|name| self.signs(name))
    }
}

/// What the author's domain asks for mails that fail DMARC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DmarcPolicy {
    /// Nothing.
    None,
    /// To set them aside.
    Quarantine,
    /// To refuse them.
    Reject,
}

impl From<Policy> for DmarcPolicy {
    fn from(policy: Policy) -> DmarcPolicy {
        match policy {
            Policy::Reject => DmarcPolicy::Reject,
            Policy::Quarantine => DmarcPolicy::Quarantine,
            Policy::None | Policy::Unspecified => DmarcPolicy::None,
        }
    }
}

/// What a domain asks others to do with mail in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// DNS does not say.
    Unknown,
    /// There is no record for it.
    None,
    /// This.
    Policy(DmarcPolicy),
}

/// What DMARC is published for `domain`, at its own name or at the nearest above it.
pub(super) async fn published_policy(domain: &str, resolver: &Resolver) -> Published {
    let Some(Answers(records)) = walked(domain, &BTreeSet::new(), resolver).await else { return Published::Unknown };
    for name in steps(domain) {
        if let Some(Txt::Dmarc(record)) = records.get(format!("_dmarc.{name}.").as_str()) {
            return Published::Policy(if name == domain { record.p } else { record.sp }.into());
        }
    }
    Published::None
}

/// What DMARC is published for the author's domain, and who is aligned with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmarcFact {
    /// The policy that applies; `None` without a record.
    pub policy: Option<DmarcPolicy>,
    /// Only the author's very domain may sign (`adkim=s`).
    pub strict: bool,
    /// DNS did not say; to be asked again.
    pub temporary: bool,
}

impl DmarcFact {
    /// Says whether the domain wants failing mails kept away.
    pub fn rejects(&self) -> bool {
        matches!(self.policy, Some(DmarcPolicy::Quarantine | DmarcPolicy::Reject))
    }
}

/// All that was found out about a mail's signatures.
pub(super) struct Findings {
    pub(super) dkim: Vec<DkimFact>,
    pub(super) dmarc: DmarcFact,
    /// The passing signer that speaks for the author's domain.
    pub(super) aligned: Option<String>,
}

/// Verifies every signature of a mail as of its arrival and finds who is aligned with `author_domain`.
pub(super) async fn verify(
    message: &mut AuthenticatedMessage<'_>,
    author_domain: &str,
    arrived: Timestamp,
    resolver: &Resolver,
) -> Findings {
    let mut facts = examine(message, arrived);
    let keys = fetched_keys(&facts, resolver).await;
    for fact in facts.iter_mut().filter(|f| f.result == DkimFinding::TempError) {
        apply_key(fact, &keys);
    }
    keep_open(message, &facts);
    let answers =
        Answers(keys.iter().filter_map(|(name, key)| Some((name.as_str().into(), key.for_mail_auth()?))).collect());
    let outputs = resolver.authenticator.verify_dkim(Parameters::new(&*message).with_txt_cache(&answers)).await;
    let mut verified = outputs.iter().filter(|o| o.signature().is_some());
    let mut passing = Vec::new();
    for fact in facts.iter_mut().filter(|f| f.result == DkimFinding::Pass) {
        let output = verified.next();
        fact.result = output.map_or(DkimFinding::Broken, |o| finding(o.result()));
        if fact.passes() && !fact.covers_enough() {
            fact.result = DkimFinding::Void(DkimVoid::Uncovered);
        }
        passing.extend(output.filter(|_| fact.passes()));
    }
    let (dmarc, aligned) = align(message, &passing, author_domain, &facts, resolver).await;
    Findings { dkim: facts, dmarc, aligned }
}

/// What is known of a mail's signatures when DNS was not asked to the end.
pub(super) fn unasked(message: &mut AuthenticatedMessage<'_>, arrived: Timestamp) -> Findings {
    let dmarc = DmarcFact { temporary: true, ..DmarcFact::default() };
    Findings { dkim: examine(message, arrived), dmarc, aligned: None }
}

/// What the signatures themselves say; one that is worth its key is `TempError` until the key is there.
fn examine(message: &mut AuthenticatedMessage<'_>, arrived: Timestamp) -> Vec<DkimFact> {
    let mut facts = Vec::new();
    // One more than is examined is kept, as a witness that there were more.
    for header in message.dkim_headers.iter().take(MAX_SIGNATURES.saturating_add(1)) {
        let signature = &header.header;
        let signed: Vec<String> = signature.h.iter().map(|h| h.to_ascii_lowercase()).collect();
        let result = match void(header.value, signature, &signed, arrived) {
            _ if facts.len() >= MAX_SIGNATURES => DkimFinding::Void(DkimVoid::TooMany),
            Some(reason) => DkimFinding::Void(reason),
            None => DkimFinding::TempError,
        };
        facts.push(match result {
            DkimFinding::Void(DkimVoid::Malformed | DkimVoid::TooMany) => DkimFact::unread(result),
            result => {
                let (domain, selector) = (signature.d.clone(), signature.s.clone());
                DkimFact { domain, selector, key_sha256: None, signed, result }
            }
        });
    }
    let unread = message.errors.iter().filter(|e| e.name.eq_ignore_ascii_case(b"DKIM-Signature"));
    facts.extend(unread.take(MAX_SIGNATURES).map(|e| {
        DkimFact::unread(DkimFinding::Void(match e.header {
            Error::Dkim(DkimError::SignatureLength) => DkimVoid::BodyLength,
            _ => DkimVoid::Malformed,
        }))
    }));
    facts
}

/// Why a signature counts as none before its key is asked for; `None` if it may count.
fn void(raw: &[u8], signature: &mail_auth::dkim::Signature, signed: &[String], arrived: Timestamp) -> Option<DkimVoid> {
    let Some(tags) = tags(raw) else { return Some(DkimVoid::Malformed) };
    let tag = |name: &str| tags.get(name).map(String::as_str);
    let same = |name: &str, read: &str| tag(name).is_some_and(|t| t.eq_ignore_ascii_case(read));
    let seconds = |name: &str| tag(name).map(|t| t.parse::<i64>().ok().filter(|s| *s >= 0));
    let arrived = arrived.as_second();
    let labels = signature.s.split('.').all(|l| !l.is_empty() && l.len() <= 63);
    if tag("v") != Some("1") || !same("d", &signature.d) || !same("s", &signature.s) {
        return Some(DkimVoid::Malformed);
    }
    if !is_mail_domain(&signature.d) || !labels || !signature.s.is_ascii() || signed.len() > MAX_SIGNED_NAMES {
        return Some(DkimVoid::Malformed);
    }
    if tag("l").is_some() {
        return Some(DkimVoid::BodyLength);
    }
    if signature.a == Algorithm::RsaSha1 {
        return Some(DkimVoid::Weak);
    }
    match (seconds("t"), seconds("x")) {
        (Some(None), _) | (_, Some(None)) => Some(DkimVoid::Malformed),
        (Some(Some(t)), _) if t > arrived.saturating_add(SLACK_SECS) => Some(DkimVoid::Future),
        (Some(Some(t)), Some(Some(x))) if x <= t => Some(DkimVoid::Expired),
        (_, Some(Some(x))) if x.saturating_add(SLACK_SECS) < arrived => Some(DkimVoid::Expired),
        _ => None,
    }
}

/// A tag list (RFC 6376 3.2) with all white space taken out of the values; `None` if a tag stands twice.
fn tags(raw: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = unfold(raw);
    let mut tags = BTreeMap::new();
    for tag in text.split(';').map(str::trim).filter(|t| !t.is_empty()) {
        let (name, value) = tag.split_once('=')?;
        let value = value.split_whitespace().collect::<String>();
        if tags.insert(name.trim().to_owned(), value).is_some() {
            return None;
        }
    }
    Some(tags)
}

/// A key as DNS had it.
enum Key {
    Usable { parsed: Arc<DomainKey>, sha256: String },
    Void { reason: DkimVoid, sha256: String },
    Absent,
    Unavailable,
}

impl Key {
    fn read(answer: Answer) -> Key {
        let records = match answer {
            Answer::Found(records) => records,
            Answer::Absent => return Key::Absent,
            Answer::Unavailable => return Key::Unavailable,
        };
        // RFC 6376 3.6.2.2: several records under one name are undefined; a forger gains nothing by a void key.
        let [record] = records.as_slice() else {
            return Key::Void { reason: DkimVoid::Key, sha256: sha256(&records.concat()) };
        };
        let sha256 = sha256(record);
        let (Some(tags), Ok(parsed)) = (tags(record), DomainKey::parse(record)) else {
            return Key::Void { reason: DkimVoid::Key, sha256 };
        };
        let has =
            |tag: &str, word: &str| tags.get(tag).is_some_and(|v| v.split(':').any(|w| w.eq_ignore_ascii_case(word)));
        let for_mail = !tags.contains_key("s") || has("s", "email") || has("s", "*");
        let by_sha256 = !tags.contains_key("h") || has("h", "sha256");
        let reason = if has("t", "y") {
            DkimVoid::Testing
        } else if !for_mail || !by_sha256 {
            DkimVoid::Key
        } else if parsed.p.public_key_bits() < MIN_RSA_BITS && !is_ed25519(&tags) {
            DkimVoid::Weak
        } else {
            return Key::Usable { parsed: Arc::new(parsed), sha256 };
        };
        Key::Void { reason, sha256 }
    }

    fn for_mail_auth(&self) -> Option<Txt> {
        match self {
            Key::Usable { parsed, .. } => Some(Txt::DomainKey(Arc::clone(parsed))),
            _ => None,
        }
    }
}

fn is_ed25519(tags: &BTreeMap<String, String>) -> bool {
    tags.get("k").is_some_and(|k| k.eq_ignore_ascii_case("ed25519"))
}

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

fn key_name(fact: &DkimFact) -> String {
    format!("{}._domainkey.{}.", fact.selector, fact.domain)
}

async fn fetched_keys(facts: &[DkimFact], resolver: &Resolver) -> BTreeMap<String, Key> {
    let names: BTreeSet<String> = facts.iter().filter(|f| f.result == DkimFinding::TempError).map(key_name).collect();
    let fetch = async |name: String| {
        let answer = resolver.txt(&name).await;
        (name, Key::read(answer))
    };
    join_all(names.into_iter().map(fetch)).await.into_iter().collect()
}

/// `Pass` stands here for "its key is there: to be verified".
fn apply_key(fact: &mut DkimFact, keys: &BTreeMap<String, Key>) {
    let (result, sha256) = match keys.get(&key_name(fact)) {
        Some(Key::Usable { sha256, .. }) => (DkimFinding::Pass, Some(sha256.clone())),
        Some(Key::Void { reason, sha256 }) => (DkimFinding::Void(*reason), Some(sha256.clone())),
        Some(Key::Absent) => (DkimFinding::KeyAbsent, None),
        Some(Key::Unavailable) | None => (DkimFinding::TempError, None),
    };
    fact.result = result;
    fact.key_sha256 = sha256;
}

/// Leaves only those signatures in the message whose key is there, and takes out what mail-auth would judge by its own
/// clock or look up beyond our limits: expiry was judged as of arrival.
fn keep_open(message: &mut AuthenticatedMessage<'_>, facts: &[DkimFact]) {
    let mut at = facts.iter();
    message.dkim_headers.retain(|_| at.next().is_some_and(|f| f.result == DkimFinding::Pass));
    message.errors.clear();
    for header in &mut message.dkim_headers {
        header.header.x = 0;
        header.header.r = false;
        header.header.atps = None;
    }
}

fn finding(result: &DkimResult) -> DkimFinding {
    match result {
        DkimResult::Pass => DkimFinding::Pass,
        DkimResult::TempError(_) => DkimFinding::TempError,
        DkimResult::Neutral(_) | DkimResult::Fail(_) | DkimResult::PermError(_) | DkimResult::None => {
            DkimFinding::Broken
        }
    }
}

/// Finds the DMARC record of the author's domain by the tree walk of RFC 9989, and the passing signer aligned with it.
async fn align(
    message: &AuthenticatedMessage<'_>,
    passing: &[&DkimOutput<'_>],
    author_domain: &str,
    facts: &[DkimFact],
    resolver: &Resolver,
) -> (DmarcFact, Option<String>) {
    let signers: BTreeSet<&str> = facts.iter().filter(|f| f.passes()).map(|f| f.domain.as_str()).collect();
    let own = signers.contains(author_domain).then(|| author_domain.to_owned());
    let Some(answers) = walked(author_domain, &signers, resolver).await else {
        return (DmarcFact { temporary: true, ..DmarcFact::default() }, own);
    };
    // One signer after the other, because mail-auth says that one is aligned but not which.
    let mut fact = DmarcFact::default();
    let mut aligned = own;
    for output in std::iter::once(None).chain(passing.iter().copied().map(Some)) {
        let judged = dmarc(message, output.map(std::slice::from_ref).unwrap_or_default(), &answers, resolver).await;
        let Some(record) = judged.dmarc_record() else { break };
        fact.strict = record.adkim == Alignment::Strict;
        fact.policy = Some(judged.policy().into());
        if aligned.is_none() && *judged.dkim_result() == DmarcResult::Pass {
            aligned = output.and_then(DkimOutput::signature).map(|s| s.d.clone());
        }
    }
    // Without a record there is no organisational domain to ask for: names alone decide, as if DKIM were required.
    if fact.policy.is_none() && aligned.is_none() {
        aligned = signers.into_iter().find(|d| related(d, author_domain)).map(str::to_owned);
    }
    (fact, aligned)
}

async fn dmarc(
    message: &AuthenticatedMessage<'_>,
    outputs: &[DkimOutput<'_>],
    answers: &Answers,
    resolver: &Resolver,
) -> mail_auth::DmarcOutput {
    let spf = SpfOutput::default();
    let parameters = Parameters::new(DmarcParameters::new(message, outputs, "", &spf)).with_txt_cache(answers);
    resolver.authenticator.verify_dmarc(parameters).await
}

/// All answers of the tree walks from the author's domain and from those of the signers; `None` if one is not to be had.
async fn walked(author_domain: &str, signers: &BTreeSet<&str>, resolver: &Resolver) -> Option<Answers> {
    let starts = std::iter::once(author_domain).chain(signers.iter().copied());
    let names: BTreeSet<String> = starts.flat_map(steps).map(|domain| format!("_dmarc.{domain}.")).collect();
    let ask = async |name: String| {
        let answer = resolver.txt(&name).await;
        (name, answer)
    };
    let mut answers = HashMap::new();
    for (name, answer) in join_all(names.into_iter().map(ask)).await {
        let records = match answer {
            Answer::Found(records) => records,
            Answer::Absent => continue,
            Answer::Unavailable => return None,
        };
        // RFC 9989 4.10.1: records of other kinds are passed over, two of ours count as none.
        let mut read = records.iter().filter_map(|r| Dmarc::parse(r).ok());
        if let (Some(record), None) = (read.next(), read.next()) {
            answers.insert(name.into_boxed_str(), Txt::Dmarc(Arc::new(record)));
        }
    }
    Some(Answers(answers))
}

/// The names of a tree walk: the domain itself and its parents of at most seven labels.
fn steps(domain: &str) -> Vec<&str> {
    let parents = domain.match_indices('.').filter_map(|(at, _)| domain.get(at.saturating_add(1)..));
    let short = parents.filter(|p| p.split('.').count() <= 7);
    std::iter::once(domain).chain(short).collect()
}

/// What was looked up beforehand, served to mail-auth as its cache; whatever was not found does not exist.
struct Answers(HashMap<Box<str>, Txt>);

impl ResolverCache<Box<str>, Txt> for Answers {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let absent = || Txt::Error(Error::Dns(DnsError::RecordNotFound(ResponseCode::NXDomain)));
        Some(self.0.get(name).cloned().unwrap_or_else(absent))
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}
