//! `docketpost firm …`: what `init` said of the firm, shown and changed. Never its slug, which the configuration names, nor its
//! currency, in which amounts are kept.

use anyhow::{Result, bail};
use serde_json::json;

use super::init::time_zone;
use super::{Office, Told, administrator};
use crate::allowed;
use crate::domain::dates::Locale;
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::firms::{ClosedMatters, Firm as Found};

/// The firm's settings.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Firm {
    /// Shows what is set
    Show,
    /// Changes what is given and keeps the rest
    Change {
        /// Name in mails
        #[arg(long)]
        name: Option<String>,
        /// Language of mails, words and order of dates, where a person chose no other
        #[arg(long, value_parser = Locale::ALL.map(Locale::word))]
        locale: Option<String>,
        /// Time zone: Europe/London, or a large city
        #[arg(long)]
        time_zone: Option<String>,
        /// New time is rounded up to this many minutes, 1 to 60
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=60))]
        rounding: Option<u32>,
        /// What closing a matter does to its shares: they stay, can only be read, or end
        #[arg(long, value_parser = ["keep", "read_only", "revoke"])]
        closed_matters: Option<String>,
        /// For so many days after a matter was closed, time for work before that is taken
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=3650))]
        late_time: Option<u32>,
    },
}

/// Does it.
pub fn run(office: &Office, what: &Firm) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let Firm::Change { name, locale, time_zone: zone, rounding, closed_matters, late_time } = what else {
        return Ok(told(&office.firm, None));
    };
    let mut new = office.firm.clone();
    if let Some(name) = name {
        new.name = name.trim().to_owned();
    }
    if new.name.is_empty() {
        bail!("--name must not be empty");
    }
    new.locale = locale.as_deref().and_then(Locale::from_word).unwrap_or(new.locale);
    if let Some(zone) = zone {
        new.time_zone = time_zone(zone)?;
    }
    new.rounding_minutes = rounding.unwrap_or(new.rounding_minutes);
    new.closed_matters = closed_matters.as_deref().map_or(new.closed_matters, ClosedMatters::from_word);
    new.late_time_days = late_time.unwrap_or(new.late_time_days);
    let wanted = new.clone();
    let changed = office.act("firm", move |act| {
        allowed!(administrator(act, Ability::Edit));
        let changed = act.tx.change_firm(&wanted)?;
        if changed {
            act.tx.audit(
                act.firm.id,
                &Entry::new(Some(act.actor.id), "settings.firm").with(facts(&wanted)),
                act.now,
            )?;
        }
        Ok(Ok(changed))
    })?;
    Ok(told(&new, Some(changed)))
}

fn facts(firm: &Found) -> serde_json::Value {
    json!({"name": firm.name, "locale": firm.locale.word(), "time_zone": firm.time_zone,
        "rounding_minutes": firm.rounding_minutes, "closed_matters": firm.closed_matters.word(),
        "late_time_days": firm.late_time_days})
}

/// What closing does; where matters become read-only, for how long earlier time is taken.
fn closed(firm: &Found) -> String {
    let word = firm.closed_matters.word();
    match firm.closed_matters {
        ClosedMatters::ReadOnly => format!("{word}, earlier time is taken for {} days", firm.late_time_days),
        ClosedMatters::Keep | ClosedMatters::Revoke => word.to_owned(),
    }
}

fn told(firm: &Found, changed: Option<bool>) -> Told {
    let mut text = format!(
        "{} ({})\nDates and words    {}\nTime zone          {}\nCurrency           {}\nTime is rounded    up to {} minutes\n\
         Closed matters     {}\nBills are paid at  {}\n",
        firm.name,
        firm.slug,
        firm.locale.word(),
        firm.time_zone,
        firm.currency,
        firm.rounding_minutes,
        closed(firm),
        firm.payment_link.as_deref().unwrap_or("no link is set")
    );
    if changed == Some(false) {
        text.push_str("That was so before; nothing was changed.\n");
    }
    let object = json!({"slug": firm.slug, "settings": facts(firm), "currency": firm.currency,
        "payment_link": firm.payment_link});
    Told::new(text, object)
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::sharing::Role;

    #[test]
    fn what_init_said_is_changed_by_an_administrator_and_the_rest_stays() {
        let s = Sample::new();
        let change = |zone: &str| Firm::Change {
            name: None,
            locale: None,
            time_zone: Some(zone.into()),
            rounding: Some(15),
            closed_matters: Some("revoke".into()),
            late_time: Some(14),
        };
        let told = run(&s.office, &change("Berlin")).unwrap();
        assert!(told.text.contains("Europe/Berlin") && told.text.contains("15 minutes"), "{}", told.text);
        assert!(run(&s.office, &change("Mars")).is_err());
        let now = s.acting_as("anna@hale.example");
        assert_eq!((now.firm.name.as_str(), now.firm.closed_matters), ("Hale & Partners", ClosedMatters::Revoke));
        assert!(run(&now, &change("Berlin")).unwrap().text.contains("nothing was changed"));
        let plain = Role::User { admin: false, accounts: false, reports: false, billing: false };
        s.add(plain, "Bob", "Hale", "bob@hale.example");
        assert!(run(&s.acting_as("bob@hale.example"), &Firm::Show).is_err());
    }
}
