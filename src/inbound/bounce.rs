//! A mail comes in; if it says that another mail could not be delivered, who did not get it and why comes out.
//! Standard reports (RFC 3464) are read by their fields, the many others by what their programs write (gateway.md L2).

use super::parse::Mail;
use super::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

const MAX_RECIPIENTS: usize = 200;
const MAX_TEXT: usize = 256 * 1024;
const MAX_LINES: usize = 4000;

/// What a bounce says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounce {
    /// The addresses that were not reached, in lower case, each once; empty if the bounce names none.
    pub recipients: Vec<String>,
    /// Whether trying again is useless (5.x.x).
    pub permanent: bool,
    /// Whether delivery is still being tried.
    pub delayed: bool,
    /// The enhanced status code such as `5.1.1` (RFC 3463), if there is one.
    pub status: Option<String>,
}

/// Reads a bounce; `None` for every other mail.
pub fn read(mail: &Mail) -> Option<Bounce> {
    // What people write is told by its header alone, which is quick.
    if !is_report(mail) && !from_a_mailer(mail) && !SUBJECT.is_match(&mail.subject) {
        return None;
    }
    if is_challenge(mail) {
        return None;
    }
    let notice = Notice::of(mail);
    let blocks = notice.blocks();
    let reported = !blocks.is_empty() && (is_report(mail) || looks_like_a_bounce(mail, &notice));
    if !reported && !is_report(mail) && !looks_like_a_bounce(mail, &notice) {
        return None;
    }
    if blocks.iter().any(Block::counts) {
        return Some(from_blocks(&blocks, &notice));
    }
    if !blocks.is_empty() && blocks.iter().all(Block::succeeded) {
        return None;
    }
    Some(from_prose(mail, &notice, &blocks))
}

/// One recipient's fields of a delivery report.
#[derive(Clone, Debug, Default)]
struct Block {
    finally: Option<String>,
    original: Option<String>,
    action: Option<String>,
    status: Option<String>,
    diagnostic: Option<String>,
}

impl Block {
    fn recipient(&self) -> Option<String> {
        let plausible = |a: &&String| a.split_once('@').is_some_and(|(local, _)| !local.is_empty());
        self.finally.as_ref().filter(plausible).or(self.original.as_ref().filter(plausible)).cloned()
    }

    fn failed(&self) -> bool {
        match self.action.as_deref() {
            Some(action) => {
                action.starts_with("fail")
                    || action.starts_with("delay")
                    || action.starts_with("error")
                    || action.contains("expired")
            }
            None => self.status.as_deref().is_some_and(|s| !s.starts_with('2')) || self.diagnostic.is_some(),
        }
    }

    fn counts(&self) -> bool {
        self.failed() && self.recipient().is_some()
    }

    fn succeeded(&self) -> bool {
        !self.failed() && self.action.is_some()
    }

    fn delayed(&self) -> bool {
        self.action.as_deref().is_some_and(|a| a.starts_with("delay"))
    }

    /// The receiving server's own code, in the diagnostic, says more than the status that the reporting one made of it.
    fn code(&self) -> Option<String> {
        let outer = self.status.as_deref().and_then(status_in);
        let told: Vec<String> = self.diagnostic.as_deref().map(statuses_in).unwrap_or_default();
        let fits = |code: &&String| {
            is_exact(code) && (code.starts_with('5') || outer.as_deref().is_none_or(|o| o.starts_with('4')))
        };
        let exact = told.iter().find(fits).cloned();
        let vague = outer.as_deref().is_none_or(|o| o.ends_with(".0.0"));
        exact.or(if vague { told.first().cloned() } else { None }).or(outer)
    }
}

/// Whether a code says what is wrong: not "other", not that the time ran out, not merely that it is about the address.
fn is_exact(code: &str) -> bool {
    !code.ends_with(".0.0") && !code.ends_with(".4.7") && !code.ends_with(".1.0")
}

/// The human-readable and the machine-readable text of a bounce without the returned mail.
struct Notice {
    text: String,
    reports: Vec<String>,
    returned: String,
}

impl Notice {
    fn of(mail: &Mail) -> Notice {
        let body = match (&mail.text, &mail.html) {
            (Some(text), _) if !text.trim().is_empty() => text.clone(),
            (_, Some(html)) => super::extract::text_of_html(html),
            _ => String::new(),
        };
        let body = bounded(&body);
        let (text, returned) = split_returned(&body);
        let mut notice = Notice { text: String::from(text), reports: Vec::new(), returned: String::from(returned) };
        for part in mail.attachments.iter().take(20) {
            let bytes = part.bytes.get(..MAX_TEXT).unwrap_or(&part.bytes);
            match part.mime.as_str() {
                "message/delivery-status" | "message/global-delivery-status" => {
                    notice.reports.push(super::charset::decode(bytes, None))
                }
                "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/rfc822-headers" => {
                    notice.returned.push_str(&super::charset::decode(bytes, None));
                }
                _ => {}
            }
        }
        notice
    }

    /// The recipient blocks; some programs write the fields into the text.
    fn blocks(&self) -> Vec<Block> {
        let reported: Vec<Block> = self.reports.iter().flat_map(|r| blocks_in(r)).collect();
        if reported.iter().any(|b| b.recipient().is_some()) {
            return reported;
        }
        let written: Vec<Block> = blocks_in(&self.text).into_iter().filter(|b| b.recipient().is_some()).collect();
        if !written.is_empty() || !self.text.trim().is_empty() && !listed_in(&self.text).is_empty() {
            return written;
        }
        blocks_in(&self.returned).into_iter().filter(|b| b.recipient().is_some()).collect()
    }
}

fn bounded(text: &str) -> String {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Where the notice ends and the returned mail begins.
static RETURNED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xm)^[\ \t]*(?:
        [-=*_\ \t]{2,}\ *(?:below\ this\ line|original\ message|the\ original\ message|message\ text|message\ headers?|returned\ (?:message|mail)
            |unsent\ message|message\ (?:header|body)\ follows|this\ is\ a\ copy|enclosed\ is\ a\ copy|begin\ of|start\ of|header|the\ header
            |undelivered\ message|forwarded\ message|included\ is\ a\ copy|original\ mail|below\ the\ next\ line)(?-u:\b).*
        | (?:below\ is\ a\ copy\ of\ the\ original\ message|message\ (?:headers?|contents?|text)\ follows?|original\ message\ (?:as\ received|follows|headers?)
            |the\ (?:text|header|headers|first\ \d+\ lines)\ of\ (?:your|the)\ (?:original\ |message)|your\ (?:original\ )?message\ (?:follows|header)
            |unsent\ message\ follows|the\ original\ message\ (?:follows|is\ attached)|returned\ message|copy\ of\ (?:your|the)\ (?:original\ )?message
            |headers?\ of\ (?:the|your)\ (?:original\ )?message|your\ message\ reads|here\ is\ (?:your|the)\ (?:original\ )?message)(?-u:\b).*
        | Received:\ ?\(?from(?-u:\b).* | Return-Path:\ ?<.* | (?:X-)?Received:\ by(?-u:\b).*
        | Content-Type:\ (?:message/rfc822|text/rfc822-headers).*
        )$",
    )
});

fn split_returned(text: &str) -> (&str, &str) {
    match RETURNED.find(text) {
        Some(found) => text.split_at(found.start()),
        None => (text, ""),
    }
}

fn blocks_in(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    let mut last_diagnostic = false;
    for line in text.lines().take(MAX_LINES) {
        let folded = line.starts_with([' ', '\t']) && last_diagnostic;
        if folded {
            if let Some(diagnostic) = &mut block.diagnostic
                && diagnostic.len() < 4000
            {
                diagnostic.push(' ');
                diagnostic.push_str(line.trim());
            }
            continue;
        }
        last_diagnostic = false;
        if line.trim().is_empty() {
            flush(&mut blocks, &mut block);
            continue;
        }
        let Some((name, value)) = line.trim().split_once(':') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "final-recipient" => {
                if block.finally.is_some() {
                    flush(&mut blocks, &mut block);
                }
                block.finally = typed_address(value);
            }
            "original-recipient" => block.original = typed_address(value),
            "x-actual-recipient" if block.original.is_none() => block.original = typed_address(value),
            "action" => block.action = Some(value.trim().to_ascii_lowercase()),
            "status" => block.status = Some(value.trim().to_owned()),
            "diagnostic-code" => {
                block.diagnostic = Some(value.trim().to_owned());
                last_diagnostic = true;
            }
            _ => {}
        }
    }
    flush(&mut blocks, &mut block);
    blocks
}

fn flush(blocks: &mut Vec<Block>, block: &mut Block) {
    let full = block.finally.is_some() || block.original.is_some() || block.action.is_some();
    if full && blocks.len() < MAX_RECIPIENTS {
        blocks.push(std::mem::take(block));
    } else {
        *block = Block::default();
    }
}

/// `rfc822; jane@example.com`, with or without the type, brackets or a comment.
fn typed_address(value: &str) -> Option<String> {
    let value = value.rsplit_once(';').map_or(value, |(_, v)| v);
    addresses_in(value).into_iter().next().or_else(|| {
        let bare = value.trim().trim_matches(['<', '>', '"']).to_ascii_lowercase();
        (!bare.is_empty()).then_some(bare)
    })
}

fn from_blocks(blocks: &[Block], notice: &Notice) -> Bounce {
    let failed: Vec<&Block> = blocks.iter().filter(|b| b.counts()).collect();
    let mut recipients: Vec<String> = failed.iter().filter_map(|b| b.recipient()).collect();
    tidy(&mut recipients);
    let delayed = failed.iter().all(|b| b.delayed());
    let codes: Vec<String> = failed.iter().filter_map(|b| b.code()).collect();
    let status = codes.iter().find(|c| c.starts_with('5')).or(codes.first()).cloned();
    let status = match status {
        None => status_in(&notice.text),
        Some(vague) if vague.ends_with(".0.0") => Some(said_of(&recipients, &vague, &notice.text).unwrap_or(vague)),
        exact => exact,
    };
    let permanent = match status.as_deref() {
        _ if delayed => false,
        Some(code) => !code.starts_with('4'),
        None => true,
    };
    Bounce { recipients, permanent, delayed, status }
}

/// The exact code of the same class on the line of the text that begins with a recipient.
fn said_of(recipients: &[String], vague: &str, text: &str) -> Option<String> {
    let class = vague.get(..1)?;
    let of_one = |line: &&str| {
        let line = line.trim_start_matches([' ', '<']).to_ascii_lowercase();
        recipients.iter().any(|r| line.starts_with(r))
    };
    let mut codes = text.lines().take(MAX_LINES).filter(of_one).flat_map(statuses_in);
    codes.find(|c| c.starts_with(class) && is_exact(c))
}

fn tidy(recipients: &mut Vec<String>) {
    recipients.sort();
    recipients.dedup();
    recipients.truncate(MAX_RECIPIENTS);
}

static STATUS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[^0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:$|[^0-9.]|\.(?:$|[^0-9]))"));
static REPLY_CODE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[^0-9.\-:@]|code :)([45])[0-5][0-9](?:[ ,\-]+(?:[45]\.[0-9]+\.[0-9]+|[<a-z])|$)"));

/// The first code that says what is wrong, or the first; never one of success.
fn status_in(text: &str) -> Option<String> {
    let codes = statuses_in(text);
    let first = codes.first();
    let same = |c: &&String| is_exact(c) && first.is_some_and(|f| f.get(..1) == c.get(..1));
    codes.iter().find(same).or(first).cloned()
}

fn statuses_in(text: &str) -> Vec<String> {
    let codes = STATUS.captures_iter(text).filter_map(|c| c.get(1)).map(|m| m.as_str());
    codes.filter(|c| !c.starts_with('2')).take(MAX_RECIPIENTS).map(str::to_owned).collect()
}

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?:"[^"\s@]{1,64}"|[a-z0-9.!#$%&'*+/=?^_`{|}~\-]+)@[a-z0-9](?:[a-z0-9\-.]*[a-z0-9])?"#)
});

fn addresses_in(text: &str) -> Vec<String> {
    ADDRESS
        .find_iter(text)
        .map(|m| m.as_str().trim_start_matches(['\'', '`', '=', '/', '.']).to_ascii_lowercase())
        .collect()
}

fn is_report(mail: &Mail) -> bool {
    let delivery = mail.attachments.iter().any(|a| a.mime.ends_with("delivery-status"));
    delivery || mail.header("x-failed-recipients").is_some()
}

static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\s*(?:\[?(?:spam|bulk|external)\]?:?\s*)?(?:\W*)(?:
        undeliver(?:ed|able) | unzustellbar | nicht\ zustellbar | non\ recapitabile | no\ se\ puede\ entregar | onbestelbaar
        | (?:mail|message|e-?mail|delivery)\ (?:delivery\ )?(?:status\ notification|system|subsystem|failed|failure|failure\ notice|error|problem|undeliverable|report|delay|delayed|not\ delivered|returned|could\ not)
        | delivery\ (?:status|failure|failed|notification|report|problem|error|unsuccessful|has\ failed)
        | (?:mail|message|e-?mail)\ (?:could\ not\ be|not|was\ not|undeliver)
        | returned\ (?:mail|e-?mail|message|to\ sender) | failure\ notice | failure\ delivery | failed\ (?:delivery|mail) | nondeliverable
        | non[-\ ]?deliver\w* | notification:?\ (?:of\ )?(?:delivery|d'état|undeliver) | rejected\ (?:mail|message) | rejected: | warning:?\ (?:could\ not|message|undeliver)
        | user\ unknown | unknown\ user | (?:your\ )?(?:mail|message|e-?mail)\ (?:was\ |to\ .*\ )?(?:could|can)(?:\ ?not|n't)\ be\ delivered
        | could\ not\ (?:send|deliver) | unable\ to\ deliver | can(?:no|')t\ (?:send|deliver) | dsn: | bounce | automatically\ rejected | problem\ delivering | error\ (?:sending|delivering|mail)
        | mdaemon | smtp\ (?:error|server) | mail\ (?:error|rejected|bounced|blocked|transaction) | [*!\s]*spam[*!\s]* | message\ you\ sent | your\ message\ (?:to|was)
        | sorry,?\ your\ (?:mail|message) | permanent\ (?:delivery|failure|fatal) | address\ (?:unknown|not\ found|invalid) | postmaster\ notify | nachricht\ (?:nicht|unzustell) | mail\ konnte
        | メール | 配信 | 送信 | エラー | 投递失败 | 退信 | 系统退信
        )",
    )
});

static PROSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        (?:could|can|was|were|has|have|did|is)\ ?(?:not|n't)\ (?:be\ |been\ |able\ to\ )?(?:be\ )?(?:deliver|reach|send|sent|process|accept)\w*
        | undeliver\w+ | (?:delivery|mail|message)\ (?:to|of|for)(?-u:\b)[^.]{0,80}(?-u:\b)(?:failed|aborted|delayed|impossible) | delivery\ (?:has\ )?(?:failed|failure|error|status\ notification)
        | (?:fatal|permanent|delivery|transient)\ (?:non-fatal\ |fatal\ )?(?:error|failure) | returned\ (?:to\ (?:the\ )?sender|mail|because) | (?:failed|unable)\ (?:to\ |recipient|address)
        | user\ (?:unknown|not\ found|doesn't\ exist|does\ not\ exist|is\ unknown)|unknown\ (?:user|recipient|address|mailbox) | no\ such\ (?:user|mailbox|person|recipient|address|account)
        | mailbox\ (?:is\ )?(?:full|unavailable|not\ found|disabled|inactive|does\ not\ exist) | over\ quota|quota\ exceeded|exceed\w*\ (?:the\ |its\ )?(?:quota|storage)
        | (?:invalid|bad)\ (?:recipient|address|mailbox) | account\ (?:has\ been\ |is\ )?(?:disabled|suspended|deactivated|discontinued|closed) | does\ not\ exist | doesn't\ exist
        | (?:address|recipient)\w*\ (?:was\ |is\ |has\ )?(?:rejected|not\ found|invalid|unknown|refused) | error\ (?:has\ )?(?:occurred|while|delivering) | (?:has\ been|was|is\ being|being)\ (?:returned|rejected|delayed|blocked|refused)
        | not\ listed\ in | did\ not\ reach | an\ error\ was\ detected | no\ longer\ (?:valid|with|works?|in\ use|active|available|employed) | undelivered | automatically\ rejected | host\ unknown | relay(?:ing)?\ (?:denied|not) | email\ address\ .{0,60}not | retry\ (?:timeout|time)
        | (?-u:\b)[45][0-9]{2}\ [45]\.[0-9]\.[0-9]+ | konnte\ (?:\w+\ ){0,6}nicht\ (?:zugestellt|übermittelt) | nicht\ zugestellt | n'a\ pas\ pu|non\ remis | no\ se\ (?:ha\ podido|pudo|puede)\ entregar | impossibile\ (?:consegnare|recapitare)
        | 送信できません|配信できません|配信に失敗|見つかりません|失敗しました|退信|无法(?:投递|送达)",
    )
});

fn from_a_mailer(mail: &Mail) -> bool {
    let from = mail.from_raw.first().map(|f| f.to_ascii_lowercase()).unwrap_or_default();
    let daemon = [
        "mailer-daemon",
        "mailerdaemon",
        "postmaster",
        "mail delivery",
        "mail administrator",
        "mailadmin",
        "mail-daemon",
        "delivery subsystem",
        "delivery system",
        "microsoft exchange",
        "mmdf",
        "uucp",
        "bounce@",
        "bounces@",
        "symantec_antivirus",
        "daemon@",
        "system administrator",
        "mail server",
        "mailserver",
        "mail router",
        "smtp.gateway",
        "e-mail system",
        "mail system",
        "mail-system",
        "noreply@",
        "no-reply@",
        "system attendant",
    ];
    let null_sender =
        mail.header("return-path").is_some_and(|r| matches!(r.trim(), "<>" | "<MAILER-DAEMON>" | "<#@[]>"));
    null_sender || from.is_empty() || daemon.iter().any(|d| from.contains(d))
}

fn looks_like_a_bounce(mail: &Mail, notice: &Notice) -> bool {
    let subject = SUBJECT.is_match(&mail.subject);
    let prose = PROSE.is_match(&notice.text);
    if super::screen::says_away(mail) {
        return false;
    }
    (from_a_mailer(mail) && (subject || prose)) || (subject && prose && !is_answer(mail) && has_evidence(mail, notice))
}

/// Whether a mail that no mailer signs bears what only mailers write: codes, fields, the returned mail.
fn has_evidence(mail: &Mail, notice: &Notice) -> bool {
    let coded = status_in(&notice.text).is_some() || REPLY_CODE.is_match(&notice.text);
    let marked = mail.header("auto-submitted").is_some() || !notice.blocks().is_empty();
    coded || marked || !notice.returned.is_empty()
}

/// A person who answers a bounce quotes it, and their mail names what it answers.
fn is_answer(mail: &Mail) -> bool {
    let subject = mail.subject.trim().to_ascii_lowercase();
    ["re:", "aw:", "fwd:", "fw:", "sv:", "wg:"].iter().any(|p| subject.starts_with(p))
}

static DELAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)warning\ message\ only | (?:has\ been|is|was|been)\ delayed | do\ not\ need\ to\ resend | delivery\ (?:attempts\ will\ continue|will\ (?:continue|be\ (?:retried|attempted)))
        | will\ (?:be\ retried|keep\ trying|continue\ (?:to\ try|trying)|try\ again|retry) | still\ (?:trying|being\ retried|queued) | not\ yet\ been\ delivered | (?:could|can)\ not\ (?:be\ delivered|send(?:\ message)?)\ for\ (?:the\ )?(?:past|last|more\ than)
        | no\ action\ is\ required | transient\ non-fatal | temporary\ (?:failure|problem)(?-u:\b)[^.]{0,80}will | (?:message|delivery)\ (?:is\ )?(?:delayed|delay(?-u:\b))",
    )
});

static GIVEN_UP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"giv(?:en|ing) up|too long|expired|permanent (?:error|fail|fatal)|will not be retried|not going to try again|gave up|timed? ?out after|retry timeout exceeded|returned to (?:the )?sender|fatal errors|failed permanently|final",
    )
});

static SOFT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"temporar|try again|timed out|could not connect|connection (?:refused|timed)|too many messages|disk full|storage",
    )
});

fn from_prose(mail: &Mail, notice: &Notice, blocks: &[Block]) -> Bounce {
    let recipients = recipients_of(mail, notice);
    let fields = || notice.reports.iter().flat_map(|r| blocks_in(r)).find_map(|b| b.code());
    let status = blocks.iter().find_map(Block::code).or_else(|| status_in(&notice.text)).or_else(fields);
    let warned = DELAY.is_match(&notice.text) || DELAY.is_match(&mail.subject);
    let delayed = warned && !GIVEN_UP.is_match(&notice.text);
    let reply = REPLY_CODE.captures(&notice.text).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned());
    let class = status.as_deref().and_then(|s| s.chars().next()).or_else(|| reply.and_then(|r| r.chars().next()));
    let permanent = match class {
        _ if delayed => false,
        Some(class) => class != '4',
        None => GIVEN_UP.is_match(&notice.text) || !SOFT.is_match(&notice.text),
    };
    Bounce { recipients, permanent, delayed, status }
}

fn recipients_of(mail: &Mail, notice: &Notice) -> Vec<String> {
    let mut named: Vec<String> = mail.header_all("x-failed-recipients").flat_map(addresses_in).collect();
    if !named.is_empty() {
        tidy(&mut named);
        return named;
    }
    let not_theirs = own_addresses(mail);
    let wanted = |a: &String| !not_theirs.contains(a) && !is_program(a);
    let announced =
        ANNOUNCED.find(&notice.text).and_then(|m| notice.text.get(m.end()..)).map(listed_in).unwrap_or_default();
    let local = || local_name(mail, &notice.text).into_iter().collect();
    let listed = if announced.is_empty() { listed_in(&notice.text) } else { announced };
    let listed: Vec<String> = if listed.is_empty() { local() } else { listed };
    let mut found: Vec<String> = listed.iter().filter(|a| wanted(a)).cloned().collect();
    if found.is_empty() {
        found = listed.into_iter().filter(|a| !is_program(a)).collect();
    }
    if found.is_empty() {
        found = spoken_of(&notice.text).into_iter().filter(wanted).collect();
    }
    if found.is_empty() {
        found = addressees(&notice.returned).into_iter().filter(wanted).collect();
    }
    tidy(&mut found);
    found
}

/// A provider that lists its own customers leaves out its domain: one word alone below the announcement.
fn local_name(mail: &Mail, text: &str) -> Option<String> {
    let below = text.get(ANNOUNCED.find(text)?.end()..)?;
    let line = below.lines().map(str::trim).find(|l| !l.is_empty())?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let (_, domain) = mail.from.as_ref()?.address.split_once('@')?;
    let name = line.len() <= 64 && line.chars().all(is_name) && line.chars().any(char::is_alphanumeric);
    name.then(|| format!("{line}@{domain}").to_ascii_lowercase())
}

/// The sender of the bounce and its addressee (who sent the returned mail) are not who was missed.
fn own_addresses(mail: &Mail) -> Vec<String> {
    let of = |m: &super::parse::Mailbox| m.address.to_ascii_lowercase();
    let mut own: Vec<String> = mail.from.iter().chain(&mail.to).map(of).collect();
    own.extend(
        ["delivered-to", "return-path", "envelope-to"].iter().flat_map(|h| mail.header_all(h)).flat_map(addresses_in),
    );
    own
}

fn is_program(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    matches!(local, "mailer-daemon" | "postmaster" | "abuse" | "helpdesk" | "support") || !address.contains('@')
}

/// What programs write above the list of those who were missed.
static ANNOUNCED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"following (?:recipient|address|e-?mail address)[^\n]*|did not reach[^\n]*|was not delivered to[^\n]*|permanent (?:fatal |delivery )?errors[^\n]*|could not be delivered to[^\n]*",
    )
});

static CHALLENGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"requires confirmation|waitlisted|waiting list|guest list|to (?:confirm|verify) (?:that )?you(?:'re| are)|confirm your (?:e-?mail|message|address|identity)|challenge.?response|add (?:yourself|your address) to (?:my|the) (?:list|white|guest)|spam ?arrest|one-time (?:confirm|verif)",
    )
});

/// Whether a program asks the sender to prove something before it delivers.
pub(super) fn is_challenge(mail: &Mail) -> bool {
    if !from_a_mailer(mail) && mail.header("auto-submitted").is_none() {
        return false;
    }
    let text = bounded(mail.text.as_deref().unwrap_or_default());
    let (notice, _) = split_returned(&text);
    let mut reports = mail.attachments.iter().filter(|a| a.mime.ends_with("delivery-status")).take(3);
    CHALLENGE.is_match(notice) || reports.any(|a| CHALLENGE.is_match(&String::from_utf8_lossy(&a.bytes)))
}

/// Whether a read receipt is none, because it tells that the mail was refused (Dovecot's sieve).
pub(super) fn says_rejected(mail: &Mail) -> bool {
    let text = bounded(mail.text.as_deref().unwrap_or_default());
    text.contains("rejected") && PROSE.is_match(&text)
}

/// Addresses that stand where programs list those who were missed: at the start of a line, perhaps after a label.
static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xm)^[\ \t>]*(?:[-*•]+\ *|\d+[.)]\ *|\(?(?:expanded|generated|original|was)\ (?:from|to)?:?\ *)?(?:(?:intended\ |failed\ |invalid\ |unknown\ )?(?:recipients?|addresse?e?s?|to|rcpt|user|e-?mail|rcpt\ to|mailbox|for|undeliverable\ to|unable\ to\ deliver\ (?:message\ )?to|failed\ addresse?s?|final-recipient)(?:\(s\))?(?:\ name|\ address)?(?:\ *[:=]\ *|\ +))?[\[<'\x22(]*(?:smtp:|rfc822;\ *|mailto:)?[<'\x22]*([a-z0-9.!\x23$%&'*+/=?^_`{|}~\-]+@[a-z0-9](?:[a-z0-9\-.]*[a-z0-9])?)",
    )
});

fn listed_in(text: &str) -> Vec<String> {
    LISTED
        .captures_iter(text)
        .take(MAX_RECIPIENTS)
        .filter_map(|c| c.get(1))
        .map(|m| m.as_str().to_ascii_lowercase())
        .collect()
}

/// Any address of the notice, but for those of Message-IDs, of senders and in requests to write to somebody.
fn spoken_of(text: &str) -> Vec<String> {
    static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"message-?id|^\s*(?:from|sender|reply-to|x-|received|return-path)(?-u:\b)|contact|write to|mailto:|https?://|questions|(?-u:\b)id(?-u:\b)|assistance",
        )
    });
    text.lines()
        .take(MAX_LINES)
        .filter(|l| !ELSEWHERE.is_match(l))
        .flat_map(addresses_in)
        .take(MAX_RECIPIENTS)
        .collect()
}

fn addressees(returned: &str) -> Vec<String> {
    static TO: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^>?\s*(?:to|delivered-to|x-original-to)\s*:(.*)$"));
    TO.captures_iter(returned).take(1).filter_map(|c| c.get(1)).flat_map(|m| addresses_in(m.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::parse::parse;
    use proptest::prelude::*;

    fn bounce(raw: &str) -> Option<Bounce> {
        read(&parse(raw.replace('\n', "\r\n").as_bytes()))
    }

    fn report(fields: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n--b\nContent-Type: message/rfc822\n\nTo: other@x.example\n\nHello\n--b--\n"
        )
    }

    #[test]
    fn a_standard_report_is_read_by_its_fields() {
        let raw = report(
            "Final-Recipient: rfc822; Jane@D.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n",
        );
        let expected = Bounce {
            recipients: vec!["jane@d.example".into()],
            permanent: true,
            delayed: false,
            status: Some("5.1.1".into()),
        };
        assert_eq!(bounce(&raw), Some(expected));
    }

    #[test]
    fn a_delay_is_no_failure() {
        let b = bounce(&report("Final-Recipient: rfc822; jane@d.example\nAction: delayed\nStatus: 4.4.1\n")).unwrap();
        assert!(b.delayed && !b.permanent);
    }

    #[test]
    fn a_report_of_success_is_no_bounce() {
        assert_eq!(
            bounce(&report("Final-Recipient: rfc822; jane@d.example\nAction: delivered\nStatus: 2.0.0\n")),
            None
        );
    }

    #[test]
    fn only_those_who_failed_are_named() {
        let b = bounce(&report("Final-Recipient: rfc822; a@d.example\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; b@d.example\nAction: failed\nStatus: 5.2.2\n")).unwrap();
        assert_eq!(b.recipients, ["b@d.example"]);
    }

    #[test]
    fn a_bounce_in_prose_names_the_addresses_it_lists() {
        let b = bounce("From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nI wasn't able to deliver your message to the following addresses.\n\n<jane@d.example>:\n550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\nTo: jane@d.example\nFrom: m-12@in.example\n").unwrap();
        assert_eq!(b.recipients, ["jane@d.example"]);
        assert_eq!((b.permanent, b.status.as_deref()), (true, Some("5.1.1")));
    }

    #[test]
    fn a_header_of_exim_names_them_too() {
        let b = bounce("From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: a@d.example, b@d.example\nSubject: Mail delivery failed\n\nThis is a permanent error.\n").unwrap();
        assert_eq!(b.recipients, ["a@d.example", "b@d.example"]);
    }

    #[test]
    fn a_person_who_writes_about_a_bounce_is_none() {
        assert_eq!(
            bounce(
                "From: Jane <jane@d.example>\nSubject: Re: Undelivered Mail\n\nMy mail to you was returned: user unknown. 550 5.1.1\n"
            ),
            None
        );
        assert_eq!(
            bounce(
                "From: Jane <jane@d.example>\nSubject: Message from the client\n\nThe exhibits could not be delivered on Friday.\n"
            ),
            None
        );
    }

    #[test]
    fn a_challenge_is_no_bounce() {
        assert_eq!(
            bounce(
                "From: noreply@guard.example\nReturn-Path: <>\nSubject: Undelivered\n\nYour message has been waitlisted. Please confirm your address.\n"
            ),
            None
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_report_is_read(body in "((Final-Recipient|Action|Status|Diagnostic-Code|Original-Recipient|To): \\PC{0,20}\n|<[a-z@.]{0,9}>:?\n|[45][0-9. ]{0,9}\n|--- Below this line\n|\n){0,30}") {
            let _ = bounce(&report(&body));
            let _ = bounce(&format!("From: MAILER-DAEMON\nSubject: failure notice\n\n{body}"));
        }
    }
}
