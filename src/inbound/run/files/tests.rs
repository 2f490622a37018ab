//! Mails with files, carried out against a store of their own.

use jiff::tz::TimeZone;

use super::super::super::command::{self, Reading};
use super::super::super::extract::Line as Written;
use super::super::super::resolve::Situation;
use super::super::tests::{ended, staged};
use super::super::{Ran, Words, run};
use super::*;
use crate::actions::Act;
use crate::actions::sample::{Office, now};
use crate::blobs::sha256;
use crate::domain::PersonId;
use crate::domain::dates::Locale;
use crate::outbound::letter::Letter;
use crate::proof::{Level, TokenStanding};

/// What a mail is about, and how sure that is.
#[derive(Clone, Copy)]
struct Context {
    item: Option<Item>,
    matter: Option<i64>,
    is_signed: bool,
}

fn words(text: &str, files: &[File], left_out: &[LeftOut]) -> Words {
    let lines: Vec<Written> = text.lines().map(|l| Written { text: l.into(), wrapped: false }).collect();
    let written = now().to_zoned(TimeZone::UTC);
    let reading = Reading { now: &written, locale: Locale::British, about: command::About::Unknown, firm_codes: &[] };
    Words {
        commands: command::read(&lines, &reading),
        files: files.to_vec(),
        left_out: left_out.to_vec(),
        picture: None,
        had_password: false,
        unpacked: Default::default(),
        links: Vec::new(),
        subject: "Brief".into(),
        forwarded: None,
        correspondents: Default::default(),
        all_quoted: false,
        calendar: None,
        has_card: false,
        content_hash: sha256(format!("{text}{files:?}").as_bytes()),
        neighbours: Vec::new(),
    }
}

impl Office {
    fn matter_context(&self) -> Context {
        Context { item: None, matter: Some(self.matter), is_signed: true }
    }

    fn about(&self, item: Item) -> Context {
        Context { item: Some(item), ..self.matter_context() }
    }

    fn mail(&self, by: PersonId, context: Context, text: &str, files: &[File]) -> Ran {
        self.carry_out(by, context, words(text, files, &[]))
    }

    fn carry_out(&self, by: PersonId, context: Context, words: Words) -> Ran {
        let (firm, cause) = (self.firm, words.content_hash.clone());
        let raw = self.keep(&cause);
        self.write(move |tx| {
            let inbox = staged(tx, firm, &cause, &raw)?;
            let (found, person) = (tx.firm(firm)?.unwrap(), tx.person(firm, by)?.unwrap());
            let situation = Situation {
                is_addressed: true,
                person: person.clone(),
                level: Level::Strong,
                is_disowned: false,
                pin: None,
                token: TokenStanding::ValidForThisPerson,
                thread: None,
                item: context.item,
                matter: context.matter,
                context_is_signed: context.is_signed,
                receipt_of: None,
                is_new: false,
                address_word: None,
                outsiders: Vec::new(),
                misused: None,
                role: crate::inbound::resolve::RoleIs::Sure,
                is_assigned: false,
            };
            let act = Act { tx, firm: &found, actor: &person, inbox: Some(inbox), cause: &cause, now: now() };
            let ran = run(act, &situation, &words)?;
            ended(tx, firm, inbox, &ran)?;
            Ok(ran)
        })
    }

    fn names(&self) -> Vec<String> {
        self.read(|r| r.documents_of_matter(self.firm, self.matter)).into_iter().map(|d| d.name).collect()
    }

    fn first_document(&self) -> Item {
        self.read(|r| r.documents_of_matter(self.firm, self.matter))[0].item()
    }

    fn versions(&self, document: Item) -> usize {
        self.read(|r| r.versions(self.firm, document.id)).len()
    }

    /// A folder shared with Jane, and the number people type for it.
    fn shared_folder(&self, name: &str) -> (Item, String) {
        let folder = self.folder(name, None);
        self.share(self.jane, folder);
        let number = self.read(|r| r.folder(self.firm, folder.id)).unwrap().number;
        (folder, format!("F-{number}"))
    }
}

fn refusals(ran: &Ran) -> Vec<String> {
    let why = |line: &Line| match line {
        Line::Refused { why, .. } => Some(why.clone()),
        _ => None,
    };
    ran.lines.iter().filter_map(why).collect()
}

fn filings(ran: &Ran) -> Vec<Filing> {
    ran.lines.iter().filter_map(|l| if let Line::Filed { how, .. } = l { Some(*how) } else { None }).collect()
}

fn left_out(ran: &Ran) -> usize {
    ran.lines.iter().filter(|l| matches!(l, Line::LeftOut { .. })).count()
}

#[test]
fn doc_05_every_file_of_a_mail_is_filed_with_a_line_of_its_own() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ran = o.mail(o.jane, o.matter_context(), "", &[o.file("A.pdf", "one"), o.file("B.pdf", "two")]);
    assert_eq!((filings(&ran), ran.effects), (vec![Filing::New, Filing::New], 2));
    assert_eq!(o.names(), ["A.pdf", "B.pdf"]);
    assert!(!ran.for_the_firm);
}

#[test]
fn doc_06_a_file_is_named_while_it_is_filed() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.mail(o.jane, o.matter_context(), "#name Reply brief", &[o.file("scan1.pdf", "one")]);
    let two = [o.file("scan2.pdf", "two"), o.file("scan3.pdf", "three")];
    o.mail(o.jane, o.matter_context(), "#name 2 Exhibit A.pdf", &two);
    assert_eq!(o.names(), ["Reply brief.pdf", "scan2.pdf", "Exhibit A.pdf"]);
}

#[test]
fn doc_06_a_name_that_fits_several_files_is_asked_about_and_the_files_keep_their_own() {
    let o = Office::new();
    o.share_matter(o.jane);
    let two = [o.file("A.pdf", "one"), o.file("B.pdf", "two")];
    let ran = o.mail(o.jane, o.matter_context(), "#name Exhibit.pdf", &two);
    assert_eq!(refusals(&ran), ["Which file, and what name? The files are: 1 A.pdf, 2 B.pdf."]);
    assert_eq!(o.names(), ["A.pdf", "B.pdf"]);
}

#[test]
fn doc_10_a_reply_with_the_same_file_is_a_version_and_any_other_file_is_new() {
    let o = Office::new();
    let (folder, _) = o.shared_folder("Pleadings");
    o.mail(o.jane, o.about(folder), "", &[o.file("Brief.pdf", "one")]);
    let document = o.first_document();
    let next = o.mail(o.jane, o.about(document), "", &[o.file("Brief (2).pdf", "two")]);
    let other = o.mail(o.jane, o.about(document), "", &[o.file("Exhibit.pdf", "three")]);
    let same = o.mail(o.jane, o.about(document), "Sorry:", &[o.file("Brief.pdf", "two")]);
    assert_eq!([next, other, same].map(|ran| filings(&ran)), [[Filing::Version], [Filing::Apart], [Filing::Same]]);
    assert_eq!((o.versions(document), o.names()), (2, vec!["Brief.pdf".into(), "Exhibit.pdf".into()]));
}

#[test]
fn doc_10_version_names_its_document() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.mail(o.jane, o.matter_context(), "", &[o.file("Brief.pdf", "one")]);
    let document = o.first_document();
    let unsure = Context { item: None, matter: None, is_signed: false };
    let ran = o.mail(o.jane, unsure, "#version D-1", &[o.file("Final draft.pdf", "two")]);
    assert_eq!((filings(&ran), o.versions(document)), (vec![Filing::Version], 2));
}

#[test]
fn doc_10_a_version_is_one_file() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.mail(o.jane, o.matter_context(), "", &[o.file("Brief.pdf", "one")]);
    let two = [o.file("A.pdf", "two"), o.file("B.pdf", "three")];
    let ran = o.mail(o.jane, o.matter_context(), "#version D-1", &two);
    assert_eq!((refusals(&ran).len(), left_out(&ran), o.names().len()), (1, 2, 1));
    assert!(ran.for_the_firm);
}

#[test]
fn doc_01_a_folder_that_is_not_shared_is_refused_like_one_that_is_not_there() {
    let o = Office::new();
    o.share_matter(o.jane);
    let hidden = o.folder("Strategy", None);
    let number = o.read(|r| r.folder(o.firm, hidden.id)).unwrap().number;
    let answers = [format!("#folder F-{number}"), "#folder F-999".into()].map(|line| {
        let ran = o.mail(o.jane, o.matter_context(), &line, &[o.file("A.pdf", &line)]);
        assert!(ran.for_the_firm);
        let typed = line.trim_start_matches("#folder ").to_owned();
        let said: Vec<String> = refusals(&ran).iter().map(|why| why.replace(&typed, "F-X")).collect();
        (said, left_out(&ran), ran.lines.len())
    });
    assert_eq!(answers[0], answers[1]);
    let named = ["#folder Strategy", "#folder Nowhere"]
        .map(|line| refusals(&o.mail(o.jane, o.matter_context(), line, &[o.file("A.pdf", line)])));
    assert_eq!(named[0], named[1]);
    assert!(o.names().is_empty());
}

#[test]
fn doc_05_a_shared_folder_is_found_by_number_and_by_name() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ((pleadings, number), (discovery, _)) = (o.shared_folder("Pleadings"), o.shared_folder("Discovery"));
    o.mail(o.jane, o.matter_context(), &format!("#folder {number}"), &[o.file("A.pdf", "one")]);
    o.mail(o.jane, o.matter_context(), "#folder discovery", &[o.file("B.pdf", "two")]);
    let folders: Vec<_> = o.read(|r| r.documents_of_matter(o.firm, o.matter)).iter().map(|d| d.folder).collect();
    assert_eq!(folders, [Some(pleadings.id), Some(discovery.id)]);
}

#[test]
fn doc_16_a_reply_about_a_document_that_is_no_longer_shared_files_nothing() {
    let o = Office::new();
    let (folder, _) = o.shared_folder("Pleadings");
    o.mail(o.jane, o.about(folder), "", &[o.file("Brief.pdf", "one")]);
    o.unshare(o.jane, folder);
    let ran = o.mail(o.jane, o.about(o.first_document()), "", &[o.file("Brief.pdf", "two")]);
    assert_eq!(refusals(&ran), ["I find no document shared with you that your mail could be about."]);
    assert!(ran.for_the_firm && o.versions(o.first_document()) == 1);
}

#[test]
fn without_a_matter_nothing_is_filed_and_the_firm_hears() {
    let o = Office::new();
    o.share_matter(o.jane);
    let unsigned = Context { is_signed: false, ..o.matter_context() };
    for (content, context) in [("one", unsigned), ("two", Context { item: None, matter: None, is_signed: true })] {
        let ran = o.mail(o.jane, context, "", &[o.file("A.pdf", content)]);
        assert!(ran.lines.contains(&Line::WhichMatter { typed: String::new() }) && ran.for_the_firm);
        assert_eq!((ran.effects, left_out(&ran)), (0, 1));
    }
    assert!(o.names().is_empty());
}

#[test]
fn rev_09_on_a_closed_matter_nothing_is_filed_and_the_mail_is_kept() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.close();
    let ran = o.mail(o.jane, o.matter_context(), "", &[o.file("A.pdf", "one")]);
    assert!(refusals(&ran)[0].contains("closed on 14 March 2026"), "{:?}", ran.lines);
    assert!(ran.for_the_firm && o.names().is_empty());
}

#[test]
fn a_line_about_files_in_a_mail_without_files_says_what_to_do() {
    let o = Office::new();
    o.share_matter(o.jane);
    for line in ["#folder F-3", "#name A.pdf", "#version D-4", "#unzip", "#keep"] {
        let ran = o.mail(o.jane, o.matter_context(), line, &[]);
        assert_eq!((refusals(&ran).len(), ran.effects), (1, 0), "{line}");
    }
}

#[test]
fn doc_08_a_zip_is_filed_as_it_is_and_the_line_refused() {
    let o = Office::new();
    o.share_matter(o.jane);
    let zip = File { mime: "application/zip".into(), ..o.file("exhibits.zip", "one") };
    let ran = o.mail(o.jane, o.matter_context(), "#unzip Discovery", &[zip]);
    assert_eq!((refusals(&ran).len(), filings(&ran)), (1, vec![Filing::New]));
}

#[test]
fn doc_09_what_was_left_out_is_told_beside_what_was_filed() {
    let o = Office::new();
    o.share_matter(o.jane);
    let left = |name: &str, reason| LeftOut { name: name.into(), why: "it is.".into(), reason };
    let left = [left("logo.png", Reason::Picture), left("a.exe", Reason::Policy)];
    let ran = o.carry_out(o.jane, o.matter_context(), words("", &[o.file("A.pdf", "one")], &left));
    assert_eq!((filings(&ran).len(), left_out(&ran), refusals(&ran)), (1, 1, vec!["not filed: it is.".to_owned()]));
}

#[test]
fn doc_15_the_lawyer_and_those_who_share_the_folder_hear_of_a_file_and_its_sender_does_not() {
    let o = Office::new();
    let (folder, _) = o.shared_folder("Pleadings");
    o.share(o.tom, folder);
    o.mail(o.jane, o.about(folder), "", &[o.file("A.pdf", "one")]);
    let mut told = o.told();
    told.sort_unstable();
    let mut expected = vec![o.lawyer, o.tom];
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn doc_15_what_is_put_into_the_drop_folder_reaches_the_firm_alone() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.share_matter(o.tom);
    o.mail(o.jane, o.matter_context(), "", &[o.file("A.pdf", "one")]);
    assert_eq!(o.told(), [o.lawyer]);
}

#[test]
fn a_file_with_a_message_is_attached_to_it() {
    let o = Office::new();
    o.share_matter(o.jane);
    let ran = o.mail(o.jane, o.matter_context(), "The brief, as promised.", &[o.file("A.pdf", "one")]);
    assert_eq!(ran.effects, 2);
    let letters = o.read(|r| r.outbox_list(o.firm, None, 10));
    let Letter::News { message: Some(message), documents, .. } =
        crate::outbound::letter::read(&letters[0].content).unwrap()
    else {
        panic!("no news")
    };
    assert_eq!((letters.len(), documents.len()), (1, 1));
    assert_eq!(o.read(|r| r.documents_of_message(o.firm, message)), [o.first_document()]);
}

#[test]
fn two_messages_of_one_mail_are_two_letters() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.mail(o.jane, o.matter_context(), "Please see below.\n\n#message Can we move the call?", &[]);
    let sent = o.read(|r| r.outbox_list(o.firm, None, 10)).len();
    assert_eq!(sent, 2);
}

#[test]
fn what_the_firm_files_by_mail_is_said_to_be_for_the_firm_only() {
    let o = Office::new();
    let ran = o.mail(o.lawyer, o.matter_context(), "", &[o.file("A.pdf", "one")]);
    assert_eq!(filings(&ran), [Filing::New]);
    assert!(ran.lines.iter().any(|l| matches!(l, Line::Question { text } if text.contains("for the firm only"))));
}

#[test]
fn doc_10_a_version_has_the_type_and_the_stem_of_its_document() {
    for sent in ["Reply brief.docx", "reply_brief.DOCX", "Reply brief (2).docx", "Reply brief v3.docx"] {
        assert!(is_same_file("Reply brief.docx", sent), "{sent}");
    }
    for sent in ["Reply brief.pdf", "Reply brief exhibits.docx", "Reply.docx"] {
        assert!(!is_same_file("Reply brief.docx", sent), "{sent}");
    }
}

#[test]
fn doc_06_a_name_keeps_the_ending_of_its_file() {
    assert_eq!(with_ending_of("scan0001.pdf", "Exhibit A.pdf"), "Exhibit A.pdf");
    assert_eq!(with_ending_of("scan0001.pdf", "Exhibit A"), "Exhibit A.pdf");
    assert_eq!(with_ending_of("brief.docx", "Exhibit A.pdf"), "Exhibit A.docx");
    assert_eq!(with_ending_of("page.jpeg", "Page 1.jpg"), "Page 1.jpg");
    assert_eq!(with_ending_of("brief.docx", "Letter to Smith.final"), "Letter to Smith.final.docx");
    assert_eq!(with_ending_of("noending", "Exhibit A.pdf"), "Exhibit A.pdf");
}

#[test]
fn doc_10_a_new_document_of_a_known_name_is_told_how_it_becomes_a_version() {
    let o = Office::new();
    o.share_matter(o.jane);
    let (_, number) = o.shared_folder("Pleadings");
    for (text, how) in [("one", Filing::New), ("two", Filing::Apart)] {
        let ran = o.mail(o.jane, o.matter_context(), &format!("#folder {number}"), &[o.file("Brief.pdf", text)]);
        assert!(matches!(ran.lines.as_slice(), [Line::Filed { how: filed, .. }] if *filed == how), "{:?}", ran.lines);
    }
}

#[test]
fn a_folder_or_file_of_a_restricted_matter_is_not_found_by_its_name() {
    let o = Office::new();
    o.share_matter(o.jane);
    let (folder, _) = o.shared_folder("Kestrel");
    let (firm, matter) = (o.firm, o.matter);
    let said = |name: &str| {
        let ran = o.mail(o.jane, o.matter_context(), &format!("#folder \"{name}\""), &[o.file("B.pdf", name)]);
        format!("{:?}", ran.lines).replace(name, "X")
    };
    let is_filed = |said: &str| said.contains("Filed");
    assert!(is_filed(&said("Kestrel")));
    o.write(move |tx| {
        let row = tx.matter(firm, matter)?.unwrap();
        let sensitivity = crate::store::matters::Sensitivity::Restricted;
        tx.change_matter(firm, &crate::store::matters::Matter { sensitivity, ..row })
    });
    assert_eq!(said("kestrel"), said("buzzard"));
    assert!(!is_filed(&said("KESTREL")));
    let number = o.read(|r| r.folder(firm, folder.id)).unwrap().number;
    let ran = o.mail(o.jane, o.matter_context(), &format!("#folder F-{number}"), &[o.file("B.pdf", "again")]);
    assert_eq!(filings(&ran), [Filing::New], "nor is it said that there is a file of that name");
}
