//! Of a restricted matter no mail to co-counsel says any of its own words, whichever letter or answer it is (mails.md d0).

use std::collections::BTreeSet;

use jiff::civil::date;

use super::answers::world::{World, ask, now};
use crate::domain::duration::Quantity;
use crate::domain::{InboxId, Item, Kind};
use crate::language::Locale;
use crate::outbound::letter::{
    BillEvent, Deed, EventNews, FiledVersion, Filing, Letter, Line, Piece, SharedThing, TaskChange, TaskNews, WouldBe,
};
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::outbound::templates;
use crate::sharing::{Ability, BillState};
use crate::store::activities::Work;
use crate::store::bills::{NewBill, Pdf};
use crate::store::calendar::{EventDetails, Instead, NewEvent, PartStat};
use crate::store::communications::{Medium, NewCommunication};
use crate::store::conversations::{NewConversation, NewMessage};
use crate::store::documents::{NewDocument, NewFolder, NewVersion};
use crate::store::matters::{NewMatter, Sensitivity};
use crate::store::notes::NewNote;
use crate::store::numbers;
use crate::store::shares::{NewShare, Source};
use crate::store::tasks::NewTask;
use crate::store::threads::{About, Purpose};

/// It stands in every word of every thing, in its files and in its amounts.
const WORD: &str = "kestrel";
const AMOUNT: &str = "4711";

/// A matter with one thing of each kind, all of it shared with Jane.
struct Things {
    matter: Item,
    task: Item,
    folder: Item,
    document: Item,
    note: Item,
    call: Item,
    event: Item,
    conversation: Item,
    message: i64,
    bill: Item,
    entry: Item,
}

impl Things {
    fn all(&self) -> [Item; 10] {
        [
            self.matter,
            self.task,
            self.folder,
            self.document,
            self.note,
            self.call,
            self.event,
            self.conversation,
            self.bill,
            self.entry,
        ]
    }
}

fn words(of: &str) -> String {
    format!("Kestrel {of}")
}

#[expect(clippy::too_many_lines, reason = "one thing of each kind")]
fn things(world: &World, sensitivity: Sensitivity) -> Things {
    let (firm, anna, jane) = (world.firm, world.anna, world.jane);
    let blob = world.store.blobs().put(b"kestrel in a file").unwrap();
    world.write(move |tx| {
        let matter = NewMatter {
            sensitivity,
            responsible: Some(anna),
            practice_area: words("law"),
            location: words("place"),
            ..NewMatter::new(&format!("2026-9{}", sensitivity.word().len()), &words("matter"))
        };
        let matter = tx.add_matter(firm, &matter, now())?;
        let task = NewTask {
            name: words("task"),
            description: words("details"),
            matter: Some(matter.id),
            assignee: Some(jane),
            assigner: Some(anna),
            due_at: Some(date(2026, 3, 19)),
            ..NewTask::default()
        };
        let task = tx.add_task(firm, &task, now())?;
        let folder = NewFolder { matter: matter.id, parent: None, name: words("folder"), locked: false };
        let folder = tx.add_folder(firm, &folder, now())?;
        let first = NewVersion {
            filename: words("file.pdf"),
            size: 17,
            content_type: "text/plain".into(),
            sha256: blob.clone(),
            creator: anna,
            inbox: None,
        };
        let document = NewDocument {
            matter: matter.id,
            folder: Some(folder.id),
            name: words("file.txt"),
            category: words("category"),
            first,
        };
        let document = tx.add_document(firm, &document, now())?;
        let note = NewNote {
            matter: matter.id,
            subject: words("note"),
            detail: words("text"),
            date: date(2026, 3, 14),
            author: jane,
            internal: false,
        };
        let note = tx.add_note(firm, &note, now())?;
        let call = NewCommunication {
            medium: Medium::Phone,
            matter: matter.id,
            subject: words("call"),
            body: format!("with {}: hello", words("caller")),
            date: date(2026, 3, 13),
            length: Some(Quantity::from_seconds(600)),
            senders: words("sender"),
            receivers: words("receiver"),
            author: jane,
            inbox: None,
        };
        let call = tx.add_communication(firm, &call, now())?;
        let details = EventDetails {
            summary: words("meeting"),
            description: words("agenda"),
            location: words("room"),
            conference_url: "https://kestrel.example/1".into(),
            start_at: "2026-03-19T14:00:00Z".parse().unwrap(),
            end_at: "2026-03-19T15:00:00Z".parse().unwrap(),
            all_day: false,
            time_zone: "Europe/London".into(),
            recurrence_rule: Some("FREQ=WEEKLY".into()),
            exceptions: Vec::new(),
        };
        let uid = format!("{}@hale.example", sensitivity.word());
        let event = NewEvent { uid, details, matter: Some(matter.id), organizer: anna };
        let event = tx.add_event(firm, &event, now())?;
        let instead = Instead {
            summary: words("other meeting"),
            description: words("other agenda"),
            location: words("other room"),
            conference_url: "https://kestrel.example/2".into(),
            start_at: "2026-03-27T14:00:00Z".parse().unwrap(),
            end_at: "2026-03-27T15:00:00Z".parse().unwrap(),
        };
        tx.set_exception(firm, event.id, date(2026, 3, 26), Some(&instead))?;
        tx.add_attendee(firm, event.id, jane, "jane@roe.example", now())?;
        let new = NewConversation { matter: Some(matter.id), subject: words("subject"), about: None };
        let conversation = tx.add_conversation(firm, &new, now())?;
        tx.add_member(firm, conversation.id, anna, now())?;
        tx.add_member(firm, conversation.id, jane, now())?;
        let new = NewMessage { conversation: conversation.id, sender: anna, body: words("message"), inbox: None };
        let message = tx.add_message(firm, &new, now())?;
        let mut bill = NewBill::new(&words("bill"), "GBP");
        bill.state = BillState::AwaitingPayment;
        bill.matter = Some(matter.id);
        bill.subject = words("services");
        (bill.total_minor, bill.balance_minor) = (471_100, 471_100);
        bill.due_at = Some(date(2026, 4, 30));
        bill.pdf = Some(Pdf { sha256: blob.clone(), size: 17 });
        let bill = tx.add_bill(firm, &bill)?;
        let work = Work {
            matter: Some(matter.id),
            subject: Some(task),
            date: date(2026, 3, 17),
            quantity: Quantity::from_seconds(3_000),
            rounded: Quantity::from_seconds(3_240),
            narrative: words("narrative"),
            category: None,
            task_code: None,
            activity_code: None,
            non_billable: false,
            no_charge: false,
        };
        let entry = tx.add_time_entry(firm, jane, &work, now())?;
        for (item, source) in [
            (matter, Source::Direct),
            (task, Source::Assignment),
            (folder, Source::Direct),
            (document, Source::Direct),
            (event, Source::Attendance),
            (conversation, Source::Membership),
            (bill, Source::Direct),
        ] {
            let new = NewShare { person: jane, item, source, notify: false, message: String::new(), by: anna };
            tx.add_share(firm, &new, now())?;
            tx.thread_for(firm, jane, Purpose::Reply, About::Item(item), None, now())?;
        }
        Ok(Things { matter, task, folder, document, note, call, event, conversation, message, bill, entry })
    })
}

/// What people of the firm alone get, or what shows nothing of a matter; all others must be among [`letters`].
fn shows_no_matter(letter: &Letter) -> bool {
    match letter {
        Letter::Invitation { .. }
        | Letter::InvitationNote { .. }
        | Letter::InvitationAnswered { .. }
        | Letter::EventAnswered { .. }
        | Letter::EventWithdrawn(_)
        | Letter::AccessEnded { .. }
        | Letter::Challenge { .. }
        | Letter::Held { .. }
        | Letter::Address { .. }
        | Letter::Assistant { .. }
        | Letter::WhichRole { .. }
        | Letter::TaskOpen { .. }
        | Letter::FirmDigest { .. }
        | Letter::OnHold { .. }
        | Letter::Notice { .. } => true,
        Letter::Welcome
        | Letter::Shared { .. }
        | Letter::Task { .. }
        | Letter::Event { .. }
        | Letter::EventOnce { .. }
        | Letter::News { .. }
        | Letter::Receipt { .. }
        | Letter::Parcel { .. }
        | Letter::Bill { .. }
        | Letter::TimeChanged { .. }
        | Letter::Digest { .. }
        | Letter::DoneFor { .. } => false,
    }
}

/// The shares of these things.
fn shared(world: &World, of: &Things) -> Vec<SharedThing> {
    let live = world.store.read(|view| view.live_shares(world.firm, world.jane, now())).unwrap();
    let of = live.into_iter().filter(|share| of.all().contains(&share.item));
    let things: Vec<_> = of.map(|s| SharedThing { share: s.id, item: s.item, message: words("message") }).collect();
    assert!(things.len() > 3);
    things
}

/// Every letter to co-counsel that can be about these things.
fn letters(world: &World, of: &Things) -> Vec<Letter> {
    let anna = world.anna;
    let filed = FiledVersion { document: of.document, version: 1 };
    let mut letters = vec![
        Letter::Welcome,
        Letter::Shared { things: shared(world, of), by: anna },
        Letter::EventOnce { event: of.event, day: date(2026, 3, 26) },
        Letter::Bill { bill: of.bill, event: BillEvent::DueSoon },
        Letter::TimeChanged { entry: of.entry, by: anna },
        Letter::Digest { since: jiff::Timestamp::UNIX_EPOCH, until: now() },
        Letter::News {
            by: anna,
            message: Some(of.message),
            conversation: Some(of.conversation),
            documents: vec![filed],
            completed: vec![of.task],
            logged: vec![of.call],
            outsiders: Vec::new(),
        },
        Letter::Parcel {
            pieces: vec![
                Piece { asked: of.document, item: of.document, version: Some(1) },
                Piece { asked: of.folder, item: of.document, version: Some(1) },
            ],
            part: 1,
            of: 2,
            confirmed: false,
        },
    ];
    letters.extend(shared(world, of).into_iter().map(|thing| Letter::Shared { things: vec![thing], by: anna }));
    let changes =
        vec![TaskChange::Name, TaskChange::Details, TaskChange::Due(None), TaskChange::Priority("high".to_owned())];
    for news in [TaskNews::Assigned, TaskNews::Changed(changes), TaskNews::Reopened, TaskNews::DueSoon] {
        letters.push(Letter::Task { task: of.task, news });
    }
    for news in [EventNews::Invited, EventNews::Changed, EventNews::Asked, EventNews::Readdressed] {
        letters.push(Letter::Event { event: of.event, news });
    }
    for line in lines(of, filed) {
        letters.push(Letter::DoneFor { inbox: InboxId(1), by: anna, lines: vec![line.clone()] });
        letters.push(Letter::Receipt { inbox: InboxId(1), lines: vec![line] });
    }
    letters
}

/// Every line of a receipt, and every answer.
fn lines(of: &Things, filed: FiledVersion) -> Vec<Line> {
    let mut lines = vec![
        Line::Answered { event: of.event, answer: PartStat::Accepted, again: false },
        Line::Unzipped {
            zip: words("files.zip"),
            folder: of.folder,
            folders: 2,
            filed: vec![filed],
            same: vec![filed],
            skipped: vec![(words("skipped.exe"), "It is a program.".into())],
        },
        Line::Coming {
            items: of.all().to_vec(),
            mails: 2,
            large: vec![Piece { asked: of.document, item: of.document, version: Some(1) }],
        },
        Line::Sent { conversation: of.conversation, to: Vec::new(), commanded: true },
        Line::Would {
            outcome: WouldBe::Done,
            text: words("done"),
            more: vec![words("more")],
            shows: vec![(Ability::View.code().to_owned(), of.task)],
            words_of: vec![of.matter],
        },
        Line::WhichMatter { typed: "#note".into() },
        Line::WhichTask { typed: "#done".into() },
        ask("home", None, ""),
        ask("status", None, ""),
        ask("entries", None, "csv"),
    ];
    for how in [Filing::New, Filing::Apart, Filing::Version, Filing::Same] {
        lines.push(Line::Filed { filed, how });
    }
    for list in super::answers::world::LISTS {
        lines.extend([ask(list, None, ""), ask(list, Some(of.matter), "")]);
    }
    for item in of.all() {
        for deed in [Deed::Added, Deed::Edited, Deed::Deleted, Deed::Completed, Deed::Undone] {
            lines.push(Line::Done { deed, item, hints: Vec::new() });
        }
        for verb in ["show", "get", "preview", "print", "pay", "vcard", "contacts", "client", "documents"] {
            lines.push(ask(verb, Some(item), ""));
        }
    }
    lines
}

/// The letter as Jane would get it in this language, numbered as the sender numbers it.
pub(super) fn written(world: &World, letter: &Letter, locale: Locale) -> Option<Page> {
    let (firm, gateway, jane) = (world.firm(), world.gateway(), world.jane);
    for _ in 0..3 {
        let (page, unnumbered) = world.read(|view| {
            let person = view.person(firm.id, jane)?.unwrap();
            let mut reader = Reader::new(view, &firm, &gateway, &person, now())?.confirmed(letter.is_confirmed());
            reader.locale = locale;
            Ok((templates::write(&reader, world.store.blobs(), letter)?, reader.unnumbered()))
        });
        if unnumbered.is_empty() {
            return page;
        }
        let firm = world.firm;
        world.write(move |tx| {
            for item in &unnumbered {
                tx.number_for(firm, numbers::Reader::Contact(jane), *item)?;
            }
            Ok(())
        });
    }
    panic!("numbers never settle");
}

/// Everything that a mail hands over, in small letters.
pub(super) fn everything(page: &Page) -> String {
    let mut text = format!("{}\n{}\n{}\n", page.subject, page.to_text(), page.to_html());
    for file in &page.enclosures {
        text.push_str(&format!("{}\n{}\n", file.name, String::from_utf8_lossy(&file.bytes)));
    }
    if let Some(calendar) = &page.calendar {
        text.push_str(&calendar.object);
    }
    text.to_lowercase()
}

#[test]
fn no_mail_about_a_restricted_matter_says_any_of_its_words() {
    let world = World::new();
    let restricted = things(&world, Sensitivity::Restricted);
    let (mut told, mut kinds) = (0, BTreeSet::new());
    for letter in letters(&world, &restricted) {
        assert!(!shows_no_matter(&letter));
        for locale in Locale::ALL {
            let Some(page) = written(&world, &letter, locale) else { continue };
            let text = everything(&page);
            for secret in [WORD, AMOUNT, "4.711", "4,711"] {
                assert!(!text.contains(secret), "{letter:?} says {secret}:\n{text}");
            }
            told += 1;
            kinds.insert(letter.template());
        }
    }
    println!(
        "restricted: {told} letters of {} kinds in {} languages, none with a word of its matter",
        kinds.len(),
        Locale::ALL.len()
    );
    assert!(told > 300, "{told}");
    let expected =
        ["bills", "digest", "done_for", "events", "news", "parcel", "receipt", "shared", "tasks", "time", "welcome"];
    let lacking: Vec<_> = expected.iter().filter(|k| !kinds.contains(*k) && **k != "parcel").collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn of_a_standard_matter_the_same_mails_say_them() {
    let world = World::new();
    let standard = things(&world, Sensitivity::Standard);
    let mut kinds = BTreeSet::new();
    for letter in letters(&world, &standard) {
        if let Some(page) = written(&world, &letter, Locale::British)
            && everything(&page).contains(WORD)
        {
            kinds.insert(letter.template());
        }
    }
    let expected =
        ["bills", "digest", "done_for", "events", "news", "parcel", "receipt", "shared", "tasks", "time", "welcome"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn once_a_code_was_confirmed_content_is_said_and_the_subject_stays_neutral() {
    let world = World::new();
    let of = things(&world, Sensitivity::Restricted);
    for (verb, item) in [
        ("show", of.task),
        ("show", of.matter),
        ("show", of.conversation),
        ("show", of.event),
        ("get", of.document),
        ("get", of.folder),
        ("print", of.note),
    ] {
        let mut line = ask(verb, Some(item), "");
        if let Line::Ask { confirmed, .. } = &mut line {
            *confirmed = true;
        }
        let letter = Letter::Receipt { inbox: InboxId(1), lines: vec![line] };
        let page = written(&world, &letter, Locale::British).unwrap();
        let is_enclosed = !page.enclosures.is_empty();
        assert!(is_enclosed || everything(&page).contains(WORD), "{verb} {item:?}: {}", page.to_text());
        assert!(!page.subject.to_lowercase().contains(WORD), "{}", page.subject);
        assert!(item.kind != Kind::Document || is_enclosed);
    }
}
