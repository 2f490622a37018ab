//! Who looks like whom: the people that a firm knows come in, and somebody's address and name; out goes whom they could be
//! taken for though they are not (threats.md T06, T07). It never says who somebody is.

use super::address::{Address, look};
use super::row::PersonId;

/// An address that a firm knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Whose.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// One of the firm's own people.
    pub is_user: bool,
    /// The address.
    pub address: Address,
}

/// The people that a firm knows, by how they look.
#[derive(Clone, Debug, Default)]
pub struct Circle(Vec<(Known, String)>);

/// What a stranger is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness<'c> {
    /// Their address looks like this one.
    Address(&'c Known),
    /// They bear the name of somebody whose address is another.
    Name(&'c Known),
}

impl Circle {
    /// Of these addresses.
    pub fn new(known: impl IntoIterator<Item = Known>) -> Circle {
        Circle(
            known
                .into_iter()
                .map(|known| {
                    let look = known.address.look();
                    (known, look)
                })
                .collect(),
        )
    }

    /// The known address that this one looks like and is not, of those that count.
    pub fn looks_like(&self, address: &Address, counts: impl Fn(&Known) -> bool) -> Option<&Known> {
        if self.knows(address) {
            return None;
        }
        let look = address.look();
        self.0.iter().find(|(known, known_look)| *known_look == look && counts(known)).map(|(known, _)| known)
    }

    fn knows(&self, address: &Address) -> bool {
        self.0.iter().any(|(known, _)| known.address == *address)
    }

    /// Whom a stranger could be taken for, by their address and the name beside it.
    pub fn taken_for(&self, address: &Address, name: Option<&str>) -> Option<Likeness<'_>> {
        if self.knows(address) {
            return None;
        }
        if let Some(known) = self.looks_like(address, |_| true) {
            return Some(Likeness::Address(known));
        }
        let words = words(name?);
        let same = self.0.iter().find(|(known, _)| !words.is_empty() && self::words(&known.name) == words);
        same.map(|(known, _)| Likeness::Name(known))
    }
}

/// The words of a name by their look, in any order: "Roe, Jane" is Jane Roe.
fn words(name: &str) -> Vec<String> {
    let words = name.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(|word| look(&word.to_lowercase())).collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn circle() -> Circle {
        let known = [
            (1, "Jane Roe", "jane@roe.example"),
            (1, "Jane Roe", "j@home.example"),
            (2, "Jim Marsh", "jim@marsh.example"),
        ];
        Circle::new(known.map(|(id, name, at)| Known {
            person: PersonId(id),
            name: name.into(),
            is_user: id == 2,
            address: address(at),
        }))
    }

    #[test]
    fn t07_an_address_that_looks_like_a_known_one_is_told_and_a_known_one_is_not() {
        let circle = circle();
        let of = |text: &str, counts: fn(&Known) -> bool| {
            circle.looks_like(&address(text), counts).map(|k| k.address.to_string())
        };
        assert_eq!(of("jane@r0e.example", |_| true).as_deref(), Some("jane@roe.example"));
        assert_eq!(of("jirn@marsh.example", |_| true).as_deref(), Some("jim@marsh.example"), "of the same domain too");
        assert_eq!(of("jirn@marsh.example", |k| k.is_user).as_deref(), Some("jim@marsh.example"));
        assert_eq!(of("jane@r0e.example", |k| k.person != PersonId(1)), None, "their own");
        for plain in ["jane@roe.example", "max@roe.example", "jane@marsh.example"] {
            assert_eq!(of(plain, |_| true), None, "{plain}");
        }
    }

    #[test]
    fn t06_a_known_name_beside_an_unknown_address_is_told() {
        let circle = circle();
        let taken_for = |text: &str, name| match circle.taken_for(&address(text), name)? {
            Likeness::Address(known) => Some(format!("address of {}", known.name)),
            Likeness::Name(known) => Some(format!("name of {}", known.name)),
        };
        for name in ["Jane Roe", "ROE, Jane", "jane  roe", "J\u{430}ne Roe"] {
            assert_eq!(taken_for("x@evil.example", Some(name)).as_deref(), Some("name of Jane Roe"), "{name}");
        }
        assert_eq!(taken_for("jane@r0e.example", Some("Jane Roe")).as_deref(), Some("address of Jane Roe"));
        for (at, name) in
            [("j@home.example", Some("Jane Roe")), ("x@evil.example", Some("Jane")), ("x@evil.example", None)]
        {
            assert_eq!(taken_for(at, name), None, "{at} {name:?}");
        }
        assert_eq!(taken_for("x@evil.example", Some(" , ")), None);
    }
}
