//! Files into rows of named texts: CSV as spreadsheets write it, JSON as Clio's API gives it. Goes out again as a file of
//! what could not be taken in, with the reason in the first column, which can be imported when it is mended.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A row of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its line in a CSV file, or its place in a JSON list, counted from 1.
    pub place: u64,
    fields: BTreeMap<String, String>,
    original: Original,
}

#[derive(Clone, Debug)]
enum Original {
    Cells(Vec<String>),
    Object(Value),
}

/// A file as rows.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// True for JSON as Clio gives it.
    pub is_json: bool,
    heading: Vec<String>,
    /// The heading as it is written.
    titles: Vec<String>,
}

impl Row {
    /// The first of these fields that says something; empty if none does.
    pub fn first(&self, names: &[&str]) -> &str {
        let found = names.iter().find_map(|name| self.fields.get(*name).map(String::as_str).filter(|v| !v.is_empty()));
        found.unwrap_or_default()
    }

    /// The first of these fields that says something, by its name; the first of all if none does.
    pub fn column<'n>(&self, names: &[&'n str]) -> &'n str {
        let says = |name: &&&str| self.fields.get(**name).is_some_and(|v| !v.is_empty());
        names.iter().find(says).or(names.first()).copied().unwrap_or_default()
    }

    /// As [`Row::first`], to be kept.
    pub fn text(&self, names: &[&str]) -> String {
        self.first(names).to_owned()
    }

    /// True if one of these fields says yes.
    pub fn yes(&self, names: &[&str]) -> bool {
        matches!(self.first(names).to_ascii_lowercase().as_str(), "yes" | "y" | "true" | "1" | "x")
    }

    /// True if the file has one of these columns, whatever the row says in it.
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.fields.contains_key(*name))
    }

    /// What all fields say whose name begins so, in order: `attendees.0.id`, `attendees.1.id`.
    pub fn all<'r>(&'r self, prefix: &'r str, suffix: &'r str) -> impl Iterator<Item = &'r str> + 'r {
        let mut found: Vec<(usize, &str)> = self
            .fields
            .iter()
            .filter_map(|(name, value)| {
                let number = name.strip_prefix(prefix)?.strip_prefix('.')?;
                let number = if suffix.is_empty() { number } else { number.strip_suffix(suffix)?.strip_suffix('.')? };
                Some((number.parse().ok()?, value.as_str())).filter(|(_, v)| !v.is_empty())
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, value)| value)
    }
}

impl Rows {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Rows> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| anyhow::anyhow!("{}: is not UTF-8; save it as \"CSV UTF-8\"", path.display()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        let read = if is_json { from_json(text) } else { from_csv(text) };
        read.with_context(|| path.display().to_string())
    }

    /// The names of a CSV file's columns, as they are understood and as they are written, in order; none for JSON.
    pub fn heading(&self) -> impl Iterator<Item = (&str, &str)> {
        self.heading.iter().map(String::as_str).zip(self.titles.iter().map(String::as_str))
    }

    /// The file of the rows that were not taken in, `error` first.
    pub fn errors(&self, wrong: &[(usize, String)]) -> Result<Vec<u8>> {
        let rows = wrong.iter().filter_map(|(n, why)| Some((self.rows.get(*n)?, why)));
        if self.is_json {
            let objects = rows.map(|(row, why)| match &row.original {
                Original::Object(Value::Object(fields)) => {
                    let error = std::iter::once(("error".to_owned(), Value::from(why.as_str())));
                    let rest = fields.iter().filter(|(k, _)| *k != "error").map(|(k, v)| (k.clone(), v.clone()));
                    Value::Object(error.chain(rest).collect())
                }
                _ => Value::from(why.as_str()),
            });
            let file = serde_json::json!({"data": objects.collect::<Vec<_>>()});
            return Ok(format!("{file:#}\n").into_bytes());
        }
        let kept: Vec<usize> =
            (0..self.heading.len()).filter(|n| self.heading.get(*n).is_some_and(|h| h != "error")).collect();
        let pick = |cells: &[String], first: &str| -> Vec<String> {
            let rest = kept.iter().map(|n| cells.get(*n).cloned().unwrap_or_default());
            std::iter::once(first.to_owned()).chain(rest).collect()
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(pick(&self.heading, "error"))?;
        for (row, why) in rows {
            if let Original::Cells(cells) = &row.original {
                writer.write_record(pick(cells, why))?;
            }
        }
        writer.into_inner().map_err(|e| anyhow::anyhow!("{e}"))
    }
}

fn from_csv(text: &str) -> Result<Rows> {
    let first_line = text.lines().next().unwrap_or_default();
    // Spreadsheets of half of Europe write semicolons.
    let delimiter = if first_line.matches(';').count() > first_line.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let titles: Vec<String> = reader.headers()?.iter().map(|t| t.trim().to_owned()).collect();
    let heading: Vec<String> = titles.iter().map(|t| column(t)).collect();
    if heading.iter().all(String::is_empty) {
        bail!("has no heading");
    }
    let (mut rows, mut lines) = (Vec::new(), Lines { text, at: 0, line: 1 });
    for record in reader.records() {
        let record = record?;
        let place = lines.of(record.position().map_or(0, csv::Position::byte));
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        let fields = heading.iter().cloned().zip(cells.iter().map(|c| c.trim().to_owned())).collect();
        rows.push(Row { place, fields, original: Original::Cells(cells) });
    }
    Ok(Rows { rows, is_json: false, heading, titles })
}

/// The lines of a text as an editor counts them; the reader of CSV is one short where lines end as on Windows.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of what begins at this byte or after the line ends there; asked in order.
    fn of(&mut self, byte: u64) -> u64 {
        let begins = usize::try_from(byte).unwrap_or(usize::MAX);
        let between = self.text.as_bytes().get(self.at..).unwrap_or_default().iter().enumerate();
        for (n, byte) in between {
            let here = self.at.saturating_add(n);
            if here >= begins && !matches!(byte, b'\r' | b'\n') {
                self.at = here;
                return self.line;
            }
            self.line = self.line.saturating_add(u64::from(*byte == b'\n'));
        }
        self.at = self.text.len();
        self.line
    }
}

fn column(name: &str) -> String {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    let usual = match name.as_str() {
        "mail" | "e_mail" => "email",
        "mail_address" | "e_mail_address" => "email_address",
        "co_counsel" | "cocounsel" => "is_co_counsel",
        _ => return name,
    };
    usual.to_owned()
}

fn from_json(text: &str) -> Result<Rows> {
    let file: Value = serde_json::from_str(text)?;
    let list = match file {
        Value::Array(list) => list,
        Value::Object(mut fields) => match fields.remove("data") {
            Some(Value::Array(list)) => list,
            _ => bail!("has no list under \"data\""),
        },
        _ => bail!("is no list"),
    };
    let mut rows = Vec::new();
    for (place, object) in (1..).zip(list) {
        let mut fields = BTreeMap::new();
        flatten("", &object, &mut fields, 0);
        rows.push(Row { place, fields, original: Original::Object(object) });
    }
    Ok(Rows { rows, is_json: true, heading: Vec::new(), titles: Vec::new() })
}

/// `{"client":{"id":5}}` becomes `client.id`, `{"emails":["a"]}` becomes `emails.0`.
fn flatten(name: &str, value: &Value, fields: &mut BTreeMap<String, String>, depth: u8) {
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    if depth > 6 {
        return;
    }
    let deeper = depth.saturating_add(1);
    match value {
        Value::Object(map) => map.iter().for_each(|(key, v)| flatten(&below(key), v, fields, deeper)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, v)| flatten(&below(&n.to_string()), v, fields, deeper));
        }
        Value::Null => drop(fields.insert(name.to_owned(), String::new())),
        Value::String(text) => drop(fields.insert(name.to_owned(), text.trim().to_owned())),
        other => drop(fields.insert(name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_is_read_by_its_heading_and_an_errors_file_can_be_read_again() {
        let rows = from_csv("First Name,email_address,note\nJane, jane@doe.example ,\"two\nlines\"\n,,\n").unwrap();
        assert_eq!(rows.rows.len(), 1);
        let row = &rows.rows[0];
        assert_eq!(
            (row.first(&["first_name"]), row.first(&["nothing", "email_address"])),
            ("Jane", "jane@doe.example")
        );
        let file = rows.errors(&[(0, "no, such".into())]).unwrap();
        let again = from_csv(std::str::from_utf8(&file).unwrap()).unwrap();
        assert_eq!(again.heading, ["error", "first_name", "email_address", "note"]);
        assert_eq!(again.rows[0].first(&["note"]), "two\nlines");
        let twice = again.errors(&[(0, "other".into())]).unwrap();
        assert!(String::from_utf8(twice).unwrap().starts_with("error,first_name"));
    }

    #[test]
    fn a_row_is_told_by_the_line_that_an_editor_shows() {
        for end in ["\n", "\r\n"] {
            let text = ["name;note", "a;\"two", "lines\"", "", "b;", "c;"].join(end);
            let places: Vec<u64> = from_csv(&text).unwrap().rows.iter().map(|r| r.place).collect();
            assert_eq!(places, [2, 5, 6], "{text:?}");
        }
    }

    #[test]
    fn what_clio_gives_is_read_by_the_names_of_its_fields() {
        let text = r#"{"data":[{"id":7,"client":{"id":5,"name":null},"attendees":[{"id":1},{"id":2}],"flag":true}]}"#;
        let rows = from_json(text).unwrap();
        let row = &rows.rows[0];
        assert_eq!((row.first(&["id"]), row.first(&["client.id"]), row.first(&["client.name"])), ("7", "5", ""));
        assert_eq!(row.all("attendees", "id").collect::<Vec<_>>(), ["1", "2"]);
        assert!(row.yes(&["flag"]) && row.has(&["client.name"]));
        let errors: Value = serde_json::from_slice(&rows.errors(&[(0, "why".into())]).unwrap()).unwrap();
        assert_eq!(errors["data"][0]["error"], "why");
    }
}
