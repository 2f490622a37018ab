//! The commands of a mail: the newly written lines come in, requests and the remaining text go out (spec: commands.md,
//! decisions.md 13–18). Pure: never asks who writes, what exists, or whether it is allowed.

mod arguments;
mod instead;
mod lexer;
mod pleasantry;
mod request;
mod unmarked;
mod verbs;

use jiff::Zoned;

use crate::domain::dates::{self, Against, Direction, Locale};
use crate::domain::duration;
use crate::domain::utbms::Code;
use crate::domain::{ItemId, Kind};
use lexer::{Head, Logical, Text};

pub use lexer::BULLETS;

pub use super::extract::Line;
pub use instead::{Corrected, corrected, either, for_each, with_year};
pub use pleasantry::{is_greeting, is_pleasantry, reads_like_an_answer};
pub use request::{CommandError, Flag, Problem, Request, to_json};
pub use unmarked::Unmarked;
pub use verbs::{Ends, Entry, TABLE, Takes, Verb, Who, nearest};

/// The most commands of one mail (gateway.md K10).
pub const MOST_COMMANDS: usize = 50;

/// The most questions about one mail's words.
const MOST_QUESTIONS: usize = 20;

/// The most lines without `#` that are asked about.
const MOST_UNMARKED: usize = 3;

/// The most words of one mail that are compared with the verbs.
const MOST_COMPARED: usize = 200;

/// What a mail is about, as far as its words depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Not known: only the mail itself is at hand.
    Unknown,
    /// A reply to an invitation: "accepted" alone accepts it (decisions.md 18).
    Invitation,
    /// A reply about an item.
    Item(Kind),
    /// Anything else.
    Other,
}

/// Against what a mail is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The mail's Date in the sender's zone.
    pub now: &'a Zoned,
    /// The sender's language and order of day and month.
    pub locale: Locale,
    /// What the mail is about.
    pub about: About,
    /// Codes that the firm added to the published lists.
    pub firm_codes: &'a [Code],
}

/// What was found in a mail's new text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commands {
    /// The commands, in their order.
    pub requests: Vec<Request>,
    /// The lines that are no command's, their wrapping undone: the message.
    pub text: String,
    /// Words at the start of a line that are nearly a verb; they stay in the text, and the receipt asks.
    pub near_misses: Vec<NearMiss>,
    /// Verbs in the middle of a line; they stay in the text, and the receipt asks.
    pub mid_line: Vec<MidLine>,
    /// Lines that would be commands if `#` stood in front; they stay in the text, and the receipt asks.
    pub unmarked: Vec<Unmarked>,
}

/// A word at the start of a line that is nearly a verb (decisions.md 17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The word as typed, in lower case and without `#`; a blank before it if one stood there.
    pub word: String,
    /// The word that may have been meant, without `#`; `help` if that is not known.
    pub suggestion: &'static str,
    /// The line it stands on, counted from 0.
    pub line: usize,
}

impl NearMiss {
    /// Whether a line begins with this word.
    pub fn begins(&self, line: &str) -> bool {
        self.split(line).is_some()
    }

    /// What a line says after this word.
    pub fn after<'l>(&self, line: &'l str) -> &'l str {
        self.split(line).unwrap_or_default()
    }

    fn split<'l>(&self, line: &'l str) -> Option<&'l str> {
        let after = line.strip_prefix(['#', '＃', '﹟'])?;
        let (word, rest) = after
            .char_indices()
            .nth(self.word.chars().count())
            .map_or((after, ""), |(at, _)| after.split_at_checked(at).unwrap_or((after, "")));
        (word.to_lowercase() == self.word && !rest.starts_with(char::is_alphabetic)).then_some(rest)
    }
}

/// A line without blanks at its ends and the point of a list before it.
pub fn without_bullet(line: &str) -> &str {
    line.trim().trim_start_matches(|c: char| c == ' ' || BULLETS.contains(&c))
}

/// A verb in the middle of a line (decisions.md 13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MidLine {
    /// The word, in lower case and without `#`.
    pub word: String,
    /// The line it stands on, counted from 0.
    pub line: usize,
}

/// Reads the commands of the newly written lines.
pub fn read(lines: &[Line], reading: &Reading<'_>) -> Commands {
    let lines = lexer::unwrap(lines);
    if let Some(request) = sole_word(&lines, reading) {
        return Commands { requests: vec![request], ..Commands::default() };
    }
    let written = || lines.iter().filter(|l| !l.raw.trim().is_empty());
    let alone = written().nth(1).is_none();
    let first = written().next().map(|l| l.first);
    let mut found = Found { reading, commands: Commands::default(), text: Vec::new(), compared: 0, alone, first };
    let mut left = lines.as_slice();
    while let Some((line, after)) = left.split_first() {
        left = match lexer::head(&line.raw) {
            Head::Command { verb, word, rest } if found.commands.requests.len() <= MOST_COMMANDS => {
                found.command(line, after, verb, &word, &rest)
            }
            head => {
                found.keep(line, &head);
                found.text.push(line.raw.trim_end());
                after
            }
        };
    }
    found.commands.text = trimmed(&found.text);
    found.commands
}

/// Reads a command from the subject of a new mail; one that begins with anything but `#` has none (commands.md c2).
pub fn read_subject(subject: &str, reading: &Reading<'_>) -> Option<Request> {
    from_subject(subject, reading, false)
}

/// Reads a new mail: the command of its subject, and those of its lines. Words that the subject's command lacks are the
/// text of the mail: the subject `#note M-12` and the note below it.
pub fn read_mail(subject: &str, lines: &[Line], reading: &Reading<'_>) -> Commands {
    let mut commands = read(lines, reading);
    let more = !commands.text.is_empty();
    let Some(mut request) = from_subject(subject, reading, more) else { return commands };
    let takes_text = matches!(ends(&request, reading), Ends::Block | Ends::OptionalBlock);
    if takes_text && request.narrative.is_empty() && more {
        request.narrative = std::mem::take(&mut commands.text);
        request.error = request.error.filter(|e| e.problem != Problem::TextMissing);
    }
    commands.requests.insert(0, request);
    commands
}

/// Reads the local part of an address as a command about items: `done+t-12` (commands.md c2); `m-12+discovery` is none.
pub fn read_address_form(local: &str) -> Option<Request> {
    let (word, ids) = local.split_once('+')?;
    let verb = Verb::of(word).filter(|v| {
        matches!(v, Verb::Done | Verb::Show | Verb::Get | Verb::Preview | Verb::Print | Verb::Version | Verb::Folder)
    })?;
    let ids: Vec<ItemId> = ids.split('+').map(ItemId::parse).collect::<Option<_>>()?;
    let mut request = Request::new(verb, &word.to_lowercase(), 0, local);
    request.ids = ids;
    Some(request)
}

/// Whether one of these lines is a command with this verb, whatever else it says.
pub fn says(lines: &[Line], verb: Verb) -> bool {
    lines.iter().any(|l| matches!(lexer::head(&l.text), Head::Command { verb: v, .. } if v == verb))
}

fn from_subject(subject: &str, reading: &Reading<'_>, more: bool) -> Option<Request> {
    let plain = Text::new(subject).plain;
    if !plain.trim_start().starts_with('#') {
        return None;
    }
    let Head::Command { verb, word, rest } = lexer::head(subject) else { return None };
    let mut request = interpret(Request::new(verb, &word, 0, subject.trim()), &rest, reading, more);
    require_words(&mut request, reading);
    arguments::suggest(&mut request, reading);
    Some(request)
}

/// Reads a subject below which nothing stands: the one word of it, as in a text.
pub fn read_sole_word(subject: &str, reading: &Reading<'_>) -> Option<Request> {
    sole_word(&lexer::unwrap(&[Line { text: subject.to_owned(), wrapped: false }]), reading)
}

/// What people write who want no more mails.
const NO_MORE_MAILS: [&str; 12] = [
    "unsubscribe",
    "unsubscribe me",
    "please unsubscribe",
    "please unsubscribe me",
    "abmelden",
    "abbestellen",
    "bitte abmelden",
    "se désabonner",
    "me désabonner",
    "désabonner",
    "darse de baja",
    "darme de baja",
];

/// "help" as the only word; "accept" and "accepted" where an invitation may be meant, "yes" and "no" where one to an event
/// is; and whatever is written to be rid of mails, where it can't be a message about something.
fn sole_word(lines: &[Logical], reading: &Reading<'_>) -> Option<Request> {
    let mut written = lines.iter().filter(|l| !l.raw.trim().is_empty());
    let line = written.next()?;
    if written.next().is_some() || line.raw.len() > 40 {
        return None;
    }
    let word = Text::new(&line.raw).plain.trim().trim_end_matches(['.', '!']).to_lowercase();
    let invited = matches!(reading.about, About::Invitation | About::Unknown | About::Item(Kind::Event));
    let verb = match word.as_str() {
        "help" | "hilfe" | "aide" | "ayuda" => Verb::Help,
        "accept" | "accepted" | "angenommen" | "annehmen" | "accepté" | "acceptée" | "accepter" | "aceptado"
        | "aceptada" | "aceptar"
            if invited =>
        {
            Verb::Yes
        }
        "stop" | "stopp" if reading.about == About::Other => Verb::Stop,
        none if NO_MORE_MAILS.contains(&none) && matches!(reading.about, About::Other | About::Item(_)) => Verb::Stop,
        answer if reading.about == About::Item(Kind::Event) => {
            Verb::of(answer).filter(|verb| matches!(verb, Verb::Yes | Verb::No | Verb::Maybe))?
        }
        _ => return None,
    };
    Some(Request::new(verb, &word, line.first, line.raw.trim()))
}

/// Reads the arguments; `#hours` with a duration records time, without one it lists (decisions.md 16).
fn interpret(request: Request, rest: &Text, reading: &Reading<'_>, more: bool) -> Request {
    let mut request = request;
    let hours = verbs::HOURS.contains(&request.typed.as_str());
    let list = request.clone();
    if hours {
        request.verb = Verb::Time;
    }
    arguments::read(&mut request, rest, reading, more);
    if hours && request.error.as_ref().is_some_and(|e| e.problem == Problem::DurationMissing) {
        request = list;
        arguments::read(&mut request, rest, reading, more);
    }
    if request.verb == Verb::Help {
        // "#help #time" asks about time.
        request.narrative = request.narrative.trim_start_matches(['#', '＃']).to_owned();
    }
    if rest.bidi {
        request.error = None;
        arguments::fail(&mut request, Problem::BidiControl, reading);
    }
    if rest.cut {
        arguments::fail(&mut request, Problem::LineTooLong, reading);
    }
    request
}

/// Says whether `#edit` changes a text that its writer alone reads, and no time entry.
fn is_note_like(request: &Request, reading: &Reading<'_>) -> bool {
    let note = |kind| matches!(kind, Kind::Note | Kind::Communication | Kind::Conversation);
    match (request.ids.first(), reading.about) {
        (Some(id), _) => note(id.kind),
        (None, About::Item(kind)) => note(kind),
        _ => false,
    }
}

/// Where the words of a request end. `#edit` of a time entry ends as `#time` does: nothing of the message may land on a
/// client's bill.
fn ends(request: &Request, reading: &Reading<'_>) -> Ends {
    let ends = request.verb.entry().ends;
    if request.verb == Verb::Edit && is_note_like(request, reading) { Ends::OptionalBlock } else { ends }
}

/// Notes that words are missing where there must be some.
fn require_words(request: &mut Request, reading: &Reading<'_>) {
    if request.narrative.is_empty() && ends(request, reading) == Ends::Block {
        arguments::fail(request, Problem::TextMissing, reading);
    }
    let nothing_new = request.narrative.is_empty()
        && request.duration.is_none()
        && request.date.is_none()
        && request.codes.is_empty()
        && request.flags.is_empty()
        && request.keys.is_empty();
    if request.verb == Verb::Edit && nothing_new {
        arguments::fail(request, Problem::NothingToChange, reading);
    }
}

struct Found<'a, 'r> {
    reading: &'a Reading<'r>,
    commands: Commands,
    text: Vec<&'a str>,
    /// How many words were compared with the verbs.
    compared: usize,
    /// One line is all that was written.
    alone: bool,
    /// The first line on which something stands.
    first: Option<usize>,
}

impl<'a> Found<'a, '_> {
    /// Reads one command and the lines that belong to it; what is left goes back.
    fn command(&mut self, line: &Logical, after: &'a [Logical], verb: Verb, word: &str, rest: &Text) -> &'a [Logical] {
        let request = Request::new(verb, word, line.first, line.raw.trim());
        if self.commands.requests.len() >= MOST_COMMANDS {
            let mut request = request;
            arguments::fail(&mut request, Problem::TooManyCommands, self.reading);
            self.commands.requests.push(request);
            return after;
        }
        let block = block(after);
        let more = block.iter().any(|l| !l.raw.trim().is_empty());
        let mut request = interpret(request, rest, self.reading, more);
        if request.verb != Verb::Help {
            self.ask_mid_line(&format!(" {}", request.narrative), line.first);
        }
        let taken = match ends(&request, self.reading) {
            Ends::Line => &[],
            Ends::Indented => indented(line, after),
            Ends::Block | Ends::OptionalBlock => block,
        };
        let separator = if ends(&request, self.reading) == Ends::Indented { " " } else { "\n" };
        for below in taken {
            self.keep(below, &lexer::head(&below.raw));
        }
        self.append(&mut request, taken, separator);
        require_words(&mut request, self.reading);
        arguments::suggest(&mut request, self.reading);
        self.commands.requests.push(request);
        after.get(taken.len()..).unwrap_or_default()
    }

    fn append(&self, request: &mut Request, taken: &[Logical], separator: &str) {
        let mut words = vec![std::mem::take(&mut request.narrative)];
        for below in taken {
            if has_bidi(&below.raw) {
                request.error = None;
                arguments::fail(request, Problem::BidiControl, self.reading);
            }
            let text = if separator == " " { below.raw.trim() } else { below.raw.trim_end() };
            words.push(text.to_owned());
        }
        let joined = words.join(separator);
        request.narrative = joined.trim().to_owned();
    }

    /// Notes what the receipt should ask about a line that stays text.
    fn keep(&mut self, line: &Logical, head: &Head) {
        if line.raw.trim_start().starts_with('>') {
            return;
        }
        if let Head::Word(word) = head
            && self.compared < MOST_COMPARED
            && self.commands.near_misses.len() < MOST_QUESTIONS
        {
            self.compared = self.compared.saturating_add(1);
            let meant = lexer::meant(word, self.reading.locale)
                .or_else(|| self.looks_like_a_command(&line.raw).then_some("help"));
            let near = meant.map(|suggestion| NearMiss { word: word.clone(), suggestion, line: line.first });
            self.commands.near_misses.extend(near);
        }
        if matches!(head, Head::Plain)
            && self.commands.near_misses.len() < MOST_QUESTIONS
            && let Some((suggestion, rest)) = lexer::spaced(&line.raw)
            && self.is_argument(&rest)
        {
            let word = format!(" {suggestion}");
            self.commands.near_misses.push(NearMiss { word, suggestion, line: line.first });
        }
        if matches!(head, Head::Plain) && self.commands.unmarked.len() < MOST_UNMARKED {
            let place = unmarked::Place { alone: self.alone, first: self.first == Some(line.first) };
            self.commands.unmarked.extend(unmarked::command(&line.raw, place, self.reading));
        }
        self.ask_mid_line(&line.raw, line.first);
    }

    /// A `#word` that stands alone on its line, or is followed by what only commands take.
    fn looks_like_a_command(&self, raw: &str) -> bool {
        let plain = Text::new(raw).plain;
        let after = plain.split_once('#').map_or("", |(_, after)| after);
        let end = after.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(after.len());
        let rest = after.get(end..).unwrap_or_default();
        let rest = rest.trim_matches([' ', '.', '!', '*']);
        rest.is_empty() || self.is_argument(rest)
    }

    fn is_argument(&self, rest: &str) -> bool {
        let rest = rest.trim_start();
        let word = rest.split(' ').next().unwrap_or_default().trim_end_matches([',', ';', '.', ':']);
        let (now, locale) = (self.reading.now, self.reading.locale);
        let against = Against { now, locale, direction: Direction::Past };
        ItemId::parse(word).is_some()
            || duration::explicit(rest).is_some()
            || duration::clock(rest).is_some()
            || dates::prefix(rest, &against).is_some()
    }

    fn ask_mid_line(&mut self, text: &str, line: usize) {
        let left = MOST_QUESTIONS.saturating_sub(self.commands.mid_line.len());
        if left > 0 {
            let words = lexer::in_mid_line(text).into_iter().take(left);
            self.commands.mid_line.extend(words.map(|word| MidLine { word, line }));
        }
    }
}

/// The lines up to the next command.
fn block(after: &[Logical]) -> &[Logical] {
    let end = after.iter().position(|l| matches!(lexer::head(&l.raw), Head::Command { .. }));
    end.and_then(|end| after.get(..end)).unwrap_or(after)
}

/// The lines that are indented more deeply than the command: a mail that is indented as a whole has none.
fn indented<'a>(line: &Logical, after: &'a [Logical]) -> &'a [Logical] {
    let belongs = |l: &Logical| {
        let text = l.raw.trim_start();
        l.indent > line.indent && !text.is_empty() && !text.starts_with(['#', '＃', '>', '*', '-', '•'])
    };
    let end = after.iter().position(|l| !belongs(l)).unwrap_or(after.len());
    after.get(..end).unwrap_or_default()
}

fn has_bidi(raw: &str) -> bool {
    raw.contains(['\u{61C}', '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}'])
        || raw.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'])
        || raw.contains(lexer::is_unseen_control)
}

/// The lines as one text, without blank lines at its ends.
fn trimmed(lines: &[&str]) -> String {
    let joined = lines.join("\n");
    let start = joined.trim_start_matches(|c: char| c.is_whitespace());
    start.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Saturday 14 March 2026, in London.
    fn now() -> Zoned {
        "2026-03-14T10:02:00+00:00[Europe/London]".parse().unwrap()
    }

    fn read_about(text: &str, about: About) -> Commands {
        let lines: Vec<Line> = text.lines().map(|l| Line { text: l.to_owned(), wrapped: false }).collect();
        read(&lines, &Reading { now: &now(), locale: Locale::British, about, firm_codes: &[] })
    }

    fn read_text(text: &str) -> Commands {
        read_about(text, About::Unknown)
    }

    fn one(text: &str) -> Request {
        let mut requests = read_text(text).requests;
        assert_eq!(requests.len(), 1, "{text}");
        requests.remove(0)
    }

    fn json_of(text: &str) -> Value {
        Value::from(read_text(text).requests.iter().map(to_json).collect::<Vec<_>>())
    }

    #[test]
    fn the_length_of_a_call_may_stand_after_the_name() {
        for (text, seconds, words) in [
            ("#call M-12 with Mr Smith, 10 min: agreed extension", Some(600), "with Mr Smith: agreed extension"),
            ("#call with Mr Smith 10m: agreed", Some(600), "with Mr Smith: agreed"),
            ("#call with Mr Smith for 1h 5m", Some(3_900), "with Mr Smith"),
            ("#call with Mr Smith about the 15 min delay", None, "with Mr Smith about the 15 min delay"),
            ("#call with Mr Smith: he needs 10 min", None, "with Mr Smith: he needs 10 min"),
        ] {
            let call = one(text);
            assert_eq!(call.duration.map(|d| d.seconds()), seconds, "{text}");
            assert_eq!(call.narrative, words, "{text}");
        }
    }

    #[test]
    fn a_number_after_whole_hours_is_asked_about_unless_it_begins_a_day() {
        let asked = one("#time 1h 30 Drafted brief").error.unwrap();
        assert_eq!(asked.instead, "#time 1h30m Drafted brief\n#time 1h – 30 Drafted brief");
        let dated = one("#time 1h 10 March Drafted brief");
        assert_eq!((dated.error, dated.date.map(|d| d.day())), (None, Some(10)));
    }

    fn code(text: &str) -> Option<&'static str> {
        one(text).error.map(|e| e.code())
    }

    /// One line, and what `inspect` prints for it.
    fn lines_and_requests() -> Vec<(&'static str, Value)> {
        vec![
            // c2: bullets, capitals, full width, blanks of other kinds
            ("● #TIME 1.5h Drafted", json!({"verb": "time", "seconds": 5400, "narrative": "Drafted"})),
            ("\u{f0b7} #Done T-12", json!({"verb": "done", "ids": ["T-12"]})),
            ("＃time\u{3000}１.５h Drafted", json!({"verb": "time", "seconds": 5400, "narrative": "Drafted"})),
            ("#time\u{a0}1,5\u{202f}h\u{a0}Drafted", json!({"verb": "time", "seconds": 5400, "narrative": "Drafted"})),
            ("#log\u{2011}time 90m Drafted", json!({"verb": "time", "seconds": 5400, "narrative": "Drafted"})),
            ("#? time", json!({"verb": "help", "narrative": "time"})),
            // c3: arguments in any order, then words
            (
                "#time 1.5h A103 L210 Drafted reply brief",
                json!({"verb": "time", "seconds": 5400, "codes": ["A103", "L210"], "narrative": "Drafted reply brief"}),
            ),
            (
                "#time a103 1,5h l210 m-12 yesterday nb Drafted",
                json!({"verb": "time", "seconds": 5400, "date": "2026-03-13", "codes": ["A103", "L210"], "ids": ["M-12"],
                       "flags": ["non-billable"], "narrative": "Drafted"}),
            ),
            (
                "#time 1.5h M-12 A103 L210: Draft reply brief",
                json!({"verb": "time", "seconds": 5400, "codes": ["A103", "L210"], "ids": ["M-12"], "narrative": "Draft reply brief"}),
            ),
            (
                "#time 3.4h A103/L250 Drafted",
                json!({"verb": "time", "seconds": 12240, "codes": ["A103", "L250"], "narrative": "Drafted"}),
            ),
            ("#time 1h: A103 is my room", json!({"verb": "time", "seconds": 3600, "narrative": "A103 is my room"})),
            (
                "#time 1.5h, Drafted “reply” – final",
                json!({"verb": "time", "seconds": 5400, "narrative": "Drafted “reply” – final"}),
            ),
            ("#time 1h – Call with client", json!({"verb": "time", "seconds": 3600, "narrative": "Call with client"})),
            ("#time .2", json!({"verb": "time", "seconds": 720})),
            ("#time 3u call", json!({"verb": "time", "seconds": 1080, "narrative": "call"})),
            ("#time 90’ call", json!({"verb": "time", "seconds": 5400, "narrative": "call"})),
            ("#time 1½h call", json!({"verb": "time", "seconds": 5400, "narrative": "call"})),
            ("#t 1h30 call", json!({"verb": "time", "seconds": 5400, "narrative": "call"})),
            ("#log-time 1:30 call", json!({"verb": "time", "seconds": 5400, "narrative": "call"})),
            ("#bill-time 01:30:00", json!({"verb": "time", "seconds": 5400})),
            ("#time 2 Drafted", json!({"verb": "time", "seconds": 7200, "narrative": "Drafted"})),
            ("#time 12 Mar 1.5h x", json!({"verb": "time", "seconds": 5400, "date": "2026-03-12", "narrative": "x"})),
            ("#time 3 Mar 2h x", json!({"verb": "time", "seconds": 7200, "date": "2026-03-03", "narrative": "x"})),
            ("#time 1.5 12 Mar x", json!({"verb": "time", "seconds": 5400, "date": "2026-03-12", "narrative": "x"})),
            ("#time 1h 12/03/2026 x", json!({"verb": "time", "seconds": 3600, "date": "2026-03-12", "narrative": "x"})),
            ("#time 1h –1d x", json!({"verb": "time", "seconds": 3600, "date": "2026-03-13", "narrative": "x"})),
            (
                "#time 1h date:yesterday x",
                json!({"verb": "time", "seconds": 3600, "date": "2026-03-13", "narrative": "x"}),
            ),
            (
                "#time 1h last friday: x",
                json!({"verb": "time", "seconds": 3600, "date": "2026-03-13", "narrative": "x"}),
            ),
            (
                "#time 1h no-charge urgent x",
                json!({"verb": "time", "seconds": 3600, "flags": ["no-charge", "urgent"], "narrative": "x"}),
            ),
            ("#time 1h Urgent call", json!({"verb": "time", "seconds": 3600, "narrative": "Urgent call"})),
            (
                "#time 1h Reviewed rate: 5% clause",
                json!({"verb": "time", "seconds": 3600, "narrative": "Reviewed rate: 5% clause"}),
            ),
            (
                "#time 1h D-4v2 reviewed",
                json!({"verb": "time", "seconds": 3600, "ids": ["D-4v2"], "narrative": "reviewed"}),
            ),
            (
                "#time 1h 2h deposition",
                json!({"verb": "time", "seconds": 3600, "narrative": "deposition", "error": "duration_twice"}),
            ),
            // refusals
            ("#time 15 x", json!({"verb": "time", "narrative": "x", "error": "duration_ambiguous"})),
            ("#time 45", json!({"verb": "time", "error": "duration_ambiguous"})),
            (
                "#time 2 letters to client 1.5h",
                json!({"verb": "time", "narrative": "letters to client 1.5h", "error": "duration_ambiguous"}),
            ),
            ("#time 0 x", json!({"verb": "time", "narrative": "x", "error": "duration_zero"})),
            ("#time -1h x", json!({"verb": "time", "narrative": "x", "error": "duration_negative"})),
            ("#time 25h x", json!({"verb": "time", "narrative": "x", "error": "duration_over_a_day"})),
            ("#time", json!({"verb": "time", "error": "duration_missing"})),
            ("#time Drafted 1.5h", json!({"verb": "time", "narrative": "Drafted 1.5h", "error": "duration_missing"})),
            (
                "#time 1h tomorrow x",
                json!({"verb": "time", "seconds": 3600, "date": "2026-03-15", "narrative": "x", "error": "date_in_future"}),
            ),
            (
                "#time 1h 31 Feb x",
                json!({"verb": "time", "seconds": 3600, "narrative": "x", "error": "date_no_such_day"}),
            ),
            (
                "#time 1h A113 x",
                json!({"verb": "time", "seconds": 3600, "codes": ["A113"], "narrative": "x", "error": "code_unknown"}),
            ),
            (
                "#time 1h rate:250 x",
                json!({"verb": "time", "seconds": 3600, "narrative": "x", "error": "rate_refused"}),
            ),
            (
                "#time 1h rate: 250 x",
                json!({"verb": "time", "seconds": 3600, "narrative": "x", "error": "rate_refused"}),
            ),
            (
                "#time 1h x rate:$250",
                json!({"verb": "time", "seconds": 3600, "narrative": "x rate:$250", "error": "rate_refused"}),
            ),
            ("#note", json!({"verb": "note", "error": "text_missing"})),
            ("#message to Smith:", json!({"verb": "message", "error": "text_missing"})),
            ("#edit", json!({"verb": "edit", "error": "nothing_to_change"})),
            ("#do\u{202e}ne T-12", json!({"verb": "done", "ids": ["T-12"], "error": "bidi_control"})),
            // the other verbs of c6, c7 and decision 16
            ("#done", json!({"verb": "done"})),
            ("#completed T-12, T-14 and T-15.", json!({"verb": "done", "ids": ["T-12", "T-14", "T-15"]})),
            ("#done t12", json!({"verb": "done", "ids": ["T-12"]})),
            ("#done 3 1.2h text", json!({"verb": "done", "seconds": 4320, "ids": ["T-3"], "narrative": "text"})),
            ("#hours", json!({"verb": "entries"})),
            ("#hours csv", json!({"verb": "entries", "narrative": "csv"})),
            ("#hours 1.5h x", json!({"verb": "time", "seconds": 5400, "narrative": "x"})),
            ("#hours 15", json!({"verb": "time", "error": "duration_ambiguous"})),
            (
                "#call 10m with Mr Smith: agreed extension",
                json!({"verb": "call", "seconds": 600, "narrative": "with Mr Smith: agreed extension"}),
            ),
            ("#phone 3 people joined", json!({"verb": "call", "narrative": "3 people joined"})),
            (
                "#message to Smith: Can we move the call?",
                json!({"verb": "message", "narrative": "Can we move the call?"}),
            ),
            ("#edit TE-31 1.2h", json!({"verb": "edit", "seconds": 4320, "ids": ["TE-31"]})),
            ("#edit 3.2", json!({"verb": "edit", "seconds": 11520})),
            ("#edit date yesterday", json!({"verb": "edit", "date": "2026-03-13"})),
            ("#edit N-3 1.2h was wrong", json!({"verb": "edit", "ids": ["N-3"], "narrative": "1.2h was wrong"})),
            ("#remove te-31", json!({"verb": "delete", "ids": ["TE-31"]})),
            ("#undo", json!({"verb": "undo"})),
            ("#in F-3", json!({"verb": "folder", "ids": ["F-3"]})),
            ("#folder Discovery/Exhibits", json!({"verb": "folder", "narrative": "Discovery/Exhibits"})),
            ("#name 2 Exhibit B.pdf", json!({"verb": "name", "narrative": "2 Exhibit B.pdf"})),
            ("#v D-4", json!({"verb": "version", "ids": ["D-4"]})),
            ("#unzip Discovery", json!({"verb": "unzip", "narrative": "Discovery"})),
            ("#send-me D-4v2", json!({"verb": "get", "ids": ["D-4v2"]})),
            ("#view M-12", json!({"verb": "show", "ids": ["M-12"]})),
            ("#tasks overdue", json!({"verb": "tasks", "narrative": "overdue"})),
            ("#accept", json!({"verb": "yes"})),
            ("#decline", json!({"verb": "no"})),
            ("#pay BILL-17", json!({"verb": "pay", "ids": ["BILL-17"]})),
            ("#digest daily 07:30", json!({"verb": "digest", "narrative": "daily 07:30"})),
            ("#confirm 123-456", json!({"verb": "confirm", "narrative": "123-456"})),
            ("#as FirmB", json!({"verb": "as", "narrative": "FirmB"})),
            ("#help time", json!({"verb": "help", "narrative": "time"})),
            ("#help #time", json!({"verb": "help", "narrative": "time"})),
            ("#?", json!({"verb": "help"})),
            ("#dry-run", json!({"verb": "dry-run"})),
            ("#log", json!({"verb": "log"})),
            (
                "#event M-12 12 Mar 14:00 1h \"Court, room 4\": Hearing",
                json!({"verb": "event", "seconds": 3600, "date": "2027-03-12", "ids": ["M-12"], "narrative": "Hearing"}),
            ),
            (
                "#task for Jane Roe M-12 due 3 Apr: Draft reply brief",
                json!({"verb": "task", "date": "2026-04-03", "ids": ["M-12"], "narrative": "Draft reply brief"}),
            ),
            ("#share D-4 with Jane Roe quietly", json!({"verb": "share", "ids": ["D-4"], "flags": ["quietly"]})),
            ("#rate jane@example.com M-12 250", json!({"verb": "rate", "ids": ["M-12"], "narrative": "250"})),
            ("help", json!({"verb": "help"})),
            ("Help.", json!({"verb": "help"})),
            ("Accepted!", json!({"verb": "yes"})),
        ]
    }

    #[test]
    fn every_line_is_read_as_its_row_says() {
        for (text, expected) in lines_and_requests() {
            assert_eq!(json_of(text), json!([expected]), "{text}");
        }
    }

    #[test]
    fn every_synonym_is_read_as_its_verb() {
        for entry in TABLE {
            for word in entry.words() {
                let request = one(&format!("#{}", word.to_uppercase()));
                let expected = if verbs::HOURS.contains(&word) { Verb::Entries } else { entry.verb };
                assert_eq!(request.verb, expected, "#{word}");
            }
        }
    }

    #[test]
    fn every_example_of_the_help_works_as_written() {
        for entry in TABLE {
            let request = one(entry.example);
            assert_eq!((request.verb, request.error), (entry.verb, None), "{}", entry.example);
        }
    }

    #[test]
    fn the_first_mail_of_c9_is_a_done_a_time_and_a_message() {
        let text = "   #done\n   #time 3.4h A103 L250 Drafted reply brief in support of motion to compel\n   Final is attached - please check footnote 7.\n";
        let commands = read_text(text);
        assert_eq!(
            commands.requests.iter().map(to_json).collect::<Vec<_>>(),
            [
                json!({"verb": "done"}),
                json!({"verb": "time", "seconds": 12240, "codes": ["A103", "L250"],
                       "narrative": "Drafted reply brief in support of motion to compel"})
            ]
        );
        assert_eq!(commands.text, "Final is attached - please check footnote 7.");
    }

    #[test]
    fn the_other_mails_of_c9_are_read() {
        let forwarded = read_text("FYI, opposing counsel's proposal.\n#time .2");
        assert_eq!(forwarded.text, "FYI, opposing counsel's proposal.");
        assert_eq!(forwarded.requests[0].duration.unwrap().seconds(), 720);

        let subject = read_mail(
            "#done T-14",
            &[],
            &Reading { now: &now(), locale: Locale::British, about: About::Other, firm_codes: &[] },
        );
        assert_eq!(
            subject.requests.iter().map(to_json).collect::<Vec<_>>(),
            [json!({"verb": "done", "ids": ["T-14"]})]
        );
        assert_eq!(one("#edit 3.2h").duration.unwrap().seconds(), 11520);
        assert_eq!(one("#undo").verb, Verb::Undo);
        assert_eq!(one("#unzip Exhibits").narrative, "Exhibits");
    }

    #[test]
    fn the_words_of_time_end_with_the_typed_line() {
        let commands = read_text("#time 1h Drafted brief\nPlease check.");
        assert_eq!(
            (commands.requests[0].narrative.as_str(), commands.text.as_str()),
            ("Drafted brief", "Please check.")
        );
        let indented = read_text("#time 1h Drafted\n  reply brief\n\tand exhibits\nPlease check.");
        assert_eq!(indented.requests[0].narrative, "Drafted reply brief and exhibits");
        assert_eq!(indented.text, "Please check.");
        let bullets = read_text("- #time 1h Drafted\n- Please check.");
        assert_eq!((bullets.requests[0].narrative.as_str(), bullets.text.as_str()), ("Drafted", "- Please check."));
    }

    #[test]
    fn the_words_of_an_edited_time_entry_end_there_too_and_those_of_a_note_go_on() {
        let text = "#edit Corrected\nSee you on Monday.";
        assert_eq!(read_about(text, About::Item(Kind::TimeEntry)).text, "See you on Monday.");
        assert_eq!(read_about(text, About::Other).text, "See you on Monday.");
        let note = read_about(text, About::Item(Kind::Note));
        assert_eq!(note.requests[0].narrative, "Corrected\nSee you on Monday.");
        assert_eq!(read_text("#edit TE-3 1h\nSee you.").text, "See you.");
    }

    #[test]
    fn a_broken_line_goes_on_with_its_arguments() {
        let line = |text: &str, wrapped| Line { text: text.to_owned(), wrapped };
        let lines = [
            line("#time 3.4h A103", true),
            line("L250 Drafted reply", true),
            line("brief", false),
            line("Hello", false),
        ];
        let reading = Reading { now: &now(), locale: Locale::British, about: About::Other, firm_codes: &[] };
        let commands = read(&lines, &reading);
        assert_eq!(commands.requests[0].narrative, "Drafted reply brief");
        assert_eq!(commands.requests[0].codes.len(), 2);
        assert_eq!(commands.text, "Hello");
    }

    #[test]
    fn notes_and_messages_go_on_to_the_next_command() {
        let commands = read_text(
            "#note Witness availability:\n\nMay and June.\n#message to Mr Smith\nCan we move\nthe call?\n#done",
        );
        let words: Vec<&str> = commands.requests.iter().map(|r| r.narrative.as_str()).collect();
        assert_eq!(words, ["Witness availability:\n\nMay and June.", "Can we move\nthe call?", ""]);
        assert_eq!(commands.requests[1].to.as_deref(), Some("Mr Smith"));
        assert_eq!(commands.text, "");
    }

    #[test]
    fn a_person_is_named_up_to_the_colon_and_a_sentence_is_no_name() {
        for (text, to, words) in [
            ("#message to Smith: Hi", Some("Smith"), "Hi"),
            ("#tell M-12 to Smith and Roe: Hi", Some("Smith and Roe"), "Hi"),
            ("#message to Müller : Hi", Some("Müller"), "Hi"),
            ("#message urgent to Smith: Hi", Some("Smith"), "Hi"),
            ("#message To avoid doubt we agree to this", None, "To avoid doubt we agree to this"),
            ("#message To be very clear about it: no", None, "To be very clear about it: no"),
            ("#message Can we: talk", None, "Can we: talk"),
            ("#share D-4 with Jane Roe", Some("Jane Roe"), ""),
        ] {
            let request = one(text);
            assert_eq!((request.to.as_deref(), request.narrative.as_str()), (to, words), "{text}");
        }
    }

    #[test]
    fn a_matter_may_be_named_by_the_firms_own_number() {
        for text in ["#time 1h M-\"00012-Smith\" x", "#time 1h m-“00012-Smith” x", "#time [00012-Smith] 1h x"] {
            let request = one(text);
            assert_eq!((request.matter.as_deref(), request.narrative.as_str()), (Some("00012-Smith"), "x"), "{text}");
        }
        for text in ["#time 1h [draft 2] x", "#time 1h [A103] x", "#time 1h [12"] {
            assert_eq!(one(text).matter, None, "{text}");
        }
    }

    #[test]
    fn near_misses_stay_text_and_are_asked_about() {
        let commands = read_text("#tiem 1h\n#metoo too\n#mesage hi\n#time1.5h x");
        assert!(commands.requests.is_empty());
        assert_eq!(commands.text, "#tiem 1h\n#metoo too\n#mesage hi\n#time1.5h x");
        let asked: Vec<_> = commands.near_misses.iter().map(|n| (n.word.as_str(), n.suggestion, n.line)).collect();
        assert_eq!(asked, [("tiem", "time", 0), ("mesage", "message", 2), ("time", "time", 3)]);
    }

    #[test]
    fn a_command_in_mid_line_is_text_and_is_asked_about() {
        let commands = read_text("I worked on it #time 1h\n#done #time 2h x");
        assert_eq!(commands.requests.len(), 1);
        assert_eq!(commands.text, "I worked on it #time 1h");
        let asked: Vec<_> = commands.mid_line.iter().map(|n| (n.word.as_str(), n.line)).collect();
        assert_eq!(asked, [("time", 0), ("time", 1)]);
    }

    #[test]
    fn the_sole_word_accepts_only_where_there_is_something_to_accept() {
        for about in [About::Invitation, About::Unknown, About::Item(Kind::Event)] {
            assert_eq!(read_about("\naccepted\n", about).requests[0].verb, Verb::Yes);
        }
        for about in [About::Other, About::Item(Kind::Conversation)] {
            let commands = read_about("Accepted.", about);
            assert!(commands.requests.is_empty());
            assert_eq!(commands.text, "Accepted.");
        }
        for text in ["we have a conflict", "I accept", "not accepted", "accepted, but", "help me"] {
            assert!(read_about(text, About::Invitation).requests.is_empty(), "{text}");
        }
    }

    #[test]
    fn the_subject_of_a_reply_has_no_command() {
        let now = now();
        let reading = Reading { now: &now, locale: Locale::British, about: About::Other, firm_codes: &[] };
        for prefix in ["Re", "RE", "Fwd", "Fw", "AW", "WG", "TR", "SV", "Antw"] {
            assert_eq!(read_subject(&format!("{prefix}: #done T-12"), &reading), None, "{prefix}");
        }
        assert_eq!(read_subject("About #done", &reading), None);
        assert_eq!(read_subject("- #done", &reading), None);
        assert_eq!(read_subject(" #done T-12", &reading).unwrap().ids.len(), 1);
        assert_eq!(read_subject("#note", &reading).unwrap().error.unwrap().code(), "text_missing");
        let lines = [Line { text: "The witness is free in May.".to_owned(), wrapped: false }];
        let note = read_mail("#note M-12", &lines, &reading);
        assert_eq!((note.requests[0].narrative.as_str(), note.text.as_str()), ("The witness is free in May.", ""));
        assert_eq!(note.requests[0].error, None);
        assert_eq!(read_mail("#time 1h Drafted", &lines, &reading).text, "The witness is free in May.");
    }

    #[test]
    fn an_address_may_say_what_is_done() {
        let request = read_address_form("done+t-12").unwrap();
        assert_eq!(to_json(&request), json!({"verb": "done", "ids": ["T-12"]}));
        for local in ["m-12+discovery", "done", "done+", "done+x", "share+d-4", "delete+te-3", "+t-12"] {
            assert_eq!(read_address_form(local), None, "{local}");
        }
    }

    #[test]
    fn t59_marks_that_turn_the_writing_refuse_a_command_and_invisible_blanks_do_not() {
        assert_eq!(code("\u{202e}#done T-12"), Some("bidi_control"));
        assert_eq!(code("#time 1h Drafted\u{2066}x"), Some("bidi_control"));
        assert_eq!(code("#note x\n\u{202a}y"), Some("bidi_control"));
        assert_eq!(code("\u{200b}#done\u{200e} T-\u{feff}12"), None);
        assert_eq!(read_text("Hello \u{202e}there").requests, []);
    }

    #[test]
    fn a_mail_has_fifty_commands_at_most_and_nothing_is_lost() {
        let commands = read_text(&"#done T-1\n".repeat(60));
        assert_eq!(commands.requests.len(), MOST_COMMANDS + 1);
        assert!(commands.requests[..MOST_COMMANDS].iter().all(|r| r.error.is_none()));
        assert_eq!(commands.requests[MOST_COMMANDS].error.as_ref().unwrap().code(), "too_many_commands");
        assert_eq!(commands.text.lines().count(), 60 - MOST_COMMANDS - 1);
    }

    #[test]
    fn the_questions_about_a_mail_are_bounded() {
        let commands = read_text(&"#tiem 1h #done\n".repeat(1_000));
        assert_eq!((commands.near_misses.len(), commands.mid_line.len()), (MOST_QUESTIONS, MOST_QUESTIONS));
        assert_eq!(commands.text.lines().count(), 1_000);
    }

    #[test]
    fn a_line_too_long_to_be_looked_at_is_refused() {
        assert_eq!(code(&format!("#time 1h {}", "x".repeat(20_000))), Some("line_too_long"));
    }

    #[test]
    fn a_refusal_says_the_smallest_text_that_would_work_and_it_works() {
        for (text, instead) in [
            ("#time 15 drafting", "#time 15m drafting\n#time 15h drafting"),
            ("#time 45 x", "#time 45m x"),
            ("#time yesterday 2 x", "#time 2h 2026-03-13 x"),
            ("#time 1h 2h x", "#time 1h x\n#time 2h x"),
            ("#time Drafted brief 1.5h", "#time 1.5h Drafted brief"),
            ("#time 12-03 1h x", "#time 1h 2026-03-12 x"),
            ("#time 12.03. 1h x", "#time 1h 2026-03-12 x"),
            ("#time 2 letters to client 1.5h", "#time 1.5h 2 letters to client"),
            ("#time drafting, half an hour", "#time 0.5h drafting"),
            ("#time hora y media carta", "#time 1.5h carta"),
            ("#time eineinhalb Stunden Entwurf", "#time 1.5h Entwurf"),
            ("#time une heure et demie projet", "#time 1.5h projet"),
            ("#time 1h tomorrow Prepare hearing", "#time 1h today Prepare hearing"),
            ("#time 0.2h M-3 A199 L210 L999 Reviewed file", "#time 0.2h M-3 L210 Reviewed file"),
            ("#time 2h rate:5 x", "#time 2h x"),
            ("#time one hour drafting", "#time 1h drafting"),
            ("#time half an hour call with client", "#time 0.5h call with client"),
            ("#time an hour and a half drafting", "#time 1.5h drafting"),
            ("#time two and a half hours drafting", "#time 2.5h drafting"),
            ("#time a quarter of an hour drafting", "#time 0.25h drafting"),
            ("#time ten minutes on the phone", "#time 10m on the phone"),
            ("#note", "#note Witness is available in May"),
        ] {
            let error = one(text).error.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(error.instead, instead, "{text}");
            for line in error.instead.lines() {
                assert_eq!(one(line).error, None, "{text}");
            }
        }
    }

    #[test]
    fn hours_that_nobody_typed_are_never_suggested_and_what_stands_for_them_is_not_carried_out() {
        for (text, instead) in [
            ("#time x", "#time …h x"),
            ("#time EOD", "#time …h EOD"),
            ("#time …h x", "#time …h x"),
            ("#time 14:20-14:00 x", "#time …h x"),
            ("#time 0h x", "#time …h x"),
            ("#time Drafted 1h and 2h", "#time …h Drafted 1h and 2h"),
            ("#time tomorrow x", "#time …h today x"),
        ] {
            let error = one(text).error.unwrap();
            assert_eq!(error.instead, instead, "{text}");
            assert_eq!(code(&error.instead), Some("duration_missing"), "{text}");
        }
        let behind = one("#time 12-03 1h x").error.unwrap().problem.says(Locale::British);
        assert_eq!(behind, "“12-03” stands before how long it took (“1h”); write that first");
    }

    #[test]
    fn what_a_command_is_about_may_stand_behind_a_preposition_or_in_brackets() {
        for (text, ids, words) in [
            ("#time 1h on M-2 call", vec!["M-2"], "call"),
            ("#time 1h for M-2: call", vec!["M-2"], "call"),
            ("#time 1h re: M-2 call", vec!["M-2"], "call"),
            ("#time 1h (M-2) call", vec!["M-2"], "call"),
            ("#time 1h on the task T-8, call", vec!["T-8"], "call"),
            ("#time 1h on T-8 and T-9 filing", vec!["T-8", "T-9"], "filing"),
            ("#note for M-2: bank is slow", vec!["M-2"], "bank is slow"),
            ("#time 1h für M-2 Entwurf", vec!["M-2"], "Entwurf"),
            ("#time 1h (M-2 call", vec![], "(M-2 call"),
            ("#time 1h call on M-2", vec![], "call on M-2"),
            ("#time 1h on A4 paper", vec![], "on A4 paper"),
        ] {
            let request = one(text);
            let found: Vec<String> = request.ids.iter().map(ToString::to_string).collect();
            assert_eq!(
                (found, request.narrative.as_str()),
                (ids.iter().map(|i| i.to_string()).collect(), words),
                "{text}"
            );
        }
    }

    #[test]
    fn two_clock_times_are_how_long_it_took() {
        for text in [
            "#time 13 Mar 14:00 - 14:20 call with expert",
            "#time 14:00 – 14:20 call with expert",
            "#time 14:00 to 14:20, call with expert",
        ] {
            let request = one(text);
            let seconds = request.duration.map(|d| d.seconds());
            assert_eq!((seconds, request.narrative.as_str()), (Some(1_200), "call with expert"), "{text}");
        }
        assert_eq!(code("#time 14:20 - 14:00 call"), Some("duration_backwards"));
        assert_eq!(one("#time 14:00 call").duration.unwrap().seconds(), 14 * 3_600);
    }

    #[test]
    fn a_command_in_quotation_marks_is_one_and_a_quotation_in_a_line_is_none() {
        for text in ["“#time 1.1h Drafted”", "\"#time 1.1h Drafted\"", "« #time 1.1h Drafted »"] {
            assert_eq!(one(text).narrative, "Drafted", "{text}");
        }
        assert!(read_text("“#time 1.1h” is what I wrote").requests.is_empty());
    }

    #[test]
    fn to_send_a_document_is_to_get_it() {
        assert_eq!(one("#send D-1").error.unwrap().instead, "#get D-1");
        assert_eq!(one("#send").error.unwrap().instead, "#message to Smith: Can we move the call?");
    }

    #[test]
    fn a_suggestion_cuts_long_words_and_a_refusal_names_the_codes_that_are_near() {
        let error = one(&format!("#time 1h A113 {}", "word ".repeat(40))).error.unwrap();
        assert!(error.instead.ends_with("word…") && error.instead.chars().count() < 75, "{}", error.instead);
        assert!(
            error.problem.says(Locale::British).starts_with("there is no code A113; the nearest: A111 ("),
            "{error:?}"
        );
    }

    #[test]
    fn words_of_other_languages_and_unknown_commands_are_asked_about_and_prose_is_not() {
        let asked = |text: &str| {
            let commands = read_text(text);
            assert_eq!(commands.requests, [], "{text}");
            commands.near_misses.first().map(|n| (n.word.clone(), n.suggestion))
        };
        for (text, word, suggestion) in [
            ("# time 1.5h Drafted", " time", "time"),
            ("# done T-3", " done", "done"),
            ("#fatto T-3", "fatto", "done"),
            ("#tempo 1h", "tempo", "time"),
            ("#fertig", "fertig", "done"),
            ("#deadline", "deadline", "help"),
            ("#frobnicate T-3", "frobnicate", "help"),
            ("#frobnicate 12 Mar", "frobnicate", "help"),
        ] {
            assert_eq!(asked(text), Some((word.to_owned(), suggestion)), "{text}");
        }
        for text in ["# Time for a change", "# done", "#justice for all", "#4", "#deadline is near"] {
            assert_eq!(asked(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_understood_can_be_said() {
        let request = one("#time 1.5h A103 yesterday M-12 nb x");
        assert_eq!(request.understood(Locale::British), "#time, 1:30, 13 March 2026, M-12, A103, non-billable");
        let problem = one("#time 1h tomorrow").error.unwrap().problem;
        assert_eq!(problem.says(Locale::American), "March 15, 2026 is still to come");
    }

    /// The commands that a sentence names, whatever its language.
    fn verbs_in(text: &str) -> Vec<Verb> {
        let words = text.split('#').skip(1).map(|t| t.split(|c: char| !c.is_alphabetic() && c != '-').next().unwrap());
        let mut verbs: Vec<Verb> =
            words.filter(|w| !w.is_empty()).map(|w| Verb::of(w).unwrap_or(Verb::Wrong)).collect();
        verbs.sort();
        verbs
    }

    #[test]
    fn a_translated_sentence_names_the_same_commands_and_every_example_in_it_works() {
        let now = now();
        let read = |text: &str, locale| {
            let mut text = text.replace("{name}", "Smith");
            for place in ["{id}", "{code}", "{zone}", "{word}", "{page}"] {
                text = text.replace(place, "T-12");
            }
            let lines = [Line { text, wrapped: false }];
            let reading = Reading { now: &now, locale, about: About::Item(Kind::TimeEntry), firm_codes: &[] };
            super::read(&lines, &reading).requests
        };
        for locale in Locale::FOREIGN {
            for (english, entry) in crate::language::catalogue(locale) {
                for form in entry.sentences() {
                    assert_eq!(verbs_in(english), verbs_in(form), "{english} | {form}");
                    let [wanted] = read(english, Locale::British).try_into().unwrap_or_else(|_| [one("#help")]);
                    if !english.starts_with('#') || english.starts_with("#{") || wanted.error.is_some() {
                        continue;
                    }
                    let [got] = read(form, locale).try_into().unwrap_or_else(|r| panic!("{form}: {r:?}"));
                    let of = |r: &Request| {
                        let arguments = (r.verb, r.duration, r.date, r.time, r.ids.clone(), r.codes.clone());
                        (arguments, r.flags.clone(), r.to.clone(), r.quoted.len(), r.addresses.len(), r.error.clone())
                    };
                    assert_eq!(of(&got), of(&wanted), "{english} | {form}");
                }
            }
        }
    }

    #[test]
    fn a_mail_in_german_french_or_spanish_is_read_as_the_english_one() {
        let now = now();
        for (locale, text, english) in [
            (Locale::German, "#zeit 1,5 Std gestern nicht abrechenbar Klage entworfen", "#time 1.5h yesterday nb x"),
            (Locale::German, "#Zeit 90 Min. 12. März: Telefonat", "#time 90m 12 Mar: x"),
            (Locale::German, "#erledigt T-12", "#done T-12"),
            (Locale::German, "#stunden 2 Stunden Besprechung", "#time 2h x"),
            (Locale::French, "#temps 1 heure 30", "#time 1h30"),
            (Locale::French, "#temps 1,5h hier non facturable Appel", "#time 1.5h yesterday nb x"),
            (Locale::French, "#temps 2 heures le 12 mars : Conclusions", "#time 2h 12 Mar: x"),
            (Locale::Spanish, "#tiempo 2 horas ayer sin cargo Vista", "#time 2h yesterday nc x"),
            (Locale::Spanish, "#tiempo 1,5h 12 de marzo: Escrito", "#time 1.5h 12 Mar: x"),
            (Locale::Spanish, "#hecho T-12", "#done T-12"),
        ] {
            let lines = [Line { text: text.to_owned(), wrapped: false }];
            let reading = Reading { now: &now, locale, about: About::Other, firm_codes: &[] };
            let (got, wanted) = (read(&lines, &reading).requests.remove(0), one(english));
            let of =
                |r: &Request| (r.verb, r.duration, r.date, r.flags.clone(), r.error.clone(), r.narrative.is_empty());
            assert_eq!(of(&got), of(&wanted), "{text}");
        }
    }

    #[test]
    fn what_is_suggested_stands_in_the_writers_language_and_works() {
        let now = now();
        for (locale, text, instead) in [
            (Locale::German, "#zeit 15 Entwurf", "#zeit 15m Entwurf\n#zeit 15h Entwurf"),
            (Locale::German, "#zeit eine halbe Stunde Telefonat", "#zeit 0,5h Telefonat"),
            (Locale::French, "#temps une heure et demie Rédaction", "#temps 1,5h Rédaction"),
            (Locale::Spanish, "#tiempo media hora Llamada", "#tiempo 0,5h Llamada"),
            (Locale::Spanish, "#tiempo 1h mañana Vista", "#tiempo 1h hoy Vista"),
        ] {
            let reading = Reading { now: &now, locale, about: About::Other, firm_codes: &[] };
            let read = |text: &str| {
                let lines = [Line { text: text.to_owned(), wrapped: false }];
                super::read(&lines, &reading).requests.remove(0)
            };
            let error = read(text).error.unwrap();
            assert_eq!(error.instead, instead, "{text}");
            assert!(error.instead.lines().all(|line| read(line).error.is_none()), "{text}");
        }
    }

    #[test]
    fn codes_that_the_firm_added_are_known() {
        let now = now();
        let codes = [Code::parse("A113").unwrap()];
        let reading = Reading { now: &now, locale: Locale::British, about: About::Other, firm_codes: &codes };
        let lines = [Line { text: "#time 1h A113 x".to_owned(), wrapped: false }];
        assert_eq!(read(&lines, &reading).requests[0].error, None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_disappear(
            lines in proptest::collection::vec(("(#(time|done|note|edit|message|share|task|event|hours|tiem) )?[ -~½–“”\u{202e}\u{200b}éß]{0,30}", any::<bool>()), 0..8)
        ) {
            let lines: Vec<Line> = lines.into_iter().map(|(text, wrapped)| Line { text, wrapped }).collect();
            let now = now();
            for about in [About::Unknown, About::Item(Kind::Note)] {
                let reading = Reading { now: &now, locale: Locale::American, about, firm_codes: &[] };
                let commands = read(&lines, &reading);
                let commanded = commands.requests.len();
                let written = lines.iter().any(|l| l.text.chars().any(char::is_alphanumeric));
                prop_assert!(!written || commanded > 0 || !commands.text.is_empty());
                for request in &commands.requests {
                    prop_assert!(!to_json(request)["verb"].is_null());
                }
            }
        }

        #[test]
        fn an_id_is_read_back_as_it_is_shown(number in 1_u32..999_999, version in 1_u32..99, kind in 0..10_usize) {
            let kind = Kind::ALL[kind];
            let version = (kind == Kind::Document).then_some(version);
            let id = ItemId { kind, number, version };
            let request = one(&format!("#show {}", id.to_string().to_lowercase()));
            prop_assert_eq!(request.ids, vec![id]);
        }

        #[test]
        fn arguments_may_come_in_any_order(
            order in Just(vec!["1.5h", "12 March 2026", "A103", "L210", "nb", "M-12", "T-3"]).prop_shuffle()
        ) {
            let request = one(&format!("#time {} Drafted reply", order.join(" ")));
            prop_assert_eq!(request.error, None);
            prop_assert_eq!(request.duration.unwrap().seconds(), 5400);
            prop_assert_eq!(request.date.unwrap().to_string(), "2026-03-12");
            prop_assert_eq!((request.codes.len(), request.flags.len(), request.ids.len()), (2, 1, 2));
            prop_assert_eq!(request.narrative, "Drafted reply");
        }

        #[test]
        fn nothing_below_the_line_of_a_time_entry_is_billed(below in "[A-Za-z][ -~]{0,40}") {
            let commands = read_text(&format!("#time 1h Drafted\n{below}"));
            prop_assert_eq!(&commands.requests[0].narrative, "Drafted");
        }
    }
}
