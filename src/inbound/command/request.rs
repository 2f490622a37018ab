//! One command as it was understood: typed arguments, its words, and what is wrong with it if anything is. A request
//! is a wish: nothing here says that its writer may have it.

use std::fmt;

use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use super::verbs::Verb;
use crate::domain::dates::{DateError, Locale};
use crate::domain::duration::{DurationError, Quantity};
use crate::domain::utbms::Code;
use crate::domain::{Address, ItemId};

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
            "nb" | "non-billable" | "nonbillable" => Flag::NonBillable,
            "nc" | "no-charge" | "nocharge" => Flag::NoCharge,
            "quietly" => Flag::Quietly,
            "urgent" => Flag::Urgent,
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The duration can't be recorded.
    #[error("{0}")]
    Duration(DurationError),
    /// `#time` without a duration.
    #[error("how long it took is missing")]
    DurationMissing,
    /// Two durations before the words.
    #[error("there are two durations")]
    TwoDurations,
    /// A bare number, and a duration further on; the bare number as typed (decisions.md 15).
    #[error("“{0}” may be hours, but another duration stands in the line")]
    NumberAndDuration(String),
    /// The date is none.
    #[error("{0}")]
    Date(DateError),
    /// Work on a day to come; the day.
    #[error("{0} is still to come")]
    DateInFuture(Date),
    /// Two dates before the words.
    #[error("there are two dates")]
    TwoDates,
    /// Codes that neither the shipped lists nor the firm know.
    #[error("{}", Unknown(.0))]
    CodeUnknown(Vec<Code>),
    /// `rate:` (requirements.md TIM-06).
    #[error("Rates are set by the firm")]
    RateSet,
    /// A note, message or call without words.
    #[error("the text is missing")]
    TextMissing,
    /// `#edit` that says nothing new.
    #[error("what to change is missing")]
    NothingToChange,
    /// Invisible marks that turn the direction of writing (decisions.md 8).
    #[error("it contains invisible marks that change the order of its letters")]
    BidiControl,
    /// The line is longer than is looked at.
    #[error("it is too long")]
    LineTooLong,
    /// More commands than one mail may have (gateway.md K10).
    #[error("a mail may have {} commands at most, so nothing from here on was carried out", super::MOST_COMMANDS)]
    TooManyCommands,
}

/// The codes that there are not, and those that are nearest.
struct Unknown<'a>(&'a [Code]);

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(Code::to_string).collect();
        write!(f, "there is no code {}", names.join(" or "))?;
        let near = self.0.iter().flat_map(|code| code.nearest(&[code.set()], 1));
        let near: Vec<String> = near.map(|(code, name)| format!("{code} ({name})")).collect();
        if near.is_empty() { Ok(()) } else { write!(f, "; the nearest: {}", near.join(", ")) }
    }
}

impl CommandError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.problem.code()
    }
}

impl Problem {
    /// What is wrong, in words, with days written as the firm writes them.
    pub fn says(&self, locale: Locale) -> String {
        match self {
            Problem::DateInFuture(date) => format!("{} is still to come", locale.display(*date)),
            other => other.to_string(),
        }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Problem::Duration(error) => error.code(),
            Problem::DurationMissing => "duration_missing",
            Problem::TwoDurations => "duration_twice",
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
