//! What people read is whole in every language: each sentence that the source says is read out of `src/`, and compared with
//! the catalogues.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use docketpost::language::{Entry, Locale, catalogue};
use regex::Regex;

/// One use of `say!`, `count!` or `sentence!`.
struct Said {
    file: String,
    /// The English; of what is counted the form for several.
    sentence: String,
    /// The form for one of what is counted.
    one: Option<String>,
    /// The places that are given, none for what stands in a table.
    given: Option<BTreeSet<String>>,
}

/// The text of every source file without its unit tests and comments.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && !name.ends_with("world.rs") {
                let whole = std::fs::read_to_string(&path).unwrap();
                let code = whole.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
                let lines = code.lines().filter(|l| !l.trim_start().starts_with("//"));
                found.push((name, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    found.sort();
    found
}

/// The length of the string or character that begins here; 0 if none does.
fn literal_at(text: &str) -> usize {
    if let Some(rest) = text.strip_prefix('"') {
        let mut escaped = false;
        for (at, c) in rest.char_indices() {
            match c {
                '"' if !escaped => return at + 2,
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
    }
    if !text.starts_with('\'') {
        return 0;
    }
    static CHARACTER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^'(?:\\u\{[0-9a-f]+\}|\\.|[^'\\])'").unwrap());
    CHARACTER.find(text).map_or(0, |m| m.end())
}

/// The arguments of a macro whose opening bracket was passed, and the bytes up to its closing one.
fn arguments(text: &str) -> (Vec<String>, usize) {
    let (mut all, mut depth, mut start, mut at) = (Vec::new(), 0, 0, 0);
    while at < text.len() {
        let literal = literal_at(&text[at..]);
        if literal > 0 {
            at += literal;
            continue;
        }
        let c = text[at..].chars().next().unwrap();
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                all.push(text[start..at].trim().to_owned());
                return (all.into_iter().filter(|a| !a.is_empty()).collect(), at);
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    panic!("a macro has no end: {text}");
}

/// The text of a string as the compiler reads it.
fn unquoted(literal: &str) -> Option<String> {
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    Some(inside.replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\"))
}

fn places(sentence: &str) -> BTreeSet<String> {
    Regex::new(r"\{([a-z_]+)\}").unwrap().captures_iter(sentence).map(|c| c[1].to_owned()).collect()
}

/// Every sentence of the source, and the source without what says them.
fn said() -> (Vec<Said>, Vec<(String, String)>) {
    let calls = Regex::new(r"\b(say|count|sentence)!\(").unwrap();
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    for (file, code) in sources() {
        let (mut left, mut bare) = (code, String::new());
        while let Some(call) = calls.captures(&left) {
            let whole = call.get(0).unwrap();
            bare.push_str(&left[..whole.start()]);
            let after = &left[whole.end()..];
            let (arguments, end) = arguments(after);
            let (first, counted) = match &call[1] {
                "sentence" => (0, false),
                "say" => (1, false),
                _ => (2, true),
            };
            let literals: Vec<String> = arguments.iter().skip(first).map_while(|a| unquoted(a)).collect();
            let given = arguments.iter().skip(first + literals.len());
            let given: BTreeSet<String> = given.map(|a| a.split('=').next().unwrap().trim().to_owned()).collect();
            // The macros' own definitions have no text in them.
            match literals.as_slice() {
                [one, sentence] if counted => found.push(Said {
                    file: file.clone(),
                    sentence: sentence.clone(),
                    one: Some(one.clone()),
                    given: Some(given),
                }),
                [sentence] if !counted => found.push(Said {
                    file: file.clone(),
                    sentence: sentence.clone(),
                    one: None,
                    given: (first == 1).then_some(given),
                }),
                _ => assert!(file == "language/mod.rs", "{file}: a sentence is no text: {arguments:?}"),
            }
            // What is put into places may say something itself.
            let values: Vec<&str> = arguments.iter().skip(first + literals.len()).map(String::as_str).collect();
            left = format!("{}{}", values.join(", "), &after[end..]);
        }
        bare.push_str(&left);
        rest.push((file, bare));
    }
    (found, rest)
}

#[test]
fn every_place_of_a_sentence_is_filled_and_nothing_else_is_given() {
    let (all, _) = said();
    assert!(all.len() > 300, "only {} sentences were found", all.len());
    for Said { file, sentence, one, given } in all {
        let Some(mut given) = given else { continue };
        let mut wanted = places(&sentence);
        if let Some(one) = one {
            // Both forms may leave the number itself to what they list.
            given.insert("n".into());
            wanted.insert("n".into());
            wanted.extend(places(&one));
        }
        assert_eq!(wanted, given, "{file}: {sentence:?}");
    }
}

#[test]
fn every_sentence_is_in_every_catalogue_with_the_same_places() {
    let used: BTreeMap<String, bool> = said().0.into_iter().map(|s| (s.sentence, s.one.is_some())).collect();
    let mut wrong = Vec::new();
    for locale in Locale::ALL {
        let (name, entries) = (locale.word(), catalogue(locale));
        wrong.extend(entries.keys().filter(|e| !used.contains_key(*e)).map(|e| format!("{name}: nothing says {e:?}")));
        for (sentence, counted) in &used {
            let Some(entry) = entries.get(sentence) else {
                if !locale.is_english() {
                    wrong.push(format!("{name} lacks {sentence:?}"));
                }
                continue;
            };
            let has = |form: &str| matches!(entry, Entry::Forms(forms) if forms.contains_key(form));
            if *counted && !(has("one") && has("other")) {
                wrong.push(format!("{name}: {sentence:?} needs `one` and `other`"));
            }
            for form in entry.sentences() {
                let (mut wanted, mut got) = (places(sentence), places(form));
                if *counted {
                    wanted.remove("n");
                    got.remove("n");
                }
                if wanted != got {
                    wrong.push(format!("{name}: {form:?} has not the places of {sentence:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nothing_that_people_read_is_said_without_its_translation() {
    let prose = Regex::new(r"[A-Za-z]{2,},? [a-z]{2,}|^[A-Z][a-z]{2,}").unwrap();
    let homes = ["outbound/templates/", "outbound/words.rs", "inbound/run/", "inbound/files.rs"];
    // What people write, to be recognised.
    let reads = ["inbound/run/attachments.rs"];
    // Not for people: what the log, the compiler and the operator of a broken store are told; a name in a file format.
    let elsewhere =
        ["Content(", "reason =", "error!(", "warn!(", "info!(", "expect(", "item.kind = ", "EncryptedPackage"];
    let mut bare = Vec::new();
    for (file, code) in said().1 {
        if !homes.iter().any(|home| file.starts_with(home)) || reads.contains(&file.as_str()) {
            continue;
        }
        let mut at = 0;
        while let Some(c) = code[at..].chars().next() {
            let literal = literal_at(&code[at..]);
            let text = unquoted(&code[at..at + literal]).unwrap_or_default();
            let line =
                |at: usize| code[..at].rsplit('\n').next().unwrap().to_owned() + code[at..].lines().next().unwrap();
            let is_for_people = prose.is_match(&text) && !text.starts_with("docketpost ");
            if is_for_people && !elsewhere.iter().any(|word| line(at).contains(word)) {
                bare.push(format!("{file}: {text:?}"));
            }
            at += literal.max(c.len_utf8());
        }
    }
    assert!(bare.is_empty(), "say these by `say!`, `count!` or `sentence!` (src/language/mod.rs): {bare:#?}");
}
