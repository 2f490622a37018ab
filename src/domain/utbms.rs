//! The UTBMS codes that lawyers put on time: a typed code comes in, its name and its neighbours go out (spec: billing.md
//! e3). Never says whether a firm uses a code: firms enable sets and add codes of their own.

use std::fmt;

/// A published list of codes that a firm may enable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    /// ABA activities, `A101`: how.
    Activities,
    /// ABA litigation tasks, `L210`: what.
    Litigation,
    /// LOC eDiscovery tasks, `L610`.
    Ediscovery,
    /// ABA counseling tasks, `C300`.
    Counseling,
    /// ABA project tasks, `P400`.
    Project,
    /// ABA bankruptcy tasks, `B110`.
    Bankruptcy,
    /// ABA expenses, `E122`.
    Expenses,
    /// Civil litigation in England and Wales, `JG10`.
    EnglandWales,
    /// LOC patent tasks, `PA` and three digits; no list is shipped.
    Patent,
    /// LOC trademark tasks, `TR` and three digits; no list is shipped.
    Trademark,
}

/// What a code says about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// What was worked on.
    Task,
    /// How it was worked on.
    Activity,
    /// What was paid for.
    Expense,
}

/// A code in capitals, of the shape of one of the sets; whether the set has it is another question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    /// Reads one word as a code: never a hyphen, never an item's number.
    pub fn parse(text: &str) -> Option<Code> {
        let split = text.find(|c: char| c.is_ascii_digit())?;
        let (letters, digits) = text.split_at_checked(split)?;
        let letters = letters.to_ascii_uppercase();
        let wanted = match letters.as_str() {
            "A" | "B" | "C" | "E" | "L" | "P" | "PA" | "TR" => 3,
            j if j.len() == 2 && j.starts_with('J') && j.is_ascii() && j.chars().all(char::is_alphabetic) => 2,
            _ => return None,
        };
        let fits = digits.len() == wanted && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Code(format!("{letters}{digits}")))
    }

    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says about an entry, by its letters.
    pub fn group(&self) -> Group {
        match self.0.chars().next() {
            Some('A') => Group::Activity,
            Some('E') => Group::Expense,
            _ => Group::Task,
        }
    }

    /// The set whose letters it has.
    pub fn set(&self) -> Set {
        let letter = self.0.trim_end_matches(|c: char| c.is_ascii_digit());
        match letter {
            "A" => Set::Activities,
            "B" => Set::Bankruptcy,
            "C" => Set::Counseling,
            "E" => Set::Expenses,
            "P" => Set::Project,
            "PA" => Set::Patent,
            "TR" => Set::Trademark,
            "L" if self.0.starts_with("L6") => Set::Ediscovery,
            "L" => Set::Litigation,
            _ => Set::EnglandWales,
        }
    }

    /// Its name in the shipped table, `None` if it is not there.
    pub fn name(&self) -> Option<&'static str> {
        CODES.iter().find(|(code, _, _)| *code == self.0).map(|(_, _, name)| *name)
    }

    /// Says whether the shipped lists can tell that it does not exist; of `PA`, `TR` and `JJ` to `JM` no list is shipped.
    pub fn is_unlisted(&self) -> bool {
        let no_list = matches!(self.set(), Set::Patent | Set::Trademark)
            || ["JJ", "JK", "JL", "JM"].iter().any(|p| self.0.starts_with(p));
        !no_list && self.name().is_none()
    }

    /// Says whether it is the header of a phase (`L100`), which no line of a bill carries when the phase has codes below it.
    pub fn is_phase(&self) -> bool {
        self.0
            .get(..2)
            .filter(|_| self.0.ends_with("00"))
            .is_some_and(|phase| CODES.iter().any(|(code, _, _)| code.starts_with(phase) && *code != self.0))
    }

    /// Up to `most` codes of `sets` that are nearest to it, nearest first, with their names.
    pub fn nearest(&self, sets: &[Set], most: usize) -> Vec<(Code, &'static str)> {
        let mut near: Vec<(u32, &str, &str)> = CODES
            .iter()
            .filter(|(_, set, _)| sets.contains(set))
            .map(|(code, _, name)| (distance(&self.0, code), *code, *name))
            .collect();
        near.sort_unstable();
        near.into_iter().take(most).map(|(_, code, name)| (Code(code.to_owned()), name)).collect()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters weigh more than any number, so that an activity is not answered with a task.
fn distance(a: &str, b: &str) -> u32 {
    let parts = |code: &str| {
        let letters = code.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let number: u32 = code.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().unwrap_or(0);
        (letters, number)
    };
    let ((la, na), (lb, nb)) = (parts(a), parts(b));
    na.abs_diff(nb).saturating_add(if la == lb { 0 } else { 10_000 })
}

/// Every shipped code: code, set, name (billing.md e3).
pub const CODES: &[(&str, Set, &str)] = &[
    ("A101", Set::Activities, "Plan and prepare for"),
    ("A102", Set::Activities, "Research"),
    ("A103", Set::Activities, "Draft/revise"),
    ("A104", Set::Activities, "Review/analyze"),
    ("A105", Set::Activities, "Communicate (in firm)"),
    ("A106", Set::Activities, "Communicate (with client)"),
    ("A107", Set::Activities, "Communicate (other outside counsel)"),
    ("A108", Set::Activities, "Communicate (other external)"),
    ("A109", Set::Activities, "Appear for/attend"),
    ("A110", Set::Activities, "Manage data/files"),
    ("A111", Set::Activities, "Other"),
    ("L100", Set::Litigation, "Case assessment, development and administration"),
    ("L110", Set::Litigation, "Fact investigation/development"),
    ("L120", Set::Litigation, "Analysis/strategy"),
    ("L130", Set::Litigation, "Experts/consultants"),
    ("L140", Set::Litigation, "Document/file management"),
    ("L150", Set::Litigation, "Budgeting"),
    ("L160", Set::Litigation, "Settlement/non-binding ADR"),
    ("L190", Set::Litigation, "Other case assessment, development and administration"),
    ("L200", Set::Litigation, "Pre-trial pleadings and motions"),
    ("L210", Set::Litigation, "Pleadings"),
    ("L220", Set::Litigation, "Preliminary injunctions/provisional remedies"),
    ("L230", Set::Litigation, "Court mandated conferences"),
    ("L240", Set::Litigation, "Dispositive motions"),
    ("L250", Set::Litigation, "Other written motions and submissions"),
    ("L260", Set::Litigation, "Class action certification and notice"),
    ("L300", Set::Litigation, "Discovery"),
    ("L310", Set::Litigation, "Written discovery"),
    ("L320", Set::Litigation, "Document production"),
    ("L330", Set::Litigation, "Depositions"),
    ("L340", Set::Litigation, "Expert discovery"),
    ("L350", Set::Litigation, "Discovery motions"),
    ("L390", Set::Litigation, "Other discovery"),
    ("L400", Set::Litigation, "Trial preparation and trial"),
    ("L410", Set::Litigation, "Fact witnesses"),
    ("L420", Set::Litigation, "Expert witnesses"),
    ("L430", Set::Litigation, "Written motions and submissions"),
    ("L440", Set::Litigation, "Other trial preparation and support"),
    ("L450", Set::Litigation, "Trial and hearing attendance"),
    ("L460", Set::Litigation, "Post-trial motions and submissions"),
    ("L470", Set::Litigation, "Enforcement"),
    ("L500", Set::Litigation, "Appeal"),
    ("L510", Set::Litigation, "Appellate motions and submissions"),
    ("L520", Set::Litigation, "Appellate briefs"),
    ("L530", Set::Litigation, "Oral argument"),
    ("L600", Set::Ediscovery, "eDiscovery"),
    ("L601", Set::Ediscovery, "Discovery planning"),
    ("L602", Set::Ediscovery, "Interviews"),
    ("L610", Set::Ediscovery, "Preservation"),
    ("L612", Set::Ediscovery, "Legal hold"),
    ("L620", Set::Ediscovery, "Collection"),
    ("L630", Set::Ediscovery, "Processing"),
    ("L650", Set::Ediscovery, "Review"),
    ("L655", Set::Ediscovery, "Privilege review"),
    ("L656", Set::Ediscovery, "Redaction"),
    ("L660", Set::Ediscovery, "Analysis"),
    ("L670", Set::Ediscovery, "Production"),
    ("L680", Set::Ediscovery, "Presentation"),
    ("L690", Set::Ediscovery, "Project management"),
    ("C100", Set::Counseling, "Fact gathering"),
    ("C200", Set::Counseling, "Researching law"),
    ("C300", Set::Counseling, "Analysis and advice"),
    ("C400", Set::Counseling, "Third party communication"),
    ("P100", Set::Project, "Project administration"),
    ("P200", Set::Project, "Fact gathering/due diligence"),
    ("P210", Set::Project, "Corporate review"),
    ("P220", Set::Project, "Tax"),
    ("P230", Set::Project, "Environmental"),
    ("P240", Set::Project, "Real and personal property"),
    ("P250", Set::Project, "Employee/labor"),
    ("P260", Set::Project, "Intellectual property"),
    ("P270", Set::Project, "Regulatory reviews"),
    ("P280", Set::Project, "Other"),
    ("P300", Set::Project, "Structure/strategy/analysis"),
    ("P400", Set::Project, "Initial document preparation/filing"),
    ("P500", Set::Project, "Negotiation/revision/responses"),
    ("P600", Set::Project, "Completion/closing"),
    ("P700", Set::Project, "Post-completion/post-closing"),
    ("P800", Set::Project, "Maintenance and renewal"),
    ("B110", Set::Bankruptcy, "Case administration"),
    ("B120", Set::Bankruptcy, "Asset analysis and recovery"),
    ("B130", Set::Bankruptcy, "Asset disposition"),
    ("B140", Set::Bankruptcy, "Relief from stay/adequate protection"),
    ("B150", Set::Bankruptcy, "Meetings of and communications with creditors"),
    ("B160", Set::Bankruptcy, "Fee/employment applications"),
    ("B170", Set::Bankruptcy, "Fee/employment objections"),
    ("B180", Set::Bankruptcy, "Avoidance action analysis"),
    ("B185", Set::Bankruptcy, "Assumption/rejection of leases and contracts"),
    ("B190", Set::Bankruptcy, "Other contested matters"),
    ("B195", Set::Bankruptcy, "Non-working travel"),
    ("B210", Set::Bankruptcy, "Business operations"),
    ("B220", Set::Bankruptcy, "Employee benefits/pensions"),
    ("B230", Set::Bankruptcy, "Financing/cash collections"),
    ("B240", Set::Bankruptcy, "Tax issues"),
    ("B250", Set::Bankruptcy, "Real estate"),
    ("B260", Set::Bankruptcy, "Board of directors matters"),
    ("B310", Set::Bankruptcy, "Claims administration and objections"),
    ("B320", Set::Bankruptcy, "Plan and disclosure statement"),
    ("B410", Set::Bankruptcy, "General bankruptcy advice/opinions"),
    ("B420", Set::Bankruptcy, "Restructurings"),
    ("E101", Set::Expenses, "Copying"),
    ("E102", Set::Expenses, "Outside printing"),
    ("E103", Set::Expenses, "Word processing"),
    ("E104", Set::Expenses, "Facsimile"),
    ("E105", Set::Expenses, "Telephone"),
    ("E106", Set::Expenses, "Online research"),
    ("E107", Set::Expenses, "Delivery services/messengers"),
    ("E108", Set::Expenses, "Postage"),
    ("E109", Set::Expenses, "Local travel"),
    ("E110", Set::Expenses, "Out-of-town travel"),
    ("E111", Set::Expenses, "Meals"),
    ("E112", Set::Expenses, "Court fees"),
    ("E113", Set::Expenses, "Subpoena fees"),
    ("E114", Set::Expenses, "Witness fees"),
    ("E115", Set::Expenses, "Deposition transcripts"),
    ("E116", Set::Expenses, "Trial transcripts"),
    ("E117", Set::Expenses, "Trial exhibits"),
    ("E118", Set::Expenses, "Litigation support vendors"),
    ("E119", Set::Expenses, "Experts"),
    ("E120", Set::Expenses, "Private investigators"),
    ("E121", Set::Expenses, "Arbitrators/mediators"),
    ("E122", Set::Expenses, "Local counsel"),
    ("E123", Set::Expenses, "Other professionals"),
    ("E124", Set::Expenses, "Other"),
    ("JA10", Set::EnglandWales, "Funding"),
    ("JB10", Set::EnglandWales, "Budgeting: own side's costs"),
    ("JB20", Set::EnglandWales, "Budgeting: Precedent H"),
    ("JB30", Set::EnglandWales, "Budgeting: between the parties"),
    ("JC10", Set::EnglandWales, "Factual investigation"),
    ("JC20", Set::EnglandWales, "Legal investigation"),
    ("JC30", Set::EnglandWales, "Pre-action protocol work"),
    ("JD10", Set::EnglandWales, "Mediation"),
    ("JD20", Set::EnglandWales, "Other settlement"),
    ("JE10", Set::EnglandWales, "Issue and serve proceedings, statements of case"),
    ("JE20", Set::EnglandWales, "Review of the other party's statements of case"),
    ("JE30", Set::EnglandWales, "Requests for further information"),
    ("JE40", Set::EnglandWales, "Amendment of statements of case"),
    ("JF10", Set::EnglandWales, "Disclosure report and proposal"),
    ("JF20", Set::EnglandWales, "Obtaining and reviewing documents"),
    ("JF30", Set::EnglandWales, "Disclosure lists"),
    ("JF40", Set::EnglandWales, "Inspection of the other side's disclosure"),
    ("JG10", Set::EnglandWales, "Own witness statements"),
    ("JG20", Set::EnglandWales, "The other party's witness statements"),
    ("JH10", Set::EnglandWales, "Own expert evidence"),
    ("JH20", Set::EnglandWales, "The other party's expert evidence"),
    ("JH30", Set::EnglandWales, "Joint expert evidence"),
    ("JI10", Set::EnglandWales, "Case management conference"),
    ("JI20", Set::EnglandWales, "Pre-trial review"),
    ("JI30", Set::EnglandWales, "Costs management conference"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_shipped_code_reads_itself_and_knows_its_set() {
        for (index, (code, set, name)) in CODES.iter().enumerate() {
            let read = Code::parse(&code.to_lowercase()).unwrap();
            assert_eq!((read.as_str(), read.set(), read.name()), (*code, *set, Some(*name)));
            assert!(!name.is_empty() && !CODES[..index].iter().any(|(c, _, _)| c == code), "{code}");
        }
    }

    #[test]
    fn a_code_says_what_or_how() {
        for (code, group) in
            [("A103", Group::Activity), ("L210", Group::Task), ("E122", Group::Expense), ("JG10", Group::Task)]
        {
            assert_eq!(Code::parse(code).unwrap().group(), group, "{code}");
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["T12", "TE-31", "A-103", "A1033", "A10", "D123", "L2l0", "JG100", "J10", "", "É10", "A１03"] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_unknown_code_is_answered_with_its_neighbours() {
        let near = Code::parse("A113").unwrap().nearest(&[Set::Activities, Set::Litigation], 2);
        let codes: Vec<&str> = near.iter().map(|(c, _)| c.as_str()).collect();
        assert_eq!(codes, ["A111", "A110"]);
        assert!(Code::parse("A113").unwrap().is_unlisted());
        assert!(!Code::parse("PA110").unwrap().is_unlisted());
    }

    #[test]
    fn phases_are_headers_and_leaves_are_not() {
        let phase = |code| Code::parse(code).unwrap().is_phase();
        assert!(phase("L100") && phase("P200") && phase("L600"));
        assert!(!phase("L110") && !phase("C100") && !phase("P300"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,8}") {
            if let Some(code) = Code::parse(&text) {
                prop_assert_eq!(Code::parse(code.as_str()), Some(code.clone()));
                let _ = (code.set(), code.group(), code.name(), code.is_phase(), code.nearest(&[code.set()], 3));
            }
        }
    }
}
