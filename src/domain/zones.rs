//! Time zones as people name them: "Europe/London", "London", "UK". A name that means one zone comes out as its IANA
//! name, one that may mean several as a question. Abbreviations such as EST are never guessed at (ACC-09).

use jiff::tz::TimeZone;

/// What a typed name of a zone means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// This one.
    Zone(String),
    /// One of these; or, where the list says so, something to be typed instead.
    Several(Vec<String>),
    /// None that is known.
    Unknown,
}

/// Countries with one zone, regions of zones, and cities of law firms that the zone data does not name.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("uk", "Europe/London"),
    ("united kingdom", "Europe/London"),
    ("great britain", "Europe/London"),
    ("england", "Europe/London"),
    ("wales", "Europe/London"),
    ("scotland", "Europe/London"),
    ("northern ireland", "Europe/London"),
    ("edinburgh", "Europe/London"),
    ("glasgow", "Europe/London"),
    ("manchester", "Europe/London"),
    ("leeds", "Europe/London"),
    ("bristol", "Europe/London"),
    ("ireland", "Europe/Dublin"),
    ("germany", "Europe/Berlin"),
    ("frankfurt", "Europe/Berlin"),
    ("munich", "Europe/Berlin"),
    ("hamburg", "Europe/Berlin"),
    ("cologne", "Europe/Berlin"),
    ("france", "Europe/Paris"),
    ("italy", "Europe/Rome"),
    ("milan", "Europe/Rome"),
    ("netherlands", "Europe/Amsterdam"),
    ("belgium", "Europe/Brussels"),
    ("switzerland", "Europe/Zurich"),
    ("geneva", "Europe/Zurich"),
    ("austria", "Europe/Vienna"),
    ("poland", "Europe/Warsaw"),
    ("sweden", "Europe/Stockholm"),
    ("norway", "Europe/Oslo"),
    ("denmark", "Europe/Copenhagen"),
    ("finland", "Europe/Helsinki"),
    ("greece", "Europe/Athens"),
    ("barcelona", "Europe/Madrid"),
    ("eastern", "America/New_York"),
    ("boston", "America/New_York"),
    ("washington", "America/New_York"),
    ("washington dc", "America/New_York"),
    ("philadelphia", "America/New_York"),
    ("atlanta", "America/New_York"),
    ("miami", "America/New_York"),
    ("central", "America/Chicago"),
    ("houston", "America/Chicago"),
    ("dallas", "America/Chicago"),
    ("austin", "America/Chicago"),
    ("minneapolis", "America/Chicago"),
    ("mountain", "America/Denver"),
    ("pacific", "America/Los_Angeles"),
    ("san francisco", "America/Los_Angeles"),
    ("seattle", "America/Los_Angeles"),
    ("san diego", "America/Los_Angeles"),
    ("las vegas", "America/Los_Angeles"),
    ("montreal", "America/Toronto"),
    ("india", "Asia/Kolkata"),
    ("mumbai", "Asia/Kolkata"),
    ("delhi", "Asia/Kolkata"),
    ("china", "Asia/Shanghai"),
    ("beijing", "Asia/Shanghai"),
    ("japan", "Asia/Tokyo"),
    ("israel", "Asia/Jerusalem"),
    ("tel aviv", "Asia/Jerusalem"),
    ("abu dhabi", "Asia/Dubai"),
    ("new zealand", "Pacific/Auckland"),
    ("wellington", "Pacific/Auckland"),
    ("canberra", "Australia/Sydney"),
    ("cape town", "Africa/Johannesburg"),
    ("utc", "UTC"),
];

/// Countries of several zones, and abbreviations that mean different things in summer or in different countries.
const QUESTIONS: &[(&[&str], &[&str])] = &[
    (&["us", "usa", "united states", "america"], &["New York", "Chicago", "Denver", "Los Angeles"]),
    (&["canada"], &["Toronto", "Winnipeg", "Edmonton", "Vancouver", "Halifax"]),
    (&["australia"], &["Sydney", "Brisbane", "Adelaide", "Perth"]),
    (&["spain"], &["Madrid", "Atlantic/Canary"]),
    (&["gmt", "bst", "wet", "west"], &["London", "Dublin", "Lisbon", "UTC"]),
    (&["cet", "cest", "mez", "mesz"], &["Berlin", "Paris", "Madrid", "Rome"]),
    (&["eet", "eest"], &["Helsinki", "Athens"]),
    (&["est", "edt", "et"], &["New York", "Toronto", "Panama"]),
    (&["cst", "cdt", "ct"], &["Chicago", "Mexico City", "Shanghai"]),
    (&["mst", "mdt", "mt"], &["Denver", "Phoenix"]),
    (&["pst", "pdt", "pt"], &["Los Angeles", "Vancouver", "Lisbon"]),
    (&["ist"], &["Kolkata", "Dublin", "Jerusalem"]),
];

/// The zone that a typed text names.
pub fn find(text: &str) -> Named {
    let text = text.trim().trim_end_matches(['.', '!', ',']).to_lowercase().replace('_', " ");
    if text.is_empty() || text.len() > 60 {
        return Named::Unknown;
    }
    if let Some((_, zone)) = OTHER_NAMES.iter().find(|(name, _)| *name == text) {
        return Named::Zone((*zone).to_owned());
    }
    if let Some((_, meant)) = QUESTIONS.iter().find(|(names, _)| names.contains(&text.as_str())) {
        return Named::Several(meant.iter().map(|m| (*m).to_owned()).collect());
    }
    if text.contains('/') {
        return whole_name(&text);
    }
    city(&text)
}

/// "europe/london" as it is written in the zone data.
fn whole_name(text: &str) -> Named {
    let zone = TimeZone::get(&text.replace(' ', "_")).ok();
    zone.and_then(|z| z.iana_name().map(str::to_owned)).map_or(Named::Unknown, Named::Zone)
}

/// The zones whose last part is this city. Older spellings of the same zone ("America/Indianapolis") lie in one region.
fn city(text: &str) -> Named {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name.rsplit_once('/').is_some_and(|(_, city)| city.to_lowercase().replace('_', " ") == text))
        .filter(|name| !["Etc/", "US/", "Canada/", "posix/", "right/", "SystemV/"].iter().any(|p| name.starts_with(p)))
        .collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    names.dedup();
    let region = |name: &str| name.split('/').next().map(str::to_owned);
    match names.as_slice() {
        [] => Named::Unknown,
        [first, rest @ ..] if rest.iter().all(|r| region(r) == region(first)) => Named::Zone(first.clone()),
        _ => Named::Several(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> String {
        match find(text) {
            Named::Zone(zone) => zone,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn names_cities_and_countries_are_understood() {
        for (text, wanted) in [
            ("Europe/London", "Europe/London"),
            ("europe/london", "Europe/London"),
            ("London", "Europe/London"),
            ("UK", "Europe/London"),
            ("New York", "America/New_York"),
            ("new_york.", "America/New_York"),
            ("Indianapolis", "America/Indianapolis"),
            ("Lord Howe", "Australia/Lord_Howe"),
            ("Boston", "America/New_York"),
            ("utc", "UTC"),
        ] {
            assert_eq!(zone(text), wanted);
        }
    }

    #[test]
    fn what_may_mean_several_zones_is_a_question() {
        for text in ["EST", "GMT", "cet", "USA", "Australia"] {
            assert!(matches!(find(text), Named::Several(_)), "{text}");
        }
    }

    #[test]
    fn other_words_are_no_zone() {
        for text in ["", "Atlantis", "GMT+1", "Etc/GMT+99", "../../etc/passwd", "EST5EDT", "it is late here"] {
            assert_eq!(find(text), Named::Unknown, "{text}");
        }
    }

    #[test]
    fn every_zone_of_the_tables_exists() {
        for (_, zone) in OTHER_NAMES {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
        }
        for name in QUESTIONS.iter().flat_map(|(_, meant)| meant.iter()) {
            assert!(matches!(find(name), Named::Zone(_)), "{name}");
        }
    }
}
