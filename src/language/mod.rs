//! What people read, in their own language: an English sentence and what belongs in its places come in, the sentence of
//! the reader's catalogue goes out; the English one where that catalogue has none. Knows no mail, and asks nobody.
//!
//! To add a sentence:
//! 1. Write it whole where it is said, its places named: `say!(reader, "{name} accepted", name = person.name())`.
//! 2. One that counts has two forms, told by `{n}`: `count!(reader, n, "1 message", "{n} messages")`.
//! 3. One that stands in a table is marked `sentence!("Only the firm can do that.")` and said by `phrase(reader, it)`.
//! 4. Never glue: word order, gender and the blank before a colon differ. A kind of thing is a place: `kind = item.kind`.
//! 5. Put it into `de.toml`, `fr.toml` and `es.toml`, under the English (its `{n}` form) as key; a test says what lacks.
//!
//! Why not a library: Fluent and its kind put an id into the source where here stands what is read; gettext needs its own
//! build step and files that no review can read; rust-i18n reads no plurals. What is left to do is a look-up in a map.

mod catalogue;

use std::borrow::Cow;

pub use catalogue::{Entry, catalogue};

/// The words and dates somebody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Locale {
    /// English; 14 March 2026.
    #[default]
    British,
    /// English; March 14, 2026.
    American,
    /// German; 14. März 2026.
    German,
    /// French; 14 mars 2026.
    French,
    /// Spanish; 14 de marzo de 2026.
    Spanish,
}

impl Locale {
    /// Every one.
    pub const ALL: [Locale; 5] = [Locale::British, Locale::American, Locale::German, Locale::French, Locale::Spanish];

    /// Those that are no English.
    pub const FOREIGN: [Locale; 3] = [Locale::German, Locale::French, Locale::Spanish];

    /// The word in the store and on the command line (BCP 47).
    pub const fn word(self) -> &'static str {
        match self {
            Locale::British => "en-GB",
            Locale::American => "en-US",
            Locale::German => "de",
            Locale::French => "fr",
            Locale::Spanish => "es",
        }
    }

    /// The one of this word.
    pub fn from_word(word: &str) -> Option<Locale> {
        Locale::ALL.into_iter().find(|l| l.word() == word)
    }

    /// The one that a person names in any of the languages: `de`, `Deutsch`, `German`; English is the firm's kind of it.
    pub fn named(name: &str, firm: Locale) -> Option<Locale> {
        let name = name.trim().to_lowercase();
        Some(match name.as_str() {
            "en" | "english" | "englisch" | "anglais" | "inglés" | "ingles" if firm.is_english() => firm,
            "en" | "en-gb" | "english" | "englisch" | "anglais" | "inglés" | "ingles" | "british" => Locale::British,
            "en-us" | "american" => Locale::American,
            "de" | "de-de" | "de-at" | "de-ch" | "german" | "deutsch" | "allemand" | "alemán" | "aleman" => {
                Locale::German
            }
            "fr" | "fr-fr" | "fr-be" | "fr-ch" | "french" | "französisch" | "franzoesisch" | "français"
            | "francais" | "francés" | "frances" => Locale::French,
            "es" | "es-es" | "spanish" | "spanisch" | "espagnol" | "español" | "espanol" | "castellano" => {
                Locale::Spanish
            }
            _ => return None,
        })
    }

    /// What it is called in English.
    pub const fn english_name(self) -> &'static str {
        match self {
            Locale::British => "British English",
            Locale::American => "American English",
            Locale::German => "German",
            Locale::French => "French",
            Locale::Spanish => "Spanish",
        }
    }

    /// True for both kinds of English.
    pub const fn is_english(self) -> bool {
        matches!(self, Locale::British | Locale::American)
    }

    /// The sign before the decimals.
    pub const fn decimal_sign(self) -> char {
        if self.is_english() { '.' } else { ',' }
    }

    /// The form of a counted thing (CLDR): French says nothing and one alike, the others one alone.
    const fn is_one(self, n: u64) -> bool {
        n == 1 || (n == 0 && matches!(self, Locale::French))
    }
}

/// Somebody who reads, or the language in which they do.
pub trait Reads {
    /// Their language.
    fn locale(&self) -> Locale;
}

impl Reads for Locale {
    fn locale(&self) -> Locale {
        *self
    }
}

impl<T: Reads + ?Sized> Reads for &T {
    fn locale(&self) -> Locale {
        T::locale(self)
    }
}

impl<T: Reads + ?Sized> Reads for &mut T {
    fn locale(&self) -> Locale {
        T::locale(self)
    }
}

/// What goes into a place of a sentence.
#[derive(Clone, Debug)]
pub enum Value<'v> {
    /// As it is.
    Text(Cow<'v, str>),
    /// Decides between the forms for one and for several.
    Count(u64),
    /// An English noun of the catalogue, said in the reader's language; its gender decides between the forms.
    Noun(&'static str),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Value<'_> {
            fn from(number: $number) -> Self {
                Value::Text(Cow::Owned(number.to_string()))
            }
        }
    )*};
}

numbers!(u32, u64, usize, i64);

/// Says an English sentence in the reader's language: `say!(reader, "{name} declined", name = row.name())`.
#[macro_export]
macro_rules! say {
    ($to:expr, $sentence:literal $(, $place:ident = $value:expr)* $(,)?) => {
        $crate::language::say(
            $crate::language::Reads::locale(&$to),
            $sentence,
            &[$((stringify!($place), $crate::language::Value::from($value))),*],
        )
    };
}

/// Says how many in the reader's language: `count!(reader, n, "1 message", "{n} messages")`.
#[macro_export]
macro_rules! count {
    ($to:expr, $n:expr, $one:literal, $several:literal $(, $place:ident = $value:expr)* $(,)?) => {
        $crate::language::count(
            $crate::language::Reads::locale(&$to),
            u64::try_from($n).unwrap_or(u64::MAX),
            [$one, $several],
            &[$((stringify!($place), $crate::language::Value::from($value))),*],
        )
    };
}

/// Marks an English sentence that stands in a table, to be said by [`phrase`].
#[macro_export]
macro_rules! sentence {
    ($sentence:literal) => {
        $sentence
    };
}

pub use crate::{count, say, sentence};

/// Says a sentence that was marked by `sentence!`, or a noun, without places.
pub fn phrase(to: impl Reads, sentence: &str) -> String {
    say(to.locale(), sentence, &[])
}

/// The sentence of the catalogue with its places filled.
pub fn say(locale: Locale, sentence: &str, places: &[(&str, Value<'_>)]) -> String {
    let form = match catalogue(locale).get(sentence) {
        None => sentence,
        Some(entry) => form(locale, entry, places).unwrap_or(sentence),
    };
    fill(locale, form, places)
}

/// The form for this number, with its places filled.
pub fn count(locale: Locale, n: u64, [one, several]: [&str; 2], places: &[(&str, Value<'_>)]) -> String {
    let mut all = vec![("n", Value::Count(n))];
    all.extend_from_slice(places);
    let english = if n == 1 { one } else { several };
    let form = catalogue(locale).get(several).and_then(|entry| form(locale, entry, &all)).unwrap_or(english);
    fill(locale, form, &all)
}

/// A sentence that was marked by `sentence!` where nobody knows yet who will read it, with what belongs in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    sentence: &'static str,
    place: Option<(&'static str, String)>,
}

impl Unsaid {
    /// A sentence with one place.
    pub fn with(sentence: &'static str, place: &'static str, value: impl ToString) -> Unsaid {
        Unsaid { sentence, place: Some((place, value.to_string())) }
    }

    /// Says it.
    pub fn says(&self, to: impl Reads) -> String {
        let places: Vec<_> = self.place.iter().map(|(name, value)| (*name, Value::from(value))).collect();
        say(to.locale(), self.sentence, &places)
    }
}

impl From<&'static str> for Unsaid {
    fn from(sentence: &'static str) -> Self {
        Unsaid { sentence, place: None }
    }
}

/// The form that the first counted or named thing asks for.
fn form<'c>(locale: Locale, entry: &'c Entry, places: &[(&str, Value<'_>)]) -> Option<&'c str> {
    let forms = match entry {
        Entry::Text(text) => return Some(text),
        Entry::Forms(forms) => forms,
    };
    let key = places.iter().find_map(|(_, value)| match value {
        Value::Count(n) => Some(if locale.is_one(*n) { "one" } else { "other" }),
        Value::Noun(noun) => catalogue(locale).get(*noun).and_then(Entry::gender),
        Value::Text(_) => None,
    });
    key.and_then(|key| forms.get(key)).or_else(|| forms.get("noun")).map(String::as_str)
}

/// Puts the values into their places, each once: what people wrote is not looked into for places.
fn fill(locale: Locale, form: &str, places: &[(&str, Value<'_>)]) -> String {
    let mut out = String::with_capacity(form.len());
    let mut left = form;
    while let Some((before, after)) = left.split_once('{') {
        out.push_str(before);
        let found = after
            .split_once('}')
            .and_then(|(name, rest)| places.iter().find(|(place, _)| *place == name).map(|(_, value)| (value, rest)));
        match found {
            Some((value, rest)) => {
                match value {
                    Value::Text(text) => put(locale, &mut out, text),
                    Value::Count(n) => out.push_str(&n.to_string()),
                    Value::Noun(noun) => put(locale, &mut out, &say(locale, noun, &[])),
                }
                left = rest;
            }
            None => {
                out.push('{');
                left = after;
            }
        }
    }
    out.push_str(left);
    out
}

/// Puts a word behind what stands before it; some short words change before some letters ("d'Anna", "Juan e Inés").
fn put(locale: Locale, out: &mut String, word: &str) {
    const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "é", "è", "ê", "à", "â", "î", "ô"];
    let changes: &[(&str, &str, &[&str])] = match locale {
        Locale::French => &[(" de ", " d'", VOWELS), (" que ", " qu'", VOWELS)],
        Locale::Spanish => &[(" y ", " e ", &["i", "hi"]), (" o ", " u ", &["o", "ho"])],
        Locale::British | Locale::American | Locale::German => &[],
    };
    // Numbers and addresses are no words.
    let is_word = word.chars().nth(1).is_some_and(char::is_lowercase) && !word.contains('@');
    let start: String = word.chars().take(3).flat_map(char::to_lowercase).collect();
    let meets = |before: &str, starts: &[&str]| {
        out.ends_with(before) && starts.iter().any(|s| start.starts_with(s)) && !start.starts_with("hie")
    };
    if let Some((before, instead, _)) = changes.iter().find(|(before, _, starts)| is_word && meets(before, starts)) {
        out.truncate(out.len().saturating_sub(before.len()));
        out.push_str(instead);
    }
    out.push_str(word);
}

/// The English word for a short word that follows a verb (`#digest täglich`), so that each is read once; others as they are.
pub fn argument(word: &str) -> &str {
    const WORDS: &[(&str, &[&str])] = &[
        ("daily", &["täglich", "taeglich", "quotidien", "quotidienne", "diario", "diaria"]),
        ("weekly", &["wöchentlich", "woechentlich", "hebdomadaire", "semanal"]),
        ("at", &["um", "à", "a", "las"]),
        ("on", &["an", "ein", "oui", "sí", "si", "activer", "activar"]),
        ("off", &["aus", "nie", "keine", "jamais", "arrêt", "non", "no", "nunca", "desactivar"]),
        ("all", &["alle", "tous", "toutes", "todos", "todas"]),
        ("brief", &["kurz", "bref", "brefs", "breve", "breves"]),
        ("tasks", &["aufgaben", "tâches", "taches", "tareas"]),
        ("news", &["nachrichten", "neuigkeiten", "nouvelles", "novedades", "mensajes"]),
        ("shared", &["freigaben", "partages", "compartidos"]),
        ("digest", &["übersicht", "zusammenfassung", "récapitulatif", "recapitulatif", "resumen"]),
        ("overdue", &["überfällig", "ueberfaellig", "überfällige", "retard", "vencidas", "vencido"]),
        ("open", &["offen", "offene", "ouvertes", "abiertas", "pendientes"]),
        ("done", &["completed", "closed", "erledigt", "erledigte", "terminées", "terminees", "hechas", "terminadas"]),
        (
            "upcoming",
            &["coming", "soon", "kommende", "anstehend", "anstehende", "venir", "prochaines", "próximas", "proximas"],
        ),
        ("past", &["vergangen", "vergangene", "passé", "passés", "pasado", "pasados"]),
        ("page", &["seite", "página", "pagina"]),
        ("add", &["hinzufügen", "ajouter", "añadir"]),
        ("remove", &["entfernen", "retirer", "quitar"]),
        ("name", &["nom", "nombre"]),
        ("list", &["liste", "lista"]),
    ];
    WORDS.iter().find(|(_, all)| all.contains(&word)).map_or(word, |(english, _)| english)
}

/// "A", "A and B", "A, B and C".
pub fn all_of(to: impl Reads, names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => say!(to.locale(), "{first} and {last}", first = rest.join(", "), last = last),
        None => String::new(),
    }
}

/// "A or B", "A, B or C".
pub fn one_of(to: impl Reads, names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => say!(to.locale(), "{first} or {last}", first = rest.join(", "), last = last),
        None => String::new(),
    }
}

/// With a capital letter.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_catalogue_has_is_said_in_english() {
        for locale in Locale::ALL {
            assert_eq!(say(locale, "No such {x}.", &[("x", "sentence".into())]), "No such sentence.");
            assert_eq!(count(locale, 1, ["one ox", "{n} oxen"], &[]), "one ox");
            assert_eq!(count(locale, 7, ["one ox", "{n} oxen"], &[]), "7 oxen");
        }
    }

    #[test]
    fn what_people_wrote_is_not_looked_into_for_places() {
        let places = [("name", "{who} {name}".into()), ("who", "Jane".into())];
        assert_eq!(say(Locale::British, "{name} by {who}; {else} {", &places), "{who} {name} by Jane; {else} {");
    }

    #[test]
    fn short_words_change_before_the_letters_that_ask_for_it() {
        let from = |name: &'static str| say(Locale::French, "Message from {name}", &[("name", name.into())]);
        assert_eq!([from("Anna Smith"), from("Jane Roe")], ["Message d'Anna Smith", "Message de Jane Roe"]);
        assert_eq!([from("a@x.example"), from("EV-1")], ["Message de a@x.example", "Message de EV-1"]);
        let both = |last: &str| all_of(Locale::Spanish, &["Juan".to_owned(), last.to_owned()]);
        assert_eq!([both("Inés"), both("Hierro"), both("Eva")], ["Juan e Inés", "Juan y Hierro", "Juan y Eva"]);
        assert_eq!(one_of(Locale::Spanish, &["Eva".to_owned(), "Óscar".to_owned()]), "Eva o Óscar");
        assert_eq!(one_of(Locale::Spanish, &["Eva".to_owned(), "Olga".to_owned()]), "Eva u Olga");
    }

    #[test]
    fn what_is_said_later_is_said_in_the_language_of_who_reads_it() {
        let many = Unsaid::with("it holds more than {files} files. Send it in parts.", "files", 7);
        assert_eq!(many.says(Locale::British), "it holds more than 7 files. Send it in parts.");
        assert_eq!(many.says(Locale::German), "sie enthält mehr als 7 Dateien. Senden Sie sie in Teilen.");
        assert_eq!(Unsaid::from("the file is empty.").says(Locale::Spanish), "el archivo está vacío.");
    }

    #[test]
    fn a_list_has_its_and_before_the_last() {
        let names = ["A", "B", "C"].map(str::to_owned);
        assert_eq!(all_of(Locale::British, &names), "A, B and C");
        assert_eq!(all_of(Locale::British, &names[..1]), "A");
        assert_eq!(one_of(Locale::American, &names[..2]), "A or B");
    }

    #[test]
    fn a_language_is_known_by_its_names_and_english_is_the_firms() {
        for (name, found) in [
            ("de", Locale::German),
            ("Deutsch", Locale::German),
            ("FRANÇAIS", Locale::French),
            ("español", Locale::Spanish),
            ("en", Locale::American),
            ("en-GB", Locale::British),
        ] {
            assert_eq!(Locale::named(name, Locale::American), Some(found), "{name}");
        }
        assert_eq!(Locale::named("english", Locale::German), Some(Locale::British));
        assert_eq!(Locale::named("klingon", Locale::British), None);
        assert!(Locale::ALL.iter().all(|l| Locale::from_word(l.word()) == Some(*l)));
    }
}
