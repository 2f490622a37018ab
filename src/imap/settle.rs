//! Tidying away what is stored: many mails moved by one command, or marked with a keyword. Cosmetics: the ledger, not
//! the mailbox, says what is done. No mail but the named ones is ever removed.

use super::{
    ImapError, Session,
    command::{mailbox_name, short},
    cursor::uid_set,
    has_code,
};

/// How many mails go into one command, so that its line stays short.
const AT_ONCE: usize = 500;

impl Session {
    /// Moves these mails to another folder, which is made if it is missing. Mails that are gone are no error. Without
    /// MOVE they are copied, marked as deleted and, where that can be done for them alone, removed.
    pub async fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), ImapError> {
        for uids in uids.chunks(AT_ONCE) {
            let set = uid_set(uids);
            let to_folder = format!("{set} {}", mailbox_name(folder));
            let verb = if self.can("MOVE") { "UID MOVE" } else { "UID COPY" };
            match self.command(verb, &to_folder, 0, |_| {}).await {
                Err(ImapError::No { text, .. }) if may_be_missing(&text) => {
                    self.command("CREATE", &mailbox_name(folder), 0, |_| {}).await?;
                    self.command(verb, &to_folder, 0, |_| {}).await?;
                }
                done => drop(done?),
            }
            if verb == "UID COPY" {
                self.remove(&set).await?;
            }
        }
        Ok(())
    }

    /// Marks these mails with a keyword, such as `$DocketpostStored`.
    pub async fn mark(&mut self, uids: &[u32], keyword: &str) -> Result<(), ImapError> {
        let is_atom = !keyword.is_empty() && keyword.bytes().all(|b| b.is_ascii_alphanumeric() || b"$_-.".contains(&b));
        if !is_atom {
            return Err(ImapError::Bad { command: "UID STORE", text: format!("{} is no keyword", short(keyword)) });
        }
        for uids in uids.chunks(AT_ONCE) {
            let line = format!("{} +FLAGS.SILENT ({keyword})", uid_set(uids));
            self.command("UID STORE", &line, 0, |_| {}).await?;
        }
        Ok(())
    }

    async fn remove(&mut self, set: &str) -> Result<(), ImapError> {
        self.command("UID STORE", &format!("{set} +FLAGS.SILENT (\\Deleted)"), 0, |_| {}).await?;
        // A plain EXPUNGE would also remove what others have marked.
        if self.can("UIDPLUS") {
            self.command("UID EXPUNGE", set, 0, |_| {}).await?;
        }
        Ok(())
    }
}

/// Whether a refusal may mean that the folder is not there; some servers say so in words only.
fn may_be_missing(text: &str) -> bool {
    let other = ["[OVERQUOTA]", "[NOPERM]", "[LIMIT]", "[INUSE]", "[UNAVAILABLE]", "[EXPUNGEISSUED]", "[CANNOT]"];
    !other.iter().any(|code| has_code(text, code))
}
