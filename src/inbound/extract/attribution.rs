//! Lines come in; whether they are the line that a client writes above a quote (`On Monday, Jane wrote:`), in which
//! language and over how many lines ever, comes out.

use super::bare;
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
    /// The same, and no word of it is known; the writer may have put it there.
    Guessed,
}

/// Words of writing as clients put them at the end, or after the date.
static VERB_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:^|[\s>,)\]])(?:
        wrote | writes | said | (?:a\ )?[ée]crit | schrieb(?:\ (?:am|geschrieben))? | geschrieben | schreef | schreef\ het\ volgende | (?:het\ )?volgende\ geschreven | geschreven | skrev | skrev\ följande | escribi[oó] | ha\ escrito | ha\ escrit | va\ escriure | escreveu | ha\ scritto
        | napisa[łl](?:\(a\)|a)? | pisze | nap(?:s|is|ís)al(?:\(a\)|a)? | написал(?:\(а\)|а)? | пишет | писал(?:\(а\)|а)? | (?:написав|пише)(?:\(ла\))? | kirjoitti | kirjutas | [íi]rta(?:\ \(.*\))? | a\ scris | έγραψε | yazdı | şunu\ yazdı | şunları\ yazdı | napisao(?:/la)?(?:\ je)? | je\ napisao(?:/la)? | pisal(?:a)? | menulis | đã\ viết | viết
        | idatzi\ zuen | pisao(?:/la)?(?:\ je)? | je\ pisao(?:/la)? | napísal(?:\(a\)|a)? | napisal[ai]? | skrifaði | kirjutas | şöyle\ yazdı | написа(?:л|ла|\(а\))? | је\ написао(?:/ла)? | เขียนว่า | ได้เขียน | ने\ लिखा | نوشت | ditulis | tulis
        | 写道 | 寫道 | 写 | 来信 | さんは書きました | のメッセージ | wrote\ as\ follows | 작성 | 님이\ 작성 | 쓴\ 글 | כתב(?:/ה)? | כתבה | كتب | skrifaði | rašė | rakstīja | scrisse | schrieb\ folgendes
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
        r#"(?x)^(?:[-*_"\s]*)(?:on|am|le|el|il|em|op|den|på|w\ dniu|dnia|dňa|dne|dana|vào|lúc|pada|στις|στην|την|la|a|às|no\ dia|ma|ti|ke|to|pe|în|su|在|於|於|il\ giorno|at|as|quoting|zitat|þann|na|на|v|у|u|z
        |wiadomość\ napisana|użytkownik|missatge\ de|kontakt|kuupäev|in\ data|-+\s*on|-+\s*(?:am|le|el)
        |lun|mar|mer|gio|ven|sab|dom|mon|tue|wed|thu|fri|sat|sun|lö|sö|må|fre|ons|tis|tor|tors|mån|sön|lör|man|tir|søn|пн|вт|ср|чт|пт|сб|вс|нд|пон|уто|сре|чет|пет|суб|нед|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье
        |po|út|ut|st|čt|št|pá|pi|so|ne|pon|uto|sri|čet|pet|sub|ned|pirmd|otrd|trešd|ceturtd|piektd|sestd|svētd|pt|śr|czw|sob|niedz
        |monday|tuesday|wednesday|thursday|friday|saturday|sunday|\d{1,4}[-./年]|\d{1,2}\s|sent\ from|בתאריך|ב-|في|در\ تاریخ|در|ในวันที่|เมื่อวันที่|เมื่อ)(?:[\s,.\d]|$|-|/|年)"#,
    )
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?-u:\b)(?:19|20)\d\d(?-u:\b) | (?-u:\b)\d{1,2}[:.hH]\d{2}(?-u:\b) | (?-u:\b)\d{1,4}[/.\-]\ ?\d{1,2}[/.\-]\ ?\d{2,4}(?-u:\b) | \d{1,2}月\d{1,2}日 | (?-u:\b)\d{1,2}[\s.\-]+(?:de\ )?\pL{3,}
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
        r"^([\pL.' \-]{0,60})\s(?:schrieb|wrote|skrev|a écrit|escribió|ha scritto|schreef|napisał\(?a?\)?)\s+(?:am|on|den|le|el|il|op|at|w dniu|dnia)\s.{0,40}\d{1,2}[:.]\d{2}",
    )
});
/// `Am 03.04.2026 um 10:02 schrieb Jane Doe:`
static NAME_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\s(?:schrieb|schreef|skrev|kirjoitti|escribió|escreveu|écrit|scritto|wrote)\s+([^:<>]{2,60}?)\s?[:：]$")
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
        let bare = bare(line.trim_start_matches(['>', '|']));
        let bare = bare.trim();
        if bare.is_empty() || joined.len().saturating_add(bare.len()) > MAX_CHARS {
            return None;
        }
        if n == 0 && !may_start(bare) && !is_addressed(lines, bare) {
            return None;
        }
        if n > 0 {
            joined.push(' ');
        }
        joined.push_str(bare);
        joined = joined.replace("< ", "<");
        if let Some(found) = judge(&joined).filter(|_| !has_open_bracket(&joined)) {
            if n > 0 && is_told_apart(lines.first().map_or("", |l| l.trim()), &joined, found) {
                return None;
            }
            let more = name_below(lines, n, bare) || hyphens_below(lines, n, &joined);
            return Some((n.saturating_add(1).saturating_add(usize::from(more)), found));
        }
        let sentence = bare.ends_with(['.', '!', '?']) && bare.len() > 60 && !bare.contains('@');
        if sentence && !(DATE.is_match(bare) && (TIME.is_match(bare) || START.is_match(bare))) {
            return None;
        }
    }
    None
}

/// Whether the first line is a sentence of the writer, and what stands below it is one of these lines by itself.
fn is_told_apart(first: &str, joined: &str, found: Found) -> bool {
    let sentence = first.ends_with(['.', '!', '?']) && !first.contains(|c: char| c.is_numeric() || c == '<');
    let rest = joined.get(first.len()..).unwrap_or_default().trim();
    sentence && !(rest.starts_with(['<', '(']) && ends_in_title(first)) && judge(rest) == Some(found)
}

/// Inbox by Gmail puts no verb, and the address in brackets below a blank line.
fn framed(lines: &[&str]) -> bool {
    let first = lines.first().map(|l| l.trim()).unwrap_or_default();
    let next = lines.iter().skip(1).take(3).map(|l| l.trim()).find(|l| !l.is_empty()).unwrap_or_default();
    next == "<" && START.is_match(first) && DATE.is_match(first) && TIME.is_match(first)
}

/// Some clients put the name on the line below the verb.
fn name_below(lines: &[&str], at: usize, line: &str) -> bool {
    let next = lines.get(at.saturating_add(1)).map(|l| l.trim()).unwrap_or_default();
    let named = next.ends_with([':', '：']) && next.len() < 120 && !next.starts_with('>');
    named && !line.ends_with([':', '：'])
}

/// A line that begins with hyphens ends with some, perhaps on the next one.
fn hyphens_below(lines: &[&str], at: usize, joined: &str) -> bool {
    let next = lines.get(at.saturating_add(1)).map(|l| l.trim()).unwrap_or_default();
    joined.starts_with("--") && next.starts_with("--") && next.chars().all(|c| c == '-')
}

fn has_open_bracket(line: &str) -> bool {
    let count = |bracket: char| line.chars().filter(|c| *c == bracket).count();
    count('(') > count(')')
}

/// A name whose address stands on the next line.
fn is_addressed(lines: &[&str], name: &str) -> bool {
    let next = lines.get(1).map(|l| bare(l.trim_start_matches(['>', ' ']))).unwrap_or_default();
    next.starts_with(['<', '(']) && next.contains('@') && is_name(name)
}

/// A few words, each with a capital or of a script without any, and no sentence.
fn is_name(line: &str) -> bool {
    let small = |w: &str| {
        matches!(w, "von" | "van" | "de" | "der" | "den" | "da" | "di" | "du" | "la" | "le" | "zu" | "el" | "al")
    };
    let named = |w: &str| small(w) || !w.starts_with(char::is_lowercase);
    let sentence = line.ends_with(['.', '!', '?', ':', '。', '！', '？']) && !ends_in_title(line);
    !sentence && line.split(' ').count() <= 6 && line.split(' ').all(named)
}

/// `LL.M.`, `Dr.`
fn ends_in_title(line: &str) -> bool {
    let last = line.rsplit(' ').next().unwrap_or_default();
    last.ends_with('.') && (last.matches('.').count() > 1 || last.chars().count() <= 4)
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
        return Some(if !address && is_narrated(line) { Found::IfQuoted } else { Found::Sure });
    }
    let verb_inside = VERB_INSIDE.is_match(line);
    if colon && dated && timed && address && verb_inside {
        return Some(Found::Sure);
    }
    // `Am Freitag, 3. April 2026 schrieb Jane <jane@firm.example>:`, and `3. Apr. 2026, 10:02 von jane@firm.example:`
    let addressed = started && dated && verb_inside && line.ends_with(">:");
    let led = timed && address && DATE.find(line).is_some_and(|m| m.start() < 8) && line.split(' ').count() <= 10;
    if addressed || (colon && led) {
        return Some(Found::Sure);
    }
    let dated_last =
        || DATE_LAST.captures(line).and_then(|c| c.get(1)).is_some_and(|who| is_writer(who.as_str().trim()));
    if (colon && (NAME_FIRST.is_match(line) || dated_last())) || DATE_FIRST.is_match(line) {
        return Some(Found::Sure);
    }
    if colon
        && started
        && dated
        && timed
        && NAME_LAST.captures(line).and_then(|c| c.get(1)).is_some_and(|who| is_client_name(who.as_str()))
    {
        return Some(Found::Sure);
    }
    if verb_last && colon && (dated || address || line.split(' ').count() <= 6) {
        return Some(Found::IfQuoted);
    }
    // A day and an hour, or a day and an address, right above a quote: whatever the verb and its language.
    let placed = dated && (timed || address);
    match verb_inside && (dated || address) {
        _ if !colon => None,
        true => Some(Found::IfQuoted),
        false => placed.then_some(Found::Guessed),
    }
}

/// `in message <65E6F.1@firm.example>, `, in whatever language.
static IN_MESSAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*\S+\s[^<>]{0,60}\d[^<>]{0,60}\s\pL+:?\s<[^<>\s]+@[^<>\s]+>[,:]\s"));

/// Whether GroupWise's line begins here: `>>> Jane Doe <jane@firm.example> 03.04.2026 10:02 >>>`, or `>>> On … in message
/// <…>, Jane Doe <…> wrote:`. What stands below it is history without a mark.
pub(super) fn is_groupwise(lines: &[&str]) -> bool {
    let Some(first) = lines.first().and_then(|l| l.trim().strip_prefix(">>>")) else { return false };
    let mut joined = String::new();
    for line in std::iter::once(first).chain(lines.iter().skip(1).map(|l| l.trim())).take(MAX_WRAP) {
        if line.trim().is_empty() || joined.len().saturating_add(line.len()) > MAX_CHARS {
            return false;
        }
        joined.push_str(line);
        if let Some(said) = joined.strip_suffix(">>>") {
            return DATE.is_match(said) && !said.contains(">>");
        }
        if IN_MESSAGE.is_match(&joined) && judge(joined.trim()) == Some(Found::Sure) {
            return true;
        }
        joined.push(' ');
    }
    false
}

/// Whether the line tells who wrote as sentences do ("the judge wrote", "what I wrote"), where a client puts a name.
fn is_narrated(line: &str) -> bool {
    let Some(verb) = VERB_LAST.find(line) else { return false };
    let before = line.get(..verb.start()).unwrap_or_default();
    let mut words = before.split_whitespace().rev();
    let last = words.next().unwrap_or_default().trim_matches([',', '"', '\'']);
    let above = words.next().unwrap_or_default();
    // A login may be all small, and then stands right behind the hour.
    let parted = above.ends_with(|c: char| c == ',' || c == '.' || c.is_numeric());
    let hour = matches!(above.to_lowercase().as_str(), "am" | "pm" | "uhr" | "");
    let led =
        words.next().is_some_and(|word| matches!(word.to_lowercase().as_str(), "van" | "von" | "in" | "op" | "auf"));
    let article = matches!(
        above.to_lowercase().as_str(),
        "the"
            | "my"
            | "our"
            | "your"
            | "his"
            | "her"
            | "their"
            | "der"
            | "die"
            | "das"
            | "mein"
            | "meine"
            | "unser"
            | "unsere"
    );
    is_pronoun(last) || (article && !led) || (last.starts_with(char::is_lowercase) && !parted && !hour)
}

/// A name, or a login in one word.
fn is_writer(who: &str) -> bool {
    let one = !who.contains(' ') || is_name(who);
    one && !is_pronoun(who.rsplit(' ').next().unwrap_or_default())
}

/// A name as clients put it behind the verb: never one that begins with a small word.
fn is_client_name(who: &str) -> bool {
    let begins = who.starts_with(|c: char| !c.is_lowercase()) || !who.contains(' ');
    begins && is_writer(who)
}

fn is_pronoun(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "i" | "we"
            | "he"
            | "she"
            | "they"
            | "you"
            | "who"
            | "ich"
            | "wir"
            | "er"
            | "sie"
            | "je"
            | "nous"
            | "il"
            | "elle"
            | "yo"
    )
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
            "Am 03.04.2026 um 10:02 schrieb Jane Doe:",
            "On 3 Apr 2026 10:02, Jan van der Berg wrote:",
            "On 2026-04-03 10:02, jdoe wrote:",
            "jdoe schrieb am Fr. 3. April 2026 um 10:02:",
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
    fn groupwises_line_is_no_quote_of_another() {
        for lines in [
            &[">>> Jane Doe <jane@firm.example> 4/3/2026 10:02 AM >>>", "Dear John"][..],
            &[">>> \"Jane Doe\" <jane@firm.example> 3.4.2026 10:02 >>>"],
            &[">>> Jane Doe 04/03/26 10:02 AM >>>"],
            &[">>> Jane Doe <jane.doe@firm.example> Friday, April 03, 2026 10:02", "AM >>>"],
            &[">>> On 4/3/2026 at 10:02 AM, in message <65E6F.1@firm.example>, Jane", "<jane@firm.example> wrote:"],
            &[
                ">>> Am 03.04.2026 um 10:02 in Nachricht <65E6F.1@firm.example>, Jane Doe",
                "<jane@firm.example> schrieb:",
            ],
            &[">>>Le 03/04/2026 à 10:02, dans le message <65E6F.1@firm.example>, Jane <jane@firm.example> a écrit :"],
        ] {
            assert!(is_groupwise(lines), "{lines:?}");
        }
        for line in [
            ">>> I will be there on 3 April 2026",
            ">>> On 3 Apr 2026, at 10:02, Jane <jane@firm.example> wrote:",
            ">> a >>>",
            ">>> Really? >>>",
        ] {
            assert!(!is_groupwise(&[line, "Yes."]), "{line}");
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
            ["On 3 March 2024 the judge wrote:", "The motion is denied."],
            ["On 3 March 2024 Judge Smith wrote:", "The motion is denied."],
            ["On 3 March 2024 at 10:12 opposing counsel wrote:", "We refuse."],
            ["le 5 mars 2024 à 10:12, le client a écrit :", "je refuse."],
            ["please see below what I wrote on 3 March 2024 at 10:00:", "The claim is barred."],
            ["On 3 March 2024 at 10:00 I wrote:", "The claim is barred."],
            ["Am 3. März 2024 um 10:00 Uhr schrieb der Richter:", "Die Klage ist unzulässig."],
            ["Am 3. März 2024 um 10:00 Uhr hat der Richter geschrieben:", "Die Klage ist unzulässig."],
            ["The exhibits are these (jane@firm.example has them):", "1. Deed"],
            ["I'm free on 3 April 2026 at 10:02. Jane wrote that she is too.", "Shall we meet?"],
        ] {
            assert!(!matches!(at(&lines), Some((_, Found::Sure))), "{lines:?}");
        }
    }

    #[test]
    fn a_sentence_right_above_it_stays_the_writers() {
        let lines =
            ["On second thought I agree with you.", "On Mon, 3 Apr 2026 at 10:02, Jane <jane@firm.example> wrote:"];
        assert_eq!((at(&lines), at(&lines[1..])), (None, Some((1, Found::Sure))));
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
