//! What the border mail server says about a mail: Authentication-Results (RFC 8601), read only where nobody else can
//! have written them (sender-proof.md 5.3).
//! In come the header lines, the author's domain and the mailbox's policy, out go the results, or why there are none.
//! Never reads ARC, Received-SPF or anything inside an attached mail; never trusts a name without its position.

use super::headers::{Headers, Line, unfold};
use crate::config::{AuthResults, Layout, Profile};
use crate::domain::address::is_within;
use serde::{Deserialize, Serialize};

/// The most results in a field, and the most properties of a result; a longer field is malformed.
const MAX_PARTS: usize = 64;

/// A method's result, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodResult {
    /// `pass`.
    Pass,
    /// `fail` and its kin: `softfail`, `hardfail`, `policy`.
    Fail,
    /// `temperror`.
    TempError,
    /// `none`, `neutral`, `permerror`, and every word that is unknown.
    None,
}

/// One result of the border: the method's outcome and the domain that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What the border found.
    pub result: MethodResult,
    /// The domain it found it for, lower case; empty if it named none.
    pub domain: String,
    /// The selector of a signature, if the border named it.
    pub selector: Option<String>,
}

/// Why results of the border are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// The trusted Received lines are not those that are configured, or not as many.
    Hops,
    /// More fields than the border adds.
    TooMany,
    /// A field is not RFC 8601.
    Malformed,
    /// One method has two results.
    Contradiction,
    /// `dmarc` is about another domain than the author's (threats.md T12).
    OtherAuthor,
    /// A field with the border's name stands where an outsider could have put it, and the layout can't tell.
    Stray,
}

/// What the border said, with the facts that were used; stored with the mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Border {
    /// Why nothing of it is used, if so.
    pub void: Option<Void>,
    /// A field with the border's name stood outside the trusted zone: somebody tries, or the border does not strip.
    pub stray: bool,
    /// The DMARC result, with the author domain it is about.
    pub dmarc: Option<Claim>,
    /// The SPF result, with the domain of MAIL FROM or HELO.
    pub spf: Option<Claim>,
    /// SPF alone is not enough for the firm (decisions.md 2).
    pub spf_is_weak: bool,
    /// The DKIM results, one per signature.
    pub dkim: Vec<Claim>,
}

impl Border {
    fn voided(reason: Void, stray: bool) -> Border {
        Border { void: Some(reason), stray, ..Border::default() }
    }

    /// Says whether the border vouches for the author's domain by DMARC.
    pub fn dmarc_passes(&self) -> bool {
        self.dmarc.as_ref().is_some_and(|c| c.result == MethodResult::Pass)
    }

    /// Says whether the border found that the mail fails DMARC.
    pub fn dmarc_fails(&self) -> bool {
        self.dmarc.as_ref().is_some_and(|c| c.result == MethodResult::Fail)
    }
}

/// Reads what the border says about a mail of `author_domain` (threats.md T10–T13).
pub fn read(headers: &Headers<'_>, author_domain: &str, policy: &AuthResults) -> Border {
    let fields = |lines: &[Line<'_>]| -> Vec<String> {
        lines
            .iter()
            .filter(|l| l.name.eq_ignore_ascii_case("Authentication-Results"))
            .map(|l| unfold(l.value))
            .collect()
    };
    let Some((zone, outside)) = zone(headers.lines(), policy) else {
        let stray = fields(headers.lines()).iter().any(|f| claims_to_be_border(f, policy));
        return if stray { Border::voided(Void::Hops, true) } else { Border::default() };
    };
    let stray = fields(&outside).iter().any(|f| claims_to_be_border(f, policy));
    let trusted: Vec<String> = fields(&zone).into_iter().filter(|f| claims_to_be_border(f, policy)).collect();
    if policy.layout == Layout::Below && stray {
        return Border::voided(Void::Stray, true);
    }
    if trusted.len() > usize::from(policy.fields) {
        return Border::voided(Void::TooMany, stray);
    }
    let parsed: Option<Vec<Vec<Outcome>>> =
        trusted.iter().map(|f| parse(f, policy.profile).map(|r| r.outcomes)).collect();
    match parsed {
        Some(fields) => Border {
            spf_is_weak: !policy.spf_alone,
            ..merged(fields.into_iter().flatten().collect(), author_domain, stray)
        },
        None => Border::voided(Void::Malformed, stray),
    }
}

/// What a mail shows of the servers that it came through, whatever is configured: for finding out what to configure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The host that its topmost Received line says.
    pub received_by: Option<String>,
    /// Whose Authentication-Results stand above the border's line, or where the configuration says that the border puts
    /// them; nothing configured: above the topmost. Nobody outside can have written them above.
    pub above: Vec<String>,
    /// Whose stand elsewhere, where anybody can have written them.
    pub below: Vec<String>,
    /// It came through the servers that are configured, if any are.
    pub came_through: bool,
}

/// Looks at a header for whose results it has, and where, as it is configured.
pub fn seen(headers: &Headers<'_>, policy: Option<&AuthResults>) -> Seen {
    let seen = seen_in(headers.lines());
    match policy.map(|policy| zone(headers.lines(), policy)) {
        None => seen,
        Some(None) => Seen { came_through: false, ..seen },
        Some(Some((zone, outside))) => Seen { above: named_in(&zone), below: named_in(&outside), ..seen },
    }
}

/// In whose name the Authentication-Results among these lines are.
fn named_in(lines: &[Line<'_>]) -> Vec<String> {
    let fields = lines.iter().filter(|l| l.name.eq_ignore_ascii_case("Authentication-Results"));
    let clean = fields.filter_map(|l| without_comments(&unfold(l.value)));
    let name = |f: String| f.split([';', ' ', '\t']).find(|w| !w.is_empty()).map(str::to_ascii_lowercase);
    clean.filter_map(name).take(MAX_PARTS).collect()
}

fn seen_in(lines: &[Line<'_>]) -> Seen {
    let first = lines.iter().position(|l| l.name.eq_ignore_ascii_case("Received"));
    let (above, below) = lines.split_at_checked(first.unwrap_or(lines.len())).unwrap_or((lines, &[]));
    let received_by = below.first().and_then(|l| received_by(&unfold(l.value)));
    Seen { received_by, above: named_in(above), below: named_in(below), came_through: true }
}

/// What came back of a mail in which results were forged, each with a mark in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// It came through the servers that are configured, so that what it shows is what the border does.
    pub came_through: bool,
    /// How many forged fields were left.
    pub left: usize,
    /// One of them would be believed.
    pub believed: bool,
    /// The host that its topmost Received line says.
    pub received_by: Option<String>,
    /// What the servers on the way added of their own.
    pub added: Option<Added>,
}

/// Authentication-Results that a server added, and where: what is to be configured to read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// In whose name.
    pub id: String,
    /// How many fields.
    pub fields: usize,
    /// Where they stand about the border's own line.
    pub layout: Layout,
    /// The hosts of the Received lines down to the border's, topmost first.
    pub received_by: Vec<String>,
}

/// Looks at a mail in which results were forged for the domain `mark.invalid`.
pub fn probe(headers: &Headers<'_>, mark: &str, policy: Option<&AuthResults>) -> Probed {
    let is_field = |l: &Line<'_>| l.name.eq_ignore_ascii_case("Authentication-Results");
    let is_forged = |l: &Line<'_>| is_field(l) && unfold(l.value).contains(mark);
    let own: Vec<Line<'_>> = headers.lines().iter().copied().filter(|l| !is_forged(l)).collect();
    let border = policy.map(|p| read(headers, &format!("{mark}.invalid"), p)).unwrap_or_default();
    let claims = border.dmarc.iter().chain(&border.spf).chain(&border.dkim);
    Probed {
        came_through: policy.is_some_and(|p| zone(headers.lines(), p).is_some()),
        left: headers.lines().iter().filter(|l| is_forged(l)).count(),
        believed: claims.into_iter().any(|c| c.domain.contains(mark)),
        received_by: seen_in(&own).received_by,
        added: added(&own),
    }
}

/// Results that stand between two Received lines may be of the server above or below: it is the one that bears their name.
/// Where none does, the upper one is taken, since only then nothing is believed before a test has shown that it may be.
fn added(lines: &[Line<'_>]) -> Option<Added> {
    let is_field = |l: &Line<'_>| l.name.eq_ignore_ascii_case("Authentication-Results");
    let is_received = |l: &Line<'_>| l.name.eq_ignore_ascii_case("Received");
    let first = lines.iter().position(is_field)?;
    let (before, rest) = lines.split_at_checked(first)?;
    let id = seen_in(rest.get(..1)?).above.into_iter().next()?;
    let names_it = |l: &Line<'_>| seen_in(&[*l]).above.first() == Some(&id);
    let host = |l: &Line<'_>| received_by(&unfold(l.value));
    let mut hosts: Vec<String> = before.iter().filter(|l| is_received(l)).map_while(host).collect();
    let next = rest.iter().find(|l| is_received(l)).and_then(host);
    let layout = match (hosts.last(), next) {
        (Some(last), next) if *last == id || next.as_ref() != Some(&id) => Layout::Below,
        (_, Some(next)) => {
            hosts.push(next);
            Layout::Above
        }
        (_, None) => return None,
    };
    let fields = rest.iter().take_while(|l| !is_received(l)).filter(|l| is_field(l) && names_it(l)).count();
    Some(Added { id, fields, layout, received_by: hosts })
}

/// The lines that only the border and what lies behind it can have written, and all others.
fn zone<'a>(lines: &[Line<'a>], policy: &AuthResults) -> Option<(Vec<Line<'a>>, Vec<Line<'a>>)> {
    let border = border_line(lines, policy)?;
    let (above, rest) = lines.split_at_checked(border)?;
    if policy.layout == Layout::Above {
        return Some((above.to_vec(), rest.to_vec()));
    }
    let below = rest.get(1..)?;
    let next_received = below.iter().position(|l| l.name.eq_ignore_ascii_case("Received")).unwrap_or(below.len());
    let (near, far) = below.split_at_checked(next_received)?;
    let (mut zone, mut outside) = (Vec::new(), far.to_vec());
    for line in near.iter().filter(|l| l.name.eq_ignore_ascii_case("Authentication-Results")) {
        if zone.len() < usize::from(policy.fields) { zone.push(*line) } else { outside.push(*line) }
    }
    outside.extend_from_slice(above);
    Some((zone, outside))
}

/// The domains in which Microsoft 365 names the servers behind its border.
const MICROSOFT: [&str; 3] = ["outlook.com", "office365.com", "exchangelabs.com"];

/// Where the border's own Received line stands: the last of exactly `hops` trusted ones at the top. Microsoft's border has
/// another name for each mail and hands it on through so many servers as it likes: there it is the topmost line of a host
/// below the configured domain, with none but Microsoft's above it.
fn border_line(lines: &[Line<'_>], policy: &AuthResults) -> Option<usize> {
    if policy.profile == Profile::M365 {
        for (at, line) in lines.iter().enumerate().filter(|(_, l)| l.name.eq_ignore_ascii_case("Received")) {
            let by = received_by(&unfold(line.value))?;
            if policy.received_by.iter().any(|domain| is_within(&by, domain)) {
                return Some(at);
            }
            if !MICROSOFT.iter().any(|domain| is_within(&by, domain)) {
                return None;
            }
        }
        return None;
    }
    let mut hops = 0usize;
    for (at, line) in lines.iter().enumerate() {
        if !line.name.eq_ignore_ascii_case("Received") {
            continue;
        }
        let by = received_by(&unfold(line.value))?;
        if policy.profile == Profile::Gmail && hops == 0 && by.starts_with("2002:a") {
            continue;
        }
        if !policy.received_by.iter().any(|host| host.eq_ignore_ascii_case(&by)) {
            return None;
        }
        hops = hops.saturating_add(1);
        if hops == usize::from(policy.hops) {
            return Some(at);
        }
    }
    None
}

/// The host after `by` of a Received line: `[from NAME] by HOST …`, comments left out; `None` if it reads otherwise.
fn received_by(value: &str) -> Option<String> {
    let clause = without_comments(value)?;
    let clause = clause.split(';').next()?;
    let mut words = clause.split([' ', '\t']).filter(|w| !w.is_empty());
    let first = words.next()?;
    if first.eq_ignore_ascii_case("from") {
        // The name that the client gave may be the word "by": it is skipped, whatever it is.
        words.next()?;
        if !words.next()?.eq_ignore_ascii_case("by") {
            return None;
        }
    } else if !first.eq_ignore_ascii_case("by") {
        return None;
    }
    words.next().map(str::to_ascii_lowercase)
}

/// The text with every comment replaced by a space; `None` if parentheses don't match.
pub(super) fn without_comments(text: &str) -> Option<String> {
    let (mut kept, mut depth, mut escaped) = (String::with_capacity(text.len()), 0usize, false);
    for c in text.chars() {
        match (c, depth) {
            _ if escaped => escaped = false,
            ('\\', 1..) => escaped = true,
            ('(', _) => depth = depth.saturating_add(1),
            (')', 0) => return None,
            (')', _) => {
                depth = depth.saturating_sub(1);
                kept.push(' ');
            }
            (_, 0) => kept.push(c),
            _ => {}
        }
    }
    (depth == 0).then_some(kept)
}

/// Says whether a field bears the border's name, read as loosely as any other reader might.
fn claims_to_be_border(field: &str, policy: &AuthResults) -> bool {
    if policy.profile == Profile::M365 {
        return parse(field, Profile::Rfc8601).is_none_or(|r| r.id.is_empty());
    }
    let text = without_comments(field).unwrap_or_else(|| field.to_owned());
    let id = text.split(|c: char| c.is_whitespace() || c == ';').find(|w| !w.is_empty()).unwrap_or_default();
    policy.authserv_id.iter().any(|own| own.eq_ignore_ascii_case(id.trim_matches('"')))
}

/// One `method=result` with its properties.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Outcome {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn claim(&self, domain: &str) -> Claim {
        let result = match self.result.as_str() {
            "pass" => MethodResult::Pass,
            "fail" | "softfail" | "hardfail" | "policy" => MethodResult::Fail,
            "temperror" => MethodResult::TempError,
            _ => MethodResult::None,
        };
        Claim { result, domain: domain.to_ascii_lowercase(), selector: self.property("header.s").map(str::to_owned) }
    }
}

/// A field that was read to its end.
#[derive(Debug, PartialEq, Eq)]
struct Field {
    id: String,
    outcomes: Vec<Outcome>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Semicolon,
    Equals,
}

/// Cuts a field into tokens; comments must stand apart from words, and an unknown character voids all (threats.md T11).
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut out: Vec<Token> = Vec::new();
    let mut chars = text.chars().peekable();
    // A word, quoted string or comment may not touch the next one: `firm.example(.evil.test)` is nobody's domain.
    let mut may_begin = true;
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => may_begin = true,
            ';' | '=' => {
                out.push(if c == ';' { Token::Semicolon } else { Token::Equals });
                may_begin = true;
            }
            '(' if may_begin => {
                skip_comment(&mut chars)?;
                may_begin = false;
            }
            '"' if may_begin => {
                out.push(Token::Quoted(quoted(&mut chars)?));
                may_begin = false;
            }
            c if may_begin && is_word(c) => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| is_word(*c)) {
                    word.push(c);
                }
                out.push(Token::Word(word));
                may_begin = false;
            }
            _ => return None,
        }
    }
    Some(out)
}

/// RFC 2045 token characters, and those that domains, addresses and key excerpts bring along unquoted.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-./@^_`{|}~:".contains(c)
}

fn skip_comment(chars: &mut impl Iterator<Item = char>) -> Option<()> {
    let mut depth = 1usize;
    while depth > 0 {
        match chars.next()? {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            '\\' => drop(chars.next()?),
            c if c.is_control() && c != '\t' => return None,
            _ => {}
        }
    }
    Some(())
}

fn quoted(chars: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c if c.is_control() && c != '\t' => return None,
            c => text.push(c),
        }
    }
}

/// Reads a whole field by the grammar of RFC 8601 2.2, from its first to its last character, or not at all.
fn parse(field: &str, profile: Profile) -> Option<Field> {
    let tokens = tokens(field)?;
    let mut parts = tokens.split(|t| *t == Token::Semicolon);
    let mut id = String::new();
    if profile != Profile::M365 {
        match parts.next()? {
            [Token::Word(w) | Token::Quoted(w)] => id.clone_from(w),
            [Token::Word(w) | Token::Quoted(w), Token::Word(version)] if version == "1" => id.clone_from(w),
            // No id at all: Microsoft's dialect, which only its own profile reads.
            _ => return None,
        }
    }
    let parts: Vec<&[Token]> = parts.collect();
    let (last, others) = parts.split_last()?;
    // A trailing semicolon is no RFC 8601, but adds nothing that could be read in two ways.
    let results = if last.is_empty() { others.to_vec() } else { parts.clone() };
    if let [[Token::Word(none)]] = results.as_slice()
        && none.eq_ignore_ascii_case("none")
    {
        return Some(Field { id, outcomes: Vec::new() });
    }
    if results.len() > MAX_PARTS {
        return None;
    }
    let outcomes = results.into_iter().map(outcome).collect::<Option<Vec<_>>>()?;
    Some(Field { id, outcomes })
}

fn outcome(tokens: &[Token]) -> Option<Outcome> {
    let pair = |three: &[Token]| match three {
        [Token::Word(name), Token::Equals, Token::Word(value) | Token::Quoted(value)] => {
            Some((name.to_ascii_lowercase(), value.clone()))
        }
        _ => None,
    };
    if tokens.len() > MAX_PARTS.saturating_mul(3) {
        return None;
    }
    let pairs = tokens.chunks(3).map(pair).collect::<Option<Vec<_>>>()?;
    let mut pairs = pairs.into_iter();
    let (method, result) = pairs.next()?;
    let method = match method.split_once('/') {
        Some((method, "1")) => method.to_owned(),
        Some(_) => return None,
        None => method,
    };
    let properties: Vec<(String, String)> = pairs.collect();
    let twice = properties.iter().enumerate().any(|(at, (name, _))| properties.iter().take(at).any(|(n, _)| n == name));
    (!twice).then(|| Outcome { method, result: result.to_ascii_lowercase(), properties })
}

/// Brings the outcomes of all fields together; one contradiction voids them all.
fn merged(outcomes: Vec<Outcome>, author_domain: &str, stray: bool) -> Border {
    let mut border = Border { stray, ..Border::default() };
    let mut contradiction = false;
    for outcome in &outcomes {
        match outcome.method.as_str() {
            "dmarc" => {
                contradiction |= border.dmarc.is_some();
                border.dmarc = Some(outcome.claim(outcome.property("header.from").unwrap_or_default()));
            }
            "spf" => {
                let claim = outcome.claim(&spf_domain(outcome));
                contradiction |= border.spf.as_ref().is_some_and(|other| other.result != claim.result);
                border.spf.get_or_insert(claim);
            }
            "dkim" => {
                let claim = outcome.claim(&dkim_domain(outcome));
                let excerpt = outcome.property("header.b");
                contradiction |= outcomes.iter().any(|other| {
                    other.method == "dkim"
                        && dkim_domain(other) == claim.domain
                        && other.property("header.s") == claim.selector.as_deref()
                        && other.property("header.b") == excerpt
                        && other.claim("").result != claim.result
                });
                border.dkim.push(claim);
            }
            _ => {}
        }
    }
    if contradiction {
        return Border::voided(Void::Contradiction, stray);
    }
    match &border.dmarc {
        Some(claim) if claim.domain != author_domain => Border::voided(Void::OtherAuthor, stray),
        _ => border,
    }
}

fn dkim_domain(outcome: &Outcome) -> String {
    let named = outcome.property("header.d").or_else(|| outcome.property("header.i"));
    named.map_or_else(String::new, |n| n.rsplit('@').next().unwrap_or_default().to_ascii_lowercase())
}

fn spf_domain(outcome: &Outcome) -> String {
    let named = outcome.property("smtp.mailfrom").or_else(|| outcome.property("smtp.helo"));
    named.map_or_else(String::new, |n| n.rsplit('@').next().unwrap_or_default().to_ascii_lowercase())
}

/// Says whether two domains belong together as far as names alone can tell: equal, or one below the other.
pub(super) fn related(one: &str, other: &str) -> bool {
    one.contains('.') && other.contains('.') && (is_within(one, other) || is_within(other, one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy() -> AuthResults {
        AuthResults {
            authserv_id: vec!["mx.firm.example".into()],
            received_by: vec!["mx.firm.example".into()],
            hops: 1,
            fields: 1,
            layout: Layout::Above,
            profile: Profile::Rfc8601,
            spf_alone: true,
        }
    }

    const BORDER: &str = "Received: from mail.lawfirm.example (mail.lawfirm.example [192.0.2.7])\r\n by mx.firm.example (Postfix) with ESMTPS id 1; Mon, 2 Mar 2026 10:00:00 +0000";
    const PASS: &str = "Authentication-Results: mx.firm.example; dkim=pass (2048-bit) header.d=lawfirm.example header.s=s1;\r\n spf=pass smtp.mailfrom=jane@lawfirm.example; dmarc=pass (p=REJECT) header.from=lawfirm.example";

    fn border_of(lines: &[&str], policy: &AuthResults) -> Border {
        let raw = format!("{}\r\nFrom: jane@lawfirm.example\r\n\r\n", lines.join("\r\n"));
        read(&Headers::read(raw.as_bytes()).unwrap(), "lawfirm.example", policy)
    }

    fn results(value: &str) -> Border {
        border_of(&[&format!("Authentication-Results: {value}"), BORDER], &policy())
    }

    #[test]
    fn the_borders_results_are_read() {
        let b = border_of(&[PASS, BORDER], &policy());
        assert!(b.dmarc_passes() && b.void.is_none() && !b.stray);
        assert_eq!(
            b.dkim[0],
            Claim { result: MethodResult::Pass, domain: "lawfirm.example".into(), selector: Some("s1".into()) }
        );
        assert_eq!(b.spf.unwrap().domain, "lawfirm.example");
        assert_eq!(results("mx.firm.example 1; none"), Border::default());
        assert!(results("MX.Firm.Example ; DMARC=Pass header.from=LawFirm.example").dmarc_passes());
    }

    #[test]
    fn t10_forged_results_are_not_read() {
        let p = policy();
        let nothing = |b: &Border| b.dmarc.is_none() && b.dkim.is_empty() && b.spf.is_none();
        let below = border_of(&[BORDER, PASS], &p);
        assert!(nothing(&below) && below.stray);
        let both = border_of(&[PASS, BORDER, PASS], &p);
        assert!(both.dmarc_passes() && both.stray);
        assert!(nothing(&border_of(&[PASS, PASS, BORDER], &p)));
        let no_border = border_of(&[PASS], &p);
        assert!(nothing(&no_border) && no_border.void == Some(Void::Hops));
        let other_by = BORDER.replace("by mx.firm.example", "by mx.evil.test");
        assert!(nothing(&border_of(&[PASS, &other_by, BORDER], &p)));
        let suffixed = PASS.replace("mx.firm.example;", "mx.firm.example.evil.test;");
        assert_eq!(border_of(&[&suffixed, BORDER], &p), Border::default());
        let folded = PASS.replace(": mx.firm", ":\r\n\tmx.firm");
        assert!(nothing(&border_of(&[BORDER, &folded], &p)));
        for name in [
            "ARC-Authentication-Results",
            "X-Authentication-Results",
            "Authentication-Results-Original",
            "Received-SPF",
        ] {
            assert!(nothing(&border_of(&[&PASS.replace("Authentication-Results", name), BORDER], &p)), "{name}");
        }
    }

    #[test]
    fn t10_the_configured_number_of_hops_is_exact() {
        let p = AuthResults {
            hops: 2,
            received_by: vec!["store.firm.example".into(), "mx.firm.example".into()],
            ..policy()
        };
        let inner = "Received: from mx.firm.example by store.firm.example with LMTP; x";
        assert!(border_of(&[inner, PASS, BORDER], &p).dmarc_passes());
        assert_eq!(border_of(&[PASS, BORDER], &p).void, Some(Void::Hops));
        let forged = border_of(&[inner, BORDER, PASS, BORDER], &p);
        assert!(forged.dmarc.is_none() && forged.stray);
    }

    #[test]
    fn t10_below_its_own_line_the_borders_fields_must_be_the_only_ones() {
        let p = AuthResults { layout: Layout::Below, ..policy() };
        assert!(border_of(&[BORDER, PASS], &p).dmarc_passes());
        assert_eq!(border_of(&[BORDER, PASS, PASS], &p).void, Some(Void::Stray));
        let outer = "Received: from a.b by c.d; x";
        assert_eq!(border_of(&[BORDER, PASS, outer, PASS], &p).void, Some(Void::Stray));
        assert!(border_of(&[BORDER, outer, "X: y"], &p).dmarc.is_none());
    }

    #[test]
    fn t11_injection_through_comments_quotes_and_values_voids_the_field() {
        for value in [
            "mx.firm.example; dkim=pass header.d=lawfirm.example(.evil.test",
            "mx.firm.example; dkim=pass header.d=lawfirm.example(.evil.test)",
            "mx.firm.example; dkim=pass header.d=lawfirm.example\".evil.test\"",
            "mx.firm.example; dkim=pass header.d=lawfirm.example)",
            "mx.firm.example; dkim=pass header.d=a=b",
            "mx.firm.example; dkim=pass header.d",
            "mx.firm.example; dkim = pass stray header.d=lawfirm.example",
            "mx.firm.example; dmarc=pass header.from=lawfirm.example header.from=evil.test",
            "mx.firm.example; dkim=pass header.d=lawfirm.example; \"open",
            "mx.firm.example 2; dmarc=pass header.from=lawfirm.example",
            "mx.firm.example",
            "mx.firm.example dmarc=pass header.from=lawfirm.example",
            "mx.firm.example; dmarc=pass header.from=lawfirm.example; ; none",
            "mx.firm.example; dmarc=pass header.from=läwfirm.example",
        ] {
            let b = results(value);
            assert_eq!(b.void, Some(Void::Malformed), "{value}: {b:?}");
        }
        let quoted = results("mx.firm.example; spf=fail smtp.mailfrom=\"x; dmarc=pass header.from=lawfirm.example\"");
        assert!(quoted.dmarc.is_none() && quoted.void.is_none());
        let comment =
            results("mx.firm.example; spf=fail (dmarc=pass (x) \\) header.from=lawfirm.example) smtp.helo=a.b");
        assert!(comment.dmarc.is_none() && comment.void.is_none());
    }

    #[test]
    fn t11_contradictions_void_all() {
        let two = AuthResults { fields: 2, ..policy() };
        let failing = PASS.replace("dmarc=pass", "dmarc=fail");
        assert_eq!(border_of(&[PASS, &failing, BORDER], &two).void, Some(Void::Contradiction));
        assert_eq!(border_of(&[PASS, PASS, BORDER], &two).void, Some(Void::Contradiction));
        let dkim_only = "Authentication-Results: mx.firm.example; dkim=pass header.d=lawfirm.example";
        let dmarc_only = "Authentication-Results: mx.firm.example; dmarc=pass header.from=lawfirm.example";
        assert!(border_of(&[dkim_only, dmarc_only, BORDER], &two).dmarc_passes());
        let b = results("mx.firm.example; dkim=pass header.d=lawfirm.example; dkim=fail header.d=lawfirm.example");
        assert_eq!(b.void, Some(Void::Contradiction));
        let signatures =
            results("mx.firm.example; dkim=pass header.d=lawfirm.example; dkim=fail header.d=other.example");
        assert_eq!((signatures.void, signatures.dkim.len()), (None, 2));
    }

    #[test]
    fn t12_a_pass_for_another_author_is_void() {
        assert_eq!(results("mx.firm.example; dmarc=pass header.from=evil.test").void, Some(Void::OtherAuthor));
        assert_eq!(results("mx.firm.example; dmarc=pass").void, Some(Void::OtherAuthor));
    }

    #[test]
    fn gmail_and_microsoft_dialects_are_read_by_their_profiles_only() {
        let gmail = AuthResults {
            authserv_id: vec!["mx.google.com".into()],
            received_by: vec!["mx.google.com".into()],
            layout: Layout::Below,
            profile: Profile::Gmail,
            ..policy()
        };
        let lines = [
            "Received: by 2002:a05:6a10:1234:b0:1:2:3 with SMTP id x; Mon, 2 Mar 2026",
            "Received: from mail.lawfirm.example (mail.lawfirm.example. [192.0.2.7]) by mx.google.com with ESMTPS id y; x",
            "Received-SPF: pass (google.com: domain of x)",
            "Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@lawfirm.example header.s=s1 header.b=\"Ab/c+\";\r\n       spf=pass (google.com: domain of jane@lawfirm.example designates 192.0.2.7 as permitted sender) smtp.mailfrom=jane@lawfirm.example;\r\n       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=lawfirm.example",
        ];
        let b = border_of(&lines, &gmail);
        assert!(b.dmarc_passes() && b.dkim[0].domain == "lawfirm.example", "{b:?}");
        let microsoft = "Authentication-Results: spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=lawfirm.example; dkim=pass (signature was verified)\r\n header.d=lawfirm.example;dmarc=pass action=none\r\n header.from=lawfirm.example;compauth=pass reason=100";
        let m365 = AuthResults { profile: Profile::M365, authserv_id: Vec::new(), ..policy() };
        assert!(border_of(&[microsoft, BORDER], &m365).dmarc_passes());
        assert!(border_of(&[microsoft, BORDER], &policy()).dmarc.is_none());
        let below = border_of(&[BORDER, microsoft], &m365);
        assert!(below.dmarc.is_none() && below.stray);
    }

    /// Its border is called otherwise for each mail, and there are now more servers behind it, now fewer.
    #[test]
    fn t10_microsofts_border_is_the_topmost_line_of_its_own_behind_which_nobody_elses_server_stands() {
        let (received_by, profile) = (vec!["mail.protection.outlook.com".into()], Profile::M365);
        let m365 = AuthResults { profile, received_by, authserv_id: Vec::new(), ..policy() };
        let results = "Authentication-Results: spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=lawfirm.example; dkim=pass (signature was verified)\r\n header.d=lawfirm.example;dmarc=pass action=none\r\n header.from=lawfirm.example;compauth=pass reason=100";
        let by = |host: &str| {
            format!("Received: from x.example (192.0.2.7) by {host} (10.167.8.4) with Microsoft SMTP Server; now")
        };
        let border = by("BL02EPF0001A0FA.mail.protection.outlook.com");
        let behind = [
            by("SA1PR19MB5678.namprd19.prod.exchangelabs.com"),
            by("DM6PR08CA0012.namprd08.prod.outlook.com"),
            by("BL1PR13CA0068.outlook.office365.com"),
        ];
        for servers in [&behind[..0], &behind[1..2], &behind[..]] {
            let lines: Vec<&str> = servers.iter().map(String::as_str).chain([results, &border]).collect();
            assert!(border_of(&lines, &m365).dmarc_passes(), "{servers:?}");
        }
        // Its own name below its own line, and a server of somebody's before it is reached.
        let later = border_of(&[&border, results, &border], &m365);
        assert!(later.dmarc.is_none() && later.stray);
        for other in [by("mx.evil.test"), by("x.mail.protection.outlook.com.evil.test"), by("evil-outlook.com")] {
            let b = border_of(&[&behind[1], &other, results, &border], &m365);
            assert!(b.dmarc.is_none() && b.void == Some(Void::Hops), "{other}: {b:?}");
        }
        assert_eq!(border_of(&[results, results, &border], &m365).void, Some(Void::TooMany));
    }

    #[test]
    fn a_received_line_says_by_whom_whatever_the_client_called_itself() {
        for (value, by) in [
            ("from by (x [1.2.3.4]) by mx.firm.example with SMTP; x", Some("mx.firm.example")),
            ("from a (by mx.firm.example) by real.example; x", Some("real.example")),
            ("from a b by mx.firm.example; x", None),
            ("(qmail 1 invoked by uid 0); x", None),
            ("from a) by mx.firm.example; x", None),
            ("from a (b by mx.firm.example; x", None),
            ("by MX.firm.example; x", Some("mx.firm.example")),
            ("from a; by mx.firm.example", None),
        ] {
            assert_eq!(received_by(value).as_deref(), by, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_field_panics(value in "[ -~\t]{0,160}") {
            let _ = results(&format!("mx.firm.example;{value}"));
            let _ = received_by(&value);
        }

        #[test]
        fn quoted_text_of_a_stranger_never_becomes_a_result(text in "[ -~]{0,60}") {
            let quoted: String = text.chars().flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect();
            let b = results(&format!("mx.firm.example; spf=fail smtp.mailfrom=\"{quoted}\""));
            prop_assert!(b.dmarc.is_none() && b.dkim.is_empty());
        }
    }
}
