//! Lines of new text come in; where a signature begins among them comes out: a delimiter, a mobile client's line, a
//! closing with a name, a disclaimer (gateway.md T6).

use crate::inbound::names::is_bidi_control;
use crate::inbound::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// The most lines that a signature without delimiter may have.
const MAX_LINES: usize = 12;
const MAX_WIDTH: usize = 70;

static DELIMITER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:--|__|—|––|---|\*--\*|- -|\* \* \*|_{5,}|-{20,}|={20,}|\*{5,}|#{30,})\s*$"));

/// A line of two hyphens or its like: what follows is a signature.
pub(super) fn is_delimiter(line: &str) -> bool {
    DELIMITER.is_match(line)
}

/// A line drawn by a program or a footer; alone it proves no signature.
pub(super) fn is_rule(line: &str) -> bool {
    let bare = line.trim();
    bare.len() >= 5 && bare.chars().all(|c| matches!(c, '_' | '-' | '=' | '*' | '#' | '~' | ' '))
}

/// How the line of a telephone or an app begins; by itself it may begin a sentence.
static MOBILE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[\s*_<>\-\[(]*(?:
        (?:sent|typed|written|composed)\ (?:from|via|with|using|on|by|wirelessly|securely) | from\ my | get\ \[?(?:outlook|bluemail)\ (?:for|from) | get\ the\ .{1,30}\ app
        | (?:von|vom|aus)\ (?:meine[mrn]?|mein|der|outlook|unterwegs|mobil\w*|iphone|ipad) | gesendet\ (?:von|vom|mit|aus|über) | diese\ (?:nachricht|e-?mail)\ wurde\ (?:von|mit) | outlook\ (?:für|for|pour|voor|para|per)
        | envoyé\ (?:de|d'|depuis|à\ partir\ d\w*|avec|via|sans\ fil) | (?:télécharge[rz]|obtenez|obtenir)\ outlook | envoyée?\ d'
        | envia(?:do|da|t)\ (?:desde|des|de|del|do|da|a\ partir|pelo|con|com|por) | obt(?:ener|er|enga|enha)\ (?:o\ )?outlook | inviat[oa]\ (?:da|dal|dall'|con|tramite) | (?:ottieni|scarica)\ outlook
        | (?:verzonden|verstuurd)\ (?:vanaf|vanuit|met|via|van|door) | download\ outlook | sendt\ (?:fra|via|med) | skickat\ (?:från|med|via) | (?:hent|hämta|skaffa)\ outlook | lähetetty
        | wysłan[eoy]\ (?:z|ze|przy|za) | pobierz\ outlook | odesláno\ (?:z|ze|pomocí) | odoslané\ (?:z|zo) | отправлено\ (?:с|из|от) | надіслано\ (?:з|із) | trimis\ (?:de\ pe|din) | poslano\ (?:z|s|iz|sa) | στάλθηκε\ από | elküldve | được\ gửi\ từ | gửi\ từ | dikirim\ dari
        )",
    )
});

/// What it names.
static DEVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)i-?phone | i-?pad | ipod | android | samsung | galaxy | huawei | xiaomi | redmi | nokia | (?-u:\b)sony(?-u:\b) | (?-u:\b)htc(?-u:\b) | (?-u:\b)lg(?-u:\b) | oneplus | (?-u:\b)pixel(?-u:\b) | blackberry | windows | outlook | yahoo | gmail | (?-u:\b)aol(?-u:\b) | proton | tuta | airmail | (?-u:\b)spark(?-u:\b)
        | mailbird | mailbox | mailspring | bluemail | superhuman | polymail | thunderbird | typemail | (?-u:\b)zoho(?-u:\b) | (?-u:\b)k-9(?-u:\b) | k-9\ mail | (?-u:\b)gmx(?-u:\b) | web\.de | (?-u:\b)libero(?-u:\b) | (?-u:\b)mail\ (?:for|pour|für|voor|para|app|per)(?-u:\b) | (?-u:\b)boxer(?-u:\b) | verizon | t-mobile | vodafone | (?-u:\b)ti-\d+
        | (?-u:\b)mobile?(?-u:\b) | mobil\w*(?:gerät|telefon) | mobil(?-u:\b) | (?-u:\b)handy(?-u:\b) | smart?phone | (?-u:\b)tele(?:f|ph)\w+ | téléphone | (?-u:\b)phone(?-u:\b) | cellulare | celular | móvil | puheli\w+ | (?-u:\b)device(?-u:\b) | dispositiv\w+ | apparaat | toestel | (?-u:\b)enhe[td](?-u:\b) | (?-u:\b)tablet\w*(?-u:\b) | (?-u:\b)laptop(?-u:\b) | (?-u:\b)cell(?-u:\b) | (?-u:\b)hey(?-u:\b) | on\ the\ go | unterwegs",
    )
});

/// Lines that name no start and no device apart.
static MOBILE_WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[\s*_<>\-\[(]*(?:via\ mobile | mobile\ mail | \(?mobile\)? | someone\ from\ mobile | sent\ by\ .{1,30}\ (?:phone|galaxy|mobile)
        | sent\ from\ my\ \S+(?:\ \S+){0,2}
        | \S*(?:iphone|telefon|cihaz|android|samsung)\S*\ (?:\S+\ ){0,3}(?:gönderildi|gönderilmiştir) | .{0,30}(?:iphone|ipad|android|outlook|スマート).{0,20}(?:から送信|より送信).{0,10} | (?:从|從)?(?:我的|自我的).{0,30}(?:发送|傳送|發送) | (?:发自|發自|傳送自).{0,30} | 나의\ .{0,30}에서\ 보냄
        | נשלח\ מ.{0,40} | أ?ُ?رسلت?\ من.{0,40} | تم\ الإرسال\ من.{0,40} | please\ excuse\ (?:any\ |my\ )?(?:brevity|typos|the\ brevity).{0,60} | (?:diese\ nachricht\ )?mobil\ gesendet
        )[\s*_<>\])]*$",
    )
});

/// What a telephone or an app adds by itself.
pub(super) fn is_mobile(line: &str) -> bool {
    let bare = line.trim_matches(is_bidi_control);
    let short = bare.len() < 200 && bare.split(' ').filter(|w| !w.is_empty()).count() <= 16;
    short && ((MOBILE.is_match(bare) && DEVICE.is_match(bare)) || MOBILE_WHOLE.is_match(bare))
}

static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\s*(?:(?:(?:many\ |with\ )?(?:thanks|thank\ you|thx|tks|ty)(?:\ (?:again|so\ much|very\ much|a\ lot|in\ advance|for\ your\ (?:help|time|understanding)|and\ (?:kind\ |best\ )?regards|and\ best|you))*)
        | (?:(?:with\ )?(?:my\ )?(?:very\ )?(?:kind(?:est)?|best|warm(?:est)?|many|sincere)?\ ?(?:regards|wishes|rgds)) | best | all\ the\ best | cheers | sincerely(?:\ yours)? | yours(?:\ (?:sincerely|truly|faithfully|respectfully))? | (?:very\ )?truly\ yours | respectfully(?:\ yours)? | cordially | kr | br | warmly | take\ care | ciao | love
        | mit\ (?:freundlich|best|lieb|herzlich|sonnig)\w*\ gr(?:ü|ue)(?:ß|ss)(?:en|e)?(?:\ .{0,20})? | (?:viele|liebe|beste|freundliche|herzliche|schöne|sonnige)\ gr(?:ü|ue)(?:ß|ss)e?(?:\ .{0,20})? | gr(?:u|ü|ue)(?:ß|ss)e? | mfg | lg | vg | hochachtungsvoll | danke(?:\ (?:und|im\ voraus|schön).{0,40})? | vielen\ dank(?:\ .{0,40})?
        | (?:bien\ )?cordialement | (?:très\ )?cordialement | cdlt | bien\ à\ (?:vous|toi) | (?:sincères\ |meilleures\ |avec\ mes\ )?salutations(?:\ distinguées)? | merci(?:\ (?:beaucoup|d'avance|bien))? | bonne\ (?:journée|soirée|réception) | amicalement
        | (?:un\ |muchos\ |cordiales\ |atentos\ |con\ )?salud[oa]s?(?:\ cordial(?:es)?)? | atentamente | (?:muchas\ )?gracias(?:\ .{0,30})? | un\ abrazo | (?:atenciosamente|att|abraços?|cumprimentos|obrigad[oa]|com\ os\ melhores\ cumprimentos) | (?:cordiali|distinti|cari)\ saluti | saluti | grazie(?:\ .{0,20})? | un\ saluto
        | (?:met\ )?vriendelijke\ groet(?:en)? | hartelijke\ groet(?:en)? | groet(?:en|jes)? | mvg | bedankt(?:\ .{0,20})? | alvast\ bedankt | (?:med\ )?(?:vennlig|venlig|vänlig(?:a)?|bästa|beste|bedste|mange)\ (?:hilsen|hilsner|hälsning(?:ar)?) | hilsen | hälsningar | mvh | vh | tack(?:\ .{0,20})? | tak(?:\ .{0,20})? | takk(?:\ .{0,20})?
        | (?:ystävällisin|parhain|terveisin)\ ?(?:terveisin)? | z\ poważaniem | z\ powazaniem | pozdrawiam(?:\ .{0,20})? | pozdrowienia | z\ wyrazami\ szacunku | s\ pozdravem | s\ přáním .{0,20} | üdvözlettel | с\ уважением | з\ повагою | saygılar(?:ımla)? | cu\ (?:stimă|respect) | με\ εκτίμηση | trân\ trọng
        | よろしくお願い(?:いた|致)?します | 敬具 | 以上 | 此致 | 谢谢 | 祝好 | 감사합니다 | בברכה | تحياتي
        )[\s,.!;:\-–—~*]*$",
    )
});

/// A closing formula on its own line.
pub(super) fn is_closing(line: &str) -> bool {
    line.len() < 100 && CLOSING.is_match(line.trim_matches(['*', '_', ' ']))
}

static DASHED_NAME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:[-–—/~]\s?|- )\pL[\pL.'\-]{0,20}(?: \pL[\pL.'\-]{0,20}){0,2}[.]?\s*$"));

/// `-Jane` or `/John` as the last line.
pub(super) fn is_dashed_name(line: &str) -> bool {
    DASHED_NAME.is_match(line) && line.chars().any(char::is_uppercase)
}

/// Whether the line is the sender's own name, or its first or last word.
pub(super) fn is_name(line: &str, sender: &str) -> bool {
    if sender.is_empty() || line.len() > 300 {
        return false;
    }
    let bare = line.trim().trim_matches([',', '.', '-', '–', '—', '*', '_', '/', '~', ' ']).to_lowercase();
    let sender = sender.to_lowercase();
    let words: Vec<&str> = sender.split([' ', ',', '"']).filter(|w| !w.is_empty()).collect();
    let words: Vec<&str> = words.into_iter().map(|w| w.trim_matches('.')).collect();
    let bare = bare.split(['|', '•', '·', '–', '\t']).next().unwrap_or_default().trim().to_owned();
    let own = words.first() == Some(&bare.as_str()) || words.last() == Some(&bare.as_str()) || bare == sender;
    let parts: Vec<&str> = bare.split(' ').collect();
    let all = words.len() > 1
        && words.iter().filter(|w| w.chars().count() > 1).all(|w| parts.contains(w))
        && parts.len() <= words.len().saturating_add(1);
    bare.chars().count() > 2 && (own || all)
}

static CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:^|\s)(?:t|f|m|p|tel|tél|phone|fax|mobile?|mob|cell|office|direct|telefon|handy|e-?mail|web|www|skype|linkedin|twitter|url|http|https)\s?[.:]?\s?[:+(\d/] | \+?\(?\d[\d\s().\-/]{6,}\d | \S+@\S+\.\S+ | (?:https?://|www\.)\S+ | (?-u:\b)(?:gmbh|inc\.?|ltd\.?|llp|llc|b\.v\.|s\.a\.|ag|esq\.?|attorney|solicitor|partner|associate|counsel|manager|director|engineer|developer|ceo|cto|cfo|founder)(?-u:\b)",
    )
});

static DISCLAIMER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:this|the\ information\ (?:contained\ )?in\ this|the\ contents\ of\ this|any)\ (?:e-?mail|message|communication|transmission)(?-u:\b).{0,200}?(?:confidential|privileged|intended|virus|addressee|recipient|monitored|scanned)
        | (?:confidentiality|privacy|legal)\ (?:notice|note|disclaimer|statement|warning) | if\ you\ (?:are|have)\ (?:not\ the\ (?:intended|named)|received\ this\ (?:e-?mail|message|communication).{0,40}?\ in\ error) | intended\ (?:solely|only|for\ the\ (?:sole\ |exclusive\ )?(?:use|addressee|recipient)) | (?:content|contents|information)\ (?:of|in)\ this\ (?:e-?mail|message).{0,60}?(?:confidential|privileged) | not\ to\ be\ treated\ as\ a\ secure | monitors\ all | unauthori[sz]ed\ (?:use|disclosure|copying) | (?:received|have\ received)\ (?:this\ .{0,30}?)?(?:in\ error|by\ mistake) | (?:informazioni|contenut\w+).{0,40}?(?:riservate|confidenziali) | (?:intended|named)\ (?:recipient|addressee)
        | (?:diese|vorliegende)\ (?:e-?mail|nachricht)\ (?:enth[äa]lt|ist).{0,60}?(?:vertraulich|rechtlich) | ce\ (?:message|courriel|mail).{0,60}?(?:confidentiel|destin) | este\ (?:mensaje|correo|e-?mail|mensagem).{0,80}?(?:confidencial|destin) | esta\ mensagem.{0,80}?confidencia | (?:questo|il\ presente)\ (?:messaggio|e-?mail).{0,80}?(?:riservat|confidenzial) | dit\ (?:bericht|e-?mail).{0,80}?(?:vertrouwelijk|bestemd)
        | please\ consider\ the\ environment | think\ before\ you\ print | (?:scanned|checked)\ (?:for|by)\ (?:all\ )?(?:virus|messagelabs|mimesweeper|anti-?virus|mailscanner|avast) | virus-free | this\ (?:e-?mail|message)\ (?:has\ been|was)\ (?:scanned|checked|sent\ to) | avast\ antivirus | government\ secure\ intranet | e-?mails?\ (?:sent|may\ be|are)\ .{0,60}?(?:monitored|recorded|logged)",
    )
});

fn is_short(line: &str) -> bool {
    line.chars().count() <= MAX_WIDTH
}

/// Where the signature of `lines` (one stretch of new text) begins, as seen from its end; `None` if there is none.
pub(super) fn start(lines: &[&str], sender: &str) -> Option<(usize, Sort)> {
    let hard = delimited(lines).into_iter().chain(mobile(lines)).chain(disclaimer(lines)).min();
    if let Some(at) = hard {
        let above = lines.get(..at).unwrap_or_default();
        return Some((contact(above).or_else(|| dashed(above)).unwrap_or(at), Sort::Hard));
    }
    let typed = [closing(lines), named(lines, sender), contact(lines)].into_iter().flatten().min();
    typed.or_else(|| dashed(lines)).map(|at| (at, Sort::Soft))
}

/// What kind of sign a signature begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A program put it there.
    Hard,
    /// The writer may have typed it.
    Soft,
}

fn rest<'l>(lines: &'l [&'l str], at: usize) -> impl Iterator<Item = &'l str> {
    lines.iter().skip(at.saturating_add(1)).copied().filter(|l| !l.trim().is_empty())
}

fn delimited(lines: &[&str]) -> Option<usize> {
    lines.iter().enumerate().find(|(at, line)| is_delimiter(line) && closes(lines, *at, line)).map(|(at, _)| at)
}

/// Two hyphens end the text; a drawn line only if what follows is no long text.
fn closes(lines: &[&str], at: usize, line: &str) -> bool {
    let after = rest(lines, at).count();
    let drawn = is_rule(line) || matches!(line.trim(), "---" | "* * *");
    let prose = rest(lines, at).filter(|l| l.chars().count() > MAX_WIDTH.saturating_mul(2)).count();
    if drawn {
        after <= MAX_LINES && prose == 0 || rest(lines, at).any(|l| DISCLAIMER.is_match(l))
    } else {
        after <= 40
    }
}

fn mobile(lines: &[&str]) -> Option<usize> {
    let at = lines.iter().position(|l| is_mobile(l))?;
    (rest(lines, at).filter(|l| !is_mobile(l)).count() <= MAX_LINES).then_some(at)
}

fn disclaimer(lines: &[&str]) -> Option<usize> {
    let hits: Vec<usize> = lines.iter().enumerate().filter(|(_, l)| DISCLAIMER.is_match(l)).map(|(at, _)| at).collect();
    let first = *hits.first()?;
    let joined = lines.get(first..)?.join(" ");
    let strong = hits.len() >= 2 || DISCLAIMER.find_iter(&joined).count() >= 2;
    let above = lines.get(..first)?;
    let paragraph = above.iter().rposition(|l| l.trim().is_empty() || is_rule(l)).map_or(0, |at| at.saturating_add(1));
    let ruled = lines
        .get(..paragraph)?
        .iter()
        .rposition(|l| !l.trim().is_empty())
        .filter(|at| lines.get(*at).is_some_and(|l| is_rule(l)));
    let begins = ruled.unwrap_or(paragraph);
    let has_text = lines.iter().take(begins).any(|l| !l.trim().is_empty());
    (strong && has_text).then_some(begins)
}

fn closing(lines: &[&str]) -> Option<usize> {
    let at = lines.iter().rposition(|l| is_closing(l))?;
    let few = rest(lines, at).count() <= MAX_LINES && rest(lines, at).all(is_short);
    (few && at > 0 && !rest(lines, at).any(is_content)).then_some(at)
}

/// A sentence, a list item, a heading or a command: what nobody has below a closing but as text.
fn is_content(line: &str) -> bool {
    let bare = line.trim();
    let sentence = bare.ends_with(['.', '?', '!']) && bare.split(' ').count() > 6;
    let item = bare.starts_with(['#', '＃', '•', '*']) && !bare.ends_with('*') || bare.starts_with("- ");
    sentence || item || bare.ends_with(':')
}

/// A closing paragraph of short lines of which several are telephone numbers, addresses, titles.
fn contact(lines: &[&str]) -> Option<usize> {
    let starts: Vec<usize> = (1..lines.len())
        .rev()
        .filter(|at| lines.get(*at).is_some_and(|l| !l.trim().is_empty()))
        .filter(|at| at.checked_sub(1).and_then(|above| lines.get(above)).is_some_and(|l| l.trim().is_empty()))
        .take(5)
        .collect();
    starts.into_iter().filter(|at| is_card(lines, *at)).min()
}

fn is_card(lines: &[&str], at: usize) -> bool {
    let card: Vec<&str> = lines.iter().skip(at).copied().filter(|l| !l.trim().is_empty()).collect();
    let above = lines.iter().take(at).rfind(|l| !l.trim().is_empty());
    let introduced = above.is_none_or(|l| l.trim().ends_with([':', ',']) && !l.trim().starts_with(':'));
    let numbers = card.iter().filter(|l| CONTACT.is_match(l)).count();
    let enough = numbers >= 2 && numbers.saturating_mul(4) >= card.len() && card.len() >= 3;
    !introduced && enough && card.len() <= MAX_LINES.saturating_add(2) && card.iter().all(|l| is_card_line(l))
}

/// Short, no sentence, no list item, no command.
fn is_card_line(line: &str) -> bool {
    let bare = line.trim();
    let sentence = bare.ends_with(['.', '?', '!', ':', ',']) || bare.split(' ').count() > 6;
    bare.chars().count() <= MAX_WIDTH.saturating_add(20)
        && !bare.starts_with(['#', '-', '>'])
        && (!sentence || CONTACT.is_match(bare))
}

/// The sender's own name on a line, with contact data below or nothing.
fn named(lines: &[&str], sender: &str) -> Option<usize> {
    let at = lines.iter().rposition(|l| is_name(l, sender))?;
    let below = rest(lines, at).count();
    let contact = rest(lines, at).filter(|l| CONTACT.is_match(l) || l.split(' ').count() <= 4).count();
    let sentence = rest(lines, at).any(|l| is_content(l) || l.chars().count() > MAX_WIDTH.saturating_mul(2));
    (at > 0 && below <= MAX_LINES && contact.saturating_mul(2) >= below && !sentence).then_some(at)
}

fn dashed(lines: &[&str]) -> Option<usize> {
    let at = lines.iter().rposition(|l| !l.trim().is_empty())?;
    let above = lines.iter().take(at).rfind(|l| !l.trim().is_empty())?;
    let above = above.trim();
    let item = (above.starts_with(['-', '–', '•', '*']) && !above.starts_with("--"))
        || (above.ends_with(':') && !above.starts_with(':'));
    (!item && lines.get(at).is_some_and(|l| is_dashed_name(l))).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hyphens_begin_a_signature() {
        assert_eq!(start(&["Agreed.", "-- ", "Jane Doe", "Doe LLP"], ""), Some((1, Sort::Hard)));
    }

    #[test]
    fn a_closing_and_a_name_are_a_signature_only_at_the_end() {
        assert_eq!(start(&["Agreed.", "", "Kind regards,", "Jane"], ""), Some((2, Sort::Soft)));
        assert_eq!(
            start(&["Thanks", "I will file the brief on Monday, as we said on the call.", "Is that fine?"], ""),
            None
        );
    }

    #[test]
    fn telephones_sign_in_many_languages() {
        for line in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPhone",
            "Get Outlook for iOS",
            "iPhoneから送信",
            "Skickat från min iPhone",
        ] {
            assert!(is_mobile(line), "{line}");
        }
        for line in [
            "Sent the brief to the court this morning, with both exhibits attached.",
            "Sent by mail to the court on Friday.",
            "Sent by the clerk yesterday.",
            "Sent with my apologies for the delay.",
            "Von meinem Mandanten habe ich noch nichts gehört.",
            "Envoyé par le greffe hier.",
            "Inviato dal tribunale ieri.",
            "From my point of view we should settle.",
        ] {
            assert!(!is_mobile(line), "{line}");
        }
    }

    #[test]
    fn a_list_below_thanks_is_no_signature() {
        assert_eq!(start(&["Please add these.", "Thanks", "", "Exhibits:", "- Deed", "- Contract"], ""), None);
    }

    #[test]
    fn contact_data_that_a_sentence_announces_is_no_signature() {
        let lines = ["The witness can be reached here:", "", "John Smith", "Tel: +1 555 123 4567", "john@x.example"];
        assert_eq!(start(&lines, ""), None);
        let lines = ["Agreed.", "", "John Smith", "Smith LLP", "Tel: +1 555 123 4567", "john@x.example"];
        assert_eq!(start(&lines, ""), Some((2, Sort::Soft)));
    }

    #[test]
    fn a_command_below_a_closing_is_no_signature() {
        assert_eq!(start(&["Done with it.", "Thanks", "#done T-4"], ""), None);
    }
}
