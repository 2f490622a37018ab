//! How and when to be told.

use super::super::command::Request;
use super::Run;
use crate::store::Result;

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
