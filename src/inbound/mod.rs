//! One mail, from bytes to receipt; one file per step, in the order they run.

pub mod parse;
pub mod screen;
pub mod extract;
pub mod command;
