//! What holds for all stores.
