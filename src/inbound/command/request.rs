//! One command as it was understood: typed arguments, its words, and what is wrong with it if anything is. A request
//! is a wish: nothing here says that its writer may have it.

use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use super::verbs::Verb;
use crate::domain::dates::{DateError, Locale};
use crate::domain::duration::{DurationError, Quantity};
use crate::domain::utbms::Code;
use crate::domain::{Address, ItemId};
use crate::language::{one_of, say};

/// A short word that changes how a command is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// `nb`: recorded, and not billed.
    NonBillable,
    /// `nc`: on the bill, at nothing.
    NoCharge,
    /// `quietly`: nobody is told.
    Quietly,
    /// `urgent`.
    Urgent,
}

impl Flag {
    /// The flag that a typed word means.
    pub fn of(word: &str) -> Option<Flag> {
        Some(match word.to_lowercase().as_str() {
            "nb" | "non-billable" | "nonbillable" | "nicht-abrechenbar" | "nichtabrechenbar" | "non-facturable"
            | "no-facturable" => Flag::NonBillable,
            "nc" | "no-charge" | "nocharge" | "unentgeltlich" | "ohne-berechnung" | "gratuit" | "sans-frais"
            | "sin-cargo" => Flag::NoCharge,
            "quietly" | "discrètement" | "discretamente" => Flag::Quietly,
            "urgent" | "dringend" | "urgente" => Flag::Urgent,
            _ => return None,
        })
    }

    /// The long name.
    pub const fn name(self) -> &'static str {
        match self {
            Flag::NonBillable => "non-billable",
            Flag::NoCharge => "no-charge",
            Flag::Quietly => "quietly",
            Flag::Urgent => "urgent",
        }
    }
}

/// One command of a mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub verb: Verb,
    /// The word that was typed for it, in lower case and without `#`.
    pub typed: String,
    /// The line it stands on, counted from 0; the subject and the address count as line 0.
    pub line: usize,
    /// The line as it was typed.
    pub original: String,
    /// The items named, in their order, each once.
    pub ids: Vec<ItemId>,
    /// The firm's own number of a matter, from `M-"00012-Smith"` or `[00012-Smith]`.
    pub matter: Option<String>,
    /// The time to record, or the length of a call or event, exactly as typed.
    pub duration: Option<Quantity>,
    /// The day; none if none was typed.
    pub date: Option<Date>,
    /// The day was typed without its year, or its week: the nearest such day was taken.
    pub year_guessed: bool,
    /// The time of day.
    pub time: Option<Time>,
    /// The codes, in their order, each once.
    pub codes: Vec<Code>,
    /// The flags, each once.
    pub flags: Vec<Flag>,
    /// `key:value` pairs; `@Research` is the key `activity`.
    pub keys: Vec<(String, String)>,
    /// The words that name a person: after "to", "with", "for", "from" or "by", as the verb has it.
    pub to: Option<String>,
    /// Texts in quotation marks.
    pub quoted: Vec<String>,
    /// Mail addresses.
    pub addresses: Vec<Address>,
    /// The words of the command: narrative, text of the note or message, or whatever else follows.
    pub narrative: String,
    /// Why it can't be carried out as written, if so; what was understood stands in the other fields.
    pub error: Option<CommandError>,
}

impl Request {
    /// A request without arguments.
    pub fn new(verb: Verb, typed: &str, line: usize, original: &str) -> Request {
        Request {
            verb,
            typed: typed.to_owned(),
            line,
            original: original.to_owned(),
            ids: Vec::new(),
            matter: None,
            duration: None,
            date: None,
            year_guessed: false,
            time: None,
            codes: Vec::new(),
            flags: Vec::new(),
            keys: Vec::new(),
            to: None,
            quoted: Vec::new(),
            addresses: Vec::new(),
            narrative: String::new(),
            error: None,
        }
    }
}

impl Request {
    /// What was understood, in the order in which a receipt says it: "#time, 1:30, 14 March 2026, M-12, A103, L210".
    pub fn understood(&self, locale: Locale) -> String {
        let mut parts = vec![format!("#{}", self.verb.name())];
        parts.extend(self.duration.map(Quantity::h_mm));
        parts.extend(self.date.map(|d| locale.display(d)));
        parts.extend(self.time.map(|t| t.strftime("%H:%M").to_string()));
        parts.extend(self.ids.iter().map(ItemId::to_string));
        parts.extend(self.matter.clone());
        parts.extend(self.codes.iter().map(Code::to_string));
        parts.extend(self.flags.iter().map(|f| f.name().to_owned()));
        parts.extend(self.to.clone());
        parts.join(", ")
    }
}

/// Why a command can't be carried out as written, with the pieces of the answer (commands.md c8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    /// What is wrong.
    pub problem: Problem,
    /// The smallest text that would work.
    pub instead: String,
}

/// What is wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The duration can't be recorded.
    Duration(DurationError),
    /// `#time` without a duration.
    DurationMissing,
    /// The only duration stands behind words: the words, and the duration, as typed.
    DurationBehind(String, String),
    /// Two durations before the words; the second.
    TwoDurations(Quantity),
    /// A bare number, and a duration further on; the bare number as typed (decisions.md 15).
    NumberAndDuration(String),
    /// The date is none.
    Date(DateError),
    /// Work on a day to come; the day.
    DateInFuture(Date),
    /// Two dates before the words.
    TwoDates,
    /// Codes that neither the shipped lists nor the firm know.
    CodeUnknown(Vec<Code>),
    /// `rate:` (requirements.md TIM-06).
    RateSet,
    /// A note, message or call without words.
    TextMissing,
    /// `#edit` that says nothing new.
    NothingToChange,
    /// Invisible marks that turn the direction of writing (decisions.md 8).
    BidiControl,
    /// The line is longer than is looked at.
    LineTooLong,
    /// More commands than one mail may have (gateway.md K10).
    TooManyCommands,
}

/// The codes that there are not, and those that are nearest.
fn unknown(codes: &[Code], locale: Locale) -> String {
    let names: Vec<String> = codes.iter().map(Code::to_string).collect();
    let near = codes.iter().flat_map(|code| code.nearest(&[code.set()], 1));
    let near: Vec<String> = near.map(|(code, name)| format!("{code} ({name})")).collect();
    let names = one_of(locale, &names);
    match near.is_empty() {
        true => say!(locale, "there is no code {codes}", codes = names),
        false => {
            say!(locale, "there is no code {codes}; the nearest: {near}", codes = names, near = near.join(", "))
        }
    }
}

impl CommandError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.problem.code()
    }
}

impl Problem {
    /// What is wrong, in words, with days written as the reader writes them.
    pub fn says(&self, locale: Locale) -> String {
        match self {
            Problem::Duration(error) => error.says(locale),
            Problem::DurationMissing => {
                say!(locale, "how long it took is missing; write it in place of the dots")
            }
            Problem::DurationBehind(words, length) => say!(
                locale,
                "“{words}” stands before how long it took (“{length}”); write that first",
                words = words,
                length = length
            ),
            Problem::TwoDurations(_) => say!(locale, "there are two durations"),
            Problem::NumberAndDuration(number) => {
                say!(locale, "“{number}” may be hours, but another duration stands in the line", number = number)
            }
            Problem::Date(error) => error.says(locale),
            Problem::DateInFuture(day) => say!(locale, "{day} is still to come", day = locale.display(*day)),
            Problem::TwoDates => say!(locale, "there are two dates"),
            Problem::CodeUnknown(codes) => unknown(codes, locale),
            Problem::RateSet => say!(locale, "Rates are set by the firm."),
            Problem::TextMissing => say!(locale, "the text is missing"),
            Problem::NothingToChange => say!(locale, "what to change is missing"),
            Problem::BidiControl => {
                say!(locale, "it contains invisible marks that change the order of its letters")
            }
            Problem::LineTooLong => say!(locale, "it is too long"),
            Problem::TooManyCommands => say!(
                locale,
                "a mail may have {most} commands at most, so nothing from here on was carried out",
                most = super::MOST_COMMANDS
            ),
        }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Problem::Duration(error) => error.code(),
            Problem::DurationMissing | Problem::DurationBehind(..) => "duration_missing",
            Problem::TwoDurations(_) => "duration_twice",
            Problem::NumberAndDuration(_) => "duration_ambiguous",
            Problem::Date(error) => error.code(),
            Problem::DateInFuture(_) => "date_in_future",
            Problem::TwoDates => "date_twice",
            Problem::CodeUnknown(_) => "code_unknown",
            Problem::RateSet => "rate_refused",
            Problem::TextMissing => "text_missing",
            Problem::NothingToChange => "nothing_to_change",
            Problem::BidiControl => "bidi_control",
            Problem::LineTooLong => "line_too_long",
            Problem::TooManyCommands => "too_many_commands",
        }
    }
}

/// The request as `inspect` prints it: canonical verb, seconds, ISO date, codes and ids in capitals, flags by their long
/// name, stable error code; what doesn't apply is absent.
pub fn to_json(request: &Request) -> Value {
    let mut object = Map::new();
    object.insert("verb".to_owned(), Value::from(request.verb.name()));
    let list = |items: Vec<String>| (!items.is_empty()).then(|| Value::from(items));
    let fields = [
        ("seconds", request.duration.map(|d| Value::from(d.seconds()))),
        ("date", request.date.map(|d| Value::from(d.to_string()))),
        ("codes", list(request.codes.iter().map(Code::to_string).collect())),
        ("ids", list(request.ids.iter().map(ItemId::to_string).collect())),
        ("flags", list(request.flags.iter().map(|f| f.name().to_owned()).collect())),
        ("narrative", (!request.narrative.is_empty()).then(|| Value::from(request.narrative.as_str()))),
        ("error", request.error.as_ref().map(|e| Value::from(e.code()))),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            object.insert(key.to_owned(), value);
        }
    }
    Value::Object(object)
}
