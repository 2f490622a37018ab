//! (to come)

pub mod signer;
pub mod zone;
#[cfg(test)]
mod signed_mail_tests;
