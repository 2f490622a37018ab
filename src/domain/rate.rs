//! What an hour costs, in a text: `$300/h`, `200 € per hour`, `rate: 300`. Other sums belong to what was done, such as an
//! offer that was reviewed. Nothing here gives the amount back.

use std::sync::LazyLock;

use regex::Regex;

use super::scan::pattern;

static RATE: LazyLock<Regex> = LazyLock::new(|| {
    const AMOUNT: &str = r"\d[\d.,']*";
    const SIGN: &str = r"(?:[$£€]|(?:usd|eur|gbp|chf|euros?|dollars?|pounds?)\b)";
    const EACH: &str = r"\s?(?:/|per\b|an\b|pro\b|par\b|por\b|de\s+l')\s?(?:h|hr|hour|stunde|std|heure|hora)\b";
    const NAME: &str = r"(?:rate|stundensatz|taux|tarifa)\s?:\s?";
    pattern(&format!(
        r"(?:^|[\s(,;@])(?:{SIGN}\s?{AMOUNT}{EACH}|{AMOUNT}\s?{SIGN}{EACH}|{NAME}(?:{SIGN}\s?)?{AMOUNT}(?:\s?{SIGN})?(?:[.;,)]|\s+[^%\s]|\s*$))"
    ))
});

/// Says whether a text names an hourly rate.
pub fn is_named(text: &str) -> bool {
    RATE.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hourly_rate_is_told_from_other_sums() {
        for text in [
            "Call with expert ($300/h)",
            "Call with expert, € 200 per hour",
            "Drafted brief at 250 EUR/h",
            "Entwurf, 250 € pro Stunde",
            "Rédaction à 200 € de l'heure",
            "Drafted brief rate: 300",
            "Drafted brief, rate: $300.",
        ] {
            assert!(is_named(text), "{text}");
        }
        for text in [
            "Reviewed $50,000 settlement offer",
            "Reviewed interest rate: 5% clause",
            "Reviewed interest rate: 5 % clause",
            "Drafted 3 letters per hour of call",
            "Reviewed lease at $300 per month",
            "Drafted motion for a separate: 3 exhibits",
        ] {
            assert!(!is_named(text), "{text}");
        }
    }
}
