//! The end-to-end tests: real servers on 127.0.0.1, real mail, one binary so that the servers start once.

mod cli;
mod complaints;
mod architecture;
mod attacks;
#[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "the tests of crashes need the crash points"))]
mod checker;
mod demo;
mod faces;
#[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "the tests of crashes need the crash points"))]
mod gateway;
mod golden;
mod servers;
mod sharing;

#[cfg(feature = "crash-points")]
mod crash;
mod e2e_daemon;
mod e2e_mail;
mod e2e_people;
mod e2e_strangers;
mod imap;
mod servers_selftest;
