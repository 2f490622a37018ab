//! Lines come in; whether a block of header fields (`From: … Sent: … To: … Subject: …`, in the languages that clients
//! write) or a line such as `-----Original Message-----` begins history there comes out.

use crate::inbound::pattern::pattern;
use regex::Regex;
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
];

fn field_of(line: &str) -> Option<(Field, String)> {
    let bare = line.trim_start_matches(['>', ' ', '*', '|', '\t', '-', '_']).trim();
    let (label, value) = bare.split_once([':', '：'])?;
    if label.chars().count() > 24 {
        return None;
    }
    let label = label.trim().trim_matches(['*', '_', ' ']).replace('\u{a0}', " ").to_lowercase();
    let value = value.trim_start_matches(['*', '_', ' ']).trim().to_owned();
    let kinds =
        [(FROM, Field::From), (SENT, Field::Sent), (TO, Field::To), (SUBJECT, Field::Subject), (OTHER, Field::Other)];
    kinds.into_iter().find(|(set, _)| set.contains(&label.as_str())).map(|(_, field)| (field, value))
}

const WINDOW: usize = 14;

/// Whether a block of header fields begins with the first of `lines`: its From (or its date) and two more, or one that
/// can be nothing else. Values may run over several lines.
pub(super) fn begins(lines: &[&str]) -> bool {
    let Some(first) = lines.first() else { return false };
    if ONE_LINE.is_match(first) {
        return true;
    }
    let Some((kind, value)) = field_of(first) else { return false };
    if kind == Field::Other {
        return false;
    }
    let mut seen = vec![kind];
    let mut strays = 0usize;
    for line in lines.iter().skip(1).take(WINDOW) {
        if line.trim_matches(['>', ' ', '\t']).is_empty() {
            continue;
        }
        match field_of(line) {
            Some((field, _)) if !seen.contains(&field) => seen.push(field),
            Some(_) => {}
            None => strays = strays.saturating_add(1),
        }
        if strays > 2 {
            break;
        }
    }
    let counted = seen.iter().filter(|f| **f != Field::Other).count();
    let has_from = seen.contains(&Field::From);
    let dated = seen.contains(&Field::Sent) || seen.contains(&Field::Subject);
    match kind {
        Field::From => {
            (counted >= 3 || (counted >= 2 && dated) || (seen.len() >= 2 && value.contains('@')))
                || is_lone_from(&value)
        }
        Field::Sent | Field::To => counted >= 3 && has_from,
        Field::Subject => counted >= 3 && (has_from || seen.contains(&Field::Sent)) && seen.contains(&Field::To),
        Field::Other => false,
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
        [-_=—–]{2,}\s*(?:original(?:\ message|-?nachricht|meddelande|t\ meddelande|e?\ melding)?|original\ appointment|urspr(?:ü|ue)ngliche\ (?:nachricht|mail)|originalnachricht|original-nachricht
            |message\ d'origine|message\ original|message\ initial|message\ transf[ée]r[ée]|mensaje\ original|mensaje\ reenviado|mensagem\ original|messaggio\ originale|messaggio\ inoltrato|oorspronkelijk\ bericht|origineel\ bericht
            |oprindelig\ (?:besked|meddelelse|mail)|opprinnelig\ melding|ursprungligt\ meddelande|originalmeddelelse|originalmeddelande|ursprungsmeddelande|alkuperäinen\ viesti|wiadomość\ oryginalna|oryginalna\ wiadomość|původní\ (?:zpráva|e-mail)|pôvodná\ správa|eredeti\ üzenet|mesajul\ original|mesaj\ original
            |(?:исходное|пересылаемое|пересланное)\ (?:сообщение|письмо)|оригинальное\ сообщение|вихідне\ повідомлення|orijinal\ (?:mesaj|ileti)|αρχικό\ μήνυμα|原始邮件|原始郵件|原始消息|邮件原件|元のメッセージ|원본\ ?메시지|원본\ ?메일|הודעה\ מקורית
            |reply\ message|reply\ separator|forwarded\ (?:message|by)|weitergeleitete\ (?:nachricht|mail)|videresendt\ (?:besked|meddelelse)|doorgestuurd\ bericht|vidarebefordrat\ meddelande|mensagem\ encaminhada|转发邮件|転送|thư\ gốc|pesan\ asli|antwort|réponse|finish\ quoted|quoted\ message|previous\ message)(?-u:\b)(?:.{0,80}|\s*[-_=]{2,}.{0,400})
        | (?:begin\ forwarded\ message|anfang\ der\ weitergeleiteten\ (?:e-?mail|nachricht)|début\ du\ message\ (?:réexpédié|transféré)|inizio\ messaggio\ inoltrato|begin\ doorgestuurd\ bericht|vidarebefordrat\ mejl|start\ på\ videresendt\ besked|inicio\ del\ mensaje\ reenviado|início\ da\ mensagem\ encaminhada|(?:původní|přeposlaná)\ zpráva)\s*:?\s*\*?
        | -+\ *forwarded\ by\ .*
        | [-=\#_*\s]*(?:please\ )?(?:reply|respond|type\ your\ reply|write|enter\ your\ reply)\ (?:your\ reply\ )?(?:above|ovenfor)\ (?:this|the|denne)\ (?:line|linje).*
        | [-=\#_*\s]*(?:please\ do\ not\ (?:write|type)\ below\ this\ line|répondre\ au[-\ ]dessus\ de\ cette\ ligne|bitte\ (?:oberhalb|über)\ dieser\ (?:linie|zeile)\ antworten|antworten\ sie\ über\ dieser\ linie).*
        | urspr(?:ü|ue)ngliche\ nachricht\s*:? | (?:message\ d'origine|mensaje\ original|messaggio\ originale)\s*:?
        )\s*$",
    )
});

/// Whether the line says by itself that history follows.
pub(super) fn is_marker(line: &str) -> bool {
    line.len() < 600 && MARKER.is_match(line)
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
            assert!(begins(&block), "{block:?}");
        }
    }

    #[test]
    fn a_sentence_with_a_colon_begins_no_history() {
        assert!(!begins(&["To: be clear, we object", "Their position is unchanged.", "Regards"]));
        assert!(!begins(&["Date: 3 April", "Place: court room 4", "Bring the exhibits"]));
        assert!(!begins(&["From: the first page on it is wrong"]));
    }

    #[test]
    fn markers_are_whole_lines() {
        assert!(is_marker("-----Original Message-----"));
        assert!(is_marker("-------- Ursprüngliche Nachricht --------"));
        assert!(is_marker("Begin forwarded message:"));
        assert!(!is_marker("The original message was clear."));
    }
}
