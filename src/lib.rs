//! docketpost is the gateway by which co-counsel work on a law firm's matters from their own mailbox:
//! a mail comes in, who wrote it is proved, what it says is read, what they may do is done, and the
//! answer goes out.
//!
//! ```text
//!  mailbox ─► daemon::intake ─► inbox (raw mail, staged) ─► proof ─► inbound::receive ─► one transaction
//!                                                                      │ resolve, command, actions ─ask─► sharing
//!                                                                      └► letters in the outbox
//!  co-counsel, the firm's people ◄─ SMTP ◄─ outbound::deliver (asks sharing again, composes) ◄┘
//! ```
//!
//! Invariants, as absences:
//!
//! 1. Only `store` knows SQL, only `imap` knows IMAP, only `smtp` knows SMTP, only `daemon` spawns tasks,
//!    only `clock` reads the clock, only `ids` uses randomness.
//! 2. Nothing leaves the program except as an outbox row; `check --border` alone sends a mail of its own, to the gateway.
//! 3. Nothing is shown or done to a person that `sharing` was not asked about.
//! 4. No mail takes effect twice, none takes effect in part, and none that was staged is without an outcome.
//! 5. No mail can fail to parse, stop the next one, or make anything slow.
//! 6. No machine and no unknown sender is ever answered.
//! 7. The network is never used while a transaction is open.
//! 8. No address, subject, body, token or password is logged.
//! 9. No money reaches co-counsel on a time entry: the type that renders for them has no field for it.
//! 10. Nothing of one firm can be reached from another: every key starts with the firm.
//!
//! The modules stand in reading order, and a module uses only modules declared below it
//! (`tests/it/architecture.rs` holds this).
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::todo,
        clippy::unimplemented,
        clippy::dbg_macro
    )
)]

#[cfg(all(feature = "crash-points", not(debug_assertions)))]
compile_error!("crash points are for the tests: build them with debug assertions, never for release");

pub mod cli;
pub mod admin;
pub mod demo;
pub mod daemon;
pub mod inbound;
pub mod digest;
pub mod actions;
pub mod outbound;
pub mod proof;
pub mod imap;
pub mod maildir;
pub mod smtp;
pub mod oauth;
pub mod scan;
pub mod tls;
pub mod store;
pub mod blobs;
pub mod sharing;
pub mod config;
pub mod domain;
pub mod language;
pub mod crash;
pub mod log;
pub mod ids;
pub mod clock;
