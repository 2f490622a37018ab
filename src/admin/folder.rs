//! `docketpost folder …`: the firm makes a folder on a matter, and locks one, so that it takes nothing from co-counsel
//! until it is unlocked. Whoever a folder above it is shared with sees the new one too.

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::show::table;
use super::{Office, Told};
use crate::actions::documents;
use crate::domain::{Item, Kind, PersonId};
use crate::inbound::names::safe_name;
use crate::sharing::Ability;
use crate::store::shares::Subject;

/// Folders of the firm.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Folder {
    /// Lists the folders of a matter
    List {
        /// M-12, or the firm's own number
        matter: String,
    },
    /// Makes a folder on a matter
    Add {
        /// M-12, or the firm's own number
        matter: String,
        /// Its name
        name: String,
        /// In this folder of the matter, F-1 [default: none]
        #[arg(long = "in", value_name = "FOLDER")]
        parent: Option<String>,
    },
    /// Locks a folder: it takes no files from co-counsel
    Lock {
        /// F-3
        folder: String,
    },
    /// Unlocks a folder
    Unlock {
        /// F-3
        folder: String,
    },
}

/// Does it.
pub fn run(office: &Office, what: &Folder) -> Result<Told> {
    match what {
        Folder::List { matter } => list(office, matter),
        Folder::Add { matter, name, parent } => add(office, matter, name, parent.as_deref()),
        Folder::Lock { folder } => lock(office, folder, true),
        Folder::Unlock { folder } => lock(office, folder, false),
    }
}

fn list(office: &Office, matter: &str) -> Result<Told> {
    let (matter, firm) = (office.matter(matter)?, office.firm.id);
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for folder in office.store.read(|s| s.folders_of_matter(firm, matter.id))? {
        if !office.may(Ability::View, Subject::Item(folder.item()))? {
            continue;
        }
        let number = office.number(folder.item())?;
        let parent = folder.parent.map(|f| office.number(Item::new(Kind::Folder, f))).transpose()?.unwrap_or_default();
        let shares = office.store.read(|s| s.live_shares_of(firm, folder.item(), office.now))?.len();
        objects.push(json!({"folder": number, "in": parent, "name": folder.name, "locked": folder.locked,
            "takes_uploads": folder.is_drop, "shares": shares}));
        let state = match (folder.locked, folder.creator.filter(|_| folder.is_drop)) {
            (true, _) => "locked".to_owned(),
            (false, Some(sender)) => format!("for what {} sends", name(office, sender)?),
            (false, None) => String::new(),
        };
        rows.push([number, parent, state, shares.to_string(), folder.name]);
    }
    Ok(Told::new(table(["folder", "in", "state", "shares", "name"], &rows), json!(objects)))
}

fn name(office: &Office, person: PersonId) -> Result<String> {
    Ok(office.store.read(|s| s.person(office.firm.id, person))?.map(|p| p.name()).unwrap_or_default())
}

fn add(office: &Office, matter: &str, name: &str, parent: Option<&str>) -> Result<Told> {
    let matter = office.matter(matter)?;
    let parent = parent.map(|f| find(office, f)).transpose().context("--in")?;
    let name = safe_name(name);
    let above = parent.map(|p| p.id);
    let same = office.store.read(|s| s.folder_by_name(office.firm.id, matter.id, above, &name))?;
    if let Some(same) = same.map(|f| Item::new(Kind::Folder, f))
        && office.may(Ability::View, Subject::Item(same))?
    {
        let number = office.number(same)?;
        return Ok(Told::new(
            format!("\"{name}\" is {number} already; nothing was changed.\n"),
            json!({"folder": number}),
        ));
    }
    let called = name.clone();
    let made = office.act("folder.add", move |act| documents::add_folder(act, matter.id, parent, &called))?;
    let number = office.number(made)?;
    Ok(Told::new(format!("\"{name}\" is {number}.\n"), json!({"folder": number})))
}

fn lock(office: &Office, folder: &str, locked: bool) -> Result<Told> {
    let item = find(office, folder)?;
    let changed = office.act("folder.lock", move |act| documents::lock_folder(act, item, locked))?;
    let number = office.number(item)?;
    let said = match (locked, changed) {
        (true, true) => format!("{number} is locked: it takes no files from co-counsel.\n"),
        (false, true) => format!("{number} takes files again.\n"),
        (true, false) => format!("{number} was locked before; nothing was changed.\n"),
        (false, false) => format!("{number} is not locked; nothing was changed.\n"),
    };
    Ok(Told::new(said, json!({"folder": number, "locked": locked, "changed": changed})))
}

/// The folder of this number.
pub(super) fn find(office: &Office, number: &str) -> Result<Item> {
    let item = office.thing(number)?;
    if item.kind != Kind::Folder {
        bail!("a folder such as F-1 is needed, not a {}", item.kind.word());
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn a_folder_is_made_locked_and_unlocked() {
        let s = Sample::new();
        let add = |parent: Option<&str>| Folder::Add {
            matter: "M-1".into(),
            name: "Exhibits".into(),
            parent: parent.map(str::to_owned),
        };
        assert_eq!(run(&s.office, &add(None)).unwrap().text, "\"Exhibits\" is F-1.\n");
        assert_eq!(run(&s.office, &add(Some("F-1"))).unwrap().text, "\"Exhibits\" is F-2.\n");
        assert!(run(&s.office, &add(Some("F-1"))).unwrap().text.contains("is F-2 already"));
        let list = run(&s.office, &Folder::List { matter: "M-1".into() }).unwrap();
        assert_eq!((list.json[1]["folder"].as_str(), list.json[1]["in"].as_str()), (Some("F-2"), Some("F-1")));
        let (lock, unlock) = (Folder::Lock { folder: "F-2".into() }, Folder::Unlock { folder: "F-2".into() });
        assert!(run(&s.office, &unlock).unwrap().text.contains("not locked"));
        assert!(run(&s.office, &lock).unwrap().text.starts_with("F-2 is locked"));
        assert!(run(&s.office, &unlock).unwrap().text.starts_with("F-2 takes files"));
        assert!(run(&s.office, &add(Some("M-1"))).unwrap_err().to_string().contains("--in"));
    }

    #[test]
    fn doc_05_the_firm_is_told_whose_files_a_drop_folder_takes() {
        let s = Sample::new();
        let (firm, matter, jane, now) = (s.office.firm.id, s.matter.id, s.jane, s.office.now);
        s.office.store.write(move |tx| tx.make_drop_folder(firm, matter, jane, now)).unwrap();
        let list = run(&s.office, &Folder::List { matter: "M-1".into() }).unwrap();
        assert!(list.text.contains("for what Jane Doe sends"), "{}", list.text);
        let same = Folder::Add { matter: "M-1".into(), name: "From co-counsel".into(), parent: None };
        assert_eq!(run(&s.office, &same).unwrap().text, "\"From co-counsel\" is F-2.\n");
    }
}
