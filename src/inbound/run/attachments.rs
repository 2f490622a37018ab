//! Whether a text speaks of something attached to it, in the ways in which people write it in four languages. Only whole
//! phrases count: an exhibit that is "attached to the motion" is none of this mail's.

/// What people write of a file that comes with their mail.
const PHRASES: &[&str] = &[
    "see attached",
    "see the attached",
    "find attached",
    "find the attached",
    "attached please",
    "attached is",
    "attached are",
    "is attached.",
    "are attached.",
    "i attach ",
    "i am attaching",
    "i'm attaching",
    "i have attached",
    "i've attached",
    "we attach ",
    "we have attached",
    "as attached",
    "attached herewith",
    "find enclosed",
    "see enclosed",
    "enclosed please",
    "enclosed is",
    "enclosed are",
    "i enclose",
    "we enclose",
    "anbei",
    "im anhang",
    "in der anlage",
    "als anlage",
    "beigefügt",
    "angehängt",
    "ci-joint",
    "en pièce jointe",
    "en pièces jointes",
    "adjunto",
    "adjunta",
    "adjuntamos",
    "en anexo",
];

/// True if the text says that a file comes with it.
pub(super) fn are_spoken_of(text: &str) -> bool {
    let plain = text.to_lowercase().replace('’', "'");
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ") + ".";
    let begins_word = |at: usize| plain.get(..at).is_none_or(|b| !b.ends_with(char::is_alphanumeric));
    PHRASES.iter().any(|phrase| plain.match_indices(phrase).any(|(at, _)| begins_word(at)))
        || plain.trim_end_matches('.') == "attached"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_should_have_come_along_is_noticed_in_four_languages() {
        for text in [
            "Please see attached.",
            "Sorry for the delay, see\nattached",
            "I\u{2019}ve attached the brief.",
            "Enclosed please find our reply.",
            "Anbei der Entwurf.",
            "Der Entwurf ist im Anhang.",
            "Veuillez trouver ci-joint le projet.",
            "Le projet est en pièce jointe.",
            "Adjunto el escrito.",
        ] {
            assert!(are_spoken_of(text), "{text}");
        }
        for text in ["The exhibit attached to your motion is wrong.", "We are attached to this view.", "", "Wanbeist"] {
            assert!(!are_spoken_of(text), "{text}");
        }
    }
}
