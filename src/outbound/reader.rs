//! The person a mail is written for: everything that a template shows is asked for here, so that nothing is shown that
//! they may not see at this moment.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::gateway::Gateway;
use super::preview::{self, Picture};
use crate::domain::duration::Quantity;
use crate::domain::{Item, PersonId};
use crate::language::{Locale, Reads, phrase, say, sentence};
use crate::sharing::{Ability, Thing, Verdict};
use crate::store::firms::Firm;
use crate::store::matters::{Matter, Sensitivity};
use crate::store::numbers;
use crate::store::outbox::Disclosure;
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};
use crate::store::{Result, Snapshot};

/// Cities of zones that have another name elsewhere.
const CITIES: [&str; 12] = [
    sentence!("Berlin"),
    sentence!("Paris"),
    sentence!("London"),
    sentence!("Brussels"),
    sentence!("Vienna"),
    sentence!("Zurich"),
    sentence!("Rome"),
    sentence!("Lisbon"),
    sentence!("Athens"),
    sentence!("Copenhagen"),
    sentence!("Warsaw"),
    sentence!("New York"),
];

/// The reader of one mail, and what they have been shown in it.
pub struct Reader<'s> {
    /// The store as it is now.
    pub store: &'s Snapshot<'s>,
    /// The firm that writes.
    pub firm: &'s Firm,
    /// The firm's addresses.
    pub gateway: &'s Gateway,
    /// Who reads.
    pub person: &'s Person,
    /// Their language, and how they read dates.
    pub locale: Locale,
    /// Their time zone.
    pub zone: TimeZone,
    /// The present moment.
    pub now: Timestamp,
    /// A code was confirmed for what this mail says: words of restricted matters are not left out.
    pub is_confirmed: bool,
    pictures: Pictures,
    shows: RefCell<Vec<Disclosure>>,
    unnumbered: RefCell<Vec<Item>>,
    undrawn: RefCell<Vec<Undrawn>>,
}

/// First pages that were drawn for a letter, by the SHA-256 of the file; none: it can't be drawn.
pub type Pictures = BTreeMap<String, Option<Picture>>;

/// A file whose first page is to be drawn before its letter can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undrawn {
    /// Blob.
    pub sha256: String,
    /// As what.
    pub kind: preview::Kind,
}

impl Reads for Reader<'_> {
    fn locale(&self) -> Locale {
        self.locale
    }
}

impl<'s> Reader<'s> {
    /// The reader `person` of a mail of `firm`.
    pub fn new(
        store: &'s Snapshot<'s>,
        firm: &'s Firm,
        gateway: &'s Gateway,
        person: &'s Person,
        now: Timestamp,
    ) -> Result<Reader<'s>> {
        let (zone, locale) = (store.zone_of(firm, person)?, person.locale(firm));
        Ok(Reader {
            store,
            firm,
            gateway,
            person,
            locale,
            zone,
            now,
            is_confirmed: false,
            pictures: Pictures::new(),
            shows: RefCell::default(),
            unnumbered: RefCell::default(),
            undrawn: RefCell::default(),
        })
    }

    /// For a mail whose content was asked for and confirmed by a code.
    pub fn confirmed(self, is_confirmed: bool) -> Reader<'s> {
        Reader { is_confirmed, ..self }
    }

    /// With what was drawn for the letter.
    pub fn with_pictures(self, pictures: Pictures) -> Reader<'s> {
        Reader { pictures, ..self }
    }

    /// The first page of a file, if it could be drawn; until the sender has had it drawn, it is noted as wanted.
    pub fn picture(&self, sha256: &str, kind: preview::Kind) -> Option<&Picture> {
        match self.pictures.get(sha256) {
            Some(drawn) => drawn.as_ref(),
            None => {
                self.undrawn.borrow_mut().push(Undrawn { sha256: sha256.to_owned(), kind });
                None
            }
        }
    }

    /// True if the reader may; what they were allowed is noted as shown.
    pub fn may(&self, ability: Ability, item: Item) -> Result<bool> {
        let allowed = self.verdict(ability, item)?.is_allowed();
        if allowed {
            self.note(ability, item, None);
        }
        Ok(allowed)
    }

    /// True if the reader may be told what there is: an assistant needs the right to read (ACC-05, requirements a10).
    pub fn may_read(&self) -> Result<bool> {
        let (home, none) = (Subject::Other(Thing::Home, None), Circumstances::default());
        let verdict = self.store.ask_about(self.firm.id, self.person.id, Ability::View, home, none, self.now)?;
        Ok(verdict.is_allowed())
    }

    /// The verdict, nothing noted.
    pub fn verdict(&self, ability: Ability, item: Item) -> Result<Verdict> {
        self.store.ask(self.firm.id, self.person.id, ability, item, self.now)
    }

    /// Notes that this version of a document is shown or enclosed.
    pub fn note(&self, ability: Ability, item: Item, version: Option<u32>) {
        let shown = Disclosure { item, ability: ability.code().to_owned(), version };
        let mut shows = self.shows.borrow_mut();
        if !shows.contains(&shown) {
            shows.push(shown);
        }
    }

    /// The number of a thing as this reader knows it; `?` until it has been given one, which the sender then does.
    pub fn id(&self, item: Item) -> Result<String> {
        match self.store.number(self.firm.id, self.numbering(), item)? {
            Some(id) => Ok(id.to_string()),
            None => {
                self.unnumbered.borrow_mut().push(item);
                Ok("?".into())
            }
        }
    }

    /// Whose numbers count.
    pub fn numbering(&self) -> numbers::Reader {
        if self.person.is_user() { numbers::Reader::Firm } else { numbers::Reader::Contact(self.person.whose()) }
    }

    /// The name of somebody the firm knows; "the firm" if they are gone.
    pub fn name_of(&self, person: PersonId) -> Result<String> {
        let found = self.store.person(self.firm.id, person)?;
        Ok(found.map_or_else(|| self.firm.name.clone(), |p| p.name()))
    }

    /// Who wrote or filed something: the reader, who acts for them or for whom they act, or one of the firm's people. Of
    /// other contacts there is no word, so that nobody learns who else works on a matter (mails.md d0).
    pub fn author(&self, person: PersonId) -> Result<Option<String>> {
        if person == self.person.id {
            return Ok(Some(if self.person.is_user() { self.person.name() } else { say!(self, "you") }));
        }
        let found = self.store.person(self.firm.id, person)?;
        let is_known = |p: &Person| p.is_user() || self.person.is_user() || p.whose() == self.person.whose();
        Ok(found.filter(is_known).map(|p| p.name()))
    }

    /// A day, with its month spelled.
    pub fn day(&self, date: Date) -> String {
        self.locale.display(date)
    }

    /// A moment in the reader's zone, with the zone named.
    pub fn moment(&self, moment: Timestamp) -> String {
        let local = moment.to_zoned(self.zone.clone());
        let (day, time) = (self.day(local.date()), self.locale.clock(local.time()));
        say!(self, "{day}, {time} ({zone})", day = day, time = time, zone = self.zone_name())
    }

    /// The reader's zone in a word: "London".
    pub fn zone_name(&self) -> String {
        self.city(self.zone.iana_name().unwrap_or("UTC"))
    }

    /// The city that a zone is named after.
    pub fn city(&self, zone: &str) -> String {
        let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
        if CITIES.contains(&city.as_str()) { phrase(self, &city) } else { city }
    }

    /// Hours as the reader reads them: "0.9 h".
    pub fn hours(&self, quantity: Quantity) -> String {
        say!(self, "{hours} h", hours = quantity.hours_in(self))
    }

    /// The matter of a thing, if the reader may see that matter.
    pub fn visible_matter(&self, item: Item) -> Result<Option<Matter>> {
        let Some(row) = self.store.matter_of(self.firm.id, item)? else { return Ok(None) };
        let Some(matter) = self.matter(row)? else { return Ok(None) };
        Ok(if self.may(Ability::View, matter.item())? { Some(matter) } else { None })
    }

    /// What mails may carry about a thing; standard if it belongs to no matter.
    pub fn sensitivity(&self, item: Item) -> Result<Sensitivity> {
        self.store.sensitivity(self.firm.id, item)
    }

    /// What was shown so far.
    pub fn shown(&self) -> Vec<Disclosure> {
        self.shows.borrow().clone()
    }

    /// Things that need a number for this reader before the mail can be written.
    pub fn unnumbered(&self) -> Vec<Item> {
        self.unnumbered.borrow().clone()
    }

    /// Files that are to be drawn before the mail can be written.
    pub fn undrawn(&self) -> Vec<Undrawn> {
        self.undrawn.borrow().clone()
    }
}
