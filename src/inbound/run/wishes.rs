//! How and when to be told: `#digest`, `#receipts`, `#notify`, `#stop`, `#start`, `#timezone`, `#lang`; what of it decides whether a receipt
//! is sent; and the answer to "was this you?".

use super::super::command::{Request, Verb, is_pleasantry};
use super::Run;
use crate::actions::challenges::{self, Confirmed};
use crate::actions::profile;
use crate::domain::Kind;
use crate::domain::dates;
use crate::domain::zones::{self, Named};
use crate::language::{self, Locale, count, phrase, say, sentence};
use crate::outbound::letter::Line;
use crate::sharing::Refusal;
use crate::store::Result;
use crate::store::firms;
use crate::store::people::{DigestRhythm, Preferences, Receipts};
use crate::store::threads::About;

/// Whether a receipt is sent at once (decisions.md 25): for everything; in brief for commands, files and refusals; or for
/// refusals only, which can't be switched off. What is not told at once stands in the digest.
pub fn wants_receipt(lines: &[Line], receipts: Receipts) -> bool {
    lines.iter().any(|line| match line {
        Line::Refused { .. }
        | Line::WhichMatter { .. }
        | Line::WhichTask { .. }
        | Line::WhichPerson { .. }
        | Line::Would { .. }
        | Line::Question { .. } => true,
        // A look-up was asked for: its answer is no confirmation. So is the word of what one wished for.
        Line::Ask { .. } | Line::Help { .. } | Line::Noted { .. } | Line::Settings { .. } => true,
        Line::Coming { .. } => true,
        Line::Unzipped { skipped, .. } => receipts != Receipts::Off || !skipped.is_empty(),
        Line::Done { .. } | Line::Filed { .. } | Line::Answered { .. } | Line::Sent { commanded: true, .. } => {
            receipts != Receipts::Off
        }
        // A message of plain text, and a picture of the signature that was left out with it.
        Line::Sent { .. } | Line::LeftOut { .. } => receipts == Receipts::All,
    })
}

/// The kinds of mail that can be switched off, as they are typed and as the store knows them.
const KINDS: &[(&[&str], &str)] = &[
    (&["tasks", "task"], "tasks"),
    (&["events", "event", "calendar"], "events"),
    (&["news", "messages", "message", "files", "uploads", "documents"], "news"),
    (&["shared", "shares", "share"], "shared"),
    (&["bills", "bill"], "bills"),
    (&["time", "entries"], "time"),
    (&["digest", "digests"], "digest"),
];

/// What a wish came to: what is so from now on, or what would work instead.
type Wished = std::result::Result<(Preferences, String), &'static str>;

impl Run<'_> {
    /// `#digest`, `#receipts`, `#notify`, `#stop`, `#start`.
    pub(super) fn wish(&mut self, request: &Request) -> Result<()> {
        if self.act.actor.is_user() {
            self.refuse_by(request, Refusal::NotPermitted, Kind::Matter);
            return Ok(());
        }
        let before = self.act.tx.preferences(self.act.firm.id, self.act.actor.id)?;
        let words = words(request);
        let words: Vec<&str> = words.iter().map(|word| language::argument(word)).collect();
        if request.verb == Verb::Stop {
            profile::stop(&self.act, before)?;
            let text = say!(
                self,
                "Paused. From now on you get only what is necessary: answers to your commands, security, ended access. Messages and tasks wait; the firm was told. To lift the pause and get them, reply #start."
            );
            return self.noted("stop", text);
        }
        if request.verb == Verb::Start {
            let text = if before.stopped {
                say!(self, "Your pause is lifted. What waited is sent to you now.")
            } else {
                say!(self, "Your mails were not paused; nothing waits.")
            };
            profile::prefer(&self.act, &Preferences { stopped: false, ..before })?;
            return self.noted("start", text);
        }
        let was_stopped = before.stopped;
        let wished = match request.verb {
            Verb::Digest => digest(self.locale, before, &words),
            Verb::Receipts => receipts(self.locale, before, &words),
            _ => notify(self.locale, before, &words),
        };
        match wished {
            Ok((wanted, mut text)) => {
                profile::prefer(&self.act, &wanted)?;
                if was_stopped && !wanted.stopped {
                    let more = say!(self, "Your pause is lifted: what waited is sent to you now.");
                    text = format!("{text} {more}");
                } else if was_stopped {
                    let more = say!(self, "Your pause goes on; to lift it, reply #start.");
                    text = format!("{text} {more}");
                }
                self.noted(request.verb.name(), text)
            }
            Err(instead) => {
                self.refuse(request, say!(self, "I can't read that."), Some(phrase(&self, instead)));
                Ok(())
            }
        }
    }

    pub(super) fn noted(&mut self, verb: &str, text: String) -> Result<()> {
        self.effect(verb, None, None)?;
        let is_answer = verb == Verb::Confirm.name();
        self.lines.push(if is_answer { Line::Noted { text } } else { Line::Settings { text } });
        Ok(())
    }

    /// `#lang`: the language of the mails that the sender gets.
    pub(super) fn language(&mut self, request: &Request) -> Result<()> {
        match Locale::named(&words(request).join(" "), self.act.firm.locale) {
            Some(wanted) => {
                profile::set_language(&self.act, wanted)?;
                self.locale = wanted;
                // Each catalogue names its own language here.
                self.noted("lang", say!(self, "From now on our mails to you are in English."))
            }
            None => {
                let why = say!(self, "I write English, German, French and Spanish.");
                self.refuse(request, why, Some(say!(self, "#lang fr")));
                Ok(())
            }
        }
    }

    /// `#timezone`: the zone in which the sender's days are read and shown.
    pub(super) fn timezone(&mut self, request: &Request) -> Result<()> {
        let typed = words(request).join(" ");
        let instead = Some(say!(self, "#timezone Europe/London"));
        match zones::find(&typed) {
            Named::Zone(zone) if profile::set_zone(&self.act, &zone)? => {
                let local = self.act.now.to_zoned(firms::zone(&zone));
                let text = say!(
                    self,
                    "Your dates and times are now those of {zone}. There it is {day}, {time} now; if that is wrong, tell me another zone.",
                    zone = zone,
                    day = self.locale.display(local.date()),
                    time = self.locale.clock(local.time())
                );
                self.noted("timezone", text)
            }
            Named::Several(meant) => {
                let why =
                    say!(self, "That may mean more than one zone. Which is yours: {zones}?", zones = meant.join(", "));
                let first = meant.first().map(|zone| say!(self, "#timezone {zone}", zone = zone));
                self.refuse(request, why, first.or(instead));
                Ok(())
            }
            Named::Zone(_) | Named::Unknown => {
                let why = say!(self, "I know no time zone of that name. Write a large city in it.");
                self.refuse(request, why, instead);
                Ok(())
            }
        }
    }

    /// A mail to the address that put a question: only the answer to that counts, whatever else it says.
    pub(super) fn answer_question(&mut self) -> Result<()> {
        let about = self.situation.thread.as_ref().map(|t| t.about);
        for request in &self.words.commands.requests {
            match (about, request.verb) {
                (Some(About::Challenge(challenge)), Verb::Confirm) => self.confirm(request, challenge)?,
                (Some(About::Address(change)), Verb::Confirm | Verb::Yes | Verb::No) => {
                    self.answer_about_address(request, change)?;
                }
                (Some(About::Assistant(assistant)), Verb::Confirm) => self.confirm_assistant(request, assistant)?,
                _ => {
                    let why = say!(
                        self,
                        "An answer to this question takes nothing else. Send the rest in a mail of its own."
                    );
                    self.refuse(request, why, None);
                }
            }
        }
        let text = self.words.commands.text.trim();
        if !text.is_empty() && !is_pleasantry(text) {
            let why = match about {
                Some(About::Address(change)) => phrase(&self, self.how_to_answer(change)?),
                _ => say!(
                    self,
                    "Your text was not read. To confirm, reply with the line #confirm and the code; send anything else in a mail of its own."
                ),
            };
            self.lines.push(Line::Refused { typed: String::new(), why, instead: None });
        }
        Ok(())
    }

    fn confirm(&mut self, request: &Request, challenge: i64) -> Result<()> {
        let why = match challenges::confirm(&self.act, challenge, &words(request).join(""))? {
            Confirmed::Released(mails) => {
                let text = count!(
                    self,
                    mails,
                    "Confirmed. Your mail is being processed now.",
                    "Confirmed. Your {n} mails are being processed now."
                );
                return self.noted("confirm", text);
            }
            Confirmed::Content(lines) => {
                self.effect("confirm", None, None)?;
                self.lines.extend(lines);
                return self.send_in_parts();
            }
            Confirmed::Renewed => {
                let text = say!(self, "This code was too old. A new one was sent to your address.");
                return self.noted("confirm", text);
            }
            Confirmed::Wrong { left } => count!(
                self,
                left,
                "This code is wrong. You can try once more.",
                "This code is wrong. You can try {n} more times."
            ),
            Confirmed::Over => say!(self, "This code can't be used any more. The firm has your mail; ask them."),
            Confirmed::Before => say!(self, "This was confirmed before; nothing more is needed."),
        };
        self.refuse(request, why, None);
        Ok(())
    }
}

/// The words after the command, in small letters.
pub(super) fn words(request: &Request) -> Vec<String> {
    let line = request.original.trim();
    let rest = line.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    rest.split_whitespace().map(|w| w.trim_matches([',', '.', ';']).to_lowercase()).filter(|w| !w.is_empty()).collect()
}

fn digest(locale: Locale, mut wanted: Preferences, words: &[&str]) -> Wished {
    const INSTEAD: &str = sentence!("#digest daily 07:30, #digest weekly mon, or #digest off");
    let mut words = words;
    match words {
        ["off" | "never" | "none"] => {
            wanted.digest = DigestRhythm::Off;
            return Ok((wanted, say!(locale, "You get no digest any more.")));
        }
        [] => return Err(INSTEAD),
        ["daily" | "on", rest @ ..] => {
            wanted.digest = DigestRhythm::Daily;
            words = rest;
        }
        ["weekly", rest @ ..] => {
            wanted.digest = DigestRhythm::Weekly;
            words = rest;
        }
        _ if wanted.digest == DigestRhythm::Off => wanted.digest = DigestRhythm::Daily,
        _ => {}
    }
    if let [day, rest @ ..] = words
        && let Some(weekday) = weekday(day)
    {
        (wanted.digest, wanted.digest_weekday) = (DigestRhythm::Weekly, weekday);
        words = rest;
    }
    let words: Vec<&str> = words.iter().copied().filter(|w| *w != "at").collect();
    if !words.is_empty() {
        let text = words.join(" ");
        let (end, time) = dates::time_of_day(&text).ok_or(INSTEAD)?;
        if end != text.len() {
            return Err(INSTEAD);
        }
        wanted.digest_time = time.strftime("%H:%M").to_string();
    }
    wanted.stopped = false;
    wanted.silenced.retain(|s| s != "digest");
    let text = match wanted.digest {
        DigestRhythm::Weekly => say!(
            locale,
            "You get a digest every {weekday} at {time}, your time; none if there is nothing in it.",
            weekday = locale.weekday(wanted.digest_weekday),
            time = shown(locale, &wanted.digest_time)
        ),
        _ => say!(
            locale,
            "You get a digest every day at {time}, your time; none if there is nothing in it.",
            time = shown(locale, &wanted.digest_time)
        ),
    };
    Ok((wanted, text))
}

/// A time of day as the reader writes it.
fn shown(locale: Locale, time: &str) -> String {
    dates::time_of_day(time).map_or_else(|| time.to_owned(), |(_, time)| locale.clock(time))
}

/// 1 for "mon", "Monday", "montags" or "lundi".
fn weekday(word: &str) -> Option<i8> {
    let is = |day: &str| word.chars().count() >= 3 && day.to_lowercase().starts_with(word.trim_end_matches('s'));
    (1..=7).find(|number| Locale::ALL.iter().any(|locale| is(locale.weekday(*number))))
}

fn receipts(locale: Locale, mut wanted: Preferences, words: &[&str]) -> Wished {
    let text = match words {
        ["all" | "on"] => {
            (wanted.receipts, wanted.stopped) = (Receipts::All, false);
            say!(locale, "You get a receipt for every mail.")
        }
        ["brief"] => {
            (wanted.receipts, wanted.stopped) = (Receipts::Brief, false);
            say!(locale, "You get a receipt for commands, files and refusals; plain messages stand in the digest.")
        }
        ["off" | "none"] => {
            wanted.receipts = Receipts::Off;
            say!(locale, "You get receipts for refusals and questions only.")
        }
        _ => return Err(sentence!("#receipts all, #receipts brief, or #receipts off")),
    };
    Ok((wanted, text))
}

fn notify(locale: Locale, mut wanted: Preferences, words: &[&str]) -> Wished {
    const INSTEAD: &str = sentence!("#notify tasks off, #notify news off, or #notify shared on");
    let ([kind, onoff @ ("on" | "off")] | [onoff @ ("on" | "off"), kind]) = words else { return Err(INSTEAD) };
    let Some((_, stored)) = KINDS.iter().find(|(typed, _)| typed.contains(kind)) else { return Err(INSTEAD) };
    wanted.silenced.retain(|s| s != stored);
    let what = match *stored {
        "tasks" => say!(locale, "new tasks"),
        "news" => say!(locale, "new messages and files"),
        "shared" => say!(locale, "new shares"),
        "bills" => say!(locale, "bills that are due or paid"),
        "time" => say!(locale, "time that the firm changes"),
        _ => say!(locale, "the digest"),
    };
    let text = if *onoff == "on" {
        wanted.stopped = false;
        say!(locale, "You get mails about {what}.", what = what)
    } else {
        wanted.silenced.push((*stored).to_owned());
        if *stored == "digest" || wanted.digest == DigestRhythm::Off {
            say!(locale, "You get no mails about {what} any more.", what = what)
        } else {
            say!(locale, "You get no mails about {what} any more. They stand in the digest.", what = what)
        }
    };
    Ok((wanted, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Item;
    use crate::outbound::letter::{Deed, FiledVersion, Filing};

    fn wished(wish: fn(Locale, Preferences, &[&str]) -> Wished, text: &str) -> Option<Preferences> {
        let words: Vec<&str> = text.split_whitespace().collect();
        wish(Locale::British, Preferences::default(), &words).ok().map(|w| w.0)
    }

    #[test]
    fn a_digest_comes_as_it_was_wished_for() {
        let so = |digest, weekday, time: &str| {
            Some(Preferences { digest, digest_weekday: weekday, digest_time: time.into(), ..Preferences::default() })
        };
        assert_eq!(wished(digest, "daily 07:30"), so(DigestRhythm::Daily, 1, "07:30"));
        assert_eq!(wished(digest, "18:05"), so(DigestRhythm::Daily, 1, "18:05"));
        assert_eq!(wished(digest, "weekly mon"), so(DigestRhythm::Weekly, 1, "07:30"));
        assert_eq!(wished(digest, "fridays at 8am"), so(DigestRhythm::Weekly, 5, "08:00"));
        assert_eq!(wished(digest, "weekly thursday 8:15"), so(DigestRhythm::Weekly, 4, "08:15"));
        assert_eq!(wished(digest, "off"), so(DigestRhythm::Off, 1, "07:30"));
        for wrong in ["", "25:00", "monthly", "weekly sometimes", "daily 7:30 or so"] {
            assert_eq!(wished(digest, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn mails_of_a_kind_are_switched_off_and_on() {
        assert_eq!(wished(notify, "tasks off").unwrap().silenced, ["tasks"]);
        assert_eq!(wished(notify, "off messages").unwrap().silenced, ["news"]);
        let silenced = Preferences { silenced: vec!["tasks".into()], ..Preferences::default() };
        assert!(notify(Locale::British, silenced, &["tasks", "on"]).unwrap().0.silenced.is_empty());
        for wrong in ["", "off", "receipt off", "security off", "tasks maybe"] {
            assert_eq!(wished(notify, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn wishes_are_read_in_every_language_as_they_are_suggested() {
        for locale in Locale::FOREIGN {
            for (wish, wrong) in [(digest as fn(Locale, _, &[&str]) -> Wished, "x"), (receipts, "x"), (notify, "x")] {
                let Err(suggested) = wish(locale, Preferences::default(), &[wrong]) else { panic!() };
                for line in phrase(locale, suggested).split('#').skip(1) {
                    let words = line.split_whitespace().skip(1).map(|w| w.trim_matches(','));
                    let words: Vec<&str> = words.filter(|w| !["oder", "ou", "o"].contains(w)).collect();
                    let words: Vec<&str> = words.into_iter().map(language::argument).collect();
                    assert!(wish(locale, Preferences::default(), &words).is_ok(), "{line}: {words:?}");
                }
            }
        }
        for (word, number) in [("montags", 1), ("lundi", 1), ("martes", 2), ("Freitag", 5), ("dimanche", 7)] {
            assert_eq!(weekday(&word.to_lowercase()), Some(number), "{word}");
        }
    }

    #[test]
    fn a_wish_for_mails_lifts_the_pause_and_one_for_fewer_does_not() {
        let stopped = || Preferences { stopped: true, ..Preferences::default() };
        assert!(!receipts(Locale::British, stopped(), &["brief"]).unwrap().0.stopped);
        assert!(!digest(Locale::British, stopped(), &["daily"]).unwrap().0.stopped);
        assert!(!notify(Locale::British, stopped(), &["tasks", "on"]).unwrap().0.stopped);
        assert!(receipts(Locale::British, stopped(), &["off"]).unwrap().0.stopped);
        assert!(digest(Locale::British, stopped(), &["off"]).unwrap().0.stopped);
    }

    #[test]
    fn receipts_follow_the_wish_but_refusals_always_come() {
        let (item, why) = (Item::new(Kind::TimeEntry, 1), String::new());
        let done = Line::Done { deed: Deed::Added, item, hints: Vec::new() };
        let filed = Line::Filed { filed: FiledVersion { document: item, version: 1 }, how: Filing::New };
        let sent = Line::Sent { conversation: item, to: Vec::new(), commanded: false };
        let commanded = Line::Sent { conversation: item, to: Vec::new(), commanded: true };
        let logo = Line::LeftOut { name: "logo.png".into(), why: why.clone() };
        let refused = Line::Refused { typed: String::new(), why, instead: None };
        let table = [
            (vec![], [false, false, false]),
            (vec![sent.clone()], [true, false, false]),
            (vec![commanded], [true, true, false]),
            (vec![sent.clone(), logo], [true, false, false]),
            (vec![done.clone()], [true, true, false]),
            (vec![filed], [true, true, false]),
            (vec![sent, done.clone()], [true, true, false]),
            (vec![done, refused.clone()], [true, true, true]),
            (vec![refused], [true, true, true]),
            (vec![Line::WhichMatter { typed: String::new() }], [true, true, true]),
        ];
        for (lines, wanted) in table {
            let got = [Receipts::All, Receipts::Brief, Receipts::Off].map(|r| wants_receipt(&lines, r));
            assert_eq!(got, wanted, "{lines:?}");
        }
    }
}
