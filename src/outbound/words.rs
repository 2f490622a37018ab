//! Every "no" in words: one exhaustive match, so that a refusal without words does not compile. The words show nothing
//! but what the refusal itself says.

use crate::domain::Kind;
use crate::domain::dates::Locale;
use crate::language::{phrase, say, sentence};
use crate::sharing::Refusal;
use crate::store::calendar::PartStat;

/// The neutral refusal, the same for absent, unshared, revoked and foreign (requirements.md, rule 8): it names the number
/// that was typed, and speaks of none where none was.
pub fn not_visible(kind: Kind, named: Option<String>, typed: &str, locale: Locale) -> String {
    match named {
        Some(id) => say!(locale, "I find no {kind} {id} shared with you.", kind = kind, id = id),
        None if typed.contains(|c: char| c.is_ascii_digit()) => refusal(Refusal::NotVisible, kind, locale),
        None => say!(locale, "I find no {kind} shared with you that your mail could be about.", kind = kind),
    }
}

/// Why not, for a co-counsel's receipt; `kind` is what was asked for.
pub fn refusal(refusal: Refusal, kind: Kind, locale: Locale) -> String {
    let text = match refusal {
        Refusal::NotVisible => {
            return say!(locale, "I find no {kind} shared with you under that number.", kind = kind);
        }
        Refusal::MatterClosed { closed_on: None } => sentence!(
            "This matter is closed and read-only. Nothing was added; your text was kept and passed to the firm."
        ),
        Refusal::MatterClosed { closed_on: Some(closed_on) } => {
            return say!(
                locale,
                "This matter was closed on {day} and is read-only. Nothing was added; your text was kept and passed to the firm.",
                day = locale.display(closed_on)
            );
        }
        Refusal::AlreadyComplete { completed_on } => {
            return say!(locale, "This task was already completed on {day}.", day = locale.display(completed_on));
        }
        Refusal::NoTimeOnThis => {
            return say!(
                locale,
                "Time can't be recorded on {things}. Record it on the matter instead.",
                things = kind.plural(locale)
            );
        }
        Refusal::NotYours => {
            return say!(locale, "You can change only your own {things}.", things = kind.plural(locale));
        }
        Refusal::NotPermitted => sentence!("This isn't available to you here."),
        Refusal::EventsByFirmOnly => sentence!("Co-counsel can't create calendar events."),
        Refusal::EventChangesByFirmOnly => sentence!("Only the firm can change a calendar event."),
        Refusal::EventCancelled => sentence!("This event was cancelled."),
        Refusal::TaskChangesByFirmOnly => {
            sentence!("Only the firm can create or change a task. You can complete a task that is assigned to you.")
        }
        Refusal::MattersByFirmOnly => sentence!("Matters, clients and contacts are entered and changed by the firm."),
        Refusal::MoneyByFirmOnly => sentence!("Rates, amounts and accounts are not available to co-counsel."),
        Refusal::CommunicationsStay => {
            sentence!("Logged communications can't be deleted; you can correct it with #edit.")
        }
        Refusal::AlreadyBilled => sentence!("This time entry is already on a bill and can't be changed. Ask the firm."),
        Refusal::RatesByFirmOnly => sentence!("Rates are set by the firm."),
        Refusal::CategoryUnknown => sentence!("This category isn't one you can choose."),
        Refusal::ExpensesByFirmOnly => {
            sentence!("Expenses are recorded by the firm. Attach the receipt and I will file it as a document.")
        }
        Refusal::RenameByFirmOnly => sentence!("Only the firm can rename a filed document."),
        Refusal::DocumentChangesByFirmOnly => {
            sentence!("Only the firm can change, move or delete a filed document. You can send a new version.")
        }
        Refusal::FoldersByUploadOnly => sentence!("Folders can't be created on their own."),
        Refusal::CheckedOut => sentence!("This document is checked out by the firm; a new version can't be filed now."),
        Refusal::FolderLocked => sentence!("The firm locked this folder; it takes no files now."),
        Refusal::BillsByFirmOnly => sentence!("Bills are made and changed by the firm."),
        Refusal::PaymentNotSetUp => sentence!("Online payment isn't set up. The bill shows how to pay."),
        Refusal::NothingToPay => sentence!("This bill awaits no payment."),
        Refusal::ConversationReadOnly => sentence!("This conversation takes no more messages."),
        Refusal::MessagesStay => sentence!("Messages can't be changed after sending. Send a correction."),
        Refusal::FirmRecipientsOnly => sentence!("Messages go to the firm's people only. Nobody else was added."),
        Refusal::SharesByFirmOnly => sentence!("Only the firm can give or end access."),
        Refusal::BlockedByScreen => sentence!("Blocked by a screen; see an administrator."),
        Refusal::MatterForCoCounselOnly => sentence!("A matter can be shared with co-counsel only."),
        Refusal::ShareWithThePrincipal => {
            sentence!("An assistant sees what their co-counsel sees; share it with the co-counsel.")
        }
        Refusal::NotForAssistants => sentence!(
            "As an assistant you were not given this. The co-counsel for whom you act can do it, or name you anew with it."
        ),
        Refusal::DropFolderNotShared => sentence!("The drop folder can't be shared; share the document itself."),
        Refusal::MembersOnly => sentence!("Only members of the conversation can answer in it."),
        Refusal::AuthorStays => sentence!("Who entered a time entry can't be changed."),
        Refusal::OwnNameOnly => sentence!("Time is entered in one's own name."),
        Refusal::ReceiverHasNoAddress => {
            sentence!("Their contact card has no mail address. Add one first; then share.")
        }
        Refusal::AddressOfAnother => sentence!("Another contact of the firm already uses that mail address."),
        Refusal::AddressLocked => {
            sentence!("This contact's login address is locked; an administrator can unlock it.")
        }
        Refusal::BillingPermissionNeeded => sentence!("This takes the billing permission."),
    };
    phrase(locale, text)
}

/// The answer to an invitation, in a word.
pub const fn answer(answer: PartStat) -> &'static str {
    match answer {
        PartStat::Accepted => sentence!("yes"),
        PartStat::Declined => sentence!("no"),
        PartStat::Tentative => sentence!("maybe"),
        PartStat::NeedsAction => sentence!("no answer yet"),
    }
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
