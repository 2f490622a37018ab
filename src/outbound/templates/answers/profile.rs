//! `#profile`: what is kept about its reader, and how each of it is changed. Shows nobody else's.

use crate::language::say;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::store::Result;

/// Adds the reader's profile, and gives the title.
pub fn profile(reader: &Reader<'_>, page: &mut Page) -> Result<String> {
    let person = reader.person;
    let address = reader.store.mail_address(reader.firm.id, person)?;
    let (mut further, mut has_picture) = (Vec::new(), false);
    if let Some(id) = person.identity {
        further = reader.store.further_addresses(id)?;
        has_picture = reader.store.identity(id)?.is_some_and(|i| i.picture.is_some());
    }
    let local = reader.now.to_zoned(reader.zone.clone());
    page.facts([
        (say!(reader, "Name"), reader.store.called(person)?),
        (say!(reader, "Address"), address.map(String::from).unwrap_or_default()),
        (say!(reader, "Further addresses"), further.join(", ")),
        (
            say!(reader, "Time zone"),
            say!(
                reader,
                "{zone}; it is {day}, {time} there",
                zone = reader.zone_name(),
                day = reader.day(local.date()),
                time = reader.locale.clock(local.time())
            ),
        ),
        (say!(reader, "Picture"), if has_picture { say!(reader, "kept") } else { say!(reader, "none") }),
    ]);
    page.text(say!(reader, "To change it, reply with one of these lines:"));
    page.examples(&[
        (say!(reader, "#profile name Jane Q. Roe"), say!(reader, "what you are called in our mails")),
        (say!(reader, "#email jane@new.example"), say!(reader, "your address; both mailboxes confirm it")),
        (say!(reader, "#timezone New York"), say!(reader, "the zone of your dates and times")),
        (say!(reader, "#picture"), say!(reader, "with a GIF, JPG or PNG attached, smaller than 2 MB")),
    ]);
    if let Some(one) = further.first() {
        let remove = say!(reader, "#profile remove {address}", address = one);
        page.examples(&[(remove, say!(reader, "ends that further address"))]);
    }
    Ok(say!(reader, "Your profile"))
}
