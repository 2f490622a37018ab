//! Lists and look-ups: the question is noted here, and answered when the receipt leaves, from what is shared then.

use super::super::command::Request;
use super::Run;
use crate::store::Result;

impl Run<'_> {
    /// Any verb that changes nothing.
    pub(super) fn look(&mut self, _request: &Request) -> Result<()> {
        Ok(())
    }
}
