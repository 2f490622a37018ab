//! Mail 1, its answers, and what the firm hears of them. Nobody is let in yet: these mails show that there is a matter,
//! its number, and names for the conflict check if the lawyer gave them (decisions.md 28); never a client, a description
//! or a document's name.

use crate::domain::{Item, Kind};
use crate::outbound::letter::InvitationOutcome;
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::store::Result;
use crate::store::invitations::Invitation;

/// The invitation; none if it can't be answered any more.
pub fn invitation(reader: &Reader<'_>, invitation: i64) -> Result<Option<Page>> {
    let Some(row) = own(reader, invitation)? else { return Ok(None) };
    if !row.is_open(reader.now) || reader.person.accepted_at.is_some() || reader.person.disabled {
        return Ok(None);
    }
    let (firm, lawyer) = (&reader.firm.name, reader.name_of(row.invited_by)?);
    let mut page = Page::new(format!("{lawyer} of {firm} invites you to work with them"));
    page.text(format!("{lawyer} of {firm} asks you to work with the firm as co-counsel."));
    page.facts([
        ("Firm", firm.clone()),
        ("Invited by", lawyer.clone()),
        ("What for", what_for(reader)?),
        ("Conflict check", row.conflict_names.clone()),
        ("Please answer by", reader.moment(row.expires_at)),
    ]);
    if !row.personal_message.trim().is_empty() {
        page.text(format!("{lawyer} writes:"));
        page.blocks.push(Block::Quote(row.personal_message.trim().to_owned()));
    }
    page.text("Nothing of it has been shown to you yet. To answer, reply to this mail with one of these lines:");
    page.examples(&[
        ("#accept", "accepts, and you get a mail with what is shared"),
        ("#decline", "if you have a conflict, or are the wrong person"),
    ]);
    page.text(format!("Any other reply goes to {lawyer} and accepts nothing."));
    page.text("You need no account and no password: you will work by mail, from this address.");
    Ok(Some(page))
}

/// The kinds of things that wait, with a number for matters alone: "matter M-12, a task, 2 documents".
fn what_for(reader: &Reader<'_>) -> Result<String> {
    let shares = reader.store.live_shares(reader.firm.id, reader.person.id, reader.now)?;
    let mut parts = Vec::new();
    for matter in shares.iter().map(|s| s.item).filter(|i| i.kind == Kind::Matter) {
        parts.push(format!("matter {}", reader.id(matter)?));
    }
    for kind in Kind::ALL.into_iter().filter(|k| *k != Kind::Matter) {
        match shares.iter().filter(|s| s.item.kind == kind).count() {
            0 => {}
            1 => parts.push(format!("one {}", kind.word())),
            several => parts.push(format!("{several} {}s", kind.word())),
        }
    }
    Ok(super::items::capital(&parts.join(", ")))
}

fn own(reader: &Reader<'_>, invitation: i64) -> Result<Option<Invitation>> {
    let found = reader.store.invitation(reader.firm.id, invitation)?;
    Ok(found.filter(|i| i.person == reader.person.id))
}

/// To the invited person: what their answer came to.
pub fn note(reader: &Reader<'_>, invitation: i64, outcome: InvitationOutcome) -> Result<Option<Page>> {
    let Some(row) = own(reader, invitation)? else { return Ok(None) };
    let (firm, lawyer) = (&reader.firm.name, reader.name_of(row.invited_by)?);
    let mut page = Page { is_answer: true, ..Page::new(format!("Your answer to {firm}")) };
    match outcome {
        InvitationOutcome::Declined => {
            page.text(format!("You declined. {lawyer} was told, and nothing was shown to you."));
        }
        InvitationOutcome::PassedOn => {
            page.text(format!("Your reply was passed on to {lawyer}. Nothing was accepted or declined by it."));
            if row.is_open(reader.now) {
                page.text("The invitation is still open. To answer it, reply with one of these lines:");
                page.examples(&[("#accept", "accepts it"), ("#decline", "declines it")]);
            }
        }
        InvitationOutcome::Over => {
            let newer = reader.store.open_invitation(reader.firm.id, reader.person.id, reader.now)?;
            page.text(if newer.is_some() {
                "This invitation was replaced by a newer one. Please answer that one."
            } else {
                "This invitation is no longer open. Ask the firm."
            });
        }
    }
    Ok(Some(page))
}

/// To the inviting lawyer: how it was answered.
pub fn answered(reader: &Reader<'_>, invitation: i64, text: Option<&str>) -> Result<Option<Page>> {
    if !reader.person.is_user() {
        return Ok(None);
    }
    let Some(row) = reader.store.invitation(reader.firm.id, invitation)? else { return Ok(None) };
    let name = reader.name_of(row.person)?;
    let (subject, sentence) = if row.accepted_at.is_some() {
        let first = format!("{name} accepted your invitation and now sees what is shared with them.");
        (format!("{name} accepted"), first)
    } else if row.declined_at.is_some() {
        (format!("{name} declined"), format!("{name} declined your invitation. Nothing was shown to them."))
    } else {
        let first =
            format!("{name} answered your invitation, and neither accepted nor declined. Nothing was carried out.");
        (format!("{name} answered your invitation"), first)
    };
    let mut page = Page::new(subject);
    page.text(sentence);
    page.facts([("Shared", shared(reader, &row)?), ("Address", row.address.as_str().to_owned())]);
    if let Some(text) = text {
        page.text(format!("{name} wrote:"));
        page.blocks.push(Block::Quote(text.to_owned()));
    }
    if row.accepted_at.is_none() {
        page.text(format!("To answer {name}, write to them from your own mailbox; they have no access yet."));
    }
    Ok(Some(page))
}

/// What waits for the invited person, by number.
fn shared(reader: &Reader<'_>, row: &Invitation) -> Result<String> {
    let shares = reader.store.live_shares(reader.firm.id, row.person, reader.now)?;
    let items: Vec<Item> = shares.into_iter().map(|s| s.item).take(10).collect();
    let ids: Vec<String> = items.into_iter().map(|i| reader.id(i)).collect::<Result<_>>()?;
    Ok(ids.join(", "))
}
