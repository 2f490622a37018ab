//! How and when to be told.

use super::super::command::Request;
use super::Run;
use crate::outbound::letter::Line;
use crate::store::Result;
use crate::store::people::Receipts;

/// Whether a receipt is sent.
pub fn wants_receipt(lines: &[Line], _receipts: Receipts) -> bool {
    !lines.is_empty()
}

impl Run<'_> {
    /// `#digest`, `#receipts`, `#notify`, `#stop`, `#timezone`.
    pub(super) fn wish(&mut self, _request: &Request) -> Result<()> {
        Ok(())
    }

    /// `#confirm CODE`.
    pub(super) fn confirm(&mut self, _request: &Request) -> Result<()> {
        Ok(())
    }
}
