//! How far a mailbox is taken in: a set of UIDs under one UIDVALIDITY, never a maximum (decisions.md 41). Pure. A mail
//! that arrives late, is skipped or fails keeps its place until it is known.

use std::collections::BTreeMap;

/// Whether the UIDs known so far still mean the same mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// They do.
    Same,
    /// The server counts anew, or doesn't say that it does not: nothing is known, everything is to be looked at again.
    Renumbered,
}

/// The UIDs of one mailbox that are known to the ledger, and from which one on to look for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    uid_validity: Option<u32>,
    known: UidSet,
    /// Below this one every UID is known, or was not there when the mailbox was last listed.
    floor: u32,
}

impl Cursor {
    /// Gives a cursor for UIDs that the ledger already holds under this UIDVALIDITY.
    pub fn new(uid_validity: Option<u32>, known: impl IntoIterator<Item = u32>) -> Cursor {
        let mut set = UidSet::default();
        known.into_iter().for_each(|uid| set.insert(uid));
        Cursor { uid_validity, known: set, floor: 1 }
    }

    /// Gives the UIDVALIDITY under which the known UIDs are valid.
    pub fn uid_validity(&self) -> Option<u32> {
        self.uid_validity
    }

    /// Takes notice of what a SELECT said. A changed or missing UIDVALIDITY empties the cursor, and so does a UIDNEXT that
    /// is missing or not beyond every UID that was seen: a server that was rolled back gives its UIDs to other mails.
    pub fn adopt(&mut self, uid_validity: Option<u32>, uid_next: Option<u32>) -> Continuity {
        let is_same = uid_validity.is_some() && uid_validity == self.uid_validity;
        let is_beyond = |next: u32| next >= self.floor && self.known.last().is_none_or(|last| next > last);
        if is_same && uid_next.is_some_and(is_beyond) {
            return Continuity::Same;
        }
        *self = Cursor::new(uid_validity, []);
        Continuity::Renumbered
    }

    /// Notes that the ledger holds this UID.
    pub fn insert(&mut self, uid: u32) {
        self.known.insert(uid);
    }

    /// Tells whether the ledger holds this UID.
    pub fn contains(&self, uid: u32) -> bool {
        self.known.contains(uid)
    }

    /// Gives the lowest UID that may be missing, which is at least 1.
    pub fn floor(&self) -> u32 {
        self.floor.max(1)
    }

    /// Gives those of the listed UIDs that are not known, in order, each once. (A server answers `n:*` with the last
    /// mail even if that is below `n`.)
    pub fn unknown(&self, listed: &[u32]) -> Vec<u32> {
        let mut unknown: Vec<u32> =
            listed.iter().copied().filter(|uid| *uid >= self.floor() && !self.contains(*uid)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Takes notice of a listing from `floor` to the end that was answered whole: since UIDs only grow, what was not in
    /// it below its highest will never come.
    pub fn listed(&mut self, listed: &[u32]) {
        let first_unknown = self.unknown(listed).first().copied();
        let after_last = listed.iter().max().map(|last| last.saturating_add(1));
        self.floor = first_unknown.or(after_last).unwrap_or(self.floor).max(self.floor());
    }
}

/// A set of UIDs as ranges, since nearly all of them follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct UidSet(BTreeMap<u32, u32>);

impl UidSet {
    fn contains(&self, uid: u32) -> bool {
        self.0.range(..=uid).next_back().is_some_and(|(_, last)| uid <= *last)
    }

    fn last(&self) -> Option<u32> {
        self.0.last_key_value().map(|(_, last)| *last)
    }

    fn insert(&mut self, uid: u32) {
        if self.contains(uid) {
            return;
        }
        let touches = |(first, last): (&u32, &u32)| (last.checked_add(1) == Some(uid)).then_some(*first);
        let first = self.0.range(..uid).next_back().and_then(touches).unwrap_or(uid);
        let last = uid.checked_add(1).and_then(|next| self.0.remove(&next)).unwrap_or(uid);
        self.0.insert(first, last);
    }
}

/// Writes UIDs, which must be in order, as IMAP's sequence set: `4,7:9`.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut set = UidSet::default();
    uids.iter().for_each(|uid| set.insert(*uid));
    let range = |(first, last): (&u32, &u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
    set.0.iter().map(range).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_mail_that_was_skipped_is_listed_until_it_is_known() {
        let mut cursor = Cursor::new(Some(7), [1, 2, 4]);
        cursor.listed(&[1, 2, 3, 4, 5]);
        assert_eq!(cursor.floor(), 3);
        cursor.insert(5);
        cursor.listed(&[3, 4, 5]);
        assert_eq!((cursor.floor(), cursor.unknown(&[3, 4, 5])), (3, vec![3]));
        cursor.insert(3);
        cursor.listed(&[3, 4, 5]);
        assert_eq!(cursor.floor(), 6);
    }

    #[test]
    fn the_last_mail_which_a_server_gives_for_an_empty_range_is_not_new() {
        let mut cursor = Cursor::new(Some(7), [9]);
        cursor.listed(&[9]);
        assert_eq!(cursor.floor(), 10);
        assert!(cursor.unknown(&[9]).is_empty());
        cursor.listed(&[9]);
        assert_eq!(cursor.floor(), 10);
    }

    #[test]
    fn f23_a_changed_decreased_or_absent_uidvalidity_forgets_everything() {
        for after in [Some(8), Some(6), None] {
            let mut cursor = Cursor::new(Some(7), [1, 2]);
            assert_eq!(cursor.adopt(after, Some(3)), Continuity::Renumbered);
            assert_eq!(cursor.unknown(&[1, 2]), [1, 2]);
            assert_eq!(cursor.uid_validity(), after);
        }
        let mut never_said = Cursor::new(None, [1]);
        assert_eq!(never_said.adopt(None, None), Continuity::Renumbered);
    }

    #[test]
    fn f24_a_uidnext_that_is_missing_or_not_beyond_all_known_uids_forgets_everything() {
        for next in [None, Some(1), Some(2), Some(3)] {
            let mut cursor = Cursor::new(Some(7), [1, 3]);
            assert_eq!(cursor.adopt(Some(7), Some(4)), Continuity::Same);
            assert_eq!(cursor.unknown(&[1, 2, 3]), [2]);
            assert_eq!(cursor.adopt(Some(7), next), Continuity::Renumbered);
            assert_eq!((cursor.floor(), cursor.unknown(&[1, 2, 3])), (1, vec![1, 2, 3]));
        }
        // What was listed counts, even if it is not known.
        let mut cursor = Cursor::new(Some(7), [1]);
        cursor.listed(&[1]);
        assert_eq!((cursor.floor(), cursor.adopt(Some(7), Some(2))), (2, Continuity::Same));
        assert_eq!((cursor.adopt(Some(7), Some(1)), cursor.floor()), (Continuity::Renumbered, 1));
    }

    #[test]
    fn the_highest_uid_there_is_does_no_harm() {
        let mut cursor = Cursor::new(Some(1), [u32::MAX - 1]);
        cursor.insert(u32::MAX);
        cursor.listed(&[u32::MAX]);
        assert!(cursor.contains(u32::MAX) && cursor.unknown(&[u32::MAX]).is_empty());
    }

    #[test]
    fn uids_that_follow_each_other_are_written_as_ranges() {
        assert_eq!(uid_set(&[1, 2, 3, 5, 9, 10]), "1:3,5,9:10");
        assert_eq!(uid_set(&[]), "");
    }

    proptest! {
        #[test]
        fn the_set_knows_what_was_put_in_and_nothing_else(uids in prop::collection::vec(0u32..60, 0..80)) {
            let mut set = UidSet::default();
            uids.iter().for_each(|uid| set.insert(*uid));
            let model: BTreeSet<u32> = uids.into_iter().collect();
            for uid in 0..62 {
                prop_assert_eq!(set.contains(uid), model.contains(&uid));
            }
            let ends: Vec<(u32, u32)> = set.0.into_iter().collect();
            prop_assert!(ends.windows(2).all(|w| w[0].1 + 1 < w[1].0), "neighbours are joined: {:?}", ends);
        }

        /// Mails arrive, go, are fetched in any order and fail to be; none that stays is ever overlooked.
        #[test]
        fn no_mail_is_ever_overlooked(steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 1..120)) {
            let mut cursor = Cursor::new(Some(1), []);
            let (mut mailbox, mut next, mut known) = (BTreeSet::new(), 1u32, BTreeSet::new());
            for (what, which) in steps {
                let some = |set: &BTreeSet<u32>| (!set.is_empty()).then(|| *set.iter().nth(which.index(set.len())).unwrap());
                match what {
                    0 => { mailbox.insert(next); next += 1; }
                    1 => if let Some(uid) = some(&mailbox) { mailbox.remove(&uid); },
                    2 => if let Some(uid) = some(&mailbox) { cursor.insert(uid); known.insert(uid); },
                    _ => {
                        let listed: Vec<u32> = mailbox.iter().copied().filter(|u| *u >= cursor.floor()).collect();
                        cursor.listed(&listed);
                    }
                }
                let missing: Vec<u32> = mailbox.difference(&known).copied().collect();
                let all: Vec<u32> = mailbox.iter().copied().collect();
                prop_assert_eq!(cursor.unknown(&all), missing);
            }
        }
    }
}
