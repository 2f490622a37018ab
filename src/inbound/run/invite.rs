//! Answers to an invitation: `#accept`, `#decline`, or anything else, which goes to the firm's lawyer and executes
//! nothing ("we have a conflict" must not accept; decisions.md 18).

use jiff::civil::Date;

use super::super::command::{Commands, Verb, is_pleasantry};
use super::Run;
use crate::actions::invitations::{self, Answered};
use crate::actions::messages::{self, Topic};
use crate::language::say;
use crate::outbound::letter::Line as Said;
use crate::store::Result;
use crate::store::threads::About;

/// What an answer to an invitation says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reading {
    /// `#accept`, and what else was written.
    Yes(Option<String>),
    /// `#decline`, and what else was written.
    No(Option<String>),
    /// Anything else.
    Other(String),
}

impl Run<'_> {
    /// `#accept`, `#decline`, or anything else.
    pub(super) fn answer_invitation(&mut self) -> Result<()> {
        let Some(About::Invitation(invitation)) = self.situation.thread.as_ref().map(|t| t.about) else {
            return Ok(());
        };
        let (verb, answered) = match read(&self.words.commands) {
            Reading::Yes(text) => {
                let text = self.with_files(text);
                ("accept", invitations::accept(&self.act, invitation, text, self.situation.pin.as_deref())?)
            }
            Reading::No(text) => ("decline", invitations::decline(&self.act, invitation, self.with_files(text))?),
            Reading::Other(text) => {
                if let Some(text) = self.with_files(Some(text).filter(|t| !t.is_empty())) {
                    // After the first answer it is a message like any other: the firm was told of that one.
                    if self.act.actor.accepted_at.is_some()
                        && let Ok(posted) = messages::write(&self.act, self.topic_of_welcome()?, &text)?
                    {
                        self.sent(posted, false)?;
                        return self.tell();
                    }
                    self.effect("answer", None, None)?;
                    invitations::pass_on(&self.act, invitation, text)?;
                    let said = say!(self, "Your answer was passed on to the firm. No command in it was carried out.");
                    self.say_to_accepted(said);
                }
                return Ok(());
            }
        };
        match answered {
            Answered::Over => match self.accepted_before()? {
                Some(text) if verb == "decline" => self.say_to_accepted(text),
                _ => self.say_to_accepted(say!(self, "This invitation is no longer open.")),
            },
            Answered::Before => {
                if let Some(day) = self.day_of_acceptance()? {
                    let day = self.locale.display(day);
                    self.say_to_accepted(say!(self, "You accepted on {day}; nothing more is needed.", day = day));
                }
            }
            Answered::Accepted | Answered::Declined | Answered::Renewed => {}
        }
        self.effect(verb, None, None)
    }

    /// What somebody is told who declines what they accepted; none if they have not.
    pub(super) fn accepted_before(&self) -> Result<Option<String>> {
        let Some(day) = self.day_of_acceptance()? else { return Ok(None) };
        Ok(Some(say!(
            self,
            "You accepted on {day}. To stop working on this, write to the firm; it can end your access.",
            day = self.locale.display(day)
        )))
    }

    /// The day on which co-counsel accepted; none if they have not.
    pub(super) fn day_of_acceptance(&self) -> Result<Option<Date>> {
        let Some(at) = self.act.actor.accepted_at.filter(|_| !self.act.actor.is_user()) else { return Ok(None) };
        Ok(Some(at.to_zoned(self.act.tx.zone_of(self.act.firm, self.act.actor)?).date()))
    }

    /// Who is not let in yet gets a letter instead of a receipt.
    fn say_to_accepted(&mut self, text: String) {
        if self.act.actor.accepted_at.is_some() {
            self.lines.push(Said::Noted { text });
        }
    }

    /// What a message is about that says nothing of it: the one matter that is shared.
    fn topic_of_welcome(&self) -> Result<Topic> {
        let (tx, firm) = (self.act.tx, self.act.firm.id);
        let mut matters = Vec::new();
        for share in tx.live_shares(firm, self.act.actor.whose(), self.act.now)? {
            matters.extend(tx.matter_of(firm, share.item)?);
        }
        matters.sort_unstable();
        matters.dedup();
        Ok(Topic { about: None, matter: matters.first().copied().filter(|_| matters.len() == 1), to: None })
    }

    /// Files are not taken in before somebody is let in; the lawyer hears of them.
    fn with_files(&self, text: Option<String>) -> Option<String> {
        let names: Vec<&str> = self.words.files.iter().map(|f| f.name.as_str()).collect();
        if names.is_empty() {
            return text;
        }
        // For the lawyer, whose language is the firm's until they say.
        let files = say!(
            self.act.firm.locale,
            "(With this mail came {names}. It was not filed; the mail is kept.)",
            names = names.join(", ")
        );
        Some(text.map_or(files.clone(), |t| format!("{t}\n\n{files}")))
    }
}

fn read(commands: &Commands) -> Reading {
    let text = commands.text.trim();
    let rest = (!text.is_empty() && !is_pleasantry(text)).then(|| text.to_owned());
    match commands.requests.as_slice() {
        [only] if says_nothing_more(&only.narrative) && only.ids.is_empty() => match only.verb {
            Verb::Yes => Reading::Yes(rest),
            Verb::No => Reading::No(rest),
            _ => Reading::Other(whole(commands)),
        },
        _ => Reading::Other(whole(commands)),
    }
}

fn says_nothing_more(narrative: &str) -> bool {
    narrative.trim().is_empty() || is_pleasantry(narrative)
}

/// All that was written, commands too, for a person to read.
fn whole(commands: &Commands) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for request in &commands.requests {
        lines.push(request.original.trim());
        // The words of a note or message go on below the line on which the command stands.
        lines.extend(request.narrative.lines().skip(1).map(str::trim));
    }
    lines.push(commands.text.trim());
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::command;
    use super::super::super::extract::Line;
    use super::*;
    use crate::domain::dates::Locale;

    fn answer(text: &str) -> Reading {
        let lines: Vec<Line> = text.lines().map(|l| Line { text: l.to_owned(), wrapped: false }).collect();
        let now = "2026-03-14T10:00[Europe/London]".parse().unwrap();
        let about = command::About::Invitation;
        read(&command::read(&lines, &command::Reading { now: &now, locale: Locale::British, about, firm_codes: &[] }))
    }

    #[test]
    fn only_the_word_itself_accepts() {
        for yes in ["#accept", "Accept", "accepted.", " ACCEPTED! ", "#Accept\n\nThanks!", "#accept thank you", "#yes"]
        {
            assert_eq!(answer(yes), Reading::Yes(None), "{yes}");
        }
        assert_eq!(answer("#accept\n\nI am away until Monday."), Reading::Yes(Some("I am away until Monday.".into())));
        assert_eq!(answer("#decline\n\nWe act for Marsh."), Reading::No(Some("We act for Marsh.".into())));
    }

    #[test]
    fn any_other_answer_accepts_nothing() {
        for other in [
            "We have a conflict.",
            "I can't accept this.",
            "I accept",
            "#accept we have a conflict though",
            "#accept\n#decline",
            "#accept\n#time 1h read the invitation",
            "#time 1h",
            "",
        ] {
            assert!(matches!(answer(other), Reading::Other(_)), "{other}");
        }
    }
}
