//! What happens in a firm that is not Jane's to know: other matters, others' time, notes, files, messages, events and
//! bills, rates, other people, other firms, assistants, strangers. In comes a world, out goes one that has to look the
//! same to Jane.

use docketpost::actions::{calendar, documents, shares, tasks, time};
use docketpost::demo::office;
use docketpost::domain::dates::Locale;
use docketpost::domain::duration::Quantity;
use docketpost::domain::{Address, Item, PersonId};
use docketpost::sharing::{BillState, Given, Role};
use docketpost::store::bills::NewBill;
use docketpost::store::calendar::{EventDetails, NewEvent};
use docketpost::store::communications::{Medium, NewCommunication};
use docketpost::store::firms::NewFirm;
use docketpost::store::matters::NewMatter;
use docketpost::store::notes::NewNote;
use docketpost::store::people::NewPerson;
use docketpost::store::shares::{NewShare, Source};
use docketpost::store::tasks::{NewTask, Priority, TaskStatus};
use jiff::{SignedDuration, ToSpan};

use super::dice::Dice;
use super::hearing;
use super::twin::{MAX, Twin};

/// Words that Jane uses too, so that what is hidden could be confused with what is hers.
const WORDS: [&str; 6] =
    ["Exhibit A.txt", "Draft reply brief", "Reply brief.docx", "Pleadings", "Smith", "Drafted reply brief"];
/// Contents, the first of which Jane files too.
const CONTENTS: [&str; 3] = ["The exhibit.\n", "Another text.\n", "A third text.\n"];

/// Something that happens in a world.
pub type Deed = fn(&mut Twin, &mut Dice);

/// Everything that may happen, by name; the name tells which one gave Jane something.
pub const DEEDS: &[(&str, Deed)] = &[
    ("a matter", matter),
    ("a task", task),
    ("a document", document),
    ("a folder", folder),
    ("an internal note", internal_note),
    ("a note elsewhere", note_elsewhere),
    ("the firm's own time", own_time),
    ("a message", message),
    ("an event", event),
    ("a bill", bill),
    ("a share of the matter with Max", share_with_max),
    ("the end of a share of Max", unshare_from_max),
    ("a mail of Max", mail_of_max),
    ("a person", person),
    ("rates", rates),
    ("another firm", another_firm),
    ("a stranger's mail", stranger),
    ("an assistant of Max", assistant),
    ("a screen", screen),
    ("a matter is closed", close),
    ("a task is done", done),
    ("a document is deleted", deleted),
    ("a communication elsewhere", communication),
    ("a price", price),
    ("the digests of others", digest),
    ("Max at Jane's event", at_hers),
    ("Max loses his events", suspended),
];

fn name(twin: &Twin, dice: &mut Dice) -> String {
    if dice.once_in(2) { dice.one_of(&WORDS).to_owned() } else { format!("Secret {} {}", twin.left, dice.below(1000)) }
}

/// The shared matter, or the one that is not.
fn either(twin: &Twin, dice: &mut Dice) -> Item {
    if dice.once_in(3) { twin.office.other_matter } else { twin.office.matter }
}

fn somebody(twin: &Twin, dice: &mut Dice) -> PersonId {
    dice.one_of(&[twin.office.anna, twin.office.max])
}

fn matter(twin: &mut Twin, dice: &mut Dice) {
    let (firm, anna, now) = (twin.office.firm.id, twin.office.anna, twin.now);
    let new = NewMatter {
        responsible: Some(anna),
        ..NewMatter::new(&format!("2027-{:06}", dice.below(1_000_000)), &name(twin, dice))
    };
    drop(twin.office.store.write(move |tx| tx.add_matter(firm, &new, now)));
}

fn task(twin: &mut Twin, dice: &mut Dice) {
    let matter = either(twin, dice);
    let assignee = if dice.once_in(2) { Some(somebody(twin, dice)) } else { None };
    let due = twin.now.to_zoned(twin.office.firm.zone()).date();
    let new = NewTask {
        name: name(twin, dice),
        description: "Not for Jane".into(),
        matter: Some(matter.id),
        assignee,
        assigner: None,
        priority: Priority::High,
        status: TaskStatus::Pending,
        private: dice.once_in(2),
        due_at: due.checked_add((dice.below(9) as i64).days()).ok(),
        quiet: dice.once_in(2),
        time_estimated: None,
    };
    twin.act(twin.office.anna, move |act| tasks::create(act, &new, true));
}

fn file(twin: &Twin, dice: &mut Dice) -> documents::File {
    let text = dice.one_of(&CONTENTS);
    let sha256 = twin.office.store.keep(text.as_bytes()).unwrap();
    documents::File { name: name(twin, dice), mime: "text/plain".into(), sha256, size: text.len() as u64 }
}

fn document(twin: &mut Twin, dice: &mut Dice) {
    let (matter, file) = (either(twin, dice), file(twin, dice));
    twin.act(twin.office.anna, move |act| documents::file_for_firm(act, matter.id, None, &file));
}

fn folder(twin: &mut Twin, dice: &mut Dice) {
    let (matter, file, name) = (either(twin, dice), file(twin, dice), name(twin, dice));
    twin.act(twin.office.anna, move |act| match documents::add_folder(act, matter.id, None, &name)? {
        Ok(folder) => documents::file_for_firm(act, matter.id, Some(folder), &file),
        Err(refusal) => Ok(Err(refusal)),
    });
}

fn add_note(twin: &Twin, dice: &mut Dice, matter: Item, internal: bool) {
    let (firm, now) = (twin.office.firm.id, twin.now);
    let date = now.to_zoned(twin.office.firm.zone()).date();
    let (author, subject) = (somebody(twin, dice), name(twin, dice));
    let new = NewNote { matter: matter.id, subject, detail: "Not for Jane".into(), date, author, internal };
    twin.office.store.write(move |tx| tx.add_note(firm, &new, now)).unwrap();
}

fn internal_note(twin: &mut Twin, dice: &mut Dice) {
    add_note(twin, dice, twin.office.matter, true);
}

fn note_elsewhere(twin: &mut Twin, dice: &mut Dice) {
    add_note(twin, dice, twin.office.other_matter, false);
}

fn own_time(twin: &mut Twin, dice: &mut Dice) {
    let on = dice.one_of(&[twin.office.matter, twin.office.brief, twin.office.document, twin.office.other_matter]);
    let new = time::NewEntry {
        on,
        date: None,
        quantity: Quantity::from_seconds(360 * (1 + dice.below(20) as u32)),
        terms: time::Terms::default(),
        narrative: name(twin, dice),
        anyway: true,
    };
    twin.act(somebody(twin, dice), move |act| time::record(act, &new));
}

/// As a lawyer writes to other co-counsel.
fn message(twin: &mut Twin, dice: &mut Dice) {
    let (max, matter, text) = (twin.office.max, either(twin, dice), name(twin, dice));
    twin.act(twin.office.anna, move |act| office::write(act, max, matter, &text));
}

fn event(twin: &mut Twin, dice: &mut Dice) {
    let (max, anna) = (twin.office.max, twin.office.anna);
    let start_at = twin.now + SignedDuration::from_hours(1 + dice.below(72) as i64);
    let details = EventDetails {
        summary: name(twin, dice),
        description: "Not for Jane".into(),
        location: String::new(),
        start_at,
        end_at: start_at + SignedDuration::from_hours(1),
        ..hearing(twin).details
    };
    let uid = format!("hidden-{}-{}", twin.now, dice.below(1 << 40));
    let new = NewEvent { uid, details, matter: Some(either(twin, dice).id), organizer: anna };
    twin.act(anna, move |act| match calendar::create(act, &new)? {
        Ok(event) => calendar::invite(act, event, max, true, ""),
        Err(refusal) => Ok(Err(refusal)),
    });
}

fn bill(twin: &mut Twin, dice: &mut Dice) {
    let (firm, matter) = (twin.office.firm.id, either(twin, dice));
    let state = dice.one_of(&[BillState::Draft, BillState::AwaitingPayment, BillState::Paid, BillState::Void]);
    let total = 100 * dice.below(100_000) as i64;
    let new = NewBill {
        state,
        matter: Some(matter.id),
        total_minor: total,
        balance_minor: total,
        due_at: twin.now.to_zoned(twin.office.firm.zone()).date().checked_add(4.days()).ok(),
        ..NewBill::new(&format!("H-{}", dice.below(1 << 40)), "GBP")
    };
    drop(twin.office.store.write(move |tx| tx.add_bill(firm, &new)));
}

fn share_with_max(twin: &mut Twin, dice: &mut Dice) {
    let (max, notify) = (twin.office.max, dice.once_in(2));
    // Not the folder: what Max filed there would be Jane's to see.
    let item = dice.one_of(&[twin.office.matter, twin.office.document]);
    twin.act(twin.office.anna, move |act| shares::share(act, max, item, notify, ""));
}

fn unshare_from_max(twin: &mut Twin, dice: &mut Dice) {
    let max = twin.office.max;
    let item = dice.one_of(&[twin.office.matter, twin.office.document, twin.office.other_matter]);
    twin.act(twin.office.anna, move |act| shares::unshare(act, max, item, "hidden"));
}

fn mail_of_max(twin: &mut Twin, dice: &mut Dice) {
    let to = dice.one_of(&["m-1", "m-2", "the gateway"]);
    let text = dice.one_of(&CONTENTS).trim_end();
    match dice.below(4) {
        0 => twin.write(MAX, to, "Time", "#time 1.5h Drafted reply brief"),
        1 => twin.write(MAX, to, "Exhibit A", &format!("The file.\n@attach Exhibit A.txt: {text}\n")),
        2 => twin.write(MAX, to, "A question", "Anna, may I tell them? Nobody else may know."),
        _ => twin.write(MAX, to, "Lists", "#home\n#documents\n#show T-1\n"),
    }
}

fn person(twin: &mut Twin, dice: &mut Dice) {
    let (firm, now, number) = (twin.office.firm.id, twin.now, dice.below(1 << 40));
    let role = match dice.below(3) {
        0 => Role::User { admin: false, accounts: false, reports: false, billing: false },
        1 => Role::CoCounsel,
        _ => Role::Contact,
    };
    // To whom of the firm co-counsel can write is theirs to know (MSG-03): Jane writes to no name of these.
    let name = if matches!(role, Role::User { .. }) { "Colleague" } else { "Hidden" };
    let new = NewPerson {
        first_name: "Sam".into(),
        last_name: format!("{name}{}", dice.below(99)),
        address: Address::parse(&format!("sam{number}@elsewhere.example")).ok(),
        ..NewPerson::new(role)
    };
    let related = dice.once_in(2);
    let other = twin.office.other_matter.id;
    let job = move |tx: &docketpost::store::Tx<'_>| {
        let person = tx.add_person(firm, &new, now)?;
        if related { tx.add_relationship(firm, other, person, "Opponent") } else { Ok(()) }
    };
    twin.office.store.write(job).unwrap();
}

/// What the firm reckons for Jane's own work.
fn rates(twin: &mut Twin, dice: &mut Dice) {
    let (firm, jane, now, rate) = (twin.office.firm.id, twin.office.jane, twin.now, 100 * dice.below(900) as i64);
    let job = move |tx: &docketpost::store::Tx<'_>| {
        for share in tx.live_shares(firm, jane, now)? {
            tx.set_share_rate(share.id, rate, "GBP")?;
        }
        Ok(())
    };
    twin.office.store.write(job).unwrap();
}

fn price(twin: &mut Twin, dice: &mut Dice) {
    let (firm, matter, price) = (twin.office.firm.id, twin.office.matter.id, dice.below(1 << 20) as i64);
    let job = move |tx: &docketpost::store::Tx<'_>| {
        for priced in tx.time_entries_of_matter(firm, matter)? {
            tx.set_price(firm, priced.entry.item().id, Some(price))?;
        }
        Ok(())
    };
    twin.office.store.write(job).unwrap();
}

/// One where Jane works too: two firms never meet in one mail.
fn another_firm(twin: &mut Twin, dice: &mut Dice) {
    let (now, number) = (twin.now, dice.below(1 << 40));
    let title = name(twin, dice);
    let job = move |tx: &docketpost::store::Tx<'_>| {
        let new = NewFirm {
            slug: format!("other{number}"),
            name: "Other LLP".into(),
            locale: Locale::British,
            time_zone: "Europe/London".into(),
            currency: "GBP".into(),
            rounding_minutes: 1,
        };
        let firm = tx.add_firm(&new, now)?;
        let user = Role::User { admin: true, accounts: true, reports: true, billing: true };
        let by = tx.add_person(firm, &NewPerson { last_name: "Smith".into(), ..NewPerson::new(user) }, now)?;
        let address = Address::parse("jane@roe.example").unwrap();
        let jane =
            NewPerson { last_name: "Roe".into(), address: Some(address.clone()), ..NewPerson::new(Role::CoCounsel) };
        let jane = tx.add_person(firm, &jane, now)?;
        let identity = tx.identity_for(&address, now)?;
        tx.set_identity(firm, jane, identity)?;
        tx.set_accepted(firm, jane, now)?;
        let item = tx.add_matter(firm, &NewMatter::new("2026-0012", &title), now)?;
        let share = NewShare { person: jane, item, source: Source::Direct, notify: false, message: String::new(), by };
        tx.add_share(firm, &share, now)?;
        Ok(())
    };
    twin.office.store.write(job).unwrap();
}

fn stranger(twin: &mut Twin, dice: &mut Dice) {
    let to = dice.one_of(&["m-1", "m-2", "the gateway"]);
    twin.write(("", "opponent@elsewhere.example"), to, "Without prejudice", "We offer 10,000.\n#home\n");
}

fn assistant(twin: &mut Twin, dice: &mut Dice) {
    let (firm, anna, max, now) = (twin.office.firm.id, twin.office.anna, twin.office.max, twin.now);
    let number = dice.below(1 << 40);
    let job = move |tx: &docketpost::store::Tx<'_>| {
        let address = Address::parse(&format!("paula{number}@oduya.example")).unwrap();
        let given = [Given::Upload, Given::Time].into();
        let (first_name, last_name) = ("Paula".to_owned(), "Berg".to_owned());
        let new = docketpost::store::assistants::NewAssistant { principal: max, address, first_name, last_name, given };
        let person = tx.name_assistant(firm, &new, now)?;
        tx.confirm_assistant(firm, person, now)?;
        tx.approve_assistant(firm, person, anna, now)
    };
    twin.office.store.write(job).unwrap();
}

fn screen(twin: &mut Twin, _: &mut Dice) {
    let (firm, max, matter, now) = (twin.office.firm.id, twin.office.max, twin.office.matter.id, twin.now);
    drop(twin.office.store.write(move |tx| tx.screen(firm, matter, max, "acted for the other side", now)));
}

fn close(twin: &mut Twin, _: &mut Dice) {
    let (firm, matter) = (twin.office.firm.id, twin.office.other_matter.id);
    let day = twin.now.to_zoned(twin.office.firm.zone()).date();
    twin.office.store.write(move |tx| tx.set_matter_closed(firm, matter, Some(day))).unwrap();
}

/// The tasks that are not Jane's.
fn done(twin: &mut Twin, dice: &mut Dice) {
    let (firm, matter) = (twin.office.firm.id, either(twin, dice));
    let all = twin.office.store.read(|view| view.tasks_of_matter(firm, matter.id)).unwrap();
    let hers = [twin.office.brief, twin.office.exhibits];
    let others: Vec<Item> = all.iter().map(|t| t.item()).filter(|t| !hers.contains(t)).collect();
    if !others.is_empty() {
        let task = dice.one_of(&others);
        twin.act(twin.office.anna, move |act| tasks::complete(act, task));
    }
}

/// A document that neither Jane filed nor was given.
fn deleted(twin: &mut Twin, dice: &mut Dice) {
    let (firm, jane, now, matter) = (twin.office.firm.id, twin.office.jane, twin.now, either(twin, dice));
    let all = twin.office.store.read(|view| view.documents_of_matter(firm, matter.id)).unwrap();
    let is_hers = |id: i64| {
        let versions = twin.office.store.read(|view| view.versions(firm, id)).unwrap();
        id == twin.office.document.id || versions.iter().any(|v| v.creator == jane)
    };
    let shared = twin.office.folder.id;
    let others: Vec<i64> =
        all.iter().filter(|d| d.folder != Some(shared)).map(|d| d.id).filter(|id| !is_hers(*id)).collect();
    if !others.is_empty() {
        let document = dice.one_of(&others);
        twin.office.store.write(move |tx| tx.delete_document(firm, document, now)).unwrap();
    }
}

fn communication(twin: &mut Twin, dice: &mut Dice) {
    let (firm, now) = (twin.office.firm.id, twin.now);
    let new = NewCommunication {
        medium: Medium::Phone,
        matter: twin.office.other_matter.id,
        subject: name(twin, dice),
        body: "Not for Jane".into(),
        date: now.to_zoned(twin.office.firm.zone()).date(),
        length: Some(Quantity::from_seconds(600)),
        senders: "Max Oduya".into(),
        receivers: "Sam".into(),
        author: somebody(twin, dice),
        inbox: None,
    };
    twin.office.store.write(move |tx| tx.add_communication(firm, &new, now)).unwrap();
}

fn digest(twin: &mut Twin, _: &mut Dice) {
    let (firm, max) = (twin.office.firm.id, twin.office.max);
    let wanted = docketpost::store::people::Preferences { stopped: true, ..Default::default() };
    let now = twin.now;
    drop(twin.office.store.write(move |tx| tx.set_preferences(firm, max, &wanted, now)));
}

/// Max is invited to an event of Jane's, taken off it, and sometimes invited again.
fn at_hers(twin: &mut Twin, dice: &mut Dice) {
    let (anna, jane, max) = (twin.office.anna, twin.office.jane, twin.office.max);
    let hers = twin.office.store.read(|view| view.events_of(twin.office.firm.id, jane)).unwrap();
    let Some(event) = hers.last().map(|row| row.item()) else { return };
    twin.act(anna, move |act| calendar::invite(act, event, max, true, ""));
    twin.act(anna, move |act| calendar::remove(act, event, max));
    if dice.once_in(2) {
        twin.act(anna, move |act| calendar::invite(act, event, max, true, ""));
    }
}

fn suspended(twin: &mut Twin, _: &mut Dice) {
    let max = twin.office.max;
    twin.act(twin.office.anna, move |act| calendar::suspend(act, max).map(Ok));
}
