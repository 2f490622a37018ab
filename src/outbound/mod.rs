//! From what happened to a mail on the wire: a letter is queued in the transaction of its cause ([`letter`]), written in
//! words under the rights of the moment it leaves ([`templates`], [`page`]), made into a mail ([`compose`]) and handed to
//! the server ([`deliver`]). Nothing else sends.

pub mod backoff;
pub mod calendar;
pub mod compose;
pub mod deliver;
pub mod gateway;
pub mod letter;
pub mod page;
pub mod parcel;
pub mod preview;
pub mod pdf;
pub mod reader;
pub mod rows;
pub mod shared;
pub mod templates;
pub mod undelivered;
pub mod words;
