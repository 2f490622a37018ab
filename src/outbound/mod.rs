//! From what happened to a mail on the wire: a letter is queued in the transaction of its cause ([`letter`]), written in
//! words under the rights of the moment it leaves ([`templates`], [`page`]), made into a mail ([`compose`]) and handed to
//! the server ([`deliver`]). Nothing else sends.

pub mod backoff;
pub mod compose;
pub mod deliver;
pub mod gateway;
pub mod letter;
pub mod page;
pub mod reader;
pub mod shared;
pub mod templates;
pub mod words;
