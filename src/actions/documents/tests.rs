//! Filing, row by row.

use std::sync::Arc;

use super::super::sample::{Office, matter, now};
use super::*;
use crate::blobs::sha256;
use crate::store::matters::NewMatter;

impl Office {
    fn upload(&self, by: PersonId, place: Place, name: &str, content: &str) -> std::result::Result<Filed, Refusal> {
        let (name, file) = (name.to_owned(), self.file("scan.pdf", content));
        self.act(by, move |act| upload(act, place, &File { name: name.clone(), ..file.clone() }, &name))
    }

    fn revise(&self, by: PersonId, document: Item, content: &str) -> std::result::Result<Filed, Refusal> {
        let file = Arc::new(self.file("scan.pdf", content));
        self.act(by, move |act| add_version(act, document, &file))
    }

    fn on_matter(&self) -> Place {
        Place::Matter(self.matter)
    }
}

#[test]
fn doc_05_without_a_shared_folder_a_file_goes_to_the_drop_folder() {
    let o = Office::new();
    o.share_matter(o.jane);
    let filed = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap();
    assert_eq!(filed.how, Filing::New);
    let drop = o.read(|r| r.drop_folder(o.firm, o.matter, o.jane)).unwrap();
    assert_eq!(o.document(filed).folder, Some(drop.id));
}

#[test]
fn doc_05_the_one_shared_folder_of_the_matter_takes_the_file() {
    let o = Office::new();
    let folder = o.folder("Pleadings", None);
    o.share(o.jane, folder);
    let filed = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap();
    assert_eq!(o.document(filed).folder, Some(folder.id));
    assert!(o.read(|r| r.drop_folder(o.firm, o.matter, o.jane)).is_none());
}

#[test]
fn doc_05_of_two_shared_folders_none_is_guessed() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.share(o.jane, o.folder("Pleadings", None));
    o.share(o.jane, o.folder("Discovery", None));
    let filed = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap();
    assert_eq!(o.document(filed).folder, o.read(|r| r.drop_folder(o.firm, o.matter, o.jane)).map(|f| f.id));
}

#[test]
fn doc_05_nothing_is_filed_where_nothing_is_shared() {
    let o = Office::new();
    let folder = o.folder("Pleadings", None);
    for place in [o.on_matter(), Place::Folder(folder), Place::Folder(Item::new(Kind::Folder, 999))] {
        assert_eq!(o.upload(o.jane, place, "Brief.pdf", "one"), Err(Refusal::NotVisible));
    }
    assert!(o.read(|r| r.documents_of_matter(o.firm, o.matter)).is_empty());
    assert!(o.read(|r| r.drop_folder(o.firm, o.matter, o.jane)).is_none());
}

#[test]
fn rev_09_a_closed_matter_takes_no_files_and_says_since_when() {
    let o = Office::new();
    o.share_matter(o.jane);
    let filed = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap();
    let folder = o.folder("Pleadings", None);
    o.share(o.jane, folder);
    o.close();
    for answer in [
        o.upload(o.jane, o.on_matter(), "Late.pdf", "two"),
        o.upload(o.jane, Place::Folder(folder), "Late.pdf", "two"),
        o.revise(o.jane, filed.filed.document, "two"),
    ] {
        assert!(matches!(answer, Err(Refusal::MatterClosed { .. })), "{answer:?}");
    }
}

#[test]
fn doc_06_a_name_that_is_taken_gets_a_number() {
    let o = Office::new();
    o.share_matter(o.jane);
    let names: Vec<String> = ["one", "two", "three"]
        .map(|content| o.document(o.upload(o.jane, o.on_matter(), "Brief.pdf", content).unwrap()).name)
        .into();
    assert_eq!(names, ["Brief.pdf", "Brief (2).pdf", "Brief (3).pdf"]);
}

#[test]
fn doc_09_the_same_content_in_the_same_folder_is_not_filed_again() {
    let o = Office::new();
    o.share_matter(o.jane);
    let first = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap();
    let again = o.upload(o.jane, o.on_matter(), "Other name.pdf", "one").unwrap();
    assert_eq!((again.filed, again.how), (first.filed, Filing::Same));
    assert_eq!(o.read(|r| r.documents_of_matter(o.firm, o.matter)).len(), 1);
}

#[test]
fn doc_14_the_drop_folder_never_tells_what_others_put_in() {
    let o = Office::new();
    o.share_matter(o.jane);
    o.share_matter(o.tom);
    let hers = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap();
    let his = o.upload(o.tom, o.on_matter(), "Brief.pdf", "one").unwrap();
    assert_eq!((his.how, o.document(his).name.as_str()), (Filing::New, "Brief.pdf"));
    assert_ne!(hers.filed.document, his.filed.document);
    assert_eq!(o.revise(o.tom, hers.filed.document, "two"), Err(Refusal::NotVisible));
}

#[test]
fn doc_10_a_version_comes_after_the_others_and_replaces_none() {
    let o = Office::new();
    let folder = o.folder("Pleadings", None);
    o.share(o.jane, folder);
    let document = o.upload(o.jane, Place::Folder(folder), "Brief.pdf", "one").unwrap().filed.document;
    let second = o.revise(o.jane, document, "two").unwrap();
    assert_eq!((second.filed.version, second.how), (2, Filing::Version));
    assert_eq!(o.read(|r| r.version(o.firm, document.id, 1)).unwrap().sha256, sha256(b"one"));
}

#[test]
fn doc_10_the_current_content_again_is_no_change() {
    let o = Office::new();
    o.share_matter(o.jane);
    let document = o.upload(o.jane, o.on_matter(), "Brief.pdf", "one").unwrap().filed.document;
    o.revise(o.jane, document, "two").unwrap();
    let again = o.revise(o.jane, document, "two").unwrap();
    assert_eq!((again.filed.version, again.how), (2, Filing::Same));
    assert_eq!(o.revise(o.jane, document, "one").unwrap().filed.version, 3);
}

#[test]
fn doc_16_after_the_share_of_the_folder_ends_nothing_can_be_added() {
    let o = Office::new();
    let folder = o.folder("Pleadings", None);
    o.share(o.jane, folder);
    let document = o.upload(o.jane, Place::Folder(folder), "Brief.pdf", "one").unwrap().filed.document;
    o.unshare(o.jane, folder);
    assert_eq!(o.revise(o.jane, document, "two"), Err(Refusal::NotVisible));
    assert_eq!(o.upload(o.jane, Place::Folder(folder), "B.pdf", "two"), Err(Refusal::NotVisible));
    assert_eq!(o.read(|r| r.versions(o.firm, document.id)).len(), 1);
}

#[test]
fn doc_15_who_has_a_share_of_a_folder_above_hears_of_it_and_nobody_else() {
    let o = Office::new();
    let above = o.folder("Discovery", None);
    let inside = o.folder("Exhibits", Some(above.id));
    o.share(o.jane, above);
    o.share_matter(o.tom);
    let (matter, exhibit) = (o.matter, o.file("Exhibit A.pdf", "one"));
    let filed = o.act(o.lawyer, move |act| file_for_firm(act, matter, Some(inside), &exhibit));
    assert_eq!(filed.unwrap().how, Filing::New);
    assert_eq!(o.told(), [o.jane]);
}

#[test]
fn doc_15_two_files_of_one_command_are_both_told() {
    let o = Office::new();
    let folder = o.folder("Discovery", None);
    o.share(o.jane, folder);
    let files = [("A.pdf", "one"), ("B.pdf", "two"), ("C.pdf", "two")].map(|(name, content)| o.file(name, content));
    let matter = o.matter;
    o.act(o.lawyer, move |act| {
        for file in &files {
            file_for_firm(act, matter, Some(folder), file)?.unwrap();
        }
        Ok(())
    });
    assert_eq!(o.told(), [o.jane, o.jane]);
}

#[test]
fn doc_15_the_firm_files_at_the_top_of_a_matter_where_no_share_reaches() {
    let o = Office::new();
    o.share_matter(o.jane);
    let (matter, file) = (o.matter, o.file("A.pdf", "one"));
    let filed = o.act(o.lawyer, move |act| file_for_firm(act, matter, None, &file)).unwrap();
    assert_eq!(o.document(filed).folder, None);
    assert!(o.told().is_empty());
}

#[test]
fn a_folder_of_another_matter_is_none_of_this_one() {
    let o = Office::new();
    let firm = o.firm;
    let other = o.write(move |tx| tx.add_matter(firm, &NewMatter { display_number: "2".into(), ..matter() }, now())).id;
    let (folder, file) = (o.folder("Pleadings", None), o.file("A.pdf", "one"));
    let filed = o.act(o.lawyer, move |act| file_for_firm(act, other, Some(folder), &file));
    assert_eq!(filed, Err(Refusal::NotVisible));
}

#[test]
fn co_counsel_do_not_file_for_the_firm_beyond_what_they_may() {
    let o = Office::new();
    let (matter, folder, file) = (o.matter, o.folder("Pleadings", None), o.file("A.pdf", "one"));
    let filed = o.act(o.jane, move |act| file_for_firm(act, matter, Some(folder), &file));
    assert_eq!(filed, Err(Refusal::NotVisible));
}

#[test]
fn a_numbered_name_keeps_its_ending() {
    assert_eq!(numbered("Brief.final.pdf", 2), "Brief.final (2).pdf");
    assert_eq!(numbered("Brief", 3), "Brief (3)");
}
