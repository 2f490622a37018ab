//! In which role a mail is written (ACC-15, ACC-16). One person may be of the firm, its co-counsel, and an assistant of
//! somebody, and all that for several firms at one address. In come a proved address and a word after `#as`; out go the
//! roles that it can mean. Only roles of that very address are ever named, and of a firm nothing but its name.

use crate::domain::{Address, FirmId, PersonId};
use crate::store::firms::Firm;
use crate::store::people::Person;
use crate::store::{Result, Snapshot};

/// One role of somebody.
#[derive(Clone, Debug)]
pub struct Role {
    /// At which firm.
    pub firm: FirmId,
    /// As whom.
    pub person: PersonId,
    /// What is typed after `#as` to mean exactly this one.
    pub label: String,
    is_meant: Vec<String>,
}

impl Role {
    /// True if the word after `#as` means this role.
    pub fn is_meant_by(&self, word: &str) -> bool {
        let word = plain(word);
        plain(&self.label) == word || self.is_meant.contains(&word)
    }
}

/// The roles in which this address can write to these firms now, in the order of the firms.
pub fn of_address(view: &Snapshot<'_>, firms: &[FirmId], address: &Address) -> Result<Vec<Role>> {
    let mut found = Vec::new();
    for firm in firms {
        let Some(firm) = view.firm(*firm)? else { continue };
        let people = view.people_writing_from(firm.id, address)?;
        let active: Vec<&Person> = people.iter().filter(|p| is_active(p)).collect();
        for person in &active {
            let several =
                if active.len() > 1 { format!("{}, {}", firm.name, word_for(person)) } else { firm.name.clone() };
            let label = if firms.len() > 1 || active.len() == 1 { several } else { word_for(person) };
            let is_meant = names(person, &firm, active.len() == 1);
            found.push(Role { firm: firm.id, person: person.id, label, is_meant });
        }
    }
    Ok(found)
}

/// Those of the roles that the word means; all of them without a word.
pub fn meant<'r>(roles: &'r [Role], word: Option<&str>) -> Vec<&'r Role> {
    roles.iter().filter(|r| word.is_none_or(|word| r.is_meant_by(word))).collect()
}

/// Let in by the firm, and not only entered or invited.
pub fn is_active(person: &Person) -> bool {
    !person.disabled && (person.is_user() || person.accepted_at.is_some())
}

/// True if the word after `#as` means this person of the firm, whatever other roles they have.
pub fn is_called(person: &Person, firm: &Firm, word: &str) -> bool {
    names(person, firm, true).contains(&plain(word))
}

/// What a person is, in the word that is typed for it.
fn word_for(person: &Person) -> String {
    match &person.acts_for {
        Some(acts_for) => format!("for {}", acts_for.name),
        None if person.is_user() => "user".to_owned(),
        None => "co-counsel".to_owned(),
    }
}

fn names(person: &Person, firm: &Firm, is_only: bool) -> Vec<String> {
    let mut names = vec![word_for(person), format!("{}, {}", firm.name, word_for(person))];
    if let Some(acts_for) = &person.acts_for {
        names.extend([acts_for.name.clone(), format!("{} for {}", person.own_name(), acts_for.name)]);
    }
    if is_only {
        names.extend([firm.name.clone(), firm.slug.clone()]);
    }
    names.iter().map(|name| plain(name)).collect()
}

/// Letters and digits in small, one blank between words: how a name is typed does not matter.
fn plain(text: &str) -> String {
    let letters: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
