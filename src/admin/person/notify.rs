//! `docketpost user notify`: what one of the firm's people is told of what co-counsel do, and how (DOC-15); a user may say it
//! for themselves, an administrator for everybody.

use anyhow::{Result, bail};
use serde_json::json;

use super::super::show::{named, table};
use super::super::{Office, Refused, Told, administrator};
use crate::allowed;
use crate::sharing::{Ability, Refusal};
use crate::store::audit::Entry;
use crate::store::news::{Deeds, How};

/// What is changed; what is none stays.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Mail address, P-7, or a name that only one person has
    pub user: String,
    /// Messages: at-once, digest or off [default: at-once]
    #[arg(long, value_name = "HOW", value_parser = AT_ONCE)]
    pub messages: Option<String>,
    /// Files that were uploaded and mails that were logged: at-once, digest or off [default: at-once]
    #[arg(long, value_name = "HOW", value_parser = AT_ONCE)]
    pub files: Option<String>,
    /// Tasks that were completed: at-once, digest or off [default: at-once]
    #[arg(long, value_name = "HOW", value_parser = AT_ONCE)]
    pub tasks: Option<String>,
    /// Notes, calls, logs and time: digest or off [default: digest]
    #[arg(long, value_name = "HOW", value_parser = ["digest", "off"])]
    pub work: Option<String>,
    /// Put this matter into their digest though somebody else is responsible; may be repeated
    #[arg(long, value_name = "MATTER")]
    pub follow: Vec<String>,
    /// Leave this matter out again; may be repeated
    #[arg(long, value_name = "MATTER")]
    pub unfollow: Vec<String>,
}

const AT_ONCE: [&str; 3] = ["at-once", "digest", "off"];

/// Changes what is given, and tells what is so.
pub fn run(office: &Office, args: &Args) -> Result<Told> {
    let user = office.user(&args.user)?;
    let is_own = user.id == office.actor.id;
    if !is_own {
        office.ask_administrator(Ability::View)?;
    }
    let of = |text: &Option<String>| text.as_deref().and_then(How::from_word);
    let wanted: Vec<(Deeds, How)> = Deeds::ALL
        .into_iter()
        .zip([of(&args.messages), of(&args.files), of(&args.tasks), of(&args.work)])
        .filter_map(|(deeds, how)| how.map(|how| (deeds, how)))
        .collect();
    let follow = args.follow.iter().map(|m| office.matter(m)).collect::<Result<Vec<_>>>()?;
    let unfollow = args.unfollow.iter().map(|m| office.matter(m)).collect::<Result<Vec<_>>>()?;
    for matter in &follow {
        let sees = office.store.read(|s| s.ask(office.firm.id, user.id, Ability::View, *matter, office.now))?;
        if !sees.is_allowed() && is_own {
            return Err(Refused(Refusal::NotVisible, office.firm.locale).into());
        }
        if !sees.is_allowed() {
            bail!("{} may not see {}; nothing was changed", named(&user), office.number(*matter)?);
        }
    }
    let id = user.id;
    let asks = !(wanted.is_empty() && follow.is_empty() && unfollow.is_empty());
    let changed = office.act(&format!("user.notify:{id}"), move |act| {
        if !is_own && asks {
            allowed!(administrator(act, Ability::Edit));
        }
        let mut changed = false;
        for (deeds, how) in &wanted {
            changed |= act.tx.set_told_how(act.firm.id, id, *deeds, *how)?;
        }
        for matter in &follow {
            changed |= act.tx.follow(act.firm.id, id, matter.id)?;
        }
        for matter in &unfollow {
            changed |= act.tx.unfollow(act.firm.id, id, matter.id)?;
        }
        if changed {
            act.tx.audit(
                act.firm.id,
                &Entry::new(Some(act.actor.id), "user.notify").with(json!({"person": id})),
                act.now,
            )?;
        }
        Ok(Ok(changed))
    })?;
    told(office, &user, asks && !changed)
}

fn told(office: &Office, user: &super::Someone, was_so: bool) -> Result<Told> {
    let (mut rows, mut object) = (Vec::new(), serde_json::Map::new());
    for deeds in Deeds::ALL {
        let how = office.store.read(|s| s.told_how(office.firm.id, user.id, deeds))?;
        object.insert(deeds.word().to_owned(), json!(how.word()));
        rows.push([deeds.word().to_owned(), how.word().to_owned()]);
    }
    let mut followed = Vec::new();
    for matter in office.store.read(|s| s.followed(office.firm.id, user.id))? {
        followed.push(office.number(crate::domain::Item::new(crate::domain::Kind::Matter, matter))?);
    }
    let mut text = format!("{} is told of what co-counsel do:\n{}", named(user), table(["what", "how"], &rows));
    if !followed.is_empty() {
        text.push_str(&format!("Matters of others in the digest: {}\n", followed.join(", ")));
    }
    text.push_str("Held mail, and what concerns safety, is always told at once.\n");
    if was_so {
        text.push_str("That was so before; nothing was changed.\n");
    }
    object.insert("person".into(), json!(user.id));
    object.insert("follows".into(), json!(followed));
    Ok(Told::new(text, serde_json::Value::Object(object)))
}
