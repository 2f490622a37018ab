//! What Jane is told of another co-counsel, and what she is not (mails.md d0).

use jiff::civil::date;

use super::answers::world::{World, now};
use super::restricted_tests::{everything, written};
use crate::domain::{Item, PersonId};
use crate::language::Locale;
use crate::outbound::letter::{FiledVersion, Letter};
use crate::store::communications::{Medium, NewCommunication};
use crate::store::conversations::{NewConversation, NewMessage};
use crate::store::documents::NewVersion;
use crate::store::matters::Matter;
use crate::store::people::NewPerson;
use crate::store::shares::{NewShare, Source};

fn tom(world: &World) -> PersonId {
    let all = world.read(|r| r.people(world.firm));
    all.into_iter().find(|p| p.last_name == "Poe").unwrap().id
}

/// A call or a mail that Tom logged on the matter that is shared with both.
fn logged(world: &World, medium: Medium) -> Item {
    let (firm, matter, author) = (world.firm, world.matter.id, tom(world));
    let new = NewCommunication {
        medium,
        matter,
        subject: "Extension".into(),
        body: "Agreed extension".into(),
        date: date(2026, 3, 13),
        length: None,
        senders: "Tom Poe".into(),
        receivers: "tom@poe.example".into(),
        author,
        inbox: None,
    };
    world.write(move |tx| tx.add_communication(firm, &new, now()))
}

/// What Tom filed, completed and logged where Jane sees it.
fn news(world: &World) -> Letter {
    Letter::News {
        by: tom(world),
        message: None,
        conversation: None,
        documents: vec![FiledVersion { document: world.item("D-1"), version: 2 }],
        completed: vec![world.item("T-1")],
        logged: vec![logged(world, Medium::Email)],
        outsiders: Vec::new(),
    }
}

fn says(world: &World, letter: &Letter, locale: Locale) -> String {
    everything(&written(world, letter, locale).unwrap())
}

#[test]
fn t81_news_of_what_another_co_counsel_did_do_not_name_them() {
    let world = World::new();
    let letter = news(&world);
    for locale in Locale::ALL {
        let text = says(&world, &letter, locale);
        assert!(text.contains("brief.pdf") && text.contains("log-"), "{text}");
        assert!(!text.contains("poe") && !text.contains("tom "), "{text}");
    }
}

#[test]
fn members_of_one_conversation_are_told_each_others_names() {
    let world = World::new();
    let (firm, anna, jane, tom, matter) = (world.firm, world.anna, world.jane, tom(&world), world.matter.id);
    let (conversation, message) = world.write(move |tx| {
        let new = NewConversation { matter: Some(matter), subject: "Call".into(), about: None };
        let item = tx.add_conversation(firm, &new, now())?;
        for person in [jane, tom] {
            tx.add_member(firm, item.id, person, now())?;
            let (source, message) = (Source::Membership, String::new());
            tx.add_share(firm, &NewShare { person, item, source, notify: false, message, by: anna }, now())?;
        }
        let new = NewMessage { conversation: item.id, sender: tom, body: "See the file.".into(), inbox: None };
        Ok((item, tx.add_message(firm, &new, now())?))
    });
    let Letter::News { by, documents, completed, logged, outsiders, .. } = news(&world) else { unreachable!() };
    let (message, conversation) = (Some(message), Some(conversation));
    let letter = Letter::News { by, message, conversation, documents, completed, logged, outsiders };
    let text = says(&world, &letter, Locale::British);
    for told in ["tom poe wrote:", "tom poe filed:", "tom poe logged a mail"] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn t81_a_digest_does_not_name_another_co_counsel_who_filed() {
    let world = World::new();
    let (firm, creator, document) = (world.firm, tom(&world), world.item("D-1").id);
    let later = now() + jiff::SignedDuration::from_mins(1);
    world.write(move |tx| {
        let new = NewVersion {
            filename: "Brief.pdf".into(),
            size: 7,
            content_type: "application/pdf".into(),
            sha256: tx.version(firm, document, 1)?.unwrap().sha256,
            creator,
            inbox: None,
        };
        tx.add_version(firm, document, &new, later)
    });
    let text = says(&world, &Letter::Digest { since: now(), until: later }, Locale::British);
    assert!(text.contains("brief.pdf: version 3") && !text.contains("poe"), "{text}");
}

#[test]
fn t81_what_another_co_counsel_logged_is_shown_without_them() {
    let world = World::new();
    for medium in [Medium::Phone, Medium::Email] {
        let call = logged(&world, medium);
        let text = world.answer("show", Some(call), "").to_lowercase();
        assert!(text.contains("agreed extension") && !text.contains("poe"), "{text}");
    }
}

#[test]
fn t81_news_offer_the_first_file_that_their_reader_may_see() {
    let world = World::new();
    let Letter::News { by, completed, logged, outsiders, .. } = news(&world) else { unreachable!() };
    let documents = ["D-2", "D-1"].map(|id| FiledVersion { document: world.item(id), version: 1 }).to_vec();
    let letter = Letter::News { by, message: None, conversation: None, documents, completed, logged, outsiders };
    let text = says(&world, &letter, Locale::British);
    assert!(text.contains("#get d-1") && !text.contains("d-2"), "{text}");
}

#[test]
fn t81_the_lawyer_of_a_matter_that_is_not_shared_is_not_named_where_a_file_is_too_large() {
    let world = World::new();
    let (firm, matter) = (world.firm, world.matter.id);
    let large = world.read(|r| r.documents_of_matter(firm, matter));
    let large = large.into_iter().find(|d| d.name == "Recording.mp4").unwrap().item();
    world.write(move |tx| {
        let role = crate::sharing::Role::User { admin: false, accounts: false, reports: false, billing: false };
        let address = crate::domain::Address::parse("cato@hale.example").ok();
        let cato = NewPerson { first_name: "Cato".into(), last_name: "Lane".into(), address, ..NewPerson::new(role) };
        let cato = tx.add_person(firm, &cato, now())?;
        let row = tx.matter(firm, matter)?.unwrap();
        tx.change_matter(firm, &Matter { responsible: Some(cato), ..row })
    });
    let text = world.answer("get", Some(large), "");
    assert!(text.contains("Ask Cato Lane to send it"), "{text}");
    world.revoke(world.matter);
    let text = world.answer("get", Some(large), "");
    assert!(text.contains("Ask Hale & Co to send it") && !text.contains("Cato"), "{text}");
}
