//! Answers to an invitation.

use super::Run;
use crate::store::Result;

impl Run<'_> {
    /// `#accept`, `#decline`, or anything else.
    pub(super) fn answer_invitation(&mut self) -> Result<()> {
        Ok(())
    }
}
