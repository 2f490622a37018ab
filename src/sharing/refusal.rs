//! Every "no". A refusal is a correct answer, with a code for audit and logs; the words for it are elsewhere,
//! in one exhaustive match. In quotation marks: the sentence of the requirement.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Why something may not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// NF, the same bytes for absent, unshared, revoked, foreign, not accepted and disabled:
    /// "I find no *X* shared with you under that number."
    NotVisible,
    /// Nothing allows it, and no requirement gives it a sentence of its own: not available to you here.
    NotPermitted,
    /// The matter is closed and so read-only (decisions.md 23): the sentence gives the day, and says that the text
    /// was kept and passed to the firm.
    MatterClosed {
        /// The day of closing; none where only a thing of the matter is shared.
        closed_on: Option<Date>,
    },
    /// "Co-counsel can't create calendar events. I sent your proposal to the responsible attorney as a message?
    /// (reply #send)"
    EventsByFirmOnly,
    /// Only the firm can change an event; what was written can be passed on as a message (CAL-04).
    EventChangesByFirmOnly,
    /// "Time can't be tied to an event here; recorded on the matter instead? Reply #time 1h". Bills and folders likewise.
    NoTimeOnThis,
    /// The event was cancelled: there is nothing to answer.
    EventCancelled,
    /// "Only the firm can change a task. Your text was passed on to …" if there is text.
    TaskChangesByFirmOnly,
    /// "already completed on …"
    AlreadyComplete {
        /// The day of completion, in the person's zone.
        completed_on: Date,
    },
    /// Matters, clients and contacts are entered and changed by the firm; the text is forwarded on request (MAT-05).
    MattersByFirmOnly,
    /// "not available to co-counsel": money, trust, budgets (MAT-06), rates and amounts of time (TIM-06).
    MoneyByFirmOnly,
    /// "You can change only your own notes."; for communications likewise.
    NotYours,
    /// "Logged communications can't be deleted; you can correct it with #edit"
    CommunicationsStay,
    /// "Already on a bill; ask …", without saying which bill or its state.
    AlreadyBilled,
    /// "Rates are set by the firm"
    RatesByFirmOnly,
    /// The category is unknown or not for co-counsel; the answer lists those that are (TIM-13).
    CategoryUnknown,
    /// "Expenses are recorded by the firm. Attach the receipt and I will file it as a document."
    ExpensesByFirmOnly,
    /// "Only the firm can rename a filed document"
    RenameByFirmOnly,
    /// Filed documents and folders are edited, moved and deleted by the firm only (DOC-11).
    DocumentChangesByFirmOnly,
    /// Folders come into being by a folder upload only: attach a zip and write `#unzip`.
    FoldersByUploadOnly,
    /// "checked out by the firm" (no name)
    CheckedOut,
    /// The firm locked the folder: it takes no files (model.md).
    FolderLocked,
    /// Bills are generated, changed, approved and voided by the firm only (BIL-04).
    BillsByFirmOnly,
    /// "Online payment isn't set up. The bill shows how to pay."
    PaymentNotSetUp,
    /// The bill awaits no payment: it is paid.
    NothingToPay,
    /// The conversation is read-only or archived: it takes no more messages (MSG-02).
    ConversationReadOnly,
    /// "Messages can't be changed after sending. Send a correction."
    MessagesStay,
    /// Messages go to the firm's people; those in Cc are listed to the firm, never added (MSG-08).
    FirmRecipientsOnly,
    /// Access is given and ended by the firm only; it cannot be passed on (REV-01, DOC-11).
    SharesByFirmOnly,
    /// To the firm: "blocked by a screen; see FA"
    BlockedByScreen,
    /// To the firm: a matter is shared with co-counsel only (ACC-20).
    MatterForCoCounselOnly,
    /// To the firm: an assistant has what their co-counsel has; share it with them (A10).
    ShareWithThePrincipal,
    /// To an assistant: their co-counsel may, and did not give it to them (A10).
    NotForAssistants,
    /// To the firm: the drop folder is no share; share the document itself (decisions.md 22).
    DropFolderNotShared,
    /// To the firm: whoever is not a member of the conversation may read it, not answer in it (MSG-05).
    MembersOnly,
    /// To the firm: who entered a time entry stays as it is (TIM-09).
    AuthorStays,
    /// To the firm: time is entered in one's own name (TIM-10).
    OwnNameOnly,
    /// To the firm: the contact has no mail address, so nothing can be shared with them (ACC-19).
    ReceiverHasNoAddress,
    /// To the firm: another contact writes from the address of this one (ACC-01).
    AddressOfAnother,
    /// To the firm: the login address of this contact is locked (ACC-14).
    AddressLocked,
    /// To the firm: this takes the billing permission (FRM-03, TIM-12).
    BillingPermissionNeeded,
}

impl Refusal {
    /// Every refusal; those with a day carry 0000-01-01.
    pub const ALL: [Refusal; 41] = [
        Refusal::NotVisible,
        Refusal::NotPermitted,
        Refusal::MatterClosed { closed_on: Some(Date::ZERO) },
        Refusal::EventsByFirmOnly,
        Refusal::EventChangesByFirmOnly,
        Refusal::NoTimeOnThis,
        Refusal::EventCancelled,
        Refusal::TaskChangesByFirmOnly,
        Refusal::AlreadyComplete { completed_on: Date::ZERO },
        Refusal::MattersByFirmOnly,
        Refusal::MoneyByFirmOnly,
        Refusal::NotYours,
        Refusal::CommunicationsStay,
        Refusal::AlreadyBilled,
        Refusal::RatesByFirmOnly,
        Refusal::CategoryUnknown,
        Refusal::ExpensesByFirmOnly,
        Refusal::RenameByFirmOnly,
        Refusal::DocumentChangesByFirmOnly,
        Refusal::FoldersByUploadOnly,
        Refusal::CheckedOut,
        Refusal::FolderLocked,
        Refusal::BillsByFirmOnly,
        Refusal::PaymentNotSetUp,
        Refusal::NothingToPay,
        Refusal::ConversationReadOnly,
        Refusal::MessagesStay,
        Refusal::FirmRecipientsOnly,
        Refusal::SharesByFirmOnly,
        Refusal::BlockedByScreen,
        Refusal::MatterForCoCounselOnly,
        Refusal::ShareWithThePrincipal,
        Refusal::NotForAssistants,
        Refusal::DropFolderNotShared,
        Refusal::MembersOnly,
        Refusal::AuthorStays,
        Refusal::OwnNameOnly,
        Refusal::ReceiverHasNoAddress,
        Refusal::AddressOfAnother,
        Refusal::AddressLocked,
        Refusal::BillingPermissionNeeded,
    ];

    /// Gives the stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::NotVisible => "NOT_VISIBLE",
            Refusal::NotPermitted => "NOT_PERMITTED",
            Refusal::MatterClosed { .. } => "MATTER_CLOSED",
            Refusal::EventsByFirmOnly => "EVENTS_BY_FIRM_ONLY",
            Refusal::EventChangesByFirmOnly => "EVENT_CHANGES_BY_FIRM_ONLY",
            Refusal::NoTimeOnThis => "NO_TIME_ON_THIS",
            Refusal::EventCancelled => "EVENT_CANCELLED",
            Refusal::TaskChangesByFirmOnly => "TASK_CHANGES_BY_FIRM_ONLY",
            Refusal::AlreadyComplete { .. } => "ALREADY_COMPLETE",
            Refusal::MattersByFirmOnly => "MATTERS_BY_FIRM_ONLY",
            Refusal::MoneyByFirmOnly => "MONEY_BY_FIRM_ONLY",
            Refusal::NotYours => "NOT_YOURS",
            Refusal::CommunicationsStay => "COMMUNICATIONS_STAY",
            Refusal::AlreadyBilled => "ALREADY_BILLED",
            Refusal::RatesByFirmOnly => "RATES_BY_FIRM_ONLY",
            Refusal::CategoryUnknown => "CATEGORY_UNKNOWN",
            Refusal::ExpensesByFirmOnly => "EXPENSES_BY_FIRM_ONLY",
            Refusal::RenameByFirmOnly => "RENAME_BY_FIRM_ONLY",
            Refusal::DocumentChangesByFirmOnly => "DOCUMENT_CHANGES_BY_FIRM_ONLY",
            Refusal::FoldersByUploadOnly => "FOLDERS_BY_UPLOAD_ONLY",
            Refusal::CheckedOut => "CHECKED_OUT",
            Refusal::FolderLocked => "FOLDER_LOCKED",
            Refusal::BillsByFirmOnly => "BILLS_BY_FIRM_ONLY",
            Refusal::PaymentNotSetUp => "PAYMENT_NOT_SET_UP",
            Refusal::NothingToPay => "NOTHING_TO_PAY",
            Refusal::ConversationReadOnly => "CONVERSATION_READ_ONLY",
            Refusal::MessagesStay => "MESSAGES_STAY",
            Refusal::FirmRecipientsOnly => "FIRM_RECIPIENTS_ONLY",
            Refusal::SharesByFirmOnly => "SHARES_BY_FIRM_ONLY",
            Refusal::BlockedByScreen => "BLOCKED_BY_SCREEN",
            Refusal::MatterForCoCounselOnly => "MATTER_FOR_CO_COUNSEL_ONLY",
            Refusal::ShareWithThePrincipal => "SHARE_WITH_THE_PRINCIPAL",
            Refusal::NotForAssistants => "NOT_FOR_ASSISTANTS",
            Refusal::DropFolderNotShared => "DROP_FOLDER_NOT_SHARED",
            Refusal::MembersOnly => "MEMBERS_ONLY",
            Refusal::AuthorStays => "AUTHOR_STAYS",
            Refusal::OwnNameOnly => "OWN_NAME_ONLY",
            Refusal::ReceiverHasNoAddress => "RECEIVER_HAS_NO_ADDRESS",
            Refusal::AddressOfAnother => "ADDRESS_OF_ANOTHER",
            Refusal::AddressLocked => "ADDRESS_LOCKED",
            Refusal::BillingPermissionNeeded => "BILLING_PERMISSION_NEEDED",
        }
    }

    /// Names the requirement rows behind it.
    pub const fn rows(self) -> &'static [&'static str] {
        match self {
            Refusal::NotVisible => &[
                "REV-03", "REV-04", "CAL-06", "TSK-05", "TSK-07", "MAT-06", "MAT-07", "TIM-05", "TIM-16", "DOC-12",
                "DOC-16", "BIL-04", "MSG-05", "FRM-02",
            ],
            Refusal::NotPermitted => &["FRM-01", "ACC-20"],
            Refusal::MatterClosed { .. } => &["REV-09", "TIM-16"],
            Refusal::EventsByFirmOnly => &["CAL-03"],
            Refusal::EventChangesByFirmOnly => &["CAL-04"],
            Refusal::NoTimeOnThis => &["CAL-05", "TIM-08"],
            Refusal::EventCancelled => &["CAL-07"],
            Refusal::TaskChangesByFirmOnly => &["TSK-04"],
            Refusal::AlreadyComplete { .. } => &["TSK-08"],
            Refusal::MattersByFirmOnly => &["MAT-05"],
            Refusal::MoneyByFirmOnly => &["MAT-06", "TIM-06"],
            Refusal::NotYours => &["NOT-05", "COM-05"],
            Refusal::CommunicationsStay => &["COM-04"],
            Refusal::AlreadyBilled => &["TIM-04"],
            Refusal::RatesByFirmOnly => &["TIM-06"],
            Refusal::CategoryUnknown => &["TIM-13"],
            Refusal::ExpensesByFirmOnly => &["TIM-15"],
            Refusal::RenameByFirmOnly => &["DOC-07"],
            Refusal::DocumentChangesByFirmOnly | Refusal::FoldersByUploadOnly => &["DOC-11"],
            Refusal::CheckedOut => &["DOC-17"],
            Refusal::FolderLocked => &["DOC-05"],
            Refusal::BillsByFirmOnly => &["BIL-04"],
            Refusal::PaymentNotSetUp => &["BIL-03"],
            Refusal::NothingToPay => &["BIL-02"],
            Refusal::ConversationReadOnly => &["MSG-02"],
            Refusal::MessagesStay => &["MSG-04"],
            Refusal::FirmRecipientsOnly => &["MSG-08"],
            Refusal::SharesByFirmOnly => &["REV-01", "DOC-11"],
            Refusal::BlockedByScreen => &["REV-11"],
            Refusal::MatterForCoCounselOnly => &["ACC-20"],
            Refusal::ShareWithThePrincipal | Refusal::NotForAssistants => &["A10"],
            Refusal::DropFolderNotShared => &["DOC-14"],
            Refusal::MembersOnly => &["MSG-05", "MSG-10"],
            Refusal::AuthorStays => &["TIM-09"],
            Refusal::OwnNameOnly => &["TIM-10"],
            Refusal::ReceiverHasNoAddress => &["ACC-01", "ACC-19"],
            Refusal::AddressOfAnother => &["ACC-01"],
            Refusal::AddressLocked => &["ACC-14"],
            Refusal::BillingPermissionNeeded => &["FRM-03", "TIM-12"],
        }
    }
}
