//! `docketpost init`: a firm and its first administrator. Makes the store if there is none; never touches another firm.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::json;

use super::Told;
use super::person::outside_warning;
use crate::config::Config;
use crate::domain::Address;
use crate::domain::dates::Locale;
use crate::domain::zones::{self, Named};
use crate::sharing::Role;
use crate::store::Store;
use crate::store::audit::Entry;
use crate::store::firms::NewFirm;
use crate::store::people::NewPerson;

/// Makes a firm and its first administrator.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Short name in the configuration and on the command line: small letters, digits, hyphens
    #[arg(long)]
    pub slug: String,
    /// Name in mails
    #[arg(long)]
    pub name: String,
    /// Name of the first administrator
    #[arg(long)]
    pub user_name: String,
    /// Mail address of the first administrator
    #[arg(long)]
    pub user_address: String,
    /// Language of mails, words and order of dates; each person can choose another language
    #[arg(long, value_parser = Locale::ALL.map(Locale::word), default_value = "en-GB")]
    pub locale: String,
    /// Time zone, or a large city [default: by locale: Europe/London, America/New_York, Europe/Berlin, Europe/Paris, Europe/Madrid]
    #[arg(long)]
    pub time_zone: Option<String>,
    /// ISO 4217 currency [default: by locale: GBP, USD, EUR]
    #[arg(long)]
    pub currency: Option<String>,
    /// Time is rounded up to this many minutes, 1 to 60
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub rounding: u32,
}

/// Makes the firm in the store that the configuration names.
pub fn run(args: &Args, config: &Config, now: Timestamp) -> Result<Told> {
    if config.firm(&args.slug).is_none() {
        let slugs = config.firms.iter().map(|f| f.slug.as_str()).collect::<Vec<_>>().join(", ");
        bail!("--slug {}: the configuration has no such firm (it has: {slugs}); nothing was changed", args.slug);
    }
    let domains = config.firm(&args.slug).map(|f| f.domains.clone()).unwrap_or_default();
    let note = Address::parse(&args.user_address).map(|a| outside_warning(&domains, &a, true)).unwrap_or_default();
    Ok(Told { note, ..in_folder(args, &config.store, now)? })
}

/// Makes the firm in the store of this folder.
pub fn in_folder(args: &Args, folder: &Path, now: Timestamp) -> Result<Told> {
    let firm = read_firm(args)?;
    let address =
        Address::parse(&args.user_address).with_context(|| format!("--user-address {}", args.user_address))?;
    let (first_name, last_name) = split_name(&args.user_name);
    let user = NewPerson {
        first_name,
        last_name,
        address: Some(address.clone()),
        ..NewPerson::new(Role::User { admin: true, accounts: true, reports: true, billing: true })
    };
    let store = Store::create(folder)?;
    let new = firm.clone();
    let made = store.write(move |tx| {
        if tx.firm_by_slug(&new.slug)?.is_some() {
            return Ok(None);
        }
        let id = tx.add_firm(&new, now)?;
        let person = tx.add_person(id, &user, now)?;
        tx.audit(id, &Entry::new(Some(person), "init").with(json!({"user": person})), now)?;
        Ok(Some(id))
    })?;
    if made.is_none() {
        bail!("there is a firm with the slug \"{}\" already; nothing was changed", firm.slug);
    }
    let text = format!(
        "{} ({}) was made in {}.\nFirst administrator: {} <{address}>\nDates {}, time zone {}, currency {}, time rounded up to {} minutes.\n",
        firm.name,
        firm.slug,
        folder.display(),
        args.user_name,
        args.locale,
        firm.time_zone,
        firm.currency,
        firm.rounding_minutes
    );
    Ok(Told::new(text, json!({"slug": firm.slug, "store": folder.display().to_string(), "administrator": address})))
}

fn read_firm(args: &Args) -> Result<NewFirm> {
    let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if args.slug.is_empty() || args.slug.starts_with('-') || !args.slug.bytes().all(good) {
        bail!("--slug {}: only small letters, digits and hyphens", args.slug);
    }
    if args.name.trim().is_empty() || args.user_name.trim().is_empty() {
        bail!("--name and --user-name must not be empty");
    }
    let locale = Locale::from_word(&args.locale).unwrap_or_default();
    let (usual_zone, usual_currency) = match locale {
        Locale::British => ("Europe/London", "GBP"),
        Locale::American => ("America/New_York", "USD"),
        Locale::German => ("Europe/Berlin", "EUR"),
        Locale::French => ("Europe/Paris", "EUR"),
        Locale::Spanish => ("Europe/Madrid", "EUR"),
    };
    let time_zone = time_zone(args.time_zone.as_deref().unwrap_or(usual_zone))?;
    let currency = args.currency.clone().unwrap_or_else(|| usual_currency.to_owned());
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        bail!("--currency {currency}: three capitals such as GBP");
    }
    Ok(NewFirm {
        slug: args.slug.clone(),
        name: args.name.trim().to_owned(),
        locale,
        time_zone,
        currency,
        rounding_minutes: args.rounding,
    })
}

/// The zone of this name, or of this large city.
pub(super) fn time_zone(typed: &str) -> Result<String> {
    match zones::find(typed) {
        Named::Zone(zone) => Ok(zone),
        Named::Several(zones) => bail!("--time-zone {typed} may mean any of {}; say which", zones.join(", ")),
        Named::Unknown => bail!("--time-zone {typed}: no such zone is known; write one such as Europe/London"),
    }
}

/// Given names and family name; the last word is the family name.
pub fn split_name(name: &str) -> (String, String) {
    let name = name.trim();
    name.rsplit_once(char::is_whitespace)
        .map_or_else(|| (name.to_owned(), String::new()), |(first, last)| (first.trim().to_owned(), last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{init_args, now};
    use super::*;

    #[test]
    fn a_firm_is_made_once_and_a_store_takes_several() {
        let folder = tempfile::tempdir().unwrap();
        in_folder(&init_args("hale"), folder.path(), now()).unwrap();
        assert!(in_folder(&init_args("hale"), folder.path(), now()).is_err());
        in_folder(&Args { locale: "en-US".into(), ..init_args("reed") }, folder.path(), now()).unwrap();
        let firms = Store::open(folder.path()).unwrap().read(|s| s.firms()).unwrap();
        let found: Vec<(&str, &str)> = firms.iter().map(|f| (f.slug.as_str(), f.currency.as_str())).collect();
        assert_eq!(found, [("hale", "GBP"), ("reed", "USD")]);
    }

    #[test]
    fn what_is_mistyped_makes_no_store() {
        let folder = tempfile::tempdir().unwrap();
        for args in [
            Args { slug: "Hale!".into(), ..init_args("x") },
            Args { user_address: "anna".into(), ..init_args("x") },
            Args { time_zone: Some("Mars/Base".into()), ..init_args("x") },
            Args { currency: Some("pounds".into()), ..init_args("x") },
            Args { name: " ".into(), ..init_args("x") },
        ] {
            assert!(in_folder(&args, folder.path(), now()).is_err());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
