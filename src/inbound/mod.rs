//! One mail, from bytes to receipt; one file per step, in the order they run.

pub mod limits;
pub mod parse;
pub mod names;
pub mod charset;
pub mod uuencode;
pub mod pattern;
pub mod screen;
pub mod bounce;
pub mod extract;
pub mod command;
pub mod resolve;
pub mod zip;
pub mod files;
pub mod run;
pub mod inspect;
