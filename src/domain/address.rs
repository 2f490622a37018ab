//! Mail addresses, read strictly: what is not plainly `dot-atom@ldh.domain` is no address of anybody's.
//! In comes a text, out goes an address in lower case or nothing. Never repairs, never guesses.

use std::fmt;

use unicode_security::confusable_detection::skeleton;

/// Domains where anybody may have a mailbox: sharing one makes nobody a colleague (decisions.md 5).
const FREEMAIL: [&str; 61] = [
    "163.com",
    "aol.com",
    "att.net",
    "bluewin.ch",
    "btinternet.com",
    "comcast.net",
    "email.com",
    "fastmail.com",
    "fastmail.fm",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.co.uk",
    "live.com",
    "live.de",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rocketmail.com",
    "sbcglobal.net",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "verizon.net",
    "wanadoo.fr",
    "web.de",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yandex.com",
    "ymail.com",
];

/// An address in lower case: a dot-atom local part and a domain of letters, digits and hyphens (sender-proof.md 5.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// Says that a text is no address that docketpost accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a plain mail address such as jane@example.com")]
pub struct NotAnAddress;

impl Address {
    /// Reads `text` as it stands: no display name, comment, route, quoted local part, 8-bit or trailing dot.
    pub fn parse(text: &str) -> Result<Address, NotAnAddress> {
        let (local, domain) = text.split_once('@').ok_or(NotAnAddress)?;
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        let local_ok =
            !local.is_empty() && local.len() <= 64 && local.split('.').all(|a| !a.is_empty() && a.chars().all(atom));
        if local_ok && is_mail_domain(domain) { Ok(Address(text.to_ascii_lowercase())) } else { Err(NotAnAddress) }
    }

    /// The whole address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(l, _)| l)
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, d)| d)
    }

    /// How the address looks: two that look the same are taken for one another by who reads them (threats.md T07).
    pub fn look(&self) -> String {
        let (domain, _) = idna::domain_to_unicode(self.domain());
        format!("{}@{}", look(self.local()), look(&domain))
    }
}

/// How a text looks (UTS 39): `rn` is m, `1` is l, `0` is o, a Cyrillic а is an a; and `vv` is w.
pub fn look(text: &str) -> String {
    skeleton(text).collect::<String>().to_lowercase().replace("vv", "w")
}

/// Says whether `text` is a domain that can stand in an address: at least two labels of letters, digits and hyphens,
/// the last one not a number, and every `xn--` label the one spelling of something that isn't ASCII (threats.md T07).
pub fn is_mail_domain(text: &str) -> bool {
    let top_is_number = text.rsplit('.').next().is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 253 && text.contains('.') && !top_is_number && text.split('.').all(is_label)
}

/// Says whether anybody may have a mailbox at `domain`.
pub fn is_freemail(domain: &str) -> bool {
    FREEMAIL.binary_search(&domain.to_ascii_lowercase().as_str()).is_ok()
}

/// Says whether `domain` is `parent` or lies below it, label by label and never by mere suffix (threats.md T08).
pub fn is_within(domain: &str, parent: &str) -> bool {
    let (domain, parent) = (domain.to_ascii_lowercase(), parent.to_ascii_lowercase());
    !parent.is_empty() && domain.strip_suffix(&parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && is_honest_a_label(&label.to_ascii_lowercase())
}

fn is_honest_a_label(label: &str) -> bool {
    if !label.starts_with("xn--") {
        return true;
    }
    let (unicode, decoded) = idna::domain_to_unicode(label);
    // RUSTSEC-2024-0421: an A-label that stands for plain ASCII would be a second spelling of somebody's domain.
    decoded.is_ok() && !unicode.is_ascii() && idna::domain_to_ascii(&unicode).is_ok_and(|back| back == label)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Address, NotAnAddress> {
        Address::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_address_is_read_in_lower_case() {
        let a = Address::parse("Jane.O'Neil+x@Mail.Example.COM").unwrap();
        assert_eq!(
            (a.as_str(), a.local(), a.domain()),
            ("jane.o'neil+x@mail.example.com", "jane.o'neil+x", "mail.example.com")
        );
    }

    #[test]
    fn a_domain_of_everybody_is_known_in_any_spelling_and_its_subdomains_are_not_it() {
        assert!(FREEMAIL.is_sorted(), "or the search finds nothing");
        for domain in ["gmail.com", "GMail.com", "outlook.com", "gmx.de", "icloud.com", "163.com", "ymail.com"] {
            assert!(is_freemail(domain), "{domain}");
        }
        for domain in ["hale.example", "gmail.com.hale.example", "law.gmail.com", ""] {
            assert!(!is_freemail(domain), "{domain}");
        }
    }

    #[test]
    fn t05_anything_but_a_plain_address_is_none() {
        for odd in [
            "",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@b.c.",
            "a@.b.c",
            "a..b@c.d",
            ".a@b.c",
            "a.@b.c",
            "a@b@c.d",
            "\"a b\"@c.d",
            "a@[1.2.3.4]",
            "a@1.2.3.4",
            "a (x)@b.c",
            "a@b.c ",
            " a@b.c",
            "a@-b.c",
            "a@b-.c",
            "a@b_c.d",
            "a@b\0.c",
            "<a@b.c>",
            "a@b.c\n",
            "jané@example.com",
            "a@exämple.com",
            "@x.y:a@b.c",
        ] {
            assert_eq!(Address::parse(odd), Err(NotAnAddress), "{odd:?}");
        }
    }

    #[test]
    fn t07_look_alikes_are_other_addresses_or_none() {
        assert_eq!(Address::parse("a@xn--example-.org"), Err(NotAnAddress));
        assert_eq!(Address::parse("a@legitimate.com."), Err(NotAnAddress));
        let cyrillic = Address::parse("a@xn--legitimte-ucj.com");
        assert!(cyrillic.is_err() || cyrillic != Address::parse("a@legitimate.com"));
        assert!(Address::parse("a@xn--mnchen-3ya.de").is_ok());
        assert_ne!(Address::parse("a@modem.com"), Address::parse("a@modern.com"));
    }

    #[test]
    fn t07_what_is_taken_for_one_another_looks_the_same() {
        let look = |text: &str| Address::parse(text).unwrap().look();
        for (one, other) in [
            ("jim@marsh.example", "jirn@marsh.example"),
            ("a@modem.example", "a@modern.example"),
            ("a@wood.example", "a@vvood.example"),
            ("a@hale.example", "a@ha1e.example"),
            ("jane@roe.example", "jane@r0e.example"),
            // A Cyrillic а, and an і.
            ("a@hale.example", "a@xn--hle-6cd.example"),
            ("a@smith.example", "a@xn--smth-m9d.example"),
        ] {
            assert_eq!(look(one), look(other), "{one} {other}");
        }
        for other in ["jane@row.example", "jan@roe.example", "jane.roe@example.example", "jane@roe.examples"] {
            assert_ne!(look("jane@roe.example"), look(other), "{other}");
        }
    }

    #[test]
    fn t08_domains_are_compared_by_labels() {
        assert!(is_within("firm.example", "firm.example"));
        assert!(is_within("mail.Firm.example", "firm.example"));
        assert!(!is_within("attacker-firm.example", "firm.example"));
        assert!(!is_within("firm.example", "mail.firm.example"));
        assert!(!is_within("firm.example", ""));
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_is_idempotent(text in ".{0,80}") {
            if let Ok(a) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(a.as_str()), Ok(a.clone()));
                prop_assert!(a.as_str().is_ascii());
            }
        }
    }
}
