//! Constant patterns: a source comes in, a compiled, case-insensitive, linear-time pattern comes out.

use regex::{Regex, RegexBuilder};

/// Compiles a pattern that is a constant of this program; case is ignored.
#[expect(clippy::expect_used, reason = "the sources are constants and the tests compile each of them")]
pub fn pattern(source: &str) -> Regex {
    RegexBuilder::new(source).case_insensitive(true).build().expect("a constant pattern compiles")
}
