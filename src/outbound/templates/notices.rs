//! Mails 13–15: what the firm, or a person, should know. Nothing here shows the text of a mail; the firm alone is shown
//! its subject.

use super::items;
use crate::domain::likeness::Likeness;
use crate::domain::{InboxId, Item, ItemId, Kind, PersonId};
use crate::language::{all_of, phrase, say, sentence};
use crate::outbound::letter::{self, Line, Notice};
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::outbound::undelivered;
use crate::proof::Proof;
use crate::sharing::Ability;
use crate::store::inbox::{Inbox, InboxState};
use crate::store::keys::Question;
use crate::store::matters::{Matter, Sensitivity};
use crate::store::numbers::Reader as Numbering;
use crate::store::{Result, StoreError};

/// "Was this you?", to the registered address: no subject, no matter, nothing of the mail.
pub fn challenge(reader: &Reader<'_>, challenge: i64) -> Result<Option<Page>> {
    let Some(asked) = reader.store.challenge(reader.firm.id, challenge)? else { return Ok(None) };
    let code = reader.store.code(Question::Challenge, challenge, asked.created_at)?;
    if let Some(asks) = &asked.asks {
        return content_code(reader, asks, code).map(Some);
    }
    let mut page = Page::new(say!(reader, "Please confirm a mail to {firm}", firm = &reader.firm.name));
    page.text(say!(
        reader,
        "A mail in your name arrived at {firm} and waits, because your mail system did not prove that it came from you.",
        firm = &reader.firm.name
    ));
    // Which mails, as far as their owner can tell: one that they did not send must not go out with one that they did.
    for mail in reader.store.mails_of_challenge(reader.firm.id, challenge)?.iter().filter(|m| !m.late).take(20) {
        let Some(mail) = reader.store.inbox(reader.firm.id, mail.inbox)? else { continue };
        page.facts([(say!(reader, "Arrived"), reader.moment(mail.arrived_at))]);
    }
    page.text(say!(
        reader,
        "If you sent it, reply to this mail with this line. It will then be taken as if it had been proved:"
    ));
    page.examples(&[(say!(reader, "#confirm {code}", code = code), say!(reader, "releases the waiting mail"))]);
    page.text(say!(
        reader,
        "The code is good for 24 hours. If you did not send all of this, do nothing and tell the firm."
    ));
    Ok(Some(page))
}

/// Whether content of restricted matters is to be sent: which things, by their numbers, and nothing of them.
fn content_code(reader: &Reader<'_>, asks: &str, code: String) -> Result<Page> {
    let lines: Vec<Line> = serde_json::from_str(asks).map_err(|e| StoreError::Content(e.to_string()))?;
    let mut ids = Vec::new();
    for line in &lines {
        if let Line::Ask { item: Some(item), .. } = line {
            ids.push(reader.id(*item)?);
        }
    }
    ids.dedup();
    let mut page = Page { is_answer: true, ..Page::new(say!(reader, "Please confirm what you asked for")) };
    page.text(say!(
        reader,
        "You asked {firm} for {ids}. That is of a matter whose content is sent only after a code.",
        firm = &reader.firm.name,
        ids = all_of(reader, &ids)
    ));
    page.text(say!(reader, "To have it sent to this mailbox, reply to this mail with this line:"));
    page.examples(&[(say!(reader, "#confirm {code}", code = code), say!(reader, "has it sent"))]);
    page.text(say!(
        reader,
        "The code is good for 24 hours. If you did not ask for this, do nothing and tell the firm."
    ));
    Ok(page)
}

/// To somebody with several roles: as whom did they write? Nothing of the mail is said, nor of any matter.
pub fn which_role(reader: &Reader<'_>, inbox: InboxId, roles: &[String]) -> Result<Option<Page>> {
    let Some(mail) = reader.store.inbox(reader.firm.id, inbox)?.filter(|m| m.state == InboxState::Held) else {
        return Ok(None);
    };
    let mut page = Page { is_answer: true, ..Page::new(say!(reader, "As whom did you write your mail?")) };
    page.text(say!(
        reader,
        "Your mail of {moment} can be meant in more than one way. It waits, and nothing in it was carried out.",
        moment = reader.moment(mail.arrived_at)
    ));
    page.text(say!(
        reader,
        "To say as whom you wrote it, reply to this mail with one of these lines. You need not send it again:"
    ));
    let line = |role: &String| (say!(reader, "#as {role}", role = role), say!(reader, "takes it as written so"));
    page.examples(&roles.iter().map(line).collect::<Vec<_>>());
    page.text(say!(reader, "Next time, write that line in your mail, or reply to a mail of ours."));
    Ok(Some(page))
}

/// To one of the firm's people: a matter is on hold, or not any more; none if they may not see it.
pub fn on_hold(reader: &Reader<'_>, matter: Item, by: PersonId, held: bool) -> Result<Option<Page>> {
    if !reader.person.is_user() || !reader.may(Ability::View, matter)? {
        return Ok(None);
    }
    let (id, name) = (reader.id(matter)?, reader.name_of(by)?);
    Ok(Some(if held {
        let mut page = Page::new(say!(reader, "Matter {id} is on hold", id = &id));
        page.text(say!(
            reader,
            "{name} put matter {id} on hold. Nothing of it may be destroyed: what is deleted is hidden and kept, and nothing is purged.",
            name = name,
            id = id
        ));
        page.text(say!(reader, "Co-counsel are not told by this system."));
        page
    } else {
        let mut page = Page::new(say!(reader, "Matter {id} is not on hold any more", id = &id));
        page.text(say!(
            reader,
            "{name} ended the hold of matter {id}. The usual periods apply to it again.",
            name = name,
            id = id
        ));
        page
    }))
}

/// To the firm: a mail is held.
pub fn held(reader: &Reader<'_>, inbox: InboxId, names: Option<i64>) -> Result<Option<Page>> {
    if !reader.person.is_user() {
        return Ok(None);
    }
    let Some(mail) = reader.store.inbox(reader.firm.id, inbox)? else { return Ok(None) };
    let is_held = !matches!(mail.state, InboxState::Applied | InboxState::Refused);
    let (title, text) = match mail.state {
        InboxState::Applied => (
            say!(reader, "Mail"),
            say!(reader, "A mail was not carried out in full. What was not may hold work product or a deadline."),
        ),
        InboxState::Refused if mail.reason.as_deref() == Some("MATTER_UNAVAILABLE") => (
            say!(reader, "Refused mail"),
            say!(
                reader,
                "A mail was refused: the matter that it adds to is closed. It may hold work product or a deadline."
            ),
        ),
        InboxState::Refused => (
            say!(reader, "Refused mail"),
            say!(
                reader,
                "A mail was refused: it asks for something that its sender no longer has. It may hold work product or a deadline."
            ),
        ),
        _ => (
            say!(reader, "Held mail"),
            say!(reader, "A mail was held. Nothing in it was carried out; it may hold work product or a deadline."),
        ),
    };
    let mut page = Page::new(format!("{title} Q-{inbox}"));
    page.text(text);
    let from = match mail.person {
        Some(person) => reader.name_of(person)?,
        None => String::new(),
    };
    page.facts([
        (title, format!("Q-{inbox}")),
        (
            say!(reader, "Address"),
            mail.from_address.clone().unwrap_or_else(|| say!(reader, "none that can be trusted")),
        ),
        (say!(reader, "Says it is from"), from),
        (say!(reader, "Beware"), beware(reader, &mail)?),
        (say!(reader, "Subject"), shown_subject(reader, &mail, names)?),
        (say!(reader, "Arrived"), reader.moment(mail.arrived_at)),
        (say!(reader, "Why"), if is_held { why_held(reader, &mail, names)? } else { String::new() }),
    ]);
    whole_text(reader, inbox, &mut page)?;
    if !is_held {
        page.text(say!(reader, "It was kept. An administrator can look at it:"));
        page.examples(&[(format!("docketpost inbox show {inbox}"), say!(reader, "shows it"))]);
        return Ok(Some(page));
    }
    page.text(say!(reader, "An administrator can look at it and decide:"));
    let [show, release, dismiss] =
        ["show", "release", "dismiss"].map(|verb| format!("docketpost inbox {verb} {inbox}"));
    let assign = format!("docketpost inbox assign {inbox} M-…");
    let mut ways = vec![(show, say!(reader, "shows it"))];
    let needs_matter = matches!(mail.reason.as_deref(), Some("CONTEXT_NONE" | "CONTEXT_CONFLICT" | "PLACE_UNKNOWN"));
    if mail.person.is_some() && !needs_matter {
        ways.push((release, say!(reader, "takes it as proved")));
    }
    if mail.person.is_some() {
        ways.push((assign, say!(reader, "takes it as proved, for the matter of that number")));
    }
    ways.push((dismiss, say!(reader, "puts it aside")));
    page.examples(&ways);
    Ok(Some(page))
}

/// Whom the sender of a mail could be taken for, and is not; empty if nobody (threats.md T06, T07).
fn beware(reader: &Reader<'_>, mail: &Inbox) -> Result<String> {
    let Some(proof) = mail.proof.as_deref().and_then(|facts| serde_json::from_str::<Proof>(facts).ok()) else {
        return Ok(String::new());
    };
    let circle = reader.store.circle(reader.firm.id)?;
    Ok(match proof.taken_for(&circle) {
        Some(Likeness::Address(known)) => say!(
            reader,
            "the address only looks like {address}, that of {name}",
            address = known.address.to_string(),
            name = &known.name
        ),
        Some(Likeness::Name(known)) => {
            say!(reader, "it bears the name of {name}, and is from none of their addresses", name = &known.name)
        }
        None => String::new(),
    })
}

/// To the firm, where the cut of a mail was not sure: how to read all of it.
pub fn whole_text(reader: &Reader<'_>, inbox: InboxId, page: &mut Page) -> Result<()> {
    if reader.store.inbox(reader.firm.id, inbox)?.is_some_and(|mail| mail.unsure) {
        page.text(say!(
            reader,
            "Some text of this mail may have been left out. An administrator can print all of it: {command}",
            command = format!("docketpost inbox text {inbox}")
        ));
    }
    Ok(())
}

/// The matter that the address or the subject names, though its sender may not see it, or that the mail was found to be about.
fn matter_of(reader: &Reader<'_>, mail: &Inbox, names: Option<i64>) -> Result<Option<Matter>> {
    let (store, firm) = (reader.store, reader.firm.id);
    if let Some(row) = mail.matter.or(names) {
        return reader.matter(row);
    }
    let subject = mail.subject.clone().unwrap_or_default();
    let tags = subject.split('[').skip(1).take(5).filter_map(|t| t.split_once(']')).map(|(tag, _)| tag.trim());
    for tag in tags {
        let found = match ItemId::parse(tag).filter(|id| id.kind == Kind::Matter) {
            Some(id) => match store.find(firm, Numbering::Firm, id)? {
                Some(item) => reader.matter(item.id)?,
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
        return Ok(say!(
            reader,
            "It is about {matter}, which is not shared with {name}, or no longer.",
            matter = format!("M-{}", matter.number),
            name = name
        ));
    }
    Ok(phrase(reader, why(reason)))
}

/// Why a mail was held, for the firm.
pub fn why(reason: &str) -> &'static str {
    match reason {
        "MULTI_FROM" => sentence!("It names more than one sender."),
        "NO_SENDER" => sentence!("It names no sender that can be read without doubt."),
        "UNKNOWN_SENDER" => sentence!("Nobody the firm works with writes from this address."),
        "DISABLED_PERSON" => sentence!("This person has no access any more."),
        "NOT_ACCEPTED" => sentence!("This person was invited and has not accepted."),
        "AUTH_FAIL" => sentence!("It looks forged: the sender's domain says that mail like this is not theirs."),
        "AUTH_WEAK" => sentence!("Nothing proves that the sender wrote it. They were asked to confirm it."),
        "AUTH_NONE" => sentence!("Nothing proves that the sender wrote it."),
        "SENDER_MISMATCH" => sentence!("It came to the reply address of somebody else."),
        "SECOND_ADDRESS" => sentence!(
            "It came to the reply address of somebody, from an address that is not theirs so far. They were asked whether it is."
        ),
        "CONTEXT_CONFLICT" => sentence!("It names two matters at once."),
        "VIA_LIST" => sentence!("It came through a mailing list, so nothing proves what its sender wrote."),
        "NOT_ADDRESSED" => {
            sentence!("It was not addressed to the gateway; somebody may have sent on what they were sent.")
        }
        "CHANGED_COPY" => sentence!(
            "A mail with the same number, date and subject took effect before, and the two read differently: one of them was changed on the way. Compare both, and ask its sender."
        ),
        "CONTEXT_NONE" => sentence!("It names no matter that is shared with its sender."),
        "MATTER_UNAVAILABLE" => sentence!("The matter that it adds to is closed."),
        "NOT_VISIBLE" => sentence!("It is about something that is not shared with its sender, or no longer."),
        "ROLE_UNKNOWN" => {
            sentence!("Its sender has more than one role and was asked in which one they wrote it.")
        }
        "SPAM_FLAGGED" => sentence!("A filter on the way marked it as spam."),
        "PLACE_UNKNOWN" => {
            sentence!(
                "Its files are for a folder or a document that its sender does not have. Assigned to a matter, they are filed there."
            )
        }
        "LOOKS_AUTOMATIC" => sentence!("It reads like a mail that a program sent by itself."),
        "PLACE_CLOSED" => {
            sentence!("The folder it names is locked, or the document checked out. Once it is free, release the mail.")
        }
        "FILE_RULE" => {
            sentence!("It has a file that waits for you by the firm's own rule: a program, macros, or a password.")
        }
        "NOT_SCANNED" => {
            sentence!("Its files could not be scanned for viruses. Once the scanner works, release it.")
        }
        "TOO_LARGE" => sentence!("It is larger than this gateway takes."),
        "TOO_MANY_PARTS" | "UNREADABLE_MIME" => sentence!("Its structure can't be read safely."),
        "RATE_LIMITED" => sentence!("Too many mails came from this sender in a short time."),
        "CLOCK_LEAPT" => sentence!(
            "The clock of this gateway leapt, so nobody can tell whether what the mail answers is over. It goes on once the clock is right."
        ),
        "INTERNAL" => sentence!("It could not be processed."),
        _ => sentence!("See `docketpost inbox show`."),
    }
}

/// Something that the firm, or the person themselves, should know.
pub fn notice(reader: &Reader<'_>, notice: &Notice, about: PersonId) -> Result<Page> {
    let mut page = Page::new("");
    if about != reader.person.id || !to_themselves(reader, notice, &mut page) {
        to_the_firm(reader, notice, about, &mut page)?;
    }
    Ok(page)
}

/// What somebody is told of their own mail; false for what only the firm is told.
fn to_themselves(reader: &Reader<'_>, notice: &Notice, page: &mut Page) -> bool {
    match notice {
        Notice::AddressMisused => {
            page.subject =
                say!(reader, "Your reply address at {firm} was used by somebody else", firm = &reader.firm.name);
            page.text(say!(
                reader,
                "Somebody else wrote to a reply address that was made for you alone. Their mail had no effect."
            ));
            page.text(say!(
                reader,
                "This happens when a mail from us is forwarded. If it happens again, the address will be replaced."
            ));
        }
        Notice::TooManyMails => {
            page.subject = say!(reader, "Some of your mails to {firm} wait", firm = &reader.firm.name);
            page.text(say!(
                reader,
                "More mails came within a short time than are taken without a person looking at them. Those that came after are kept and wait for the firm; you need not send them again."
            ));
            page.text(say!(reader, "This is the only mail about it today."));
        }
        Notice::ClockLeapt => {
            page.subject = say!(reader, "Some of your mails to {firm} wait", firm = &reader.firm.name);
            page.text(say!(
                reader,
                "The clock of this mail gateway shows a wrong time, so it can't tell whether what you answer is still open. Your mails are kept and are taken up once the clock is right; you need not send them again."
            ));
            page.text(say!(reader, "This is the only mail about it today."));
        }
        _ => return false,
    }
    true
}

fn to_the_firm(reader: &Reader<'_>, notice: &Notice, about: PersonId, page: &mut Page) -> Result<()> {
    let name = reader.name_of(about)?;
    match notice {
        Notice::AddressMisused => {
            page.subject = say!(reader, "{name}'s reply address was used by somebody else", name = &name);
            page.text(say!(
                reader,
                "A mail came to {name}'s reply address from another address. It is held; nothing was carried out.",
                name = &name
            ));
        }
        Notice::SignerBound { domain } => {
            page.subject = say!(reader, "{name}'s mail is signed by {domain}", name = &name, domain = domain);
            page.text(say!(
                reader,
                "From now on, mail from {name} that is signed by {domain} is taken as theirs. They confirmed this by an answer from their own mailbox.",
                name = &name,
                domain = domain
            ));
        }
        Notice::Undeliverable { permanent, suspended, unproved } => {
            undeliverable(reader, about, &name, (*permanent, *suspended, *unproved), page)?;
        }
        Notice::TooManyMails => too_many_mails(reader, about, &name, page),
        Notice::ClockLeapt => clock_leapt(reader, &name, page),
        Notice::AddressChanged { to } => {
            page.subject = say!(reader, "{name}'s mail address was changed", name = &name);
            page.text(say!(
                reader,
                "Our mails to {name} go to {to} from now on, and they write from it. Both mailboxes were told.",
                name = &name,
                to = to
            ));
            let card = reader.store.card_address(reader.firm.id, about)?;
            page.text(match card {
                Some(card) => {
                    say!(reader, "Your contact card was not changed: it still says {card}.", card = card.as_str())
                }
                None => say!(reader, "Your contact card was not changed."),
            });
        }
        Notice::AddressAdded { address } => {
            page.subject = say!(reader, "{name} writes from one more address", name = &name);
            page.text(say!(
                reader,
                "{name} confirmed from their own mailbox that {address} is theirs too. Mail from it is taken as theirs; our mails still go to the address they had.",
                name = &name,
                address = address
            ));
        }
        Notice::NotTheirs { address } => {
            page.subject = say!(reader, "A mail to {name}'s reply address was not theirs", name = &name);
            page.text(say!(
                reader,
                "A mail from {address} came to a reply address that was made for {name}, and they say that it was not theirs. It is held; nothing in it was carried out. The reply address was replaced.",
                address = address,
                name = &name
            ));
        }
        Notice::Away { text } => {
            page.subject = say!(reader, "{name} seems to be away", name = &name);
            page.text(say!(reader, "The mailbox of {name} answered by itself:", name = &name));
            page.blocks.push(Block::Quote(text.clone()));
        }
        Notice::Infected { files } => infected(reader, &name, files, page),
        Notice::GivenBack { item, ended, inbox } => given_back(reader, about, (*item, ended), *inbox, page)?,
        Notice::Stopped => {
            page.subject = say!(reader, "{name} paused our mails", name = &name);
            page.text(say!(
                reader,
                "{name} asked for no mails but the necessary ones. New messages and tasks wait until the pause is lifted by #start.",
                name = &name
            ));
        }
    }
    Ok(())
}

fn too_many_mails(reader: &Reader<'_>, about: PersonId, name: &str, page: &mut Page) {
    page.subject = say!(reader, "Too many mails from {name}", name = name);
    page.text(say!(
        reader,
        "More mails came from {name}, or about one matter, within a short time than are taken without a person looking at them. What came after is held. Nothing is lost, and other mails are not delayed.",
        name = name
    ));
    page.text(say!(reader, "An administrator can look at them and decide. This is the only mail about it today."));
    page.examples(&[
        ("docketpost inbox list --state held".to_owned(), say!(reader, "shows what waits")),
        (format!("docketpost inbox braked P-{about}"), say!(reader, "takes all of them")),
        (format!("docketpost inbox braked P-{about} --dismiss"), say!(reader, "puts all of them aside")),
    ]);
}

fn clock_leapt(reader: &Reader<'_>, name: &str, page: &mut Page) {
    page.subject = say!(reader, "Mails from {name} wait: the clock leapt", name = name);
    page.text(say!(
        reader,
        "The clock of the computer that this gateway runs on leapt by more than ten minutes. What answers a code, an invitation or a reply address that may have ended meanwhile waits. Nothing is lost or refused, and other mails are not delayed."
    ));
    page.text(say!(
        reader,
        "An administrator can set the clock, or say that it is right as it is. This is the only mail about it today."
    ));
    page.examples(&[
        ("docketpost check".to_owned(), say!(reader, "shows what the clock says")),
        ("docketpost clock confirm".to_owned(), say!(reader, "says that it is right; what waits goes on")),
    ]);
}

fn infected(reader: &Reader<'_>, name: &str, files: &[(String, String)], page: &mut Page) {
    page.subject = say!(reader, "A virus in a mail from {name}", name = name);
    page.text(say!(
        reader,
        "The virus scanner found something in a mail from {name}. What it found is not filed and nobody can see it; {name} was told.",
        name = name
    ));
    let found = |(file, what): &(String, String)| say!(reader, "\"{file}\": {what}", file = file, what = what);
    page.blocks.push(Block::List(files.iter().map(found).collect()));
    page.text(say!(
        reader,
        "The mail itself is kept in the store as it came. Tell whoever looks after the firm's computers before anybody opens it."
    ));
}

fn given_back(
    reader: &Reader<'_>,
    about: PersonId,
    (item, ended): (Item, &[Item]),
    inbox: Option<InboxId>,
    page: &mut Page,
) -> Result<()> {
    let name = reader.name_of(about)?;
    page.subject = say!(reader, "{name} got something that was not meant for them", name = &name);
    page.text(say!(
        reader,
        "{name} says that this was not meant for them. Their access ended at once, before anybody was asked.",
        name = &name
    ));
    page.facts([
        (say!(reader, "What they mean"), items::title(reader, item)?.unwrap_or_default()),
        (say!(reader, "Access ended"), titles(reader, ended)?),
        (say!(reader, "Since"), reader.moment(reader.now)),
    ]);
    page.text(say!(
        reader,
        "Mails about it that were still waiting are not sent. If it was meant for them after all, share it again."
    ));
    page.text(say!(
        reader,
        "A mail that went to the wrong person may have to be reported to the client. What they were sent is in the record:"
    ));
    let record = format!("docketpost audit list --person P-{about}");
    page.examples(&[(record, say!(reader, "what they did, and what was done for them"))]);
    if let Some(inbox) = inbox {
        page.examples(&[(format!("docketpost inbox show {inbox}"), say!(reader, "what they wrote"))]);
    }
    Ok(())
}

fn titles(reader: &Reader<'_>, things: &[Item]) -> Result<String> {
    let mut titles = Vec::new();
    for thing in things {
        titles.extend(items::title(reader, *thing)?);
    }
    Ok(if titles.is_empty() { say!(reader, "nothing: they had no share of it") } else { titles.join("\n") })
}

/// What of the last week's mails to somebody did not arrive.
const RECENT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 7);

/// To the firm: which mails did not arrive, since when, and what to do.
fn undeliverable(
    reader: &Reader<'_>,
    about: PersonId,
    name: &str,
    (permanent, suspended, unproved): (bool, bool, bool),
    page: &mut Page,
) -> Result<()> {
    let (store, firm) = (reader.store, reader.firm.id);
    page.subject = say!(reader, "Mail to {name} can't be delivered", name = name);
    page.text(match (permanent, suspended) {
        _ if unproved => say!(
            reader,
            "A mail came that says a mail to {name} could not be delivered. Nothing in it shows that it is about our mail; it may be forged. Mails to {name} are sent as before.",
            name = name
        ),
        (_, true) => say!(
            reader,
            "Mails to {name} come back. From now on nothing more is sent there; what is due to them waits.",
            name = name
        ),
        (true, false) => {
            say!(reader, "A mail to {name} was refused for good. They may be missing tasks or messages.", name = name)
        }
        (false, false) => say!(reader, "A mail to {name} could not be delivered for now.", name = name),
    });
    let mut lost = Vec::new();
    let week_ago = reader.now.saturating_sub(RECENT).unwrap_or(reader.now);
    let mut address = None;
    for id in store.returned_letters(firm, about, week_ago, 10)? {
        let Some(sent) = store.outbox(firm, id)? else { continue };
        address = address.or(store.sent_to(id)?.filter(|a| !a.is_empty()));
        let Ok(letter) = letter::read(&sent.content) else { continue };
        let title = match undelivered::subject(&letter) {
            Some(item) => items::title(reader, item)?.map(|t| items::with_due(reader, item, t)),
            None => None,
        };
        let title = title.transpose()?.map(|t| format!(" ({t})")).unwrap_or_default();
        lost.push(format!("{}{title}, {}", phrase(reader, undelivered::word(&letter)), reader.moment(sent.date_at)));
    }
    let person = store.person(firm, about)?;
    let address = match (address, person) {
        (Some(sent), _) => sent,
        (None, Some(person)) => store.mail_address(firm, &person)?.map(String::from).unwrap_or_default(),
        (None, None) => String::new(),
    };
    let since = store.undelivered(firm, about, &address)?.map(|u| reader.moment(u.first_at)).unwrap_or_default();
    page.facts([
        (say!(reader, "Address"), address),
        (say!(reader, "Since"), since),
        (say!(reader, "Not delivered"), lost.join("; ")),
    ]);
    page.text(say!(reader, "Check the address on the contact card, and tell them by telephone what can't wait."));
    if suspended {
        let resume = format!("docketpost person resume P-{about}");
        page.examples(&[(resume, say!(reader, "sends to them again, with what waited"))]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::actions::post::{Post, now};
    use crate::domain::{Address, Item, Kind};
    use crate::outbound::letter::Letter;
    use crate::outbound::reader::Reader;
    use crate::proof::Author;
    use crate::store::inbox::{Findings, Inbox, InboxState, Staged};
    use crate::store::threads::About;

    /// What Anna is told of a mail of Jane's with this subject that names no matter of hers.
    fn told(post: &Post, subject: &'static str) -> String {
        let (firm, jane) = (post.firm.id, post.jane);
        let mail = Staged {
            mailbox: "in".into(),
            source: String::new(),
            uid_validity: 1,
            uid: subject.into(),
            sha256: post.store.keep(subject.as_bytes()).unwrap(),
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
    fn t06_t07_the_notice_of_a_held_mail_says_whom_its_sender_could_be_taken_for() {
        let post = Post::with_jane();
        let told = |uid: &'static str, address: &str, name: &str| {
            let author = Author { address: Address::parse(address).unwrap(), display_name: Some(name.to_owned()) };
            let proof = serde_json::json!({"from": {"Ok": author}, "arrived": now(), "date": null, "dkim": [],
                "dmarc": {"policy": null, "strict": false, "temporary": false}, "border": null, "aligned": null,
                "other_signers": [], "to_signed": false, "cc_signed": false, "sources_disagree": false, "verdict": "unproven"});
            let (inbox, anna) = (post.held(uid), post.person(post.anna));
            post.read(|view| {
                let mail = view.inbox(post.firm.id, inbox)?.unwrap();
                let mail = Inbox { proof: Some(proof.to_string()), ..mail };
                super::beware(&Reader::new(view, &post.firm, &post.gateway, &anna, now())?, &mail)
            })
        };
        assert_eq!(
            told("1", "jane@r0e.example", "x"),
            "the address only looks like jane@roe.example, that of Jane Roe"
        );
        let of_name = "it bears the name of Jane Roe, and is from none of their addresses";
        assert_eq!(told("2", "x@evil.example", "Roe, Jane"), of_name);
        assert_eq!(told("3", "x@evil.example", "Eve"), "");
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
