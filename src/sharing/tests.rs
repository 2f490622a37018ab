//! The table row by row: a test is named for the requirement row that it shows.

use super::Ability::*;
use super::*;
use crate::domain::Kind;
use jiff::civil::{Date, date};

pub(super) const MATTER: Thing = Thing::Item(Kind::Matter);
pub(super) const TASK: Thing = Thing::Item(Kind::Task);
pub(super) const DOCUMENT: Thing = Thing::Item(Kind::Document);
pub(super) const FOLDER: Thing = Thing::Item(Kind::Folder);
pub(super) const NOTE: Thing = Thing::Item(Kind::Note);
pub(super) const EVENT: Thing = Thing::Item(Kind::Event);
pub(super) const TIME: Thing = Thing::Item(Kind::TimeEntry);
pub(super) const LOG: Thing = Thing::Item(Kind::Communication);
pub(super) const TALK: Thing = Thing::Item(Kind::Conversation);
pub(super) const BILL: Thing = Thing::Item(Kind::Bill);

const CLOSED: Date = date(2026, 3, 14);
const BEFORE: Date = date(2026, 3, 13);

/// Rows of gateway.md and of a1 whose required behaviour is a rule here.
const GATEWAY_ROWS: [&str; 3] = ["A10", "ACC-15", "ACC-16"];

/// The rows of a2–a9 with the verdict A or D whose actor is co-counsel.
#[rustfmt::skip]
const CO_COUNSEL_ROWS: [&str; 76] = [
    "ACC-06", "ACC-07", "ACC-09", "ACC-10",
    "REV-04",
    "CAL-01", "CAL-02", "CAL-03", "CAL-04", "CAL-05", "CAL-06", "CAL-07",
    "TSK-01", "TSK-02", "TSK-03", "TSK-04", "TSK-05", "TSK-07",
    "MAT-01", "MAT-02", "MAT-03", "MAT-04", "MAT-05", "MAT-06", "MAT-07",
    "NOT-01", "NOT-02", "NOT-03", "NOT-04", "NOT-05", "NOT-06",
    "COM-01", "COM-02", "COM-03", "COM-04", "COM-05", "COM-06",
    "TIM-01", "TIM-02", "TIM-03", "TIM-04", "TIM-05", "TIM-06", "TIM-07", "TIM-08", "TIM-13", "TIM-15", "TIM-16",
    "DOC-01", "DOC-02", "DOC-03", "DOC-04", "DOC-05", "DOC-06", "DOC-07", "DOC-08", "DOC-09", "DOC-10", "DOC-11",
    "DOC-12", "DOC-13", "DOC-14", "DOC-16",
    "BIL-01", "BIL-02", "BIL-03", "BIL-04",
    "MSG-01", "MSG-02", "MSG-03", "MSG-04", "MSG-05", "MSG-06", "MSG-07", "MSG-08",
    "TSK-08",
];

/// The other rows that the table carries out.
#[rustfmt::skip]
const FIRM_ROWS: [&str; 27] = [
    "REV-01", "REV-02", "REV-03", "REV-05", "REV-06", "REV-09", "REV-10", "REV-11",
    "CAL-08", "TSK-06", "TIM-09", "TIM-10", "TIM-12", "DOC-17", "BIL-05", "MSG-10",
    "FRM-01", "FRM-02", "FRM-03", "FRM-04", "ACC-01", "ACC-04", "ACC-05", "ACC-14", "ACC-18",
    "ACC-19", "ACC-20",
];

fn found(role: Role, thing: Thing) -> Facts {
    Facts { present: true, ..Facts::bare(role, Standing::Active, thing) }
}

/// A co-counsel and a thing of the firm that nothing has given them.
fn cc(thing: Thing) -> Facts {
    found(Role::CoCounsel, thing)
}

/// A co-counsel and a thing that is shared with, assigned to, attended by them.
fn given(thing: Thing) -> Facts {
    Facts { reach: Reach::Direct, ..cc(thing) }
}

/// A co-counsel and a thing of a matter that is shared with them.
fn of_matter(thing: Thing) -> Facts {
    Facts { matter_shared: true, ..cc(thing) }
}

/// The same, and they made it.
fn own(thing: Thing) -> Facts {
    Facts { own: true, ..of_matter(thing) }
}

fn client(thing: Thing) -> Facts {
    Facts { reach: Reach::Direct, ..found(Role::Contact, thing) }
}

fn closed(facts: Facts) -> Facts {
    Facts { closed_on: Some(CLOSED), ..facts }
}

/// A user of the firm with leave for the matter and no flag.
fn user(thing: Thing) -> Facts {
    let role = Role::User { admin: false, billing: false, accounts: false, reports: false };
    Facts { permitted: true, ..found(role, thing) }
}

fn billing_user(thing: Thing) -> Facts {
    let role = Role::User { admin: false, billing: true, accounts: false, reports: false };
    Facts { role, ..user(thing) }
}

#[track_caller]
fn allows(facts: &Facts, abilities: &[Ability]) {
    for &ability in abilities {
        assert!(may(facts, ability).is_allowed(), "{}: {:?}", ability.code(), may(facts, ability));
    }
}

#[track_caller]
fn refuses(facts: &Facts, abilities: &[Ability], refusal: Refusal) {
    for &ability in abilities {
        assert_eq!(may(facts, ability), Verdict::Refuse(refusal), "{}", ability.code());
    }
}

/// Whatever is asked, it is as if it did not exist.
#[track_caller]
fn hides(facts: &Facts) {
    refuses(facts, Ability::ALL, Refusal::NotVisible);
}

const MATTER_CLOSED: Refusal = Refusal::MatterClosed { closed_on: Some(CLOSED) };
/// Of a matter that is not shared the day is not told.
const CLOSED_SOME_DAY: Refusal = Refusal::MatterClosed { closed_on: None };

mod table {
    use super::*;

    #[test]
    fn every_co_counsel_row_is_named_by_the_table() {
        let named = rows_named();
        let missing: Vec<_> = CO_COUNSEL_ROWS.iter().filter(|row| !named.contains(*row)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_row_has_a_test_of_its_name() {
        let source = include_str!("tests.rs");
        for row in CO_COUNSEL_ROWS.iter().chain(&FIRM_ROWS) {
            let name = format!("fn {}_", row.to_lowercase().replace('-', "_"));
            assert!(source.contains(&name), "no test {name}…");
        }
    }

    #[test]
    fn every_row_the_table_names_is_known() {
        for row in rows_named() {
            let is_known = CO_COUNSEL_ROWS.contains(&row) || FIRM_ROWS.contains(&row) || GATEWAY_ROWS.contains(&row);
            assert!(is_known, "{row}");
        }
    }

    #[test]
    fn codes_are_unique() {
        let abilities: BTreeSet<_> = Ability::ALL.iter().map(|a| a.code()).collect();
        assert_eq!(abilities.len(), Ability::ALL.len());
        let refusals: BTreeSet<_> = Refusal::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(refusals.len(), Refusal::ALL.len());
    }

    #[test]
    fn every_line_says_something() {
        for r in RULES {
            assert!(!r.rows.is_empty() && !r.things.is_empty() && !r.abilities.is_empty(), "{r:?}");
        }
        for d in DENIALS {
            assert!(!d.rows.is_empty() && !d.things.is_empty() && !d.abilities.is_empty(), "{d:?}");
        }
    }

    #[test]
    fn an_allowance_names_the_rows_of_its_rule() {
        assert_eq!(may(&given(TASK), Complete), Verdict::Allow { rows: &["TSK-02", "TSK-08"] });
    }
}

mod control {
    use super::*;

    #[test]
    fn acc_04_nobody_acts_before_accepting() {
        for thing in Thing::ALL {
            let facts = Facts { matter_shared: true, own: true, bill: BillState::Paid, ..given(thing) };
            hides(&Facts { standing: Standing::NotAccepted, ..facts });
        }
    }

    #[test]
    fn acc_05_everybody_let_in_has_a_home() {
        allows(&cc(Thing::Home), &[View]);
        allows(&client(Thing::Home), &[View]);
        allows(&user(Thing::Home), &[View]);
    }

    #[test]
    fn t25_a10_an_assistant_records_no_time_unless_it_was_given_and_files_what_was() {
        let by = |given: &[Given], facts: Facts| Facts { acts_by: Some(given.iter().copied().collect()), ..facts };
        let usual = |facts| by(&Given::USUAL, facts);
        allows(&usual(of_matter(MATTER)), &[View, Upload, NameAtUpload, UploadFolder, StartConversation]);
        allows(&usual(given(DOCUMENT)), &[View, AddVersion]);
        allows(&usual(given(TALK)), &[Reply]);
        allows(&usual(given(EVENT)), &[Rsvp]);
        refuses(&usual(of_matter(MATTER)), &[AddTime, AddNote, SeeDetails, SeeClient], Refusal::NotForAssistants);
        refuses(&usual(given(DOCUMENT)), &[Download, Preview, Print], Refusal::NotForAssistants);
        refuses(&usual(given(TASK)), &[Complete, AddTime], Refusal::NotForAssistants);
        allows(&by(&[Given::Time], of_matter(MATTER)), &[AddTime]);
        allows(&by(&[Given::Tasks], given(TASK)), &[Complete]);
        refuses(&by(&Given::ALL, cc(Thing::Home)), &[NameAssistant], Refusal::NotForAssistants);
    }

    #[test]
    fn a10_an_assistant_gets_what_their_co_counsel_is_told() {
        let all = |facts: Facts| Facts { acts_by: Some(Given::ALL.into()), ..facts };
        hides(&all(cc(MATTER)));
        refuses(&all(closed(of_matter(MATTER))), &[AddTime, AddNote, Upload], MATTER_CLOSED);
        refuses(&all(given(EVENT)), &[AddTime], Refusal::NoTimeOnThis);
        let to = Facts { receiver: Receiver::Assistant, ..user(DOCUMENT) };
        refuses(&to, &[Share], Refusal::ShareWithThePrincipal);
        refuses(&user(Thing::Home), &[ApproveAssistant], Refusal::NotPermitted);
    }

    #[test]
    fn acc_20_other_contacts_get_documents_bills_events_tasks_and_messages_never_the_matter() {
        allows(&client(DOCUMENT), &[View, SeeDetails, Preview, Download, Print]);
        allows(&client(FOLDER), &[View, SeeDetails, Download]);
        allows(&Facts { bill: BillState::Paid, ..client(BILL) }, &[View, SeeDetails, Download]);
        let due = Facts { bill: BillState::AwaitingPayment, payment_set_up: true, ..client(BILL) };
        allows(&due, &[Pay]);
        allows(&client(EVENT), &[View, SeeDetails, Rsvp]);
        allows(&client(TASK), &[View, SeeDetails, Complete]);
        allows(&client(TALK), &[View, SeeDetails, Print, Reply]);
        for thing in [MATTER, NOTE, LOG, TIME] {
            hides(&Facts { matter_shared: true, own: true, ..client(thing) });
        }
        refuses(&client(TASK), &[AddTime, Edit, Reopen], Refusal::NotPermitted);
        refuses(&client(FOLDER), &[Upload], Refusal::NotPermitted);
    }

    #[test]
    fn acc_20_a_matter_is_shared_with_co_counsel_only() {
        let to = |receiver| Facts { receiver, ..user(MATTER) };
        allows(&to(Receiver::CoCounsel), &[Share]);
        refuses(&to(Receiver::Contact), &[Share], Refusal::MatterForCoCounselOnly);
        allows(&Facts { receiver: Receiver::Contact, ..user(DOCUMENT) }, &[Share]);
    }

    #[test]
    fn acc_01_and_acc_19_nothing_is_shared_with_who_can_not_be_written_to() {
        for thing in [MATTER, DOCUMENT, FOLDER, EVENT] {
            refuses(&Facts { receiver: Receiver::NoAddress, ..user(thing) }, &[Share], Refusal::ReceiverHasNoAddress);
            refuses(&Facts { receiver: Receiver::AddressTaken, ..user(thing) }, &[Share], Refusal::AddressOfAnother);
        }
    }

    #[test]
    fn acc_19_a_task_is_not_assigned_to_who_has_no_address() {
        refuses(&Facts { receiver: Receiver::NoAddress, ..user(TASK) }, &[Assign], Refusal::ReceiverHasNoAddress);
    }

    #[test]
    fn acc_06_a_contact_changes_their_own_profile() {
        allows(&cc(Thing::Profile), &[View, Edit]);
        allows(&found(Role::Contact, Thing::Profile), &[View, Edit]);
        hides(&Facts { standing: Standing::NotAccepted, ..cc(Thing::Profile) });
    }

    #[test]
    fn acc_07_a_picture_is_part_of_the_profile_and_nobody_deletes_their_own_card() {
        refuses(&cc(Thing::Profile), &[Delete], Refusal::NotPermitted);
    }

    #[test]
    fn acc_09_a_zone_can_be_set_whatever_is_shared() {
        allows(&Facts { reach: Reach::None, matter_shared: false, ..cc(Thing::Profile) }, &[Edit]);
    }

    #[test]
    fn acc_10_a_lock_is_for_the_firm_and_not_for_the_person() {
        allows(&Facts { locked: true, ..cc(Thing::Profile) }, &[Edit]);
    }

    #[test]
    fn acc_14_an_administrator_changes_an_address_unless_it_is_locked() {
        let admin = Facts {
            role: Role::User { admin: true, billing: false, accounts: false, reports: false },
            ..user(Thing::Profile)
        };
        allows(&admin, &[View, Edit]);
        refuses(&Facts { locked: true, ..admin }, &[Edit], Refusal::AddressLocked);
        refuses(&user(Thing::Profile), &[Edit], Refusal::NotPermitted);
    }

    #[test]
    fn acc_18_an_administrator_deletes_a_contact() {
        let role = Role::User { admin: true, billing: false, accounts: false, reports: false };
        allows(&Facts { role, locked: true, ..user(Thing::Profile) }, &[Delete]);
        refuses(&user(Thing::Profile), &[Delete], Refusal::NotPermitted);
    }

    #[test]
    fn rev_01_co_counsel_cannot_pass_a_share_on() {
        let things =
            [of_matter(MATTER), given(TASK), given(DOCUMENT), given(FOLDER), given(TALK), own(NOTE), own(TIME)];
        for facts in things {
            refuses(&facts, &[Share, Unshare], Refusal::SharesByFirmOnly);
        }
        refuses(&given(EVENT), &[Share, Unshare], Refusal::EventChangesByFirmOnly);
    }

    #[test]
    fn rev_02_a_user_unshares_whatever_they_see() {
        for thing in [MATTER, DOCUMENT, FOLDER, EVENT, TASK, TALK] {
            allows(&Facts { in_drop_folder: true, receiver: Receiver::Screened, ..user(thing) }, &[Unshare]);
        }
        allows(&billing_user(BILL), &[Unshare]);
    }

    #[test]
    fn rev_03_access_ends_with_the_share() {
        let shared = given(DOCUMENT);
        allows(&shared, &[View, Download]);
        hides(&Facts { reach: Reach::None, ..shared });
    }

    #[test]
    fn rev_04_after_revocation_nothing_is_there() {
        for thing in [MATTER, TASK, DOCUMENT, FOLDER, NOTE, EVENT, TIME, LOG, TALK, BILL] {
            hides(&Facts { bill: BillState::Paid, ..cc(thing) });
        }
    }

    #[test]
    fn rev_05_own_contributions_stay_with_the_firm_after_revocation() {
        for thing in [NOTE, TIME, LOG, DOCUMENT] {
            hides(&Facts { own: true, in_drop_folder: true, ..cc(thing) });
        }
    }

    #[test]
    fn rev_06_a_user_shares_what_they_see() {
        for thing in [MATTER, DOCUMENT, FOLDER, EVENT] {
            allows(&Facts { receiver: Receiver::CoCounsel, ..user(thing) }, &[Share]);
        }
        refuses(&user(NOTE), &[Share], Refusal::NotPermitted);
    }

    #[test]
    fn rev_09_a_closed_matter_is_read_only_with_the_day_of_closing() {
        allows(&closed(of_matter(MATTER)), &[View, SeeDetails, SeeClient]);
        let writes = [Upload, UploadFolder, NameAtUpload, AddNote, AddCommunication, StartConversation, AddTime];
        refuses(&closed(of_matter(MATTER)), &writes, MATTER_CLOSED);
        refuses(&closed(given(TASK)), &[Complete, AddTime], CLOSED_SOME_DAY);
        refuses(&closed(given(DOCUMENT)), &[AddVersion], CLOSED_SOME_DAY);
        refuses(&closed(given(TALK)), &[Reply], CLOSED_SOME_DAY);
        refuses(&closed(Facts { matter_shared: true, ..given(TASK) }), &[Complete, AddTime], MATTER_CLOSED);
        refuses(&closed(own(NOTE)), &[Edit, Delete], MATTER_CLOSED);
        refuses(&closed(own(LOG)), &[Edit], MATTER_CLOSED);
        hides(&closed(cc(MATTER)));
    }

    #[test]
    fn rev_10_sharing_asks_no_more_for_a_notice() {
        allows(&Facts { receiver: Receiver::CoCounsel, ..user(FOLDER) }, &[Share]);
    }

    #[test]
    fn rev_11_nothing_is_given_to_a_screened_person() {
        let to = |thing| Facts { receiver: Receiver::Screened, reach: Reach::Direct, ..billing_user(thing) };
        for thing in [MATTER, DOCUMENT, FOLDER, BILL, EVENT] {
            refuses(&to(thing), &[Share], Refusal::BlockedByScreen);
        }
        refuses(&to(TASK), &[Assign], Refusal::BlockedByScreen);
        refuses(&to(TALK), &[AddMember], Refusal::BlockedByScreen);
        refuses(&to(MATTER), &[StartConversation, AddMember], Refusal::BlockedByScreen);
    }

    #[test]
    fn rev_11_a_screened_user_gives_nothing_and_sees_nothing() {
        let screened = Facts { screened: true, ..user(MATTER) };
        refuses(&screened, &[Share, Assign, AddMember], Refusal::BlockedByScreen);
        refuses(&screened, &[View, SeeDetails, Unshare, StartConversation], Refusal::NotVisible);
        hides(&Facts { present: false, ..screened });
    }

    #[test]
    fn rev_11_a_screened_contact_sees_nothing_though_it_is_shared() {
        hides(&Facts { screened: true, ..of_matter(MATTER) });
        hides(&Facts { screened: true, ..given(DOCUMENT) });
    }
}

mod calendar {
    use super::*;

    #[test]
    fn cal_01_events_they_are_invited_to() {
        allows(&given(EVENT), &[View]);
        hides(&of_matter(EVENT));
    }

    #[test]
    fn cal_02_details_of_such_events() {
        allows(&given(EVENT), &[SeeDetails]);
    }

    #[test]
    fn cal_03_events_are_not_created() {
        refuses(&of_matter(MATTER), &[CreateEvent], Refusal::EventsByFirmOnly);
        refuses(&cc(Thing::Home), &[CreateEvent], Refusal::EventsByFirmOnly);
    }

    #[test]
    fn cal_04_events_are_not_changed() {
        refuses(&given(EVENT), &[Edit, Delete, Move, Share, Unshare], Refusal::EventChangesByFirmOnly);
    }

    #[test]
    fn cal_05_no_time_on_an_event() {
        refuses(&given(EVENT), &[AddTime], Refusal::NoTimeOnThis);
    }

    #[test]
    fn cal_06_the_firms_calendars_are_not_visible() {
        hides(&Facts { matter_shared: true, own: true, ..given(Thing::FirmCalendar) });
        allows(&user(Thing::FirmCalendar), &[View]);
    }

    #[test]
    fn cal_07_an_invitation_is_answered_unless_cancelled() {
        allows(&given(EVENT), &[Rsvp]);
        allows(&closed(given(EVENT)), &[Rsvp]);
        refuses(&Facts { cancelled: true, ..given(EVENT) }, &[Rsvp], Refusal::EventCancelled);
    }

    #[test]
    fn cal_08_users_make_change_and_share_events() {
        allows(&user(MATTER), &[CreateEvent]);
        allows(&user(Thing::Home), &[CreateEvent]);
        allows(&user(EVENT), &[Edit, Delete, AddTime]);
        allows(&Facts { receiver: Receiver::Contact, ..user(EVENT) }, &[Share]);
        refuses(&user(EVENT), &[Rsvp], Refusal::NotPermitted);
        refuses(&user(EVENT), &[Share], Refusal::NotPermitted);
        let attends = Facts { reach: Reach::Direct, ..user(EVENT) };
        allows(&attends, &[Rsvp]);
        refuses(&Facts { cancelled: true, ..attends }, &[Rsvp], Refusal::EventCancelled);
    }
}

mod tasks {
    use super::*;

    const DONE: Date = date(2026, 3, 1);

    #[test]
    fn tsk_01_assigned_tasks_are_visible() {
        allows(&given(TASK), &[View, SeeDetails]);
    }

    #[test]
    fn tsk_02_an_assigned_task_is_completed() {
        allows(&given(TASK), &[Complete]);
    }

    #[test]
    fn tsk_03_time_on_an_assigned_task_even_of_an_unshared_matter() {
        allows(&given(TASK), &[AddTime]);
        allows(&Facts { matter_shared: true, ..given(TASK) }, &[AddTime]);
        allows(&Facts { own: true, ..given(TIME) }, &[View, SeeDetails, Edit, Delete]);
    }

    #[test]
    fn tsk_04_only_the_firm_changes_a_task() {
        refuses(&given(TASK), &[Edit, Delete, Assign, Reopen, Rename], Refusal::TaskChangesByFirmOnly);
        refuses(&of_matter(MATTER), &[CreateTask], Refusal::TaskChangesByFirmOnly);
        refuses(&cc(Thing::Home), &[CreateTask], Refusal::TaskChangesByFirmOnly);
    }

    #[test]
    fn tsk_05_other_peoples_tasks_are_not_visible() {
        hides(&of_matter(TASK));
        hides(&own(TASK));
    }

    #[test]
    fn tsk_06_users_make_and_assign_tasks() {
        allows(&user(MATTER), &[CreateTask]);
        allows(&user(Thing::Home), &[CreateTask]);
        for receiver in [Receiver::User, Receiver::CoCounsel, Receiver::Contact] {
            allows(&Facts { receiver, ..user(TASK) }, &[Assign]);
        }
        allows(&closed(user(TASK)), &[Edit, Delete, Reopen, Complete]);
    }

    #[test]
    fn tsk_07_a_task_is_not_completed_after_unassignment() {
        refuses(&of_matter(TASK), &[Complete], Refusal::NotVisible);
    }

    #[test]
    fn tsk_08_completing_twice_says_when_it_was() {
        let done = Refusal::AlreadyComplete { completed_on: DONE };
        refuses(&Facts { completed_on: Some(DONE), ..given(TASK) }, &[Complete], done);
        refuses(&Facts { completed_on: Some(DONE), ..closed(given(TASK)) }, &[Complete], done);
        refuses(&Facts { completed_on: Some(DONE), ..client(TASK) }, &[Complete], done);
        refuses(&Facts { completed_on: Some(DONE), ..user(TASK) }, &[Complete], done);
        allows(&Facts { completed_on: Some(DONE), ..given(TASK) }, &[View, AddTime]);
    }
}

mod matters {
    use super::*;

    #[test]
    fn mat_01_shared_matters_only() {
        allows(&of_matter(MATTER), &[View]);
        hides(&cc(MATTER));
        hides(&given(MATTER));
    }

    #[test]
    fn mat_02_details_of_a_shared_matter() {
        allows(&of_matter(MATTER), &[SeeDetails]);
    }

    #[test]
    fn mat_03_the_client_of_a_shared_matter() {
        allows(&of_matter(MATTER), &[SeeClient]);
    }

    #[test]
    fn mat_04_the_contacts_of_a_shared_matter() {
        allows(&of_matter(MATTER), &[SeeContacts]);
    }

    #[test]
    fn mat_05_matters_clients_and_contacts_are_the_firms_to_change() {
        refuses(&of_matter(MATTER), &[Edit, Delete, EditContacts], Refusal::MattersByFirmOnly);
        refuses(&cc(Thing::Home), &[CreateMatter, EditContacts], Refusal::MattersByFirmOnly);
    }

    #[test]
    fn mat_06_no_money_no_trust_no_reports() {
        refuses(&of_matter(MATTER), &[SeeMoney], Refusal::MoneyByFirmOnly);
        for thing in [Thing::Accounting, Thing::Reports, Thing::Settings] {
            hides(&Facts { matter_shared: true, own: true, permitted: true, ..given(thing) });
        }
    }

    #[test]
    fn mat_07_a_matter_share_does_not_carry_its_documents() {
        for thing in [DOCUMENT, FOLDER, BILL, EVENT, TASK, TALK] {
            hides(&Facts { bill: BillState::Paid, ..of_matter(thing) });
        }
    }

    #[test]
    fn not_01_notes_of_a_shared_matter_but_internal_ones() {
        allows(&of_matter(NOTE), &[View, SeeDetails, Print]);
        hides(&Facts { internal: true, ..of_matter(NOTE) });
        hides(&given(NOTE));
    }

    #[test]
    fn not_02_a_note_is_added() {
        allows(&of_matter(MATTER), &[AddNote]);
    }

    #[test]
    fn not_03_an_own_note_is_edited() {
        allows(&own(NOTE), &[Edit]);
    }

    #[test]
    fn not_04_an_own_note_is_deleted() {
        allows(&own(NOTE), &[Delete]);
    }

    #[test]
    fn not_05_others_notes_stay_as_they_are() {
        refuses(&of_matter(NOTE), &[Edit, Delete], Refusal::NotYours);
        refuses(&closed(of_matter(NOTE)), &[Edit, Delete], Refusal::NotYours);
    }

    #[test]
    fn not_06_time_on_any_visible_note() {
        allows(&own(NOTE), &[AddTime]);
        allows(&of_matter(NOTE), &[AddTime]);
    }

    #[test]
    fn com_01_communications_of_a_shared_matter() {
        allows(&of_matter(LOG), &[View, SeeDetails]);
        hides(&given(LOG));
    }

    #[test]
    fn com_02_a_communication_is_logged() {
        allows(&of_matter(MATTER), &[AddCommunication]);
    }

    #[test]
    fn com_03_an_own_communication_is_edited() {
        allows(&own(LOG), &[Edit]);
    }

    #[test]
    fn com_04_no_communication_is_deleted() {
        refuses(&own(LOG), &[Delete], Refusal::CommunicationsStay);
    }

    #[test]
    fn com_05_others_communications_stay_as_they_are() {
        refuses(&of_matter(LOG), &[Edit, Delete], Refusal::NotYours);
    }

    #[test]
    fn com_06_time_on_any_visible_communication() {
        allows(&own(LOG), &[AddTime]);
        allows(&of_matter(LOG), &[AddTime]);
    }
}

mod time {
    use super::*;

    #[test]
    fn tim_01_time_on_a_shared_matter() {
        allows(&of_matter(MATTER), &[AddTime]);
        allows(&own(TIME), &[View, SeeDetails]);
    }

    #[test]
    fn tim_02_own_time_is_edited() {
        allows(&own(TIME), &[Edit]);
    }

    #[test]
    fn tim_03_own_time_is_deleted() {
        allows(&own(TIME), &[Delete]);
    }

    #[test]
    fn tim_04_billed_time_stays_as_it_is() {
        refuses(&Facts { billed: true, ..own(TIME) }, &[Edit, Delete], Refusal::AlreadyBilled);
        allows(&Facts { billed: true, ..own(TIME) }, &[View]);
    }

    #[test]
    fn tim_05_others_time_is_not_visible() {
        hides(&of_matter(TIME));
        hides(&given(TIME));
        refuses(&of_matter(MATTER), &[SeeOthersTime], Refusal::NotVisible);
    }

    #[test]
    fn tim_06_no_rate_and_no_amount_not_even_their_own() {
        refuses(&own(TIME), &[SeeMoney], Refusal::MoneyByFirmOnly);
        for facts in [of_matter(MATTER), given(TASK), given(DOCUMENT), given(TALK), own(NOTE), own(LOG), own(TIME)] {
            refuses(&facts, &[SetRate], Refusal::RatesByFirmOnly);
        }
        refuses(&cc(Thing::Home), &[SetRate], Refusal::RatesByFirmOnly);
    }

    #[test]
    fn tim_07_time_on_what_they_work_on() {
        for facts in [given(TASK), given(DOCUMENT), of_matter(NOTE), of_matter(LOG), given(TALK), of_matter(MATTER)] {
            allows(&facts, &[AddTime]);
        }
    }

    #[test]
    fn tim_08_no_time_on_events_bills_and_folders() {
        let bill = Facts { bill: BillState::Paid, ..given(BILL) };
        for facts in [given(EVENT), bill, given(FOLDER)] {
            refuses(&facts, &[AddTime], Refusal::NoTimeOnThis);
        }
    }

    #[test]
    fn tim_09_users_see_and_edit_co_counsels_time_but_not_whose_it_is() {
        allows(&user(TIME), &[View, SeeDetails, Edit, Delete]);
        allows(&user(MATTER), &[SeeOthersTime]);
        allows(&billing_user(TIME), &[AddToBill, SeeMoney, SetRate]);
        refuses(&user(TIME), &[AddToBill, SeeMoney], Refusal::BillingPermissionNeeded);
        refuses(&billing_user(TIME), &[Assign], Refusal::AuthorStays);
    }

    #[test]
    fn tim_10_nobody_enters_time_for_another() {
        for thing in [MATTER, TASK, DOCUMENT, NOTE, LOG, TALK, EVENT] {
            refuses(&user(thing), &[AddTimeForAnother], Refusal::OwnNameOnly);
        }
        refuses(&of_matter(MATTER), &[AddTimeForAnother], Refusal::NotPermitted);
    }

    #[test]
    fn tim_12_the_rate_takes_the_billing_permission() {
        allows(&billing_user(MATTER), &[SetRate]);
        allows(&billing_user(Thing::Home), &[SetRate]);
        refuses(&user(MATTER), &[SetRate, SeeMoney], Refusal::BillingPermissionNeeded);
    }

    #[test]
    fn tim_13_only_visible_categories() {
        let hidden = |facts| Facts { category_hidden: true, ..facts };
        refuses(&hidden(of_matter(MATTER)), &[AddTime], Refusal::CategoryUnknown);
        refuses(&hidden(given(TASK)), &[AddTime], Refusal::CategoryUnknown);
        refuses(&hidden(own(TIME)), &[Edit], Refusal::CategoryUnknown);
        allows(&hidden(own(TIME)), &[Delete]);
    }

    #[test]
    fn tim_15_expenses_are_the_firms() {
        refuses(&of_matter(MATTER), &[AddExpense], Refusal::ExpensesByFirmOnly);
        refuses(&cc(Thing::Home), &[AddExpense], Refusal::ExpensesByFirmOnly);
    }

    #[test]
    fn tim_16_on_a_closed_matter_only_work_dated_before_the_closing() {
        let on = |worked_on, facts| Facts { worked_on: Some(worked_on), ..closed(facts) };
        for facts in [of_matter(MATTER), given(TASK), own(NOTE), of_matter(LOG), given(DOCUMENT), given(TALK)] {
            allows(&on(BEFORE, facts.clone()), &[AddTime]);
            let refusal = if facts.matter_shared { MATTER_CLOSED } else { CLOSED_SOME_DAY };
            refuses(&on(CLOSED, facts.clone()), &[AddTime], refusal);
            refuses(&Facts { late_time_over: true, ..on(BEFORE, facts) }, &[AddTime], refusal);
        }
        allows(&on(BEFORE, own(TIME)), &[Edit, Delete]);
        refuses(&on(CLOSED, own(TIME)), &[Edit, Delete], MATTER_CLOSED);
        refuses(&cc(MATTER), &[AddTime], Refusal::NotVisible);
    }
}

mod documents {
    use super::*;

    #[test]
    fn doc_01_shared_documents_and_folders() {
        allows(&given(DOCUMENT), &[View, SeeDetails]);
        allows(&given(FOLDER), &[View, SeeDetails]);
        allows(&Facts { reach: Reach::ThroughFolder, ..cc(DOCUMENT) }, &[View]);
        allows(&Facts { reach: Reach::ThroughFolder, ..cc(FOLDER) }, &[View]);
    }

    #[test]
    fn doc_02_preview() {
        allows(&given(DOCUMENT), &[Preview]);
    }

    #[test]
    fn doc_03_download() {
        allows(&given(DOCUMENT), &[Download]);
        allows(&given(FOLDER), &[Download]);
        allows(&Facts { locked: true, ..closed(given(DOCUMENT)) }, &[Download]);
    }

    #[test]
    fn doc_04_print() {
        allows(&given(DOCUMENT), &[Print]);
    }

    #[test]
    fn doc_05_upload_to_a_shared_folder_or_matter() {
        allows(&given(FOLDER), &[Upload]);
        allows(&of_matter(MATTER), &[Upload]);
        refuses(&of_matter(FOLDER), &[Upload], Refusal::NotVisible);
    }

    #[test]
    fn doc_05_a_locked_folder_takes_nothing_from_outside() {
        let locked = Facts { locked: true, ..given(FOLDER) };
        allows(&locked, &[View, Download]);
        refuses(&locked, &[Upload, NameAtUpload, UploadFolder], Refusal::FolderLocked);
        allows(&Facts { locked: true, ..user(FOLDER) }, &[Upload]);
    }

    #[test]
    fn doc_06_named_at_upload() {
        allows(&given(FOLDER), &[NameAtUpload]);
        allows(&of_matter(MATTER), &[NameAtUpload]);
    }

    #[test]
    fn doc_07_not_renamed_later() {
        refuses(&given(DOCUMENT), &[Rename], Refusal::RenameByFirmOnly);
        refuses(&Facts { in_drop_folder: true, ..own(DOCUMENT) }, &[Rename], Refusal::RenameByFirmOnly);
        refuses(&given(FOLDER), &[Rename], Refusal::RenameByFirmOnly);
    }

    #[test]
    fn doc_08_a_folder_upload_makes_folders_nothing_else_does() {
        allows(&given(FOLDER), &[UploadFolder]);
        allows(&of_matter(MATTER), &[UploadFolder]);
        refuses(&given(FOLDER), &[CreateFolder], Refusal::FoldersByUploadOnly);
        refuses(&of_matter(MATTER), &[CreateFolder], Refusal::FoldersByUploadOnly);
    }

    #[test]
    fn doc_09_attachments_are_uploads() {
        allows(&of_matter(MATTER), &[Upload]);
    }

    #[test]
    fn doc_10_a_new_version() {
        allows(&given(DOCUMENT), &[AddVersion]);
        allows(&Facts { in_drop_folder: true, ..own(DOCUMENT) }, &[AddVersion]);
    }

    #[test]
    fn doc_11_filed_documents_are_the_firms_to_change() {
        for facts in [given(DOCUMENT), given(FOLDER), Facts { in_drop_folder: true, ..own(DOCUMENT) }] {
            refuses(&facts, &[Edit, Delete, Move], Refusal::DocumentChangesByFirmOnly);
            refuses(&facts, &[Unshare], Refusal::SharesByFirmOnly);
        }
    }

    #[test]
    fn doc_12_no_automation_and_no_integrations() {
        hides(&Facts { matter_shared: true, own: true, ..given(Thing::Integrations) });
    }

    #[test]
    fn doc_13_time_on_a_shared_document() {
        allows(&given(DOCUMENT), &[AddTime]);
        allows(&Facts { own: true, ..given(TIME) }, &[View]);
    }

    #[test]
    fn doc_14_in_the_drop_folder_each_sees_their_own_while_the_matter_is_shared() {
        for thing in [DOCUMENT, FOLDER] {
            let mine = Facts { in_drop_folder: true, ..own(thing) };
            allows(&mine, &[View, SeeDetails, Download]);
            hides(&Facts { own: false, ..mine.clone() });
            hides(&Facts { matter_shared: false, ..mine.clone() });
            hides(&Facts { in_drop_folder: false, ..mine });
        }
    }

    #[test]
    fn doc_14_a_folders_share_does_not_reach_into_the_drop_folder() {
        let others = Facts { in_drop_folder: true, reach: Reach::ThroughFolder, ..of_matter(DOCUMENT) };
        hides(&others);
        allows(&Facts { reach: Reach::Direct, ..others }, &[View]);
        let to = |thing| Facts { receiver: Receiver::CoCounsel, ..user(thing) };
        refuses(&Facts { in_drop_folder: true, ..to(FOLDER) }, &[Share], Refusal::DropFolderNotShared);
        allows(&Facts { in_drop_folder: true, ..to(DOCUMENT) }, &[Share]);
    }

    #[test]
    fn doc_16_revoking_the_folder_ends_its_documents() {
        let within = Facts { reach: Reach::ThroughFolder, ..of_matter(DOCUMENT) };
        allows(&within, &[Download]);
        hides(&Facts { reach: Reach::None, ..within });
    }

    #[test]
    fn doc_17_a_checked_out_document_takes_no_version() {
        refuses(&Facts { locked: true, ..given(DOCUMENT) }, &[AddVersion], Refusal::CheckedOut);
    }
}

mod bills {
    use super::*;

    const STATES: [(BillState, bool); 6] = [
        (BillState::Draft, false),
        (BillState::AwaitingApproval, false),
        (BillState::AwaitingPayment, true),
        (BillState::Paid, true),
        (BillState::Void, false),
        (BillState::Deleted, false),
    ];

    #[test]
    fn bil_01_shared_bills_that_were_issued() {
        for (bill, visible) in STATES {
            for facts in [Facts { bill, ..given(BILL) }, Facts { bill, ..client(BILL) }] {
                match visible {
                    true => allows(&facts, &[View, SeeDetails, Download]),
                    false => hides(&facts),
                }
            }
            hides(&Facts { bill, ..of_matter(BILL) });
        }
    }

    #[test]
    fn bil_02_a_bill_that_awaits_payment_is_paid_once() {
        let due = Facts { bill: BillState::AwaitingPayment, payment_set_up: true, ..given(BILL) };
        allows(&due, &[Pay]);
        allows(&closed(due.clone()), &[Pay]);
        refuses(&Facts { bill: BillState::Paid, ..due }, &[Pay], Refusal::NothingToPay);
    }

    #[test]
    fn bil_03_payment_that_is_not_set_up() {
        let due = Facts { bill: BillState::AwaitingPayment, ..given(BILL) };
        refuses(&due, &[Pay], Refusal::PaymentNotSetUp);
    }

    #[test]
    fn bil_04_bills_are_the_firms() {
        let shared = Facts { bill: BillState::Paid, ..given(BILL) };
        refuses(&shared, &[Edit, Delete, Approve, Void, CreateBill], Refusal::BillsByFirmOnly);
        refuses(&of_matter(MATTER), &[CreateBill], Refusal::BillsByFirmOnly);
        refuses(&cc(Thing::Home), &[CreateBill], Refusal::BillsByFirmOnly);
        refuses(&cc(BILL), &[Edit, Delete, Approve, Void], Refusal::NotVisible);
    }

    #[test]
    fn bil_05_a_bill_is_shared_by_users_with_the_billing_permission() {
        let to = |facts| Facts { receiver: Receiver::Contact, ..facts };
        allows(&to(billing_user(BILL)), &[View, SeeDetails, Download, SeeMoney, Share, Unshare]);
        hides(&to(user(BILL)));
        hides(&Facts { permitted: false, ..billing_user(BILL) });
    }
}

mod messages {
    use super::*;

    #[test]
    fn msg_01_conversations_they_are_members_of() {
        allows(&given(TALK), &[View, SeeDetails]);
    }

    #[test]
    fn msg_02_a_reply_unless_read_only() {
        allows(&given(TALK), &[Reply]);
        refuses(&Facts { read_only: true, ..given(TALK) }, &[Reply], Refusal::ConversationReadOnly);
        refuses(&Facts { read_only: true, ..client(TALK) }, &[Reply], Refusal::ConversationReadOnly);
    }

    #[test]
    fn msg_03_a_new_message_on_a_shared_matter_or_to_the_contact_person() {
        allows(&of_matter(MATTER), &[StartConversation]);
        allows(&cc(Thing::Home), &[StartConversation]);
        refuses(&client(Thing::Home), &[StartConversation], Refusal::NotPermitted);
    }

    #[test]
    fn msg_04_messages_are_not_changed_after_sending() {
        refuses(&given(TALK), &[Edit, Delete], Refusal::MessagesStay);
        refuses(&Facts { own: true, ..given(TALK) }, &[Edit, Delete], Refusal::MessagesStay);
    }

    #[test]
    fn msg_05_others_conversations_are_not_visible() {
        hides(&of_matter(TALK));
    }

    #[test]
    fn msg_06_a_transcript() {
        allows(&given(TALK), &[Print]);
    }

    #[test]
    fn msg_07_time_on_a_message() {
        allows(&given(TALK), &[AddTime]);
        allows(&Facts { read_only: true, ..given(TALK) }, &[AddTime]);
    }

    #[test]
    fn msg_08_recipients_are_the_firms_people_only() {
        for facts in [given(TALK), of_matter(MATTER), cc(Thing::Home)] {
            refuses(&facts, &[AddMember], Refusal::FirmRecipientsOnly);
        }
    }

    #[test]
    fn msg_10_users_read_on_their_matters_and_write_as_members() {
        allows(&user(TALK), &[View, SeeDetails, Print]);
        refuses(&user(TALK), &[Reply, AddMember], Refusal::MembersOnly);
        let member = Facts { reach: Reach::Direct, receiver: Receiver::Contact, ..user(TALK) };
        allows(&member, &[Reply, AddMember]);
        refuses(&member, &[Edit, Delete], Refusal::NotPermitted);
        allows(&Facts { own: true, ..member.clone() }, &[Edit, Delete]);
        refuses(&Facts { read_only: true, ..member }, &[Reply], Refusal::ConversationReadOnly);
        for receiver in [Receiver::User, Receiver::CoCounsel] {
            allows(&Facts { receiver, ..user(MATTER) }, &[StartConversation, AddMember]);
        }
    }
}

mod firm {
    use super::*;

    #[test]
    fn frm_01_users_see_and_add_on_their_matters() {
        allows(&user(MATTER), &[View, SeeDetails, SeeClient, SeeContacts, AddNote, AddCommunication, CreateFolder]);
        allows(&user(DOCUMENT), &[View, Preview, Download, Print, AddVersion, Rename, Edit, Delete, Move]);
        allows(&user(FOLDER), &[View, Download, Upload, UploadFolder, NameAtUpload, Rename, Edit, Delete, Move]);
        allows(&user(NOTE), &[View, SeeDetails, Print, Edit, Delete]);
        allows(&user(LOG), &[View, SeeDetails, Edit, Delete]);
        for thing in [MATTER, TASK, DOCUMENT, NOTE, LOG, TALK] {
            allows(&closed(user(thing)), &[AddTime]);
        }
        refuses(&user(MATTER), &[Edit, Delete], Refusal::NotPermitted);
    }

    #[test]
    fn frm_02_without_leave_for_the_matter_nothing_is_there() {
        for thing in [MATTER, TASK, DOCUMENT, FOLDER, NOTE, EVENT, TIME, LOG, TALK, BILL, Thing::Accounting] {
            let role = Role::User { admin: true, billing: true, accounts: true, reports: true };
            hides(&Facts {
                role,
                permitted: false,
                own: true,
                matter_shared: true,
                reach: Reach::Direct,
                ..user(thing)
            });
        }
    }

    #[test]
    fn frm_03_the_flags_of_a_user_open_what_they_name() {
        let with = |admin, accounts, reports, thing| {
            let role = Role::User { admin, billing: false, accounts, reports };
            Facts { role, ..user(thing) }
        };
        allows(&with(false, true, false, Thing::Accounting), &[View]);
        hides(&with(true, false, true, Thing::Accounting));
        allows(&with(false, false, true, Thing::Reports), &[View]);
        hides(&with(true, true, false, Thing::Reports));
        allows(&with(true, false, false, Thing::Settings), &[View, Edit]);
        hides(&with(false, true, true, Thing::Settings));
        hides(&with(true, true, true, Thing::Item(Kind::Bill)));
    }

    #[test]
    fn frm_04_audit_and_disclosure_are_the_administrators() {
        let role = Role::User { admin: true, billing: false, accounts: false, reports: false };
        allows(&Facts { role, ..user(Thing::Settings) }, &[View]);
        hides(&user(Thing::Settings));
    }
}
