//! What is typed on the command line becomes a thing or a person of the firm, or a sentence why not. What somebody may
//! not see is not told from what is not there: that is for `sharing`, asked by the action.

use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;

use super::Office;
use crate::domain::dates::{self, Against, Direction};
use crate::domain::{Address, Item, ItemId, PersonId};
use crate::store::Snapshot;
use crate::store::firms::Firm;
use crate::store::numbers::Reader;
use crate::store::people::Person;

impl Office {
    /// The thing of this number: `M-12`, `D-4`, or the firm's own number of a matter.
    pub fn thing(&self, text: &str) -> Result<Item> {
        let firm = self.firm.id;
        let found = self.store.read(|s| match ItemId::parse(text) {
            Some(id) => s.find(firm, Reader::Firm, id),
            None => Ok(s.matter_by_display_number(firm, text)?.map(|m| m.item())),
        })?;
        found.with_context(|| format!("{text}: there is nothing of that number"))
    }

    /// The matter of this number.
    pub fn matter(&self, text: &str) -> Result<Item> {
        let item = self.thing(text)?;
        if item.kind != crate::domain::Kind::Matter {
            bail!("{text} is a {}; a matter is needed", item.kind.word());
        }
        Ok(item)
    }

    /// The number of a thing as the firm knows it.
    pub fn number(&self, item: Item) -> Result<String> {
        let id = self.store.read(|s| s.number(self.firm.id, Reader::Firm, item))?;
        Ok(id.map_or_else(|| item.kind.word().to_owned(), |id| id.to_string()))
    }

    /// The one person of this address, `P-7` or name; two hits are an error that lists them (threats T85).
    pub fn person(&self, text: &str) -> Result<Person> {
        let found = self.people_like(text)?;
        if found.is_empty() {
            return Err(self.nobody(text));
        }
        one(&self.firm, text, found, |p| self.described(p))
    }

    /// Nobody is called so; those who nearly are, if there are any, are named and none is taken for another.
    fn nobody(&self, text: &str) -> anyhow::Error {
        let near = self.store.read(|s| near(s, &self.firm, text)).unwrap_or_default();
        let unknown = format!("{} knows nobody by \"{text}\"", self.firm.name);
        if near.is_empty() {
            return anyhow::anyhow!("{unknown}; `docketpost person add` makes a card");
        }
        let list: Vec<String> = near.iter().map(|p| self.described(p)).collect();
        anyhow::anyhow!("{unknown}; write the address or the number of whom you mean:\n  {}", list.join("\n  "))
    }

    /// The one user of the firm of this address, `P-7` or name.
    pub fn user(&self, text: &str) -> Result<Person> {
        let users = self.people_like(text)?.into_iter().filter(Person::is_user).collect();
        one(&self.firm, text, users, |p| self.described(p))
    }

    fn people_like(&self, text: &str) -> Result<Vec<Person>> {
        Ok(self.store.read(|s| people_like(s, &self.firm, text))?)
    }

    fn described(&self, person: &Person) -> String {
        let address = self.store.read(|s| s.mail_address(self.firm.id, person)).ok().flatten();
        let address = address.map_or_else(|| "no address".to_owned(), |a| a.to_string());
        format!("P-{} {} <{address}>", person.id, person.name())
    }

    /// The day that is typed, relative to today in the actor's zone.
    pub fn day(&self, text: &str, direction: Direction) -> Result<Date> {
        let zone = self.store.read(|s| s.zone_of(&self.firm, &self.actor))?;
        let now = self.now.to_zoned(zone);
        let against = Against { now: &now, locale: self.firm.locale, direction };
        dates::parse(text, &against).map_err(|e| anyhow::anyhow!("{text}: {e}"))
    }
}

/// Everybody of the firm that `text` may mean: by row, by address, by whole name, by family name or company.
pub fn people_like(s: &Snapshot<'_>, firm: &Firm, text: &str) -> crate::store::Result<Vec<Person>> {
    let row = text.strip_prefix("P-").or_else(|| text.strip_prefix("p-")).and_then(|n| n.parse().ok());
    if let Some(row) = row {
        return Ok(s.person(firm.id, PersonId(row))?.into_iter().collect());
    }
    if let Ok(address) = Address::parse(text) {
        // An assistant is named by their co-counsel and never given anything; `docketpost assistant` finds them.
        let (assistants, others): (Vec<_>, Vec<_>) =
            s.people_by_address(firm.id, &address)?.into_iter().partition(|p| p.acts_for.is_some());
        return Ok(if others.is_empty() { assistants } else { others });
    }
    let wanted = plain(text);
    let all = s.people(firm.id)?;
    let whole: Vec<Person> = all.iter().filter(|p| plain(&p.name()) == wanted).cloned().collect();
    if !whole.is_empty() {
        return Ok(whole);
    }
    Ok(all.into_iter().filter(|p| plain(&p.last_name) == wanted || plain(&p.company) == wanted).collect())
}

/// The most people who are named for another name.
const MOST_NEAR: usize = 5;

/// Those who have a word of the name, or one that begins alike: "Jane", "Jane Row" and "Row, J." for Jane Roe.
fn near(s: &Snapshot<'_>, firm: &Firm, text: &str) -> crate::store::Result<Vec<Person>> {
    let words = |name: &str| -> Vec<String> {
        name.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 1).map(str::to_owned).collect()
    };
    let wanted = words(text.split('@').next().unwrap_or_default());
    let alike = |a: &str, b: &str| {
        let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
        a == b || same >= 3 || (same == 2 && a.chars().count() == 3 && b.chars().count() == 3)
    };
    let mut found: Vec<(usize, Person)> = Vec::new();
    for person in s.people(firm.id)?.into_iter().filter(|p| !p.disabled && p.acts_for.is_none()) {
        let names = words(&format!("{} {}", person.name(), person.company));
        let hits = wanted.iter().filter(|w| names.iter().any(|n| alike(w, n))).count();
        if hits > 0 {
            found.push((hits, person));
        }
    }
    found.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
    Ok(found.into_iter().map(|(_, person)| person).take(MOST_NEAR).collect())
}

fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn one(firm: &Firm, text: &str, found: Vec<Person>, describe: impl Fn(&Person) -> String) -> Result<Person> {
    match <[Person; 1]>::try_from(found) {
        Ok([person]) => Ok(person),
        Err(found) if found.is_empty() => {
            bail!("{} knows nobody by \"{text}\"; `docketpost person add` makes a card", firm.name)
        }
        Err(found) => {
            let list: Vec<String> = found.iter().map(describe).collect();
            bail!("\"{text}\" may be any of these; say which:\n  {}", list.join("\n  "))
        }
    }
}
