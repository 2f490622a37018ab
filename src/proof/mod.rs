//! Who wrote a mail, and how sure we are (sender-proof.md, decisions.md 1–12).
//!
//! In come the raw bytes of a mail, the moment it arrived and what its mailbox's border may be believed; out goes a
//! [`Proof`]: facts that are computed once, stored, and judged by pure functions afterwards ([`level`], [`permits`]).
//! Never decides what a mail is about, never sends anything, never takes "DNS did not answer" for an answer.
//! This is the only user of mail-auth and of the resolver, and no configuration switches it off.
//!
//! ```text
//!  raw mail ─► headers ─► from ─► dkim ─ asks resolver        ┐
//!                 └────────────► auth_results (configured id) ┴─► Proof ─► level ─► permits
//! ```
//!
//! Whom a stranger could be taken for is no proof and changes nothing: [`Proof::taken_for`] says it to the firm.

pub mod auth_results;
pub mod dkim;
pub mod from;
pub mod headers;
mod level;
mod resolver;

pub use dkim::{DkimFact, DkimFinding, DkimVoid, DmarcFact, DmarcPolicy, Published};
pub use from::{Author, FromDefect};
pub use level::{
    Circumstances, CommandClass, Level, Permit, TokenStanding, challenges, level, permits, signer_to_bind,
};

use crate::config::AuthResults;
use crate::domain::address::is_within;
use crate::domain::likeness::{Circle, Likeness};
use auth_results::{Border, MethodResult, related};
use headers::Headers;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use mail_auth::AuthenticatedMessage;
use resolver::Resolver;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// How long DNS is asked about one mail in one go; a mail for which that was too short is proved again later.
const LONGEST: Duration = Duration::from_secs(20);
/// The longest Date field that is read, in octets (threats.md T53).
pub const MAX_DATE: usize = 64;

/// How proofs are to be had: which servers are asked, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSettings {
    /// The DNS servers to ask, those of resolv.conf if `None`: the configuration's `resolver` key.
    pub resolver: Option<Vec<SocketAddr>>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a server is tried.
    pub tries: u32,
}

impl Default for VerifierSettings {
    /// The servers of resolv.conf, 5 seconds, 3 tries (sender-proof.md 5.4).
    fn default() -> VerifierSettings {
        VerifierSettings { resolver: None, timeout: Duration::from_secs(5), tries: 3 }
    }
}

/// Says why no verifier could be made: the system names no usable DNS servers.
#[derive(Debug, thiserror::Error)]
#[error("no DNS resolver: {0}")]
pub struct NoResolver(String);

/// What the facts about a mail amount to, before it is known whose token it bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A signer who speaks for the author's domain signed it.
    Aligned,
    /// Somebody else's signature holds ([`Proof::other_signers`]).
    OtherSigner,
    /// The trusted border says `dmarc=pass`, by SPF alone.
    SpfOnlyTrusted,
    /// Nothing proves who wrote it.
    Unproven,
    /// The author's domain wants mails like this one kept away.
    Forged,
    /// DNS did not answer: prove again later, for up to 72 hours; nothing happens until then (threats.md T20).
    Unknown,
}

/// All facts about who wrote a mail, and what they amount to; stored as JSON with the mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The one author, or why there is none.
    pub from: Result<Author, FromDefect>,
    /// When the mail arrived.
    pub arrived: Timestamp,
    /// The Date field, if there is one that can be read.
    pub date: Option<Timestamp>,
    /// One fact per DKIM signature.
    pub dkim: Vec<DkimFact>,
    /// What DMARC is published for the author's domain.
    pub dmarc: DmarcFact,
    /// What the border said, if the mailbox has a policy for it.
    pub border: Option<Border>,
    /// The signing domain that speaks for the author's domain.
    pub aligned: Option<String>,
    /// Every other domain whose signature holds.
    pub other_signers: Vec<String>,
    /// To is covered by a signature that holds: the aligned one, or any if none is aligned.
    pub to_signed: bool,
    /// Cc likewise.
    pub cc_signed: bool,
    /// Our own check and the border contradict each other; nothing is believed then (sender-proof.md 5.4).
    pub sources_disagree: bool,
    /// What it all amounts to.
    pub verdict: Verdict,
}

impl Proof {
    /// The proof once DNS has been asked for as long as it may: what it did not say counts as absent (threats.md T20).
    pub fn settled(mut self) -> Proof {
        self.verdict = verdict(&self, Patience::Spent);
        self
    }

    /// True if a signer who is believed about the author covers this header field, named in lower case: the aligned one,
    /// else one that is bound to the person. A signature that anybody may add covers nothing (decisions.md 1, 3).
    pub fn covers(&self, name: &str, bound: &[String]) -> bool {
        match &self.aligned {
            Some(domain) => covered(&self.dkim, Some(domain), name),
            None => self.dkim.iter().any(|f| f.passes() && bound.contains(&f.domain) && f.signs(name)),
        }
    }

    /// True if the author's domain asks others to turn away what it did not sign, and only somebody who is not bound to the
    /// person signed this: anybody can, so it serves to ask its owner and for nothing else.
    pub fn is_disowned(&self, bound: &[String]) -> bool {
        let is_bound = || self.other_signers.iter().any(|signer| bound.contains(signer));
        self.verdict == Verdict::OtherSigner && self.dmarc.rejects() && !is_bound()
    }

    /// The domain that signed for the author's where that publishes no DMARC record: nobody says then who may, so it counts
    /// for a person once they have confirmed it (sender-proof.md 5.9).
    pub fn pin(&self) -> Option<&str> {
        let is_published = self.dmarc.policy.is_some() || self.border.as_ref().is_some_and(Border::dmarc_passes);
        // DNS that did not say lets only the author's very domain through.
        self.aligned.as_deref().filter(|_| !is_published && !self.dmarc.temporary)
    }

    /// True if who signed for the author's domain may: DMARC says so, or the person has confirmed that domain.
    pub fn is_pinned(&self, bound: &[String]) -> bool {
        self.pin().is_none_or(|domain| bound.iter().any(|b| b == domain))
    }

    /// Whom its author could be taken for and is not (threats.md T06, T07).
    pub fn taken_for<'c>(&self, circle: &'c Circle) -> Option<Likeness<'c>> {
        let author = self.from.as_ref().ok()?;
        circle.taken_for(&author.address, author.display_name.as_deref())
    }

    /// The author's address, if the mail has exactly one author.
    pub fn address(&self) -> Option<&crate::domain::Address> {
        self.from.as_ref().ok().map(|author| &author.address)
    }
}

/// Proves mails; cheap to share, made once per daemon.
pub struct Verifier {
    resolver: Resolver,
}

impl Verifier {
    /// A verifier that asks the servers of `settings`.
    pub fn new(settings: &VerifierSettings) -> Result<Verifier, NoResolver> {
        let servers = settings.resolver.as_deref();
        let resolver = Resolver::new(servers, settings.timeout, settings.tries).map_err(NoResolver)?;
        Ok(Verifier { resolver })
    }

    /// True if some DNS server answers for the TXT records of `name`; that there are none is an answer, silence is not.
    pub async fn answers(&self, name: &str) -> bool {
        self.resolver.txt(name).await != resolver::Answer::Unavailable
    }

    /// What a domain asks others to do with mail in its name that it did not sign.
    pub async fn published_policy(&self, domain: &str) -> Published {
        dkim::published_policy(domain, &self.resolver).await
    }

    /// Finds out who wrote `raw` as of its arrival; structure limits are the caller's and come first.
    ///
    /// `policy` is that of the mailbox; without one Authentication-Results are not read (sender-proof.md 5.3).
    pub async fn prove(&self, raw: &[u8], arrived: Timestamp, policy: Option<&AuthResults>) -> Proof {
        let wire = wire_form(raw);
        let (author, headers, mut message) = match read(&wire) {
            Ok(read) => read,
            Err(defect) => return nobody(defect, arrived),
        };
        let domain = author.address.domain().to_owned();
        let unasked = dkim::unasked(&mut message, arrived);
        let asking = dkim::verify(&mut message, &domain, arrived, &self.resolver);
        // Whoever wrote the mail chose whose DNS is asked, and must not decide how long the next mail waits (T93).
        let found = tokio::time::timeout(LONGEST, asking).await.unwrap_or(unasked);
        let border = policy.map(|p| auth_results::read(&headers, &domain, p));
        let aligned = found.aligned.or_else(|| vouched_for(&found.dkim, border.as_ref(), &domain));
        let mut proof = Proof {
            from: Ok(author),
            arrived,
            date: date(&headers),
            to_signed: covered(&found.dkim, aligned.as_deref(), "to"),
            cc_signed: covered(&found.dkim, aligned.as_deref(), "cc"),
            other_signers: others(&found.dkim, aligned.as_deref()),
            sources_disagree: disagree(&found.dkim, aligned.as_deref(), border.as_ref(), &domain),
            dkim: found.dkim,
            dmarc: found.dmarc,
            border,
            aligned,
            verdict: Verdict::Unknown,
        };
        proof.verdict = verdict(&proof, Patience::Left);
        proof
    }
}

/// The mail as it travelled: a file with bare LF line ends gets its CRLFs back, anything mixed stays as it is.
fn wire_form(raw: &[u8]) -> Cow<'_, [u8]> {
    let with_cr = raw.windows(2).any(|pair| pair == b"\r\n");
    if with_cr || !raw.contains(&b'\n') {
        return Cow::Borrowed(raw);
    }
    let crlf = |b: &u8| if *b == b'\n' { [Some(b'\r'), Some(b'\n')] } else { [Some(*b), None] };
    Cow::Owned(raw.iter().flat_map(crlf).flatten().collect())
}

type Read<'a> = (Author, Headers<'a>, AuthenticatedMessage<'a>);

/// The strict reading, confirmed by mail-auth's (sender-proof.md 5.2, rule 5; threats.md T16).
fn read(wire: &[u8]) -> Result<Read<'_>, FromDefect> {
    let headers = Headers::read(wire)?;
    let author = from::of(&headers)?;
    let message = AuthenticatedMessage::parse(wire).ok_or(FromDefect::ParsersDisagree)?;
    let author = from::agreed(author, message.from.iter().map(String::as_str))?;
    let same_lines = message.headers.len() == headers.lines().len();
    if same_lines && usize::try_from(message.body_offset) == Ok(headers.body_offset) {
        Ok((author, headers, message))
    } else {
        Err(FromDefect::ParsersDisagree)
    }
}

fn nobody(defect: FromDefect, arrived: Timestamp) -> Proof {
    Proof {
        from: Err(defect),
        arrived,
        date: None,
        dkim: Vec::new(),
        dmarc: DmarcFact::default(),
        border: None,
        aligned: None,
        other_signers: Vec::new(),
        to_signed: false,
        cc_signed: false,
        sources_disagree: false,
        verdict: Verdict::Unproven,
    }
}

fn date(headers: &Headers<'_>) -> Option<Timestamp> {
    let raw = headers.all("Date").next().filter(|v| v.len() <= MAX_DATE)?;
    let text = auth_results::without_comments(&headers::unfold(raw))?;
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

/// The aligned signer for whom the border vouches while we could not get the key, or no longer (threats.md T20, T21).
///
/// Anybody can add a signature in the same name that nobody can check, so all in that name must have lacked only the key.
fn vouched_for(facts: &[DkimFact], border: Option<&Border>, author_domain: &str) -> Option<String> {
    let border = border.filter(|b| b.dmarc_passes())?;
    let passing = border.dkim.iter().filter(|c| c.result == MethodResult::Pass && related(&c.domain, author_domain));
    let mut domains = passing.map(|c| c.domain.as_str());
    domains.find(|domain| by(facts, domain).next().is_some() && by(facts, domain).all(keyless)).map(str::to_owned)
}

fn by<'a>(facts: &'a [DkimFact], domain: &'a str) -> impl Iterator<Item = &'a DkimFact> {
    facts.iter().filter(move |f| f.domain == domain)
}

fn keyless(fact: &DkimFact) -> bool {
    matches!(fact.result, DkimFinding::TempError | DkimFinding::KeyAbsent) && fact.covers_enough()
}

/// Says whether a header field is covered by a signature that is believed: one that passed, or all that are vouched for.
fn covered(facts: &[DkimFact], aligned: Option<&str>, name: &str) -> bool {
    let Some(domain) = aligned else { return facts.iter().any(|f| f.passes() && f.signs(name)) };
    let passed = by(facts, domain).any(DkimFact::passes);
    if passed {
        by(facts, domain).any(|f| f.passes() && f.signs(name))
    } else {
        by(facts, domain).all(|f| f.signs(name))
    }
}

/// Every domain but the aligned one whose signature holds, in order, once.
fn others(facts: &[DkimFact], aligned: Option<&str>) -> Vec<String> {
    let passing = facts.iter().filter(|f| f.passes() && aligned != Some(f.domain.as_str()));
    passing.map(|f| f.domain.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Says whether the border and our own check cannot both be right about the author's domain.
fn disagree(facts: &[DkimFact], aligned: Option<&str>, border: Option<&Border>, author_domain: &str) -> bool {
    let Some(border) = border else { return false };
    let claimed =
        |domain: &str, result: MethodResult| border.dkim.iter().any(|c| c.domain == domain && c.result == result);
    let denied = aligned.is_some_and(|domain| {
        let fails = claimed(domain, MethodResult::Fail) && !claimed(domain, MethodResult::Pass);
        fails || border.dmarc_fails()
    });
    // A key that was not to be had, or a rule of ours that the border lacks, contradicts nobody; a signature that is
    // not there or does not fit does.
    let founded = |domain: &str| facts.iter().any(|f| f.result != DkimFinding::Broken && is_within(domain, &f.domain));
    let passing = border.dkim.iter().filter(|c| c.result == MethodResult::Pass && related(&c.domain, author_domain));
    denied || passing.into_iter().any(|c| !founded(&c.domain))
}

/// Whether DNS may still be asked again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    Left,
    Spent,
}

fn verdict(proof: &Proof, patience: Patience) -> Verdict {
    let Ok(author) = &proof.from else { return Verdict::Unproven };
    if proof.sources_disagree {
        return Verdict::Unproven;
    }
    if proof.aligned.is_some() {
        return Verdict::Aligned;
    }
    let waiting = proof.dmarc.temporary || proof.dkim.iter().any(|f| f.result == DkimFinding::TempError);
    if waiting && patience == Patience::Left {
        return Verdict::Unknown;
    }
    let border_fails = proof.border.as_ref().is_some_and(Border::dmarc_fails);
    if border_fails && proof.dmarc.rejects() {
        Verdict::Forged
    } else if spf_alone(proof.border.as_ref(), author.address.domain()) {
        Verdict::SpfOnlyTrusted
    } else if !proof.other_signers.is_empty() {
        Verdict::OtherSigner
    } else if proof.dmarc.rejects() && !signs_too_little(&proof.dkim, author.address.domain()) {
        Verdict::Forged
    } else {
        Verdict::Unproven
    }
}

/// Says whether the author's domain signed the mail, and only not all that we act on: that speaks for nobody, and not
/// against its author either. Some big providers sign no Message-ID, and ask for rejection.
fn signs_too_little(facts: &[DkimFact], author_domain: &str) -> bool {
    let is_own =
        |f: &&DkimFact| f.result == DkimFinding::Void(DkimVoid::Uncovered) && related(&f.domain, author_domain);
    facts.iter().any(|f| is_own(&f))
}

/// Says whether the border passed the mail by SPF for a domain that belongs to the author's (threats.md T13).
fn spf_alone(border: Option<&Border>, author_domain: &str) -> bool {
    border
        .filter(|b| b.dmarc_passes())
        .and_then(|b| b.spf.as_ref())
        .is_some_and(|spf| spf.result == MethodResult::Pass && related(&spf.domain, author_domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::parse::parse;

    /// RUSTSEC-2026-0009: comments in comments, of which a Date may have any number.
    #[test]
    fn t53_a_date_is_read_up_to_sixty_four_octets_and_no_further() {
        let plain = " Tue, 14 Apr 2026 08:29:00 +0000";
        let with_comment = |octets: usize| format!("{plain} ({})", "x".repeat(octets - plain.len() - 3));
        let nested = |octets: usize| {
            let deep = (octets - plain.len() - 1) / 2;
            format!("{plain} {}{}", "(".repeat(deep), ")".repeat(deep))
        };
        let proved = |value: &str| date(&Headers::read(format!("Date:{value}\r\n\r\n").as_bytes()).unwrap());
        let read = |value: &str| parse(format!("From: a@b.example\r\nDate:{value}\r\n\r\nx").as_bytes()).date;
        for good in [plain.to_owned(), with_comment(64), nested(63)] {
            assert_eq!(proved(&good).unwrap().to_string(), "2026-04-14T08:29:00Z", "{good}");
            assert!(read(&good).is_some(), "{good}");
        }
        for bad in [with_comment(66), nested(67), nested(60_000), format!(" {}", "(".repeat(60_000))] {
            assert_eq!((proved(&bad), read(&bad)), (None, None), "{}", bad.len());
        }
    }
}
