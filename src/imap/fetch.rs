//! Mails by their UIDs: first all sizes, then many mails in one stream of answers, large ones in parts, and of those
//! beyond the limit the header alone. Only what was asked for is taken, once, and whole.

use super::{ImapError, Session, command::Answer, cursor::uid_set};
use crate::maildir::Content;
use imap_proto::{AttributeValue, MessageSection, SectionPath};
use jiff::{Timestamp, fmt::strtime};
use std::collections::{BTreeMap, BTreeSet};

/// How many sizes are asked for at once.
const SIZES: usize = 500;
/// How many mails come in one stream at most, and how many bytes.
const TOGETHER: usize = 50;
const TOGETHER_BYTES: u64 = 8 << 20;
/// How large the parts of a large mail are.
const PART: u64 = 1 << 20;
/// How much of the header of a mail beyond the limit is of interest.
const HEADER: u64 = 256 * 1024;

/// What is too large to be taken in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest mail, in bytes.
    pub mail: u64,
}

/// One mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its UID.
    pub uid: u32,
    /// When the server received it (INTERNALDATE), if that can be read; a hint, nothing more.
    pub received_at: Option<Timestamp>,
    /// Its size in bytes as the server counts it.
    pub size: u64,
    /// Its bytes, or what was taken of them.
    pub content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    uid: u32,
    size: u64,
    received_at: Option<Timestamp>,
}

impl Listed {
    fn with(self, content: Content) -> Fetched {
        Fetched { uid: self.uid, received_at: self.received_at, size: self.size, content }
    }
}

/// These mails in groups, each at most `most` bytes together or one mail, so that a group fits into memory.
pub(crate) fn groups<T: Clone>(mails: &[T], most: u64, size: impl Fn(&T) -> u64) -> Vec<Vec<T>> {
    let (mut groups, mut together) = (vec![Vec::new()], 0_u64);
    for mail in mails {
        let size = size(mail);
        together = together.saturating_add(size);
        match groups.last_mut() {
            Some(group) if group.is_empty() || together <= most => group.push(mail.clone()),
            _ => {
                groups.push(vec![mail.clone()]);
                together = size;
            }
        }
    }
    groups
}

/// One step of fetching a list of mails.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Together(Vec<Listed>),
    InParts(Listed),
    HeaderOnly(Listed),
}

impl Session {
    /// Gives each of these mails to `on`, lowest UID first as far as the server keeps to it, and returns the UIDs which
    /// the server did not give: mails that are gone. After an error, what `on` was given came whole, and the rest is to
    /// be asked for again, over a new connection and best one by one.
    pub async fn fetch(
        &mut self,
        uids: &[u32],
        limits: Limits,
        mut on: impl FnMut(Fetched),
    ) -> Result<Vec<u32>, ImapError> {
        let mut missing: BTreeSet<u32> = uids.iter().copied().collect();
        let listed = self.sizes(uids).await?;
        let mut give = |fetched: Fetched| {
            if missing.remove(&fetched.uid) {
                on(fetched);
            }
        };
        for step in plan(listed, limits) {
            match step {
                Step::Together(mails) => {
                    for mail in self.fetch_together(mails, limits, &mut give).await? {
                        self.fetch_header(mail, &mut give).await?;
                    }
                }
                Step::InParts(mail) => match self.fetch_parts(mail, limits).await? {
                    Parts::Whole(bytes) => give(mail.with(Content::Whole(bytes))),
                    Parts::TooLarge => self.fetch_header(mail, &mut give).await?,
                    Parts::Gone => {}
                },
                Step::HeaderOnly(mail) => self.fetch_header(mail, &mut give).await?,
            }
        }
        Ok(missing.into_iter().collect())
    }

    /// The same mails in `groups`.
    pub async fn grouped(&mut self, uids: &[u32], most: u64) -> Result<Vec<Vec<u32>>, ImapError> {
        if uids.len() < 2 {
            return Ok(vec![uids.to_vec()]);
        }
        let sizes: BTreeMap<u32, u64> = self.sizes(uids).await?.into_iter().map(|l| (l.uid, l.size)).collect();
        Ok(groups(uids, most, |uid| sizes.get(uid).copied().unwrap_or(0)))
    }

    /// The sizes and dates of those of these mails that are there, lowest UID first.
    async fn sizes(&mut self, uids: &[u32]) -> Result<Vec<Listed>, ImapError> {
        let mut found = BTreeMap::new();
        for uids in uids.chunks(SIZES) {
            let wanted: BTreeSet<u32> = uids.iter().copied().collect();
            let what = format!("{} (UID RFC822.SIZE INTERNALDATE)", uid_set(uids));
            let on = |answer: Answer<'_>| {
                if let Answer::Fetch(attributes) = answer
                    && let Some(listed) = size_in(&attributes).filter(|l| wanted.contains(&l.uid))
                {
                    found.insert(listed.uid, listed);
                }
            };
            self.command("UID FETCH", &what, 0, on).await?;
        }
        Ok(found.into_values().collect())
    }

    /// Gives those of these mails that are there, and returns those that turned out larger than the limit.
    async fn fetch_together(
        &mut self,
        mails: Vec<Listed>,
        limits: Limits,
        give: &mut impl FnMut(Fetched),
    ) -> Result<Vec<Listed>, ImapError> {
        let mut wanted: BTreeMap<u32, Listed> = mails.iter().map(|mail| (mail.uid, *mail)).collect();
        let mut too_large = Vec::new();
        let uids: Vec<u32> = wanted.keys().copied().collect();
        let announced = mails.iter().fold(0u64, |sum, mail| sum.saturating_add(mail.size));
        let on = |answer: Answer<'_>| {
            if let Answer::Fetch(attributes) = answer
                && let Some(bytes) = body_in(&attributes, None)
                && let Some(mail) = uid_in(&attributes).and_then(|uid| wanted.remove(&uid))
            {
                if bytes.len() as u64 > limits.mail {
                    too_large.push(mail);
                } else {
                    give(mail.with(Content::Whole(bytes.to_vec())));
                }
            }
        };
        let what = format!("{} (UID BODY.PEEK[])", uid_set(&uids));
        self.command("UID FETCH", &what, room_for(announced), on).await?;
        Ok(too_large)
    }

    async fn fetch_parts(&mut self, mail: Listed, limits: Limits) -> Result<Parts, ImapError> {
        let mut whole = Vec::new();
        loop {
            let offset = whole.len() as u64;
            let what = format!("{} (UID BODY.PEEK[]<{offset}.{PART}>)", mail.uid);
            let Some(part) = self.fetch_part(mail.uid, &what, offset).await? else {
                return if whole.is_empty() { Ok(Parts::Gone) } else { Err(ImapError::Nonsense("half a mail")) };
            };
            let length = part.len() as u64;
            whole.extend(part);
            match length {
                _ if length > PART => return Err(ImapError::TooMuch),
                _ if whole.len() as u64 > limits.mail => return Ok(Parts::TooLarge),
                _ if length < PART => return Ok(Parts::Whole(whole)),
                _ => {}
            }
        }
    }

    async fn fetch_part(&mut self, uid: u32, what: &str, offset: u64) -> Result<Option<Vec<u8>>, ImapError> {
        let mut part = None;
        let on = |answer: Answer<'_>| {
            if let Answer::Fetch(attributes) = answer
                && uid_in(&attributes) == Some(uid)
                && let Some(bytes) = body_in(&attributes, Some(offset))
            {
                part.get_or_insert_with(|| bytes.to_vec());
            }
        };
        self.command("UID FETCH", what, room_for(PART), on).await?;
        Ok(part)
    }

    async fn fetch_header(&mut self, mail: Listed, give: &mut impl FnMut(Fetched)) -> Result<(), ImapError> {
        let what = format!("{} (UID BODY.PEEK[HEADER]<0.{HEADER}>)", mail.uid);
        let mut header = None;
        let on = |answer: Answer<'_>| {
            if let Answer::Fetch(attributes) = answer
                && uid_in(&attributes) == Some(mail.uid)
            {
                header = header_in(&attributes).map(<[u8]>::to_vec).or(header.take());
            }
        };
        self.command("UID FETCH", &what, room_for(HEADER), on).await?;
        if let Some(header) = header {
            give(mail.with(Content::HeaderOnly(header)));
        }
        Ok(())
    }
}

enum Parts {
    Whole(Vec<u8>),
    TooLarge,
    Gone,
}

/// The steps in order of UID: small mails together as far as count and bytes allow, the others alone.
fn plan(mails: Vec<Listed>, limits: Limits) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut bytes = 0u64;
    for mail in mails {
        if mail.size > limits.mail {
            steps.push(Step::HeaderOnly(mail));
            continue;
        }
        if mail.size > TOGETHER_BYTES {
            steps.push(Step::InParts(mail));
            continue;
        }
        bytes = bytes.saturating_add(mail.size);
        match steps.last_mut() {
            Some(Step::Together(mails)) if mails.len() < TOGETHER && bytes <= TOGETHER_BYTES => mails.push(mail),
            _ => {
                bytes = mail.size;
                steps.push(Step::Together(vec![mail]));
            }
        }
    }
    steps
}

/// How much the server may send for so many announced bytes; some count lines otherwise than they send them.
fn room_for(announced: u64) -> usize {
    usize::try_from(announced.saturating_mul(2)).unwrap_or(usize::MAX)
}

pub(super) fn uid_in(attributes: &[AttributeValue<'_>]) -> Option<u32> {
    attributes.iter().find_map(|a| if let AttributeValue::Uid(uid) = a { Some(*uid) } else { None })
}

fn size_in(attributes: &[AttributeValue<'_>]) -> Option<Listed> {
    let size = attributes.iter().find_map(|a| if let AttributeValue::Rfc822Size(n) = a { Some(*n) } else { None })?;
    let date = attributes.iter().find_map(|a| if let AttributeValue::InternalDate(d) = a { Some(d) } else { None });
    let received_at = date.and_then(|date| internal_date(date));
    Some(Listed { uid: uid_in(attributes)?, size: u64::from(size), received_at })
}

fn body_in<'a>(attributes: &'a [AttributeValue<'_>], offset: Option<u64>) -> Option<&'a [u8]> {
    attributes.iter().find_map(|a| match a {
        AttributeValue::BodySection { section: None, index, data } if index.map(u64::from) == offset => {
            // A server may give NIL for the empty part after the last.
            data.as_deref().or(offset.map(|_| &[][..]))
        }
        _ => None,
    })
}

pub(super) fn header_in<'a>(attributes: &'a [AttributeValue<'_>]) -> Option<&'a [u8]> {
    attributes.iter().find_map(|a| match a {
        AttributeValue::BodySection { section: Some(SectionPath::Full(MessageSection::Header)), data, .. } => {
            data.as_deref()
        }
        _ => None,
    })
}

/// `17-Jul-1996 02:44:25 -0700`, the day perhaps with a space before it.
fn internal_date(text: &str) -> Option<Timestamp> {
    strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(uid: u32, size: u64) -> Listed {
        Listed { uid, size, received_at: None }
    }

    #[test]
    fn t93_mails_that_are_fetched_at_once_fit_into_memory() {
        let sizes = [0, 10, 60, 30, 30, 41, 200, 1];
        let size = |uid: &u32| sizes[*uid as usize];
        assert_eq!(groups(&[1, 2, 3, 4, 5, 6, 7], 100, size), [vec![1, 2, 3], vec![4, 5], vec![6], vec![7]]);
        assert_eq!(groups(&[], 100, size), [Vec::<u32>::new()]);
    }

    #[test]
    fn small_mails_are_fetched_together_large_ones_in_parts_and_huge_ones_not() {
        const MB: u64 = 1 << 20;
        let limits = Limits { mail: 30 * MB };
        let mails = vec![mail(1, 3 * MB), mail(2, 5 * MB), mail(3, 1), mail(4, 9 * MB), mail(5, 31 * MB), mail(6, 2)];
        assert_eq!(
            plan(mails.clone(), limits),
            [
                Step::Together(vec![mails[0], mails[1]]),
                Step::Together(vec![mails[2]]),
                Step::InParts(mails[3]),
                Step::HeaderOnly(mails[4]),
                Step::Together(vec![mails[5]]),
            ]
        );
        let many = (1..=120).map(|uid| mail(uid, 10)).collect();
        let counts: Vec<usize> =
            plan(many, limits).iter().map(|s| if let Step::Together(m) = s { m.len() } else { 0 }).collect();
        assert_eq!(counts, [50, 50, 20]);
    }

    #[test]
    fn internal_dates_are_read_and_odd_ones_are_none() {
        let read = |text| internal_date(text).map(|t| t.to_string());
        assert_eq!(read("17-Jul-1996 02:44:25 -0700").as_deref(), Some("1996-07-17T09:44:25Z"));
        assert_eq!(read(" 7-Jul-1996 02:44:25 +0000").as_deref(), Some("1996-07-07T02:44:25Z"));
        assert_eq!(read("yesterday"), None);
    }
}
