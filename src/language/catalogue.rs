//! The catalogues, which are in the program: the text of each comes in once, a map from the English sentence goes out.
//! One that can't be read is empty, and all is said in English; a test holds that each can be read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Locale;

/// What a catalogue says for an English sentence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// One sentence.
    Text(String),
    /// `one` and `other` for what is counted; `m`, `f`, `n` by the gender of what is named; `noun` and `gender` of a noun.
    Forms(BTreeMap<String, String>),
}

impl Entry {
    /// The gender of a noun.
    pub fn gender(&self) -> Option<&str> {
        match self {
            Entry::Forms(forms) => forms.get("gender").map(String::as_str),
            Entry::Text(_) => None,
        }
    }

    /// Every sentence in it.
    pub fn sentences(&self) -> Vec<&str> {
        match self {
            Entry::Text(text) => vec![text],
            Entry::Forms(forms) => forms.iter().filter(|(key, _)| *key != "gender").map(|(_, t)| t.as_str()).collect(),
        }
    }
}

/// From the English sentence to what is said for it.
pub type Catalogue = BTreeMap<String, Entry>;

/// The catalogue of a language; British English is what stands in the source, American what differs from it.
pub fn catalogue(locale: Locale) -> &'static Catalogue {
    static NONE: Catalogue = Catalogue::new();
    static AMERICAN: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("en-US.toml")));
    static GERMAN: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("de.toml")));
    static FRENCH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("fr.toml")));
    static SPANISH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("es.toml")));
    match locale {
        Locale::British => &NONE,
        Locale::American => &AMERICAN,
        Locale::German => &GERMAN,
        Locale::French => &FRENCH,
        Locale::Spanish => &SPANISH,
    }
}

fn read(text: &str) -> Catalogue {
    toml::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_catalogue_can_be_read() {
        for (name, text) in [
            ("en-US", include_str!("en-US.toml")),
            ("de", include_str!("de.toml")),
            ("fr", include_str!("fr.toml")),
            ("es", include_str!("es.toml")),
        ] {
            if let Err(error) = toml::from_str::<Catalogue>(text) {
                panic!("{name}.toml: {error}");
            }
        }
    }
}
