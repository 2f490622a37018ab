//! The end-to-end tests: real servers on 127.0.0.1, real mail, one binary so that the servers start once.

mod calendar;
mod cli;
mod complaints;
mod architecture;
mod attacks;
mod threats;
#[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "the tests of crashes need the crash points"))]
mod checker;
mod coverage;
mod demo;
mod faces;
mod files;
#[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "the tests of crashes need the crash points"))]
mod gateway;
mod fuzz;
mod genuine;
mod golden;
mod language;
#[cfg(feature = "crash-points")]
mod mailroom;
#[cfg(feature = "crash-points")]
mod power;
#[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "the tests of crashes need the crash points"))]
mod recorder;
mod scenes;
mod secrecy;
mod servers;
mod sharing;

#[cfg(feature = "crash-points")]
mod crash;
#[cfg(feature = "crash-points")]
mod faults;
#[cfg(feature = "crash-points")]
mod sweep;
mod clients;
mod e2e_border;
mod e2e_daemon;
mod e2e_life;
mod e2e_mail;
mod e2e_people;
mod e2e_strangers;
mod imap;
mod servers_selftest;
