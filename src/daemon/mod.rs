//! What runs for ever (to come: intake, sender, ticker).

pub mod systemd;
