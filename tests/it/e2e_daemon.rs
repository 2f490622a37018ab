//! The daemon among its servers: killed servers, signals, a second daemon, ways to log in.
