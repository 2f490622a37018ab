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
    // as German, French and Spanish name them
    ("deutschland", "Europe/Berlin"),
    ("allemagne", "Europe/Berlin"),
    ("alemania", "Europe/Berlin"),
    ("berlín", "Europe/Berlin"),
    ("münchen", "Europe/Berlin"),
    ("muenchen", "Europe/Berlin"),
    ("köln", "Europe/Berlin"),
    ("koeln", "Europe/Berlin"),
    ("düsseldorf", "Europe/Berlin"),
    ("stuttgart", "Europe/Berlin"),
    ("österreich", "Europe/Vienna"),
    ("oesterreich", "Europe/Vienna"),
    ("autriche", "Europe/Vienna"),
    ("wien", "Europe/Vienna"),
    ("vienne", "Europe/Vienna"),
    ("viena", "Europe/Vienna"),
    ("schweiz", "Europe/Zurich"),
    ("suisse", "Europe/Zurich"),
    ("suiza", "Europe/Zurich"),
    ("zürich", "Europe/Zurich"),
    ("zuerich", "Europe/Zurich"),
    ("bern", "Europe/Zurich"),
    ("genf", "Europe/Zurich"),
    ("genève", "Europe/Zurich"),
    ("lausanne", "Europe/Zurich"),
    ("frankreich", "Europe/Paris"),
    ("francia", "Europe/Paris"),
    ("parís", "Europe/Paris"),
    ("lyon", "Europe/Paris"),
    ("marseille", "Europe/Paris"),
    ("belgien", "Europe/Brussels"),
    ("belgique", "Europe/Brussels"),
    ("bélgica", "Europe/Brussels"),
    ("brüssel", "Europe/Brussels"),
    ("bruessel", "Europe/Brussels"),
    ("bruxelles", "Europe/Brussels"),
    ("bruselas", "Europe/Brussels"),
    ("luxemburg", "Europe/Luxembourg"),
    ("barcelone", "Europe/Madrid"),
    ("sevilla", "Europe/Madrid"),
    ("valencia", "Europe/Madrid"),
    ("england und wales", "Europe/London"),
    ("großbritannien", "Europe/London"),
    ("angleterre", "Europe/London"),
    ("royaume-uni", "Europe/London"),
    ("inglaterra", "Europe/London"),
    ("reino unido", "Europe/London"),
    ("londres", "Europe/London"),
    ("italien", "Europe/Rome"),
    ("italie", "Europe/Rome"),
    ("italia", "Europe/Rome"),
    ("rom", "Europe/Rome"),
    ("roma", "Europe/Rome"),
    ("mailand", "Europe/Rome"),
    ("lissabon", "Europe/Lisbon"),
    ("lisbonne", "Europe/Lisbon"),
    ("lisboa", "Europe/Lisbon"),
    ("athen", "Europe/Athens"),
    ("warschau", "Europe/Warsaw"),
    ("varsovie", "Europe/Warsaw"),
    ("varsovia", "Europe/Warsaw"),
    ("kopenhagen", "Europe/Copenhagen"),
    ("nueva york", "America/New_York"),
];

/// Countries of several zones, and abbreviations that mean different things in summer or in different countries.
const QUESTIONS: &[(&[&str], &[&str])] = &[
    (
        &["us", "usa", "united states", "america", "vereinigte staaten", "états-unis", "estados unidos"],
        &["New York", "Chicago", "Denver", "Los Angeles"],
    ),
    (&["canada"], &["Toronto", "Winnipeg", "Edmonton", "Vancouver", "Halifax"]),
    (&["australia"], &["Sydney", "Brisbane", "Adelaide", "Perth"]),
    (&["spain", "spanien", "espagne", "españa"], &["Madrid", "Atlantic/Canary"]),
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
    if let Some(seconds) = offset(&text) {
        return of_offset(seconds);
    }
    if text.contains('/') {
        return whole_name(&text);
    }
    city(&text)
}

/// Cities to offer for an offset, the likelier first.
const CITIES: &[&str] = &[
    "London",
    "New York",
    "Berlin",
    "Paris",
    "Chicago",
    "Los Angeles",
    "Denver",
    "Phoenix",
    "Dublin",
    "Athens",
    "Helsinki",
    "Lagos",
    "Johannesburg",
    "Moscow",
    "Dubai",
    "Kolkata",
    "Singapore",
    "Hong Kong",
    "Tokyo",
    "Sydney",
    "Adelaide",
    "Auckland",
    "Sao Paulo",
    "Halifax",
    "Anchorage",
    "Honolulu",
    "Reykjavik",
];

/// The seconds of "gmt+1", "utc-05:30", "+2".
fn offset(text: &str) -> Option<i32> {
    let named = text.strip_prefix("gmt").or_else(|| text.strip_prefix("utc"));
    let rest = named.unwrap_or(text).trim_start().replace(['\u{2212}', '\u{2013}'], "-");
    let (sign, digits) = match rest.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, rest.strip_prefix('-')?),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let number = |text: &str, most: i32| text.parse::<i32>().ok().filter(|n| (0..=most).contains(n) && text.len() <= 2);
    let seconds = number(hours, 14)?.checked_mul(3_600)?.checked_add(number(minutes, 59)?.checked_mul(60)?)?;
    seconds.checked_mul(sign)
}

/// An offset is no zone: in summer it is another city's than in winter. Those that have it in either are asked about.
fn of_offset(seconds: i32) -> Named {
    let has = |city: &&&str| {
        let Named::Zone(zone) = self::city(&city.to_lowercase()) else { return false };
        let Ok(zone) = TimeZone::get(&zone) else { return false };
        let seasons = [jiff::civil::date(2026, 1, 15), jiff::civil::date(2026, 7, 15)];
        seasons.into_iter().filter_map(|day| day.to_zoned(zone.clone()).ok()).any(|z| z.offset().seconds() == seconds)
    };
    let found: Vec<String> = CITIES.iter().filter(has).take(5).map(|c| (*c).to_owned()).collect();
    if found.is_empty() { Named::Unknown } else { Named::Several(found) }
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
    fn acc_09_an_offset_is_a_question_since_summer_moves_it() {
        for (text, wanted) in [
            ("GMT+1", "London, Berlin, Paris, Dublin, Lagos"),
            ("utc+01:00", "London, Berlin, Paris, Dublin, Lagos"),
            ("UTC-5", "New York, Chicago"),
            ("+5:30", "Kolkata"),
            ("GMT+0", "London, Dublin, Reykjavik"),
        ] {
            let Named::Several(cities) = find(text) else { panic!("{text}: {:?}", find(text)) };
            assert_eq!(cities.join(", "), wanted, "{text}");
        }
        assert!(CITIES.iter().all(|c| matches!(find(c), Named::Zone(_))), "every city is a zone");
    }

    #[test]
    fn other_words_are_no_zone() {
        for text in
            ["", "Atlantis", "GMT+17", "GMT+", "+1:99", "Etc/GMT+99", "../../etc/passwd", "EST5EDT", "it is late here"]
        {
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
