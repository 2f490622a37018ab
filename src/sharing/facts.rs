//! What the decision needs to know about one person and one thing: plain data that `store` loads in the
//! transaction in which it is used. Nothing here reads anything or decides anything.

use std::collections::BTreeSet;

use crate::domain::Kind;
use jiff::civil::Date;

/// What a person is to this firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A contact flagged as co-counsel (`contacts.is_co_counsel`).
    CoCounsel,
    /// Any other contact: client, witness, judge (ACC-20).
    Contact,
    /// One of the firm's own people, with the flags of `users` (FRM-03).
    User {
        /// May change the firm's settings and read its audit.
        admin: bool,
        /// May see rates, amounts and bills.
        billing: bool,
        /// May see transactions, trust, expenses and budgets.
        accounts: bool,
        /// May see reports.
        reports: bool,
    },
    /// Somebody who acts for a co-counsel: asked about as that co-counsel, narrowed by [`Facts::acts_by`] (gateway.md A10).
    Assistant,
    /// Nobody this firm has a row for.
    Stranger,
}

impl Role {
    /// Gives the actor that the rules speak of; strangers are none, nor are assistants by themselves.
    pub const fn who(self) -> Option<Who> {
        match self {
            Role::CoCounsel => Some(Who::CoCounsel),
            Role::Contact => Some(Who::Contact),
            Role::User { .. } => Some(Who::User),
            Role::Assistant | Role::Stranger => None,
        }
    }
}

/// The actors of the rules: a role without its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Co-counsel.
    CoCounsel,
    /// Clients and other contacts.
    Contact,
    /// The firm's people.
    User,
}

/// Whether this firm lets the person in at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// A contact who accepted an invitation of this firm, or an enabled user of it.
    Active,
    /// A contact who was invited, or only entered, and has not accepted (ACC-04).
    NotAccepted,
    /// The identity is disabled, the user is not enabled, or the contact is deleted (ACC-18).
    Disabled,
    /// Unknown, or a person of another firm only.
    Stranger,
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// An item with a number.
    Item(Kind),
    /// The person's own page at this firm: the overview, and what concerns no matter (ACC-05).
    Home,
    /// Name, picture, zone and addresses: to a contact their own (ACC-06 to ACC-10), to the firm's people those of the
    /// contact who is the receiver (ACC-14, ACC-18).
    Profile,
    /// The calendars of the firm (CAL-06).
    FirmCalendar,
    /// Transactions, trust, expenses and budget of a matter (MAT-06).
    Accounting,
    /// The firm's reports (MAT-06).
    Reports,
    /// The firm's settings, its audit and its disclosure report (FRM-03, FRM-04).
    Settings,
    /// Document automation, Box, Dropbox, Google Drive, NetDocuments (DOC-12): for nobody here.
    Integrations,
}

impl Thing {
    /// Every thing, the items first.
    pub const ALL: [Thing; 17] = [
        Thing::Item(Kind::Matter),
        Thing::Item(Kind::Task),
        Thing::Item(Kind::Document),
        Thing::Item(Kind::Folder),
        Thing::Item(Kind::Note),
        Thing::Item(Kind::Event),
        Thing::Item(Kind::TimeEntry),
        Thing::Item(Kind::Communication),
        Thing::Item(Kind::Conversation),
        Thing::Item(Kind::Bill),
        Thing::Home,
        Thing::Profile,
        Thing::FirmCalendar,
        Thing::Accounting,
        Thing::Reports,
        Thing::Settings,
        Thing::Integrations,
    ];
}

/// How a live grant reaches the thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// It does not.
    None,
    /// By a grant of the thing itself: a share, an assignment, an attendance, a membership.
    Direct,
    /// By a share of a folder above it.
    ThroughFolder,
}

/// The states of a bill (model.md b1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BillState {
    /// `draft`; also the value for what is no bill.
    Draft,
    /// `awaiting_approval`.
    AwaitingApproval,
    /// `awaiting_payment`.
    AwaitingPayment,
    /// `paid`.
    Paid,
    /// `void`.
    Void,
    /// `deleted`.
    Deleted,
}

/// The person who would get something by this act: by sharing, assigning, inviting, writing or adding a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// The act gives nothing to anybody. What does give something is refused with it: say to whom.
    Nobody,
    /// One of the firm's own people.
    User,
    /// A contact flagged as co-counsel.
    CoCounsel,
    /// Another contact.
    Contact,
    /// A contact who has accepted nothing yet and has no mail address on the card (ACC-19).
    NoAddress,
    /// Such a contact, with an address from which another contact of the firm writes (ACC-01).
    AddressTaken,
    /// Somebody who acts for a co-counsel: what is given is given to that co-counsel.
    Assistant,
    /// Anybody, the firm's people too, whom a live screen keeps from the thing's matter (REV-11).
    Screened,
}

/// What an assistant may do for the co-counsel for whom they act; the co-counsel chooses, the firm approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Given {
    /// File documents and new versions.
    Upload,
    /// Write and answer messages.
    Message,
    /// Answer invitations to events.
    Rsvp,
    /// Complete tasks.
    Tasks,
    /// Add notes and log communications.
    Notes,
    /// Record time, as the co-counsel's.
    Time,
    /// Look at everything that the co-counsel sees: lists, details, documents.
    Read,
}

impl Given {
    /// Every one, in the order in which they are listed.
    pub const ALL: [Given; 7] =
        [Given::Upload, Given::Message, Given::Rsvp, Given::Tasks, Given::Notes, Given::Time, Given::Read];

    /// What is given if nothing was chosen.
    pub const USUAL: [Given; 3] = [Given::Upload, Given::Message, Given::Rsvp];

    /// The word in the store, on the command line and in a mail.
    pub const fn word(self) -> &'static str {
        match self {
            Given::Upload => "upload",
            Given::Message => "message",
            Given::Rsvp => "rsvp",
            Given::Tasks => "tasks",
            Given::Notes => "notes",
            Given::Time => "time",
            Given::Read => "read",
        }
    }

    /// The one of this word, in the singular or plural.
    pub fn of(word: &str) -> Option<Given> {
        let word = word.to_lowercase();
        let singular = |w: &str| w.trim_end_matches('s').to_owned();
        Given::ALL.into_iter().find(|g| singular(g.word()) == singular(&word))
    }
}

/// All that is known about one person and one thing, at one moment.
///
/// Load it in the transaction that acts. Begin with [`Facts::bare`], which knows nothing that would allow
/// anything, and set what applies to the thing; the other fields are read by no rule about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// An assistant acts, and this was given to them: every other fact is that of the co-counsel for whom they act, but
    /// `standing` and `screened` count for both. None: the person acts in their own name.
    pub acts_by: Option<BTreeSet<Given>>,
    /// What the person is to *this* firm. A person with a contact row and a user row here is asked about in
    /// the role in which they act (ACC-15); none of both: `Stranger`.
    pub role: Role,
    /// Whether this firm lets them in; see the variants.
    pub standing: Standing,
    /// What is asked about. To add a task, note, event … ask about the matter (or folder, or `Home` if no
    /// matter is meant or the thing's matter is not shared); to act on one, ask about it.
    pub thing: Thing,
    /// A row with this number exists in this firm (for notes, time entries and logs of co-counsel: in the
    /// person's own numbering, decisions.md 29) and is not deleted; nor is its matter. Always true for what has no row.
    pub present: bool,
    /// A live screen (`screens.lifted_at` is null) names this person for the thing's matter: users and
    /// contacts alike (REV-11, FRM-02). False for what has no matter.
    pub screened: bool,
    /// Users only: matter permissions let them at the thing's matter, and do not block them (FRM-02); for a
    /// private task also: assignee, assigner or administrator. True for what has no matter.
    pub permitted: bool,
    /// How a live grant (`revoked_at` null, `expires_at` null or later than now) reaches the thing. Task: this
    /// person is the assignee; event: attendee, not removed; conversation: member, not removed; bill,
    /// document, folder: a share; document and folder: else `ThroughFolder` if any folder above is shared.
    /// Time entry: the reach of the task, document or conversation that it was recorded on, if it was. Matter, note, communication: not read,
    /// see `matter_shared`. For users: assignee, attendee, member in the same way.
    pub reach: Reach,
    /// A live share (as above) of the matter that the thing belongs to; for a matter: of itself. False if
    /// the thing has no matter.
    pub matter_shared: bool,
    /// This person made it: author of a note, communication or time entry, creator of a document or folder; for
    /// a conversation: of a message in it that was not corrected (which one is changed is for the action to see).
    pub own: bool,
    /// Document: lies in a drop folder "From co-counsel" of the matter, at any depth. Folder: is it, or lies in it.
    pub in_drop_folder: bool,
    /// Note: the firm marked it as internal.
    pub internal: bool,
    /// Document: checked out by the firm. Folder: locked by the firm, so that it takes nothing from outside. Profile: the firm
    /// may not change the login address.
    pub locked: bool,
    /// Task: the day on which it was completed, if it is, in the person's zone.
    pub completed_on: Option<Date>,
    /// The day on which the thing's matter was closed, if it is `Closed` and the firm's setting makes closed
    /// matters read-only (the default). None if the setting is "keep" (REV-09).
    pub closed_on: Option<Date>,
    /// Time: the day of the work, as the entry will stand; for a change, the later of the old and the new day;
    /// for a deletion, its day. None if no time is meant.
    pub worked_on: Option<Date>,
    /// Time: the matter was closed longer ago than the firm takes late time (N days of REV-09).
    pub late_time_over: bool,
    /// Time entry: `on_bill` or `billed`.
    pub billed: bool,
    /// Time: a category was typed that is unknown or not `visible_to_co_counsel`. False if none was typed.
    pub category_hidden: bool,
    /// Event: `cancelled_at` is set.
    pub cancelled: bool,
    /// Conversation: `read_only` or `archived`.
    pub read_only: bool,
    /// Bill: its state.
    pub bill: BillState,
    /// Bill: it has a payment link, or its firm has one for all bills.
    pub payment_set_up: bool,
    /// Users' `Share`, `Assign`, `AddMember`, `StartConversation`: who would get something by it. Of several
    /// receivers each is asked about.
    pub receiver: Receiver,
}

impl Facts {
    /// Gives the facts that are known of a thing not found: present nowhere, reached by nothing.
    pub const fn bare(role: Role, standing: Standing, thing: Thing) -> Facts {
        Facts {
            acts_by: None,
            role,
            standing,
            thing,
            present: false,
            screened: false,
            permitted: false,
            reach: Reach::None,
            matter_shared: false,
            own: false,
            in_drop_folder: false,
            internal: false,
            locked: false,
            completed_on: None,
            closed_on: None,
            worked_on: None,
            late_time_over: false,
            billed: false,
            category_hidden: false,
            cancelled: false,
            read_only: false,
            bill: BillState::Draft,
            payment_set_up: false,
            receiver: Receiver::Nobody,
        }
    }
}
