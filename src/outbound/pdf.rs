//! Lines of text become a PDF to be printed: A4 or US letter, one font that has the letters of Europe, a foot with the
//! page's number. What the font lacks is shown as a box. The same lines give the same bytes; nothing in it acts, links
//! or is fetched, and it is never longer than [`MOST_PAGES`].

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::{GlyphMetrics, Metrics};
use skrifa::{FontRef, GlyphId, MetadataProvider};

use crate::domain::dates::Locale;
use crate::language::say;

/// More than this is not printed; the last page says so.
pub const MOST_PAGES: usize = 200;

static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");
const FONT_NAME: &[u8] = b"DPSANS+DejaVuSans";
const BOX: char = '□';
const MARGIN: f32 = 62.0;
const FOOT: f32 = 34.0;
const TEXT_SIZE: f32 = 10.0;
const SMALL_SIZE: f32 = 8.5;
const TITLE_SIZE: f32 = 15.0;
/// Characters that are looked at in one piece.
const MOST_CHARS: usize = 200_000;

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The heading of the whole.
    Title(String),
    /// A name and a value.
    Fact(String, String),
    /// A line across the page.
    Rule,
    /// Who speaks, and when: stays with what is said.
    Speaker(String, String),
    /// What is said.
    Text(String),
    /// Small print.
    Small(String),
}

/// A run of characters at its place.
struct Run {
    x: f32,
    y: f32,
    size: f32,
    look: Look,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Bold,
    Grey,
}

/// What stands on a page.
enum Mark {
    Text(Run),
    Rule(f32),
}

/// The pieces as a PDF with this title and foot; none only if the font that comes with the program is broken.
pub fn write(title: &str, foot: &str, locale: Locale, pieces: &[Piece]) -> Option<Vec<u8>> {
    let font = Font::read()?;
    let (width, height) = if locale == Locale::American { (612.0, 792.0) } else { (595.0, 842.0) };
    let y = height - MARGIN;
    let mut sheet = Sheet { font: &font, locale, width, height, pages: vec![Vec::new()], y, is_full: false };
    for piece in pieces {
        sheet.piece(piece);
    }
    let mut pages = sheet.pages;
    let count = pages.len();
    for (place, marks) in pages.iter_mut().enumerate() {
        let number = say!(locale, "Page {page} of {pages}", page = place.saturating_add(1), pages = count);
        let x = width - MARGIN - font.width(&number, SMALL_SIZE);
        marks.push(Mark::Text(Run { x: MARGIN, y: FOOT, size: SMALL_SIZE, look: Look::Grey, text: foot.to_owned() }));
        marks.push(Mark::Text(Run { x, y: FOOT, size: SMALL_SIZE, look: Look::Grey, text: number }));
    }
    Some(bytes(&font, title, (width, height), &pages))
}

/// The font that comes with the program.
struct Font {
    letters: Charmap<'static>,
    glyphs: GlyphMetrics<'static>,
    metrics: Metrics,
}

impl Font {
    fn read() -> Option<Font> {
        let font = FontRef::new(FONT).ok()?;
        let (size, place) = (Size::unscaled(), LocationRef::default());
        let (glyphs, metrics) = (font.glyph_metrics(size, place), font.metrics(size, place));
        Some(Font { letters: font.charmap(), glyphs, metrics })
    }

    /// The glyph of a character, or the box.
    fn glyph(&self, c: char) -> u16 {
        let found = self.letters.map(c).or_else(|| self.letters.map(BOX));
        found.and_then(|glyph| u16::try_from(glyph.to_u32()).ok()).unwrap_or(0)
    }

    fn has(&self, c: char) -> bool {
        self.letters.map(c).is_some()
    }

    fn em(&self, units: f32) -> f32 {
        units / f32::from(self.metrics.units_per_em)
    }

    fn advance(&self, glyph: u16) -> f32 {
        self.em(self.glyphs.advance_width(GlyphId::from(glyph)).unwrap_or(0.0))
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(self.glyph(c))).sum::<f32>() * size
    }

    /// The text in lines that fit, broken at blanks, and within a word that is wider than a line.
    fn wrap(&self, text: &str, size: f32, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in plain(text).lines() {
            let indent: String = paragraph.chars().take_while(|c| *c == ' ').take(24).collect();
            let mut line = indent;
            for word in paragraph.split_whitespace() {
                let blank = if line.trim().is_empty() { "" } else { " " };
                if self.width(&format!("{line}{blank}{word}"), size) <= room {
                    line.push_str(blank);
                    line.push_str(word);
                    continue;
                }
                if !line.trim().is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line.clear();
                for c in word.chars() {
                    if self.width(&line, size) + self.width(&c.to_string(), size) > room {
                        lines.push(std::mem::take(&mut line));
                    }
                    line.push(c);
                }
            }
            lines.push(line.trim_end().to_owned());
        }
        lines
    }
}

/// Without what has no form: control characters, and marks that turn the direction of writing.
fn plain(text: &str) -> String {
    let text: String = text.chars().take(MOST_CHARS).collect();
    let turns =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.replace('\t', "    ").chars().filter(|c| *c == '\n' || !(c.is_control() || turns(*c))).collect()
}

/// Where writing goes on.
struct Sheet<'f> {
    font: &'f Font,
    locale: Locale,
    width: f32,
    height: f32,
    pages: Vec<Vec<Mark>>,
    y: f32,
    is_full: bool,
}

impl Sheet<'_> {
    fn piece(&mut self, piece: &Piece) {
        let room = self.width - 2.0 * MARGIN;
        match piece {
            Piece::Title(text) => self.lines(text, TITLE_SIZE, Look::Bold, MARGIN, room, 4.0),
            Piece::Fact(name, value) => self.fact(name, value, room),
            Piece::Rule => {
                self.need(14.0);
                let y = self.y + 2.0;
                self.put(Mark::Rule(y));
                self.y -= 14.0;
            }
            Piece::Speaker(who, when) => {
                self.need(3.0 * TEXT_SIZE * 1.45);
                let who: String = plain(who).replace('\n', " ").chars().take(60).collect();
                let x = MARGIN + self.font.width(&who, TEXT_SIZE) + 8.0;
                let y = self.y;
                self.put(Mark::Text(Run { x: MARGIN, y, size: TEXT_SIZE, look: Look::Bold, text: who }));
                self.put(Mark::Text(Run { x, y, size: SMALL_SIZE, look: Look::Grey, text: plain(when) }));
                self.y -= TEXT_SIZE * 1.5;
            }
            Piece::Text(text) => self.lines(text, TEXT_SIZE, Look::Plain, MARGIN, room, 9.0),
            Piece::Small(text) => self.lines(text, SMALL_SIZE, Look::Grey, MARGIN, room, 6.0),
        }
    }

    fn fact(&mut self, name: &str, value: &str, room: f32) {
        const INDENT: f32 = 90.0;
        self.need(TEXT_SIZE * 1.45);
        let (y, text) = (self.y, plain(name).replace('\n', " "));
        self.put(Mark::Text(Run { x: MARGIN, y, size: TEXT_SIZE, look: Look::Grey, text }));
        self.lines(value, TEXT_SIZE, Look::Plain, MARGIN + INDENT, room - INDENT, 1.0);
    }

    fn lines(&mut self, text: &str, size: f32, look: Look, x: f32, room: f32, after: f32) {
        for text in self.font.wrap(text, size, room) {
            self.need(size * 1.45);
            let y = self.y;
            if !text.is_empty() {
                self.put(Mark::Text(Run { x, y, size, look, text }));
            }
            self.y -= size * 1.45;
        }
        self.y -= after;
    }

    /// Goes to the next page if there is not so much left of this one.
    fn need(&mut self, space: f32) {
        if self.is_full || self.y - space > FOOT + 20.0 {
            return;
        }
        if self.pages.len() >= MOST_PAGES {
            let text = say!(self.locale, "The rest is left out: this is too long to be printed as one.");
            let y = self.y - 10.0;
            self.put(Mark::Text(Run { x: MARGIN, y, size: SMALL_SIZE, look: Look::Bold, text }));
            self.is_full = true;
            return;
        }
        self.pages.push(Vec::new());
        self.y = self.height - MARGIN;
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut().filter(|_| !self.is_full) {
            page.push(mark);
        }
    }
}

fn id(number: usize) -> Ref {
    Ref::new(i32::try_from(number).unwrap_or(i32::MAX))
}

/// The objects before the pages.
const CATALOG: usize = 1;
const PAGES: usize = 2;
const TYPE0: usize = 3;
const CID: usize = 4;
const DESCRIPTOR: usize = 5;
const FILE: usize = 6;
const CMAP: usize = 7;
const INFO: usize = 8;
const FIRST_PAGE: usize = 9;

fn bytes(font: &Font, title: &str, (width, height): (f32, f32), pages: &[Vec<Mark>]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let mut used: BTreeMap<u16, char> = BTreeMap::new();
    let page_id = |place: usize| FIRST_PAGE.saturating_add(place.saturating_mul(2));
    pdf.catalog(id(CATALOG)).pages(id(PAGES)).lang(TextStr("en"));
    let kids: Vec<Ref> = (0..pages.len()).map(|place| id(page_id(place))).collect();
    pdf.pages(id(PAGES)).kids(kids).count(i32::try_from(pages.len()).unwrap_or(i32::MAX));
    for (place, marks) in pages.iter().enumerate() {
        let content = id(page_id(place).saturating_add(1));
        let mut page = pdf.page(id(page_id(place)));
        page.parent(id(PAGES)).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
        page.resources().fonts().pair(Name(b"F"), id(TYPE0));
        page.finish();
        pdf.stream(content, &drawn(font, marks, width, &mut used));
    }
    embed(&mut pdf, font, &used);
    pdf.document_info(id(INFO)).title(TextStr(title)).producer(TextStr("docketpost"));
    pdf.finish()
}

fn drawn(font: &Font, marks: &[Mark], width: f32, used: &mut BTreeMap<u16, char>) -> Vec<u8> {
    let mut content = Content::new();
    for mark in marks {
        match mark {
            Mark::Rule(y) => {
                content.set_stroke_gray(0.7).set_line_width(0.6);
                content.move_to(MARGIN, *y).line_to(width - MARGIN, *y).stroke();
            }
            Mark::Text(run) => {
                let mut glyphs = Vec::new();
                for c in run.text.chars() {
                    let c = if font.has(c) { c } else { BOX };
                    let glyph = font.glyph(c);
                    used.entry(glyph).or_insert(c);
                    glyphs.extend_from_slice(&glyph.to_be_bytes());
                }
                let shade = if run.look == Look::Grey { 0.4 } else { 0.0 };
                content.set_fill_gray(shade).set_stroke_gray(shade);
                content.begin_text().set_font(Name(b"F"), run.size);
                match run.look {
                    Look::Bold => content.set_text_rendering_mode(TextRenderingMode::FillStroke).set_line_width(0.35),
                    Look::Plain | Look::Grey => content.set_text_rendering_mode(TextRenderingMode::Fill),
                };
                content.next_line(run.x, run.y).show(Str(&glyphs)).end_text();
            }
        }
    }
    content.finish().to_vec()
}

fn embed(pdf: &mut Pdf, font: &Font, used: &BTreeMap<u16, char>) {
    let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
    pdf.type0_font(id(TYPE0))
        .base_font(Name(FONT_NAME))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(id(CID))
        .to_unicode(id(CMAP));
    let mut cid = pdf.cid_font(id(CID));
    cid.subtype(CidFontType::Type2).base_font(Name(FONT_NAME)).system_info(system);
    cid.font_descriptor(id(DESCRIPTOR)).default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for glyph in used.keys() {
        widths.consecutive(*glyph, [font.advance(*glyph) * 1000.0]);
    }
    widths.finish();
    cid.finish();
    let box_of = font.metrics.bounds.unwrap_or_default();
    let scale = |units: f32| font.em(units) * 1000.0;
    pdf.font_descriptor(id(DESCRIPTOR))
        .name(Name(FONT_NAME))
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(scale(box_of.x_min), scale(box_of.y_min), scale(box_of.x_max), scale(box_of.y_max)))
        .italic_angle(0.0)
        .ascent(scale(font.metrics.ascent))
        .descent(scale(font.metrics.descent))
        .cap_height(scale(font.metrics.cap_height.unwrap_or(0.0)))
        .stem_v(80.0)
        .font_file2(id(FILE));
    let length = i32::try_from(FONT.len()).unwrap_or(i32::MAX);
    pdf.stream(id(FILE), FONT).pair(Name(b"Length1"), length);
    let mut cmap = UnicodeCmap::<u16>::new(Name(b"DocketpostText"), system);
    for (glyph, c) in used {
        cmap.pair(*glyph, *c);
    }
    pdf.stream(id(CMAP), &cmap.finish());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(pdf: &[u8]) -> usize {
        String::from_utf8_lossy(pdf).matches("/Type /Page\n").count()
    }

    #[test]
    fn the_font_has_the_letters_of_europe_and_the_rest_is_a_box() {
        let font = Font::read().unwrap();
        for c in "Zażółć gęślą jaźń ÆØÅ ñ ß ő ű Çığşü Ελλάδα Жизнь їєґ – — “” „ ‚ € £ § † … ✔ ✘ ﬁ".chars()
        {
            assert!(font.has(c), "{c}");
        }
        assert_eq!(font.glyph('漢'), font.glyph(BOX));
        assert_ne!(font.glyph(BOX), 0);
    }

    #[test]
    fn lines_fit_the_page_and_a_word_without_end_is_broken() {
        let font = Font::read().unwrap();
        let text = format!("short words and {} more\n\n  indented", "x".repeat(300));
        let lines = font.wrap(&text, TEXT_SIZE, 200.0);
        assert!(lines.len() > 8 && lines.iter().all(|l| font.width(l, TEXT_SIZE) <= 200.0), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "  indented");
    }

    #[test]
    fn it_is_never_longer_than_it_may_be_and_the_same_twice() {
        let short = [Piece::Title("x".into()), Piece::Rule, Piece::Text("y".into())];
        let pdf = write("x", "foot", Locale::British, &short).unwrap();
        assert!(pdf.starts_with(b"%PDF-") && pages(&pdf) == 1);
        assert_eq!(write("x", "foot", Locale::British, &short).unwrap(), pdf);
        let long = vec![Piece::Text("line\n".repeat(1_000)); 30];
        assert_eq!(pages(&write("x", "foot", Locale::American, &long).unwrap()), MOST_PAGES);
    }
}
