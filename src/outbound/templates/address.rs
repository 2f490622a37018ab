//! Mail 12: a change of address, step by step, and the question whether an address is somebody's too. What goes to a mailbox
//! that nobody has confirmed yet shows no name, no matter and nothing of a matter; the old mailbox is shown the new address
//! cut, so that a mail there does not tell a stranger where to write.

use crate::domain::Address;
use crate::language::{count, say};
use crate::outbound::letter::AddressStep;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::store::Result;
use crate::store::addresses::{AddressChange, ChangeKind};
use crate::store::keys::Question;

/// One step; none if it is over before its mail left.
pub fn address(reader: &Reader<'_>, change: i64, step: AddressStep) -> Result<Option<Page>> {
    let Some(change) = reader.store.address_change(reader.firm.id, change)? else { return Ok(None) };
    let asks =
        matches!(step, AddressStep::AskOld | AddressStep::FirmAsks | AddressStep::AskNew | AddressStep::AskFurther);
    if asks && !change.is_open(reader.now) {
        return Ok(None);
    }
    Ok(Some(match step {
        AddressStep::AskOld => ask_old(reader, &change)?,
        AddressStep::FirmAsks => firm_asks(reader, &change),
        AddressStep::AskNew => ask_new(reader, &change)?,
        AddressStep::AskFurther => ask_further(reader, &change)?,
        AddressStep::DoneOld => done_old(reader, &change),
        AddressStep::DoneNew => done_new(reader),
        AddressStep::NewWaits => note(
            reader,
            say!(
                reader,
                "Thank you, this address is confirmed. The change takes effect when the code that went to the present address is confirmed too."
            ),
        ),
        AddressStep::NewWrong(left) => note(
            reader,
            count!(
                reader,
                left,
                "The code in your mail is wrong. You can try once more.",
                "The code in your mail is wrong. You can try {n} more times."
            ),
        ),
        AddressStep::NewOver => note(
            reader,
            say!(
                reader,
                "This can't be confirmed any more, and nothing was changed. To try again, ask for the change once more from the present address."
            ),
        ),
    }))
}

fn ask_old(reader: &Reader<'_>, change: &AddressChange) -> Result<Page> {
    let firm = &reader.firm.name;
    let mut page = Page::new(say!(reader, "Confirm your change of address at {firm}", firm = firm));
    page.text(say!(
        reader,
        "Somebody asked, in a mail from your address, that the mails of {firm} go to {new} from now on.",
        firm = firm,
        new = cut(&change.new)
    ));
    page.text(say!(reader, "If that was you, reply to this mail with this line:"));
    let code = reader.store.code(Question::OldAddress, change.id, change.asked_at)?;
    page.examples(&[(say!(reader, "#confirm {code}", code = code), say!(reader, "agrees to the change"))]);
    page.text(say!(
        reader,
        "Another code was sent to the new address, to be confirmed from there. The change takes effect when both are. The codes are good until {moment}.",
        moment = reader.moment(change.expires_at)
    ));
    page.text(say!(reader, "If that was not you, do nothing: your address stays as it is. Please tell the firm."));
    Ok(page)
}

fn firm_asks(reader: &Reader<'_>, change: &AddressChange) -> Page {
    let firm = &reader.firm.name;
    let mut page = Page::new(say!(reader, "{firm} is changing your address", firm = firm));
    page.text(say!(
        reader,
        "{firm} wants to send its mails for you to {new} from now on. That takes effect when a code that was sent there is confirmed.",
        firm = firm,
        new = cut(&change.new)
    ));
    page.text(say!(reader, "If that is wrong, reply to this mail at once, or call the firm."));
    page
}

fn ask_new(reader: &Reader<'_>, change: &AddressChange) -> Result<Page> {
    let firm = &reader.firm.name;
    let mut page = Page::new(say!(reader, "Confirm this mail address for {firm}", firm = firm));
    page.text(say!(
        reader,
        "{firm} was asked to send its mails for somebody it works with to this address.",
        firm = firm
    ));
    page.text(say!(reader, "If they are for you, reply to this mail, from this address, with this line:"));
    let code = reader.store.code(Question::NewAddress, change.id, change.asked_at)?;
    page.examples(&[(say!(reader, "#confirm {code}", code = code), say!(reader, "confirms this address"))]);
    page.text(say!(reader, "The code is good until {moment}.", moment = reader.moment(change.expires_at)));
    page.text(say!(reader, "If you know nothing of it, do nothing: no more will be sent to you."));
    Ok(page)
}

fn ask_further(reader: &Reader<'_>, change: &AddressChange) -> Result<Page> {
    let mut page = Page::new(say!(reader, "Is {address} your address?", address = change.new.to_string()));
    page.text(say!(
        reader,
        "A mail from {address} came to a reply address that was made for you. It waits; nothing in it was carried out.",
        address = change.new.to_string()
    ));
    for (mail, _) in reader.store.mails_of_address(reader.firm.id, change.id)?.into_iter().take(20) {
        let Some(mail) = reader.store.inbox(reader.firm.id, mail)? else { continue };
        page.facts([(say!(reader, "Arrived"), reader.moment(mail.arrived_at))]);
    }
    page.text(say!(reader, "If this was you, reply #yes: it will be filed and the address added."));
    page.examples(&[
        (say!(reader, "#yes"), say!(reader, "takes this mail, and later ones from that address, as yours")),
        (
            say!(reader, "#no"),
            say!(reader, "takes nothing from it; the firm is told, and the reply address is replaced"),
        ),
    ]);
    page.text(say!(
        reader,
        "Our mails to you still come to this address. Answer #yes only if you alone use that mailbox."
    ));
    Ok(page)
}

fn done_old(reader: &Reader<'_>, change: &AddressChange) -> Page {
    let firm = &reader.firm.name;
    let mut page = Page::new(say!(reader, "Mails of {firm} no longer come to this address", firm = firm));
    let new = cut(&change.new);
    page.text(match change.kind {
        ChangeKind::Firm => say!(
            reader,
            "As {firm} wished, the mails of {firm} now go to {new}. Mails from this address are no longer taken as yours.",
            firm = firm,
            new = new
        ),
        ChangeKind::Own | ChangeKind::Further => say!(
            reader,
            "As was asked for and confirmed from this address, the mails of {firm} now go to {new}. Mails from this address are no longer taken as yours.",
            firm = firm,
            new = new
        ),
    });
    page.text(say!(reader, "If you did not want this, call the firm at once."));
    page
}

fn done_new(reader: &Reader<'_>) -> Page {
    let firm = &reader.firm.name;
    let mut page = Page::new(say!(reader, "Your address at {firm} was changed", firm = firm));
    page.text(say!(
        reader,
        "The mails of {firm} come to this address from now on, and you write to the firm from it.",
        firm = firm
    ));
    page.text(say!(
        reader,
        "Nothing else changed: you can reply to earlier mails too, from this address. The firm was told; its contact card of you stays as it is."
    ));
    page
}

fn note(reader: &Reader<'_>, text: String) -> Page {
    let subject = say!(reader, "Your mail address for {firm}", firm = &reader.firm.name);
    let mut page = Page { is_answer: true, ..Page::new(subject) };
    page.text(text);
    page
}

/// "j***@new.example".
fn cut(address: &Address) -> String {
    let first: String = address.local().chars().take(1).collect();
    format!("{first}***@{}", address.domain())
}
