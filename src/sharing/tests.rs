//! Row by row, and for all facts.
