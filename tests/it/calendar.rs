//! What the gateway writes for calendars, read back by an independent library (python3-vobject, which `tests/run`
//! installs): structure, values, and a weekly series across both changes of the clock, by the rules of the object itself.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use docketpost::domain::Address;
use docketpost::outbound::calendar::{Cancelled, Once, Parties, Said, cancel, request, request_once};
use docketpost::store::calendar::{Beginning, EventDetails, Exception, Instead, PartStat};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn details(zone: &str, start: &str, rule: Option<&str>) -> EventDetails {
    let start_at = start.parse::<jiff::civil::DateTime>().unwrap().in_tz(zone).unwrap().timestamp();
    EventDetails {
        summary: "Hearing; Reed, Marsh".into(),
        description:
            "Bring the exhibits,\nall of them. Größe zählt, und die Zeile ist länger als eine Zeile sein darf.".into(),
        location: "Court 4, Strand".into(),
        conference_url: "https://meet.hale.example/j/412?pwd=a,b;c".into(),
        start_at,
        end_at: start_at + SignedDuration::from_hours(1),
        all_day: false,
        time_zone: zone.into(),
        recurrence_rule: rule.map(str::to_owned),
        exceptions: Vec::new(),
    }
}

/// Who says it, and what beside the time.
fn parties_and_said<'a>(details: &'a EventDetails, attendee: &'a Address) -> (Parties<'a>, Said<'a>) {
    let parties = Parties {
        uid: "4f1c@gw.hale.example",
        sequence: 2,
        stamp: "2026-03-01T09:00:00Z".parse().unwrap(),
        organizer: "Anna Smith, Hale & Partners LLP",
        answers_to: "r+abcdefghijklmnopqrstuvwxyz@gw.hale.example",
        name: "Jane Roe",
        attendee,
    };
    let said = Said {
        summary: &details.summary,
        description: &details.description,
        location: &details.location,
        link: &details.conference_url,
        private: true,
        answer: PartStat::NeedsAction,
    };
    (parties, said)
}

/// The object as the gateway writes it, and what the other library reads in it.
fn read_back(details: &EventDetails) -> Value {
    let attendee = Address::parse("jane@roe.example").unwrap();
    let (parties, said) = parties_and_said(details, &attendee);
    read_object(&request(&parties, details, &said, &[]))
}

/// What the other library reads in an object.
fn read_object(object: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_calendar.py");
    // Debian's own Python, for which the package is installed.
    let mut reader = Command::new("/usr/bin/python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tests/run installs what this needs");
    reader.stdin.take().unwrap().write_all(object.as_bytes()).unwrap();
    let out = reader.wait_with_output().unwrap();
    assert!(out.status.success(), "{}\n{object}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Every time of the series, by the gateway's own reckoning.
fn reckoned(details: &EventDetails) -> Vec<Value> {
    let zone = TimeZone::get(&details.time_zone).unwrap();
    let mut after = details.start_at - SignedDuration::from_secs(1);
    let mut found = Vec::new();
    while let Some(next) = details.next(after) {
        let local = next.start_at.to_zoned(zone.clone()).datetime();
        found.push(json!({"local": local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            "utc": next.start_at.strftime("%Y-%m-%dT%H:%M:%S").to_string()}));
        after = next.end_at;
    }
    found
}

/// Shows CAL-02.
#[test]
fn an_invitation_is_read_by_another_library_as_it_was_meant() {
    let read = read_back(&details("Europe/London", "2026-04-20T14:00", None));
    let expected = details("Europe/London", "2026-04-20T14:00", None);
    assert_eq!(read["method"], "REQUEST");
    assert_eq!((&read["uid"], &read["sequence"]), (&json!("4f1c@gw.hale.example"), &json!(2)));
    assert_eq!(read["summary"], expected.summary);
    assert_eq!(read["description"], expected.description);
    assert_eq!(read["location"], expected.location);
    assert_eq!(read["url"], expected.conference_url);
    assert_eq!(read["class"], "PRIVATE");
    assert_eq!(read["organizer"], "mailto:r+abcdefghijklmnopqrstuvwxyz@gw.hale.example");
    assert_eq!(read["attendees"], json!([["mailto:jane@roe.example", "NEEDS-ACTION", "Jane Roe"]]));
    assert_eq!(read["occurrences"], json!([{"local": "2026-04-20T14:00:00", "utc": "2026-04-20T13:00:00"}]));
    assert_eq!(read["end"]["utc"], "2026-04-20T14:00:00");
}

#[test]
fn a_weekly_series_keeps_its_local_hour_across_both_changes_of_the_clock() {
    for (zone, summer, winter) in [
        ("Europe/London", "T13:00:00", "T14:00:00"),
        ("America/New_York", "T18:00:00", "T19:00:00"),
        ("Australia/Sydney", "T04:00:00", "T03:00:00"),
    ] {
        let series = details(zone, "2026-03-02T14:00", Some("FREQ=WEEKLY;UNTIL=20261130"));
        let read = read_back(&series);
        let times = read["occurrences"].as_array().unwrap();
        assert_eq!(times.len(), 40, "{zone}");
        assert_eq!(times, &reckoned(&series), "{zone}");
        assert!(times.iter().all(|t| t["local"].as_str().unwrap().ends_with("T14:00:00")), "{zone}: {times:?}");
        let of_day =
            |day: &str| times.iter().find(|t| t["local"].as_str().unwrap().starts_with(day)).unwrap()["utc"].clone();
        assert!(of_day("2026-07-06").as_str().unwrap().ends_with(summer), "{zone}");
        assert!(of_day("2026-11-30").as_str().unwrap().ends_with(if zone == "Australia/Sydney" {
            "T03:00:00"
        } else {
            winter
        }));
    }
}

#[test]
fn a_zone_whose_clock_follows_no_rule_is_read_back_right() {
    // Morocco goes back an hour for the month of Ramadan, which moves.
    let series = details("Africa/Casablanca", "2026-01-05T09:00", Some("FREQ=WEEKLY;UNTIL=20261228"));
    assert_eq!(read_back(&series)["occurrences"], json!(reckoned(&series)));
}

#[test]
fn rules_of_all_kinds_are_expanded_alike() {
    for rule in [
        "FREQ=DAILY;INTERVAL=3;COUNT=20",
        "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=30",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=30",
        "FREQ=MONTHLY;BYDAY=1MO;COUNT=12",
        "FREQ=MONTHLY;BYMONTHDAY=2,-1;COUNT=12",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=6",
        "FREQ=YEARLY;COUNT=3",
    ] {
        let series = details("Europe/London", "2026-03-02T14:00", Some(rule));
        assert_eq!(read_back(&series)["occurrences"], json!(reckoned(&series)), "{rule}");
    }
}

#[test]
fn whole_days_are_days_to_every_reader() {
    let midnight: Timestamp = "2026-03-28T00:00:00Z".parse().unwrap();
    let days = EventDetails {
        all_day: true,
        start_at: midnight,
        end_at: "2026-03-29T23:00:00Z".parse().unwrap(),
        recurrence_rule: Some("FREQ=YEARLY;UNTIL=20280328".into()),
        exceptions: Vec::new(),
        ..details("Europe/London", "2026-03-28T00:00", None)
    };
    let read = read_back(&days);
    assert_eq!(read["occurrences"], json!([{"day": "2026-03-28"}, {"day": "2027-03-28"}, {"day": "2028-03-28"}]));
    assert_eq!(read["end"], json!({"day": "2026-03-30"}));
}

/// A weekly series across the change of the clock, of which the third time is two hours and a day later and the fourth is
/// called off.
fn with_single_times() -> EventDetails {
    let mut series = details("Europe/London", "2026-03-16T14:00", Some("FREQ=WEEKLY;COUNT=5"));
    let start_at = "2026-03-31T15:00:00Z".parse().unwrap();
    let moved = Instead {
        summary: "Hearing, moved".into(),
        description: String::new(),
        location: "Court 7".into(),
        conference_url: String::new(),
        start_at,
        end_at: start_at + SignedDuration::from_hours(1),
    };
    let day = |text: &str| text.parse().unwrap();
    series.exceptions = vec![
        Exception { day: day("2026-03-30"), sequence: 1, instead: Some(moved) },
        Exception { day: day("2026-04-06"), sequence: 2, instead: None },
    ];
    series
}

/// Shows CAL-02.
#[test]
fn single_times_of_a_series_are_read_by_another_library_as_they_were_meant() {
    let series = with_single_times();
    let attendee = Address::parse("jane@roe.example").unwrap();
    let (parties, said) = parties_and_said(&series, &attendee);
    let moved = series.exceptions[0].instead.as_ref().unwrap();
    let of_series = series.of_series(series.exceptions[0].day).unwrap().start_at;
    let once = Once { of_series, start_at: moved.start_at, end_at: moved.end_at, said: said.clone() };
    let single = json!([{
        "of": {"local": "2026-03-30T14:00:00", "utc": "2026-03-30T13:00:00"},
        "start": {"local": "2026-03-31T16:00:00", "utc": "2026-03-31T15:00:00"},
        "end": {"local": "2026-03-31T17:00:00", "utc": "2026-03-31T16:00:00"},
        "sequence": 2,
    }]);
    let alone = read_object(&request_once(&parties, &series, &once));
    assert_eq!((&alone["method"], &alone["uid"]), (&json!("REQUEST"), &json!("4f1c@gw.hale.example")));
    assert_eq!(alone["singles"], single, "the one time alone");
    let whole = read_object(&request(&parties, &series, &said, &[once]));
    assert_eq!(whole["singles"], single, "the one time within the series");
    let utc: Vec<&str> = whole["occurrences"].as_array().unwrap().iter().map(|o| o["utc"].as_str().unwrap()).collect();
    let expected = ["2026-03-16T14:00:00", "2026-03-23T14:00:00", "2026-03-30T13:00:00", "2026-04-13T13:00:00"];
    assert_eq!(utc, expected, "what was called off is none of them");
    assert_eq!(
        reckoned(&series).iter().map(|o| o["utc"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        ["2026-03-16T14:00:00", "2026-03-23T14:00:00", "2026-03-31T15:00:00", "2026-04-13T13:00:00"]
    );
}

/// Shows CAL-06.
#[test]
fn a_series_that_is_called_off_takes_its_changed_times_with_it_and_one_time_goes_alone() {
    let series = with_single_times();
    let attendee = Address::parse("jane@roe.example").unwrap();
    let (parties, _) = parties_and_said(&series, &attendee);
    let of = Beginning::Moment(series.of_series(series.exceptions[0].day).unwrap().start_at);
    let whole = cancel(&parties, series.beginning(), &Cancelled { only: None, also: vec![of] }, "Cancelled");
    let read = read_object(&whole);
    assert_eq!((&read["method"], &read["singles"][0]["of"]["utc"]), (&json!("CANCEL"), &json!("2026-03-30T13:00:00")));
    assert_eq!(read["singles"].as_array().unwrap().len(), 1);
    assert_eq!(whole.matches("BEGIN:VEVENT").count(), 2, "{whole}");
    let one = cancel(&parties, of, &Cancelled { only: Some(of), also: Vec::new() }, "Cancelled");
    assert_eq!(read_object(&one)["singles"][0]["of"]["utc"], "2026-03-30T13:00:00");
    assert_eq!(one.matches("BEGIN:VEVENT").count(), 1, "{one}");
    assert!(!whole.contains("Court") && !one.contains("Court"));
}
