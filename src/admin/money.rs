//! Amounts as the firm's people write them, into minor units and back. Never floating point.

/// Reads `250`, `250.5` or `1,250.00` as minor units.
pub fn parse(text: &str) -> Result<i64, String> {
    let typed = text.trim();
    let (grouped, part) = typed.split_once('.').unwrap_or((typed, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    // A comma parts thousands; `1200,50` is no hundred and twenty thousand.
    if grouped.split(',').skip(1).any(|group| group.len() != 3) || part.contains(',') {
        return Err("an amount such as 1,250.00 is needed, with a point before pence or cents".to_owned());
    }
    let whole = grouped.replace(',', "");
    let whole = whole.as_str();
    let negative = whole.starts_with('-');
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    if whole.is_empty() || whole.len() > 12 || !digits(whole) || part.len() > 2 || !digits(part) {
        return Err("an amount such as 250.00 is needed".to_owned());
    }
    let minor: i64 = format!("{whole}{part:0<2}").parse().map_err(|_| "too big".to_owned())?;
    Ok(if negative { minor.saturating_neg() } else { minor })
}

/// Writes minor units as `1250.00`.
pub fn show(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_comes_back_as_it_was_written() {
        for (text, minor, shown) in
            [("250", 25_000, "250.00"), ("0.5", 50, "0.50"), ("1,250.05", 125_005, "1250.05"), ("-3.10", -310, "-3.10")]
        {
            assert_eq!(parse(text), Ok(minor));
            assert_eq!(show(minor), shown);
        }
        for odd in ["", "x", "1.234", "1200,50", "1,5", "1.250,00", "12,34,567", "1e3", ".", "--1", "9999999999999"] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
