//! A mail comes in, who is behind it comes out: a person, or which kind of machine. Machines are never obeyed and never
//! answered (gateway.md L1, L2; RFC 3834). It reads headers, subject and part types, never changes or answers anything.

use super::bounce;
use super::parse::Mail;
use super::pattern::pattern;
use crate::outbound::letter::{MESSAGE_ID_LEN, MESSAGE_ID_PREFIX};
use regex::Regex;
use std::sync::LazyLock;

/// What a mail is, by who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A person wrote it.
    Person,
    /// Vacation notices, out-of-office answers, acknowledgements, challenge/response and other generated mail.
    AutoReply,
    /// A mail could not be delivered (RFC 3464 and its many relatives).
    Bounce,
    /// A mail is late but still on its way.
    Delay,
    /// Somebody's program says that a mail was read or deleted (RFC 8098).
    ReadReceipt,
    /// A newsletter or a mailing list's own distribution (`Precedence: bulk|list|junk`).
    List,
    /// An answer to a calendar invitation (iTIP REPLY, COUNTER); it may act as RSVP only (decisions.md 11).
    CalendarAnswer,
    /// Outlook asks to take a mail back.
    Recall,
    /// Our own mail came back to us.
    Own,
    /// A filter on the way says that it is spam; held, never executed.
    Spam,
    /// A person sent a mail without text and without files.
    Empty,
}

impl Class {
    /// The name of the class in `inspect --json`: `normal`, `auto_reply`, `bounce`, `list`, `loop` or `empty`.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Person | Class::Spam => "normal",
            Class::AutoReply | Class::ReadReceipt | Class::CalendarAnswer | Class::Recall => "auto_reply",
            Class::Bounce | Class::Delay => "bounce",
            Class::List => "list",
            Class::Own => "loop",
            Class::Empty => "empty",
        }
    }

    /// The finer name, of which there is one for every class: the `kind` of `inspect --json`.
    pub const fn kind(self) -> &'static str {
        match self {
            Class::Person => "person",
            Class::AutoReply => "auto_reply",
            Class::Bounce => "bounce",
            Class::Delay => "delay",
            Class::ReadReceipt => "read_receipt",
            Class::List => "list",
            Class::CalendarAnswer => "calendar_answer",
            Class::Recall => "recall",
            Class::Own => "own",
            Class::Spam => "spam",
            Class::Empty => "empty",
        }
    }

    /// Whether a machine made it: no command is executed for it and it is never answered.
    pub const fn is_machine(self) -> bool {
        !matches!(self, Class::Person | Class::Spam | Class::Empty)
    }
}

/// How the gateway recognises its own mail when it comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnMarks {
    /// The name of the header that only the gateway's own mail bears, in lower case; empty if there is none.
    pub header: String,
    /// The domains of the Message-IDs that the gateway makes, in lower case.
    pub message_id_domains: Vec<String>,
    /// The addresses that the gateway sends from, in lower case.
    pub addresses: Vec<String>,
}

impl OwnMarks {
    fn bears(&self, mail: &Mail) -> bool {
        let marked = !self.header.is_empty() && mail.header(&self.header).is_some();
        let domain = mail.message_id.as_deref().and_then(|id| id.rsplit_once('@')).map(|(_, d)| d.to_ascii_lowercase());
        let ours = domain.is_some_and(|d| self.message_id_domains.contains(&d));
        let from = mail.from.as_ref().map(|m| m.address.to_ascii_lowercase());
        marked || ours || from.is_some_and(|f| self.addresses.contains(&f))
    }
}

/// Tells what `mail` is; the first thing that fits decides, the surest first.
pub fn screen(mail: &Mail, own: &OwnMarks) -> Class {
    if own.bears(mail) {
        return Class::Own;
    }
    let report = report(mail);
    if let Some(class) = report {
        return class;
    }
    if bounce::is_challenge(mail) {
        return Class::AutoReply;
    }
    if RECALLED.is_match(&mail.subject) && RECALL.is_match(&body(mail)) {
        return Class::Recall;
    }
    if is_read_receipt(mail) {
        return Class::ReadReceipt;
    }
    if let Some(bounce) = bounce::read(mail) {
        return if bounce.delayed { Class::Delay } else { Class::Bounce };
    }
    if is_calendar_answer(mail) {
        return Class::CalendarAnswer;
    }
    if is_auto_reply(mail) {
        return Class::AutoReply;
    }
    if is_list(mail) {
        return Class::List;
    }
    if is_spam(mail) {
        return Class::Spam;
    }
    if is_empty(mail) { Class::Empty } else { Class::Person }
}

/// Whether only words make `mail` a machine's, and a person may have written it: a bounce that bears no mark of a mail
/// server, or a subject of absence that persons write too, above a command, which no program writes. It is never obeyed
/// unseen and never lost.
pub fn is_doubtful(mail: &Mail, class: Class) -> bool {
    match class {
        Class::Bounce | Class::Delay => !bounce::is_marked(mail),
        Class::AutoReply => !bounce::is_marked(mail) && !is_marked(mail) && !is_away(mail) && commands(mail),
        _ => false,
    }
}

/// Whether a line of the text looks like a command.
fn commands(mail: &Mail) -> bool {
    let text = || mail.html.as_deref().map(super::extract::text_of_html);
    let text = mail.text.clone().or_else(text).unwrap_or_default();
    super::bounce::commands(&text)
}

fn report(mail: &Mail) -> Option<Class> {
    let has = |mime: &str| mail.attachments.iter().any(|a| a.mime == mime);
    // A gateway on the way may have wrapped the report with a banner of its own.
    let receipt = has("message/disposition-notification");
    (receipt && !bounce::says_rejected(mail)).then_some(Class::ReadReceipt)
}

fn any_lower(mail: &Mail, names: &[&str], test: impl Fn(&str) -> bool) -> bool {
    names.iter().flat_map(|n| mail.header_all(n)).any(|v| test(v.trim().to_ascii_lowercase().as_str()))
}

fn body(mail: &Mail) -> String {
    mail.text.as_deref().or(mail.html.as_deref()).unwrap_or_default().chars().take(4000).collect()
}

static RECALLED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:recall|rückruf|zurückrufen|rappel|recuperar|recuperación|richiamo|intrekken|recolher|cancelamento|återkalla|återkallelse|tilbagekald\w*|tilbakekall\w*|odwołaj|odwołanie|wycofaj)\s*:",
    )
});

/// In Outlook's words: who wants back which message.
static RECALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"would like to recall the message|möchte die nachricht .{1,300}zurückrufen|(?:souhaite|voudrait) rappeler le message|(?:desea|quiere) recuperar el mensaje|(?:desidera|vuole) richiamare il messaggio|wil het bericht .{1,300}intrekken|gostaria de (?:recolher|cancelar|recuperar) a mensagem|vill återkalla meddelandet|(?:vil gerne|ønsker at) tilbagekalde meddelelsen|ønsker å (?:tilbakekalle|trekke tilbake) meldingen|chce (?:odwołać|wycofać) wiadomość",
    )
});

static RECEIPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(read|not read|gelesen|ungelesen|lu|non lu|leído|letto|gelezen|lest|läst|lido|přečteno|przeczytano|read receipt|return receipt|lesebestätigung|ricevuta di ritorno)\s*[:(：]",
    )
});

fn is_read_receipt(mail: &Mail) -> bool {
    let from_machine = any_lower(mail, &["return-path"], |v| v == "<>") || mail.content_type == "multipart/report";
    from_machine && RECEIPT.is_match(&mail.subject)
}

fn is_calendar_answer(mail: &Mail) -> bool {
    mail.calendar.iter().any(|c| {
        c.lines().take(200).map(|l| l.trim().to_ascii_uppercase()).any(|l| {
            matches!(l.as_str(), "METHOD:REPLY" | "METHOD:COUNTER" | "METHOD:DECLINECOUNTER" | "METHOD:REFRESH")
        })
    })
}

/// Subjects that programs write when their owner is away, each anchored: a person's `Re:` never begins like that.
static AWAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[\s\[(*]*(?:(?:re|aw|sv|vs|antw|rif|r)\s*:\s*)?(?:
        (?:out\ of\ (?:the\ )?office|ooo)(?:\ (?:auto(?:matic)?[\ -]?)?(?:re(?:ply|sponse)|notification|message))?\s*(?:[:\-–(]|$|until|from|re:)
        | (?:automatic\ )?out[\ -]of[\ -](?:the[\ -])?office(?:\ (?:auto[\ -]?)?(?:reply|response|notice|message|notification))?\s*(?:$|[:\-–(\[!.]|until|from|re:)
        | (?:auto(?:mated|matic|matisch)?|automatic)[\ -]?(?:e?mail\ )?(?:reply|response|answer|responder|acknowledge?ment|antwort|antwoord)\s*(?:$|[:\-–—(\[!.,]|to(?-u:\b)|from(?-u:\b)|auf(?-u:\b)|op(?-u:\b)|re:|message)
        | auto\s?:\s*$ | vacation\ (?:reply|response|message|notice)\s*(?:$|[:(\-–])
        | sorry,?\ i'?m\ on\ vacation
        | away\ from\ (?:the\ |my\ )?(?:office|desk|mail)
        | abwesenheits(?:notiz|meldung|nachricht|benachrichtigung|assistent|hinweis|agent) | automatische\ antwort | automatische\ abwesenheit\w* | nicht\ im\ (?:büro|hause)
        | (?:réponse|message)\ automatique | message\ d['’]absence | absence\ du\ bureau | absent\ du\ bureau
        | respuesta\ autom[aá]tica | fuera\ de(?:\ la)?\ oficina | contestaci[oó]n\ autom[aá]tica | ausencia\ de\ la\ oficina
        | resposta\ autom[aá]tica | fora\ do\ escrit[oó]rio | ausente\ do\ escrit[oó]rio | ausência\ tempor[aá]ria
        | risposta\ (?:automatica|non\ al\ computer|fuori\ (?:sede|ufficio)) | fuori\ (?:sede|ufficio) | assente\ dall'ufficio
        | automatisch\ antwoord | automatisch\ bericht | afwezigheidsbericht | niet\ aanwezig
        | autosvar | (?:svar:\ )?automatiskt?\ svar | frånvaro(?:meddelande|besked) | fravær(?:smelding|sbesked|sbeskjed) | ikke\ til\ stede | automaattinen\ vastaus | poissaolo(?:ilmoitus|viesti) | sjálfvirkt\ svar
        | automatski\ odgovor | аутоматски\ одговор | samodejni\ odgovor | автоматичен\ отговор | automaatvastus | automātiskā\ atbilde | automatinis\ atsakymas | resposta\ automàtica | erantzun\ automatikoa
        | nieobecno[sś][cć]\ w\ biurze | mimo\ kancel[aá][rř] | házon\ kívül | irodán\ kívül | нет\ на\ (?:рабочем\ )?месте | вне\ офиса | εκτός\ γραφείου | ofis\ dışında | trả\ lời\ tự\ động | balasan\ otomat\w* | balasan\ automatik | ตอบกลับอัตโนมัติ | स्वचालित\ (?:उत्तर|प्रतिक्रिया)
        | autoodpowied\S | automatyczna\ odpowied\S | odpowied\S\ automatyczna
        | automatická\ odpov[eě][dď] | automatikus\ v[aá]lasz | r[aă]spuns\ automat | otomatik\ yan[ıi]t
        | автоответ\w* | автоматический\ ответ | автоматична\ відповідь | αυτόματη\ απάντηση
        | 自動(?:応答|返信) | 自动(?:回复|答复) | 自動回覆 | 不在(?:通知|のお知らせ) | 외부\ 출장 | 부재\ ?중 | 자동\ ?(?:회신|응답) | (?:מענה|תשובה)\ אוטומטית? | (?:الرد\ التلقائي|رد\ تلقائي) | پاسخ\ خودکار
        | (?:abwesend|abwesenheit|afwezig(?:heid)?|absence|ausencia|ausência|assenza|nieobecno[sś][cć]|fr[åa]nvaro|frav[æe]r|poissa)\s*(?:$|[:(\-–]\s*\d|(?:bis|vom|du|t/m|till?|do|dal|del|de)\s\d)
        )",
    )
});

/// A subject in which the notice stands last, after the subject that it answers.
static AWAY_ANYWHERE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[(\[](?:out of (?:the )?office|automatic reply|auto-?reply|abwesend|on vacation)(?-u:\b)[^)\]]*[)\]]\s*$|out of (?:the )?office auto",
    )
});

/// Subjects that absence notices bear, and mails of persons as well ("Auto: Smith v Jones" is about an accident).
static PERHAPS_AWAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\s*(?:(?:re|aw|sv|vs|antw|rif|r)\s*:\s*)?(?:
        (?:auto | away | ooo | oof | ooto | pto | leave | vacation | holiday | (?:annual|parental|maternity|paternity|sick)\ leave | on\ (?:vacation|holiday|leave|(?:annual|parental|maternity|sick)\ leave) | out\ of\ (?:the\ )?office
            | abwesend | (?:ferien|urlaubs)?abwesenheit | urlaub | im\ urlaub | ferien | afwezig | afwezigheid | vakantie | absence | absente? | en\ congés? | ausencia | ausente | de\ vacaciones | ausência | de\ férias | assenza | assente | in\ vacanza | in\ ferie | fr[åa]nvaro | semester | frav[æe]r | ferie | på\ ferie | poissa | lomalla | tilapäisesti\ poissa
            | nieobecno[sś][cć] | urlop | odsotnost | odgovor\ zunaj\ pisarne | (?:zpráva\ )?mimo\ kancel[aá][rř] | nepřítomnost | dovolená | távollét | szabadság | отпуск | відпустка | отсутствие)\s*(?:$|[:(\[\-–—!.]|re:|until|from|bis|vom|ab|till?)
        | i\ am\ (?:currently\ )?(?:away|out\ of|on\ (?:leave|holiday|vacation)) | .{1,60}\ is\ (?:currently\ )?(?:out\ of\ (?:the\ )?office|away|on\ leave) | .{1,60}\ ist\ (?:derzeit\ )?(?:außer\ haus|abwesend|nicht\ im\ (?:büro|haus)|im\ urlaub)
        | ich\ bin\ (?:derzeit\ )?(?:nicht\ im\ (?:büro|haus)|im\ urlaub|abwesend) | je\ suis\ (?:actuellement\ )?(?:absent|en\ congé|en\ vacances)
        ) | \ -\ out\ of\ (?:the\ )?office\s*$ | [(\[](?:vacation|away|holiday|urlaub)[)\]]\s*$",
    )
});

/// How somebody says that they are away, in the first person.
static SAYS_AWAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:i\ am|i'm|i\ will\ be|i'll\ be)\ (?:currently\ |now\ |presently\ )?(?:away|out\ of|out\ until|on\ (?:leave|holiday|vacation|annual|parental|maternity|sick|a\ )|back\ (?:on|in\ the\ office|at\ work|from|by|next)|unavailable|travel+ing) | (?:no|limited|without)\ access\ to\ (?:my\ )?e?-?mail | (?:i\ will|i'll|will)\ (?:be\ back|return)\ (?:on|to\ the\ office|next|in|at|by|monday|tuesday|wednesday|thursday|friday)
        | ich\ bin\ .{0,60}(?:nicht\ im|abwesend|im\ urlaub|außer\ haus|nicht\ erreichbar|zurück) | bin\ ich\ .{0,60}(?:zurück|erreichbar) | nicht\ im\ (?:büro|haus) | (?:e-?mails?|nachricht)\ .{0,40}nicht\ weitergeleitet
        | je\ suis\ .{0,60}(?:absent|en\ congé|en\ vacances) | je\ serai\ .{0,40}(?:absent|de\ retour) | absent\ du\ bureau | (?:estoy|estaré)\ .{0,40}(?:fuera|ausente|de\ vacaciones|de\ vuelta) | (?:sono|sarò)\ .{0,40}(?:assente|fuori|in\ ferie|di\ ritorno) | (?:estou|estarei)\ .{0,40}(?:ausente|fora|de\ férias)
        | (?:ik\ ben|ben\ ik)\ .{0,60}(?:afwezig|niet\ aanwezig|niet\ op\ kantoor|vakantie|terug) | jag\ är\ .{0,60}(?:frånvarande|borta|ledig|semester|tillbaka) | jeg\ er\ .{0,60}(?:ikke|fraværende|ferie|tilbage|tilbake) | olen\ .{0,40}(?:poissa|lomalla) | jestem\ .{0,40}(?:nieobecn|poza|na\ urlopie) | (?:jsem|budu)\ .{0,40}(?:mimo|nepřítom|dovolen) | я\ .{0,30}в\ отпуске | буду\ .{0,30}отсутствовать",
    )
});

/// Whether the subject is one that absence notices bear; of one that persons write as well, the text must say the same.
pub(super) fn says_away(mail: &Mail) -> bool {
    is_away(mail) || (PERHAPS_AWAY.is_match(&mail.subject) && SAYS_AWAY.is_match(&body(mail)))
}

/// Whether the subject alone is enough.
fn is_away(mail: &Mail) -> bool {
    let subject = &mail.subject;
    AWAY_ANYWHERE.is_match(subject) || (AWAY.is_match(subject) && !is_answered(subject))
}

/// Who answers such a notice writes `Re:` above it, and few programs do.
fn is_answered(subject: &str) -> bool {
    let start: String = subject.trim_start().chars().take(4).collect::<String>().to_lowercase();
    ["re:", "aw:", "sv:", "vs:"].iter().any(|prefix| start.starts_with(prefix))
}

fn is_auto_reply(mail: &Mail) -> bool {
    is_marked(mail) || says_away(mail)
}

/// Whether the header says that a program wrote it.
fn is_marked(mail: &Mail) -> bool {
    let submitted = any_lower(mail, &["auto-submitted"], |v| {
        let keyword = v.split([';', ' ', '(']).next().unwrap_or_default();
        !matches!(keyword, "no" | "" | "auto-forwarded")
    });
    let flagged = any_lower(
        mail,
        &[
            "x-autosubmitted",
            "x-auto-submitted",
            "x-autogenerated",
            "x-auto-generated",
            "x-fc-machinegenerated",
            "x-facebook-notify",
            "x-vacation",
            "x-oof",
        ],
        is_yes,
    );
    let answered =
        mail.headers.iter().any(|h| is_autoreply_field(&h.name) && is_yes(&h.value.trim().to_ascii_lowercase()));
    let precedence = any_lower(mail, &["precedence", "x-precedence", "preference"], |v| {
        v.starts_with("auto_re") || v.starts_with("auto-re") || v.starts_with("autore")
    });
    let vacation = any_lower(mail, &["x-mailer"], |v| v.starts_with("vacation"));
    let looped = any_lower(mail, &["x-loop"], |v| !v.is_empty()) && mail.list_id().is_none();
    let suppressed = any_lower(mail, &["x-auto-response-suppress"], |v| v == "all")
        && any_lower(mail, &["return-path"], |v| v == "<>");
    let named = any_lower(mail, &["x-post-messageclass", "delivered-to"], |v| v.contains("autoresponder"))
        || any_lower(mail, &["message-class"], |v| v.contains(".rules.oof") || v.contains(".rules.reply"));
    let reported = mail.content_type == "multipart/report";
    let null_sender = any_lower(mail, &["return-path"], |v| v == "<>") && !is_dated_forward(mail);
    submitted
        || flagged
        || answered
        || vacation
        || precedence
        || looped
        || suppressed
        || null_sender
        || named
        || reported
        || is_noreply_machine(mail)
        || is_of_a_gateway(mail)
}

/// Whether a gateway like this one named it, at whatever address: relays take fields away, but not a Message-ID (threats T92).
fn is_of_a_gateway(mail: &Mail) -> bool {
    let local = mail.message_id.as_deref().and_then(|id| id.split_once('@')).map(|(local, _)| local);
    let name = local.and_then(|local| local.strip_prefix(MESSAGE_ID_PREFIX));
    name.is_some_and(|n| n.len() == MESSAGE_ID_LEN && n.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')))
}

fn is_yes(value: &str) -> bool {
    !matches!(value, "no" | "false" | "0" | "")
}

/// `X-Autoreply`, `X-Auto-Response`, `X-MDaemon-Autoresponder`: each program has its own; what asks others for none is no answer.
fn is_autoreply_field(name: &str) -> bool {
    let own = name.starts_with("x-") && name.contains("auto") && !name.contains("suppress");
    own && ["autorepl", "auto-repl", "autorespon", "auto-respon"].iter().any(|word| name.contains(word))
}

/// The null sender is a machine's (RFC 3834); a mail that a person resent keeps it from its first way.
fn is_dated_forward(mail: &Mail) -> bool {
    mail.header("resent-from").is_some()
}

fn is_noreply_machine(mail: &Mail) -> bool {
    let from = mail.from.as_ref().map(|f| f.address.to_ascii_lowercase()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default();
    matches!(local, "mailer-daemon" | "autoresponder" | "autoreply" | "auto-reply")
}

fn is_list(mail: &Mail) -> bool {
    any_lower(mail, &["precedence", "x-precedence"], |v| ["bulk", "list", "junk"].iter().any(|p| v.starts_with(p)))
        || (mail.header("list-unsubscribe").is_some()
            && any_lower(mail, &["feedback-id", "x-campaign", "x-mailchimp-campaign-id", "x-campaignid"], |v| {
                !v.is_empty()
            }))
}

fn is_spam(mail: &Mail) -> bool {
    any_lower(mail, &["x-spam-flag"], |v| v.starts_with("yes"))
        || any_lower(mail, &["x-spam-status", "x-spam"], |v| v.starts_with("yes"))
        || any_lower(mail, &["x-forefront-antispam-report"], |v| v.contains("sfv:spm"))
}

fn is_empty(mail: &Mail) -> bool {
    let blank = |t: &str| t.chars().all(|c| c.is_whitespace() || super::names::is_invisible(c));
    let nothing_else = mail.attachments.is_empty() && mail.limit().is_none();
    nothing_else
        && mail.text.as_deref().is_none_or(blank)
        && mail.html.as_deref().is_none_or(|h| blank(&super::extract::text_of_html(h)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::parse::parse;

    fn class(head: &str) -> Class {
        screened(&format!("From: Jane Doe <jane@d.example>\n{head}\n\nPlease see attached.\n"))
    }

    fn screened(raw: &str) -> Class {
        screen(&parse(raw.replace('\n', "\r\n").as_bytes()), &OwnMarks::default())
    }

    #[test]
    fn a_person_is_a_person() {
        for head in [
            "Subject: Re: Task T-12",
            "Subject: x\nAuto-Submitted: no",
            "Subject: x\nList-Id: <team.d.example>\nList-Unsubscribe: <mailto:x@d.example>",
            "Subject: On leave to appeal",
            "Subject: Auto: Smith v Jones",
            "Subject: Automatic response clause",
            "Subject: Autoreply system patent claim",
            "Subject: Auto-Response Ltd v Smith",
            "Subject: Vacation: motion to vacate",
            "Subject: Abwesend: Zeuge Müller",
            "Subject: On holiday: please call Bob instead",
            "Subject: OOO Gazprom: claim",
            "Subject: Leave: application to appeal",
            "Subject: Re: Out of Office: Task",
            "Subject: Absence of the witness",
            "Subject: Delivery problem with the exhibits",
            "Subject: Re: Undeliverable: your brief",
            "Subject: Recall: the hearing is on Monday",
            "Subject: x\nX-Auto-Response-Suppress: OOF",
        ] {
            assert_eq!(class(head), Class::Person, "{head}");
        }
    }

    #[test]
    fn automatic_answers_are_known_by_header_or_subject() {
        for head in [
            "Subject: x\nAuto-Submitted: auto-replied",
            "Subject: x\nAuto-Submitted: auto-generated; owner-email=\"a@b.example\"",
            "Subject: x\nX-Autoreply: yes",
            "Subject: x\nPrecedence: auto_reply",
            "Subject: x\nReturn-Path: <>",
            "Subject: Automatic reply: Task T-12",
            "Subject: Automatische Antwort: Aufgabe",
            "Subject: Abwesenheitsnotiz",
            "Subject: Réponse automatique : Tâche",
            "Subject: Out of Office",
        ] {
            assert_eq!(class(head), Class::AutoReply, "{head}");
        }
    }

    #[test]
    fn a_subject_that_persons_write_too_needs_a_text_that_says_the_same() {
        for subject in [
            "Abwesend: Task",
            "Away: Task",
            "Auto: Task",
            "Annual leave: Jane Doe",
            "Jane Doe is out of the office (returning Monday)",
            "Re: Task (Vacation)",
            "I am out of the office until Monday.",
        ] {
            let of = |text: &str| screened(&format!("From: Jane Doe <jane@d.example>\nSubject: {subject}\n\n{text}\n"));
            assert_eq!(of("I am away until Monday. For urgent matters call Bob."), Class::AutoReply, "{subject}");
            assert_eq!(of("Please file the brief."), Class::Person, "{subject}");
        }
    }

    #[test]
    fn what_only_words_make_a_machines_is_doubtful() {
        let doubtful = |head: &str, text: &str| {
            let mail = parse(format!("From: Jane <jane@d.example>\r\n{head}\r\n\r\n{text}\r\n").as_bytes());
            let class = screen(&mail, &OwnMarks::default());
            assert!(class.is_machine(), "{head}");
            is_doubtful(&mail, class)
        };
        let bounced = "Please check.\r\n<jane@roe.example>: host mx said: 550 5.1.1 unknown";
        assert!(doubtful("Subject: Mail delivery failed: is this yours?", bounced));
        assert!(!doubtful("Subject: Mail delivery failed\r\nReturn-Path: <>", bounced));
        assert!(doubtful("Subject: Annual leave: Jane", "I am away until Monday.\r\n#done T-1"));
        assert!(!doubtful("Subject: Annual leave: Jane", "I am away until Monday."));
        assert!(!doubtful("Subject: Automatic reply: Task", "I am away until Monday.\r\n#done T-1"));
        assert!(!doubtful("Subject: Task\r\nAuto-Submitted: auto-replied", "#done T-1"));
    }

    #[test]
    fn t92_a_mail_that_a_gateway_named_is_a_machines_whatever_else_was_lost() {
        let named = |id: &str| class(&format!("Subject: Task\nMessage-ID: <{id}>"));
        assert_eq!(named("g.kprhd6his3mzjpgqtpzdxwegon@gw.marsh.example"), Class::AutoReply);
        for id in [
            "g.kprhd6his3mzjpgqtpzdxwego@gw.marsh.example",
            "g.kprhd6his3mzjpgqtpzdxwegonn@gw.marsh.example",
            "kprhd6his3mzjpgqtpzdxwegon@gw.marsh.example",
            "g.kprhd6his3mzjpgqtpzdxweg1n@gw.marsh.example",
            "CAG.kprhd6his3mzjpgqtpzdxwegon@mail.gmail.com",
        ] {
            assert_ne!(named(id), Class::AutoReply, "{id}");
        }
    }

    #[test]
    fn bulk_mail_is_a_list() {
        for head in ["Precedence: bulk", "X-Precedence: list", "X-Precedence: junk"] {
            assert_eq!(class(&format!("Subject: News\n{head}")), Class::List, "{head}");
        }
    }

    #[test]
    fn mail_that_a_filter_flags_as_spam_is_told() {
        assert_eq!(class("Subject: x\nX-Spam-Flag: YES").name(), "normal");
        assert_eq!(class("Subject: x\nX-Spam-Flag: YES"), Class::Spam);
    }

    #[test]
    fn a_mail_without_text_and_files_is_empty() {
        assert_eq!(screened("From: a@b.example\nSubject: x\n\n \n"), Class::Empty);
        assert_eq!(
            screened("From: a@b.example\nContent-Type: text/html\n\n<html><body><br>&nbsp;</body></html>\n"),
            Class::Empty
        );
    }

    #[test]
    fn our_own_mail_is_known_by_each_of_its_marks() {
        let own = OwnMarks {
            header: "x-docketpost".into(),
            message_id_domains: vec!["in.example".into()],
            addresses: vec!["gateway@in.example".into()],
        };
        for head in [
            "From: a@b.example\nX-Docketpost: 1",
            "From: a@b.example\nMessage-ID: <1@IN.example>",
            "From: Gateway@in.example",
        ] {
            let mail = parse(format!("{head}\r\n\r\nHello").as_bytes());
            assert_eq!(screen(&mail, &own), Class::Own, "{head}");
        }
        assert_eq!(screen(&parse(b"From: a@b.example\r\n\r\nHello"), &own), Class::Person);
    }

    #[test]
    fn calendar_answers_and_read_receipts_are_machines() {
        let ics = "From: a@b.example\nSubject: Accepted: Hearing\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nYes\n--b\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n--b--\n";
        assert_eq!(screened(ics), Class::CalendarAnswer);
        let mdn = "From: a@b.example\nSubject: Read: Task\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nYour message was read.\n--b\nContent-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n";
        assert_eq!(screened(mdn), Class::ReadReceipt);
    }

    #[test]
    fn only_people_are_no_machines() {
        for class in [
            Class::AutoReply,
            Class::Bounce,
            Class::Delay,
            Class::ReadReceipt,
            Class::List,
            Class::CalendarAnswer,
            Class::Recall,
            Class::Own,
        ] {
            assert!(class.is_machine(), "{class:?}");
        }
        assert!(!Class::Person.is_machine() && !Class::Empty.is_machine());
    }
}
