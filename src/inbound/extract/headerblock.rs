//! Lines come in; whether a block of header fields (`From: … Sent: … To: … Subject: …`, in the languages that clients
//! write) or a line such as `-----Original Message-----` begins history there comes out.

use super::bare;
use crate::inbound::pattern::pattern;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    Sent,
    To,
    Subject,
    Other,
}

const FROM: &[&str] = &[
    "from",
    "von",
    "de",
    "da",
    "van",
    "fra",
    "från",
    "från:",
    "od",
    "lähettäjä",
    "feladó",
    "от",
    "від",
    "от кого",
    "kimden",
    "gönderen",
    "από",
    "odesílatel",
    "odosielateľ",
    "de la",
    "expéditeur",
    "mittente",
    "remitente",
    "remetente",
    "afzender",
    "absender",
    "avsändare",
    "avsender",
    "afsender",
    "nadawca",
    "发件人",
    "寄件者",
    "寄件人",
    "差出人",
    "送信者",
    "送信元",
    "보낸 사람",
    "보낸사람",
    "从",
    "von:",
    "מאת",
    "من",
    "người gửi",
    "từ",
    "dari",
    "pengirim",
    "expeditor",
    "saatja",
    "nuo",
    "no",
    "šalje",
    "reply-to",
    "sender",
    "adresse d'origine",
    "frá",
    "од",
    "pošiljatelj",
    "pošiljalac",
    "siuntėjas",
    "sūtītājs",
    "igorlea",
    "nork",
    "จาก",
    "ผู้ส่ง",
    "daripada",
    "از",
    "فرستنده",
    "प्रेषक",
    "المرسل",
    "שולח",
    "dal",
    "odesilatel",
];
const SENT: &[&str] = &[
    "sent",
    "date",
    "gesendet",
    "datum",
    "envoyé",
    "envoyé le",
    "date d'envoi",
    "enviado",
    "enviado el",
    "enviada em",
    "enviado em",
    "enviada",
    "fecha",
    "data",
    "inviato",
    "data invio",
    "verzonden",
    "sendt",
    "dato",
    "skickat",
    "wysłano",
    "wysłane",
    "lähetetty",
    "päivämäärä",
    "elküldve",
    "küldve",
    "dátum",
    "odesláno",
    "odoslané",
    "отправлено",
    "дата",
    "надіслано",
    "gönderildi",
    "gönderilme tarihi",
    "gönderim tarihi",
    "tarih",
    "ημερομηνία",
    "στάλθηκε",
    "trimis",
    "发送时间",
    "日期",
    "寄件日期",
    "日時",
    "送信日時",
    "送信日",
    "날짜",
    "보낸 날짜",
    "נשלח",
    "תאריך",
    "تاريخ",
    "đã gửi",
    "ngày",
    "tanggal",
    "dikirim",
    "sent on",
    "sent at",
    "poslano",
    "poslato",
    "когда",
    "saadetud",
    "submitted",
    "datetime",
    "on",
    "envoye",
    "dată",
    "изпратено",
    "послато",
    "датум",
    "išsiųsta",
    "siuntimo laikas",
    "nosūtīts",
    "datums",
    "kuupäev",
    "saatmisaeg",
    "bidaltze-data",
    "bidalia",
    "dagsetning",
    "ส่ง",
    "วันที่",
    "วันที่ส่ง",
    "dihantar",
    "tarikh",
    "terkirim",
    "ارسال شده",
    "تاریخ",
    "भेजा गया",
    "दिनांक",
    "تم الإرسال",
    "تاريخ الإرسال",
    "відправлено",
    "enviat",
    "enviat el",
    "已傳送",
    "日付",
    "ngày gửi",
    "αποστολή",
    "enviado a",
    "gesendet am",
    "verzonden op",
    "skickat den",
    "odeslaný",
    "odeslané",
    "oraingo data",
    "poslane",
];
const TO: &[&str] = &[
    "to",
    "an",
    "à",
    "a",
    "para",
    "aan",
    "til",
    "till",
    "do",
    "vastaanottaja",
    "címzett",
    "komu",
    "кому",
    "kime",
    "alıcı",
    "προς",
    "către",
    "pro",
    "pre",
    "收件人",
    "收件者",
    "宛先",
    "받는 사람",
    "받는사람",
    "אל",
    "إلى",
    "đến",
    "tới",
    "kepada",
    "za",
    "destinataire",
    "destinatario",
    "destinatário",
    "ontvanger",
    "empfänger",
    "modtager",
    "mottaker",
    "mottagare",
    "adresat",
    "kam",
    "kellele",
    "pour",
    "saaja",
    "destinatar",
    "prima",
    "пријем",
    "за",
    "до",
    "adressaat",
    "gavėjas",
    "iki",
    "saņēmējs",
    "nori",
    "hartzailea",
    "ถึง",
    "untuk",
    "به",
    "گیرنده",
    "प्रति",
    "المرسل إلى",
    "per a",
    "primatelj",
    "primalac",
    "prejemnik",
    "naar",
    "adressat",
    "viðtakandi",
    "לכבוד",
];
const SUBJECT: &[&str] = &[
    "subject",
    "betreff",
    "objet",
    "sujet",
    "asunto",
    "assunto",
    "oggetto",
    "onderwerp",
    "emne",
    "ämne",
    "temat",
    "aihe",
    "tárgy",
    "předmět",
    "predmet",
    "тема",
    "konu",
    "θέμα",
    "subiect",
    "主题",
    "主旨",
    "件名",
    "제목",
    "נושא",
    "الموضوع",
    "chủ đề",
    "tiêu đề",
    "subjek",
    "perihal",
    "re",
    "teema",
    "tema",
    "assumpte",
    "относно",
    "zadeva",
    "naslov",
    "тема:",
    "tēma",
    "temats",
    "tema:",
    "efni",
    "gaia",
    "เรื่อง",
    "หัวเรื่อง",
    "موضوع",
    "विषय",
    "thema",
    "betr",
    "betrifft",
    "perkara",
];
const OTHER: &[&str] = &[
    "cc",
    "bcc",
    "kopie",
    "kopia",
    "kopi",
    "copie",
    "copia",
    "cópia",
    "importance",
    "priority",
    "wichtigkeit",
    "attachments",
    "anlagen",
    "reply to",
    "antwort an",
    "organization",
    "mailed-by",
    "message-id",
    "priorité",
    "importanza",
    "抄送",
    "副本",
    "참조",
    "копия",
    "udw",
    "dw",
    "kopio",
    "másolatot kap",
    "copie à",
    "répondre à",
    "kp",
    "κοιν",
    "κοιν.",
    "bilgi",
    "kópia",
    "kopija",
    "копие",
    "копија",
    "копія",
    "koopia",
    "afrit",
    "สำเนา",
    "sk",
    "עותק",
    "نسخة",
    "رونوشت",
    "प्रतिलिपि",
    "a/c",
    "kópie",
    "tembusan",
    "đồng gửi",
    "koopiad",
    "副本抄送",
    "참조인",
    "dw:",
    "kopi til",
    "tarkeys",
    "prioridad",
    "anexos",
    "adjuntos",
    "pièces jointes",
    "bijlagen",
    "allegati",
    "załączniki",
    "anhang",
    "anhänge",
];

fn field_of(line: &str) -> Option<(Field, String)> {
    let bare = bare(line.trim_start_matches(['>', ' ', '*', '|', '\t', '-', '_']));
    let (label, value) = bare.trim().split_once([':', '：'])?;
    if label.chars().count() > 24 {
        return None;
    }
    let label = label.trim().trim_matches(['*', '_', ' ']).to_lowercase();
    let value = value.trim_start_matches(['*', '_', ' ']).trim().to_owned();
    LABELS.get(label.as_str()).map(|field| (*field, value))
}

/// Every label; of one that means two things the first counts.
static LABELS: LazyLock<HashMap<&str, Field>> = LazyLock::new(|| {
    let sets =
        [(OTHER, Field::Other), (SUBJECT, Field::Subject), (TO, Field::To), (SENT, Field::Sent), (FROM, Field::From)];
    sets.into_iter().flat_map(|(set, field)| set.iter().map(move |label| (*label, field))).collect()
});

const WINDOW: usize = 14;

/// How sure it is that history begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// Only a client writes such a block: it shows an address or an hour, or can be nothing else.
    Surely,
    /// The writer may list dates and parties so.
    Probably,
}

/// Whether a block of header fields begins with the first of `lines`: its From (or its date) and two more, or one that
/// can be nothing else. Values may run over several lines. Who writes "From: Acme" and "To: Beta" of a contract gives
/// neither address nor hour, so without these all of sender, date and subject must be there.
pub(super) fn begins(lines: &[&str]) -> Option<Begins> {
    let first = lines.first()?;
    if ONE_LINE.is_match(first) {
        return Some(Begins::Surely);
    }
    let (kind, value) = field_of(first)?;
    // Hotmail's block begins with its copies; who writes "cc:" below a letter writes no other field there.
    let goes_on = || lines.get(1).and_then(|l| field_of(l)).is_some_and(|(field, _)| field != Field::Other);
    if kind == Field::Other && !(value.contains('@') && goes_on()) {
        return None;
    }
    let mut told = tells(kind, &value);
    let mut seen = vec![kind];
    let mut strays = 0usize;
    for line in lines.iter().skip(1).take(WINDOW) {
        if line.trim_matches(['>', ' ', '\t']).is_empty() {
            continue;
        }
        match field_of(line) {
            Some((field, value)) => {
                told |= tells(field, &value);
                if !seen.contains(&field) {
                    seen.push(field);
                }
            }
            None => {
                told |= strays == 0 && ADDRESS.is_match(line);
                strays = strays.saturating_add(1);
            }
        }
        if strays > 2 {
            break;
        }
    }
    let counted = seen.iter().filter(|f| **f != Field::Other).count();
    let has = |field: Field| seen.contains(&field);
    let dated = has(Field::Sent) || has(Field::Subject);
    let begun = match kind {
        Field::From => {
            (counted >= 3 || (counted >= 2 && dated) || (seen.len() >= 2 && value.contains('@')))
                || is_lone_from(&value)
        }
        Field::Sent | Field::To => counted >= 3 && has(Field::From),
        Field::Subject => counted >= 3 && (has(Field::From) || has(Field::Sent)) && has(Field::To),
        Field::Other => counted >= 3 && has(Field::From),
    };
    let whole = has(Field::From) && has(Field::Sent) && has(Field::Subject);
    match (begun, told) {
        (false, _) => None,
        (true, true) => Some(Begins::Surely),
        (true, false) => whole.then_some(Begins::Probably),
    }
}

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s<>@]@[^\s<>@]|\[mailto:|<mailto:"));
static HOUR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\d{1,2}\s?[:.hH時点시]\s?\d{2}|[上下]午|오[전후]|\d\s?[ap]\.?m\.?(?-u:\b)"));
static ANSWERED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:re|aw|fwd?|sv|vs|wg|antw|rif|tr|rv|enc|res|odp|pd|ynt|回复|答复|转发)\s?[:：]"));

/// Whether a field's value is one that clients put there: an address, a day with its hour, the subject of an answer.
fn tells(field: Field, value: &str) -> bool {
    match field {
        Field::Sent => HOUR.is_match(value),
        Field::Subject => ANSWERED.is_match(value),
        _ => ADDRESS.is_match(value),
    }
}

/// A whole block on one line, as HTML without breaks gives it.
static ONE_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[\s>*]*(?:from|von|de|van|fra|från|da|od)\s?:\s?\S.{0,200}\s\*?(?:sent|date|gesendet|datum|envoyé|enviado|verzonden|sendt|skickat|inviato|data|fecha|wysłano)\*?\s?:\s?.{0,30}\d",
    )
});

static LONE_FROM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[^<>]{1,80}<(?:mailto:)?[^<>@\s]+@[^<>@\s]+>\s*$|^\S+@\S+ \[mailto:\S+@\S+\]\s*$"));

/// `From: Jane Doe <jane@example.com>` alone on its line.
fn is_lone_from(value: &str) -> bool {
    LONE_FROM.is_match(value)
}

static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[>\s*]*(?:
        [-_=—–‐‑―−]{2,}\s*(?:original(?:\ message|-?nachricht|meddelande|t\ meddelande|e?\ melding)?|original\ appointment|urspr(?:ü|ue)ngliche\ (?:nachricht|mail)|originalnachricht|original-nachricht
            |message\ d'origine|message\ original|message\ initial|message\ transf[ée]r[ée]|mensaje\ original|mensaje\ reenviado|mensagem\ original|messaggio\ originale|messaggio\ inoltrato|oorspronkelijk\ bericht|origineel\ bericht
            |oprindelig\ (?:besked|meddelelse|mail)|opprinnelig\ melding|ursprungligt\ meddelande|originalmeddelelse|originalmeddelande|ursprungsmeddelande|alkuperäinen\ viesti|wiadomość\ oryginalna|oryginalna\ wiadomość|původní\ (?:zpráva|e-mail)|pôvodná\ správa|eredeti\ üzenet|mesajul\ original|mesaj\ original
            |(?:исходное|пересылаемое|пересланное)\ (?:сообщение|письмо)|оригинальное\ сообщение|вихідне\ повідомлення|orijinal\ (?:mesaj|ileti)|αρχικό\ μήνυμα|原始邮件|原始郵件|原始消息|邮件原件|元のメッセージ|원본\ ?메시지|원본\ ?메일|הודעה\ מקורית
            |reply\ message|reply\ separator|forwarded\ (?:message|by)|weitergeleitete\ (?:nachricht|mail)|videresendt\ (?:besked|meddelelse)|doorgestuurd\ bericht|vidarebefordrat\ meddelande|mensagem\ encaminhada|转发邮件|転送|thư\ gốc|pesan\ asli|antwort|réponse|finish\ quoted|quoted\ message|previous\ message)(?:[\s:：.,(*_=—–‐‑―−\-].{0,80}|\s*[-_=‐‑―−]{2,}.{0,400})?
        | (?:begin\ forwarded\ (?:message|e-?mail)|anfang\ der\ weitergeleiteten\ (?:e-?mail|nachricht)|début\ du\ (?:message|courriel)\ (?:réexpédié|transféré)|inizio\ messaggio\ inoltrato|begin\ doorgestuurd\ bericht|vidarebefordrat\ mejl|start\ på\ videresendt\ (?:besked|e-mail)|inicio\ del\ (?:mensaje|correo)\ reenviado|início\ da\ mensagem\ (?:re)?encaminhada|(?:původní|přeposlaná)\ zpráva
            |vidarebefordrat\ (?:brev|e-?post|meddelande)|videresendt\ melding|välitetty\ viesti(?:\ alkaa)?|początek\ przekazywanej\ wiadomości|začátek\ přeposílané\ zprávy|začiatok\ preposlanej\ správy|továbbított\ (?:levél|üzenet)\ kezdete|început\ mesaj\ redirecționat
            |начало\ (?:переадресованного|пересылаемого)\ (?:сообщения|письма)|початок\ (?:листа,\ що\ пересилається|переадресованого\ (?:листа|повідомлення))|početak\ proslijeđene\ poruke|αρχή\ προωθημένου\ μηνύματος|(?:yönlendirilen\ (?:iletinin|e-postanın)|iletilen\ iletinin)\ başlangıcı
            |転送されたメッセージ|(?:下面是|以下是)被?(?:转发|轉寄)的(?:邮件|郵件)|(?:开始转发的邮件|開始轉寄郵件)|전달(?:된|받은)\ 메시지|bắt\ đầu\ thư\ được\ chuyển\ tiếp|เริ่มข้อความที่ส่งต่อ|(?:mulai|awal)\ pesan\ terusan|תחילת\ ההודעה\ המועברת|بداية\ الرسالة\ المعاد\ توجيهها|inici\ del\ missatge\ reenviat)\s*[:：]?\s*\*?
        | inactive\ hide\ details\ for\ .{1,300} | \S.{0,80}?\ ?-{3}\ ?\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}\ \d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\ ?[ap]m)?\ ?-{3}.{0,300}
        | -+\ *(?:forwarded\ by|weitergeleitet\ von|transféré\ par|inoltrato\ da|reenviado\ por)\ .*
        | [-=\#_*\s]*(?:please\ )?(?:reply|respond|type\ your\ reply|write|enter\ your\ reply)\ (?:your\ reply\ )?(?:above|ovenfor)\ (?:this|the|denne)\ (?:line|linje).*
        | [-=\#_*\s]*(?:please\ do\ not\ (?:write|type)\ below\ this\ line|répondre\ au[-\ ]dessus\ de\ cette\ ligne|bitte\ (?:oberhalb|über)\ dieser\ (?:linie|zeile)\ antworten|antworten\ sie\ über\ dieser\ linie).*
        | urspr(?:ü|ue)ngliche\ nachricht\s*:? | (?:message\ d'origine|mensaje\ original|messaggio\ originale)\s*:?
        )\s*$",
    )
});

/// Whether the line says by itself that history follows.
pub(super) fn is_marker(line: &str) -> bool {
    line.len() < 600 && MARKER.is_match(bare(line).trim_end())
}

static TITLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[>\s*]*[-_=—–‐‑―−]{3,}[ \u{3000}]*\pL[^<>@#]{2,70}[ \u{3000}]*[-_=—–‐‑―−]{3,}[\s*]*$"));

/// Words between hyphens, as clients of every language put them above such a block.
pub(super) fn is_title(line: &str) -> bool {
    line.len() < 300 && TITLE.is_match(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlook_blocks_begin_history_in_many_languages() {
        for block in [
            ["From: A <a@b.example>", "Sent: Monday", "To: C", "Subject: D"],
            ["Von: A", "Gesendet: Montag", "An: C", "Betreff: D"],
            ["De : A", "Envoyé : lundi", "À : C", "Objet : D"],
            ["*Van:* A", "*Verzonden:* maandag", "*Aan:* C", "*Onderwerp:* D"],
            ["差出人: A", "送信日時: 月曜日", "宛先: C", "件名: D"],
            ["De: A", "Enviado el: lunes", "Para: C", "Asunto: D"],
            ["De: A", "Enviada em: segunda", "Para: C", "Assunto: D"],
            ["Da: A", "Inviato: lunedì", "A: C", "Oggetto: D"],
            ["Da: A", "Data: lunedì", "A: C", "Oggetto: D"],
            ["Fra: A", "Sendt: mandag", "Til: C", "Emne: D"],
            ["Från: A", "Skickat: måndag", "Till: C", "Ämne: D"],
            ["Lähettäjä: A", "Lähetetty: maanantai", "Vastaanottaja: C", "Aihe: D"],
            ["Od: A", "Wysłano: poniedziałek", "Do: C", "Temat: D"],
            ["Od: A", "Odesláno: pondělí", "Komu: C", "Předmět: D"],
            ["Feladó: A", "Elküldve: hétfő", "Címzett: C", "Tárgy: D"],
            ["От: A", "Отправлено: понедельник", "Кому: C", "Тема: D"],
            ["Від: A", "Надіслано: понеділок", "Кому: C", "Тема: D"],
            ["Kimden: A", "Gönderildi: Pazartesi", "Kime: C", "Konu: D"],
            ["Από: A", "Στάλθηκε: Δευτέρα", "Προς: C", "Θέμα: D"],
            ["De la: A", "Trimis: luni", "Către: C", "Subiect: D"],
            ["发件人: A", "发送时间: 星期一", "收件人: C", "主题: D"],
            ["寄件者: A", "寄件日期: 星期一", "收件者: C", "主旨: D"],
            ["보낸 사람: A", "보낸 날짜: 월요일", "받는 사람: C", "제목: D"],
            ["Từ: A", "Đã gửi: Thứ hai", "Tới: C", "Chủ đề: D"],
            ["Fra: A", "Dato: mandag", "Til: C", "Emne: D"],
            ["| From: A", "| Date: Monday", "| To: C", "| Subject: D"],
            ["> From: A", "> Date: Monday", "> Subject: C", "> To: D"],
        ] {
            assert!(begins(&block).is_some(), "{block:?}");
        }
    }

    #[test]
    fn without_address_and_hour_a_block_is_probable_at_most() {
        let surely = ["From: A <a@b.example>", "Sent: Monday", "To: C"];
        assert_eq!(begins(&surely), Some(Begins::Surely));
        assert_eq!(begins(&["Von: A", "Gesendet: Montag, 3. April 2026 10:02", "An: C"]), Some(Begins::Surely));
        assert_eq!(begins(&["From: A", "To: C", "Subject: RE: Offer"]), Some(Begins::Surely));
        assert_eq!(begins(&["From: A", "Sent: Monday", "To: C", "Subject: D"]), Some(Begins::Probably));
        for parties in [
            &["From: Acme Ltd", "To: Beta Ltd", "Date: 5 March 2024", "", "Please prepare the notice."][..],
            &["From: January 2020", "To: March 2021", "Subject: the lease", "", "is what it ought to say."],
            &["From: London", "To: Paris", "Date: 5 March", "Book it"],
            &["Von: Bahnhof", "An: Gericht", "Datum: 5. März"],
        ] {
            assert_eq!(begins(parties), None, "{parties:?}");
        }
    }

    #[test]
    fn a_block_may_begin_with_its_copies() {
        assert!(begins(&["CC: c@d.example", "From: a@b.example", "Subject: Re: T", "Date: Tue, 5 Mar 2024"]).is_some());
        assert!(begins(&["cc: c@d.example", "", "From: a@b.example", "Sent: 10:02", "To: x"]).is_none());
        assert!(begins(&["cc: Bob", "Jane"]).is_none());
    }

    #[test]
    fn a_sentence_with_a_colon_begins_no_history() {
        assert!(begins(&["To: be clear, we object", "Their position is unchanged.", "Regards"]).is_none());
        assert!(begins(&["Date: 3 April", "Place: court room 4", "Bring the exhibits"]).is_none());
        assert!(begins(&["From: the first page on it is wrong"]).is_none());
    }

    #[test]
    fn markers_are_whole_lines() {
        assert!(is_marker("-----Original Message-----"));
        assert!(is_marker("-------- Ursprüngliche Nachricht --------"));
        assert!(is_marker("Begin forwarded message:"));
        assert!(is_marker("‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐"));
        assert!(is_marker("Jane Doe ---04/03/2026 10:02:33 AM---Dear John, please find"));
        assert!(is_marker("Inactive hide details for Jane Doe ---04/03/2026 10:02:33 AM---Dear John"));
        assert!(!is_marker("Jane --- see clause 5"));
        assert!(!is_marker("The original message was clear."));
    }
}
