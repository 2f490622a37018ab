//! One reply of a server, RFC 5321 4.2: lines come in, a code and a cleaned text go out. It never holds more than 100
//! lines of 4 KiB (faults.md F17).

/// The longest line that is read, its end included.
pub(super) const LINE_BYTES: usize = 4096;
/// The most lines one reply may have.
const LINES: usize = 100;
/// How much of a reply's text is kept.
const TEXT_CHARS: usize = 500;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Three digits, 200 to 599.
    pub code: u16,
    /// The text of each line without the code.
    pub lines: Vec<String>,
}

/// A reply of which some lines may be missing yet.
#[derive(Default)]
pub(super) struct Partial {
    code: Option<u16>,
    lines: Vec<String>,
}

impl Partial {
    /// Takes the next line, without its end; the reply if that was its last, an error if it is none.
    pub fn take(&mut self, line: &[u8]) -> Result<Option<Reply>, &'static str> {
        let (code, last, text) = split(line).ok_or("a reply must begin with three digits")?;
        if self.code.is_some_and(|first| first != code) {
            return Err("the lines of one reply must have one code");
        }
        if self.lines.len() >= LINES {
            return Err("a reply of more than 100 lines");
        }
        self.code = Some(code);
        self.lines.push(text);
        if last { Ok(Some(Reply { code, lines: std::mem::take(&mut self.lines) })) } else { Ok(None) }
    }
}

fn split(line: &[u8]) -> Option<(u16, bool, String)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code: u16 = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let (last, text) = match rest.split_first() {
        None => (true, rest),
        Some((b' ', text)) => (true, text),
        Some((b'-', text)) => (false, text),
        Some(_) => return None,
    };
    (200..600).contains(&code).then(|| (code, last, clean(text)))
}

fn clean(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_CHARS).collect()
}

impl Reply {
    /// Code and text in one line, cut to a length that can be stored.
    pub fn text(&self) -> String {
        let whole = format!("{} {}", self.code, self.lines.join(" "));
        whole.trim_end().chars().take(TEXT_CHARS).collect()
    }

    /// True for 5yz, except what is known to pass: a full mailbox (552 5.2.2, faults.md F16).
    pub fn is_permanent(&self) -> bool {
        self.code >= 500 && !(self.code == 552 && self.has_enhanced("5.2.2"))
    }

    /// True if the text begins with an enhanced status code (RFC 3463) that begins with `prefix`.
    pub fn has_enhanced(&self, prefix: &str) -> bool {
        self.lines.first().is_some_and(|line| line.starts_with(prefix))
    }
}
