//! "Was this you?"

use jiff::Timestamp;

use crate::domain::{InboxId, PersonId};
use crate::store::firms::Firm;
use crate::store::{Result, Tx};

/// Asks the registered address.
pub fn challenge(
    _tx: &Tx<'_>,
    _firm: &Firm,
    _person: PersonId,
    _inbox: InboxId,
    _signer: Option<&str>,
    _now: Timestamp,
) -> Result<()> {
    Ok(())
}
