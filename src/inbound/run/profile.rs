//! What somebody says about themselves: `#profile`, `#picture`, `#email`, and the answers to the questions that a change of
//! address puts. A change of address takes a mail that is proved as well as a mail can be, and codes from both mailboxes.

use super::super::command::{Request, Verb};
use super::super::picture::NoPicture;
use super::Run;
use crate::actions::addresses::{self, Asked, Confirmed};
use crate::actions::profile::{self, BadName};
use crate::domain::{Address, Kind};
use crate::language::{argument, count, phrase, say, sentence};
use crate::outbound::letter::Line;
use crate::sharing::{Ability, Thing};
use crate::store::addresses::ChangeKind;
use crate::store::shares::{Circumstances, Subject};
use crate::store::{Result, StoreError};

pub(super) const NOT_SURE_ENOUGH: &str = sentence!(
    "To change an address we must be sure that you write. Reply to one of our mails, for example to this one, with the same line. If that does not help, your mail system does not sign your mail: the firm can change the address for you."
);

impl Run<'_> {
    /// `#profile`, `#picture`, `#email`.
    pub(super) fn own_profile(&mut self, request: &Request) -> Result<()> {
        let own = Subject::Other(Thing::Profile, None);
        if let Err(refusal) = self.act.ask_about(Ability::Edit, own, Circumstances::default())? {
            self.refuse_by(request, refusal, Kind::Matter);
            return Ok(());
        }
        match request.verb {
            Verb::Picture => self.picture(request),
            Verb::Email => self.email(request),
            _ => self.profile(request),
        }
    }

    fn profile(&mut self, request: &Request) -> Result<()> {
        let typed = rest(request);
        let (word, words) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let words = words.trim();
        let word = word.trim_end_matches(':').to_lowercase();
        match (argument(&word), Verb::of(&word)) {
            ("", _) | (_, Some(Verb::Show)) => {
                self.lines.push(Line::Ask {
                    confirmed: false,
                    verb: Verb::Profile.name().into(),
                    item: None,
                    version: None,
                    words: String::new(),
                    typed: format!("#{}", Verb::Profile.word(self.locale)),
                });
            }
            ("name", _) => return self.name(request, words),
            ("remove", _) => return self.remove_address(request, words),
            (_, Some(other @ (Verb::Timezone | Verb::Picture | Verb::Email | Verb::Digest | Verb::Lang))) => {
                let instead = format!("#{} {words}", other.word(self.locale));
                let why = say!(self, "That has a command of its own.");
                self.refuse(request, why, Some(instead.trim().to_owned()));
            }
            _ => {
                let instead = say!(self, "#profile name Jane Q. Roe");
                self.refuse(request, say!(self, "I can't read that."), Some(instead));
            }
        }
        Ok(())
    }

    fn name(&mut self, request: &Request, typed: &str) -> Result<()> {
        let why = match profile::set_name(&self.act, typed)? {
            Ok(named) if named.before == named.after => {
                say!(self, "Your name is {name} already.", name = named.after)
            }
            Ok(named) => {
                let text = say!(
                    self,
                    "Your name was {before}; it is now {after}. The firm's contact card of you is not changed by that.",
                    before = named.before,
                    after = named.after
                );
                return self.noted("profile", text);
            }
            Err(BadName::Missing) => say!(self, "Write the name after it."),
            Err(BadName::TooLong) => say!(self, "A name can have 80 letters at most."),
            Err(BadName::OddLetters) => {
                say!(self, "A name can have letters, blanks, hyphens, apostrophes, commas and full stops only.")
            }
        };
        self.refuse(request, why, Some(say!(self, "#profile name Jane Q. Roe")));
        Ok(())
    }

    fn remove_address(&mut self, request: &Request, typed: &str) -> Result<()> {
        let removed = match Address::parse(typed.trim_matches(['<', '>', ',', '.'])) {
            Ok(address) => match addresses::remove(&self.act, &address)? {
                Ok(removed) => removed.then_some(address),
                Err(refusal) => {
                    self.refuse_by(request, refusal, Kind::Matter);
                    return Ok(());
                }
            },
            Err(_) => None,
        };
        match removed {
            Some(address) => {
                let text =
                    say!(self, "Mail from {address} is no longer taken as yours.", address = address.to_string());
                self.noted("profile", text)
            }
            None => {
                let why = say!(
                    self,
                    "That is none of your further addresses. #profile lists them; to move to another one, write #email."
                );
                self.refuse(request, why, Some(format!("#{}", Verb::Profile.word(self.locale))));
                Ok(())
            }
        }
    }

    fn picture(&mut self, request: &Request) -> Result<()> {
        let why = match &self.words.picture {
            Some(Ok(file)) => {
                profile::set_picture(&self.act, file)?;
                let text = say!(
                    self,
                    "Your picture was taken. What your camera had written into it, such as the place, was removed."
                );
                return self.noted("picture", text);
            }
            None if self.words.files.is_empty() && self.words.left_out.is_empty() => {
                sentence!("No picture came with your mail. Attach one as GIF, JPG or PNG.")
            }
            // Rights changed since the snapshot that said no picture was wanted: the next attempt reads it first.
            None => return Err(StoreError::Content("the mail's picture was not read yet".into())),
            Some(Err(NoPicture::Missing)) => {
                sentence!("No picture came with your mail. Attach one as GIF, JPG or PNG.")
            }
            Some(Err(NoPicture::Several)) => {
                sentence!("More than one picture came with your mail. Send the one alone.")
            }
            Some(Err(NoPicture::TooLarge)) => sentence!("The picture is too large: it must be smaller than 2 MB."),
            Some(Err(NoPicture::TooManyPixels)) => {
                sentence!("The picture has too many pixels: 6,000 by 6,000 and 25 million in all at most.")
            }
            Some(Err(NoPicture::OtherType)) => sentence!("A picture must be GIF, JPG or PNG."),
            Some(Err(NoPicture::Broken)) => sentence!("The picture can't be read; the file seems to be damaged."),
        };
        self.refuse(request, phrase(&self, why), None);
        Ok(())
    }

    fn email(&mut self, request: &Request) -> Result<()> {
        let Some(new) = new_address(request) else {
            let why = say!(self, "Write the new address after it. #profile shows the present one.");
            self.refuse(request, why, Some(say!(self, "#email jane@new.example")));
            return Ok(());
        };
        let why = match addresses::ask(&self.act, &new)? {
            Ok(Asked::Sent) => {
                let text = say!(
                    self,
                    "Two codes were sent: one to your present address, one to {new}. Confirm each by a reply from the address it came to. Nothing changes before both are confirmed.",
                    new = new.to_string()
                );
                return self.noted("email", text);
            }
            Ok(Asked::Same) => sentence!("That is your address already; nothing was changed."),
            Ok(Asked::Taken | Asked::NoLogin) => sentence!("That address can't be used."),
            Ok(Asked::TooOften) => {
                sentence!("You asked for a change three times today. Try again tomorrow, or ask the firm.")
            }
            Err(refusal) => {
                self.refuse_by(request, refusal, Kind::Matter);
                return Ok(());
            }
        };
        self.refuse(request, phrase(&self, why), None);
        Ok(())
    }

    /// `#confirm` with the code from the address that is theirs now; `#yes` and `#no` to "is this your address?".
    pub(super) fn answer_about_address(&mut self, request: &Request, change: i64) -> Result<()> {
        let kind = self.act.tx.address_change(self.act.firm.id, change)?.map(|c| c.kind);
        let verb = request.verb;
        let fits = match kind {
            Some(ChangeKind::Further) => verb != Verb::Confirm,
            Some(ChangeKind::Own) => verb == Verb::Confirm,
            Some(ChangeKind::Firm) | None => false,
        };
        if !fits {
            let why = self.how_to_answer(change)?;
            self.refuse(request, phrase(&self, why), None);
            return Ok(());
        }
        if verb != Verb::No && !self.is_sure() {
            self.refuse_unsure(request);
            return Ok(());
        }
        let confirmed = match verb {
            Verb::Confirm => addresses::confirm(&self.act, change, rest(request))?,
            Verb::Yes => addresses::add(&self.act, change)?,
            _ => addresses::disown(&self.act, change)?,
        };
        self.say_confirmed(request, confirmed)
    }

    fn say_confirmed(&mut self, request: &Request, confirmed: Confirmed) -> Result<()> {
        let name = Verb::Confirm.name();
        let why = match (confirmed, request.verb) {
            (Confirmed::Done, Verb::Yes) => {
                let text = say!(self, "Thank you. The address was added, and the mail is being processed now.");
                return self.noted(name, text);
            }
            (Confirmed::Done, Verb::No) => {
                let text = say!(self, "Thank you. Nothing was taken from that address; the firm was told.");
                return self.noted(name, text);
            }
            (Confirmed::Done, _) => {
                let text = say!(self, "Confirmed. Your address is changed.");
                return self.noted(name, text);
            }
            (Confirmed::Waits, _) => {
                let text = say!(
                    self,
                    "Confirmed. The change takes effect when the code that went to the new address is confirmed from there."
                );
                return self.noted(name, text);
            }
            (Confirmed::Renewed, _) => {
                let text = say!(self, "These codes were too old. New ones were sent to both addresses.");
                return self.noted(name, text);
            }
            (Confirmed::Wrong { left }, _) => count!(
                self,
                left,
                "This code is wrong. You can try once more.",
                "This code is wrong. You can try {n} more times."
            ),
            (Confirmed::Before, _) => say!(self, "This was confirmed before; nothing more is needed."),
            (Confirmed::Taken, _) => say!(self, "That address can't be used."),
            (Confirmed::Over, Verb::Confirm) => say!(
                self,
                "This can't be confirmed any more, and nothing was changed. To try again, write #email and the new address."
            ),
            (Confirmed::Over, _) => say!(self, "This question is closed. Nothing was changed."),
        };
        self.refuse(request, why, None);
        Ok(())
    }

    /// What an answer to a question about an address has to look like.
    pub(super) fn how_to_answer(&self, change: i64) -> Result<&'static str> {
        let kind = self.act.tx.address_change(self.act.firm.id, change)?.map(|c| c.kind);
        Ok(match kind {
            Some(ChangeKind::Further) => {
                sentence!(
                    "Your text was not read. Answer with the line #yes or #no; send anything else in a mail of its own."
                )
            }
            _ => {
                sentence!(
                    "Your text was not read. To confirm, reply with the line #confirm and the code; send anything else in a mail of its own."
                )
            }
        })
    }
}

/// The address that `#email` names.
pub(super) fn new_address(request: &Request) -> Option<Address> {
    let typed = || Address::parse(rest(request).trim_matches(['<', '>', ' '])).ok();
    request.addresses.first().cloned().or_else(typed)
}

/// What was typed after the command, as it was typed.
fn rest(request: &Request) -> &str {
    request.original.trim().split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim())
}
