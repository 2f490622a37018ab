//! The person a mail is written for: everything that a template shows is asked for here, so that nothing is shown that
//! they may not see at this moment.

use std::cell::RefCell;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::gateway::Gateway;
use crate::domain::dates::Locale;
use crate::domain::{Item, PersonId};
use crate::sharing::{Ability, Verdict};
use crate::store::firms::Firm;
use crate::store::matters::{Matter, Sensitivity};
use crate::store::numbers;
use crate::store::outbox::Disclosure;
use crate::store::people::Person;
use crate::store::{Result, Snapshot};

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
    /// Their time zone.
    pub zone: TimeZone,
    /// The present moment.
    pub now: Timestamp,
    shows: RefCell<Vec<Disclosure>>,
    unnumbered: RefCell<Vec<Item>>,
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
        let zone = store.zone_of(firm, person)?;
        Ok(Reader {
            store,
            firm,
            gateway,
            person,
            zone,
            now,
            shows: RefCell::default(),
            unnumbered: RefCell::default(),
        })
    }

    /// True if the reader may; what they were allowed is noted as shown.
    pub fn may(&self, ability: Ability, item: Item) -> Result<bool> {
        let allowed = self.verdict(ability, item)?.is_allowed();
        if allowed {
            self.note(ability, item, None);
        }
        Ok(allowed)
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
        if self.person.is_user() { numbers::Reader::Firm } else { numbers::Reader::Contact(self.person.id) }
    }

    /// The name of somebody the firm knows; "the firm" if they are gone.
    pub fn name_of(&self, person: PersonId) -> Result<String> {
        let found = self.store.person(self.firm.id, person)?;
        Ok(found.map_or_else(|| self.firm.name.clone(), |p| p.name()))
    }

    /// A day, with its month spelled.
    pub fn day(&self, date: Date) -> String {
        self.firm.locale.display(date)
    }

    /// A moment in the reader's zone, with the zone named.
    pub fn moment(&self, moment: Timestamp) -> String {
        let local = moment.to_zoned(self.zone.clone());
        format!("{}, {} ({})", self.day(local.date()), local.strftime("%H:%M"), self.zone_name())
    }

    /// The reader's zone in a word: "London".
    pub fn zone_name(&self) -> String {
        let name = self.zone.iana_name().unwrap_or("UTC");
        name.rsplit('/').next().unwrap_or(name).replace('_', " ")
    }

    /// The word for the firm's lawyers.
    pub fn lawyer(&self) -> &'static str {
        if self.firm.locale == Locale::American { "attorney" } else { "solicitor" }
    }

    /// The matter of a thing, if the reader may see that matter.
    pub fn visible_matter(&self, item: Item) -> Result<Option<Matter>> {
        let Some(row) = self.store.matter_of(self.firm.id, item)? else { return Ok(None) };
        let Some(matter) = self.store.matter(self.firm.id, row)? else { return Ok(None) };
        Ok(if self.may(Ability::View, matter.item())? { Some(matter) } else { None })
    }

    /// What mails may carry about a thing; standard if it belongs to no matter.
    pub fn sensitivity(&self, item: Item) -> Result<Sensitivity> {
        let row = self.store.matter_of(self.firm.id, item)?;
        let matter = match row {
            Some(row) => self.store.matter(self.firm.id, row)?,
            None => None,
        };
        Ok(matter.map_or(Sensitivity::Standard, |m| m.sensitivity))
    }

    /// What was shown so far.
    pub fn shown(&self) -> Vec<Disclosure> {
        self.shows.borrow().clone()
    }

    /// Things that need a number for this reader before the mail can be written.
    pub fn unnumbered(&self) -> Vec<Item> {
        self.unnumbered.borrow().clone()
    }
}
