//! The targets of the fuzzers without a fuzzer: each is given the kept corpus, the sample mails, and what a structured
//! generator makes of pseudo-random choices, the same ones every time. Fuzzing proper is `tests/fuzz`.

use std::path::Path;

#[path = "../../fuzz/targets.rs"]
mod targets;

use crate::golden::{folder, sample, samples};

/// Numbers that look random and are the same every time (SplitMix64).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.next() % most;
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// What is kept for a target: inputs that once broke it, and those that reach far.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&place).unwrap_or_else(|e| panic!("{}: {e}", place.display()));
    let kept: Vec<Vec<u8>> = files.map(|e| std::fs::read(e.unwrap().path()).unwrap()).collect();
    assert!(!kept.is_empty(), "nothing is kept for {target}");
    kept
}

fn mails() -> Vec<Vec<u8>> {
    let complaints = std::fs::read_dir(folder().join("complaints")).unwrap().map(|e| e.unwrap().path());
    let complaints =
        complaints.filter(|p| p.extension().is_some_and(|e| e == "eml")).map(|p| std::fs::read(p).unwrap());
    samples().iter().map(|name| sample(name)).chain(complaints).collect()
}

/// Mails with some of their bytes changed, cut out or doubled.
fn damaged(stream: &mut Stream, mail: &[u8]) -> Vec<u8> {
    let mut bytes = mail.to_vec();
    for _ in 0..1 + stream.next() % 6 {
        let at = stream.next() as usize % bytes.len().max(1);
        let length = (stream.next() as usize % 40).min(bytes.len().saturating_sub(at));
        match stream.next() % 3 {
            0 if at < bytes.len() => bytes[at] = stream.next().to_le_bytes()[0],
            1 => drop(bytes.drain(at..at + length)),
            _ => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn no_target_breaks_on_its_corpus_on_the_samples_or_on_noise() {
    const NOISE: usize = 200;
    let mails = mails();
    let (mut kept, mut executions) = (0, 0);
    for (name, target) in targets::TARGETS {
        let corpus = corpus(name);
        corpus.iter().chain(&mails).for_each(|bytes| target(bytes));
        let mut stream = Stream(7);
        (0..NOISE).for_each(|_| target(&stream.bytes(300)));
        mails.iter().for_each(|mail| target(&damaged(&mut stream, mail)));
        kept += corpus.len();
        executions += corpus.len() + NOISE + 2 * mails.len();
    }
    println!(
        "fuzz: {kept} files of the corpus replayed, {} mails whole and damaged, {executions} executions over {} targets",
        mails.len(),
        targets::TARGETS.len()
    );
}

/// Nesting, counts and ambiguities, which small random inputs never reach.
#[test]
fn t51_no_built_mail_is_read_in_circles_or_breaks_the_reading() {
    const BUILT: usize = 600;
    let mut stream = Stream(51);
    (0..BUILT).for_each(|_| targets::structured_mail(&stream.bytes(400)));
    println!("built mails: {BUILT} generated and read");
}
