//! One fuzzer for all targets: the environment variable `TARGET` says which.
#![no_main]

use std::sync::LazyLock;

#[path = "../targets.rs"]
mod targets;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let wanted = std::env::var("TARGET").expect("TARGET names what is fuzzed");
    *targets::TARGETS.iter().find(|(name, _)| *name == wanted).expect("a name in fuzz/targets.rs")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.1(bytes));
