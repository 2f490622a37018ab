//! Mails 13–15: what the firm, or a person, should know. Nothing here shows the text of a mail; the firm alone is shown
//! its subject.

use crate::domain::{InboxId, ItemId, Kind, PersonId};
use crate::outbound::letter::Notice;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::inbox::{Inbox, InboxState};
use crate::store::matters::{Matter, Sensitivity};
use crate::store::numbers::Reader as Numbering;

/// The letters and digits that answer a challenge, made from its row so that they need not be stored.
pub fn code(reader_key: &crate::domain::token::Key, challenge: i64) -> String {
    let letters = reader_key.hash("challenge-code", &[&challenge.to_be_bytes()], 8).to_uppercase();
    let (a, b) = letters.split_at_checked(4).unwrap_or((&letters, ""));
    format!("{a}-{b}")
}

/// "Was this you?", to the registered address: no subject, no matter, nothing of the mail.
pub fn challenge(reader: &Reader<'_>, challenge: i64) -> Result<Page> {
    let code = code(reader.store.key(), challenge);
    let mut page = Page::new(format!("Please confirm a mail to {}", reader.firm.name));
    page.text(format!(
        "A mail in your name arrived at {} and waits, because your mail system did not prove that it came from you.",
        reader.firm.name
    ));
    // Which mails, as far as their owner can tell: one that they did not send must not go out with one that they did.
    for mail in reader.store.mails_of_challenge(reader.firm.id, challenge)?.iter().filter(|m| !m.late).take(20) {
        let Some(mail) = reader.store.inbox(reader.firm.id, mail.inbox)? else { continue };
        page.facts([("Arrived", reader.moment(mail.arrived_at))]);
    }
    page.text("If you sent it, reply to this mail with this line. It will then be taken as if it had been proved:");
    page.examples(&[(&format!("#confirm {code}"), "releases the waiting mail")]);
    page.text("The code is good for 24 hours. If you did not send all of this, do nothing and tell the firm.");
    Ok(page)
}

/// To the firm: a mail is held.
pub fn held(reader: &Reader<'_>, inbox: InboxId, names: Option<i64>) -> Result<Option<Page>> {
    if !reader.person.is_user() {
        return Ok(None);
    }
    let Some(mail) = reader.store.inbox(reader.firm.id, inbox)? else { return Ok(None) };
    let is_held = !matches!(mail.state, InboxState::Applied | InboxState::Refused);
    let (title, text) = match mail.state {
        InboxState::Applied => {
            ("Mail", "A mail was not carried out in full. What was not may hold work product or a deadline.")
        }
        InboxState::Refused => (
            "Refused mail",
            "A mail was refused: it asks for something that its sender no longer has. It may hold work product or a deadline.",
        ),
        _ => ("Held mail", "A mail was held. Nothing in it was carried out; it may hold work product or a deadline."),
    };
    let mut page = Page::new(format!("{title} Q-{inbox}"));
    page.text(text);
    let from = match mail.person {
        Some(person) => reader.name_of(person)?,
        None => String::new(),
    };
    page.facts([
        (title, format!("Q-{inbox}")),
        ("Address", mail.from_address.clone().unwrap_or_else(|| "none that can be trusted".into())),
        ("Says it is from", from),
        ("Subject", shown_subject(reader, &mail, names)?),
        ("Arrived", reader.moment(mail.arrived_at)),
        ("Why", if is_held { why_held(reader, &mail, names)? } else { String::new() }),
    ]);
    if !is_held {
        page.text("It was kept. An administrator can look at it:");
        page.examples(&[(&format!("docketpost inbox show {inbox}"), "shows it")]);
        return Ok(Some(page));
    }
    page.text("An administrator can look at it and decide:");
    let [show, release, dismiss] =
        ["show", "release", "dismiss"].map(|verb| format!("docketpost inbox {verb} {inbox}"));
    let assign = format!("docketpost inbox assign {inbox} M-…");
    let mut ways = vec![(show.as_str(), "shows it")];
    let needs_matter = matches!(mail.reason.as_deref(), Some("CONTEXT_NONE" | "CONTEXT_CONFLICT"));
    if mail.person.is_some() && !needs_matter {
        ways.push((&release, "takes it as proved"));
    }
    if mail.person.is_some() {
        ways.push((&assign, "takes it as proved, for the matter of that number"));
    }
    ways.push((&dismiss, "puts it aside"));
    page.examples(&ways);
    Ok(Some(page))
}

/// The matter that the address or the subject names, though its sender may not see it, or that the mail was found to be about.
fn matter_of(reader: &Reader<'_>, mail: &Inbox, names: Option<i64>) -> Result<Option<Matter>> {
    let (store, firm) = (reader.store, reader.firm.id);
    if let Some(row) = mail.matter.or(names) {
        return store.matter(firm, row);
    }
    let subject = mail.subject.clone().unwrap_or_default();
    let tags = subject.split('[').skip(1).take(5).filter_map(|t| t.split_once(']')).map(|(tag, _)| tag.trim());
    for tag in tags {
        let found = match ItemId::parse(tag).filter(|id| id.kind == Kind::Matter) {
            Some(id) => match store.find(firm, Numbering::Firm, id)? {
                Some(item) => store.matter(firm, item.id)?,
                None => None,
            },
            None => store.matter_by_display_number(firm, tag)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The subject on one line, cut; none where the matter's mails carry no content, or the reader may not see the matter.
fn shown_subject(reader: &Reader<'_>, mail: &Inbox, names: Option<i64>) -> Result<String> {
    if let Some(matter) = matter_of(reader, mail, names)?
        && (matter.sensitivity == Sensitivity::Restricted || !reader.may(Ability::View, matter.item())?)
    {
        return Ok(String::new());
    }
    let subject = mail.subject.clone().unwrap_or_default();
    Ok(subject.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect())
}

fn why_held(reader: &Reader<'_>, mail: &Inbox, names: Option<i64>) -> Result<String> {
    let reason = mail.reason.as_deref().unwrap_or_default();
    if reason == "CONTEXT_NONE"
        && let (Some(matter), Some(person)) = (matter_of(reader, mail, names)?, mail.person)
        && !reader.store.ask(reader.firm.id, person, Ability::View, matter.item(), reader.now)?.is_allowed()
        && reader.may(Ability::View, matter.item())?
    {
        let name = reader.name_of(person)?;
        return Ok(format!("It is about M-{}, which is not shared with {name}, or no longer.", matter.number));
    }
    Ok(why(reason))
}

/// Why a mail was held, for the firm.
pub fn why(reason: &str) -> String {
    match reason {
        "MULTI_FROM" => "It names more than one sender.",
        "NO_SENDER" => "It names no sender that can be read without doubt.",
        "UNKNOWN_SENDER" => "Nobody the firm works with writes from this address.",
        "DISABLED_PERSON" => "This person has no access any more.",
        "NOT_ACCEPTED" => "This person was invited and has not accepted.",
        "AUTH_FAIL" => "It looks forged: the sender's domain says that mail like this is not theirs.",
        "AUTH_WEAK" => "Nothing proves that the sender wrote it. They were asked to confirm it.",
        "AUTH_NONE" => "Nothing proves that the sender wrote it.",
        "SENDER_MISMATCH" => "It came to the reply address of somebody else.",
        "CONTEXT_CONFLICT" => "It names two matters at once.",
        "VIA_LIST" => "It came through a mailing list, so nothing proves what its sender wrote.",
        "NOT_ADDRESSED" => "It was not addressed to the gateway; somebody may have sent on what they were sent.",
        "CONTEXT_NONE" => "It names no matter that is shared with its sender.",
        "NOT_VISIBLE" => "It is about something that is not shared with its sender, or no longer.",
        "SPAM_FLAGGED" => "A filter on the way marked it as spam.",
        "TOO_LARGE" => "It is larger than this gateway takes.",
        "TOO_MANY_PARTS" | "UNREADABLE_MIME" => "Its structure can't be read safely.",
        "RATE_LIMITED" => "Too many mails came from this sender in a short time.",
        "INTERNAL" => "It could not be processed.",
        _ => "See `docketpost inbox show`.",
    }
    .to_owned()
}

/// Something that the firm, or the person themselves, should know.
pub fn notice(reader: &Reader<'_>, notice: &Notice, about: PersonId) -> Result<Page> {
    let name = reader.name_of(about)?;
    let mut page = Page::new("");
    match notice {
        Notice::AddressMisused if about == reader.person.id => {
            page.subject = format!("Your reply address at {} was used by somebody else", reader.firm.name);
            page.text("Somebody else wrote to a reply address that was made for you alone. Their mail had no effect.");
            page.text(
                "This happens when a mail from us is forwarded. If it happens again, the address will be replaced.",
            );
        }
        Notice::AddressMisused => {
            page.subject = format!("{name}'s reply address was used by somebody else");
            page.text(format!(
                "A mail came to {name}'s reply address from another address. It is held; nothing was carried out."
            ));
        }
        Notice::SignerBound { domain } => {
            page.subject = format!("{name}'s mail is signed by {domain}");
            page.text(format!(
                "From now on, mail from {name} that is signed by {domain} is taken as theirs. They confirmed this by an answer from their own mailbox."
            ));
        }
        Notice::Undeliverable { permanent } => {
            page.subject = format!("Mail to {name} can't be delivered");
            page.text(if *permanent {
                format!("A mail to {name} was refused for good. They may be missing tasks or messages. Check the address on the contact card.")
            } else {
                format!("A mail to {name} could not be delivered for now.")
            });
        }
        Notice::Stopped => {
            page.subject = format!("{name} paused our mails");
            page.text(format!(
                "{name} asked for no mails but the necessary ones. New messages and tasks wait until the pause is lifted by #start."
            ));
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use crate::actions::post::{Post, now};
    use crate::domain::Item;
    use crate::domain::Kind;
    use crate::outbound::letter::Letter;
    use crate::store::inbox::{Findings, InboxState, Staged};
    use crate::store::threads::About;

    /// What Anna is told of a mail of Jane's with this subject that names no matter of hers.
    fn told(post: &Post, subject: &'static str) -> String {
        let (firm, jane) = (post.firm.id, post.jane);
        let mail = Staged {
            mailbox: "in".into(),
            uid_validity: 1,
            uid: subject.into(),
            sha256: format!("sha-{subject}"),
            size: 1,
            arrived_at: now(),
        };
        let inbox = post.write(move |tx| {
            let inbox = tx.stage(firm, &mail, now())?.unwrap();
            let found = Findings { subject: Some(subject.into()), person: Some(jane), ..Findings::default() };
            tx.decide(inbox, InboxState::Held, "CONTEXT_NONE", &found, now())?;
            Ok(inbox)
        });
        let anna = post.anna;
        post.act(anna, now(), subject, move |act| {
            act.tell(anna, Letter::Held { inbox, names: None }, About::Mail(inbox))
        });
        let mails = post.deliver(now());
        mails.iter().find(|m| m.subject.starts_with("Held mail")).unwrap().text.clone()
    }

    #[test]
    fn a_held_mail_about_a_matter_that_is_not_shared_any_more_says_which_matter_it_is() {
        let post = Post::with_jane();
        assert!(told(&post, "Lunch").contains("It names no matter that is shared with its sender."));
        post.unshare(Item::new(Kind::Matter, post.matter.id));
        post.deliver(now());
        let text = told(&post, "Deadline [M-1]");
        assert!(text.contains("It is about M-1, which is not shared with Jane Roe, or no longer."), "{text}");
        assert!(text.contains("Subject: Deadline [M-1]"), "{text}");
    }
}
