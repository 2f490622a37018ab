//! What Jane is answered in the small world, and what she is not.

use super::lists::PAGE;
use super::world::{LISTS, SECRETS, World, ask, now};
use crate::domain::{Item, Kind};
use crate::outbound::letter::Line;
use crate::outbound::page::Mark;
use crate::outbound::page::{Block, Page};
use crate::sharing::Ability;
use crate::store::notes::NewNote;
use crate::store::shares::{NewShare, Source};
use crate::store::tasks::NewTask;

fn is_refusal(page: &Page) -> bool {
    page.blocks.iter().any(|b| matches!(b, Block::Marked(Mark::Refused, ..)))
}

/// Everything that Jane can be answered: every list, every thing of the firm by `#show` and `#get`, and the overviews.
fn everything(world: &World) -> Vec<(String, Page)> {
    let mut pages = Vec::new();
    let mut put = |what: String, line: Line| pages.push((what, world.page(world.jane, &[line])));
    for list in LISTS {
        put(list.into(), ask(list, None, ""));
        for matter in [world.matter, world.hidden, world.restricted] {
            put(format!("{list} of {}", matter.id), ask(list, Some(matter), ""));
        }
    }
    for verb in ["home", "status"] {
        put(verb.into(), ask(verb, None, ""));
    }
    for kind in Kind::ALL {
        for id in 1..12 {
            for verb in ["show", "get"] {
                put(format!("{verb} {kind:?} {id}"), ask(verb, Some(Item::new(kind, id)), ""));
            }
        }
    }
    for verb in ["contacts", "client"] {
        put(verb.into(), ask(verb, Some(world.matter), ""));
        put(verb.into(), ask(verb, Some(world.hidden), ""));
    }
    put("which matter".into(), Line::WhichMatter { typed: "#note x".into() });
    put("which task".into(), Line::WhichTask { typed: "#done".into() });
    pages
}

#[test]
fn t81_nothing_that_is_not_shared_is_in_any_answer() {
    let world = World::new();
    for (what, page) in everything(&world) {
        let text = format!("{}\n{}\n{}", page.subject, page.to_text(), page.to_html());
        let is_the_bill = text.contains("BILL-1");
        for secret in SECRETS.iter().filter(|s| !(is_the_bill && ["GBP", "777.00"].contains(s))) {
            assert!(!text.contains(secret), "{what}: {secret}\n{text}");
        }
        for file in &page.enclosures {
            assert!(!SECRETS.iter().any(|s| file.name.contains(s)), "{what}: {}", file.name);
        }
    }
}

#[test]
fn tim_06_no_answer_holds_money() {
    let world = World::new();
    let money = ["£", "$", "€", "GBP", "rate", "price", "amount", "25000", "25,000", "250.00", "minor", "budget"];
    let mut told_hours = false;
    for (what, page) in everything(&world) {
        let text = format!("{}\n{}", page.subject, page.to_text());
        told_hours |= text.contains("0.9 h");
        if text.contains("BILL-1") && text.contains("Total: GBP 777.00") {
            assert!(what.starts_with("show Bill"), "{what}: only the bill that was shared says its total");
            continue;
        }
        let found: Vec<_> = money.iter().filter(|m| text.to_lowercase().contains(&m.to_lowercase())).collect();
        assert!(found.is_empty(), "{what}: {found:?}\n{text}");
    }
    assert!(told_hours);
}

#[test]
fn everything_that_is_answered_is_noted_with_a_right_that_holds() {
    let world = World::new();
    for (what, page) in everything(&world) {
        for shown in &page.shows {
            let ability = Ability::ALL.iter().copied().find(|a| a.code() == shown.ability).unwrap();
            let verdict = world.read(|r| r.ask(world.firm, world.jane, ability, shown.item, now()));
            assert!(verdict.is_allowed(), "{what}: {shown:?}");
        }
        let is_answer =
            !is_refusal(&page) && !what.starts_with("status") && !page.to_text().contains("Nothing of that kind");
        assert!(!is_answer || !page.shows.is_empty(), "{what} shows something and notes nothing");
    }
}

#[test]
fn tsk_05_other_peoples_tasks_are_not_listed() {
    let world = World::new();
    let text = world.answer("tasks", None, "");
    let order = [
        "T-2 Call the expert – OVERDUE, was due 10 March 2026 (M-1)",
        "T-1 Draft reply brief – due 3 April 2026 (M-1)",
    ];
    assert!(order.iter().all(|line| text.contains(line)), "{text}");
    assert!(text.find("T-2").unwrap() < text.find("T-1").unwrap(), "overdue first");
    assert!(text.contains("T-3 Read the lease\n"), "the matter of this task is not shared, so it is not named: {text}");
    assert!(!text.contains("T-4"));
    let overdue = world.answer("tasks", None, "overdue");
    assert!(overdue.contains("T-2") && !overdue.contains("T-1 "), "{overdue}");
    let upcoming = world.answer("tasks", None, "upcoming");
    assert!(upcoming.contains("T-1 ") && !upcoming.contains("T-2 "), "{upcoming}");
    let done = world.answer("tasks", None, "done");
    assert!(!done.contains("T-1 ") && !done.contains("T-2 ") && !done.contains("#done"), "{done}");
    let bills = world.answer("bills", None, "overdue");
    assert!(bills.contains("Overdue bills") || bills.contains("OVERDUE BILLS"), "{bills}");
    assert!(!bills.contains("BILL-1 "), "due on a day to come: {bills}");
}

#[test]
fn mat_07_documents_of_a_shared_matter_are_listed_only_if_shared() {
    let world = World::new();
    let text = world.answer("documents", Some(world.matter), "");
    for shared in [
        "\"Brief.pdf\", version 2, 7 bytes",
        "F-1 Folder \"Pleadings\"",
        "\"Complaint.pdf\", 7 bytes, in F-1",
        "Jane's exhibit.pdf",
    ] {
        assert!(text.contains(shared), "{shared}: {text}");
    }
    assert!(!text.contains("Stoat") && !text.contains("Otter") && !text.contains("Term sheet"), "{text}");
    let folder = world.answer("documents", Some(world.item("F-1")), "");
    assert!(folder.contains("Complaint.pdf") && !folder.contains("Brief.pdf"), "{folder}");
    world.revoke(world.item("F-1"));
    assert!(!world.answer("documents", Some(world.matter), "").contains("Complaint"));
}

#[test]
fn tim_05_only_own_time_is_listed_with_its_hours() {
    let world = World::new();
    let text = world.answer("entries", None, "");
    assert!(text.contains("0.9 h on 17 March 2026, A103/L210: Drafted brief (M-1)"), "{text}");
    assert!(text.find("17 March").unwrap() < text.find("16 March").unwrap(), "the latest first");
    assert!(text.contains("In all 1.8 h."), "{text}");
}

#[test]
fn decision_29_numbers_do_not_tell_how_much_others_do() {
    let world = World::new();
    let text = world.answer("entries", None, "");
    assert!(text.contains("TE-1 ") && text.contains("TE-2 ") && !text.contains("TE-3 "), "{text}");
    let before = world.answer("notes", None, "");
    assert!(before.contains("N-1 ") && before.contains("N-2 ") && before.contains("LOG-1 "), "{before}");
    let (firm, anna, hidden) = (world.firm, world.anna, world.hidden.id);
    world.write(move |tx| {
        for _ in 0..5 {
            let note = NewNote {
                matter: hidden,
                subject: "x".into(),
                detail: "x".into(),
                date: jiff::civil::date(2026, 3, 18),
                author: anna,
                internal: false,
            };
            tx.add_note(firm, &note, now())?;
        }
        Ok(())
    });
    assert_eq!(world.answer("notes", None, ""), before, "what happens elsewhere moves no number");
}

#[test]
fn lists_have_pages_and_say_how_to_get_the_next() {
    let world = World::new();
    let (firm, jane, anna, matter) = (world.firm, world.jane, world.anna, world.matter.id);
    world.write(move |tx| {
        for n in 0..40 {
            let new = NewTask {
                name: format!("Step {n}"),
                matter: Some(matter),
                assignee: Some(jane),
                assigner: Some(anna),
                ..NewTask::default()
            };
            let item = tx.add_task(firm, &new, now())?;
            let share = NewShare {
                person: jane,
                item,
                source: Source::Assignment,
                notify: false,
                message: String::new(),
                by: anna,
            };
            tx.add_share(firm, &share, now())?;
        }
        Ok(())
    });
    let first = world.page(world.jane, &[ask("tasks", None, "")]);
    let text = first.to_text();
    assert_eq!(text.lines().filter(|l| l.starts_with("- T-")).count(), PAGE);
    assert!(text.contains("Page 1 of 2. For the next, reply #tasks page 2"), "{text}");
    let on_it = first.shows.iter().filter(|s| s.item.kind == Kind::Task).count();
    assert_eq!(on_it, PAGE, "only what stands on the page is noted as shown");
    let last = world.answer("tasks", None, "page 2");
    assert_eq!(last.lines().filter(|l| l.starts_with("- T-")).count(), 44 - PAGE);
    assert_eq!(world.answer("tasks", None, "page 99"), last, "beyond the end is the last page");
}

#[test]
fn an_empty_list_says_so() {
    let world = World::new();
    world.revoke(world.item("EV-1"));
    assert!(world.answer("calendar", None, "").contains("Nothing of that kind is shared with you."));
}

#[test]
fn a_document_is_enclosed_in_the_version_that_was_asked_for() {
    let world = World::new();
    let document = world.item("D-1");
    let page = world.page(world.jane, &[ask("get", Some(document), "")]);
    assert_eq!(page.enclosures.len(), 1);
    assert_eq!(
        (page.enclosures[0].name.as_str(), page.enclosures[0].bytes.as_slice()),
        ("Brief.pdf", b"a brief".as_slice())
    );
    assert!(page.shows.iter().any(|s| s.item == document && s.ability == "download" && s.version == Some(2)));
    let earlier = Line::Ask {
        verb: "get".into(),
        item: Some(document),
        version: Some(1),
        confirmed: false,
        words: String::new(),
        typed: "#get D-1v1".into(),
    };
    assert_eq!(world.page(world.jane, &[earlier]).enclosures[0].name, "Brief (v1).pdf");
    let bill = world.page(world.jane, &[ask("get", Some(world.item("BILL-1")), "")]);
    assert_eq!(
        (bill.enclosures[0].name.as_str(), bill.subject.as_str()),
        ("Bill 2026-113.pdf", "Bill BILL-1: 2026-113")
    );
}

#[test]
fn a_confidential_document_is_sent_when_asked_for_and_a_restricted_one_is_not() {
    let world = World::new();
    let confidential = world.page(world.jane, &[ask("get", Some(world.item("D-4")), "")]);
    assert_eq!(
        (confidential.enclosures.len(), confidential.subject.as_str()),
        (1, "Document D-4"),
        "and its subject is neutral"
    );
    let restricted = world.page(world.jane, &[ask("get", Some(world.item("D-5")), "")]);
    assert!(
        restricted.enclosures.is_empty() && restricted.to_text().contains("sent only after a code"),
        "{}",
        restricted.to_text()
    );
    let talk = world.answer("show", Some(world.item("MSG-3")), "");
    assert!(!talk.contains("Weasel words") && talk.contains("sent only after a code"), "{talk}");
}

#[test]
fn what_is_too_large_for_a_mail_is_refused_in_words() {
    let world = World::new();
    let page = world.page(world.jane, &[ask("get", Some(world.item("D-6")), "")]);
    assert!(page.enclosures.is_empty());
    let text = page.to_text();
    assert!(text.contains("The file has 34.0 MB; a mail can carry 20.0 MB. Ask Anna Hale"), "{text}");
    assert_eq!(page.subject, "Not done");
}

#[test]
fn a_folder_comes_as_a_zip_of_what_its_reader_may_have() {
    let world = World::new();
    let page = world.page(world.jane, &[ask("get", Some(world.item("F-1")), "")]);
    assert!(page.to_text().contains("D-3 Complaint.pdf, 7 bytes"), "{}", page.to_text());
    let [zip] = page.enclosures.as_slice() else { panic!("{}", page.to_text()) };
    assert_eq!((zip.name.as_str(), zip.mime.as_str()), ("Pleadings.zip", "application/zip"));
    let archive = zip::ZipArchive::new(std::io::Cursor::new(zip.bytes.clone())).unwrap();
    let names: Vec<String> = archive.file_names().map(|n| n.unwrap().into_owned()).collect();
    assert_eq!(names, ["Complaint.pdf"]);
    let complaint = world.item("D-3");
    assert!(page.shows.iter().any(|s| s.item == complaint && s.ability == "download" && s.version == Some(1)));
    // In the drop folder each has only what they put in.
    let drop = world.page(world.jane, &[ask("get", Some(world.item("F-2")), "")]).to_text();
    assert!(drop.contains("Jane's exhibit.pdf") && !drop.contains("Otter"), "{drop}");
}

#[test]
fn a_question_names_only_what_is_shared_and_five_at_most() {
    let world = World::new();
    let text = world.page(world.jane, &[Line::WhichMatter { typed: "#note x".into() }]).to_text();
    assert!(text.contains("  M-1 Reed v Marsh") && text.contains("[M-1]") && !text.contains("M-2"), "{text}");
    let text = world.page(world.jane, &[Line::WhichTask { typed: "#done".into() }]).to_text();
    assert!(text.contains("T-2 Call the expert, due 10 March 2026") && text.contains("#done T-2"), "{text}");
    for matter in [world.matter, world.confidential, world.restricted] {
        world.revoke(matter);
    }
    let text = world.page(world.jane, &[Line::WhichMatter { typed: String::new() }]).to_text();
    assert!(text.contains("No open matter is shared with you."), "{text}");
}

#[test]
fn the_firms_people_are_told_how_they_answer() {
    let world = World::new();
    let line = Line::Help { item: None, word: String::new(), examples: Vec::new(), remarks: Vec::new() };
    let text = world.page(world.anna, &[line]).to_text();
    assert!(text.contains("plain reply continues the conversation") && text.contains("command line"), "{text}");
}

#[test]
fn every_kind_of_thing_can_be_shown() {
    let world = World::new();
    for id in ["M-1", "T-1", "D-1", "F-1", "EV-1", "MSG-1", "BILL-1"] {
        let page = world.page(world.jane, &[ask("show", Some(world.item(id)), "")]);
        assert!(!is_refusal(&page) && page.subject.contains(id), "{id}: {}", page.to_text());
    }
    for (kind, id) in [(Kind::Note, 1), (Kind::Note, 3), (Kind::TimeEntry, 1), (Kind::Communication, 1)] {
        let page = world.page(world.jane, &[ask("show", Some(Item::new(kind, id)), "")]);
        assert!(!is_refusal(&page), "{kind:?}: {}", page.to_text());
    }
}

#[test]
fn of_a_restricted_matter_no_name_and_no_text_is_in_any_answer() {
    let world = World::new();
    for (what, page) in everything(&world) {
        let text = format!("{}\n{}", page.subject, page.to_text());
        for content in ["Sealed", "Stone", "Review the file", "Weasel"] {
            assert!(!text.contains(content), "{what}: {content}\n{text}");
        }
    }
    assert!(world.answer("tasks", None, "").contains("T-5 Task (M-4)"));
    assert!(world.answer("matters", None, "").contains("M-4 2026-0015\n"));
}
