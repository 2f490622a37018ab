//! Constant patterns: a source comes in, a compiled, case-insensitive, linear-time pattern comes out.

use regex::{Regex, RegexBuilder};

/// What a pattern may keep of its automaton; beyond it the search is many times slower.
const DFA_BYTES: usize = 8 * 1024 * 1024;

/// Compiles a pattern that is a constant of this program; case is ignored. Word boundaries in it should be those of ASCII
/// (`(?-u:\b)`): the others are searched many times slower in text that is not ASCII.
#[expect(clippy::expect_used, reason = "the sources are constants and the tests compile each of them")]
pub fn pattern(source: &str) -> Regex {
    RegexBuilder::new(source)
        .case_insensitive(true)
        .dfa_size_limit(DFA_BYTES)
        .build()
        .expect("a constant pattern compiles")
}
