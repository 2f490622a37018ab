//! What the readers of durations and dates have in common: patterns, and where a typed form ends. Decides nothing.

use regex::Regex;

/// Compiles a pattern of this program; case never matters in what lawyers type.
#[expect(clippy::expect_used, reason = "the patterns are constants and every one is compiled by a test")]
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?i){text}")).expect("a valid pattern")
}

/// Says whether a typed form may end before `rest`: at a blank, at the end, or at punctuation that is followed by one.
pub(super) fn ends_here(rest: &str) -> bool {
    let after = rest.trim_start_matches(['.', ',', ';', ':', '!', '?', ')', '*']);
    after.is_empty() || after.starts_with(char::is_whitespace)
}

/// The length of what `found` matched at the start of `text`, if a typed form may end there.
pub(super) fn whole(text: &str, found: &regex::Captures<'_>) -> Option<usize> {
    let end = found.get(0)?.end();
    ends_here(text.get(end..)?).then_some(end)
}

/// The number in a group of digits, if the group took part.
pub(super) fn number<T: std::str::FromStr>(found: &regex::Captures<'_>, group: usize) -> Option<T> {
    found.get(group)?.as_str().parse().ok()
}
