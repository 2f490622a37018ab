//! Whose mail is it, how sure is that, and what is it about? In come a mail, the facts of its proof and an open view of
//! the store; out goes a [`Situation`], or the reason why the mail must wait for a person. Only the one strict From says
//! who writes; reply addresses, Message-IDs, matter addresses and subject tags say what it is about, and only suggest it
//! unless the sender's domain signed them (decisions.md 1, gateway.md C1–C4).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::parse::Mail;
use super::roles;
use crate::config::Addressing;
use crate::domain::address::is_freemail;
use crate::domain::{Address, FirmId, InboxId, Item, ItemId, Kind};
use crate::outbound::gateway::{Gateway, Meaning};
use crate::proof::{self, Circumstances, FromDefect, Level, Proof, TokenStanding, Verdict};
use crate::sharing::Ability;
use crate::store::addresses::AddressChange;
use crate::store::firms::Firm;
use crate::store::inbox::{Findings, Inbox};
use crate::store::numbers::Reader;
use crate::store::people::Person;
use crate::store::threads::{About, Found, Purpose, Thread};
use crate::store::{Result, Snapshot};

/// The most addresses of one mail that are looked at.
const MOST_ADDRESSES: usize = 200;
/// The most mails that one answers.
const MOST_ANSWERED: usize = 50;

/// Who wrote, how sure that is, and what it is about.
#[derive(Clone, Debug)]
pub struct Situation {
    /// Who wrote.
    pub person: Person,
    /// How sure that is.
    pub level: Level,
    /// The author's domain would have it turned away ([`Proof::is_disowned`]).
    pub is_disowned: bool,
    /// The author's very domain, which signed it and is still to be confirmed ([`Proof::pin`]).
    pub pin: Option<String>,
    /// The reply address it came to.
    pub token: TokenStanding,
    /// The thread it continues.
    pub thread: Option<Thread>,
    /// What it is about.
    pub item: Option<Item>,
    /// The matter it is about.
    pub matter: Option<i64>,
    /// The matter or item was named where the sender's signature covers it, or by a valid reply address.
    pub context_is_signed: bool,
    /// Somebody said which matter it is about, after it had been held for that.
    pub is_assigned: bool,
    /// It answers the receipt of this mail.
    pub receipt_of: Option<InboxId>,
    /// It came to the address of a matter or item, and answers nothing.
    pub is_new: bool,
    /// A word in the address: `done+T-12@…`.
    pub address_word: Option<String>,
    /// To or Cc names an address of ours; who got a copy of a mail can send it on, but not write that.
    pub is_addressed: bool,
    /// Addresses in To and Cc that are neither ours, nor the firm's, nor of the sender's own house.
    pub outsiders: Vec<String>,
    /// Somebody else's reply address was used.
    pub misused: Option<Thread>,
    /// Whether it is sure in which role it was written.
    pub role: RoleIs,
}

/// Whether it is sure in which role a mail was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleIs {
    /// By its reply address, by `#as`, or by its writer's answer.
    Sure,
    /// Its writer has one role at this firm; at others that share the address there may be more.
    OnlyHere,
    /// Its writer has several at this firm: they are asked, and nothing is done before.
    Open,
}

impl Situation {
    /// What an answer in this thread means.
    pub fn purpose(&self) -> Option<Purpose> {
        self.thread.as_ref().map(|t| t.purpose)
    }
}

/// What resolving came to.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// It is somebody's mail.
    Known(Box<Situation>),
    /// It must wait, for this reason; the thread whose owner should hear of it, if its address was misused.
    Held {
        /// Code.
        reason: &'static str,
        /// Whose reply address was used.
        misused: Option<Thread>,
        /// The person it claims to be from.
        claimed: Option<Box<Person>>,
        /// The address of nobody that its domain signed for, where it came to a reply address in use (decisions.md 4).
        second: Option<Address>,
    },
    /// It came from the mailbox that is to become somebody's, to the address that was sent there alone (ACC-10).
    NewMailbox {
        /// The change that it confirms.
        change: Box<AddressChange>,
        /// How sure it is that this mailbox wrote it.
        level: Level,
    },
}

/// Finds out whose mail it is and what it is about; what was found is noted in `found`.
#[expect(clippy::too_many_arguments, reason = "everything a sender can be told by")]
pub fn resolve(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    inbox: &Inbox,
    mail: &Mail,
    role_word: Option<&str>,
    proof: &Proof,
    found: &mut Findings,
    now: Timestamp,
) -> Result<Resolved> {
    let tokens = Tokens::read(view, firm, gateway, mail, now)?;
    let author = match &proof.from {
        Ok(author) => author.address.clone(),
        Err(defect) => return Ok(held(from_reason(*defect), tokens.misused(), None)),
    };
    found.from_address = Some(author.as_str().to_owned());
    let mut people = view.people_writing_from(firm.id, &author)?;
    people.extend(invited(view, firm, tokens.thread(), &author)?);
    let Some((person, role)) = choose(&people, tokens.thread(), firm, inbox, role_word) else {
        return stranger(view, firm, gateway, inbox, mail, proof, &tokens, author);
    };
    found.person = Some(person.id);
    let (token, misused) = tokens.standing(person);
    let bound = match person.identity {
        Some(identity) => view.bound_signers(identity)?,
        None => Vec::new(),
    };
    let level = level(gateway, inbox, mail, proof, token, &bound, &author);
    found.level = Some(level.word().to_owned());
    if person.disabled {
        let is_to_come = person.acts_for.is_some() && person.accepted_at.is_none();
        let reason = if is_to_come { "NOT_ACCEPTED" } else { "DISABLED_PERSON" };
        return Ok(held(reason, None, Some(person.clone())));
    }
    let signed = Signed {
        to: proof.covers("to", &bound),
        cc: proof.covers("cc", &bound),
        answer: proof.covers("in-reply-to", &bound),
    };
    let context = match context(view, firm, gateway, inbox, mail, signed, person, &tokens, now)? {
        Some(context) => context,
        None => return Ok(held("CONTEXT_CONFLICT", misused, Some(person.clone()))),
    };
    found.matter = context.matter;
    if context.matter.is_none() {
        found.unseen_matter = named_in_address(view, firm, gateway, mail, person)?;
    }
    found.thread = context.thread.as_ref().map(|t| t.id);
    Ok(Resolved::Known(Box::new(Situation {
        person: person.clone(),
        level,
        is_disowned: inbox.released_level.is_none() && proof.is_disowned(&bound),
        pin: own_pin(proof, &author),
        token,
        receipt_of: context.thread.as_ref().and_then(receipt_of),
        thread: context.thread,
        item: context.item,
        matter: context.matter,
        context_is_signed: context.is_signed,
        is_assigned: inbox.assigned_matter.is_some(),
        is_new: context.is_new,
        address_word: context.address_word,
        is_addressed: is_addressed(gateway, mail),
        outsiders: outsiders(gateway, mail, &author),
        misused,
        role,
    })))
}

/// True if this author is a person of the firm's, or came by a reply address that is in use.
pub fn may_be_somebodys(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    mail: &Mail,
    author: &Address,
    now: Timestamp,
) -> Result<bool> {
    if !view.people_writing_from(firm.id, author)?.is_empty() {
        return Ok(true);
    }
    let tokens = Tokens::read(view, firm, gateway, mail, now)?;
    Ok(tokens.live.is_some() || tokens.of_new_mailbox.is_some())
}

/// An assistant whose mailbox is nobody's until it answers the invitation that went there alone.
fn invited(view: &Snapshot<'_>, firm: &Firm, thread: Option<&Thread>, author: &Address) -> Result<Option<Person>> {
    let Some(thread) = thread.filter(|t| matches!(t.purpose, Purpose::Invite | Purpose::Confirm)) else {
        return Ok(None);
    };
    let person = view.person(firm.id, thread.person)?.filter(|p| p.acts_for.is_some() && p.identity.is_none());
    let Some(person) = person else { return Ok(None) };
    let is_theirs = view.mail_address(firm.id, &person)?.as_ref() == Some(author);
    Ok(is_theirs.then_some(person))
}

fn own_pin(proof: &Proof, author: &Address) -> Option<String> {
    proof.pin().filter(|domain| *domain == author.domain()).map(str::to_owned)
}

fn held(reason: &'static str, misused: Option<Thread>, claimed: Option<Person>) -> Resolved {
    Resolved::Held { reason, misused, claimed: claimed.map(Box::new), second: None }
}

/// From an address of nobody: the answer of a mailbox that is to become somebody's, the second address of whoever owns the
/// reply address it came to, or a stranger.
#[expect(clippy::too_many_arguments, reason = "everything a sender can be told by")]
fn stranger(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    inbox: &Inbox,
    mail: &Mail,
    proof: &Proof,
    tokens: &Tokens,
    author: Address,
) -> Result<Resolved> {
    // Nobody of this address has confirmed anything yet: its very domain says as much as it ever will.
    let own: Vec<String> = own_pin(proof, &author).into_iter().collect();
    let level = level(gateway, inbox, mail, proof, TokenStanding::ValidForThisPerson, &own, &author);
    if let Some(Thread { about: About::Address(change), .. }) = tokens.of_new_mailbox
        && let Some(change) = view.address_change(firm.id, change)?.filter(|c| c.new == author)
    {
        return Ok(Resolved::NewMailbox { change: Box::new(change), level });
    }
    if let Some(former) = view.people_once_writing_from(firm.id, &author)?.into_iter().next() {
        return Ok(held("DISABLED_PERSON", None, Some(former)));
    }
    let reason = if tokens.thread().is_some() { "SENDER_MISMATCH" } else { "UNKNOWN_SENDER" };
    let misused = tokens.misused();
    let is_theirs_perhaps = tokens.live.is_some() && misused.is_some() && level == Level::Strong;
    Ok(Resolved::Held { reason, misused, claimed: None, second: is_theirs_perhaps.then_some(author) })
}

fn from_reason(defect: FromDefect) -> &'static str {
    match defect.code() {
        "from_repeated" | "from_not_one_address" => "MULTI_FROM",
        _ => "NO_SENDER",
    }
}

fn receipt_of(thread: &Thread) -> Option<InboxId> {
    match (thread.purpose, thread.about) {
        (Purpose::Receipt, About::Mail(inbox)) => Some(inbox),
        _ => None,
    }
}

/// As whom a mail is written, and whether that is sure: as whom its writer said afterwards, the owner of its reply address,
/// the assistant of that owner, whom `#as` names, the only one there is.
fn choose<'p>(
    people: &'p [Person],
    thread: Option<&Thread>,
    firm: &Firm,
    inbox: &Inbox,
    word: Option<&str>,
) -> Option<(&'p Person, RoleIs)> {
    let chosen = inbox.role.and_then(|role| people.iter().find(|p| p.id == role));
    let owner = thread.and_then(|t| people.iter().find(|p| p.id == t.person));
    let assistant = thread.and_then(|t| people.iter().find(|p| speaks_in(p, t) && roles::is_active(p)));
    if let Some(person) = chosen.or(owner).or(assistant) {
        return Some((person, RoleIs::Sure));
    }
    let active: Vec<&Person> = people.iter().filter(|p| roles::is_active(p)).collect();
    let only = if active.len() == 1 { RoleIs::OnlyHere } else { RoleIs::Open };
    let mut named = active.iter().filter(|p| word.is_some_and(|word| roles::is_called(p, firm, word)));
    match (named.next(), named.next(), active.as_slice()) {
        (Some(one), None, _) => Some((one, RoleIs::Sure)),
        (Some(first), Some(_), _) => Some((first, RoleIs::Open)),
        (None, _, [first, ..]) => Some((first, only)),
        (None, _, []) => people.first().map(|first| (first, RoleIs::OnlyHere)),
    }
}

/// True if an answer in this thread of somebody else's may be this person's: an assistant answers what their co-counsel
/// forwarded to them, but never an invitation or a question that proves who one is.
fn speaks_in(person: &Person, thread: &Thread) -> bool {
    let answers = matches!(thread.purpose, Purpose::Reply | Purpose::Receipt | Purpose::Digest);
    answers && person.acts_for.as_ref().is_some_and(|a| a.principal == thread.person)
}

/// The firm, of these, whose mail this answers: by its reply address, else by its Message-ID.
pub fn firm_answered(
    view: &Snapshot<'_>,
    gateway: &Gateway,
    mail: &Mail,
    firms: &[FirmId],
    now: Timestamp,
) -> Result<Option<FirmId>> {
    for mailbox in mail.to.iter().chain(&mail.cc).take(MOST_ADDRESSES) {
        let Some(Meaning::Token(token)) = gateway.meaning(&mailbox.address) else { continue };
        let firm = view.thread_by_token(&token, now)?.map(|found| found.thread().firm);
        if let Some(firm) = firm.filter(|firm| firms.contains(firm)) {
            return Ok(Some(firm));
        }
    }
    for id in answered_ids(gateway, mail) {
        for firm in firms {
            if view.thread_by_message_id(*firm, id)?.is_some() {
                return Ok(Some(*firm));
            }
        }
    }
    Ok(None)
}

/// The reply addresses in To and Cc. Bcc and what delivery wrote only suggest a context, since nobody signs them. Where
/// addresses carry nothing, the Message-ID that is answered stands for the reply address: nobody can guess it either.
struct Tokens {
    live: Option<Thread>,
    dead: Option<Thread>,
    /// The dead one stands in To: whoever signed that meant it.
    dead_in_to: bool,
    /// One that was sent to a mailbox which is not known to be its person's: it says nothing of who writes.
    of_new_mailbox: Option<Thread>,
    /// Known by Message-ID: whoever is sent a copy of an answer answers it as well, and misuses nothing.
    by_message_id: bool,
}

impl Tokens {
    fn read(view: &Snapshot<'_>, firm: &Firm, gateway: &Gateway, mail: &Mail, now: Timestamp) -> Result<Tokens> {
        let mut tokens = Tokens {
            live: None,
            dead: None,
            dead_in_to: false,
            of_new_mailbox: None,
            by_message_id: gateway.addressing == Addressing::Plain,
        };
        for id in answered_ids(gateway, mail).take(if tokens.by_message_id { MOST_ANSWERED } else { 0 }) {
            match view.thread_by_message_id(firm.id, id)? {
                Some(thread) if thread.purpose == Purpose::NewAddress => {
                    tokens.of_new_mailbox = tokens.of_new_mailbox.or(Some(thread));
                }
                Some(thread) if thread.is_alive(now) => tokens.live = tokens.live.or(Some(thread)),
                Some(thread) => tokens.dead = tokens.dead.or(Some(thread)),
                None => {}
            }
        }
        let to = mail.to.iter().map(|m| (m, true));
        for (mailbox, in_to) in to.chain(mail.cc.iter().map(|m| (m, false))).take(MOST_ADDRESSES) {
            let Some(Meaning::Token(token)) = gateway.meaning(&mailbox.address) else { continue };
            // An address that another firm made is nothing here (invariant 10).
            let found = view.thread_by_token(&token, now)?.filter(|found| found.thread().firm == firm.id);
            match found {
                Some(Found::Present(thread)) if thread.purpose == Purpose::NewAddress => {
                    tokens.of_new_mailbox = tokens.of_new_mailbox.or(Some(thread));
                }
                Some(Found::Replaced(thread)) if thread.purpose == Purpose::NewAddress => {}
                Some(Found::Present(thread)) if thread.is_alive(now) => tokens.live = tokens.live.or(Some(thread)),
                Some(Found::Present(thread) | Found::Replaced(thread)) if tokens.dead.is_none() => {
                    tokens.dead = Some(thread);
                    tokens.dead_in_to = in_to;
                }
                Some(_) => {}
                None => {}
            }
        }
        Ok(tokens)
    }

    fn thread(&self) -> Option<&Thread> {
        self.live.as_ref().or(self.dead.as_ref())
    }

    /// The owner of the address hears if somebody else uses it. One that is dead proves nothing to anybody: whoever kept it
    /// can neither bother its owner nor have the new ones replaced.
    fn misused(&self) -> Option<Thread> {
        self.live.as_ref().filter(|_| !self.by_message_id).cloned()
    }

    /// What the token says of this person; and whose address they used if it was not theirs.
    fn standing(&self, person: &Person) -> (TokenStanding, Option<Thread>) {
        match (&self.live, &self.dead) {
            (Some(live), _) if live.person == person.id || speaks_in(person, live) => {
                (TokenStanding::ValidForThisPerson, None)
            }
            (_, Some(dead)) if dead.person == person.id || speaks_in(person, dead) => {
                (TokenStanding::ExpiredForThisPerson, None)
            }
            // A participant who answers a forwarded notice is taken as themselves, never as its owner (sender-proof.md 5.7).
            (Some(_), _) => (TokenStanding::None, self.misused()),
            _ => (TokenStanding::None, None),
        }
    }
}

fn level(
    gateway: &Gateway,
    inbox: &Inbox,
    mail: &Mail,
    proof: &Proof,
    token: TokenStanding,
    bound: &[String],
    author: &Address,
) -> Level {
    // A person of the firm released it, or its owner confirmed it from their mailbox: good, never more.
    if inbox.released_level.is_some() {
        return Level::Good;
    }
    let own_firm_domain = gateway.domains.iter().any(|d| d == author.domain());
    let local_part_unproven = gateway.local_part_unproven.iter().any(|d| d == author.domain());
    let circumstances = Circumstances { token, bound_signers: bound, own_firm_domain, local_part_unproven };
    let level = proof::level(proof, &circumstances);
    // Signed or not, this is not as it was written; its owner, who would know the subject, is not asked.
    let is_changed = |what: bool, field: &str| what && !proof.covers(field, bound);
    let is_not_theirs =
        is_changed(mail.is_recut, "content-type") || is_changed(mail.is_recoded, "content-transfer-encoding");
    if is_not_theirs && level != Level::Fail {
        return Level::None;
    }
    // Signed for neither its recipients nor its parts, a mail can be sent on to us and cut anew, so that what it quotes
    // becomes what it says: its owner is asked.
    let is_loose = !proof.covers("to", bound) && !proof.covers("content-type", bound);
    // It was a signature if it is the author's, or if less is left without those that are bound.
    let by_signature = proof.verdict == Verdict::Aligned
        || level != proof::level(proof, &Circumstances { bound_signers: &[], ..circumstances });
    match level {
        Level::Strong | Level::Good if by_signature && is_loose => match token {
            TokenStanding::ValidForThisPerson => Level::Weak,
            _ => Level::None,
        },
        level => level,
    }
}

/// What a believed signature covers of that which says what a mail is about.
#[derive(Clone, Copy)]
struct Signed {
    to: bool,
    cc: bool,
    answer: bool,
}

struct Context {
    thread: Option<Thread>,
    item: Option<Item>,
    matter: Option<i64>,
    is_signed: bool,
    is_new: bool,
    address_word: Option<String>,
}

/// One hint at what a mail is about.
struct Hint {
    thread: Option<Thread>,
    item: Option<Item>,
    is_signed: bool,
    word: Option<String>,
}

/// All hints, compared: none if two of them name different matters.
#[expect(clippy::too_many_arguments, reason = "everything a context can be read from")]
fn context(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    inbox: &Inbox,
    mail: &Mail,
    signed: Signed,
    person: &Person,
    tokens: &Tokens,
    now: Timestamp,
) -> Result<Option<Context>> {
    let answered = answered_threads(view, firm, gateway, mail, signed, person, tokens)?;
    let answers_something = !answered.is_empty();
    let mut hints = answered;
    hints.extend(address_hints(view, firm, gateway, mail, signed, person, now)?);
    hints.extend(subject_hint(view, firm, mail, person, now)?);
    if hints.is_empty() {
        hints.extend(bare_subject_hint(view, firm, mail, person, now)?);
    }
    // Which matters those are that the writer can't see must not show, so what lies there is told apart by itself.
    let (mut matters, mut apart) = (Vec::new(), BTreeSet::new());
    for hint in &hints {
        let matter = match (hint.item, &hint.thread) {
            (Some(item), _) => view.matter_of(firm.id, item)?,
            (None, Some(thread)) => matter_of_thread(view, firm, thread)?,
            (None, None) => None,
        };
        let seen = visible(view, firm, person, matter.map(|row| Item::new(Kind::Matter, row)), now)?;
        if matter.is_some() || hint.item.is_some_and(stands_alone) {
            apart.insert((seen, hint.item.filter(|_| seen.is_none())));
        }
        matters.extend(matter);
    }
    let assigned = inbox.assigned_matter;
    if apart.len() > 1 && assigned.is_none() {
        return Ok(None);
    }
    let is_signed = hints.iter().any(|h| h.is_signed) || assigned.is_some();
    let word = hints.iter().find_map(|h| h.word.clone());
    let thread = hints.iter().find_map(|h| h.thread.clone());
    let item = hints.iter().find_map(|h| h.item).filter(|_| assigned.is_none());
    let of_item = item.map(|item| view.matter_of(firm.id, item)).transpose()?.flatten();
    Ok(Some(Context {
        thread,
        item: item.or(assigned.map(|row| Item::new(Kind::Matter, row))),
        matter: assigned.or(of_item).or(matters.first().copied().filter(|_| !item.is_some_and(stands_alone))),
        is_signed,
        is_new: !answers_something,
        address_word: word,
    }))
}

/// True for what belongs to no other matter than its own, if to any; a conversation may be about nothing, and then goes on
/// about what an answer names.
fn stands_alone(item: Item) -> bool {
    item.kind != Kind::Conversation
}

fn matter_of_thread(view: &Snapshot<'_>, firm: &Firm, thread: &Thread) -> Result<Option<i64>> {
    match thread.about {
        About::Item(item) => view.matter_of(firm.id, item),
        About::Mail(inbox) => Ok(view.inbox(firm.id, inbox)?.and_then(|m| m.matter)),
        About::Firm | About::Invitation(_) | About::Challenge(_) | About::Assistant(_) | About::Address(_) => Ok(None),
    }
}

fn item_of_thread(thread: &Thread) -> Option<Item> {
    if let About::Item(item) = thread.about { Some(item) } else { None }
}

/// The thread of the reply address, else of the newest mail of ours that it answers. A thread counts only for its owner.
fn answered_threads(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    mail: &Mail,
    signed: Signed,
    person: &Person,
    tokens: &Tokens,
) -> Result<Vec<Hint>> {
    let mut hints = Vec::new();
    let is_theirs = |t: &Thread| t.person == person.id || speaks_in(person, t);
    if let Some(thread) = tokens.thread().filter(|t| is_theirs(t)) {
        let is_signed = tokens.live.is_some() || (tokens.dead_in_to && signed.to);
        hints.push(Hint { item: item_of_thread(thread), thread: Some(thread.clone()), is_signed, word: None });
    }
    for id in answered_ids(gateway, mail) {
        let found = view.thread_by_message_id(firm.id, id)?;
        if let Some(thread) = found.filter(|t| is_theirs(t) && !t.revoked && t.purpose != Purpose::NewAddress) {
            let same = hints.iter().any(|h| h.thread.as_ref().is_some_and(|t| t.id == thread.id));
            if !same {
                hints.push(Hint {
                    item: item_of_thread(&thread),
                    thread: Some(thread),
                    is_signed: signed.answer,
                    word: None,
                });
            }
            break;
        }
    }
    Ok(hints)
}

/// Our own Message-IDs, without host, that a mail answers: the nearest first.
fn answered_ids<'m>(gateway: &'m Gateway, mail: &'m Mail) -> impl Iterator<Item = &'m str> {
    let ids = mail.in_reply_to.iter().chain(mail.references.iter().rev()).take(MOST_ANSWERED);
    let parts = ids.filter_map(|id| id.rsplit_once('@'));
    parts.filter(|(_, domain)| *domain == gateway.address.domain()).map(|(local, _)| local)
}

/// By what answers are told: which of it is still there in this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carriers {
    /// The reply address in To or Cc.
    pub address: bool,
    /// Our Message-ID in In-Reply-To or References.
    pub message_id: bool,
    /// A number in brackets in the subject.
    pub subject: bool,
}

impl Carriers {
    /// What this mail carries.
    pub fn of(gateway: &Gateway, mail: &Mail) -> Carriers {
        let token = |m: &super::parse::Mailbox| matches!(gateway.meaning(&m.address), Some(Meaning::Token(_)));
        let tags = mail.subject.split('[').skip(1).filter_map(|t| t.split_once(']'));
        Carriers {
            address: mail.to.iter().chain(&mail.cc).take(MOST_ADDRESSES).any(token),
            message_id: answered_ids(gateway, mail).next().is_some(),
            subject: tags.take(5).any(|(tag, _)| ItemId::parse(tag.trim()).is_some()),
        }
    }
}

fn numbering(person: &Person) -> Reader {
    if person.is_user() { Reader::Firm } else { Reader::Contact(person.whose()) }
}

fn address_hints(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    mail: &Mail,
    signed: Signed,
    person: &Person,
    now: Timestamp,
) -> Result<Vec<Hint>> {
    let mut hints = Vec::new();
    let to = mail.to.iter().map(|m| (m, signed.to));
    let cc = mail.cc.iter().map(|m| (m, signed.cc));
    for (mailbox, is_signed) in to.chain(cc).take(MOST_ADDRESSES) {
        if let Some(Meaning::Item(id, word)) = gateway.meaning(&mailbox.address)
            && let Some(item) = visible(view, firm, person, view.find(firm.id, numbering(person), id)?, now)?
        {
            // A command in an address that nobody signed could be anybody's.
            let word = word.filter(|_| is_signed);
            hints.push(Hint { thread: None, item: Some(item), is_signed, word });
        }
    }
    Ok(hints)
}

/// The matter that an address in To or Cc names, whoever may see it.
fn named_in_address(
    view: &Snapshot<'_>,
    firm: &Firm,
    gateway: &Gateway,
    mail: &Mail,
    person: &Person,
) -> Result<Option<i64>> {
    for mailbox in mail.to.iter().chain(&mail.cc).take(MOST_ADDRESSES) {
        if let Some(Meaning::Item(id, _)) = gateway.meaning(&mailbox.address)
            && let Some(item) = view.find(firm.id, numbering(person), id)?
        {
            return view.matter_of(firm.id, item);
        }
    }
    Ok(None)
}

/// `[M-12]` or the firm's own number in brackets, delimited, anywhere in the subject, which is always signed. What
/// somebody typed only names a matter; whether they may write on it the rules say.
fn subject_hint(
    view: &Snapshot<'_>,
    firm: &Firm,
    mail: &Mail,
    person: &Person,
    now: Timestamp,
) -> Result<Option<Hint>> {
    for tag in mail.subject.split('[').skip(1).take(5).filter_map(|t| t.split_once(']')).map(|(tag, _)| tag.trim()) {
        let item = match ItemId::parse(tag) {
            Some(id) => view.find(firm.id, numbering(person), id)?,
            None => view.matter_by_display_number(firm.id, tag)?.map(|m| m.item()),
        };
        if let Some(item) = visible(view, firm, person, item, now)? {
            return Ok(Some(Hint { thread: None, item: Some(item), is_signed: true, word: None }));
        }
    }
    Ok(None)
}

/// `expert M-2`: the number of one matter that the writer can see, in a subject where nothing else says which.
fn bare_subject_hint(
    view: &Snapshot<'_>,
    firm: &Firm,
    mail: &Mail,
    person: &Person,
    now: Timestamp,
) -> Result<Option<Hint>> {
    let words = mail.subject.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '.'));
    let mut numbers = words.filter_map(ItemId::parse).filter(|id| id.kind == Kind::Matter);
    let (Some(only), None) = (numbers.next(), numbers.next()) else { return Ok(None) };
    let item = visible(view, firm, person, view.find(firm.id, numbering(person), only)?, now)?;
    Ok(item.map(|item| Hint { thread: None, item: Some(item), is_signed: true, word: None }))
}

/// The thing, if its writer may see it: otherwise it is as if it did not exist, here and in what comes after it.
fn visible(
    view: &Snapshot<'_>,
    firm: &Firm,
    person: &Person,
    item: Option<Item>,
    now: Timestamp,
) -> Result<Option<Item>> {
    let Some(item) = item else { return Ok(None) };
    Ok(view.ask(firm.id, person.id, Ability::View, item, now)?.is_allowed().then_some(item))
}

fn is_addressed(gateway: &Gateway, mail: &Mail) -> bool {
    mail.to.iter().chain(&mail.cc).take(MOST_ADDRESSES).any(|m| gateway.meaning(&m.address).is_some())
}

fn outsiders(gateway: &Gateway, mail: &Mail, author: &Address) -> Vec<String> {
    let own_house = (!is_freemail(author.domain())).then(|| author.domain());
    let mut found = Vec::new();
    for mailbox in mail.to.iter().chain(&mail.cc).take(MOST_ADDRESSES) {
        let Ok(address) = Address::parse(mailbox.address.trim()) else { continue };
        let ours = gateway.meaning(address.as_str()).is_some() || gateway.domains.iter().any(|d| d == address.domain());
        let theirs = &address == author || own_house == Some(address.domain());
        if !ours && !theirs && !found.contains(&address.as_str().to_owned()) {
            found.push(address.as_str().to_owned());
        }
    }
    found
}
