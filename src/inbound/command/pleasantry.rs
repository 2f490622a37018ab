//! "Thanks!" and its like: a reply comes in, and whether it says nothing more goes out (decisions.md 19). When in doubt
//! it says something: then it is a message.

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = is_pleasantry(&text);
        }
    }
}
