//! How many mails are read in a second on one core: the sample mails come in, their rates go out, first of the parser alone,
//! then of parser, classes and extraction together, and the mail that takes longest. `cargo bench --bench reading` runs it;
//! further folders or mails may be named behind `--`. It judges nothing.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use docketpost::inbound::extract::extract;
use docketpost::inbound::parse::parse;
use docketpost::inbound::screen::{OwnMarks, screen};

/// How long each measure runs.
const LONG: Duration = Duration::from_secs(3);
const SLOWEST: usize = 5;

fn main() {
    // Cargo adds a flag of its own.
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).filter(|a| a != "--bench").map(PathBuf::from).collect();
    if folders.is_empty() {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mail"));
    }
    let mails = mails(&folders);
    let bytes: usize = mails.iter().map(|(_, m)| m.len()).sum();
    println!("{} mails, {} bytes on average", mails.len(), bytes / mails.len().max(1));
    let parsed = rate("parse", &mails, |mail| {
        black_box(parse(mail));
    });
    let screened = rate("parse, screen", &mails, |mail| {
        let mail = parse(mail);
        black_box(screen(&mail, &OwnMarks::default()));
    });
    let read = rate("parse, screen, extract", &mails, all);
    println!(
        "together {:.1} times as long as parse alone; screen is {:.0} %, extract {:.0} %",
        parsed / read,
        100.0 * (1.0 / screened - 1.0 / parsed) * read,
        100.0 * (1.0 / read - 1.0 / screened) * read
    );
    for (time, name) in slowest(&mails) {
        println!("{:>10.3} ms  {name}", time.as_secs_f64() * 1000.0);
    }
}

fn all(mail: &[u8]) {
    let mail = parse(mail);
    black_box(screen(&mail, &OwnMarks::default()));
    black_box(extract(&mail));
}

fn mails(folders: &[PathBuf]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = folders.to_vec();
    let mut mails = Vec::new();
    while let Some(file) = files.pop() {
        if let Ok(entries) = std::fs::read_dir(&file) {
            files.extend(entries.flatten().map(|e| e.path()));
        } else if file.extension().is_some_and(|e| e == "eml") {
            mails.push((file.clone(), std::fs::read(&file).expect("a mail that is there")));
        }
    }
    mails.sort();
    mails
}

/// Mails in a second, over whole rounds.
fn rate(what: &str, mails: &[(PathBuf, Vec<u8>)], read: impl Fn(&[u8])) -> f64 {
    let round = || mails.iter().for_each(|(_, mail)| read(mail));
    // Patterns are compiled at their first use.
    round();
    let (begin, mut rounds) = (Instant::now(), 0u32);
    while begin.elapsed() < LONG {
        round();
        rounds += 1;
    }
    let rate = f64::from(rounds) * mails.len() as f64 / begin.elapsed().as_secs_f64();
    println!("{rate:>10.0} mails/s  {what}");
    rate
}

fn slowest(mails: &[(PathBuf, Vec<u8>)]) -> Vec<(Duration, String)> {
    let time = |mail: &[u8]| {
        let begin = Instant::now();
        all(mail);
        begin.elapsed()
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut times: Vec<_> = mails.iter().map(|(p, m)| (time(m).min(time(m)), name(p))).collect();
    times.sort_by(|a, b| b.cmp(a));
    times.truncate(SLOWEST);
    times
}
