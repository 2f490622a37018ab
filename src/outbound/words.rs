//! Every "no" in words: one exhaustive match, so that a refusal without words does not compile. The words show nothing
//! but what the refusal itself says.

use crate::domain::Kind;
use crate::domain::dates::Locale;
use crate::sharing::Refusal;

/// Why not, for a co-counsel's receipt; `kind` is what was asked for.
pub fn refusal(refusal: Refusal, kind: Kind, locale: Locale) -> String {
    let text = match refusal {
        Refusal::NotVisible => {
            return format!("I find no {} shared with you under that number.", kind.word());
        }
        Refusal::MatterClosed { closed_on } => {
            return format!(
                "This matter was closed on {} and is read-only. Nothing was added; your text was kept and passed to the firm.",
                locale.display(closed_on)
            );
        }
        Refusal::AlreadyComplete { completed_on } => {
            return format!("This task was already completed on {}.", locale.display(completed_on));
        }
        Refusal::NoTimeOnThis => {
            return format!("Time can't be recorded on {}s. Record it on the matter instead.", kind.word());
        }
        Refusal::NotYours => return format!("You can change only your own {}s.", kind.word()),
        Refusal::NotPermitted => "This isn't available to you here.",
        Refusal::EventsByFirmOnly => "Co-counsel can't create calendar events. Write to the firm, and they can.",
        Refusal::EventChangesByFirmOnly => {
            "Only the firm can change a calendar event. Write to the firm what should change."
        }
        Refusal::EventCancelled => "This event was cancelled.",
        Refusal::TaskChangesByFirmOnly => {
            "Only the firm can create or change a task. You can complete a task that is assigned to you."
        }
        Refusal::MattersByFirmOnly => "Matters, clients and contacts are entered and changed by the firm.",
        Refusal::MoneyByFirmOnly => "Rates, amounts and accounts are not available to co-counsel.",
        Refusal::CommunicationsStay => "Logged communications can't be deleted; you can correct it with #edit.",
        Refusal::AlreadyBilled => "This time entry is already on a bill and can't be changed. Ask the firm.",
        Refusal::RatesByFirmOnly => "Rates are set by the firm.",
        Refusal::CategoryUnknown => "This category isn't one you can choose.",
        Refusal::ExpensesByFirmOnly => {
            "Expenses are recorded by the firm. Attach the receipt and I will file it as a document."
        }
        Refusal::RenameByFirmOnly => "Only the firm can rename a filed document.",
        Refusal::DocumentChangesByFirmOnly => {
            "Only the firm can change, move or delete a filed document. You can send a new version."
        }
        Refusal::FoldersByUploadOnly => "Folders can't be created on their own.",
        Refusal::CheckedOut => "This document is checked out by the firm; a new version can't be filed now.",
        Refusal::FolderLocked => "The firm locked this folder; it takes no files now.",
        Refusal::BillsByFirmOnly => "Bills are made and changed by the firm.",
        Refusal::PaymentNotSetUp => "Online payment isn't set up. The bill shows how to pay.",
        Refusal::NothingToPay => "This bill awaits no payment.",
        Refusal::ConversationReadOnly => "This conversation takes no more messages.",
        Refusal::MessagesStay => "Messages can't be changed after sending. Send a correction.",
        Refusal::FirmRecipientsOnly => "Messages go to the firm's people only. Nobody else was added.",
        Refusal::SharesByFirmOnly => "Only the firm can give or end access.",
        Refusal::BlockedByScreen => "Blocked by a screen; see an administrator.",
        Refusal::MatterForCoCounselOnly => "A matter can be shared with co-counsel only.",
        Refusal::DropFolderNotShared => "The drop folder can't be shared; share the document itself.",
        Refusal::MembersOnly => "Only members of the conversation can answer in it.",
        Refusal::AuthorStays => "Who entered a time entry can't be changed.",
        Refusal::OwnNameOnly => "Time is entered in one's own name.",
        Refusal::BillingPermissionNeeded => "This takes the billing permission.",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_refusal_speaks_of_money_amounts_or_other_people() {
        for no in Refusal::ALL {
            let text = refusal(no, Kind::Task, Locale::British);
            assert!(text.ends_with('.') && text.len() < 160, "{text}");
            assert!(!text.contains(['£', '$', '€', '@']), "{text}");
        }
    }
}
