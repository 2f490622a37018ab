//! The table itself: what is allowed (`RULES`), and which "no" has a sentence of its own (`DENIALS`). Data only.

use super::ability::Ability::{self, *};
use super::facts::{BillState, Facts, Given, Reach, Receiver, Role, Thing, Who};
use super::refusal::Refusal;
use crate::domain::Kind;

/// One thing that must be so, read from the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// A live grant reaches it, directly or through a folder; no folder's share reaches into a drop folder (decisions.md 22).
    Reached,
    /// Its matter is shared with this person.
    MatterShared,
    /// This person made it.
    Own,
    /// It lies in the drop folder.
    InDropFolder,
    /// The firm did not mark it as internal.
    NotInternal,
    /// The bill is sent or paid: never a draft, never void.
    BillIssued,
    /// Matter permissions let this user at it.
    Permitted,
    /// The user is an administrator.
    Admin,
    /// The user has the billing permission.
    Billing,
    /// The user has the accounts permission.
    Accounts,
    /// The user has the reports permission.
    Reports,
    /// Its matter is not closed.
    Open,
    /// Its matter is not closed, or the work is dated before the closing and comes in time (TIM-16).
    OpenOrWorkedBefore,
    /// It is on no bill.
    NotBilled,
    /// The category is one that co-counsel may choose.
    CategoryVisible,
    /// It is not checked out.
    NotLocked,
    /// The firm may change the login address.
    AddressNotLocked,
    /// The folder takes files: the firm did not lock it. Always so for what is no folder.
    TakesFiles,
    /// It is not complete.
    NotComplete,
    /// It takes messages.
    NotReadOnly,
    /// It is not cancelled.
    NotCancelled,
    /// It awaits payment.
    AwaitsPayment,
    /// The firm set up online payment for it.
    PaymentSetUp,
    /// There is a receiver who can be written to, and no screen between them and the matter.
    ReceiverUnscreened,
    /// The receiver is co-counsel who can be written to, and no screen stands between them and the matter.
    ReceiverCoCounsel,
    /// It is not the drop folder, nor a folder in it.
    OutsideDropFolder,
}

impl Condition {
    /// Says whether it is so.
    pub fn holds(self, facts: &Facts) -> bool {
        match self {
            Condition::Reached => match facts.reach {
                Reach::None => false,
                Reach::Direct => true,
                Reach::ThroughFolder => !facts.in_drop_folder,
            },
            Condition::MatterShared => facts.matter_shared,
            Condition::Own => facts.own,
            Condition::InDropFolder => facts.in_drop_folder,
            Condition::NotInternal => !facts.internal,
            Condition::BillIssued => matches!(facts.bill, BillState::AwaitingPayment | BillState::Paid),
            Condition::Permitted => facts.permitted,
            Condition::Admin => matches!(facts.role, Role::User { admin: true, .. }),
            Condition::Billing => matches!(facts.role, Role::User { billing: true, .. }),
            Condition::Accounts => matches!(facts.role, Role::User { accounts: true, .. }),
            Condition::Reports => matches!(facts.role, Role::User { reports: true, .. }),
            Condition::Open => facts.closed_on.is_none(),
            Condition::OpenOrWorkedBefore => worked_before_close(facts),
            Condition::NotBilled => !facts.billed,
            Condition::CategoryVisible => !facts.category_hidden,
            Condition::NotLocked | Condition::TakesFiles | Condition::AddressNotLocked => !facts.locked,
            Condition::NotComplete => facts.completed_on.is_none(),
            Condition::NotReadOnly => !facts.read_only,
            Condition::NotCancelled => !facts.cancelled,
            Condition::AwaitsPayment => facts.bill == BillState::AwaitingPayment,
            Condition::PaymentSetUp => facts.payment_set_up,
            Condition::ReceiverUnscreened => {
                matches!(facts.receiver, Receiver::User | Receiver::CoCounsel | Receiver::Contact)
            }
            Condition::ReceiverCoCounsel => facts.receiver == Receiver::CoCounsel,
            Condition::OutsideDropFolder => !facts.in_drop_folder,
        }
    }

    /// Gives the refusal that explains its failing to a person who sees the thing; `None` if its failing explains nothing.
    pub fn refusal(self, facts: &Facts) -> Option<Refusal> {
        match self {
            Condition::Open | Condition::OpenOrWorkedBefore => {
                let day = |closed_on| Some(closed_on).filter(|_| facts.matter_shared);
                facts.closed_on.map(|closed_on| Refusal::MatterClosed { closed_on: day(closed_on) })
            }
            Condition::NotComplete => facts.completed_on.map(|completed_on| Refusal::AlreadyComplete { completed_on }),
            Condition::NotBilled => Some(Refusal::AlreadyBilled),
            Condition::CategoryVisible => Some(Refusal::CategoryUnknown),
            Condition::NotLocked => Some(Refusal::CheckedOut),
            Condition::AddressNotLocked => Some(Refusal::AddressLocked),
            Condition::TakesFiles => Some(Refusal::FolderLocked),
            Condition::NotReadOnly => Some(Refusal::ConversationReadOnly),
            Condition::NotCancelled => Some(Refusal::EventCancelled),
            Condition::AwaitsPayment => Some(Refusal::NothingToPay),
            Condition::PaymentSetUp => Some(Refusal::PaymentNotSetUp),
            Condition::ReceiverUnscreened => cannot_receive(facts.receiver),
            Condition::ReceiverCoCounsel => match facts.receiver {
                Receiver::Nobody => None,
                Receiver::Screened | Receiver::Assistant | Receiver::NoAddress | Receiver::AddressTaken => {
                    cannot_receive(facts.receiver)
                }
                Receiver::User | Receiver::CoCounsel | Receiver::Contact => Some(Refusal::MatterForCoCounselOnly),
            },
            Condition::OutsideDropFolder => Some(Refusal::DropFolderNotShared),
            Condition::Billing => Some(Refusal::BillingPermissionNeeded),
            Condition::Reached
            | Condition::MatterShared
            | Condition::Own
            | Condition::InDropFolder
            | Condition::NotInternal
            | Condition::BillIssued
            | Condition::Permitted
            | Condition::Admin
            | Condition::Accounts
            | Condition::Reports => None,
        }
    }
}

/// Why nothing can be given to this receiver; none if something can, or there is none.
fn cannot_receive(receiver: Receiver) -> Option<Refusal> {
    match receiver {
        Receiver::Screened => Some(Refusal::BlockedByScreen),
        Receiver::NoAddress => Some(Refusal::ReceiverHasNoAddress),
        Receiver::AddressTaken => Some(Refusal::AddressOfAnother),
        Receiver::Assistant => Some(Refusal::ShareWithThePrincipal),
        Receiver::Nobody | Receiver::User | Receiver::CoCounsel | Receiver::Contact => None,
    }
}

fn worked_before_close(facts: &Facts) -> bool {
    match (facts.closed_on, facts.worked_on) {
        (None, _) => true,
        (Some(closed), Some(worked)) => worked < closed && !facts.late_time_over,
        (Some(_), None) => false,
    }
}

/// One line of what is allowed: this actor may do each of these to each of these things when all of this is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The requirement rows that it carries out.
    pub rows: &'static [&'static str],
    /// Who.
    pub who: Who,
    /// To what.
    pub things: &'static [Thing],
    /// May do what.
    pub abilities: &'static [Ability],
    /// When; in the order in which a failing is explained.
    pub when: &'static [Condition],
}

/// One line of what is refused with a sentence of its own, to a person who sees the thing. The first that fits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The requirement rows that it carries out.
    pub rows: &'static [&'static str],
    /// Who.
    pub who: Who,
    /// To what.
    pub things: &'static [Thing],
    /// May not do what.
    pub abilities: &'static [Ability],
    /// When.
    pub when: &'static [Condition],
    /// And what they are told.
    pub refusal: Refusal,
}

/// One line of what an assistant may do of what the co-counsel may for whom they act; what no line gives, they may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// What must have been given; none: every assistant may.
    pub given: Option<Given>,
    /// To what.
    pub things: &'static [Thing],
    /// They may do what.
    pub abilities: &'static [Ability],
}

const fn hand(given: Option<Given>, things: &'static [Thing], abilities: &'static [Ability]) -> Delegation {
    Delegation { given, things, abilities }
}

const fn rule(
    rows: &'static [&'static str],
    who: Who,
    things: &'static [Thing],
    abilities: &'static [Ability],
    when: &'static [Condition],
) -> Rule {
    Rule { rows, who, things, abilities, when }
}

const fn deny(
    rows: &'static [&'static str],
    who: Who,
    things: &'static [Thing],
    abilities: &'static [Ability],
    when: &'static [Condition],
    refusal: Refusal,
) -> Denial {
    Denial { rows, who, things, abilities, when, refusal }
}

const MATTER: Thing = Thing::Item(Kind::Matter);
const TASK: Thing = Thing::Item(Kind::Task);
const DOCUMENT: Thing = Thing::Item(Kind::Document);
const FOLDER: Thing = Thing::Item(Kind::Folder);
const NOTE: Thing = Thing::Item(Kind::Note);
const EVENT: Thing = Thing::Item(Kind::Event);
const TIME: Thing = Thing::Item(Kind::TimeEntry);
const LOG: Thing = Thing::Item(Kind::Communication);
const TALK: Thing = Thing::Item(Kind::Conversation);
const BILL: Thing = Thing::Item(Kind::Bill);
const HOME: Thing = Thing::Home;
const PROFILE: Thing = Thing::Profile;

use Condition as C;
use Who::{CoCounsel, Contact, User};

/// Everything that is allowed; what no rule allows is refused.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // Co-counsel: what they see.
    rule(&["ACC-05"], CoCounsel, &[HOME], &[View], &[]),
    rule(&["ACC-06", "ACC-07", "ACC-09", "ACC-10"], CoCounsel, &[PROFILE], &[View, Edit], &[]),
    rule(&["ACC-15", "ACC-16"], CoCounsel, &[HOME], &[SeeAccounts], &[]),
    rule(&["A10"], CoCounsel, &[HOME], &[NameAssistant], &[]),
    rule(&["CAL-01"], CoCounsel, &[EVENT], &[View], &[C::Reached]),
    rule(&["CAL-02"], CoCounsel, &[EVENT], &[SeeDetails], &[]),
    rule(&["TSK-01"], CoCounsel, &[TASK], &[View, SeeDetails], &[C::Reached]),
    rule(&["MAT-01"], CoCounsel, &[MATTER], &[View], &[C::MatterShared]),
    rule(&["MAT-02"], CoCounsel, &[MATTER], &[SeeDetails], &[]),
    rule(&["MAT-03"], CoCounsel, &[MATTER], &[SeeClient], &[]),
    rule(&["MAT-04"], CoCounsel, &[MATTER], &[SeeContacts], &[]),
    rule(&["NOT-01"], CoCounsel, &[NOTE], &[View, SeeDetails, Print], &[C::MatterShared, C::NotInternal]),
    rule(&["COM-01"], CoCounsel, &[LOG], &[View, SeeDetails], &[C::MatterShared]),
    rule(&["TIM-01", "TIM-05"], CoCounsel, &[TIME], &[View, SeeDetails], &[C::Own, C::MatterShared]),
    rule(&["TSK-03", "DOC-13", "MSG-07"], CoCounsel, &[TIME], &[View, SeeDetails], &[C::Own, C::Reached]),
    rule(&["DOC-01", "DOC-16", "MAT-07"], CoCounsel, &[DOCUMENT, FOLDER], &[View, SeeDetails], &[C::Reached]),
    rule(&["DOC-14"], CoCounsel, &[DOCUMENT, FOLDER], &[View, SeeDetails], &[C::MatterShared, C::InDropFolder, C::Own]),
    rule(&["BIL-01"], CoCounsel, &[BILL], &[View, SeeDetails, Download], &[C::Reached, C::BillIssued]),
    rule(&["MSG-01"], CoCounsel, &[TALK], &[View, SeeDetails], &[C::Reached]),

    // Co-counsel: what they do with what they see.
    rule(&["CAL-07"], CoCounsel, &[EVENT], &[Rsvp], &[C::NotCancelled]),
    rule(&["TSK-02", "TSK-08"], CoCounsel, &[TASK], &[Complete], &[C::NotComplete, C::Open]),
    rule(&["NOT-02"], CoCounsel, &[MATTER], &[AddNote], &[C::Open]),
    rule(&["NOT-03", "NOT-04"], CoCounsel, &[NOTE], &[Edit, Delete], &[C::Own, C::Open]),
    rule(&["COM-02"], CoCounsel, &[MATTER], &[AddCommunication], &[C::Open]),
    rule(&["COM-03"], CoCounsel, &[LOG], &[Edit], &[C::Own, C::Open]),
    rule(&["TIM-01", "TIM-07", "TIM-13", "TIM-16"], CoCounsel, &[MATTER], &[AddTime], &[C::OpenOrWorkedBefore, C::CategoryVisible]),
    rule(&["TSK-03", "TIM-07"], CoCounsel, &[TASK], &[AddTime], &[C::OpenOrWorkedBefore, C::CategoryVisible]),
    rule(&["NOT-06", "COM-06", "TIM-07"], CoCounsel, &[NOTE, LOG], &[AddTime], &[C::OpenOrWorkedBefore, C::CategoryVisible]),
    rule(&["DOC-13", "MSG-07", "TIM-07"], CoCounsel, &[DOCUMENT, TALK], &[AddTime], &[C::OpenOrWorkedBefore, C::CategoryVisible]),
    rule(&["TIM-02", "TIM-04", "TIM-13"], CoCounsel, &[TIME], &[Edit], &[C::NotBilled, C::OpenOrWorkedBefore, C::CategoryVisible]),
    rule(&["TIM-03", "TIM-04"], CoCounsel, &[TIME], &[Delete], &[C::NotBilled, C::OpenOrWorkedBefore]),
    rule(&["DOC-02"], CoCounsel, &[DOCUMENT], &[Preview], &[]),
    rule(&["DOC-03"], CoCounsel, &[DOCUMENT, FOLDER], &[Download], &[]),
    rule(&["DOC-04"], CoCounsel, &[DOCUMENT], &[Print], &[]),
    rule(&["DOC-05", "DOC-09"], CoCounsel, &[MATTER, FOLDER], &[Upload], &[C::TakesFiles, C::Open]),
    rule(&["DOC-06"], CoCounsel, &[MATTER, FOLDER], &[NameAtUpload], &[C::TakesFiles, C::Open]),
    rule(&["DOC-08"], CoCounsel, &[MATTER, FOLDER], &[UploadFolder], &[C::TakesFiles, C::Open]),
    rule(&["DOC-10", "DOC-17"], CoCounsel, &[DOCUMENT], &[AddVersion], &[C::NotLocked, C::Open]),
    rule(&["BIL-02", "BIL-03"], CoCounsel, &[BILL], &[Pay], &[C::AwaitsPayment, C::PaymentSetUp]),
    rule(&["MSG-02"], CoCounsel, &[TALK], &[Reply], &[C::NotReadOnly, C::Open]),
    rule(&["MSG-03"], CoCounsel, &[MATTER, HOME], &[StartConversation], &[C::Open]),
    rule(&["MSG-06"], CoCounsel, &[TALK], &[Print], &[]),

    rule(&["REV-01"], CoCounsel, &[MATTER, TASK, DOCUMENT, FOLDER, NOTE, LOG, TALK, BILL, EVENT], &[GiveBack], &[]),

    // Clients and other contacts: documents, bills, events, tasks, messages; narrower, and never the matter.
    rule(&["ACC-20"], Contact, &[HOME], &[View], &[]),
    rule(&["ACC-20", "ACC-06"], Contact, &[PROFILE], &[View, Edit], &[]),
    rule(&["ACC-15", "ACC-16"], Contact, &[HOME], &[SeeAccounts], &[]),
    rule(&["ACC-20", "DOC-01"], Contact, &[DOCUMENT, FOLDER], &[View, SeeDetails, Download], &[C::Reached]),
    rule(&["ACC-20", "DOC-02", "DOC-04"], Contact, &[DOCUMENT], &[Preview, Print], &[]),
    rule(&["ACC-20", "BIL-01"], Contact, &[BILL], &[View, SeeDetails, Download], &[C::Reached, C::BillIssued]),
    rule(&["ACC-20", "BIL-02"], Contact, &[BILL], &[Pay], &[C::AwaitsPayment, C::PaymentSetUp]),
    rule(&["ACC-20", "CAL-01"], Contact, &[EVENT], &[View, SeeDetails], &[C::Reached]),
    rule(&["ACC-20", "CAL-07"], Contact, &[EVENT], &[Rsvp], &[C::NotCancelled]),
    rule(&["ACC-20", "TSK-01"], Contact, &[TASK], &[View, SeeDetails], &[C::Reached]),
    rule(&["ACC-20", "TSK-02"], Contact, &[TASK], &[Complete], &[C::NotComplete, C::Open]),
    rule(&["ACC-20", "MSG-01"], Contact, &[TALK], &[View, SeeDetails, Print], &[C::Reached]),
    rule(&["ACC-20", "REV-01"], Contact, &[TASK, DOCUMENT, FOLDER, TALK, BILL, EVENT], &[GiveBack], &[]),
    rule(&["ACC-20", "MSG-02"], Contact, &[TALK], &[Reply], &[C::NotReadOnly, C::Open]),

    // The firm's people: what they see.
    rule(&["FRM-01"], User, &[HOME], &[View], &[]),
    rule(&["FRM-01", "FRM-02"], User, &[MATTER, TASK, DOCUMENT, FOLDER, NOTE, EVENT, LOG, TALK, Thing::FirmCalendar],
        &[View, SeeDetails], &[C::Permitted]),
    rule(&["FRM-01"], User, &[MATTER], &[SeeClient, SeeContacts], &[]),
    rule(&["FRM-01"], User, &[DOCUMENT], &[Preview, Download, Print], &[]),
    rule(&["FRM-01"], User, &[FOLDER], &[Download], &[]),
    rule(&["MSG-10", "FRM-01"], User, &[TALK, NOTE], &[Print], &[]),
    rule(&["TIM-09", "FRM-02"], User, &[TIME], &[View, SeeDetails], &[C::Permitted]),
    rule(&["TIM-09"], User, &[MATTER], &[SeeOthersTime], &[]),
    rule(&["TIM-09", "FRM-03"], User, &[MATTER, TIME], &[SeeMoney], &[C::Billing]),
    rule(&["BIL-05", "FRM-02", "FRM-03"], User, &[BILL], &[View, SeeDetails, Download, SeeMoney], &[C::Permitted, C::Billing]),
    rule(&["FRM-03"], User, &[Thing::Accounting], &[View], &[C::Permitted, C::Accounts]),
    rule(&["FRM-03"], User, &[Thing::Reports], &[View], &[C::Reports]),
    rule(&["FRM-03", "FRM-04"], User, &[Thing::Settings], &[View, Edit], &[C::Admin]),
    rule(&["ACC-14", "FRM-01"], User, &[PROFILE], &[View], &[]),
    rule(&["ACC-14", "FRM-03"], User, &[PROFILE], &[Edit], &[C::Admin, C::AddressNotLocked]),
    rule(&["ACC-18", "FRM-03"], User, &[PROFILE], &[Delete], &[C::Admin]),

    // The firm's people: sharing.
    rule(&["REV-06", "ACC-20", "REV-11"], User, &[MATTER], &[Share], &[C::ReceiverCoCounsel]),
    rule(&["REV-06", "REV-10", "REV-11"], User, &[DOCUMENT], &[Share], &[C::ReceiverUnscreened]),
    rule(&["REV-06", "REV-10", "REV-11"], User, &[FOLDER], &[Share], &[C::ReceiverUnscreened, C::OutsideDropFolder]),
    rule(&["BIL-05", "REV-11"], User, &[BILL], &[Share], &[C::ReceiverUnscreened]),
    rule(&["CAL-08", "REV-11"], User, &[EVENT], &[Share], &[C::ReceiverUnscreened]),
    rule(&["TSK-06", "REV-11"], User, &[TASK], &[Assign], &[C::ReceiverUnscreened]),
    rule(&["MSG-10", "REV-11"], User, &[TALK], &[AddMember], &[C::Reached, C::ReceiverUnscreened]),
    rule(&["REV-02"], User, &[MATTER, DOCUMENT, FOLDER, BILL, EVENT, TASK, TALK], &[Unshare], &[]),

    // The firm's people: assistants of co-counsel see what matters the co-counsel has, which not every user may know.
    rule(&["A10"], User, &[HOME], &[ApproveAssistant], &[C::Admin]),
    rule(&["ACC-15", "ACC-16"], User, &[HOME], &[SeeAccounts], &[]),

    // The firm's people: work.
    rule(&["TSK-06", "FRM-01"], User, &[MATTER, HOME], &[CreateTask], &[]),
    rule(&["TSK-06", "FRM-01"], User, &[TASK], &[Edit, Delete, Reopen], &[]),
    rule(&["TSK-06", "TSK-08"], User, &[TASK], &[Complete], &[C::NotComplete]),
    rule(&["BIL-05", "FRM-01", "FRM-03"], User, &[MATTER], &[CreateBill], &[C::Billing]),
    rule(&["BIL-05", "FRM-01", "FRM-03"], User, &[BILL], &[Edit, Approve, Void], &[]),
    rule(&["CAL-08"], User, &[MATTER, HOME], &[CreateEvent], &[]),
    rule(&["CAL-08"], User, &[EVENT], &[Edit, Delete, AddTime], &[]),
    rule(&["CAL-08"], User, &[EVENT], &[Rsvp], &[C::Reached, C::NotCancelled]),
    rule(&["MSG-10", "MSG-03"], User, &[MATTER], &[StartConversation, AddMember], &[C::ReceiverUnscreened]),
    rule(&["MSG-10"], User, &[TALK], &[Reply], &[C::Reached, C::NotReadOnly]),
    rule(&["MSG-10"], User, &[TALK], &[Edit, Delete], &[C::Own]),
    rule(&["FRM-01"], User, &[MATTER], &[AddNote, AddCommunication, CreateFolder], &[]),
    rule(&["FRM-01"], User, &[NOTE, LOG], &[Edit, Delete], &[]),
    rule(&["FRM-01"], User, &[MATTER, TASK, DOCUMENT, NOTE, LOG, TALK], &[AddTime], &[]),
    rule(&["FRM-01"], User, &[MATTER, FOLDER], &[Upload, UploadFolder, NameAtUpload], &[]),
    rule(&["FRM-01"], User, &[DOCUMENT], &[AddVersion], &[]),
    rule(&["FRM-01"], User, &[DOCUMENT, FOLDER], &[Rename, Edit, Delete, Move], &[]),
    rule(&["TIM-09"], User, &[TIME], &[Edit, Delete], &[]),
    rule(&["TIM-09", "FRM-03"], User, &[TIME], &[AddToBill], &[C::Billing]),
    rule(&["TIM-12", "TIM-09", "FRM-03"], User, &[MATTER, TIME, HOME], &[SetRate], &[C::Billing]),
];

/// What assistants may do (gateway.md A10). Every one may name, answer and be told the number and name of a thing that the
/// co-counsel sees, since they answer what the co-counsel forwards to them; lists, details and content only with `Read`. Nobody
/// pays, names assistants or changes the co-counsel's own wishes for them.
#[rustfmt::skip]
pub const DELEGATIONS: &[Delegation] = &[
    hand(None, &[MATTER, TASK, DOCUMENT, FOLDER, NOTE, EVENT, TIME, LOG, TALK, BILL], &[View]),
    hand(None, &[HOME], &[SeeAccounts]),
    hand(Some(Given::Upload), &[MATTER, FOLDER], &[Upload, UploadFolder, NameAtUpload]),
    hand(Some(Given::Upload), &[DOCUMENT], &[AddVersion]),
    hand(Some(Given::Message), &[MATTER, HOME, TALK], &[StartConversation, Reply]),
    hand(Some(Given::Rsvp), &[EVENT], &[Rsvp]),
    hand(Some(Given::Tasks), &[TASK], &[Complete]),
    hand(Some(Given::Notes), &[MATTER, NOTE, LOG], &[AddNote, AddCommunication, Edit, Delete]),
    hand(Some(Given::Time), &[MATTER, TASK, DOCUMENT, NOTE, LOG, TALK], &[AddTime]),
    hand(Some(Given::Time), &[TIME], &[Edit, Delete]),
    hand(Some(Given::Read), &[HOME], &[View]),
    hand(Some(Given::Read), &[MATTER, TASK, DOCUMENT, FOLDER, NOTE, EVENT, TIME, LOG, TALK, BILL],
        &[SeeDetails, SeeClient, SeeContacts, Preview, Download, Print]),
];

/// The plain refusals. Anything else that a person sees and may not do is `NotPermitted`.
#[rustfmt::skip]
pub const DENIALS: &[Denial] = &[
    deny(&["CAL-03"], CoCounsel, &[MATTER, HOME, EVENT], &[CreateEvent], &[], Refusal::EventsByFirmOnly),
    deny(&["CAL-04"], CoCounsel, &[EVENT], &[Edit, Delete, Move, Share, Unshare], &[], Refusal::EventChangesByFirmOnly),
    deny(&["CAL-05", "TIM-08"], CoCounsel, &[EVENT, BILL, FOLDER], &[AddTime], &[], Refusal::NoTimeOnThis),
    deny(&["TSK-04"], CoCounsel, &[MATTER, HOME, TASK], &[CreateTask], &[], Refusal::TaskChangesByFirmOnly),
    deny(&["TSK-04"], CoCounsel, &[TASK], &[Edit, Delete, Assign, Reopen, Rename], &[], Refusal::TaskChangesByFirmOnly),
    deny(&["MAT-05"], CoCounsel, &[MATTER], &[Edit, Delete, EditContacts], &[], Refusal::MattersByFirmOnly),
    deny(&["MAT-05"], CoCounsel, &[HOME], &[CreateMatter, EditContacts], &[], Refusal::MattersByFirmOnly),
    deny(&["MAT-06", "TIM-06"], CoCounsel, &[MATTER, TIME], &[SeeMoney], &[], Refusal::MoneyByFirmOnly),
    deny(&["TIM-05"], CoCounsel, &[MATTER], &[SeeOthersTime], &[], Refusal::NotVisible),
    deny(&["TIM-06"], CoCounsel, &[MATTER, TASK, DOCUMENT, NOTE, LOG, TALK, TIME, HOME], &[SetRate], &[], Refusal::RatesByFirmOnly),
    deny(&["NOT-05"], CoCounsel, &[NOTE], &[Edit, Delete], &[], Refusal::NotYours),
    deny(&["COM-04"], CoCounsel, &[LOG], &[Delete], &[C::Own], Refusal::CommunicationsStay),
    deny(&["COM-05"], CoCounsel, &[LOG], &[Edit, Delete], &[], Refusal::NotYours),
    deny(&["TIM-15"], CoCounsel, &[MATTER, HOME], &[AddExpense], &[], Refusal::ExpensesByFirmOnly),
    deny(&["DOC-07"], CoCounsel, &[DOCUMENT, FOLDER], &[Rename], &[], Refusal::RenameByFirmOnly),
    deny(&["DOC-11"], CoCounsel, &[DOCUMENT, FOLDER], &[Edit, Delete, Move], &[], Refusal::DocumentChangesByFirmOnly),
    deny(&["DOC-08", "DOC-11"], CoCounsel, &[MATTER, FOLDER], &[CreateFolder], &[], Refusal::FoldersByUploadOnly),
    deny(&["BIL-04"], CoCounsel, &[BILL], &[Edit, Delete, Approve, Void], &[], Refusal::BillsByFirmOnly),
    deny(&["BIL-04"], CoCounsel, &[MATTER, HOME, BILL], &[CreateBill], &[], Refusal::BillsByFirmOnly),
    deny(&["MSG-04"], CoCounsel, &[TALK], &[Edit, Delete], &[], Refusal::MessagesStay),
    deny(&["MSG-08"], CoCounsel, &[MATTER, HOME, TALK], &[AddMember], &[], Refusal::FirmRecipientsOnly),
    deny(&["REV-01", "DOC-11"], CoCounsel, &[MATTER, TASK, DOCUMENT, FOLDER, NOTE, TIME, LOG, TALK, BILL, HOME],
        &[Share, Unshare], &[], Refusal::SharesByFirmOnly),
    deny(&["MSG-05", "MSG-10"], User, &[TALK], &[Reply, AddMember], &[], Refusal::MembersOnly),
    deny(&["TIM-09"], User, &[TIME], &[Assign], &[], Refusal::AuthorStays),
    deny(&["TIM-10"], User, &[MATTER, TASK, DOCUMENT, NOTE, LOG, TALK, EVENT], &[AddTimeForAnother], &[], Refusal::OwnNameOnly),
];
