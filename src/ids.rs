//! The only user of randomness.

/// `N` bytes from the operating system's generator; the program can't go on safely without, so it stops if there are none.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}
