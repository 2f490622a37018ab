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
    if !is_report(mail) && !from_a_mailer(mail) && !is_unattended(mail) && !SUBJECT.is_match(&mail.subject) {
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
            |original-?nachricht|message\ d'origine|mensaje\ original|messaggio\ originale|undelivered\ message|forwarded\ message|included\ is\ a\ copy|original\ mail|below\ the\ next\ line)(?-u:\b).*
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
        // That the time ran out is no cause; what the other server answered until then is.
        Some(ran_out) if ran_out.ends_with(".4.7") => Some(answered(&notice.text).unwrap_or(ran_out)),
        exact => exact,
    };
    let permanent = match status.as_deref() {
        _ if delayed => false,
        Some(code) => !code.starts_with('4'),
        None => true,
    };
    Bounce { recipients, permanent, delayed, status }
}

/// The exact code for now in what a text says that another server returned.
fn answered(text: &str) -> Option<String> {
    let mut codes = text.lines().take(MAX_LINES).filter(|l| l.contains("returned")).flat_map(statuses_in);
    codes.find(|c| c.starts_with('4') && is_exact(c))
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
    pattern(r#"(?:"[^"@\r\n<>]{1,64}"|[a-z0-9.!#$%&'*+/=?^_`{|}~\-]+)@[a-z0-9](?:[a-z0-9\-.]*[a-z0-9])?"#)
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
        r"(?x)^\s*(?:\[?(?:spam|bulk|external|postmaster)\]?:?\s*)?(?:\W*)(?:
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
        | ihre\ (?:nachricht|e-?mail)\ konnte\ nicht | (?:nachricht|e-?mail)\ ist\ unzustellbar | unzustellbare\ | [ée]chec\ (?:de\ (?:la\ )?)?(?:remise|distribution|livraison|d'envoi) | message\ non\ (?:remis|distribué|délivré) | non\ remis | notification\ d'[ée]tat\ de\ (?:remise|distribution)
        | (?:mensaje|correo)\ no\ entregado | error\ (?:al\ enviar|de\ entrega) | no\ se\ (?:pudo|ha\ podido)\ entregar | mancat[ao]\ (?:consegna|recapito) | (?:messaggio|mail)\ non\ (?:consegnat|recapitat)\w* | (?:mensagem|e-?mail)\ não\ entregue | falha\ na\ entrega | niet\ (?:bezorgd|afgeleverd) | kan\ niet\ worden\ (?:bezorgd|afgeleverd)
        | nie\ (?:można|udało\ się)\ dostarczyć | niedostarcz | недоставлен | (?:сообщение|письмо)\ не\ доставлено | не\ удалось\ доставить | olevererbar | kunde\ inte\ levereras | kunne\ ikke\ leveres | ikke-?lever | nedoručiteln | nelze\ doručit | kézbesíthetetlen | teslim\ edilem | 未送达 | 无法送达 | 無法傳遞 | 배달\ ?(?:실패|되지)
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
        | (?-u:\b)[45][0-9]{2}\ [45]\.[0-9]\.[0-9]+ | konnte\ (?:\w+\ ){0,8}nicht\ (?:zugestellt|übermittelt) | (?:vous|message|mail)\ .{0,40}n'a\ (?:pas\ )?(?:pas\ )?(?:pu\ être|été)\ (?:remis|distribué|délivré) | não\ (?:pôde|foi\ possível|pode)\ .{0,20}(?:ser\ )?entreg | niet\ (?:worden\ )?(?:bezorgd|afgeleverd) | nie\ została?\ dostarczon | nie\ mo(?:żna|gła)\ .{0,20}dostarcz | не\ (?:было|может\ быть|удалось)\ достав | kunde\ inte\ levereras | kunne\ ikke\ (?:leveres|afleveres) | nelze\ doručit | nebylo\ doručeno nicht\ zugestellt | n'a\ pas\ pu|non\ remis | no\ se\ (?:ha\ podido|pudo|puede)\ entregar | impossibile\ (?:consegnare|recapitare)
        | 送信できません|配信できません|配信に失敗|見つかりません|失敗しました|退信|无法(?:投递|送达)",
    )
});

/// The mailboxes of mail servers, by what stands before the `@`.
static MAILER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:mailer[-_.]?daemon|mail[-_.]?daemon|post-?master|mmdf|uucp|bounces?|mail[-_.]?admin(?:istrator)?|mail[-_.](?:delivery|server|router|system)|mailserver|smtp[-_.]gateway|symantec_antivirus)(?:$|[-_.+=])",
    )
});

/// The names that mail servers show, whole: a firm may be called "Mail System Partners".
static MAILER_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[\s\x22'(]*(?:mailer[-\ ]?daemon | mail[-\ ]?daemon | post-?master | mmdf | uucp | (?:(?:internet\ |e-?)?mail\ )?delivery\ (?:sub)?system
        | (?:internet\ )?(?:e-?mail|mail)[-\ ]?(?:system|server|router|gateway)(?:\ administrator)? | mail\ ?admin(?:istrator)? | system\ administrator | mail\ delivery(?:\ (?:service|agent|failure|daemon|notification))?
        | microsoft\ (?:exchange|outlook)(?:\ server|\ on\ behalf\ .*)? | (?:microsoft\ exchange\ )?system\ attendant)[\s\x22')]*$",
    )
});

/// Whether a mail server sent it, by its header: the null sender (RFC 5321, 4.5.5), none at all, or a mailer's own name.
fn from_a_mailer(mail: &Mail) -> bool {
    let null_sender =
        mail.header("return-path").is_some_and(|r| matches!(r.trim(), "<>" | "<MAILER-DAEMON>" | "<#@[]>"));
    let raw = mail.from_raw.first().map(|f| f.to_ascii_lowercase()).unwrap_or_default();
    if null_sender || raw.is_empty() || raw.contains("<>") {
        return true;
    }
    // `MAILER-DAEMON` without any domain is read as no address.
    let address = mail.from.as_ref().map_or(raw.clone(), |f| f.address.to_ascii_lowercase());
    let name = mail.from.as_ref().and_then(|f| f.name.as_deref()).map(str::to_ascii_lowercase);
    let local = address.rsplit_once('@').map_or(address.as_str(), |(local, _)| local).trim_matches(['<', '"', ' ']);
    MAILER.is_match(local) || MAILER_NAME.is_match(local) || name.is_some_and(|n| MAILER_NAME.is_match(&n))
}

/// Whether the header, or a report of the standard form, says that a program sent it.
pub(super) fn is_marked(mail: &Mail) -> bool {
    is_report(mail) || from_a_mailer(mail) || is_unattended(mail) || is_submitted(mail)
}

fn is_submitted(mail: &Mail) -> bool {
    mail.header("auto-submitted").is_some_and(|v| !v.trim().eq_ignore_ascii_case("no"))
}

/// Whether nobody reads what is sent back to this address: a program's, though not only mail servers' own.
fn is_unattended(mail: &Mail) -> bool {
    let local = mail.from.as_ref().and_then(|f| f.address.split('@').next()).unwrap_or_default().to_ascii_lowercase();
    let letters: String = local.chars().filter(char::is_ascii_alphabetic).collect();
    letters.starts_with("noreply") || letters.starts_with("donotreply")
}

/// A mailer needs no more than its words. From any other address the words are a person's, who may write of goods that
/// could not be delivered, unless there is what only programs write.
fn looks_like_a_bounce(mail: &Mail, notice: &Notice) -> bool {
    let subject = SUBJECT.is_match(&mail.subject);
    let prose = PROSE.is_match(&notice.text);
    if !(subject || prose) || super::screen::says_away(mail) {
        return false;
    }
    match from_a_mailer(mail) {
        true => !is_answer(mail) || has_evidence(mail, notice),
        false if is_unattended(mail) => has_evidence(mail, notice),
        false => subject && prose && !is_answer(mail) && !commands(&notice.text) && has_evidence(mail, notice),
    }
}

/// What mail servers say to each other, and programs about it; numbers of clauses and sums of money are none of it.
static PROTOCOL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xm)(?:^|[^\w.])[45][0-5]\d[\ \-]{1,2}\(?\#?[45]\.\d{1,3}\.\d{1,3}(?:$|[^\w]) | \(\#[45]\.\d{1,3}\.\d{1,3}\) | status(?:[\ -]code)?\s?[:=]\s?[45]\.\d{1,3}\.\d{1,3}
        | ^[\s>*\-]*[^\s<>@]{1,64}@[^\s<>:]{1,255}\s?:[^\n]{0,80}?[^\w.][45][0-5]\d[\ \-]
        | ^[\s>*\-]*<[^<>\s@]{1,64}@[^<>\s]{1,255}>\s?(?::|\.{3})
        | (?:^|[:'\x22(<]|said|returned|error|server|host|with)[\s>'\x22(<*]{0,4}[45][0-5]\d[\ \-]+[^\n]{0,80}?(?:user\ unknown|unknown\ (?:user|recipient|mailbox|local)|no\ such\ (?:user|mailbox|recipient|address|domain)|(?:mailbox|user|recipient|account|address)\ (?:is\ )?(?:unavailable|not\ found|full|disabled|rejected|unknown|invalid|does\ not)|relay(?:ing)?\ (?:access\ )?(?:denied|not)|over\ quota|quota\ exceeded|requested\ action|(?:message|mail|sender|connection)\ (?:rejected|refused|blocked|size|too)|spam)
        | rcpt\ to:?\s?< | ^<<<\ | transcript\ of\ (?:the\ )?session",
    )
});

/// Whether a mail that no mailer signs bears what only mailers write: their codes, fields, the returned header.
fn has_evidence(mail: &Mail, notice: &Notice) -> bool {
    is_submitted(mail) || PROTOCOL.is_match(&notice.text) || !notice.blocks().is_empty() || is_header(&notice.returned)
}

/// Whether a returned text begins as mails do, with fields that clients don't put above what they quote.
fn is_header(returned: &str) -> bool {
    let field = |l: &str| {
        let name = l.split_once(':').map(|(name, _)| name.trim_start_matches(['>', ' ', '\t']).to_ascii_lowercase());
        name.is_some_and(|n| matches!(n.as_str(), "received" | "message-id" | "return-path" | "mime-version"))
    };
    returned.lines().take(60).any(field)
}

/// A person who answers a bounce quotes it, and their mail names what it answers.
fn is_answer(mail: &Mail) -> bool {
    let subject = mail.subject.trim().to_lowercase();
    let prefix = subject.split_once([':', '：']).map(|(prefix, _)| prefix.trim()).unwrap_or_default();
    matches!(
        prefix.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')')),
        "re" | "aw"
            | "fwd"
            | "fw"
            | "sv"
            | "wg"
            | "antw"
            | "vs"
            | "vb"
            | "rép"
            | "rep"
            | "ré"
            | "tr"
            | "r"
            | "i"
            | "rif"
            | "res"
            | "enc"
            | "rv"
            | "odp"
            | "pd"
            | "ynt"
            | "ilt"
            | "doorst"
            | "vl"
            | "回复"
            | "答复"
            | "转发"
            | "回覆"
            | "轉寄"
            | "返信"
            | "転送"
            | "回答"
    )
}

/// Whether a line of the text is meant as a command, which no program writes.
pub(super) fn commands(text: &str) -> bool {
    let verb =
        |l: &str| l.trim_start().strip_prefix(['#', '＃']).is_some_and(|verb| verb.starts_with(char::is_alphabetic));
    text.lines().take(MAX_LINES).any(verb)
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
    if found.is_empty() {
        found = addresses_in(&mail.subject).into_iter().filter(wanted).collect();
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
        r"following (?:recipient|address|e-?mail address)[^\n]*|folgenden? (?:empfänger|adresse)[^\n]*|destinataires? suivante?s?[^\n]*|siguientes? destinatario[^\n]*|seguent[ei] destinatar[^\n]*|did not reach[^\n]*|was not delivered to[^\n]*|permanent (?:fatal |delivery )?errors[^\n]*|could not be delivered to[^\n]*",
    )
});

static CHALLENGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"requires confirmation|waitlisted|waiting list|guest list|to (?:confirm|verify) (?:that )?you(?:'re| are)|confirm your (?:e-?mail|message|address|identity)|challenge.?response|add (?:yourself|your address) to (?:my|the) (?:list|white|guest)|spam ?arrest|one-time (?:confirm|verif)|(?:has been|is being|was) held because|not on the list of approved",
    )
});

/// Subjects of such requests.
static CONFIRM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:\[(?:tmda|spamarrest)\]|please confirm your (?:e-?mail|message)|confirm (?:your|delivery of your) (?:e-?mail|message)|confirmation required|verify your (?:e-?mail|message))|\((?:boxbe|spam ?arrest)\)\s*$",
    )
});

/// Whether a program asks the sender to prove something before it delivers.
pub(super) fn is_challenge(mail: &Mail) -> bool {
    let asks = CONFIRM.is_match(&mail.subject) || mail.headers.iter().any(|h| h.name.starts_with("x-tmda"));
    if !asks && !from_a_mailer(mail) && !is_unattended(mail) && mail.header("auto-submitted").is_none() {
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
        r"(?xm)^[\ \t>]*(?:[-*•]+\ *|\d+[.)]\ *|\(?(?:expanded|generated|original|was)\ (?:from|to)?:?\ *)?(?:(?:intended\ |failed\ |invalid\ |unknown\ )?(?:recipients?|empfänger|destinataire|destinatario|收件人|宛先|addresse?e?s?|to|rcpt|user|e-?mail|rcpt\ to|mailbox|for|undeliverable\ to|unable\ to\ deliver\ (?:message\ )?to|failed\ addresse?s?|final-recipient)(?:\(s\))?(?:\ name|\ address)?(?:\ *[:：=]\ *|\ +))?[\[<'\x22(]*(?:smtp:|rfc822;\ *|mailto:)?[<'\x22]*([a-z0-9.!\x23$%&'*+/=?^_`{|}~\-]+@[a-z0-9](?:[a-z0-9\-.]*[a-z0-9])?)",
    )
});

fn listed_in(text: &str) -> Vec<String> {
    // A name that looks like an address stands before the address itself: `a@x.example <b@y.example>`.
    let named = |end: usize| {
        let bracketed = text.get(end..)?.trim_start_matches(' ').strip_prefix('<')?.split_once('>')?.0;
        addresses_in(bracketed).into_iter().next().filter(|address| address.eq_ignore_ascii_case(bracketed))
    };
    LISTED
        .captures_iter(text)
        .take(MAX_RECIPIENTS)
        .filter_map(|c| c.get(1))
        .map(|m| named(m.end()).unwrap_or_else(|| m.as_str().to_ascii_lowercase()))
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
    fn the_address_in_brackets_did_not_get_it_and_what_a_server_answered_is_why() {
        let body = "A message that you sent contained one or more recipient addresses that were incorrectly constructed:\n\n  \
                    jane@roe.example <j@d.example>: malformed address: <j@d.example> may not follow jane@roe.example\n";
        assert_eq!(listed_in(body), ["j@d.example"]);
        let transcript = "Server at mx (10.1.1.3) returned '550 4.4.7 QUEUE.Expired'\nServer at mx (10.1.1.3) returned '441 4.4.1 Error'\n";
        assert_eq!(answered(transcript).as_deref(), Some("4.4.1"));
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
    fn a_recipient_may_stand_in_the_subject_alone_and_in_quotes() {
        let b = bounce(
            "From: MAILER-DAEMON@mx.example\nSubject: Undeliverable: jane@d.example\n\nThere is no such mailbox.\n",
        );
        assert_eq!(b.unwrap().recipients, ["jane@d.example"]);
        let b = bounce(&report("Final-Recipient: rfc822; \"jane doe\"@d.example\nAction: failed\nStatus: 5.1.1\n"));
        assert_eq!(b.unwrap().recipients, ["\"jane doe\"@d.example"]);
        assert!(bounce("From: postmaster@mx.example\nSubject: [Postmaster] Email Delivery Delay\n\nYour message to jane@d.example is delayed.\n").unwrap().delayed);
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
    fn loose_words_and_numbers_make_no_bounce_of_a_persons_mail() {
        for (subject, body) in [
            ("Rejected: settlement offer", "The offer was rejected; they ask for 550 Euro more."),
            ("Non-delivery of goods", "Under clause 5.1.2 the carrier is liable: the pallets did not reach us."),
            ("Delivery report of the expert", "450 boxes were delivered, but they were not accepted."),
            ("Returned mail", "The summons was returned to sender, see clause 4.2.1 of the practice direction."),
            ("Message not received by client", "The letter was not delivered. He lives at 412 Elm Street now."),
            (
                "Address not found on the lease",
                "The address is unknown; see lease 5.1.1, and 500 emails to the recipient.",
            ),
            ("Undeliverable goods", "Address not found. Ask bob@carrier.example for 550 Euro."),
            (
                "Unzustellbar: Klageschrift",
                "Die Klage konnte nicht zugestellt werden, siehe Ziffer 5.1.2.\n\n-----Original Message-----\nFrom: x@y.example\nSubject: z",
            ),
            ("メールの件", "ご指定のファイルが見つかりません。5.1.1項をご確認ください。"),
            ("Undelivered goods claim", "Our claim was rejected. Recipient: Acme, 550 Mail Street."),
            ("Failed delivery of summons", "Mailbox full of papers. The recipient does not exist. 550 mailbox"),
            ("Error sending", "I was unable to send it. Error: the file has 450 MB, unknown to me why."),
            ("Could not send the exhibits", "#done T-12\n\nMy mail to you was rejected: 550 5.7.1 message too big"),
        ] {
            let raw = format!("From: Jane Doe <jane@d.example>\nSubject: {subject}\n\n{body}\n");
            assert_eq!(bounce(&raw), None, "{subject}");
        }
    }

    #[test]
    fn what_only_programs_write_makes_a_bounce_of_a_mail_from_anywhere() {
        for body in [
            "Your message could not be delivered:\n\n<jane@d.example>: host mx said: 550 5.1.1 no such user",
            "Your message could not be delivered.\nFinal-Recipient: rfc822; jane@d.example\nAction: failed",
            "Your message could not be delivered to jane@d.example:\n550 user unknown",
            "jane@d.example was rejected (#5.1.1)",
            "Your message to jane@d.example was rejected.\n\n--- Original message ---\nReceived: from a by b\nMessage-ID: <1@x>",
        ] {
            let raw = format!("From: Gate <gate@mx.example>\nSubject: Delivery failure\n\n{body}\n");
            assert!(bounce(&raw).is_some(), "{body}");
        }
    }

    #[test]
    fn a_name_or_address_that_contains_a_mailers_is_no_mailers() {
        for from in [
            "\"Smith Law, Mail System Partners\" <jane@d.example>",
            "\"Microsoft Exchange Consulting Partners\" <info@d.example>",
            "Bob Daemon <bob.daemon@d.example>",
            "Jane <jane@mmdf-law.example>",
            "Court <noreply@court.example>",
        ] {
            let raw = format!("From: {from}\nSubject: Task\n\nThe contract was rejected.\n");
            assert_eq!(bounce(&raw), None, "{from}");
        }
        for from in [
            "Postmaster <x@d.example>",
            "MAILER-DAEMON",
            "Mail Delivery System <x@d.example>",
            "<>",
            "mailer-daemon@d.example (Mailer)",
        ] {
            let raw = format!("From: {from}\nSubject: Returned mail\n\nYour mail was rejected.\n");
            assert!(bounce(&raw).is_some(), "{from}");
        }
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
