//! "Thanks!" and its like: a reply comes in, and whether it says nothing more goes out (decisions.md 19). When in doubt
//! it says something: then it is a message.

use super::Verb;

/// Words that make a reply one of thanks, or say "fine" when they stand alone.
const THANKS: &[&str] = &[
    "thanks",
    "thank",
    "thx",
    "tx",
    "ty",
    "thankyou",
    "cheers",
    "appreciated",
    "ok",
    "okay",
    "great",
    "perfect",
    "excellent",
    "wonderful",
    "super",
    "fine",
    "noted",
    "received",
    "danke",
    "dankeschön",
    "dank",
    "merci",
    "gracias",
    "parfait",
    "perfecto",
    "prima",
    "👍",
    "🙏",
    "👌",
];

/// Words that add nothing to them.
const FILLERS: &[&str] = &[
    "you",
    "very",
    "much",
    "so",
    "many",
    "a",
    "lot",
    "again",
    "all",
    "both",
    "kindly",
    "indeed",
    "that",
    "this",
    "for",
    "the",
    "your",
    "help",
    "is",
    "got",
    "it",
    "with",
    "well",
    "good",
    "most",
    "really",
    "mille",
    "mil",
    "muchas",
    "muy",
    "bien",
    "beaucoup",
    "infiniment",
    "pour",
    "tout",
    "votre",
    "aide",
    "vielen",
    "besten",
    "herzlichen",
    "schönen",
    "schön",
    "sehr",
    "vielmals",
    "und",
    "et",
    "and",
    "y",
    "por",
    "su",
    "ayuda",
    "todo",
    "update",
    "quick",
    "reply",
    "response",
    "alles",
];

/// The longest reply that is looked at, in words.
const LONGEST: usize = 10;

/// Says whether a reply is nothing but thanks, in English, German, French or Spanish; an empty one is not.
pub fn is_pleasantry(text: &str) -> bool {
    if text.len() > 200 || text.contains('?') {
        return false;
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && !('\u{1F300}'..='\u{1FAFF}').contains(&c))
        .map(|word| word.trim_end_matches(|c| ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)))
        .filter(|word| !word.is_empty())
        .collect();
    let thanks = words.iter().any(|w| THANKS.contains(w));
    thanks && words.len() <= LONGEST && words.iter().all(|w| THANKS.contains(w) || FILLERS.contains(w))
}

/// What a salutation begins with.
const GREETINGS: &[&str] = &[
    "dear",
    "hi",
    "hello",
    "hey",
    "good morning",
    "good afternoon",
    "good evening",
    "hallo",
    "liebe",
    "lieber",
    "guten morgen",
    "guten tag",
    "sehr geehrte",
    "sehr geehrter",
    "bonjour",
    "cher",
    "chère",
    "hola",
    "estimado",
    "estimada",
    "buenos días",
    "buenas tardes",
    "gentile",
    "caro",
    "cara",
    "beste",
    "geachte",
    "prezado",
    "prezada",
];

/// Says whether a text is a salutation and nothing more: "Dear Anna," above commands is no message.
pub fn is_greeting(text: &str) -> bool {
    let line = text.trim();
    if line.len() > 80 || line.contains('\n') || !line.ends_with([',', '!', ':', '-', '–']) {
        return false;
    }
    let greeted = GREETINGS.iter().filter_map(|g| line.to_lowercase().starts_with(g).then(|| line.get(g.len()..))?);
    let is_name =
        |word: &str| word.starts_with(|c: char| c.is_uppercase() || matches!(c, '&' | ',' | '!' | ':' | '-' | '–'));
    let mut names =
        greeted.map(|rest| !rest.starts_with(char::is_alphanumeric) && rest.split_whitespace().all(is_name));
    names.any(|all| all)
}

/// "Yes, happy to", "I can't make it": what people say who answer an invitation.
pub fn reads_like_an_answer(text: &str) -> bool {
    const SAID: [&str; 12] = [
        "attend",
        "be there",
        "make it",
        "join",
        "teilnehm",
        "dabei sein",
        "komme",
        "je serai",
        "je viendrai",
        "particip",
        "asistir",
        "estaré",
    ];
    const FIRST: [&str; 9] = ["accepted", "declined", "confirmed", "sure", "yep", "ok", "okay", "gerne", "claro"];
    let lower = text.to_lowercase();
    let first = lower.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty()).unwrap_or_default();
    let answers = Verb::of(first).is_some_and(|verb| matches!(verb, Verb::Yes | Verb::No | Verb::Maybe));
    answers || FIRST.contains(&first) || SAID.iter().any(|said| lower.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_salutation_is_one_and_a_sentence_is_none() {
        for text in [
            "Dear Anna,",
            "Hi,",
            "Hello Ms Smith!",
            "Guten Tag,",
            "Sehr geehrte Frau Smith,",
            "Bonjour Anna,",
            "Good morning Anna,",
        ] {
            assert!(is_greeting(text), "{text}");
        }
        for text in ["Dear Anna, see page 3,", "Hi Anna", "Dear Anna,\nno.", "Hide it,", "Hi all done,", "Hello?", ""] {
            assert!(!is_greeting(text), "{text}");
        }
    }

    #[test]
    fn thanks_are_thanks_in_four_languages() {
        for text in [
            "Thanks!",
            "thank you",
            "Thank you very much.",
            "Many thanks",
            "Thanks so much for your help!",
            "Great, thanks",
            "Perfect – thank you",
            "OK",
            "Got it, thanks!",
            "Cheers",
            "Much appreciated",
            "👍",
            "👍🏽",
            "Thanks 🙏",
            "Danke!",
            "Vielen Dank",
            "Herzlichen Dank und besten Dank",
            "Danke schön",
            "Merci beaucoup",
            "Merci pour tout",
            "Muchas gracias",
            "Mil gracias",
        ] {
            assert!(is_pleasantry(text), "{text}");
        }
    }

    #[test]
    fn anything_with_substance_is_a_message() {
        for text in [
            "Thanks, but the date is wrong",
            "Thanks. Monday then",
            "No thanks",
            "Thanks, no",
            "Thank you, I accept",
            "thanks?",
            "yes",
            "#done",
            "Thanks 3.5",
            "Nein danke",
            "Non merci",
            "",
            "   ",
            "you",
            "for the help",
            "We have a conflict",
        ] {
            assert!(!is_pleasantry(text), "{text}");
        }
    }

    #[test]
    fn what_reads_like_an_answer_to_an_invitation_is_told_from_other_words() {
        for text in
            ["Yes, happy to", "I can't make it", "Accepted, thanks", "Ich komme gern", "Oui, volontiers", "Sure!"]
        {
            assert!(reads_like_an_answer(text), "{text}");
        }
        for text in ["Which court is it?", "Please send the bundle", "Thanks", ""] {
            assert!(!reads_like_an_answer(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = is_pleasantry(&text);
        }
    }
}
