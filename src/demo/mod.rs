//! `docketpost demo`, and what the tests share with it: a firm, its people, the mails they send, the DNS that proves them.

pub mod letters;
pub mod office;
pub mod signer;
mod story;
pub mod zone;
#[cfg(test)]
mod signed_mail_tests;

pub use story::run;
