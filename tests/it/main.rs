//! The end-to-end tests: real servers on 127.0.0.1, real mail, one binary so that the servers start once.

mod architecture;
mod demo;
mod golden;
mod servers;

mod imap;
mod servers_selftest;
