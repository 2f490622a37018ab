//! Keys of rows, one type each, so that a person can't be taken for a mail.

use serde::{Deserialize, Serialize};

use super::Kind;

macro_rules! row {
    ($(#[$doc:meta] $name:ident)+) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

row! {
    /// A law firm served by this store.
    FirmId
    /// A human with a mailbox, across firms.
    IdentityId
    /// Somebody as one firm knows them: a user of the firm or a contact.
    PersonId
    /// A mail that came in.
    InboxId
    /// A letter on its way out.
    OutboxId
    /// A reply address.
    ThreadId
}

/// One thing of a firm: what it is, and its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its row in the table of its kind.
    pub id: i64,
}

impl Item {
    /// The thing of this kind and row.
    pub const fn new(kind: Kind, id: i64) -> Item {
        Item { kind, id }
    }
}
