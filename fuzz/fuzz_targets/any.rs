//! One fuzzer for all targets: the environment variable `TARGET` says which.
#![no_main]

use std::sync::LazyLock;

#[path = "../targets.rs"]
mod targets;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    // The fuzzer's own hook ends it at any panic, also at one of the parser's that is caught where the parser is called.
    // One that nobody catches still ends it.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let wanted = std::env::var("TARGET").expect("TARGET names what is fuzzed");
    *targets::TARGETS.iter().find(|(name, _)| *name == wanted).expect("a name in fuzz/targets.rs")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.1(bytes));
