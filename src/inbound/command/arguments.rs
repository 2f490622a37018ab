//! What follows a verb comes in; its typed arguments, its words, and the first thing that is wrong go into the request
//! (spec: commands.md c3–c5, decisions.md 14, 15). Never asks whether an item exists.

use std::sync::LazyLock;

use regex::Regex;

use super::instead::{instead, length_behind};
use super::lexer::Text;
use super::request::{CommandError, Flag, Problem, Request};
use super::verbs::{Takes, Verb};
use super::{Reading, is_note_like};
use crate::domain::dates::{self, Against, Direction, Locale};
use crate::domain::duration::{self, DurationError, Quantity};
use crate::domain::utbms::Code;
use crate::domain::{Address, ItemId, Kind};
use crate::inbound::pattern::pattern;

/// The words and brackets that may stand around the number of what a command is about.
static AIMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(\(|)(?:(?:on|for|re|in|about|regarding|auf|für|zu|an|sur|pour|dans|concernant|en|para|sobre):? )?",
        r"(?:(?:the|der|die|das|dem|la|le|el) )?(?:(?:matter|task|mandat|aufgabe|dossier|tâche|asunto|tarea) )?",
        r"([a-z]{1,4}-\d{1,9}(?:v\d{1,4})?)(\))?"
    ))
});

/// The longest run of words that names a person.
const LONGEST_NAME: usize = 4;

/// Reads the arguments of `request` from `rest`; `more` says whether text follows on lines of its own.
pub(super) fn read(request: &mut Request, rest: &Text, reading: &Reading<'_>, more: bool) {
    let takes = request.verb.entry().takes;
    let mut arguments = Arguments { request, reading, more, plain: &rest.plain, shown: &rest.shown, seen: 0, takes };
    arguments.run();
    let words = arguments.shown.trim();
    if words.chars().any(|c| !matches!(c, '.' | ',' | ';' | ':' | '!' | '-')) {
        request.narrative = words.to_owned();
    }
    complete(request, reading);
}

/// Notes what is wrong, unless something was wrong before.
pub(super) fn fail(request: &mut Request, problem: Problem, reading: &Reading<'_>) {
    if request.error.is_none() {
        let instead = instead(request, &problem, reading);
        request.error = Some(CommandError { problem, instead });
    }
}

/// Says again what would work, now that the whole request is known.
pub(super) fn suggest(request: &mut Request, reading: &Reading<'_>) {
    if let Some(problem) = request.error.as_ref().map(|e| e.problem.clone()) {
        let instead = instead(request, &problem, reading);
        request.error = Some(CommandError { problem, instead });
    }
}

struct Arguments<'a, 'r> {
    request: &'a mut Request,
    reading: &'a Reading<'r>,
    more: bool,
    /// What is left, with the characters of phones made plain, and as it is shown.
    plain: &'a str,
    shown: &'a str,
    /// How many arguments were read.
    seen: usize,
    takes: &'static [Takes],
}

impl<'a> Arguments<'a, '_> {
    fn run(&mut self) {
        loop {
            self.blanks();
            if self.plain.starts_with(':') {
                self.advance(1);
                return;
            }
            if self.plain.starts_with("- ") {
                self.advance(2);
                if self.seen > 0 {
                    return;
                }
                continue;
            }
            match self.argument() {
                Some(Taken::Bytes(bytes)) if bytes > 0 => self.advance(bytes),
                Some(Taken::Words) => return,
                _ => return,
            }
            self.seen = self.seen.saturating_add(1);
        }
    }

    fn has(&self, form: Takes) -> bool {
        self.takes.contains(&form)
    }

    fn advance(&mut self, bytes: usize) {
        let (Some(past), Some(plain)) = (self.plain.get(..bytes), self.plain.get(bytes..)) else { return };
        let mut shown = self.shown.chars();
        for _ in past.chars() {
            shown.next();
        }
        (self.plain, self.shown) = (plain, shown.as_str());
    }

    /// Skips blanks, and the marks that stand between arguments.
    fn blanks(&mut self) {
        let text = self.plain;
        let mut left = text.trim_start();
        if self.seen > 0 {
            let marked = left.trim_start_matches([',', ';', '.', '!']);
            if marked.is_empty() || marked.starts_with(' ') {
                left = marked.trim_start();
            }
        }
        let skipped = text.len().saturating_sub(left.len());
        self.advance(skipped);
    }

    /// The next word, without the marks at its end.
    fn word(&self) -> &'a str {
        let text = self.plain;
        let word = text.split(' ').next().unwrap_or_default();
        word.trim_end_matches([',', ';', '.', ':', '!', ')'])
    }

    /// Reads one argument; `None` where the words begin.
    fn argument(&mut self) -> Option<Taken> {
        if self.plain.is_empty() || self.is_text_of_a_note() {
            return self.id();
        }
        self.id()
            .or_else(|| self.aimed())
            .or_else(|| self.matter())
            .or_else(|| self.key())
            .or_else(|| self.codes())
            .or_else(|| self.flag())
            .or_else(|| self.address())
            .or_else(|| self.quoted())
            .or_else(|| self.duration())
            .or_else(|| self.date())
            .or_else(|| self.time_of_day())
            .or_else(|| self.task_number())
            .or_else(|| self.person())
            .or_else(|| self.bare_number())
    }

    /// `#edit N-3 …` is text from the first word on; `#edit TE-31 …` has arguments.
    fn is_text_of_a_note(&self) -> bool {
        self.request.verb == Verb::Edit && is_note_like(self.request, self.reading)
    }

    fn id(&mut self) -> Option<Taken> {
        if !self.has(Takes::Ids) {
            return None;
        }
        if !self.request.ids.is_empty()
            && let Some(and) = ["and ", "& ", "+ "].into_iter().find(|and| self.plain.starts_with(and))
        {
            let next = self.plain.get(and.len()..)?.split(' ').next()?;
            self.any_id(next.trim_end_matches([',', '.', ':', ';', '!']))?;
            return Some(Taken::Bytes(and.len()));
        }
        let word = self.word().to_owned();
        // "T-12,T-14" is two.
        let ids: Option<Vec<ItemId>> = word.split(',').map(|part| self.any_id(part)).collect();
        for id in ids.filter(|ids| !ids.is_empty())? {
            add(&mut self.request.ids, id);
        }
        Some(Taken::Bytes(word.len()))
    }

    /// "on M-2", "for the matter M-2", "re: M-2", "(M-2)": what the command is about.
    fn aimed(&mut self) -> Option<Taken> {
        let adds =
            matches!(self.request.verb, Verb::Time | Verb::Done | Verb::Note | Verb::Message | Verb::Call | Verb::Log);
        let found = AIMED.captures(self.plain).filter(|_| adds)?;
        let (id, end) = (ItemId::parse(found.get(2)?.as_str())?, found.get(0)?.end());
        let ends = self.plain.get(end..)?.trim_start_matches([',', ';', '.', ':', '!']);
        let is_closed = found.get(1).is_some_and(|m| m.as_str() == "(") == found.get(3).is_some();
        (is_closed && (ends.is_empty() || ends.starts_with(' '))).then(|| {
            add(&mut self.request.ids, id);
            Taken::Bytes(end)
        })
    }

    fn any_id(&self, word: &str) -> Option<ItemId> {
        ItemId::parse(word).or_else(|| if self.has(Takes::LooseIds) { without_hyphen(word) } else { None })
    }

    /// `M-"00012-Smith"` and `[00012-Smith]`.
    fn matter(&mut self) -> Option<Taken> {
        if !self.has(Takes::Ids) || self.request.matter.is_some() {
            return None;
        }
        let text = self.plain;
        let (open, close) = if text.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("m-\"")) {
            (3, '"')
        } else if text.starts_with('[') {
            (1, ']')
        } else {
            return None;
        };
        let inside = text.get(open..)?;
        let end = inside.find(close)?;
        let number = inside.get(..end)?;
        let plausible = (1..=80).contains(&number.len())
            && number.contains(|c: char| c.is_ascii_digit())
            && (number.contains(['-', '/', '.']) || number.bytes().all(|b| b.is_ascii_digit()));
        if !plausible {
            return None;
        }
        let from = text.get(..open)?.chars().count();
        let shown = self.shown.chars().skip(from).take(number.chars().count()).collect();
        let bytes = open.saturating_add(end).saturating_add(1);
        self.request.matter = Some(shown);
        Some(Taken::Bytes(bytes))
    }

    /// `rate:250` is refused; `date:`, `matter:` and `code:` only say what follows; `@Research` is an activity.
    fn key(&mut self) -> Option<Taken> {
        if !self.has(Takes::Keys) {
            return None;
        }
        let text = self.plain;
        if let Some(activity) = self.word().strip_prefix('@') {
            let bytes = activity.len().saturating_add(1);
            let name = activity.to_owned();
            return name.starts_with(char::is_alphabetic).then(|| {
                self.request.keys.push(("activity".to_owned(), name));
                Taken::Bytes(bytes)
            });
        }
        let end = first_word(text).find([':', '='])?;
        let key = text.get(..end)?.to_lowercase();
        let after = text.get(end.saturating_add(1)..)?;
        let blanks = after.len().saturating_sub(after.trim_start().len());
        let value = after.trim_start();
        let to_value = end.saturating_add(1).saturating_add(blanks);
        match key.as_str() {
            "rate" | "price" => {
                fail(self.request, Problem::RateSet, self.reading);
                let figure = value.split(' ').next().filter(|v| v.contains(|c: char| c.is_ascii_digit()));
                Some(Taken::Bytes(to_value.saturating_add(figure.map_or(0, str::len))))
            }
            "date" | "due" if dates::prefix(value, &self.against()?).is_some() => Some(Taken::Bytes(to_value)),
            "matter" | "task" | "item" if ItemId::parse(first_word(value)).is_some() || value.starts_with('[') => {
                Some(Taken::Bytes(to_value))
            }
            "code" | "codes" | "activity" | "task" if Code::parse(first_word(value)).is_some() => {
                Some(Taken::Bytes(to_value))
            }
            "activity" if blanks == 0 && !value.is_empty() => {
                let name = first_word(value);
                self.request.keys.push((key, name.to_owned()));
                Some(Taken::Bytes(to_value.saturating_add(name.len())))
            }
            _ => None,
        }
    }

    /// `A103`, `A103 L210`, `A103/L210`.
    fn codes(&mut self) -> Option<Taken> {
        if !self.has(Takes::Codes) {
            return None;
        }
        let word = self.word().to_owned();
        let codes: Vec<Code> = word.split(['/', ',']).map(Code::parse).collect::<Option<_>>()?;
        for code in codes {
            if code.is_unlisted() && !self.reading.firm_codes.contains(&code) {
                match self.request.error.as_mut().map(|e| &mut e.problem) {
                    Some(Problem::CodeUnknown(unknown)) => add(unknown, code.clone()),
                    _ => fail(self.request, Problem::CodeUnknown(vec![code.clone()]), self.reading),
                }
            }
            add(&mut self.request.codes, code);
        }
        Some(Taken::Bytes(word.len()))
    }

    fn flag(&mut self) -> Option<Taken> {
        if !self.has(Takes::Flags) {
            return None;
        }
        let (word, flag) = match self.flag_of_two_words() {
            Some(found) => found,
            None => (self.word().to_owned(), Flag::of(self.word())?),
        };
        // "Urgent call with client" begins the words; "urgent" and "Urgent:" do not.
        let title = word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
        let alone = self.plain.get(word.len()..).is_none_or(|r| !r.starts_with(' ') || r.trim().is_empty());
        if title && !alone && matches!(flag, Flag::Urgent | Flag::Quietly) {
            return None;
        }
        add(&mut self.request.flags, flag);
        Some(Taken::Bytes(word.len()))
    }

    /// "non billable", "nicht abrechenbar", "sin cargo".
    fn flag_of_two_words(&self) -> Option<(String, Flag)> {
        let first = first_word(self.plain);
        let second =
            first_word(self.plain.get(first.len().saturating_add(1)..)?).trim_end_matches([',', ';', '.', ':']);
        let begins = ["non", "nicht", "no", "ohne", "sans", "sin"].iter().any(|w| first.eq_ignore_ascii_case(w));
        // "No charge sheet was served" is what a lawyer writes.
        let is_english = second.eq_ignore_ascii_case("charge");
        let flag = Flag::of(&format!("{first}-{second}")).filter(|_| begins && !is_english)?;
        Some((format!("{first} {second}"), flag))
    }

    fn address(&mut self) -> Option<Taken> {
        if !self.has(Takes::Addresses) {
            return None;
        }
        let word = self.word();
        let address = Address::parse(word.trim_matches(['<', '>'])).ok()?;
        let bytes = word.len();
        add(&mut self.request.addresses, address);
        Some(Taken::Bytes(bytes))
    }

    fn quoted(&mut self) -> Option<Taken> {
        if !self.has(Takes::Quoted) {
            return None;
        }
        let inside = self.plain.strip_prefix('"')?;
        let end = inside.find('"')?;
        let count = inside.get(..end)?.chars().count();
        let shown: String = self.shown.chars().skip(1).take(count).collect();
        self.request.quoted.push(shown.trim().to_owned());
        Some(Taken::Bytes(end.saturating_add(2)))
    }

    /// A duration with its unit, and `1:30` where no clock is meant.
    fn duration(&mut self) -> Option<Taken> {
        if !self.has(Takes::Duration) {
            return None;
        }
        let text = self.plain;
        let clock = || if self.has(Takes::Hours) { duration::clock(text) } else { None };
        // Where a time of day is an argument of its own, the first of two is that.
        let span = || if self.has(Takes::TimeOfDay) { None } else { duration::span(text) };
        let (bytes, value) = span().or_else(|| duration::explicit(text)).or_else(clock)?;
        match duration::maybe_minutes(text).filter(|(hours, _)| *hours == bytes) {
            // "1h 15 March" is a day.
            Some((hours, unsure)) if !self.date_follows(hours) => self.set_duration(Err(unsure)),
            _ => self.set_duration(value),
        }
        Some(Taken::Bytes(bytes))
    }

    fn date_follows(&self, from: usize) -> bool {
        let rest = self.plain.get(from..).unwrap_or_default().trim_start();
        self.against().is_some_and(|against| dates::prefix(rest, &against).is_some())
    }

    fn set_duration(&mut self, value: Result<Quantity, DurationError>) {
        match value {
            Ok(second) if self.request.duration.is_some() => {
                fail(self.request, Problem::TwoDurations(second), self.reading);
            }
            Ok(quantity) => self.request.duration = Some(quantity),
            Err(error) => fail(self.request, Problem::Duration(error), self.reading),
        }
    }

    fn against(&self) -> Option<Against<'_>> {
        let direction = match (self.has(Takes::PastDate), self.has(Takes::FutureDate)) {
            (true, _) => Direction::Past,
            (_, true) => Direction::Future,
            _ => return None,
        };
        Some(Against { now: self.reading.now, locale: self.reading.locale, direction })
    }

    /// A date; "date", "due", "since" and "to" may stand before it.
    fn date(&mut self) -> Option<Taken> {
        let against = self.against()?;
        let text = self.plain;
        let word = first_word(text);
        let named = DATE_WORDS.contains(&word.to_lowercase().as_str());
        let skip = if named { word.len().saturating_add(1) } else { 0 };
        let (bytes, value) = dates::prefix(text.get(skip..)?, &against)?;
        // With its year a day is the same from whichever side it is looked for.
        let typed = text.get(skip..skip.saturating_add(bytes)).unwrap_or_default();
        let other = match against.direction {
            Direction::Past => Direction::Future,
            Direction::Future => Direction::Past,
        };
        let is_guessed = dates::parse(typed, &Against { direction: other, ..against }) != value;
        match value {
            Ok(_) if self.request.date.is_some() => fail(self.request, Problem::TwoDates, self.reading),
            Ok(date) => {
                self.request.date = Some(date);
                self.request.year_guessed = is_guessed;
            }
            Err(error) => fail(self.request, Problem::Date(error), self.reading),
        }
        Some(Taken::Bytes(skip.saturating_add(bytes)))
    }

    fn time_of_day(&mut self) -> Option<Taken> {
        if !self.has(Takes::TimeOfDay) || self.request.time.is_some() {
            return None;
        }
        let (bytes, time) = dates::time_of_day(self.plain)?;
        self.request.time = Some(time);
        Some(Taken::Bytes(bytes))
    }

    /// `#done 3` is `#done T-3` (gateway.md K5).
    fn task_number(&mut self) -> Option<Taken> {
        if !self.has(Takes::TaskNumbers) || self.seen != self.request.ids.len() {
            return None;
        }
        let word = self.word();
        let plain = (1..=6).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        let number: u32 = word.parse().ok().filter(|n| plain && *n > 0)?;
        let bytes = word.len();
        add(&mut self.request.ids, ItemId::new(Kind::Task, number));
        Some(Taken::Bytes(bytes))
    }

    /// "to Smith:", "with Jane Roe": the words up to a colon, to the next argument, or to the end of the line.
    fn person(&mut self) -> Option<Taken> {
        let keywords =
            self.takes.iter().find_map(|t| if let Takes::Person(words) = t { Some(*words) } else { None })?;
        let keyword = first_word(self.plain);
        let is_one = |k: &&str| {
            keyword.eq_ignore_ascii_case(k)
                || said_for(k, self.reading.locale).iter().any(|w| keyword.to_lowercase() == *w)
        };
        if self.request.to.is_some() || !keywords.iter().any(is_one) {
            return None;
        }
        let before = (self.plain, self.shown);
        self.advance(keyword.len());
        let mut name: Vec<String> = Vec::new();
        let ended = loop {
            let skipped = self.plain.len().saturating_sub(self.plain.trim_start().len());
            self.advance(skipped);
            if self.plain.is_empty() {
                break !matches!(self.request.verb, Verb::Message) || self.more;
            }
            if self.plain.starts_with(':') || self.argument_follows() {
                break true;
            }
            let word = first_word(self.plain);
            let (characters, bytes) = (word.chars().count(), word.len());
            let shown: String = self.shown.chars().take(characters).collect();
            if name.len() >= LONGEST_NAME {
                break false;
            }
            if let Some(last) = shown.strip_suffix([':', '：']) {
                name.push(last.to_owned());
                self.advance(bytes.saturating_sub(1));
                break true;
            }
            name.push(shown);
            self.advance(bytes);
        };
        if !ended {
            (self.plain, self.shown) = before;
            return None;
        }
        if !name.is_empty() {
            self.request.to = Some(name.join(" ").trim_end_matches(',').to_owned());
        }
        if self.plain.starts_with(':') {
            self.advance(1);
            return Some(Taken::Words);
        }
        // Where the name ends at an argument, that argument is read next.
        self.argument()
    }

    /// Says whether an argument that ends a person's name stands here.
    fn argument_follows(&self) -> bool {
        let word = self.word();
        let due = ["due", "quietly", "urgent", "notify"].iter().any(|w| word.eq_ignore_ascii_case(w));
        let date = || self.against().is_some_and(|a| dates::prefix(self.plain, &a).is_some());
        let id = || self.has(Takes::Ids) && (ItemId::parse(word).is_some() || self.plain.starts_with('['));
        due || id() || (self.has(Takes::Addresses) && Address::parse(word).is_ok()) || date()
    }

    /// A number without a unit: only as the first argument, and only if no other duration stands in the line.
    fn bare_number(&mut self) -> Option<Taken> {
        let first = self.seen == 0 || (self.request.verb == Verb::Edit && self.seen == self.request.ids.len());
        if !self.has(Takes::Hours) || !first || self.request.duration.is_some() {
            return None;
        }
        let (bytes, value) = duration::bare(self.plain)?;
        let typed = self.word().to_owned();
        let others = self.plain.get(bytes..).is_some_and(duration::stands_in);
        if others {
            fail(self.request, Problem::NumberAndDuration(typed), self.reading);
        } else {
            self.set_duration(value);
        }
        Some(Taken::Bytes(bytes))
    }
}

/// What may stand before a date.
const DATE_WORDS: [&str; 14] = [
    "date",
    "due",
    "since",
    "to",
    "datum",
    "fällig",
    "bis",
    "seit",
    "échéance",
    "depuis",
    "fecha",
    "vence",
    "hasta",
    "desde",
];

/// The words before a person's name in another language; in English some of them mean something else.
const fn said_for(english: &str, locale: Locale) -> &'static [&'static str] {
    match (locale, english.as_bytes()) {
        (Locale::German, b"to") => &["an"],
        (Locale::German, b"for") => &["für"],
        (Locale::German, b"with") => &["mit", "für"],
        (Locale::German, b"from" | b"by") => &["von"],
        (Locale::French, b"to") => &["à"],
        (Locale::French, b"for") => &["pour"],
        (Locale::French, b"with") => &["avec"],
        (Locale::French, b"from" | b"by") => &["de", "par"],
        (Locale::Spanish, b"to") => &["a"],
        (Locale::Spanish, b"for") => &["para"],
        (Locale::Spanish, b"with") => &["con"],
        (Locale::Spanish, b"from" | b"by") => &["de", "por"],
        _ => &[],
    }
}

/// What was read at one place.
enum Taken {
    /// An argument of this many bytes.
    Bytes(usize),
    /// The argument ended with a colon: what follows are words.
    Words,
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// `T12` and `d4v2`, as thumbs type them.
fn without_hyphen(word: &str) -> Option<ItemId> {
    let split = word.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = word.split_at_checked(split)?;
    ItemId::parse(&format!("{letters}-{digits}"))
}

/// The length of a call where it is said after the name: "with Mr Smith, 10 min: agreed extension". Gives the words without
/// it.
fn length_after_name(words: &str) -> Option<(String, Quantity)> {
    let end = words.find([':', '\n']).unwrap_or(words.len());
    let (head, rest) = words.split_at_checked(end)?;
    let mut starts = head.match_indices([' ', ',']).map(|(at, _)| at.saturating_add(1));
    let (at, quantity) = starts.find_map(|at| {
        let (bytes, value) = duration::explicit(head.get(at..)?)?;
        let is_last = head.get(at.saturating_add(bytes)..)?.trim_matches(['.', ' ']).is_empty();
        Some((at, value.ok()?)).filter(|_| is_last)
    })?;
    let mut name = head.get(..at)?.trim_end_matches([' ', ',', '(']);
    for word in [" for", " für", " pendant", " durante"] {
        name = name.strip_suffix(word).unwrap_or(name);
    }
    Some((format!("{}{rest}", name.trim_end_matches([' ', ','])), quantity))
}

/// Notes what is missing or can't be, once all arguments are known.
fn complete(request: &mut Request, reading: &Reading<'_>) {
    let today = reading.now.date();
    if request.verb == Verb::Call
        && request.duration.is_none()
        && let Some((words, length)) = length_after_name(&request.narrative)
    {
        (request.narrative, request.duration) = (words, Some(length));
    }
    if request.verb.entry().takes.contains(&Takes::PastDate)
        && let Some(date) = request.date.filter(|d| *d > today)
    {
        fail(request, Problem::DateInFuture(date), reading);
    }
    if request.verb.entry().takes.contains(&Takes::Keys) && sets_a_rate(&request.narrative) {
        fail(request, Problem::RateSet, reading);
    }
    if request.verb == Verb::Time && request.duration.is_none() {
        let behind = length_behind(&request.narrative).and_then(|behind| {
            let words = request.narrative.get(..behind.at.start)?.trim_end();
            Some(Problem::DurationBehind(
                words.chars().take(40).collect(),
                request.narrative.get(behind.at)?.trim_end().to_owned(),
            ))
        });
        fail(request, behind.unwrap_or(Problem::DurationMissing), reading);
    }
}

/// Finds `rate:250` among the words; "interest rate: 5% clause" is what a lawyer drafts.
fn sets_a_rate(words: &str) -> bool {
    let lower = words.to_lowercase();
    lower.match_indices("rate:").any(|(at, found)| {
        let starts = lower.get(..at).is_some_and(|b| b.is_empty() || b.ends_with(' '));
        let value = lower.get(at.saturating_add(found.len())..).unwrap_or_default();
        starts && value.trim_start_matches(['$', '£', '€']).starts_with(|c: char| c.is_ascii_digit())
    })
}
