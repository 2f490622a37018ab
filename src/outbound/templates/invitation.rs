//! Mail 1, its answers, and what the firm hears of them. Nobody is let in yet: these mails show that there is a matter,
//! its number, and names for the conflict check if the lawyer gave them (decisions.md 28); never a client, a description
//! or a document's name.

use crate::domain::{Item, Kind};
use crate::language::{capital, say};
use crate::outbound::letter::InvitationOutcome;
use crate::outbound::page::{Block, Page};
use crate::outbound::reader::Reader;
use crate::sharing::Role;
use crate::store::Result;
use crate::store::invitations::Invitation;

/// The invitation; none if it can't be answered any more.
pub fn invitation(reader: &Reader<'_>, invitation: i64) -> Result<Option<Page>> {
    let Some(row) = own(reader, invitation)? else { return Ok(None) };
    if !row.is_open(reader.now) || reader.person.accepted_at.is_some() || reader.person.disabled {
        return Ok(None);
    }
    if reader.person.acts_for.is_some() {
        return Ok(Some(super::assistants::invitation(reader, &row)));
    }
    let (firm, lawyer) = (&reader.firm.name, reader.name_of(row.invited_by)?);
    let mut page =
        Page::new(say!(reader, "{lawyer} of {firm} invites you to work with them", lawyer = &lawyer, firm = firm));
    let is_co_counsel = reader.person.role == Role::CoCounsel;
    page.text(if is_co_counsel {
        say!(reader, "{lawyer} of {firm} asks you to work with the firm as co-counsel.", lawyer = &lawyer, firm = firm)
    } else {
        say!(reader, "{lawyer} of {firm} wants to share something with you by mail.", lawyer = &lawyer, firm = firm)
    });
    page.facts([
        (say!(reader, "Firm"), firm.clone()),
        (say!(reader, "Invited by"), lawyer.clone()),
        (say!(reader, "What for"), what_for(reader)?),
        (say!(reader, "Conflict check"), row.conflict_names.clone()),
        (say!(reader, "Please answer by"), reader.moment(row.expires_at)),
    ]);
    if !row.personal_message.trim().is_empty() {
        page.text(say!(reader, "{name} writes:", name = &lawyer));
        page.blocks.push(Block::Quote(row.personal_message.trim().to_owned()));
    }
    page.text(say!(
        reader,
        "Nothing of it has been shown to you yet. To answer, reply to this mail with one of these lines:"
    ));
    page.examples(&[
        (say!(reader, "#accept"), say!(reader, "accepts, and you get a mail with what is shared")),
        (say!(reader, "#decline"), say!(reader, "if you have a conflict, or are the wrong person")),
    ]);
    page.text(say!(reader, "Any other reply goes to {lawyer} and accepts nothing.", lawyer = lawyer));
    page.text(say!(reader, "You need no account and no password: you will work by mail, from this address."));
    Ok(Some(page))
}

/// The kinds of things that wait, with a number for matters alone: "matter M-12, a task, 2 documents".
fn what_for(reader: &Reader<'_>) -> Result<String> {
    let shares = reader.store.live_shares(reader.firm.id, reader.person.id, reader.now)?;
    let mut parts = Vec::new();
    for matter in shares.iter().map(|s| s.item).filter(|i| i.kind == Kind::Matter) {
        parts.push(say!(reader, "matter {id}", id = reader.id(matter)?));
    }
    for kind in Kind::ALL.into_iter().filter(|k| *k != Kind::Matter) {
        match shares.iter().filter(|s| s.item.kind == kind).count() {
            0 => {}
            several => parts.push(kind.counted(reader, several)),
        }
    }
    Ok(capital(&parts.join(", ")))
}

fn own(reader: &Reader<'_>, invitation: i64) -> Result<Option<Invitation>> {
    let found = reader.store.invitation(reader.firm.id, invitation)?;
    Ok(found.filter(|i| i.person == reader.person.id))
}

/// To the invited person: what their answer came to.
pub fn note(reader: &Reader<'_>, invitation: i64, outcome: InvitationOutcome) -> Result<Option<Page>> {
    let Some(row) = own(reader, invitation)? else { return Ok(None) };
    let (firm, lawyer) = (&reader.firm.name, reader.name_of(row.invited_by)?);
    let mut page = Page { is_answer: true, ..Page::new(say!(reader, "Your answer to {firm}", firm = firm)) };
    match outcome {
        InvitationOutcome::Declined => {
            page.text(say!(reader, "You declined. {lawyer} was told, and nothing was shown to you.", lawyer = lawyer));
        }
        InvitationOutcome::PassedOn => {
            page.text(say!(
                reader,
                "Your reply was passed on to {lawyer}. Nothing was accepted or declined by it.",
                lawyer = lawyer
            ));
            if row.is_open(reader.now) {
                page.text(say!(reader, "The invitation is still open. To answer it, reply with one of these lines:"));
                page.examples(&[
                    (say!(reader, "#accept"), say!(reader, "accepts it")),
                    (say!(reader, "#decline"), say!(reader, "declines it")),
                ]);
            }
        }
        InvitationOutcome::Over => {
            let newer = reader.store.open_invitation(reader.firm.id, reader.person.id, reader.now)?;
            page.text(if newer.is_some() {
                say!(reader, "This invitation was replaced by a newer one. Please answer that one.")
            } else {
                say!(reader, "This invitation is no longer open. Ask the firm.")
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
        let acts =
            reader.store.person(reader.firm.id, row.person)?.and_then(|p| Some((p.own_name(), p.acts_for?.name)));
        let first = match acts {
            Some((assistant, principal)) => say!(
                reader,
                "{name} accepted your invitation and now acts for {principal}.",
                name = assistant,
                principal = principal
            ),
            None => {
                say!(reader, "{name} accepted your invitation and now sees what is shared with them.", name = &name)
            }
        };
        (say!(reader, "{name} accepted", name = &name), first)
    } else if row.declined_at.is_some() {
        let first = say!(reader, "{name} declined your invitation. Nothing was shown to them.", name = &name);
        (say!(reader, "{name} declined", name = &name), first)
    } else {
        let first = say!(
            reader,
            "{name} answered your invitation, and neither accepted nor declined. Nothing was carried out.",
            name = &name
        );
        (say!(reader, "{name} answered your invitation", name = &name), first)
    };
    let mut page = Page::new(subject);
    page.text(sentence);
    page.facts([
        (say!(reader, "Shared"), shared(reader, &row)?),
        (say!(reader, "Address"), row.address.as_str().to_owned()),
    ]);
    if let Some(text) = text {
        page.text(say!(reader, "{name} wrote:", name = &name));
        page.blocks.push(Block::Quote(text.to_owned()));
    }
    if row.accepted_at.is_none() {
        page.text(say!(
            reader,
            "To answer {name}, write to them from your own mailbox; they have no access yet.",
            name = name
        ));
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
