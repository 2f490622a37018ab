//! The nouns of the law office and of mail, without I/O (spec: model.md).

pub mod address;
pub mod card;
pub mod cell;
pub mod dates;
pub mod duration;
pub mod item;
pub mod leap;
pub mod likeness;
pub mod rate;
pub mod recurrence;
pub mod row;
pub mod token;
pub mod utbms;
pub mod zones;
mod scan;

pub use address::Address;
pub use item::{ItemId, Kind};
pub use row::{FirmId, IdentityId, InboxId, Item, OutboxId, PersonId, ThreadId};
