//! Files of a firm come in, and come in again.

use super::super::sample::{Sample, now};
use super::*;
use crate::sharing::Role;

const CONTACTS: &str = "first_name,last_name,company,email_address,is_co_counsel,is_client,primary_phone\n\
    Ruth,Reed,,ruth@reed.example,no,yes,+44 20 7946 0000\n\
    Tom,Roe,Roe LLP,tom@roe.example,yes,no,\n\
    ,,,nobody@x.example,no,no,\n\
    Ivy,Bad,,not an address,no,no,\n";
const MATTERS: &str = "display_number,status,description,client_first_name,client_last_name,open_date,responsible_attorney,sensitivity\n\
    2026-0100,Open,Reed v. Marsh,Ruth,Reed,14/03/2026,anna@hale.example,confidential\n\
    2026-0101,Open,No client,Nora,Nobody,2026-03-14,,\n";
const TASKS: &str = "name,matter,due_at,priority,assignee_email,status\n\
    Draft reply,2026-0100,03/04/2026,High,tom@roe.example,pending\n\
    Lost,2026-9999,,,,\n";
const ACTIVITIES: &str = "matter,date,note,quantity,price,activity_user,non_billable,task_code\n\
    2026-0100,14/03/2026,Drafted reply,1.5,\"1,250.00\",tom@roe.example,,L210\n\
    2026-0100,14/03/2026,Drafted reply,1.5,\"1,250.00\",tom@roe.example,,L210\n";

fn args(paths: Vec<PathBuf>) -> Args {
    Args { paths, columns: false, files: None, dry_run: false, errors: None, kind: None }
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn four() -> tempfile::TempDir {
    folder(&[
        ("contacts.csv", CONTACTS),
        ("matters.csv", MATTERS),
        ("tasks.csv", TASKS),
        ("activities.csv", ACTIVITIES),
    ])
}

fn counts(told: &Told) -> Vec<(u64, u64, u64, usize)> {
    let files = told.json.as_array().unwrap().iter();
    files
        .map(|f| {
            (
                f["new"].as_u64().unwrap(),
                f["changed"].as_u64().unwrap(),
                f["unchanged"].as_u64().unwrap(),
                f["errors"].as_array().unwrap().len(),
            )
        })
        .collect()
}

#[test]
fn a_folder_comes_in_once_however_often_it_is_imported() {
    let s = Sample::new();
    let files = four();
    let first = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&first), [(2, 0, 0, 2), (1, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 0)], "{}", first.text);
    assert!(first.text.contains("4 contacts: 2 new, 2 with an error"), "{}", first.text);
    assert_eq!(first.code, 1);
    let again = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&again), [(0, 0, 2, 2), (0, 0, 1, 1), (0, 0, 1, 1), (0, 0, 2, 0)], "{}", again.text);
    std::fs::write(files.path().join("matters.csv"), MATTERS.replace("Reed v. Marsh", "Reed v. Marsh & Co")).unwrap();
    let changed = run(&s.office, &args(vec![files.path().join("matters.csv")])).unwrap();
    assert_eq!(counts(&changed), [(0, 1, 0, 1)]);
    let firm = s.office.firm.id;
    let matter = s.office.store.read(|r| r.matter_by_display_number(firm, "2026-0100")).unwrap().unwrap();
    assert_eq!(matter.description, "Reed v. Marsh & Co");
    assert_eq!(matter.open_date, Some("2026-03-14".parse().unwrap()));
    let entries = s.office.store.read(|r| r.time_entries_of_matter(firm, matter.id)).unwrap();
    assert_eq!(
        entries.iter().map(|e| (e.entry.work.quantity.seconds(), e.price_minor)).collect::<Vec<_>>(),
        [(5_400, Some(125_000)); 2]
    );
    let tasks = s.office.store.read(|r| r.tasks_of_matter(firm, matter.id)).unwrap();
    let tom = s.office.person("tom@roe.example").unwrap();
    assert_eq!(tasks[0].assignee, Some(tom.id));
    assert_eq!(tasks[0].due_at, Some("2026-04-03".parse().unwrap()));
    assert_eq!(s.office.store.read(|r| r.live_shares(firm, tom.id, now())).unwrap().len(), 1);
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let s = Sample::new();
    let files = four();
    let errors = files.path().join("errors");
    let told = run(&s.office, &Args { dry_run: true, errors: Some(errors.clone()), ..args(vec![files.path().into()]) })
        .unwrap();
    assert_eq!(counts(&told), [(2, 0, 0, 2), (1, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 0)]);
    assert!(s.office.person("tom@roe.example").is_err());
    let written = std::fs::read_to_string(errors.join("contacts.csv")).unwrap();
    assert!(written.starts_with("error,first_name,last_name"), "{written}");
    assert_eq!(written.lines().count(), 3);
    assert!(!errors.join("activities.csv").exists());
}

#[test]
fn a_mended_errors_file_is_taken_in() {
    let s = Sample::new();
    let files = folder(&[("contacts.csv", CONTACTS)]);
    let errors = files.path().join("wrong.csv");
    run(&s.office, &Args { errors: Some(errors.clone()), ..args(vec![files.path().join("contacts.csv")]) }).unwrap();
    let mended = std::fs::read_to_string(&errors).unwrap().replace("not an address", "ivy@bad.example");
    std::fs::write(&errors, mended).unwrap();
    let told = run(&s.office, &Args { kind: Some("contacts".into()), ..args(vec![errors]) }).unwrap();
    assert_eq!(counts(&told), [(1, 0, 0, 1)]);
    assert!(s.office.person("ivy@bad.example").is_ok());
}

#[test]
fn what_clio_gives_comes_in_by_its_ids() {
    let s = Sample::new();
    let files = folder(&[
        (
            "users.json",
            r#"{"data":[{"id":1,"name":"Bob Hale","email":"bob@hale.example","roles":["Billing"],"enabled":true}]}"#,
        ),
        (
            "contacts.json",
            r#"{"data":[{"id":5,"type":"Company","name":"Reed Ltd","primary_email_address":"office@reed.example"},
            {"id":1,"type":"Person","name":"Tom Roe","first_name":"Tom","last_name":"Roe","primary_email_address":"tom@roe.example","is_co_counsel":true}]}"#,
        ),
        (
            "matters.json",
            r#"{"data":[{"id":9,"display_number":"00009-Reed","status":"Open","description":"Lease","client":{"id":5},"responsible_attorney":{"id":1}}]}"#,
        ),
        (
            "relationships.json",
            r#"{"data":[{"id":2,"description":"Co-counsel","matter":{"id":9},"contact":{"id":1}}]}"#,
        ),
        (
            "folders.json",
            r#"{"data":[{"id":21,"name":"Drafts","matter":{"id":9},"parent":{"id":20}},{"id":20,"name":"Pleadings","matter":{"id":9},"parent":null}]}"#,
        ),
        (
            "documents.json",
            r#"{"data":[{"id":30,"name":"Lease.txt","matter":{"id":9},"parent":{"id":21},"path":"files/lease.txt"},
            {"id":31,"name":"x","matter":{"id":9},"path":"../secret"}]}"#,
        ),
        (
            "tasks.json",
            r#"{"data":[{"id":40,"name":"Review","priority":"Low","status":"in_progress","matter":{"id":9},"assignee":{"id":1,"type":"Contact","name":"Tom Roe"}}]}"#,
        ),
        (
            "notes.json",
            r#"{"data":[{"id":50,"type":"Matter","subject":"Call","detail":"Spoke","date":"2026-03-01","matter":{"id":9}}]}"#,
        ),
        (
            "calendar_entries.json",
            r#"{"data":[{"id":60,"summary":"Hearing","start_at":"2026-04-01T09:00:00+01:00","end_at":"2026-04-01T10:00:00+01:00","matter":{"id":9},"attendees":[{"id":1,"type":"Contact"}]}]}"#,
        ),
        (
            "communications.json",
            r#"{"data":[{"id":70,"type":"PhoneCommunication","subject":"Call","body":"Said no","date":"2026-03-02","matter":{"id":9},"senders":[{"name":"Anna"}]}]}"#,
        ),
        (
            "bills.json",
            r#"{"data":[{"id":80,"number":"17","state":"awaiting_payment","total":110.0,"balance":10.5,"issued_at":"2026-03-01","matters":[{"id":9}],"client":{"id":5}}]}"#,
        ),
        (
            "activities.json",
            r#"{"data":[{"id":90,"type":"TimeEntry","quantity":3600,"date":"2026-03-01","note":"Read lease","price":110.0,"matter":{"id":9},"user":{"id":1},"bill":{"id":80}},
            {"id":91,"type":"ExpenseEntry","quantity":1,"date":"2026-03-01"}]}"#,
        ),
    ]);
    std::fs::create_dir(files.path().join("files")).unwrap();
    std::fs::write(files.path().join("files/lease.txt"), "the lease").unwrap();
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    let wrong = (1, 0, 0, 1);
    assert_eq!(
        counts(&told),
        [
            (1, 0, 0, 0),
            (2, 0, 0, 0),
            (1, 0, 0, 0),
            (1, 0, 0, 0),
            (2, 0, 0, 0),
            wrong,
            (1, 0, 0, 0),
            (1, 0, 0, 0),
            (1, 0, 0, 0),
            (1, 0, 0, 0),
            (1, 0, 0, 0),
            wrong
        ],
        "{}",
        told.text
    );
    let again = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert!(counts(&again).iter().all(|(new, changed, ..)| (*new, *changed) == (0, 0)), "{}", again.text);
    let firm = s.office.firm.id;
    let matter = s.office.store.read(|r| r.matter_by_display_number(firm, "00009-Reed")).unwrap().unwrap();
    let bob = s.office.user("bob@hale.example").unwrap();
    assert_eq!(matter.responsible, Some(bob.id));
    let document = s.office.store.read(|r| r.documents_of_matter(firm, matter.id)).unwrap().remove(0);
    let version = s.office.store.read(|r| r.current_version(firm, document.id)).unwrap().unwrap();
    assert_eq!(s.office.store.blobs().get(&version.sha256).unwrap(), b"the lease");
    let bill = s.office.store.read(|r| r.bills_of_matter(firm, matter.id)).unwrap().remove(0);
    assert_eq!((bill.total_minor, bill.balance_minor), (11_000, 1_050));
    let entry = s.office.store.read(|r| r.time_entries_of_matter(firm, matter.id)).unwrap().remove(0);
    assert_eq!((entry.bill, entry.entry.person), (Some(bill.id), bob.id));
    std::fs::write(files.path().join("files/lease.txt"), "the lease, signed").unwrap();
    let newer = run(&s.office, &args(vec![files.path().join("documents.json")])).unwrap();
    assert_eq!(counts(&newer), [(0, 1, 0, 1)]);
    assert_eq!(s.office.store.read(|r| r.versions(firm, document.id)).unwrap().len(), 2);
}

#[test]
fn shares_are_asked_for_one_by_one() {
    let s = Sample::new();
    s.add(crate::sharing::Role::Contact, "Carl", "Client", "carl@client.example");
    let files = folder(&[(
        "shares.csv",
        "contact_email,resource_type,resource,notify\n\
        jane@doe.example,matter,2026-0012,no\n\
        carl@client.example,matter,2026-0012,no\n\
        jane@doe.example,task,M-1,no\n",
    )]);
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&told), [(1, 0, 0, 2)]);
    assert!(told.text.contains("MATTER_FOR_CO_COUNSEL_ONLY"), "{}", told.text);
}

#[test]
fn only_an_administrator_imports() {
    let s = Sample::new();
    let user = crate::sharing::Role::User { admin: false, accounts: true, reports: true, billing: true };
    s.add(user, "Bob", "Hale", "bob@hale.example");
    let files = four();
    let refused = run(&s.acting_as("bob@hale.example"), &args(vec![files.path().into()])).unwrap_err();
    assert!(refused.is::<crate::admin::Refused>());
    assert!(s.office.person("tom@roe.example").is_err());
}

#[test]
fn what_a_file_says_twice_or_nobody_reads_is_told() {
    let s = Sample::new();
    let files = folder(&[
        ("contacts.csv", "last_name,email_address,shoe_size\nRoe,tom@roe.example,9\nRow,Tom@roe.example,9\n"),
        ("matters.csv", "display_number,status,description\n2026-7,Open,a\n2026-7,Open,b\n"),
        ("people.csv", "x\n1\n"),
    ]);
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&told), [(1, 0, 0, 1), (1, 0, 0, 1)], "{}", told.text);
    assert!(told.text.contains("stands in line 2 of this file already"), "{}", told.text);
    assert!(told.text.contains("not read: shoe_size"), "{}", told.text);
    assert!(told.note.contains("people.csv: left out"), "{}", told.note);
    assert!(run(&s.office, &args(vec!["nosuch.csv".into()])).unwrap_err().to_string().contains("no such file"));
}

#[test]
fn ids_of_csv_and_json_are_of_one_world() {
    let s = Sample::new();
    let files = folder(&[
        ("matters.csv", "id,display_number,status,description\n100,2026-7,Open,a\n"),
        (
            "activities.json",
            r#"{"data":[{"id":1,"type":"TimeEntry","quantity":3600,"date":"2026-03-01","note":"x","matter":{"id":100}}]}"#,
        ),
    ]);
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&told), [(1, 0, 0, 0), (1, 0, 0, 0)], "{}", told.text);
}

#[test]
fn how_many_are_invited_is_told_and_a_quiet_share_invites_nobody() {
    let s = Sample::new();
    let rows = |notify: &str| format!("contact_email,resource,notify\njane@doe.example,2026-0012,{notify}\n");
    let files = folder(&[("shares.csv", &rows("yes"))]);
    let told = run(&s.office, &Args { dry_run: true, ..args(vec![files.path().into()]) }).unwrap();
    assert!(told.text.contains("1 person would be invited by mail"), "{}", told.text);
    std::fs::write(files.path().join("shares.csv"), rows("no")).unwrap();
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert!(told.text.contains("never invited: 1 of the co-counsel"), "{}", told.text);
    assert!(s.office.store.read(|r| r.outbox_list(s.office.firm.id, None, 9)).unwrap().is_empty());
}

#[test]
fn a_file_without_a_column_changes_nothing_of_it() {
    let s = Sample::new();
    let full = "display_number,status,description,sensitivity,close_date\n2026-7,Closed,a,restricted,2026-01-02\n";
    let files = folder(&[("matters.csv", full)]);
    run(&s.office, &args(vec![files.path().into()])).unwrap();
    std::fs::write(files.path().join("matters.csv"), "display_number,status,description\n2026-7,Closed,a\n").unwrap();
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&told), [(0, 0, 1, 0)], "{}", told.text);
}

#[test]
fn documents_of_an_errors_folder_are_found_where_they_were() {
    let s = Sample::new();
    let files = folder(&[("documents.csv", "matter,path\n2026-9999,a.txt\n"), ("a.txt", "text")]);
    let errors = files.path().join("errors");
    std::fs::create_dir(&errors).unwrap();
    let told = run(&s.office, &Args { errors: Some(errors.clone()), ..args(vec![files.path().join("documents.csv")]) });
    assert!(told.unwrap().text.contains("take them in with --files"));
    let list = errors.join("documents.csv");
    let mended = std::fs::read_to_string(&list).unwrap().replace("2026-9999", "2026-0012");
    std::fs::write(&list, mended).unwrap();
    let told = run(&s.office, &Args { files: Some(files.path().into()), ..args(vec![list]) }).unwrap();
    assert_eq!(counts(&told), [(1, 0, 0, 0)], "{}", told.text);
}

#[test]
fn somebody_of_a_company_keeps_their_own_name() {
    let s = Sample::new();
    let files = folder(&[(
        "contacts.csv",
        "name,e-mail,co-counsel,company\nTom Roe,tom@roe.example,yes,Roe LLP\nReed Ltd,,,Reed Ltd\n",
    )]);
    let told = run(&s.office, &args(vec![files.path().into()])).unwrap();
    assert_eq!(counts(&told), [(2, 0, 0, 0)], "{}", told.text);
    let tom = s.office.person("tom@roe.example").unwrap();
    assert_eq!((tom.name().as_str(), tom.company.as_str(), tom.role), ("Tom Roe", "Roe LLP", Role::CoCounsel));
    assert_eq!(s.office.person("Reed Ltd").unwrap().last_name, "");
}

#[test]
fn a_file_is_on_disk_before_the_transaction_that_takes_its_row_in() {
    let s = Sample::new();
    let files = folder(&[("documents.csv", "matter,path\n2026-9999,lease.txt\n"), ("lease.txt", "the lease")]);
    let is_kept = || s.office.store.blobs().has(&crate::blobs::sha256(b"the lease"));
    let dry = Args { dry_run: true, ..args(vec![files.path().into()]) };
    assert_eq!(counts(&run(&s.office, &dry).unwrap()), [(0, 0, 0, 1)]);
    assert!(!is_kept(), "a dry run only counts");
    // The row has no matter; by then the file was there.
    assert_eq!(counts(&run(&s.office, &args(vec![files.path().into()])).unwrap()), [(0, 0, 0, 1)]);
    assert!(is_kept());
}
