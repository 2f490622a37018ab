//! The bytes of a `winmail.dat` come in (MS-OXTNEF); the files that Outlook packed into it and the text, if it holds one,
//! come out. It runs nothing, and reads each byte once; what it can't read stays a file.

use super::charset;

const SIGNATURE: u32 = 0x223e_9f78;
/// Attributes of MS-OXTNEF 2.1.3.4, with their types.
const BODY: u32 = 0x0002_800c;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const CODEPAGE: u32 = 0x0006_9007;
const NEXT_FILE: u32 = 0x0006_9002;
const FILE_TITLE: u32 = 0x0001_8010;
const FILE_DATA: u32 = 0x0006_800f;
const FILE_PROPERTIES: u32 = 0x0006_9005;
/// Properties of MS-OXPROPS.
const TEXT: u16 = 0x1000;
const HTML: u16 = 0x1013;
const RTF: u16 = 0x1009;
const FILE_OBJECT: u16 = 0x3701;
const FILE_NAME: u16 = 0x3704;
const FILE_LONG_NAME: u16 = 0x3707;
const FILE_MIME: u16 = 0x370e;
const FILE_CONTENT_ID: u16 = 0x3712;

const MAX_FILES: usize = 1000;
const MAX_PROPERTIES: u32 = 10_000;
const MAX_RTF: usize = 4 * 1024 * 1024;

/// A file out of the packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name as written; empty if it has none.
    pub name: String,
    /// Its claimed type; empty if it has none.
    pub mime: String,
    /// Its Content-ID, if the text shows it.
    pub content_id: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What was in the packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// The files in order.
    pub files: Vec<File>,
    /// The text of the mail.
    pub text: Option<String>,
    /// The same in HTML.
    pub html: Option<String>,
    /// The same in RTF.
    pub rtf: Option<Vec<u8>>,
    /// Whether the packet was read to its end.
    pub is_whole: bool,
}

/// Unpacks; none if these bytes are no such packet.
pub fn unpack(bytes: &[u8]) -> Option<Packet> {
    let mut input = Input(bytes);
    if input.u32()? != SIGNATURE {
        return None;
    }
    input.take(2)?;
    let mut reading = Reading::default();
    reading.packet.is_whole = loop {
        if input.0.is_empty() {
            break true;
        }
        if reading.attribute(&mut input).is_none() {
            break false;
        }
    };
    reading.packet.files.retain(|f| !f.bytes.is_empty());
    Some(reading.packet)
}

#[derive(Default)]
struct Reading {
    packet: Packet,
    codepage: Option<String>,
}

impl Reading {
    fn attribute(&mut self, input: &mut Input<'_>) -> Option<()> {
        input.take(1)?;
        let id = input.u32()?;
        let length = input.u32()?;
        let data = input.take(usize::try_from(length).ok()?)?;
        input.take(2)?;
        match id {
            CODEPAGE => self.codepage = Input(data).u32().map(|n| format!("windows-{n}")),
            BODY => {
                let text = self.words(data);
                self.packet.text.get_or_insert(text);
            }
            MESSAGE_PROPERTIES => properties(data, |property| self.message(&property)),
            NEXT_FILE if self.packet.files.len() < MAX_FILES => self.packet.files.push(File::default()),
            NEXT_FILE => return None,
            FILE_TITLE => {
                let name = self.words(data);
                self.file(|f| f.name = name);
            }
            FILE_DATA => self.file(|f| f.bytes = data.to_vec()),
            FILE_PROPERTIES => properties(data, |property| self.file_property(&property)),
            _ => {}
        }
        Some(())
    }

    fn message(&mut self, property: &Property<'_>) {
        match property.id {
            TEXT => self.packet.text = Some(self.text_of(property)).filter(|t| !t.trim().is_empty()),
            HTML => self.packet.html = Some(self.text_of(property)).filter(|t| !t.trim().is_empty()),
            RTF => self.packet.rtf = unpacked_rtf(property.value),
            _ => {}
        }
    }

    fn file_property(&mut self, property: &Property<'_>) {
        let text = self.text_of(property);
        let object = match property.kind {
            // The object's interface stands before its bytes.
            Kind::Object => property.value.get(16..).unwrap_or_default(),
            _ => property.value,
        };
        self.file(|f| match property.id {
            FILE_LONG_NAME => f.name = text,
            FILE_NAME if f.name.is_empty() => f.name = text,
            FILE_MIME => f.mime = text.to_ascii_lowercase(),
            FILE_CONTENT_ID if !text.is_empty() => f.content_id = Some(text),
            FILE_OBJECT if f.bytes.is_empty() => f.bytes = object.to_vec(),
            _ => {}
        });
    }

    fn file(&mut self, change: impl FnOnce(&mut File)) {
        if let Some(file) = self.packet.files.last_mut() {
            change(file);
        }
    }

    fn words(&self, data: &[u8]) -> String {
        let data = data.split(|b| *b == 0).next().unwrap_or_default();
        charset::decode(data, self.codepage.as_deref())
    }

    fn text_of(&self, property: &Property<'_>) -> String {
        match property.kind {
            Kind::Wide => {
                let units = property.value.chunks_exact(2).filter_map(|c| c.first_chunk::<2>());
                let text: Vec<u16> = units.map(|c| u16::from_le_bytes(*c)).take_while(|u| *u != 0).collect();
                String::from_utf16_lossy(&text)
            }
            _ => self.words(property.value),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Narrow,
    Wide,
    Object,
    Other,
}

struct Property<'d> {
    id: u16,
    kind: Kind,
    value: &'d [u8],
}

/// Gives each property with a value of its own length; stops at the first that can't be read.
fn properties<'d>(data: &'d [u8], mut take: impl FnMut(Property<'d>)) {
    let mut input = Input(data);
    let count = input.u32().unwrap_or(0).min(MAX_PROPERTIES);
    for _ in 0..count {
        if property(&mut input, &mut take).is_none() {
            return;
        }
    }
}

fn property<'d>(input: &mut Input<'d>, take: &mut impl FnMut(Property<'d>)) -> Option<()> {
    let form = input.u16()?;
    let id = input.u16()?;
    if id >= 0x8000 {
        input.take(16)?;
        match input.u32()? {
            0 => input.take(4)?,
            _ => input.padded()?,
        };
    }
    let (is_many, form) = (form & 0x1000 != 0, form & 0x0fff);
    let fixed = match form {
        0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Some(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
        0x0048 => Some(16),
        0x000d | 0x001e | 0x001f | 0x0102 => None,
        _ => return None,
    };
    let kind = match form {
        0x000d => Kind::Object,
        0x001e => Kind::Narrow,
        0x001f => Kind::Wide,
        _ => Kind::Other,
    };
    let values = if is_many || fixed.is_none() { input.u32()? } else { 1 };
    for _ in 0..values {
        let value = match fixed {
            Some(length) => input.take(length)?,
            None => input.padded()?,
        };
        take(Property { id, kind, value });
    }
    Some(())
}

/// Bytes that are still to be read.
struct Input<'d>(&'d [u8]);

impl<'d> Input<'d> {
    fn take(&mut self, count: usize) -> Option<&'d [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk::<2>().map(|b| u16::from_le_bytes(*b))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk::<4>().map(|b| u32::from_le_bytes(*b))
    }

    /// A length, so many bytes, and zeros up to a multiple of four.
    fn padded(&mut self) -> Option<&'d [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let value = self.take(length)?;
        let padding = length.wrapping_neg() & 3;
        self.take(padding.min(self.0.len()))?;
        Some(value)
    }
}

/// What every packed RTF may refer back to (MS-OXRTFCP 2.1.2.1).
const KNOWN: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4096;

/// Unpacks RTF (MS-OXRTFCP); none if it is not packed as it should be.
fn unpacked_rtf(packed: &[u8]) -> Option<Vec<u8>> {
    let mut input = Input(packed);
    input.u32()?;
    let length = usize::try_from(input.u32()?).ok()?.min(MAX_RTF);
    let form = input.take(4)?;
    input.u32()?;
    if form == b"MELA" {
        return Some(input.0.get(..length).unwrap_or(input.0).to_vec());
    }
    if form != b"LZFu" {
        return None;
    }
    let mut out = KNOWN.to_vec();
    'runs: while out.len().saturating_sub(KNOWN.len()) < length {
        let Some(control) = input.take(1).and_then(<[u8]>::first) else { break };
        for bit in 0..8 {
            if control >> bit & 1 == 0 {
                let Some(byte) = input.take(1).and_then(<[u8]>::first) else { break 'runs };
                out.push(*byte);
                continue;
            }
            let Some(pair) = input.take(2).and_then(<[u8]>::first_chunk::<2>) else { break 'runs };
            let reference = usize::from(u16::from_be_bytes(*pair));
            if !repeat(&mut out, reference >> 4, (reference & 15).saturating_add(2)) {
                break 'runs;
            }
        }
    }
    let mut rtf = out.split_off(KNOWN.len());
    rtf.truncate(length);
    Some(rtf)
}

/// Repeats `count` bytes that stand at `place` of the window; a place at its end is the end of all.
fn repeat(out: &mut Vec<u8>, place: usize, count: usize) -> bool {
    let back = out.len().wrapping_sub(place) & WINDOW.saturating_sub(1);
    if back == 0 {
        return false;
    }
    for _ in 0..count {
        let from = out.len().checked_sub(back);
        let Some(byte) = from.and_then(|at| out.get(at)).copied() else { return false };
        out.push(byte);
    }
    true
}

/// A packet with these files, and a text.
#[cfg(test)]
pub(super) fn sample(files: &[(&str, &[u8])], text: Option<&str>) -> Vec<u8> {
    let mut packet = [&SIGNATURE.to_le_bytes()[..], &[1, 0]].concat();
    let mut attribute = |level: u8, id: u32, data: &[u8]| {
        packet.push(level);
        packet.extend(id.to_le_bytes());
        packet.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        packet.extend(data);
        packet.extend([0, 0]);
    };
    attribute(1, CODEPAGE, &[0xe4, 4, 0, 0, 0, 0, 0, 0]);
    if let Some(text) = text {
        attribute(1, BODY, &[text.as_bytes(), &[0]].concat());
    }
    for (name, bytes) in files {
        attribute(2, NEXT_FILE, &[0; 14]);
        attribute(2, FILE_TITLE, b"SHORT~1.PDF\0");
        attribute(2, FILE_DATA, bytes);
        let wide: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let mut list = [&1u32.to_le_bytes()[..], &0x001fu16.to_le_bytes(), &FILE_LONG_NAME.to_le_bytes()].concat();
        list.extend([&1u32.to_le_bytes()[..], &u32::try_from(wide.len()).unwrap().to_le_bytes(), &wide].concat());
        list.resize(list.len().next_multiple_of(4), 0);
        attribute(2, FILE_PROPERTIES, &list);
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_files_come_out_under_their_long_names_and_the_text_with_them() {
        let packet =
            unpack(&sample(&[("Entwurf für Müller.pdf", b"%PDF-1.7"), ("b.txt", b"hi")], Some("Please see."))).unwrap();
        let names: Vec<&str> = packet.files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["Entwurf für Müller.pdf", "b.txt"]);
        assert_eq!(packet.files[0].bytes, b"%PDF-1.7");
        assert_eq!(packet.text.as_deref(), Some("Please see."));
        assert!(packet.is_whole);
    }

    #[test]
    fn what_is_cut_off_gives_what_is_whole() {
        let whole = sample(&[("a.pdf", b"%PDF-1.7"), ("b.pdf", b"%PDF-1.7")], None);
        let packet = unpack(&whole[..whole.len() - 90]).unwrap();
        assert!(!packet.is_whole && packet.files.len() == 1);
        assert_eq!(unpack(b"%PDF-1.7"), None);
    }

    #[test]
    fn packed_rtf_is_unpacked() {
        // The example of MS-OXRTFCP 3.1.1.
        let packed = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B2\x0a\xf3 hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        assert_eq!(unpacked_rtf(packed).as_deref(), Some(&b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"[..]));
    }

    #[test]
    fn a_text_that_repeats_itself_without_end_is_bounded() {
        let mut packed = [&[0u8; 4][..], &u32::MAX.to_le_bytes(), b"LZFu", &[0; 4]].concat();
        packed.extend([0, b'a', b'a', b'a', b'a', b'a', b'a', b'a', b'a'].repeat(2));
        packed.extend([0xff, 0, 0x0f].repeat(200_000));
        assert!(unpacked_rtf(&packed).unwrap().len() <= MAX_RTF);
    }

    proptest! {
        #[test]
        fn any_packet_is_unpacked(cut in 0usize..400, at in 0usize..400, byte in any::<u8>(), noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut packet = sample(&[("a.pdf", b"%PDF-1.7")], Some("x"));
            let place = at % packet.len();
            packet[place] = byte;
            packet.truncate(cut.max(8));
            let _ = unpack(&packet);
            let _ = unpack(&[&SIGNATURE.to_le_bytes()[..], &noise].concat());
            let _ = unpacked_rtf(&noise);
        }
    }
}
