//! `#vcard`: the client and the people of a matter as one file of cards for an address book (vCard 3.0, RFC 2426, which
//! reads everywhere): what MAT-03 and MAT-04 let the reader see, their relationship as the note, and no number of ours.

use super::show::{RESTRICTED, company};
use super::words::one_line;
use super::{Question, not_visible, refuse};
use crate::domain::{Item, PersonId};
use crate::language::{count, phrase, say};
use crate::outbound::page::{Enclosure, Page};
use crate::outbound::reader::Reader;
use crate::sharing::{Ability, Role};
use crate::store::Result;
use crate::store::people::Person;

/// Cards in one file.
const MOST: usize = 500;

/// Encloses the cards and gives a title; none if it was refused.
pub(super) fn vcard(reader: &Reader<'_>, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    let Some(matter) = question.item else { return Ok(None) };
    let wanted = |word: &str, other: &str| !question.says(other) || question.says(word);
    let client = wanted("client", "contacts") && reader.may(Ability::SeeClient, matter)?;
    let contacts = wanted("contacts", "client") && reader.may(Ability::SeeContacts, matter)?;
    if !client && !contacts {
        return Ok(not_visible(reader, question, matter.kind, page));
    }
    if reader.withholds(matter)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let people = people(reader, matter, client, contacts)?;
    let id = reader.id(matter)?;
    let title = match (client, contacts) {
        (true, false) => say!(reader, "Client of {id}", id = &id),
        _ => say!(reader, "People of {id}", id = &id),
    };
    if people.is_empty() {
        page.heading(title.clone());
        page.text(say!(reader, "Nobody is entered for this matter."));
        return Ok(Some(title));
    }
    let mut cards = String::new();
    for (person, relationship) in people.iter().take(MOST) {
        cards.push_str(&card(reader, person, relationship)?);
    }
    page.text(count!(
        reader,
        people.len().min(MOST),
        "The card of one person of {id} is attached, as a file for your address book.",
        "The cards of {n} people of {id} are attached, as a file for your address book.",
        id = &id
    ));
    let name = format!("{}.vcf", say!(reader, "{id} contacts", id = id));
    page.enclosures.push(Enclosure { name, mime: "text/vcard".into(), bytes: cards.into_bytes(), is_shown: false });
    Ok(Some(title))
}

/// The client first; never other co-counsel (mails.md d0), and each person once, with all they are to the matter.
fn people(reader: &Reader<'_>, matter: Item, client: bool, contacts: bool) -> Result<Vec<(Person, String)>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let mut known: Vec<(PersonId, String)> = Vec::new();
    if client && let Some(person) = reader.matter(matter.id)?.and_then(|m| m.client) {
        known.push((person, say!(reader, "Client")));
    }
    for (person, relationship) in if contacts { store.relationships(firm, matter.id)? } else { Vec::new() } {
        match known.iter_mut().find(|(id, _)| *id == person) {
            Some((_, all)) if !relationship.is_empty() => *all = format!("{all}, {relationship}"),
            Some(_) => {}
            None => known.push((person, relationship)),
        }
    }
    let mut found = Vec::new();
    for (person, relationship) in known {
        let row = store.person(firm, person)?.filter(|p| p.role != Role::CoCounsel || person == reader.person.id);
        found.extend(row.map(|p| (p, relationship)));
    }
    Ok(found)
}

fn card(reader: &Reader<'_>, person: &Person, relationship: &str) -> Result<String> {
    let (store, firm) = (reader.store, reader.firm.id);
    let mut lines = vec!["BEGIN:VCARD".to_owned(), "VERSION:3.0".to_owned()];
    lines.push(format!("FN:{}", text(&person.name())));
    let is_company = person.last_name.is_empty() && person.first_name.is_empty();
    let family = if is_company { &person.company } else { &person.last_name };
    lines.push(format!("N:{};{};;;", text(family), text(&person.first_name)));
    let mut add = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            lines.push(format!("{name}:{}", text(value)));
        }
    };
    let employer = company(person);
    add("ORG", if is_company { &person.company } else { &employer });
    add("TITLE", &person.title);
    for (label, address) in store.card_addresses(firm, person.id)? {
        add(&format!("EMAIL;TYPE=INTERNET{}", kind(&label)), &address);
    }
    for (label, number) in store.card_phones(firm, person.id)? {
        add(&format!("TEL{}", kind(&label)), &number);
    }
    for place in store.card_places(firm, person.id)? {
        let parts = [&place.street, &place.city, &place.state, &place.postal_code, &place.country];
        if parts.iter().any(|p| !p.trim().is_empty()) {
            let parts: Vec<String> = parts.iter().map(|p| text(p)).collect();
            lines.push(format!("ADR{}:;;{}", kind(&place.label), parts.join(";")));
        }
    }
    if !relationship.trim().is_empty() {
        lines.push(format!("NOTE:{}", text(relationship)));
    }
    lines.push("END:VCARD".to_owned());
    Ok(lines.iter().map(|line| folded(line)).collect())
}

/// The kind of a number or address, in the words of the standard; others are left out.
fn kind(label: &str) -> &'static str {
    match label.to_ascii_lowercase().as_str() {
        "work" => ";TYPE=WORK",
        "home" => ";TYPE=HOME",
        "mobile" => ";TYPE=CELL",
        "fax" => ";TYPE=FAX",
        "pager" => ";TYPE=PAGER",
        _ => "",
    }
}

/// A value on one line, in which nothing of the syntax is left (RFC 2426, 4).
fn text(value: &str) -> String {
    one_line(value).replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;")
}

/// Lines of at most 75 bytes, each but the first begun with a blank, no character cut (RFC 2425, 5.8.1).
fn folded(line: &str) -> String {
    let (mut out, mut width) = (String::new(), 0_usize);
    for c in line.chars() {
        if width.saturating_add(c.len_utf8()) > 74 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width = width.saturating_add(c.len_utf8());
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_is_called_makes_a_line_of_its_own() {
        assert_eq!(
            text("Smith, Jones;\\ & Co\r\nEMAIL:x@evil.example"),
            "Smith\\, Jones\\;\\\\ & Co EMAIL:x@evil.example"
        );
        let line = folded(&format!("FN:{}", "Żółć ".repeat(40)));
        assert!(line.split("\r\n").all(|l| l.len() <= 75) && line.ends_with("\r\n"));
        assert_eq!(line.replace("\r\n ", "").trim_end(), format!("FN:{}", "Żółć ".repeat(40)).trim_end());
    }
}
