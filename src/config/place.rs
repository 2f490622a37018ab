//! Where each key stands in the file: from a path such as `firm.0.smtp.host` to a line, from some bytes to a path.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The places of all keys of one file.
pub(super) struct Places {
    line_starts: Vec<usize>,
    starts: BTreeMap<String, usize>,
    spans: Vec<(Range<usize>, String)>,
}

impl Places {
    /// The places of the keys in `table`, which was read from `text`.
    pub(super) fn new(text: &str, table: &DeTable<'_>) -> Places {
        let line_starts = text.match_indices('\n').map(|(at, _)| at.saturating_add(1)).collect();
        let mut places = Places { line_starts, starts: BTreeMap::new(), spans: Vec::new() };
        places.add_table("", table);
        places
    }

    /// The line of `path`, or of the nearest table round it if the key isn't there.
    pub(super) fn line_of(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(start) = self.starts.get(path) {
                return self.line_at(*start);
            }
            match path.rsplit_once('.') {
                Some((outer, _)) => path = outer,
                None => return 1,
            }
        }
    }

    /// The line, counted from 1, in which byte `at` stands.
    pub(super) fn line_at(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at).saturating_add(1)
    }

    /// The innermost key whose name or value covers the bytes of `part`; nothing for no bytes, by which toml means the file.
    pub(super) fn path_at(&self, part: &Range<usize>) -> &str {
        if part.is_empty() {
            return "";
        }
        let covering = self.spans.iter().filter(|(span, _)| span.start <= part.start && part.end <= span.end);
        covering.min_by_key(|(span, _)| span.len()).map_or("", |(_, path)| path)
    }

    fn add_table(&mut self, outer: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref();
            let path = if outer.is_empty() { name.to_string() } else { format!("{outer}.{name}") };
            self.add(path.clone(), key.span());
            self.add_value(&path, value);
        }
    }

    fn add_value(&mut self, path: &str, value: &Spanned<DeValue<'_>>) {
        self.spans.push((value.span(), path.to_owned()));
        match value.get_ref() {
            DeValue::Table(table) => self.add_table(path, table),
            DeValue::Array(array) => {
                for (number, element) in array.iter().enumerate() {
                    let path = format!("{path}.{number}");
                    self.add(path.clone(), element.span());
                    self.add_value(&path, element);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, path: String, span: Range<usize>) {
        self.starts.insert(path.clone(), span.start);
        self.spans.push((span, path));
    }
}

/// `path` as a person reads it: without the numbers of list elements.
pub(super) fn readable(path: &str) -> String {
    let names: Vec<&str> = path.split('.').filter(|p| !p.chars().all(|c| c.is_ascii_digit())).collect();
    names.join(".")
}
