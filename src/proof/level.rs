//! What a proof is worth together with a token, and what each worth permits (decisions.md 2, 3, 10).
//! In come stored facts, out goes a level and a permit. Pure, total, without I/O; never raises what the facts don't bear.

use super::{Proof, Verdict};
use serde::{Deserialize, Serialize};

/// How old a mail may be when it arrives, by its own Date, in seconds (decisions.md 10).
const MAX_AGE_SECS: i64 = 7 * 24 * 3600;
/// How far its Date may lie in the future of its arrival, in seconds (sender-proof.md 5.5).
const MAX_FUTURE_SECS: i64 = 600;

/// How sure we are of who wrote a mail (sender-proof.md 5.1, decisions.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Signed for the author's domain, and a valid token of this person.
    Strong,
    /// Signed for the author's domain, or by the bound domain of one customer, or nearly as good together with a valid token.
    Good,
    /// A valid token and nothing else, a signature that others can have too and no token, or one for a domain without DMARC
    /// that was not confirmed yet.
    Weak,
    /// No proof, no single author, or somebody else's token.
    None,
    /// Evidence against it.
    Fail,
}

impl Level {
    /// Every level, best first.
    pub const ALL: [Level; 5] = [Level::Strong, Level::Good, Level::Weak, Level::None, Level::Fail];

    /// The word that is stored, logged and shown to the firm.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Strong => "strong",
            Level::Good => "good",
            Level::Weak => "weak",
            Level::None => "none",
            Level::Fail => "fail",
        }
    }
}

/// Whose reply token the mail bears, as looked up by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenStanding {
    /// None, or one that names nobody.
    None,
    /// A live one of the person with the From address.
    ValidForThisPerson,
    /// An expired or rotated one of that person: never worse than none.
    ExpiredForThisPerson,
    /// Somebody else's: whoever writes is not believed, whatever else is proved (sender-proof.md 5.7).
    OfAnotherPerson,
}

/// What the caller knows beside the facts of the mail.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Whose token the mail bears.
    pub token: TokenStanding,
    /// The signing domains that were confirmed for this person, lower case (decisions.md 3, sender-proof.md 5.9).
    pub bound_signers: &'a [String],
    /// The author's domain is the firm's own and the mail came from outside (sender-proof.md 5.9).
    pub own_firm_domain: bool,
    /// The servers of the author's domain sign whatever any of its users writes into From (sender-proof.md 5.9).
    pub local_part_unproven: bool,
}

/// The level of a mail (decisions.md 2). A proof that still waits for DNS is worth what it is worth without.
pub fn level(proof: &Proof, circumstances: &Circumstances<'_>) -> Level {
    let token = circumstances.token == TokenStanding::ValidForThisPerson;
    let with_token = |level: Level| if token { level } else { Level::None };
    if proof.from.is_err() {
        return Level::None;
    }
    let aligned = proof.verdict == Verdict::Aligned;
    if proof.verdict == Verdict::Forged || (circumstances.own_firm_domain && !aligned) {
        return Level::Fail;
    }
    if circumstances.token == TokenStanding::OfAnotherPerson {
        return Level::None;
    }
    let bound: Vec<&String> = proof.other_signers.iter().filter(|d| circumstances.bound_signers.contains(d)).collect();
    // A domain that signs one customer's mail only vouches for new mail too; one that signs everybody's does not.
    let of_tenant = bound.iter().any(|d| signs_for_one_tenant(d));
    let bound = !bound.is_empty();
    if !is_timely(proof) {
        return with_token(Level::Weak);
    }
    match proof.verdict {
        Verdict::Aligned if !proof.is_pinned(circumstances.bound_signers) => Level::Weak,
        // Everybody there can sign in everybody's name: its owner is asked about what comes to no address of theirs.
        Verdict::Aligned if circumstances.local_part_unproven && token => Level::Good,
        Verdict::Aligned if circumstances.local_part_unproven => Level::Weak,
        Verdict::Aligned if token => Level::Strong,
        Verdict::Aligned => Level::Good,
        // What the author's domain asks of others decides nothing here: whoever fails by the border's word is forged, and
        // a lawyer whose provider signs for itself alone can be asked (sender-proof.md 5.9). A border beside it only adds.
        Verdict::OtherSigner | Verdict::SpfOnlyTrusted
            if bound && (token || of_tenant && !circumstances.local_part_unproven) =>
        {
            Level::Good
        }
        Verdict::OtherSigner | Verdict::SpfOnlyTrusted if bound => Level::Weak,
        Verdict::SpfOnlyTrusted if !proof.border.as_ref().is_some_and(|b| b.spf_is_weak) => with_token(Level::Good),
        Verdict::OtherSigner | Verdict::SpfOnlyTrusted | Verdict::Unproven | Verdict::Unknown => {
            with_token(Level::Weak)
        }
        Verdict::Forged => Level::Fail,
    }
}

/// The domains below which Microsoft 365 and Google Workspace sign, each customer under a name of their own, the mail of
/// customers without a key at their own domain.
const TENANTS: [&str; 2] = ["onmicrosoft.com", "gappssmtp.com"];

/// Whether a signing domain is one customer's own at a provider that names its customers in it.
fn signs_for_one_tenant(domain: &str) -> bool {
    let label = |suffix: &&str| domain.strip_suffix(*suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    TENANTS.iter().any(label)
}

/// The domain that is bound to a person who confirms that a mail is theirs (decisions.md 3): their own where DMARC does not
/// speak for it, none where it does, or where it can't be told which of several is their provider's. Of several it is the
/// one customer's own.
pub fn signer_to_bind(proof: &Proof) -> Option<&str> {
    if proof.aligned.is_some() {
        return proof.pin();
    }
    let mut signers = proof.other_signers.iter().map(String::as_str);
    if proof.other_signers.len() > 1 {
        let mut tenants = signers.filter(|domain| signs_for_one_tenant(domain));
        return tenants.next().filter(|_| tenants.next().is_none());
    }
    signers.next()
}

/// Says whether the mail's Date lies within 7 days before its arrival, and not in its future.
fn is_timely(proof: &Proof) -> bool {
    proof.date.is_some_and(|date| {
        let age = proof.arrived.as_second().saturating_sub(date.as_second());
        (MAX_FUTURE_SECS.saturating_neg()..=MAX_AGE_SECS).contains(&age)
    })
}

/// What kind of thing a mail asks for, as far as proof matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandClass {
    /// Help, lists, show, get, preview, print: answered to the registered address only.
    Look,
    /// Message, upload, version, time, note, log, call, done; edit, delete and undo of own items.
    Write,
    /// An answer to an invitation of the calendar.
    Rsvp,
    /// No more digests or receipts.
    Stop,
    /// How and when one is written to.
    Preferences,
    /// Change of address, delegates, granting to a new person or domain, exports for others.
    Sensitive,
}

impl CommandClass {
    /// Every class.
    pub const ALL: [CommandClass; 6] = [
        CommandClass::Look,
        CommandClass::Write,
        CommandClass::Rsvp,
        CommandClass::Stop,
        CommandClass::Preferences,
        CommandClass::Sensitive,
    ];
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permit {
    /// Do it, if the person's rights allow.
    Allow,
    /// Do it once the registered address has answered with a confirming code.
    Confirm,
    /// Refuse it in the receipt.
    Refuse,
    /// Hold the mail and ask the registered address whether it is theirs.
    Challenge,
    /// Hold the mail; nobody is answered.
    Hold,
    /// Hold the mail marked as probably forged; nobody is answered.
    HoldAsForged,
}

/// What a level permits (decisions.md 2). For `Rsvp` and `Stop` a weak mail needs that very item's token, which the caller sees to.
pub const fn permits(level: Level, class: CommandClass) -> Permit {
    match (level, class) {
        (Level::Strong, CommandClass::Sensitive) => Permit::Confirm,
        (Level::Good, CommandClass::Sensitive) => Permit::Refuse,
        (Level::Strong | Level::Good, _) => Permit::Allow,
        (Level::Weak, CommandClass::Rsvp | CommandClass::Stop) => Permit::Allow,
        (Level::Weak, _) => Permit::Challenge,
        (Level::None, _) => Permit::Hold,
        (Level::Fail, _) => Permit::HoldAsForged,
    }
}

/// Says whether a held mail of this level is challenged at the registered address: WEAK always, FAIL only with a valid token,
/// NONE never (sender-proof.md 5.1).
pub fn challenges(level: Level, token: TokenStanding) -> bool {
    match level {
        Level::Weak => true,
        Level::Fail => token == TokenStanding::ValidForThisPerson,
        Level::Strong | Level::Good | Level::None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Author, DmarcFact, DmarcPolicy};
    use super::*;
    use crate::domain::Address;
    use TokenStanding::{ExpiredForThisPerson, OfAnotherPerson, ValidForThisPerson};

    const VERDICTS: [Verdict; 6] = [
        Verdict::Aligned,
        Verdict::OtherSigner,
        Verdict::SpfOnlyTrusted,
        Verdict::Unproven,
        Verdict::Forged,
        Verdict::Unknown,
    ];
    const TOKENS: [TokenStanding; 4] = [ValidForThisPerson, ExpiredForThisPerson, TokenStanding::None, OfAnotherPerson];

    fn proof(verdict: Verdict) -> Proof {
        let address = Address::parse("jane@lawfirm.example").unwrap();
        Proof {
            from: Ok(Author { address, display_name: None }),
            arrived: "2026-03-02T10:00:00Z".parse().unwrap(),
            date: Some("2026-03-02T09:00:00Z".parse().unwrap()),
            dkim: Vec::new(),
            dmarc: DmarcFact::default(),
            border: None,
            aligned: None,
            other_signers: vec!["provider.example".into()],
            to_signed: false,
            cc_signed: false,
            sources_disagree: false,
            verdict,
        }
    }

    fn with(proof: &Proof, token: TokenStanding, bound: &[&str]) -> Level {
        let bound: Vec<String> = bound.iter().map(|b| (*b).to_owned()).collect();
        level(
            proof,
            &Circumstances { token, bound_signers: &bound, own_firm_domain: false, local_part_unproven: false },
        )
    }

    #[test]
    fn every_verdict_with_every_token_has_its_level() {
        use Level::{Fail, Good, None, Strong, Weak};
        let table = [
            (Verdict::Aligned, [Strong, Good, Good, None]),
            (Verdict::OtherSigner, [Weak, None, None, None]),
            (Verdict::SpfOnlyTrusted, [Good, None, None, None]),
            (Verdict::Unproven, [Weak, None, None, None]),
            (Verdict::Forged, [Fail, Fail, Fail, Fail]),
            (Verdict::Unknown, [Weak, None, None, None]),
        ];
        assert_eq!(table.map(|(verdict, _)| verdict), VERDICTS);
        for (verdict, levels) in table {
            assert_eq!(TOKENS.map(|token| with(&proof(verdict), token, &[])), levels, "{verdict:?}");
        }
        let bound = TOKENS.map(|token| with(&proof(Verdict::OtherSigner), token, &["provider.example"]));
        assert_eq!(bound, [Good, Weak, Weak, None]);
    }

    /// decisions.md 3: asked once, and never again, where the signing domain is one customer's own.
    #[test]
    fn a_bound_signer_of_one_tenant_vouches_for_new_mail_and_one_of_everybody_does_not() {
        let signed_by = |signer: &str| {
            let proof = Proof { other_signers: vec![signer.to_owned()], ..proof(Verdict::OtherSigner) };
            with(&proof, TokenStanding::None, &[signer])
        };
        assert_eq!(signed_by("roelaw.onmicrosoft.com"), Level::Good);
        assert_eq!(signed_by("roe-example.20230601.gappssmtp.com"), Level::Good);
        for everybodys in ["onmicrosoft.com", ".onmicrosoft.com", "evilonmicrosoft.com", "provider.example"] {
            assert_eq!(signed_by(everybodys), Level::Weak, "{everybodys}");
        }
    }

    #[test]
    fn only_an_aligned_signature_with_a_token_is_strong() {
        for verdict in VERDICTS {
            for token in TOKENS {
                let strong = with(&proof(verdict), token, &["provider.example"]) == Level::Strong;
                assert_eq!(strong, verdict == Verdict::Aligned && token == ValidForThisPerson, "{verdict:?} {token:?}");
            }
        }
    }

    #[test]
    fn a_stale_future_or_undated_mail_is_weak_at_best() {
        for date in [Some("2026-02-23T09:59:59Z"), Some("2026-03-02T10:10:01Z"), None] {
            let stale = Proof { date: date.map(|d| d.parse().unwrap()), ..proof(Verdict::Aligned) };
            assert_eq!(with(&stale, ValidForThisPerson, &[]), Level::Weak, "{date:?}");
            assert_eq!(with(&stale, TokenStanding::None, &[]), Level::None, "{date:?}");
        }
        for date in ["2026-02-23T10:00:00Z", "2026-03-02T10:10:00Z"] {
            let timely = Proof { date: Some(date.parse().unwrap()), ..proof(Verdict::Aligned) };
            assert_eq!(with(&timely, ValidForThisPerson, &[]), Level::Strong, "{date}");
        }
        let stale_forgery = Proof { date: None, ..proof(Verdict::Forged) };
        assert_eq!(with(&stale_forgery, ValidForThisPerson, &[]), Level::Fail);
    }

    #[test]
    fn own_firm_domain_from_outside_fails_unless_aligned() {
        let own =
            |token| Circumstances { token, bound_signers: &[], own_firm_domain: true, local_part_unproven: false };
        for verdict in VERDICTS {
            let got = level(&proof(verdict), &own(ValidForThisPerson));
            let expected = if verdict == Verdict::Aligned { Level::Strong } else { Level::Fail };
            assert_eq!(got, expected, "{verdict:?}");
        }
    }

    /// sender-proof.md 5.9: a provider that signs for itself alone is no evidence against its customer.
    #[test]
    fn under_a_rejecting_policy_an_unbound_signer_is_asked_about_and_proves_nothing() {
        let dmarc = DmarcFact { policy: Some(DmarcPolicy::Reject), ..DmarcFact::default() };
        let rejecting = Proof { dmarc, ..proof(Verdict::OtherSigner) };
        assert_eq!(with(&rejecting, ValidForThisPerson, &[]), Level::Weak);
        assert_eq!(with(&rejecting, TokenStanding::None, &[]), Level::None);
        assert_eq!(with(&rejecting, TokenStanding::None, &["provider.example"]), Level::Weak);
        assert_eq!(with(&rejecting, ValidForThisPerson, &["provider.example"]), Level::Good);
    }

    #[test]
    fn the_borders_word_makes_nothing_less_of_a_bound_signer() {
        let spf_is_weak = [false, true].map(|spf_is_weak| {
            let border = Some(super::super::auth_results::Border { spf_is_weak, ..Default::default() });
            Proof { border, ..proof(Verdict::SpfOnlyTrusted) }
        });
        for signer in ["provider.example", "roelaw.onmicrosoft.com"] {
            let signers = vec![signer.to_owned()];
            let alone = Proof { other_signers: signers.clone(), ..proof(Verdict::OtherSigner) };
            for beside in spf_is_weak.clone().map(|p| Proof { other_signers: signers.clone(), ..p }) {
                for token in TOKENS {
                    assert_eq!(with(&beside, token, &[signer]), with(&alone, token, &[signer]), "{signer} {token:?}");
                }
            }
        }
        let [counts, is_weak] = spf_is_weak;
        assert_eq!(TOKENS.map(|token| with(&counts, token, &[])), [Level::Good, Level::None, Level::None, Level::None]);
        assert_eq!(with(&is_weak, ValidForThisPerson, &[]), Level::Weak);
    }

    #[test]
    fn at_a_domain_that_signs_any_author_a_signature_needs_a_token_and_is_never_strong() {
        let shared = |token| {
            let with = Circumstances { token, bound_signers: &[], own_firm_domain: false, local_part_unproven: true };
            level(&proof(Verdict::Aligned), &with)
        };
        assert_eq!(TOKENS.map(shared), [Level::Good, Level::Weak, Level::Weak, Level::None]);
        // Nor does the tenant speak for one of its users.
        let tenant = ["roe.onmicrosoft.com".to_owned()];
        let with =
            |token| Circumstances { token, bound_signers: &tenant, own_firm_domain: false, local_part_unproven: true };
        let by_tenant = Proof { other_signers: tenant.to_vec(), ..proof(Verdict::OtherSigner) };
        let levels = TOKENS.map(|token| level(&by_tenant, &with(token)));
        assert_eq!(levels, [Level::Good, Level::Weak, Level::Weak, Level::None]);
    }

    #[test]
    fn a_confirmation_binds_the_one_signer_that_can_be_the_persons_provider() {
        let binds = |signers: &[&str], aligned: Option<&str>| {
            let other_signers = signers.iter().map(|s| (*s).to_owned()).collect();
            let dmarc = DmarcFact { policy: Some(DmarcPolicy::None), ..DmarcFact::default() };
            let aligned = aligned.map(str::to_owned);
            let proof = Proof { other_signers, aligned, dmarc, ..proof(Verdict::OtherSigner) };
            signer_to_bind(&proof).map(str::to_owned)
        };
        assert_eq!(binds(&["provider.example"], None).as_deref(), Some("provider.example"));
        assert_eq!(binds(&["a.example", "roe.onmicrosoft.com"], None).as_deref(), Some("roe.onmicrosoft.com"));
        assert_eq!(binds(&["eve.onmicrosoft.com", "roe.onmicrosoft.com"], None), None);
        assert_eq!(binds(&["a.example", "b.example"], None), None);
        assert_eq!(binds(&["provider.example"], Some("lawfirm.example")), None);
        assert_eq!(binds(&[], None), None);
    }

    /// sender-proof.md 5.9: once confirmed it counts as any; another signing domain is asked about again.
    #[test]
    fn the_signature_of_a_domain_without_dmarc_counts_once_it_was_confirmed() {
        let by = |domain: &str, dmarc: DmarcFact| Proof {
            aligned: Some(domain.into()),
            other_signers: Vec::new(),
            dmarc,
            ..proof(Verdict::Aligned)
        };
        let levels = |proof: &Proof, bound: &[&str]| TOKENS.map(|token| with(proof, token, bound));
        let (sure, asked) = (
            [Level::Strong, Level::Good, Level::Good, Level::None],
            [Level::Weak, Level::Weak, Level::Weak, Level::None],
        );
        let silent = by("lawfirm.example", DmarcFact::default());
        assert_eq!(levels(&silent, &[]), asked);
        assert_eq!(signer_to_bind(&silent), Some("lawfirm.example"));
        assert_eq!(levels(&silent, &["lawfirm.example"]), sure);
        let other = by("news.lawfirm.example", DmarcFact::default());
        assert_eq!(levels(&other, &["lawfirm.example"]), asked);
        for spoken_for in [
            DmarcFact { policy: Some(DmarcPolicy::None), ..DmarcFact::default() },
            DmarcFact { temporary: true, ..DmarcFact::default() },
        ] {
            let spoken_for = by("lawfirm.example", spoken_for);
            assert_eq!((levels(&spoken_for, &[]), signer_to_bind(&spoken_for)), (sure, None));
        }
    }

    #[test]
    fn every_level_has_a_permit_for_every_class() {
        use Permit::{Allow, Challenge, Confirm, Hold, HoldAsForged, Refuse};
        let table = [
            (Level::Strong, [Allow, Allow, Allow, Allow, Allow, Confirm]),
            (Level::Good, [Allow, Allow, Allow, Allow, Allow, Refuse]),
            (Level::Weak, [Challenge, Challenge, Allow, Allow, Challenge, Challenge]),
            (Level::None, [Hold; 6]),
            (Level::Fail, [HoldAsForged; 6]),
        ];
        assert_eq!(table.map(|(level, _)| level), Level::ALL);
        for (level, row) in table {
            assert_eq!(CommandClass::ALL.map(|class| permits(level, class)), row, "{level:?}");
        }
    }

    #[test]
    fn t42_nobody_is_challenged_for_a_mail_without_a_token() {
        for token in TOKENS {
            assert!(challenges(Level::Weak, token));
            assert_eq!(challenges(Level::Fail, token), token == ValidForThisPerson);
            assert!(!challenges(Level::None, token));
        }
    }
}
