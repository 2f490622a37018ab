//! Lines come in; whether they are the line that a client writes above a quote (`On Monday, Jane wrote:`), in which
//! language and over how many lines ever, comes out.

use crate::inbound::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// The most lines over which clients wrap the line above a quote.
const MAX_WRAP: usize = 5;
const MAX_CHARS: usize = 400;

/// How sure it is that the lines introduce a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A client wrote it: history follows whether it is marked or not.
    Sure,
    /// It may be a sentence: history only if marked lines follow.
    IfQuoted,
}

/// Words of writing as clients put them at the end, or after the date.
static VERB_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:^|[\s>,)\]])(?:
        wrote | writes | said | (?:a\ )?[ée]crit | schrieb(?:\ (?:am|geschrieben))? | geschrieben | schreef | schreef\ het\ volgende | (?:het\ )?volgende\ geschreven | geschreven | skrev | skrev\ följande | escribi[oó] | ha\ escrito | ha\ escrit | va\ escriure | escreveu | ha\ scritto
        | napisa[łl](?:\(a\)|a)? | pisze | nap(?:s|is|ís)al(?:\(a\)|a)? | написал(?:\(а\)|а)? | пишет | писал(?:\(а\)|а)? | (?:написав|пише)(?:\(ла\))? | kirjoitti | kirjutas | [íi]rta(?:\ \(.*\))? | a\ scris | έγραψε | yazdı | şunu\ yazdı | şunları\ yazdı | napisao(?:/la)?(?:\ je)? | je\ napisao(?:/la)? | pisal(?:a)? | menulis | đã\ viết | viết
        | 写道 | 寫道 | 写 | 来信 | さんは書きました | のメッセージ | wrote\ as\ follows | 작성 | 님이\ 작성 | כתב(?:/ה)? | כתבה | كتب | skrifaði | rašė | rakstīja | scrisse | schrieb\ folgendes
        )\s*(?:/[^:]{0,20})?[\s*_]*[:：]?[\s*_]*(?:-{2,})?[\s*]*$",
    )
});

/// Verbs that stand in the middle, the line ending in a colon.
static VERB_INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:wrote|schrieb|geschrieben|schreef|skrev|[ée]crit|escribi[oó]|escreveu|scritto|написал|napsal|napisa|написав|kirjoitti|写道|寫道|書き|작성|כתב|quoting|zitat von|citando|írta|said|viết|notifications|<[^<>\s]+@[^<>\s]+>)",
    )
});

/// What clients begin such a line with.
static START: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?x)^(?:[-*_"\s]*)(?:on|am|le|el|il|em|op|den|på|w\ dniu|dnia|dne|dana|vào|pada|στις|στην|la|a|no\ dia|ma|ti|ke|to|pe|la|su|在|於|於|il\ giorno|at|as|quoting|zitat|
        -+\s*on|lun|mar|mer|gio|ven|sab|dom|mon|tue|wed|thu|fri|sat|sun|lö|sö|må|fre|ons|tis|tor|tors|mån|sön|lör|пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье
        |monday|tuesday|wednesday|thursday|friday|saturday|sunday|\d{1,4}[-./年]|\d{1,2}\s|sent\ from|בתאריך|ב-|في)(?:[\s,.\d]|$|-|/|年)"#,
    )
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?-u:\b)(?:19|20)\d\d(?-u:\b) | (?-u:\b)\d{1,2}[:.hH]\d{2}(?-u:\b) | (?-u:\b)\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}(?-u:\b) | \d{1,2}月\d{1,2}日 | (?-u:\b)\d{1,2}[\s.\-]+(?:de\ )?\pL{3,}
        | (?-u:\b)(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.?\ \d{1,2}(?-u:\b)",
    )
});

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?-u:\b)\d{1,2}\s*[:.hH時点]\s*\d{2}|(?-u:\b)GMT(?-u:\b)|(?-u:\b)UTC(?-u:\b)|[上下]午|\d\s*[ap]\.?m(?-u:\b)",
    )
});

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s<>(),:;]+@[^\s<>(),:;]+"));

static DASHED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*-{2,}\s*\S.{0,200}[\s>)](?:wrote|schrieb|[ée]crit|escribi[oó]|skrev|ha scritto)\s*:?\s*-{2,}\s*$|^sent from .{1,60}<\S+@\S+>\s*wrote:\s*$",
    )
});

static NAME_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^["']?[\pL.,' \-]{2,60}["']?\s*[<(\[]?(?:mailto:)?[^\s<>()]+@[^\s<>()]+[>)\]]?\s.{0,80}(?:wrote|schrieb|geschrieben|écrit|escribi[oó]|skrev|schreef|napisa[łl]|scritto)"#,
    )
});

/// `Jane schrieb am 3. April 2026 um 10:02:`
static DATE_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[\pL.' \-]{0,60}\s(?:schrieb|wrote|skrev|a écrit|escribió|ha scritto|schreef|napisał\(?a?\)?)\s+(?:am|on|den|le|el|il|op|at|w dniu|dnia)\s.{0,40}\d{1,2}[:.]\d{2}",
    )
});
/// `2026/4/3 Jane Doe <jane@firm.example>`
static DATE_FIRST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}\s[^<>]{0,60}<[^<>\s]+@[^<>\s]+>:?$"));

/// How many of `lines` (the first is not blank) make up such a line, and how sure that is; `None` if they make none.
pub(super) fn at(lines: &[&str]) -> Option<(usize, Found)> {
    if framed(lines) {
        return Some((1, Found::Sure));
    }
    let mut joined = String::new();
    for (n, line) in lines.iter().take(MAX_WRAP).enumerate() {
        let bare = line.trim_start_matches(['>', '|']).trim();
        if bare.is_empty() || joined.len().saturating_add(bare.len()) > MAX_CHARS {
            return None;
        }
        if n == 0 && !may_start(bare) {
            return None;
        }
        if n > 0 {
            joined.push(' ');
        }
        joined.push_str(bare);
        joined = joined.replace("< ", "<");
        if let Some(found) = judge(&joined) {
            return Some((n.saturating_add(1).saturating_add(name_below(lines, n, bare)), found));
        }
        if bare.ends_with(['.', '!', '?']) && bare.len() > 60 && !bare.contains('@') {
            return None;
        }
    }
    None
}

/// Inbox by Gmail puts no verb, and the address in brackets below a blank line.
fn framed(lines: &[&str]) -> bool {
    let first = lines.first().map(|l| l.trim()).unwrap_or_default();
    let next = lines.iter().skip(1).take(3).map(|l| l.trim()).find(|l| !l.is_empty()).unwrap_or_default();
    next == "<" && START.is_match(first) && DATE.is_match(first) && TIME.is_match(first)
}

/// Some clients put the name on the line below the verb.
fn name_below(lines: &[&str], at: usize, line: &str) -> usize {
    let next = lines.get(at.saturating_add(1)).map(|l| l.trim()).unwrap_or_default();
    let named = next.ends_with([':', '：']) && next.len() < 120 && !next.starts_with('>');
    usize::from(named && !line.ends_with([':', '：']))
}

fn may_start(line: &str) -> bool {
    START.is_match(line)
        || line.contains('@')
        || line.starts_with(['"', '<', '-', '*'])
        || VERB_LAST.is_match(line)
        || DATE.is_match(line)
}

fn judge(line: &str) -> Option<Found> {
    let told = |c: char| c.is_numeric() || matches!(c, '@' | '-' | ':' | '：');
    if !line.contains(told) {
        return None;
    }
    if DASHED.is_match(line) {
        return Some(Found::Sure);
    }
    let line = line.trim_matches(['*', '_', ' ']);
    let colon = line.ends_with([':', '：']);
    let dated = DATE.is_match(line);
    let timed = TIME.is_match(line);
    let address = ADDRESS.is_match(line);
    let verb_last = VERB_LAST.is_match(line);
    let started = START.is_match(line);
    if verb_last && dated && (address || timed) && (started || address) {
        return Some(Found::Sure);
    }
    if colon && dated && timed && address && VERB_INSIDE.is_match(line) {
        return Some(Found::Sure);
    }
    if (colon && (NAME_FIRST.is_match(line) || DATE_LAST.is_match(line))) || DATE_FIRST.is_match(line) {
        return Some(Found::Sure);
    }
    if verb_last && colon && (dated || address || line.split(' ').count() <= 6) {
        return Some(if dated && started && line.len() < 120 { Found::Sure } else { Found::IfQuoted });
    }
    (colon && VERB_INSIDE.is_match(line) && (dated || address)).then_some(Found::IfQuoted)
}

static GLUED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(.*\S)\s*(?:-{2,}\s*|\s)(on\s(?:\w{3,9},?\s)?[^:]{4,40}(?-u:\b)\d{1,2}:\d{2}(?-u:\b).{0,160}(?-u:\b)wrote:)\s*$",
    )
});

/// Where a client glued its line to the end of the writer's, the byte at which it begins.
pub(super) fn glued(line: &str) -> Option<usize> {
    let ends = line.trim_end().len().checked_sub("wrote:".len()).and_then(|at| line.get(at..));
    if line.len() > 1000 || line.starts_with('>') || !ends.is_some_and(|e| e.trim_end().eq_ignore_ascii_case("wrote:"))
    {
        return None;
    }
    let found = GLUED.captures(line)?;
    let starts_itself = START.is_match(line);
    found.get(2).map(|m| m.start()).filter(|_| !starts_itself)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_above_a_quote_is_known_in_many_languages() {
        for line in [
            "On Mon, 3 Apr 2026 at 10:02, Jane Doe <jane@firm.example> wrote:",
            "Am 03.04.2026 um 10:02 schrieb Jane Doe <jane@firm.example>:",
            "Le ven. 3 avr. 2026 à 10:02, Jane <jane@firm.example> a écrit :",
            "El vie, 3 abr 2026 a las 10:02, Jane (<jane@firm.example>) escribió:",
            "Il giorno ven 3 apr 2026 alle ore 10:02 Jane <jane@firm.example> ha scritto:",
            "Op vr 3 apr 2026 om 10:02 schreef Jane <jane@firm.example>:",
            "Den fre 3 apr. 2026 kl 10:02 skrev Jane <jane@firm.example>:",
            "W dniu 3.04.2026 o 10:02, Jane pisze:",
            "2026年4月3日 10:02 Jane <jane@firm.example>:",
            "пт, 3 апр. 2026 г. в 10:02, Jane <jane@firm.example>:",
            "3 апр. 2026 г., в 10:02, Jane <jane@firm.example> написал(а):",
            "Пятница, 3 апреля 2026, 10:02 +03:00 от Jane <jane@firm.example>:",
            "03.04.2026, 10:02, \"Jane Doe\" <jane@firm.example>:",
            "2026/04/03 10:02、Jane <jane@firm.example>のメール:",
            "2026年4月3日(金) 10:02 Jane Doe <jane@firm.example>:",
            "2026. 4. 3. 오후 5:30, Jane <jane@firm.example> 작성:",
            "2026년 4월 3일 (금) 오전 10:02, Jane <jane@firm.example>님이 작성:",
            "在 2026年4月3日，10:02，Jane <jane@firm.example> 写道：",
            "在 2026-04-03 10:02:11，\"Jane Doe\" <jane@firm.example> 写道：",
            "Em sex., 3 de abr. de 2026 às 10:02, Jane <jane@firm.example> escreveu:",
            "El 3 abr 2026, a las 10:02, Jane <jane@firm.example> escribió:",
            "Am Fr., 3. Apr. 2026 um 10:02 Uhr schrieb Jane <jane@firm.example>:",
            "Am 3. April 2026 10:02:11 MESZ schrieb Jane <jane@firm.example>:",
            "Jane Doe <jane@firm.example> schrieb am Fr., 3. Apr. 2026, 10:02:",
            "Jane Doe <jane@firm.example> hat am 03.04.2026 10:02 geschrieben:",
            "Le 3 avr. 2026 à 10:02, Jane <jane@firm.example> a écrit :",
            "Jane Doe a écrit le 03/04/2026 à 10:02 :",
            "> Il giorno 3 apr 2026, alle ore 10:02, Jane <jane@firm.example> ha scritto:",
            "Op 3 apr. 2026 om 10:02 heeft Jane <jane@firm.example> het volgende geschreven:",
            "Jane <jane@firm.example> schreef op 3 april 2026 om 10:02:",
            "fre 3 apr. 2026 kl. 10:02 skrev Jane <jane@firm.example>:",
            "3. apr. 2026 kl. 10:02 skrev Jane <jane@firm.example>:",
            "pe 3. huhtik. 2026 klo 10.02 Jane (jane@firm.example) kirjoitti:",
            "pt., 3 kwi 2026 o 10:02 Jane <jane@firm.example> napisał(a):",
            "W dniu 2026-04-03 o 10:02, Jane Doe pisze:",
            "pá 3. 4. 2026 v 10:02 odesílatel Jane <jane@firm.example> napsal:",
            "Dne 3.4.2026 v 10:02 Jane Doe napsal(a):",
            "Jane <jane@firm.example> ezt írta (időpont: 2026. ápr. 3., P, 10:02):",
            "vin., 3 apr. 2026 la 10:02, Jane <jane@firm.example> a scris:",
            "Jane <jane@firm.example>, 3 Nis 2026 Cum, 10:02 tarihinde şunu yazdı:",
            "Στις Παρ 3 Απρ 2026 στις 10:02 π.μ., ο χρήστης Jane <jane@firm.example> έγραψε:",
            "Pada tanggal Jum, 3 Apr 2026 pukul 10.02 Jane <jane@firm.example> menulis:",
            "Vào Th 6, 3 thg 4, 2026 vào lúc 10:02 Jane <jane@firm.example> đã viết:",
            "בתאריך יום ו׳, 3 באפר׳ 2026 ב-10:02 מאת Jane <jane@firm.example>:",
            "ב-3 באפר׳ 2026, בשעה 10:02, Jane <jane@firm.example> כתב/ה:",
            "pet, 3. tra 2026. u 10:02 Jane <jane@firm.example> napisao je:",
            "---- On Fri, 03 Apr 2026 10:02:11 +0200 Jane <jane@firm.example> wrote ----",
            "------- Original Message ------- On Friday, April 3rd, 2026 at 10:02 AM, Jane <jane@firm.example> wrote:",
            "On Friday, April 3rd, 2026 at 10:02 AM, Jane Doe <jane@firm.example> wrote:",
            "On 3 Apr 2026, at 10:02, Jane Doe <jane@firm.example> wrote:",
            "On Apr 3, 2026 10:02 AM, Jane Doe <jane@firm.example> wrote:",
            "Jane Doe <jane@firm.example> wrote on 04/03/2026 10:02:11 AM:",
        ] {
            assert_eq!(at(&[line]), Some((1, Found::Sure)), "{line}");
        }
    }

    #[test]
    fn a_line_that_only_names_somebody_needs_a_quote_below() {
        assert_eq!(at(&["Quoting Jane Doe <jane@firm.example>:"]), Some((1, Found::IfQuoted)));
    }

    #[test]
    fn it_may_run_over_several_lines() {
        assert_eq!(
            at(&["On Mon, 3 Apr 2026 at 10:02, Jane Doe <", "jane@firm.example> wrote:"]),
            Some((2, Found::Sure))
        );
    }

    #[test]
    fn a_sentence_that_introduces_text_of_the_writer_is_none() {
        for lines in [
            ["On Monday counsel wrote to the court:", "We object."],
            ["Please add this note to the file:", "Witness is away until May 2026."],
            ["On 3 April I spoke to Jane:", "she agrees."],
            ["The exhibits are these (jane@firm.example has them):", "1. Deed"],
            ["I'm free on 3 April 2026 at 10:02. Jane wrote that she is too.", "Shall we meet?"],
        ] {
            assert!(!matches!(at(&lines), Some((_, Found::Sure))), "{lines:?}");
        }
    }

    #[test]
    fn a_sentence_about_writing_is_none() {
        assert_eq!(at(&["I wrote to the court on Monday.", "They have not answered."]), None);
        assert_eq!(at(&["Please see what opposing counsel wrote."]), None);
    }

    #[test]
    fn it_is_found_at_the_end_of_a_typed_line() {
        let line = "agreed.--- On Wed, Apr 4, 2026 at 3:59 PM, jane@firm.example wrote:";
        assert_eq!(glued(line).and_then(|at| line.get(..at)), Some("agreed.--- "));
    }
}
