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
        (?:sent|typed|written|composed)\ (?:from|via|with|using|on|by|wirelessly|securely) | from\ my | get\ \[?(?:outlook|bluemail)\ (?:for|from) | (?:hol(?:en)?\ (?:dir|sie)|laden?\ sie)\ outlook | get\ the\ .{1,30}\ app
        | (?:von|vom|aus)\ (?:meine[mrn]?|mein|der|outlook|unterwegs|mobil\w*|iphone|ipad|(?:samsung|galaxy|android|huawei|xiaomi)\S*) | gesendet\ (?:von|vom|mit|aus|über) | diese\ (?:nachricht|e-?mail)\ wurde\ (?:von|mit) | outlook\ (?:für|for|pour|voor|para|per)
        | envoyé\ (?:de|d'|depuis|à\ partir\ d\w*|avec|via|sans\ fil) | (?:télécharge[rz]|obtenez|obtenir)\ outlook | envoyée?\ d'
        | envia(?:do|da|t)\ (?:desde|des|de|del|do|da|a\ partir|pelo|con|com|por) | obt(?:ener|er|enga|enha)\ (?:o\ )?outlook | inviat[oa]\ (?:da|dal|dall'|con|tramite) | (?:ottieni|scarica)\ outlook
        | (?:verzonden|verstuurd)\ (?:vanaf|vanuit|met|via|van|door) | download\ outlook | sendt\ (?:fra|via|med) | skickat\ (?:från|med|via) | (?:hent|hämta|skaffa)\ outlook | lähetetty
        | wysłan[eoy]\ (?:z|ze|przy|za) | pobierz\ (?:aplikację\ )?outlook | odesláno\ (?:z|ze|pomocí) | (?:odoslané|poslané)\ (?:z|zo) | отправлено\ (?:с|из|от) | надіслано\ (?:з|із) | trimis\ (?:de\ pe|din) | poslano\ (?:z|s|iz|sa) | στάλθηκε\ από | elküldve | được\ gửi\ từ | gửi\ từ | dikirim\ dari
        )",
    )
});

/// What it names.
static DEVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)i-?phon | i-?pad | ipod | android | samsung | galaxy | huawei | xiaomi | redmi | nokia | (?-u:\b)sony(?-u:\b) | (?-u:\b)htc(?-u:\b) | (?-u:\b)lg(?-u:\b) | oneplus | (?-u:\b)pixel(?-u:\b) | blackberry | windows | outlook | yahoo | gmail | (?-u:\b)aol(?-u:\b) | proton | tuta | airmail | (?-u:\b)spark(?-u:\b)
        | mailbird | mailbox | mailspring | bluemail | superhuman | polymail | thunderbird | typemail | (?-u:\b)zoho(?-u:\b) | (?-u:\b)k-9(?-u:\b) | k-9\ mail | (?-u:\b)gmx(?-u:\b) | web\.de | (?-u:\b)libero(?-u:\b) | (?-u:\b)mail\ (?:for|pour|für|voor|para|app|per)(?-u:\b) | (?-u:\b)boxer(?-u:\b) | verizon | t-mobile | vodafone | (?-u:\b)ti-\d+
        | (?-u:\b)mobile?(?-u:\b) | mobil\w*(?:gerät|telefon) | mobil(?-u:\b) | (?-u:\b)handy(?-u:\b) | smart?phone | (?-u:\b)tele(?:f|ph)\w+ | téléphone | (?-u:\b)phone(?-u:\b) | cellulare | celular | móvil | puheli\w+ | (?-u:\b)device(?-u:\b) | dispositiv\w+ | apparaat | toestel | (?-u:\b)enhe[td](?-u:\b) | (?-u:\b)tablet\w*(?-u:\b) | (?-u:\b)laptop(?-u:\b) | (?-u:\b)cell(?-u:\b) | (?-u:\b)hey(?-u:\b) | mail\ orange | la\ poste | fairemail | aqua\ ?mail | mymail | on\ the\ go | unterwegs",
    )
});

/// Lines that name no start and no device apart.
static MOBILE_WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[\s*_<>\-\[(]*(?:via\ mobile | mobile\ mail | \(?mobile\)? | someone\ from\ mobile | sent\ by\ .{1,30}\ (?:phone|galaxy|mobile)
        | sent\ (?:from|with|via)\ (?:nine|front|typeapp|newton(?:\ mail)?|edison(?:\ mail)?|canary(?:\ mail)?|missive|shortwave|fastmail|mailmate|postbox|emclient|em\ client)
        | sent\ from\ my\ \S+(?:\ \S+){0,2}
        | \S*(?:iphone|telefon|cihaz|android|samsung)\S*\ (?:\S+\ ){0,3}(?:gönderildi|gönderilmiştir) | .{0,30}(?:iphone|ipad|android|outlook|スマート).{0,20}(?:から送信|より送信).{0,10} | (?:从|從)?(?:我的|自我的).{0,30}(?:发送|傳送|發送) | (?:发自|發自|傳送自).{0,30} | 나의\ .{0,30}에서\ 보냄
        | נשלח\ מ.{0,40} | ن?أ?ُ?رسلت?\ من.{0,40} | تم\ الإرسال\ من.{0,40} | please\ excuse\ (?:any\ |my\ )?(?:brevity|typos|the\ brevity).{0,60} | (?:diese\ nachricht\ )?mobil\ gesendet
        )[\s*_<>\])]*$",
    )
});

/// Words of sending that stand anywhere in such a line, in languages whose verb comes last or whose line is always short.
static SENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)küldve | gönderil | sent\ frá | poslan[oe] | poslat[oa]? | odeslán | odoslan | изпратено | послато | надіслано | відправлено | отправлено | išsiųst | nosūtīt | saadetud | bidali | enviad[oa] | enviat
        | đã\ gửi | gửi\ từ | ส่งจาก | dihantar | dikirim | נשלח | ارسال | أُ?رسل | भेजा | 送信 | 发送 | 傳送 | 寄自 | 发自 | 發自 | 보냄",
    )
});

static BRAND: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"i-?phon|i-?pad|android|samsung|galaxy|huawei|xiaomi|outlook"));

/// A telephone's line in a language of another order of words: short, no sentence, with both.
fn is_brand(line: &str) -> bool {
    let short = line.split(' ').count() <= 7 && !line.ends_with(['.', '?', '!', ':', ',']);
    short && BRAND.is_match(line) && SENT.is_match(line)
}

/// What a telephone or an app adds by itself.
pub(super) fn is_mobile(line: &str) -> bool {
    let bare = line.trim_matches(is_bidi_control);
    let short = bare.len() < 200 && bare.split(' ').filter(|w| !w.is_empty()).count() <= 16;
    short && ((MOBILE.is_match(bare) && DEVICE.is_match(bare)) || MOBILE_WHOLE.is_match(bare) || is_brand(bare))
}

static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\s*(?:(?:(?:many\ |with\ )?(?:thanks|thank\ you|thx|tks|ty)(?:\ (?:again|so\ much|very\ much|a\ lot|in\ advance|for\ your\ (?:help|time|understanding)|and\ (?:kind\ |best\ )?regards|and\ best|you))*)
        | (?:(?:with\ )?(?:my\ )?(?:very\ )?(?:kind(?:est)?|best|warm(?:est)?|many|sincere)?\ ?(?:regards|wishes|rgds)) | best | all\ the\ best | cheers | sincerely(?:\ yours)? | yours(?:\ (?:sincerely|truly|faithfully|respectfully))? | (?:very\ )?truly\ yours | respectfully(?:\ yours)? | cordially | kr | br | warmly | take\ care | ciao | love
        | mit\ (?:freundlich|best|lieb|herzlich|sonnig)\w*\ gr(?:ü|ue)(?:ß|ss)(?:en|e)?(?:\ .{0,20})? | (?:viele|liebe|beste|freundliche|herzliche|schöne|sonnige)\ gr(?:ü|ue)(?:ß|ss)e?(?:\ .{0,20})? | gr(?:u|ü|ue)(?:ß|ss)e? | mfg | lg | vg | hochachtungsvoll | danke(?:\ (?:und|im\ voraus|schön).{0,40})? | vielen\ dank(?:\ .{0,40})?
        | (?:bien\ )?cordialement | (?:très\ )?cordialement | cdlt | bien\ à\ (?:vous|toi) | (?:sincères\ |meilleures\ |avec\ mes\ )?salutations(?:\ distinguées)? | merci(?:\ (?:beaucoup|d'avance|bien))? | bonne\ (?:journée|soirée|réception) | amicalement
        | (?:un\ |muchos\ |cordiales\ |atentos\ |con\ )?salud[oa]s?(?:\ cordial(?:es)?)? | atentamente | (?:muchas\ )?gracias(?:\ .{0,30})? | un\ abrazo | (?:atenciosamente|att|abraços?|cumprimentos|obrigad[oa]|com\ os\ melhores\ cumprimentos) | (?:cordiali|distinti|cari)\ saluti | saluti | grazie(?:\ .{0,20})? | un\ saluto
        | (?:met\ )?vriendelijke\ groet(?:en)? | hartelijke\ groet(?:en)? | groet(?:en|jes)? | mvg | bedankt(?:\ .{0,20})? | alvast\ bedankt | (?:med\ )?(?:vennlig|venlig|vänlig(?:a)?|bästa|beste|bedste|mange)\ (?:hilsen|hilsner|hälsning(?:ar)?) | hilsen | hälsningar | mvh | vh | tack(?:\ .{0,20})? | tak(?:\ .{0,20})? | takk(?:\ .{0,20})?
        | (?:ystävällisin|parhain|terveisin)\ ?(?:terveisin)? | z\ poważaniem | z\ powazaniem | pozdrawiam(?:\ .{0,20})? | pozdrowienia | z\ wyrazami\ szacunku | s\ pozdrav(?:em|om) | srdačan\ pozdrav | (?:lep|prisrčen)\ pozdrav | ar\ cieņu | pagarbiai | lugupidamisega | (?:með\ )?(?:bestu\ |góðum\ )?kveðj[au]m? | с\ уважение | поздрави | salutacions(?:\ cordials)? | adeitasunez | un\ saúdo | salam(?:\ (?:hormat|sejahtera))? | hormat\ (?:saya|kami) | ขอแสดงความนับถือ | सादर | با\ احترام | מכבדי?ם? | مع\ (?:أطيب\ )?التحيات | 順頌商祺 | 順祝商祺 | 敬祝 | s\ přáním .{0,20} | üdvözlettel | с\ уважением | з\ повагою | saygılar(?:ımla)? | cu\ (?:stimă|respect) | με\ εκτίμηση | trân\ trọng
        | よろしくお願い(?:いた|致)?します | 敬具 | 以上 | 此致 | 谢谢 | 祝好 | 감사합니다 | בברכה | تحياتي
        )[\s,.!;:\-–—~*，。、،]*$",
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
        | diese\ (?:e-?mail|nachricht|mail)\ ist\ (?:ausschlie(?:ß|ss)lich|nur)\ | (?:e-?mail|nachricht|mail)\ (?:irrtümlich|versehentlich)\ erhalten | nicht\ der\ (?:richtige|beabsichtigte|vorgesehene)\ (?:adressat|empfänger)
        | reçu\ (?:ce|cet)\ (?:message|courriel|e-?mail|mail)\ par\ erreur | n'êtes\ pas\ le\ (?:bon\ )?destinataire | recibido\ (?:este|el)\ (?:mensaje|correo|e-?mail).{0,20}?\ por\ error | ricevuto\ (?:questo|il\ presente|la\ presente)\ .{0,20}?per\ errore | ricevuto\ per\ errore | recebeu\ est[ea]\ (?:mensagem|e-?mail)\ por\ (?:engano|erro) | bericht\ ten\ onrechte | detta\ (?:meddelande|e-?post\w*|mejl)\ (?:är|kan|innehåller).{0,60}?(?:konfidentiell|avse) | meddelande\ av\ misstag
        | denne\ (?:e-?mail|e-?post(?:en)?|meddelelse(?:n)?|besked)\ (?:er|kan|indeholder|inneholder).{0,60}?(?:fortrolig|konfidensiel|taushets) | (?:modtaget|mottatt)\ denne\ .{0,20}?ved\ en\ feil | modtaget\ denne\ .{0,20}?ved\ en\ fejl | tämä\ (?:sähköposti)?viesti\ .{0,60}?luottamuksel | viestin\ (?:erehdyksessä|vahingossa) | wiadomość\ .{0,60}?(?:poufn|przeznaczon) | wiadomość\ (?:omyłkowo|przez\ pomyłkę) | (?:tato\ zpráva|tento\ e-?mail)\ .{0,60}?(?:důvěrn|určen) | zprávu\ obdrželi\ omylem | (?:данное|это|настоящее)\ (?:электронное\ )?(?:сообщение|письмо)\ .{0,60}?(?:конфиденциал|предназначен) | (?:сообщение|письмо)\ по\ ошибке
        | please\ consider\ the\ environment(?-u:\b) | think\ before\ you\ print | (?:scanned|checked)\ (?:for|by)\ (?:all\ )?(?:virus|messagelabs|mimesweeper|anti-?virus|mailscanner|avast) | virus-free | this\ (?:e-?mail|message)\ (?:has\ been|was)\ (?:scanned|checked|sent\ to) | avast\ antivirus | government\ secure\ intranet | e-?mails?\ (?:sent|may\ be|are)\ .{0,60}?(?:monitored|recorded|logged)",
    )
});

/// What firms, scanners and good causes put below a mail: formulas, of which one is enough in a paragraph of their own.
static SMALL_PRINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\W*(?:privileged(?:\ ?[/&]\ ?|\ and\ )confidential | confidential(?:ity)?\ (?:notice|note|statement|communication) | (?:legal\ )?disclaimer\s?: | legal\ (?:notice|disclaimer)\s?: | (?:caution|notice|warning|note)\W{1,3}this\ (?:e-?mail|message)\ (?:is|may\ be)\ (?:strictly\ )?(?:confidential|privileged) | vertraulichkeitshinweis | aviso\ (?:legal|de\ confidencialidad) | avis\ de\ confidentialité | think\ (?:twice\ )?before\ (?:you\ print|printing) | save\ (?:a\ tree|trees|paper)(?-u:\b))
        | (?:information|contents?|e-?mail|message|communication|transmission)(?-u:\b).*\ (?:intended|meant)\ (?:solely|only|exclusively)\ for\ (?:the\ )?(?:sole\ |exclusive\ )?(?:use|individual|person|addressee|named|intended|recipient)
        | if\ you\ (?:are\ not\ (?:the|an)\ (?:addressee|intended|named)|(?:have\ )?received?\ (?:it|this).*(?:in\ error|by\ mistake)).*(?:delet|destroy|notif|tell|inform|copy|disclos|prohibited|return)
        | internet\ communications?\ (?:are|is)\ not\ secure | circular\ 230\ disclosure | authori[sz]ed\ and\ regulated\ by\ the\ (?:solicitors|sra|financial|law\ society|bar)(?-u:\b) | bank\ details\ will\ not\ change
        | registered\ in\ (?:england|scotland|ireland|wales)(?-u:\b).*\d{4} | list\ of\ (?:the\ |our\ )?(?:members|partners|directors).*(?:inspection|available) | personal\ data\W.{0,20}https?://\S+$
        | (?:please\ )?consider\ the\ environment(?-u:\b) | don't\ print\ this | before\ printing\ this\ (?:e-?mail|message) | der\ umwelt\ zuliebe | environnement\ avant\ d'imprimer | medio\ ambiente.*imprimir | pense\ no\ meio\ ambiente | ambiente.*stampare
        | (?:scanned|checked|swept|tested)\ (?:for|by)(?-u:\b).*(?:virus|malware|mimecast|messagelabs|symantec|avast|avg|eset|mcafee|sophos|norton|kaspersky|barracuda|proofpoint) | virus-free\. | no\ virus\ found | information\ from\ eset | auf\ viren\ (?:über|ge)prüft | absence\ de\ virus | libre\ de\ virus | privo\ di\ virus
        | (?:e-?mail|nachricht|mail)(?-u:\b).*(?:vertraulich|ausschlie(?:ß|ss)lich|nur\ für).*(?:adressat|empfänger) | nicht\ der\ .*(?:adressat|empfänger).*(?:lösch|vernicht|informier|benachrichtig) | (?:geschäftsführ|amtsgericht|registergericht|handelsregister|(?-u:\b)ag(?-u:\b)).*(?-u:\b)(?:hrb|hra|pr)\ ?\d{2,}
        | (?:message|courriel|e-?mail|mail)(?-u:\b).*(?:confidenti|exclusi).*destinataire | par\ erreur.*(?:détrui|supprim|averti) | (?:mensaje|correo)(?-u:\b).*(?:dirig|destinad|confidencial|exclusiv).*(?:destinatari|error) | (?:mensagem|e-?mail)(?-u:\b).*(?:confidencia|privilegiad).*(?:destinat|engano|apagu|elimin|divulg)
        | (?:informazioni|messaggio|comunicazione)(?-u:\b).*(?:riservat|confidenzial).*(?:destinatar|errore) | bericht(?-u:\b).*(?:vertrouwelijk|uitsluitend).*(?:geadresseerde|bestemd|ontvanger) | (?:meddelande|e-?post|mejl).*konfidenti.*(?:mottagare|adressat|avsändare|misstag) | (?:e-?mail|e-?post|meddelelse|besked).*(?:fortrolig|konfidensi).*(?:modtager|mottaker|afsender|avsender)
        | viesti.*luottamuksel | wiadomość.*(?:poufn|przeznaczon).*(?:adresat|omyłk|usun) | (?:zpráva|správa|e-?mail).*(?:důvěrn|dôvern).*(?:adresát|příjemc|omylem) | e-?posta.*(?:gizli|özel).*(?:alıcı|siliniz) | сообщени.*(?:конфиденциал|предназначен).*(?:адресат|получател|ошибк) | повідомлення.*конфіденц.*(?:адресат|отримувач|помилк) | (?:üzenet|levél).*(?:bizalmas|címzett).*(?:címzett|tévedés|töröl)
        | 本メール.*(?:機密|秘密|宛先|破棄) | 本(?:邮件|郵件).*(?:保密|机密|機密)",
    )
});

/// The same where a closing stands above: there it need be no formula.
static BELOW_CLOSING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"accept service .{0,40}(?:by|via) (?:e-?mail|electronic)"));

/// Where the paragraphs of small print at the end of `lines` begin.
fn small_print(lines: &[&str]) -> Option<usize> {
    let closed = || lines.iter().any(|l| is_closing(l));
    let mut begins = None;
    let mut end = lines.len();
    for _ in 0..MAX_PARAGRAPHS {
        let is_break = |l: &&str| l.trim().is_empty() || is_rule(l);
        let last = lines.get(..end)?.iter().rposition(|l| !is_break(l));
        let Some(last) = last else { break };
        let first = lines.get(..last)?.iter().rposition(is_break).map_or(0, |at| at.saturating_add(1));
        let paragraph = lines.get(first..=last)?;
        let typed = paragraph.iter().any(|l| l.trim_start().starts_with(['#', '＃', '>']) || l.contains(['?', '？']));
        let joined = paragraph.join(" ");
        let is_print = |text: &str| SMALL_PRINT.is_match(text) || (closed() && is_below_closing(text));
        if typed || joined.len() < 20 || joined.len() > MAX_PARAGRAPH || !is_print(&joined) {
            break;
        }
        end = first;
        begins = Some(first);
    }
    let begins = begins?;
    let has_text = lines.get(..begins)?.iter().any(|l| !l.trim().is_empty());
    // A line drawn above belongs to it.
    let above = lines.get(..begins)?.iter().rposition(|l| !l.trim().is_empty());
    let ruled = above.filter(|at| lines.get(*at).is_some_and(|l| is_rule(l)));
    has_text.then_some(ruled.unwrap_or(begins))
}

fn is_below_closing(paragraph: &str) -> bool {
    DISCLAIMER.is_match(paragraph) || BELOW_CLOSING.is_match(paragraph)
}

/// No footer has more paragraphs, and none is longer.
const MAX_PARAGRAPHS: usize = 8;
const MAX_PARAGRAPH: usize = 4000;

fn is_short(line: &str) -> bool {
    line.chars().count() <= MAX_WIDTH
}

/// Where the signature of `lines` (one stretch of new text) begins, as seen from its end; `None` if there is none.
pub(super) fn start(lines: &[&str], sender: &str) -> Option<(usize, Sort)> {
    found(lines, sender).map(|(at, sort)| (below_text(lines, at).unwrap_or(at), sort))
}

/// A line that is drawn above a signature belongs to it.
fn below_text(lines: &[&str], at: usize) -> Option<usize> {
    let drawn = |l: &str| is_rule(l) || matches!(l.trim(), "***" | "---" | "~~~" | "* * *" | "===" | "___");
    let above = lines.get(..at)?;
    let last = above.iter().rposition(|l| !l.trim().is_empty()).filter(|n| above.get(*n).is_some_and(|l| drawn(l)))?;
    above.iter().take(last).any(|l| !l.trim().is_empty()).then_some(last)
}

fn found(lines: &[&str], sender: &str) -> Option<(usize, Sort)> {
    let marked = delimited(lines).into_iter().chain(mobile(lines)).min();
    let printed = disclaimer(lines).into_iter().chain(small_print(lines)).min();
    if let Some(at) = marked.into_iter().chain(printed).min() {
        let above = lines.get(..at).unwrap_or_default();
        // What a firm's server adds stands below what the writer closed with.
        let closed = || if marked == Some(at) { None } else { typed(above, sender) };
        return Some((closed().or_else(|| contact(above)).or_else(|| dashed(above)).unwrap_or(at), Sort::Hard));
    }
    typed(lines, sender).or_else(|| dashed(lines)).map(|at| (at, Sort::Soft))
}

fn typed(lines: &[&str], sender: &str) -> Option<usize> {
    [closing(lines), named(lines, sender), contact(lines)].into_iter().flatten().min()
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
    // Two words with a comma, a paragraph right above the name, close the text in whatever language.
    let closes = |l: &&str| l.trim().ends_with([',', '，', '،']) && l.trim().split(' ').count() <= 2;
    let is_blank = |at: usize| at.checked_sub(1).and_then(|n| lines.get(n)).is_some_and(|l| l.trim().is_empty());
    let above = at.checked_sub(1).filter(|n| is_blank(*n) && lines.get(*n).is_some_and(closes));
    let fits = at > 0 && below <= MAX_LINES && contact.saturating_mul(2) >= below && !sentence;
    fits.then_some(above.unwrap_or(at))
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
            "Hol dir Outlook für Android",
            "Pobierz aplikację Outlook dla systemu Android",
            "Von Samsung-Tablet gesendet",
            "Poslané z iPhonu",
            "Envoyé depuis l'application Mail Orange",
            "Sent from Nine",
        ] {
            assert!(is_mobile(line), "{line}");
        }
        for line in [
            "Sent the brief to the court this morning, with both exhibits attached.",
            "Sent by mail to the court on Friday.",
            "Sent by the clerk yesterday.",
            "Sent from Front Street, as you said.",
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
    fn one_formula_in_a_paragraph_of_its_own_is_small_print() {
        for print in [
            "The information in this e-mail is intended only for the individual to whom it is addressed.",
            "Privileged/Confidential Information may be contained in this message.",
            "IRS Circular 230 Disclosure: any tax advice is not intended to be used to avoid penalties.",
            "This email has been scanned for viruses by Mimecast.",
            "Smith Law LLP is authorised and regulated by the Solicitors Regulation Authority.",
            "Geschäftsführer: Max Müller, Amtsgericht Charlottenburg HRB 12345",
            "Der Inhalt dieser E-Mail ist vertraulich und ausschließlich für den Adressaten bestimmt.",
            "Esta mensagem pode conter informação confidencial. Se não for o destinatário, apague-a.",
            "Bu e-posta mesajı gizlidir. Eğer mesajın alıcısı değilseniz mesajı siliniz.",
            "Please consider the environment before printing this email.",
        ] {
            assert_eq!(start(&["Agreed.", "", print], ""), Some((2, Sort::Hard)), "{print}");
            assert_eq!(
                start(&["Agreed.", "", "Best regards,", "Jane", "", print], ""),
                Some((2, Sort::Hard)),
                "{print}"
            );
            assert_eq!(start(&[print], ""), None, "{print}");
        }
        assert_eq!(
            start(
                &[
                    "Agreed.",
                    "",
                    "Best,",
                    "Jane",
                    "",
                    "This e-mail is confidential.",
                    "",
                    "We do not accept service by email."
                ],
                ""
            ),
            Some((2, Sort::Hard))
        );
    }

    #[test]
    fn what_a_lawyer_writes_about_such_things_is_no_small_print() {
        for text in [
            "This email is confidential, so please don't show it to the client.",
            "The court does not accept service by email.",
            "Is the firm authorised and regulated by the SRA?",
            "We should consider the environmental report.",
            "The letter was intended only for Bob.",
            "HRB 12345 is the number of the company.",
            "#note This message is intended only for the addressee.",
        ] {
            assert_eq!(start(&["Dear Bob,", "", text], ""), None, "{text}");
        }
    }

    #[test]
    fn a_line_drawn_above_a_card_belongs_to_it() {
        for rule in ["=====", "~~~~~", "***", "-----"] {
            let lines = ["Agreed.", "", rule, "John Smith", "Smith LLP", "Tel: +1 555 123 4567", "john@x.example"];
            assert_eq!(start(&lines, "John Smith").map(|(at, _)| at), Some(2), "{rule}");
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
