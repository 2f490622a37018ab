//! Ids that the firm's things have in other systems, so that a second import changes what the first one added.

use super::{Result, Snapshot, Tx};
use crate::domain::FirmId;

impl Snapshot<'_> {
    /// The row that has this id in another system; `kind` says in which table: `person`, `matter`, `task` …
    pub fn external(&self, firm: FirmId, source: &str, kind: &str, external: &str) -> Result<Option<i64>> {
        self.one(
            "SELECT item_id FROM external_ids WHERE firm_id = ?1 AND source = ?2 AND kind = ?3 AND external = ?4",
            (firm.0, source, kind, external),
            |r| r.get(0),
        )
    }
}

impl Tx<'_> {
    /// Says which row has this id in another system; one said before is replaced.
    pub fn set_external(&self, firm: FirmId, source: &str, kind: &str, external: &str, row: i64) -> Result<()> {
        self.run(
            "INSERT INTO external_ids (firm_id, source, kind, external, item_id) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET item_id = excluded.item_id",
            (firm.0, source, kind, external, row),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;

    #[test]
    fn an_id_of_another_system_names_one_row_of_one_firm() {
        let s = Sample::new();
        let (firm, other) = (s.firm, s.other_firm);
        s.write(move |tx| tx.set_external(firm, "clio", "task", "77", 1));
        s.write(move |tx| tx.set_external(firm, "clio", "task", "77", 2));
        assert_eq!(s.read(|r| r.external(firm, "clio", "task", "77")), Some(2));
        assert_eq!(s.read(|r| r.external(firm, "clio", "matter", "77")), None);
        assert_eq!(s.read(|r| r.external(other, "clio", "task", "77")), None);
    }
}
