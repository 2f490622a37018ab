//! How and when to be told: `#digest`, `#receipts`, `#notify`, `#stop`, `#start`, `#timezone`; what of it decides whether a receipt
//! is sent; and the answer to "was this you?".

use super::super::command::{Request, Verb, is_pleasantry};
use super::Run;
use crate::actions::challenges::{self, Confirmed};
use crate::actions::profile;
use crate::domain::Kind;
use crate::domain::dates;
use crate::domain::zones::{self, Named};
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
        Line::Refused { .. } | Line::WhichMatter { .. } | Line::WhichTask { .. } | Line::Question { .. } => true,
        // A look-up was asked for: its answer is no confirmation. So is the word of what one wished for.
        Line::Ask { .. } | Line::Help { .. } | Line::Noted { .. } | Line::Settings { .. } => true,
        Line::Done { .. } | Line::Filed { .. } => receipts != Receipts::Off,
        // A message, and a picture of the signature that was left out with it.
        Line::Sent { .. } | Line::LeftOut { .. } => receipts == Receipts::All,
    })
}

/// The kinds of mail that can be switched off, as they are typed and as the store knows them.
const KINDS: &[(&[&str], &str)] = &[
    (&["tasks", "task"], "tasks"),
    (&["news", "messages", "message", "files", "uploads", "documents"], "news"),
    (&["shared", "shares", "share"], "shared"),
    (&["digest", "digests"], "digest"),
];

/// What a wish came to: what is so from now on, or what would work instead.
type Wished = std::result::Result<(Preferences, String), &'static str>;

impl Run<'_> {
    /// `#digest`, `#receipts`, `#notify`, `#stop`, `#start`, `#timezone`.
    pub(super) fn wish(&mut self, request: &Request) -> Result<()> {
        if request.verb == Verb::Timezone {
            return self.timezone(request);
        }
        if self.act.actor.is_user() {
            self.refuse_by(request, Refusal::NotPermitted, Kind::Matter);
            return Ok(());
        }
        let before = self.act.tx.preferences(self.act.firm.id, self.act.actor.id)?;
        let words = words(request);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if request.verb == Verb::Stop {
            profile::stop(&self.act, before)?;
            return self.noted(
                "stop",
                "Paused. From now on you get only what is necessary: answers to your commands, security, ended access. \
                 Messages and tasks wait; the firm was told. To lift the pause and get them, reply #start."
                    .into(),
            );
        }
        if request.verb == Verb::Start {
            let text = if before.stopped {
                "Your pause is lifted. What waited is sent to you now."
            } else {
                "Your mails were not paused; nothing waits."
            };
            profile::prefer(&self.act, &Preferences { stopped: false, ..before })?;
            return self.noted("start", text.into());
        }
        let was_stopped = before.stopped;
        let wished = match request.verb {
            Verb::Digest => digest(before, &words),
            Verb::Receipts => receipts(before, &words),
            _ => notify(before, &words),
        };
        match wished {
            Ok((wanted, mut text)) => {
                profile::prefer(&self.act, &wanted)?;
                if was_stopped && !wanted.stopped {
                    text.push_str(" Your pause is lifted: what waited is sent to you now.");
                } else if was_stopped {
                    text.push_str(" Your pause goes on; to lift it, reply #start.");
                }
                self.noted(request.verb.name(), text)
            }
            Err(instead) => {
                self.refuse(request, "I can't read that.".into(), Some(instead.into()));
                Ok(())
            }
        }
    }

    fn noted(&mut self, verb: &str, text: String) -> Result<()> {
        self.effect(verb, None, None)?;
        let is_answer = verb == Verb::Confirm.name();
        self.lines.push(if is_answer { Line::Noted { text } } else { Line::Settings { text } });
        Ok(())
    }

    fn timezone(&mut self, request: &Request) -> Result<()> {
        let typed = words(request).join(" ");
        let instead = Some("#timezone Europe/London".to_owned());
        match zones::find(&typed) {
            Named::Zone(zone) if profile::set_zone(&self.act, &zone)? => {
                let local = self.act.now.to_zoned(firms::zone(&zone));
                let day = self.act.firm.locale.display(local.date());
                let text = format!(
                    "Your dates and times are now those of {zone}. There it is {day}, {} now; if that is wrong, tell me another zone.",
                    local.strftime("%H:%M")
                );
                self.noted("timezone", text)
            }
            Named::Several(meant) => {
                let why = format!("That may mean more than one zone: {}.", meant.join(", "));
                let first = meant.first().map(|m| format!("#timezone {m}"));
                self.refuse(request, why, first.or(instead));
                Ok(())
            }
            Named::Zone(_) | Named::Unknown => {
                self.refuse(request, "I know no time zone of that name. Write a large city in it.".into(), instead);
                Ok(())
            }
        }
    }

    /// A mail to the address that asked "was this you?": only the code in it counts, whatever else it says.
    pub(super) fn answer_challenge(&mut self) -> Result<()> {
        let Some(About::Challenge(challenge)) = self.situation.thread.as_ref().map(|t| t.about) else { return Ok(()) };
        for request in &self.words.commands.requests {
            if request.verb == Verb::Confirm {
                self.confirm(request, challenge)?;
            } else {
                let why = "An answer to this question takes #confirm only. Send the rest in a mail of its own.";
                self.refuse(request, why.into(), None);
            }
        }
        let text = self.words.commands.text.trim();
        if !text.is_empty() && !is_pleasantry(text) {
            let why = "Your text was not read. To confirm, reply with the line #confirm and the code; send anything else in a mail of its own.";
            self.lines.push(Line::Refused { typed: String::new(), why: why.into(), instead: None });
        }
        Ok(())
    }

    fn confirm(&mut self, request: &Request, challenge: i64) -> Result<()> {
        let why = match challenges::confirm(&self.act, challenge, &words(request).join(""))? {
            Confirmed::Released(mails) => {
                let what = if mails == 1 { "Your mail is".to_owned() } else { format!("Your {mails} mails are") };
                return self.noted("confirm", format!("Confirmed. {what} being processed now."));
            }
            Confirmed::Renewed => {
                return self.noted("confirm", "This code was too old. A new one was sent to your address.".into());
            }
            Confirmed::Wrong { left: 1 } => "This code is wrong. You can try once more.".to_owned(),
            Confirmed::Wrong { left } => format!("This code is wrong. You can try {left} more times."),
            Confirmed::Over => "This code can't be used any more. The firm has your mail; ask them.".to_owned(),
            Confirmed::Before => "This was confirmed before; nothing more is needed.".to_owned(),
        };
        self.refuse(request, why, None);
        Ok(())
    }
}

/// The words after the command, in small letters.
fn words(request: &Request) -> Vec<String> {
    let line = request.original.trim();
    let rest = line.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    rest.split_whitespace().map(|w| w.trim_matches([',', '.', ';']).to_lowercase()).filter(|w| !w.is_empty()).collect()
}

fn digest(mut wanted: Preferences, words: &[&str]) -> Wished {
    const INSTEAD: &str = "#digest daily 07:30, #digest weekly mon, or #digest off";
    let mut words = words;
    match words {
        ["off" | "never" | "none"] => {
            wanted.digest = DigestRhythm::Off;
            return Ok((wanted, "You get no digest any more.".into()));
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
    let day = match wanted.digest {
        DigestRhythm::Weekly => format!("every {}", day_name(wanted.digest_weekday)),
        _ => "every day".to_owned(),
    };
    let text = format!("You get a digest {day} at {}, your time; none if there is nothing in it.", wanted.digest_time);
    Ok((wanted, text))
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// 1 for "mon" or "Monday".
fn weekday(word: &str) -> Option<i8> {
    let found = DAYS.iter().position(|d| word.len() >= 3 && d.to_lowercase().starts_with(word.trim_end_matches('s')));
    found.and_then(|n| i8::try_from(n).ok()).map(|n| n.saturating_add(1))
}

fn day_name(weekday: i8) -> &'static str {
    let place = usize::try_from(weekday.saturating_sub(1)).unwrap_or(0);
    DAYS.get(place).copied().unwrap_or("Monday")
}

fn receipts(mut wanted: Preferences, words: &[&str]) -> Wished {
    let text = match words {
        ["all" | "on"] => {
            (wanted.receipts, wanted.stopped) = (Receipts::All, false);
            "You get a receipt for every mail."
        }
        ["brief"] => {
            (wanted.receipts, wanted.stopped) = (Receipts::Brief, false);
            "You get a receipt for commands, files and refusals; plain messages stand in the digest."
        }
        ["off" | "none"] => {
            wanted.receipts = Receipts::Off;
            "You get receipts for refusals and questions only."
        }
        _ => return Err("#receipts all, #receipts brief, or #receipts off"),
    };
    Ok((wanted, text.into()))
}

fn notify(mut wanted: Preferences, words: &[&str]) -> Wished {
    const INSTEAD: &str = "#notify tasks off, #notify news off, or #notify shared on";
    let ([kind, onoff @ ("on" | "off")] | [onoff @ ("on" | "off"), kind]) = words else { return Err(INSTEAD) };
    let Some((_, stored)) = KINDS.iter().find(|(typed, _)| typed.contains(kind)) else { return Err(INSTEAD) };
    wanted.silenced.retain(|s| s != stored);
    let what = match *stored {
        "tasks" => "new tasks",
        "news" => "new messages and files",
        "shared" => "new shares",
        _ => "the digest",
    };
    let text = if *onoff == "on" {
        wanted.stopped = false;
        format!("You get mails about {what}.")
    } else {
        wanted.silenced.push((*stored).to_owned());
        let digest =
            if *stored == "digest" || wanted.digest == DigestRhythm::Off { "" } else { " They stand in the digest." };
        format!("You get no mails about {what} any more.{digest}")
    };
    Ok((wanted, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Item;
    use crate::outbound::letter::{Deed, FiledVersion, Filing};

    fn wished(wish: fn(Preferences, &[&str]) -> Wished, text: &str) -> Option<Preferences> {
        let words: Vec<&str> = text.split_whitespace().collect();
        wish(Preferences::default(), &words).ok().map(|w| w.0)
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
        assert!(notify(silenced, &["tasks", "on"]).unwrap().0.silenced.is_empty());
        for wrong in ["", "off", "receipt off", "security off", "tasks maybe"] {
            assert_eq!(wished(notify, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wish_for_mails_lifts_the_pause_and_one_for_fewer_does_not() {
        let stopped = || Preferences { stopped: true, ..Preferences::default() };
        assert!(!receipts(stopped(), &["brief"]).unwrap().0.stopped);
        assert!(!digest(stopped(), &["daily"]).unwrap().0.stopped);
        assert!(!notify(stopped(), &["tasks", "on"]).unwrap().0.stopped);
        assert!(receipts(stopped(), &["off"]).unwrap().0.stopped);
        assert!(digest(stopped(), &["off"]).unwrap().0.stopped);
    }

    #[test]
    fn receipts_follow_the_wish_but_refusals_always_come() {
        let (item, why) = (Item::new(Kind::TimeEntry, 1), String::new());
        let done = Line::Done { deed: Deed::Added, item, hints: Vec::new() };
        let filed = Line::Filed { filed: FiledVersion { document: item, version: 1 }, how: Filing::New };
        let sent = Line::Sent { conversation: item, to: Vec::new() };
        let logo = Line::LeftOut { name: "logo.png".into(), why: why.clone() };
        let refused = Line::Refused { typed: String::new(), why, instead: None };
        let table = [
            (vec![], [false, false, false]),
            (vec![sent.clone()], [true, false, false]),
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
