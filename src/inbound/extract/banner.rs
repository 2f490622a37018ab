//! Lines come in; how many of them, from the top, are the banner of a gateway ("CAUTION: this email originated from outside
//! of the organization") comes out. It is not the writer's text, whoever's gateway put it there.

use crate::inbound::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// No banner is longer.
const MAX_LINES: usize = 12;
const MAX_LINE: usize = 600;

/// How banners begin.
static BANNER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\W*(?:
        (?:external|outside)\ (?:e-?mail|sender|message)\W.{0,30}(?:this|do\ not|use\ caution|be\ care|exercise|think)
        | (?:caution|warning|attention|important|notice|alert|security\ (?:notice|warning|alert)|\[?external\]?)\W.{0,40}?(?:this\ (?:e-?mail|message|mail)|external\ (?:e-?mail|sender|source|message)|sent\ from\ outside|from\ outside|originated|outside\ (?:of\ )?(?:the|our|your)\ (?:organi[sz]ation|company|network|firm|university))
        | this\ (?:e-?mail|message|mail)\ (?:has\ |was\ |is\ )?(?:originated|originates|comes?|came|sent|been\ sent|from|received)\ (?:from\ |by\ )?.{0,30}?(?:outside|external\ (?:e-?mail|sender|source|address|party|domain))
        | extern[ea]?\ (?:e-?mail|nachricht|mail|absender)\W.{0,60}?(?:link|anh[aä]ng|vorsicht|achtung|absender)
        | you\ (?:don't|do\ not)\ often\ (?:get|receive)\ (?:e-?mail|messages?)\ from\ | some\ people\ who\ received\ this\ message\ don't\ often
        | (?:achtung|vorsicht|warnung|hinweis|wichtig)\W.{0,40}?(?:extern|außerhalb) | diese\ (?:e-?mail|nachricht|mail)\ (?:kommt|stammt|wurde|ist)\ .{0,60}?(?:extern|außerhalb) | sie\ erhalten\ nicht\ (?:oft|häufig)\ e-?mails?\ von
        | (?:attention|avertissement|prudence)\W.{0,60}?(?:externe|extérieur) | (?:ce\ (?:message|courriel|mail)|cet\ e-?mail)\ (?:provient|vient|a\ été\ envoyé|émane)\ .{0,60}?(?:externe|extérieur) | vous\ n'obtenez\ pas\ souvent
        | (?:atención|precaución|advertencia)\W.{0,60}?(?:externo|fuera) | este\ (?:mensaje|correo)\ (?:proviene|procede|ha\ sido\ enviado|se\ originó)\ .{0,60}?(?:externo|fuera) | (?:attenzione|avviso)\W.{0,60}?(?:estern) | questa?\ (?:messaggio|e-?mail)\ (?:proviene|arriva)\ .{0,60}?estern
        | (?:let\ op|waarschuwing)\W.{0,60}?(?:extern|buiten) | (?:atenção|cuidado)\W.{0,60}?(?:extern|fora) | (?:uwaga|ostrzeżenie)\W.{0,60}?zewn | (?:varning|obs)\W.{0,60}?extern | (?:внимание)\W.{0,60}?внешн
        )",
    )
});

/// A tag, which stands between brackets or asterisks or in capitals: the word alone may be a heading.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\W*(?:external|ext|extern[ea]?|externo|esterno)(?:[ :-]+(?:e-?mail|sender|message|mail|nachricht|absender|courriel|correo))?\W*$",
    )
});

fn is_tag(line: &str) -> bool {
    TAG.is_match(line) && (line.trim_start().starts_with(['[', '*', '<', '(']) || !line.chars().any(char::is_lowercase))
}

/// What stands in the lines below the first.
static MORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:do\ not|don't|never|avoid|before)\ (?:click|open|reply|respond|follow|trust|act) | (?:click|open)ing\ (?:on\ )?(?:any\ )?(?:links?|attachments?) | links?\ (?:and|or)\ .{0,20}attachments? | recogni[sz]e\ the\ sender | content\ is\ safe | (?:exercise|use)\ (?:extra\ )?caution | be\ (?:careful|cautious|vigilant) | learn\ why\ this\ is\ important | report\ (?:this|any|suspicious) | phish | originated\ (?:from\ )?outside | outside\ (?:of\ )?(?:the|our|your)\ (?:organi[sz]ation|company|network|firm) | verify\ the\ sender | expecting\ (?:this|it)
        | anhänge | keine\ links | absender\ .{0,30}(?:kennen|vertrau|bekannt) | pièces?\ jointes? | cliquez | expéditeur | archivos?\ adjuntos? | haga\ clic | remitente | allegat | bijlagen",
    )
});

/// The line below the banner; 0 if there is none. `lines` are all, each with whether it is new.
pub(super) fn end<'l>(lines: impl Iterator<Item = (&'l str, bool)>) -> usize {
    let mut end = 0usize;
    let mut open = Open::Nothing;
    for (at, (line, is_new)) in lines.take(MAX_LINES).enumerate() {
        let bare = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '|' | '-' | '=' | '~'));
        if bare.is_empty() {
            open = if open == Open::Sentence { Open::Banner } else { open };
            continue;
        }
        let may_be = is_new && bare.len() < MAX_LINE && !bare.starts_with(['#', '＃', '>']);
        let is_banner = BANNER.is_match(bare) || is_tag(line) || (open != Open::Nothing && MORE.is_match(bare));
        // The rest of a sentence that was wrapped.
        let goes_on = open == Open::Sentence && bare.starts_with(char::is_lowercase);
        if !may_be || !(is_banner || goes_on) {
            break;
        }
        let unended = !bare.ends_with(['.', '!', ']', ')', ':']) && bare.chars().count() > 40;
        open = if unended { Open::Sentence } else { Open::Banner };
        end = at.saturating_add(1);
    }
    end
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Banner,
    Sentence,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lines: &[&str]) -> usize {
        end(lines.iter().map(|l| (*l, true)))
    }

    #[test]
    fn a_gateways_banner_is_told_from_the_text_below() {
        for banner in [
            &[
                "CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender and know the content is safe.",
            ][..],
            &[
                "CAUTION: This email originated from outside of the organization. Do not click links",
                "or open attachments unless you recognize the sender and know the content is safe.",
            ],
            &["[EXTERNAL EMAIL]"],
            &["*** EXTERNAL ***"],
            &["[EXT]"],
            &["External Email: Use caution before opening attachments."],
            &[
                "WARNING: This message was sent from outside our company.",
                "Please do not click links or open attachments unless you know the sender.",
            ],
            &["This email has originated outside the organisation. Be careful."],
            &["You don't often get email from jane@roe.example. Learn why this is important"],
            &["ACHTUNG: Diese E-Mail kommt von einem externen Absender. Keine Links oder Anhänge öffnen."],
            &["Diese E-Mail stammt von außerhalb der Organisation."],
            &["Attention : ce courriel provient d'un expéditeur externe.", "Ne cliquez pas sur les liens."],
            &["Este correo proviene de fuera de la organización."],
        ] {
            let mut lines = banner.to_vec();
            lines.extend(["", "Yes please.", "#done T-1"]);
            assert_eq!(count(&lines), banner.len(), "{banner:?}");
        }
        assert_eq!(count(&["[EXTERNAL]", "", "CAUTION: external sender. Do not open attachments.", "", "Yes."]), 3);
    }

    #[test]
    fn what_a_person_begins_with_is_no_banner() {
        for line in [
            "Caution: outside counsel must file by Monday.",
            "External counsel agrees.",
            "Important: the hearing is on Monday.",
            "Attention Mr Smith",
            "This message is for the external auditor of Acme.",
            "This email was sent by the external auditor on Monday.",
            "Please do not click links in the exhibit.",
            "External",
            "Achtung: Frist am Montag!",
            "#done T-1",
        ] {
            assert_eq!(count(&[line, "", "Do not open attachments."]), 0, "{line}");
        }
    }
}
