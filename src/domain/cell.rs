//! Cells of files for spreadsheets: whatever somebody wrote, it stays text (threats T75).

/// The cell so that no spreadsheet takes it for a formula, and without what steers a terminal.
pub fn for_a_spreadsheet(cell: &str) -> String {
    let starts_formula =
        cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_number = cell.parse::<f64>().is_ok();
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = cell.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || turns(*c))).collect();
    if starts_formula && !is_number { format!("'{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t75_no_cell_can_become_a_formula() {
        for formula in ["=1+1", "+1-1", "-A1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1", " =HYPERLINK(\"x\")"] {
            assert!(for_a_spreadsheet(formula).starts_with('\''), "{formula:?}");
        }
        for plain in ["Drafted §4", "-1.5", "1.50", "2026-03-14", ""] {
            assert_eq!(for_a_spreadsheet(plain), plain);
        }
    }
}
