//! What providers sign and strangers forge, proved through the real resolver against a zone of our own.
//! In come mails signed with keys made at start, out goes what the verifier makes of them. Nothing is stubbed.

use super::signer::{MICROSOFT, Signer, USUAL, dmarc_record};
use super::zone::{Says, Zone};
use crate::config::{AuthResults, Layout, Profile};
use crate::proof::auth_results::Void;
use crate::proof::dkim::DkimVoid;
use crate::proof::{
    Circumstances, DkimFinding, DmarcPolicy, FromDefect, Level, Proof, TokenStanding, Verdict, Verifier,
    VerifierSettings, level,
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::net::SocketAddr;
use std::time::Duration;

const DOMAIN: &str = "lawfirm.example";
const KEY: &str = "s1._domainkey.lawfirm.example";
const ARRIVED: &str = "2026-03-02T10:00:00Z";

struct World {
    zone: Zone,
    signer: Signer,
    verifier: Verifier,
}

fn verifier(server: SocketAddr, timeout: Duration) -> Verifier {
    Verifier::new(&VerifierSettings { resolver: Some(vec![server]), timeout, tries: 1 }).unwrap()
}

/// A world in which the domain publishes a key and asks for rejection.
fn world() -> World {
    let signer = Signer::generate(DOMAIN, "s1").unwrap();
    let zone = Zone::start([signer.dns_record(), dmarc_record(DOMAIN, "reject")]).unwrap();
    let verifier = verifier(zone.address(), Duration::from_secs(5));
    World { zone, signer, verifier }
}

fn world_without_dmarc() -> World {
    let world = world();
    world.zone.remove("_dmarc.lawfirm.example");
    world
}

fn mail() -> Vec<u8> {
    mail_from("Jane Roe <jane@lawfirm.example>")
}

fn mail_from(author: &str) -> Vec<u8> {
    format!(
        "From: {author}\r\nTo: r+token@gw.firm.example\r\nSubject: Re: Task T-12\r\nDate: Mon, 2 Mar 2026 10:59:00 +0100 (CET)\r\n\
         Message-ID: <1@lawfirm.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         #time 1.5h  Drafted brief \r\n\r\nJane\r\n\r\n"
    )
    .into_bytes()
}

fn arrived() -> Timestamp {
    ARRIVED.parse().unwrap()
}

impl World {
    async fn prove(&self, raw: &[u8]) -> Proof {
        self.verifier.prove(raw, arrived(), None).await
    }

    async fn prove_with_border(&self, results: &str, raw: &[u8]) -> Proof {
        self.prove_under(&border_policy(), results, raw).await
    }

    async fn prove_under(&self, policy: &AuthResults, results: &str, raw: &[u8]) -> Proof {
        let border = "Received: from x by mx.firm.example; Mon, 2 Mar 2026 10:00:00 +0000\r\n";
        let raw = [b"Authentication-Results: mx.firm.example; ", results.as_bytes(), b"\r\n", border.as_bytes(), raw]
            .concat();
        self.verifier.prove(&raw, arrived(), Some(policy)).await
    }
}

fn border_policy() -> AuthResults {
    AuthResults {
        authserv_id: vec!["mx.firm.example".into()],
        received_by: vec!["mx.firm.example".into()],
        hops: 1,
        fields: 1,
        layout: Layout::Above,
        profile: Profile::Rfc8601,
        spf_alone: true,
    }
}

fn worth(proof: &Proof, token: TokenStanding, bound: &[String]) -> Level {
    level(proof, &Circumstances { token, bound_signers: bound, own_firm_domain: false, local_part_unproven: false })
}

fn text(raw: Vec<u8>) -> String {
    String::from_utf8(raw).unwrap()
}

#[tokio::test]
async fn a_signed_mail_is_proved_and_its_facts_can_be_stored() {
    let w = world();
    let proof = w.prove(&w.signer.sign(&mail())).await;
    assert_eq!((proof.verdict, proof.aligned.as_deref()), (Verdict::Aligned, Some(DOMAIN)));
    assert_eq!(proof.address().unwrap().as_str(), "jane@lawfirm.example");
    assert_eq!(proof.dmarc.policy, Some(DmarcPolicy::Reject));
    assert_eq!(proof.dkim[0].key_sha256.as_ref().unwrap().len(), 64);
    assert!(proof.to_signed && proof.cc_signed && proof.other_signers.is_empty());
    assert_eq!(proof.date, Some("2026-03-02T09:59:00Z".parse().unwrap()));
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Strong);
    assert_eq!(worth(&proof, TokenStanding::None, &[]), Level::Good);
    let stored = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<Proof>(&stored).unwrap(), proof);
}

#[tokio::test]
async fn a_mail_without_author_can_be_stored_too() {
    let w = world();
    let proof = w.prove(b"From : x@y.zz\r\n\r\n").await;
    let stored = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<Proof>(&stored).unwrap(), proof);
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::None);
}

#[tokio::test]
async fn a_file_with_bare_line_feeds_is_proved_as_it_travelled() {
    let w = world();
    let file = text(w.signer.sign(&mail())).replace("\r\n", "\n");
    assert_eq!(w.prove(file.as_bytes()).await.verdict, Verdict::Aligned);
}

#[tokio::test]
async fn microsofts_signature_proves_the_author_but_not_the_recipients() {
    let w = world();
    let proof = w.prove(&w.signer.sign_as_microsoft(&mail())).await;
    assert_eq!(proof.verdict, Verdict::Aligned);
    assert!(!proof.to_signed && !proof.cc_signed);
}

#[tokio::test]
async fn authors_are_proved_however_their_programs_write_them() {
    let w = world();
    for author in [
        "jane@lawfirm.example",
        "<jane@lawfirm.example>",
        "Jane Q. Roe <Jane@LawFirm.example>",
        "\"Roe, Jane\" <jane@lawfirm.example>",
        "\"Jane \\\"JR\\\" Roe\"\r\n <jane@lawfirm.example>",
        "jane@lawfirm.example <jane@lawfirm.example>",
        "\"jane@lawfirm.example\" <jane@lawfirm.example>",
        "=?utf-8?Q?J=C3=B6rg?= =?iso-8859-1?Q?M=FCller?= <jane@lawfirm.example>",
    ] {
        let proof = w.prove(&w.signer.sign(&mail_from(author))).await;
        assert_eq!(proof.address().map(|a| a.as_str()), Some("jane@lawfirm.example"), "{author}: {proof:?}");
        assert_eq!(proof.verdict, Verdict::Aligned, "{author}");
    }
}

/// The signed mail of RFC 8463, appendix A.
const RFC_8463: &str = concat!(
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n",
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n",
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n",
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n",
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n",
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n",
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n",
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n",
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n",
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n",
    "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n",
    "Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n",
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n",
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n",
);
const RFC_8463_ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RFC_8463_RSA: &str = concat!(
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi",
    "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2",
    "kryOTIKT+l/K4w3QIDAQAB"
);

#[tokio::test]
async fn the_signed_mail_of_rfc_8463_is_proved_by_either_of_its_signatures() {
    let keys = [("brisbane", RFC_8463_ED25519), ("test", RFC_8463_RSA)];
    for kept in [&keys[..], &keys[..1], &keys[1..]] {
        let records = kept.iter().map(|(s, key)| (format!("{s}._domainkey.football.example.com"), (*key).to_owned()));
        let zone = Zone::start(records).unwrap();
        let verifier = verifier(zone.address(), Duration::from_secs(5));
        let proof = verifier.prove(RFC_8463.as_bytes(), "2018-06-10T14:00:00Z".parse().unwrap(), None).await;
        assert_eq!(proof.dkim.iter().filter(|f| f.passes()).count(), kept.len());
        assert_eq!((proof.verdict, proof.to_signed, proof.cc_signed), (Verdict::Aligned, true, false));
        let other = RFC_8463.replace("Joe.\r\n", "Bob.\r\n");
        let proof = verifier.prove(other.as_bytes(), "2018-06-10T14:00:00Z".parse().unwrap(), None).await;
        assert_eq!(proof.verdict, Verdict::Unproven);
    }
}

#[tokio::test]
async fn one_flipped_byte_anywhere_in_the_signature_leaves_no_proof() {
    let w = world();
    let signed = text(w.signer.sign(&mail()));
    let start = signed.find("b=").map(|_| signed.rfind("\tb=").unwrap() + 3).unwrap();
    for at in [start, start + 20, start + 60] {
        let mut raw = signed.clone().into_bytes();
        raw[at] = if raw[at] == b'A' { b'B' } else { b'A' };
        let proof = w.prove(&raw).await;
        assert_eq!((proof.dkim[0].result, proof.verdict), (DkimFinding::Broken, Verdict::Forged));
        assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Fail);
    }
    w.zone.remove("_dmarc.lawfirm.example");
    let mut raw = signed.into_bytes();
    raw[start] = if raw[start] == b'A' { b'B' } else { b'A' };
    let proof = w.prove(&raw).await;
    assert_eq!(proof.verdict, Verdict::Unproven);
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    assert_eq!(worth(&proof, TokenStanding::None, &[]), Level::None);
}

#[tokio::test]
async fn t01_a_plain_forgery_proves_nothing() {
    let w = world();
    assert_eq!(w.prove(&mail()).await.verdict, Verdict::Forged);
    let failing = "dkim=none; spf=fail smtp.mailfrom=evil.test; dmarc=fail header.from=lawfirm.example";
    assert_eq!(w.prove_with_border(failing, &mail()).await.verdict, Verdict::Forged);
    let w = world_without_dmarc();
    assert_eq!(w.prove(&mail()).await.verdict, Verdict::Unproven);
    let token = TokenStanding::ValidForThisPerson;
    let own = Circumstances { token, bound_signers: &[], own_firm_domain: true, local_part_unproven: false };
    assert_eq!(level(&w.prove(&mail()).await, &own), Level::Fail);
}

#[tokio::test]
async fn t02_two_authors_prove_nobody_though_the_signature_holds() {
    let w = world();
    let signed = w.signer.sign(&mail());
    for forged in [
        [b"From: admin@legitimate.com\r\n", signed.as_slice()].concat(),
        text(signed.clone()).replace("\r\nTo:", "\r\nFrom: admin@legitimate.com\r\nTo:").into_bytes(),
    ] {
        let proof = w.prove(&forged).await;
        assert_eq!((proof.from.clone(), proof.verdict), (Err(FromDefect::Repeated), Verdict::Unproven));
        assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::None);
    }
}

#[tokio::test]
async fn t08_t12_a_signature_for_a_domain_that_only_ends_alike_is_not_aligned() {
    let w = world_without_dmarc();
    let other = Signer::generate("attacker-lawfirm.example", "s1").unwrap();
    w.zone.add(other.dns_record());
    let proof = w.prove(&other.sign(&mail())).await;
    assert_eq!((proof.verdict, proof.aligned), (Verdict::OtherSigner, None));
}

#[tokio::test]
async fn another_signer_counts_once_bound_and_is_asked_about_without_a_token() {
    let w = world_without_dmarc();
    let provider = Signer::generate("lawfirm.onprovider.example", "sel").unwrap();
    w.zone.add(provider.dns_record());
    let proof = w.prove(&provider.sign(&mail())).await;
    let bound = ["lawfirm.onprovider.example".to_owned()];
    assert_eq!((proof.verdict, proof.other_signers.as_slice()), (Verdict::OtherSigner, bound.as_slice()));
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &bound), Level::Good);
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    assert_eq!(worth(&proof, TokenStanding::ExpiredForThisPerson, &bound), Level::Weak);
    assert_eq!(worth(&proof, TokenStanding::None, &bound), Level::Weak);
    w.zone.add(dmarc_record(DOMAIN, "reject"));
    let rejecting = w.prove(&provider.sign(&mail())).await;
    assert_eq!(worth(&rejecting, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    assert_eq!(worth(&rejecting, TokenStanding::ValidForThisPerson, &bound), Level::Good);
    let failing = "dkim=pass header.d=lawfirm.onprovider.example; spf=fail smtp.mailfrom=x@lawfirm.example; dmarc=fail header.from=lawfirm.example";
    let failed = w.prove_with_border(failing, &provider.sign(&mail())).await;
    assert_eq!(
        worth(&failed, TokenStanding::ValidForThisPerson, &bound),
        Level::Fail,
        "the border knows that it fails"
    );
}

/// sender-proof.md 5.9: nobody says who signs for such a domain, so its first signature is asked about, and a subdomain's too.
#[tokio::test]
async fn without_a_dmarc_record_a_domains_own_signature_counts_once_confirmed() {
    let w = world_without_dmarc();
    let own = w.prove(&w.signer.sign(&mail())).await;
    assert_eq!((own.verdict, own.pin()), (Verdict::Aligned, Some(DOMAIN)));
    let token = TokenStanding::ValidForThisPerson;
    assert_eq!(worth(&own, token, &[]), Level::Weak);
    assert_eq!(worth(&own, token, &[DOMAIN.to_owned()]), Level::Strong);
    let news = Signer::generate(&format!("news.{DOMAIN}"), "s1").unwrap();
    w.zone.add(news.dns_record());
    let by_news = w.prove(&news.sign(&mail())).await;
    assert_eq!(by_news.verdict, Verdict::Aligned);
    assert_eq!(worth(&by_news, token, &[DOMAIN.to_owned()]), Level::Weak);
    w.zone.add(dmarc_record(DOMAIN, "none"));
    assert_eq!(worth(&w.prove(&w.signer.sign(&mail())).await, token, &[]), Level::Strong);
}

/// Yahoo and AOL ask for rejection and sign no Message-ID.
#[tokio::test]
async fn a_domain_that_signs_too_little_is_asked_about_and_one_that_signs_nothing_is_forged() {
    let w = world();
    let names: Vec<&str> = MICROSOFT.into_iter().filter(|n| *n != "Message-ID").collect();
    let signed = w.signer.sign_as(&mail(), &names, "");
    let proof = w.prove(&signed).await;
    assert_eq!((proof.dkim[0].result, proof.verdict), (DkimFinding::Void(DkimVoid::Uncovered), Verdict::Unproven));
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    assert_eq!(worth(&proof, TokenStanding::None, &[]), Level::None);
    // Not so if it does not even hold: anybody can write such a field.
    let forged = text(signed.clone()).replace("Drafted brief", "Drafted it all");
    let proof = w.prove(forged.as_bytes()).await;
    assert_eq!((proof.dkim[0].result, proof.verdict), (DkimFinding::Broken, Verdict::Forged));
    let stranger = Signer::generate("stranger.example", "s").unwrap();
    w.zone.add(stranger.dns_record());
    let elsewhere = w.prove(&stranger.sign_as(&mail(), &names, "")).await;
    assert_eq!(elsewhere.verdict, Verdict::Forged);
    let failing =
        "dkim=fail header.d=lawfirm.example; spf=fail smtp.mailfrom=evil.test; dmarc=fail header.from=lawfirm.example";
    assert_eq!(w.prove_with_border(failing, &signed).await.verdict, Verdict::Forged);
    w.zone.say(KEY, Says::Failure);
    assert_eq!(w.prove(&signed).await.verdict, Verdict::Unknown);
}

#[tokio::test]
async fn a_bound_tenant_is_proved_beside_a_border_that_passes_by_spf_as_without() {
    let w = world();
    let tenant = Signer::generate("roelaw.onmicrosoft.com", "sel").unwrap();
    w.zone.add(tenant.dns_record());
    let signed = tenant.sign_as_microsoft(&mail());
    let results = "spf=pass smtp.mailfrom=jane@lawfirm.example; dkim=pass header.d=roelaw.onmicrosoft.com; dmarc=pass header.from=lawfirm.example";
    let bound = ["roelaw.onmicrosoft.com".to_owned()];
    let (alone, beside) = (w.prove(&signed).await, w.prove_with_border(results, &signed).await);
    assert_eq!((alone.verdict, beside.verdict), (Verdict::OtherSigner, Verdict::SpfOnlyTrusted));
    for token in [TokenStanding::ValidForThisPerson, TokenStanding::ExpiredForThisPerson, TokenStanding::None] {
        assert_eq!(worth(&alone, token, &bound), Level::Good, "{token:?}");
        assert_eq!(worth(&beside, token, &bound), Level::Good, "{token:?}");
    }
    assert_eq!(worth(&beside, TokenStanding::None, &[]), Level::None);
}

#[tokio::test]
async fn alignment_follows_the_record_of_the_authors_domain() {
    let w = world();
    let below = Signer::generate("mail.lawfirm.example", "s2").unwrap();
    w.zone.add(below.dns_record());
    let signed = below.sign(&mail());
    let aligned = |proof: Proof| proof.aligned;
    assert_eq!(aligned(w.prove(&signed).await).as_deref(), Some("mail.lawfirm.example"));
    w.zone.add(("_dmarc.lawfirm.example".into(), "v=DMARC1; p=none; adkim=s".into()));
    let strict = w.prove(&signed).await;
    assert!(strict.dmarc.strict);
    assert_eq!((strict.verdict, strict.aligned), (Verdict::OtherSigner, None));
    w.zone.remove("_dmarc.lawfirm.example");
    assert_eq!(aligned(w.prove(&signed).await).as_deref(), Some("mail.lawfirm.example"));
    let sibling = w.prove(&below.sign(&mail_from("jane@office.lawfirm.example"))).await;
    assert_eq!((sibling.verdict, sibling.aligned), (Verdict::OtherSigner, None));
    w.zone.add(dmarc_record(DOMAIN, "quarantine"));
    let sibling = w.prove(&below.sign(&mail_from("jane@office.lawfirm.example"))).await;
    assert_eq!(sibling.aligned.as_deref(), Some("mail.lawfirm.example"));
    assert_eq!(sibling.dmarc.policy, Some(DmarcPolicy::Quarantine));
}

#[tokio::test]
async fn the_aligned_signer_is_named_whatever_the_order_of_the_signatures() {
    let w = world();
    let provider = Signer::generate("provider.example", "p").unwrap();
    w.zone.add(provider.dns_record());
    for raw in [provider.sign(&w.signer.sign(&mail())), w.signer.sign(&provider.sign(&mail()))] {
        let proof = w.prove(&raw).await;
        assert_eq!(proof.aligned.as_deref(), Some(DOMAIN));
        assert_eq!(proof.other_signers, ["provider.example"]);
    }
}

async fn void_reason(w: &World, raw: &[u8]) -> DkimFinding {
    let proof = w.prove(raw).await;
    assert_ne!(proof.verdict, Verdict::Aligned);
    proof.dkim[0].result
}

#[tokio::test]
async fn t14_a_signature_that_leaves_the_body_open_is_void() {
    let w = world();
    for tag in ["l=10;", "l=0;", "l=99999;"] {
        let raw = w.signer.sign_as(&mail(), &USUAL, tag);
        assert_eq!(void_reason(&w, &raw).await, DkimFinding::Void(DkimVoid::BodyLength), "{tag}");
    }
    let appended = [w.signer.sign(&mail()).as_slice(), b"#done T-12\r\n"].concat();
    assert_eq!(void_reason(&w, &appended).await, DkimFinding::Broken);
}

#[tokio::test]
async fn t15_what_is_added_to_a_signed_mail_proves_nobody() {
    let w = world();
    let signed = w.signer.sign_as_microsoft(&mail());
    for added in ["To: x@evil.test", "Subject: #done", "Content-Type: text/html", "Message-ID: <2@x>", "Date: x"] {
        let proof = w.prove(&[added.as_bytes(), b"\r\n", &signed].concat()).await;
        assert_eq!(proof.from, Err(FromDefect::OtherFieldRepeated), "{added}");
    }
    for left_out in ["From", "Date", "Subject", "Message-ID"] {
        let names: Vec<&str> = MICROSOFT.into_iter().filter(|n| *n != left_out).collect();
        let raw = w.signer.sign_as(&mail(), &names, "");
        assert_eq!(void_reason(&w, &raw).await, DkimFinding::Void(DkimVoid::Uncovered), "{left_out}");
    }
}

#[tokio::test]
async fn t16_mixed_line_ends_about_the_empty_line_prove_nothing() {
    let w = world();
    let signed = text(w.signer.sign(&mail()));
    for end in ["\r\n\n", "\n\r\n", "\n\n"] {
        let smuggled = signed.replacen("\r\n\r\n", &format!("{end}#done T-9\r\n\r\n"), 1);
        assert_ne!(w.prove(smuggled.as_bytes()).await.verdict, Verdict::Aligned, "{end:?}");
    }
}

#[tokio::test]
async fn t17_an_old_mail_is_weak_at_best_however_well_it_is_signed() {
    let w = world();
    let signed = w.signer.sign(&mail());
    let late = |days: i64| arrived().checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
    let fresh = w.verifier.prove(&signed, late(6), None).await;
    assert_eq!(worth(&fresh, TokenStanding::ValidForThisPerson, &[]), Level::Strong);
    let old = w.verifier.prove(&signed, late(30), None).await;
    assert_eq!(old.verdict, Verdict::Aligned);
    assert_eq!(worth(&old, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    assert_eq!(worth(&old, TokenStanding::None, &[]), Level::None);
    let early = w.verifier.prove(&signed, late(-1), None).await;
    assert_eq!(worth(&early, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
}

#[tokio::test]
async fn t19_f42_times_are_judged_as_of_arrival_give_or_take_ten_minutes() {
    let w = world();
    let now = arrived().as_second();
    let with = |tags: String| w.signer.sign_as(&mail(), &USUAL, &tags);
    // Long past by any clock that runs today, and still valid when the mail arrived.
    let good = with(format!("t={}; x={};", now - 60, now + 60));
    assert_eq!(w.prove(&good).await.verdict, Verdict::Aligned);
    for near in [format!("t={}; x={};", now - 700, now - 599), format!("t={};", now + 599)] {
        assert_eq!(w.prove(&with(near)).await.verdict, Verdict::Aligned);
    }
    for (tags, reason) in [
        (format!("t={}; x={};", now - 900, now - 660), DkimVoid::Expired),
        (format!("t={}; x={};", now - 60, now - 60), DkimVoid::Expired),
        (format!("x={};", now - 601), DkimVoid::Expired),
        (format!("t={};", now + 3600), DkimVoid::Future),
        ("x=soon;".to_owned(), DkimVoid::Malformed),
        ("d=legitimate.com;".to_owned(), DkimVoid::Malformed),
    ] {
        assert_eq!(void_reason(&w, &with(tags.clone())).await, DkimFinding::Void(reason), "{tags}");
    }
}

#[tokio::test]
async fn t19_weak_and_testing_keys_prove_nothing() {
    let w = world();
    let (name, good) = w.signer.dns_record();
    let signed = w.signer.sign(&mail());
    for (record, reason) in [
        (format!("{good}; t=y"), DkimVoid::Testing),
        (format!("{good}; t=s:y"), DkimVoid::Testing),
        (format!("{good}; h=sha1"), DkimVoid::Key),
        (format!("{good}; s=tlsrpt"), DkimVoid::Key),
        ("v=DKIM1; k=ed25519; p=".to_owned(), DkimVoid::Key),
        (format!("v=DKIM1; p={}", rsa_key(64)), DkimVoid::Weak),
        ("v=spf1 -all".to_owned(), DkimVoid::Key),
    ] {
        w.zone.add((name.clone(), record.clone()));
        assert_eq!(void_reason(&w, &signed).await, DkimFinding::Void(reason), "{record}");
    }
    w.zone.add((name, good));
    let sha1 = text(signed).replacen("a=ed25519-sha256", "a=rsa-sha1", 1);
    assert_eq!(void_reason(&w, sha1.as_bytes()).await, DkimFinding::Void(DkimVoid::Weak));
}

/// A public RSA key (PKCS #1) with a modulus of so many octets, in base64.
fn rsa_key(octets: u8) -> String {
    let modulus = [vec![0x02, octets + 1, 0x00], vec![0xc5; octets.into()]].concat();
    let inner = [modulus, vec![0x02, 0x03, 0x01, 0x00, 0x01]].concat();
    let der = [vec![0x30, u8::try_from(inner.len()).unwrap()], inner].concat();
    data_encoding::BASE64.encode(&der)
}

#[tokio::test]
async fn t20_trouble_with_dns_is_never_an_answer() {
    let w = world();
    let signed = w.signer.sign(&mail());
    w.zone.say(KEY, Says::Failure);
    let failed = w.prove(&signed).await;
    assert_eq!((failed.verdict, failed.dkim[0].result), (Verdict::Unknown, DkimFinding::TempError));
    assert_eq!(failed.settled().verdict, Verdict::Forged);
    w.zone.remove(KEY);
    let absent = w.prove(&signed).await;
    assert_eq!((absent.verdict, absent.dkim[0].result), (Verdict::Forged, DkimFinding::KeyAbsent));
    w.zone.add(w.signer.dns_record());
    w.zone.say("_dmarc.lawfirm.example", Says::Failure);
    assert_eq!(w.prove(&signed).await.verdict, Verdict::Aligned);
    let unsigned = w.prove(&mail()).await;
    assert_eq!((unsigned.verdict, unsigned.dmarc.temporary), (Verdict::Unknown, true));
    assert_eq!(worth(&unsigned.settled(), TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    let below = Signer::generate("mail.lawfirm.example", "s2").unwrap();
    w.zone.add(below.dns_record());
    assert_eq!(w.prove(&below.sign(&mail())).await.verdict, Verdict::Unknown);
}

#[tokio::test]
async fn t20_silence_of_dns_is_unknown() {
    let w = world();
    let signed = w.signer.sign(&mail());
    w.zone.say(KEY, Says::Silence);
    let impatient = verifier(w.zone.address(), Duration::from_millis(100));
    let proof = impatient.prove(&signed, arrived(), None).await;
    assert_eq!((proof.verdict, proof.dkim[0].result), (Verdict::Unknown, DkimFinding::TempError));
}

/// A server that says by UDP that its answer is too long, and gives none by TCP either.
#[tokio::test]
async fn t20_an_answer_that_is_cut_off_is_unknown() {
    let w = world();
    let signed = w.signer.sign(&mail());
    w.zone.say(KEY, Says::Truncated);
    let proof = w.prove(&signed).await;
    assert_eq!((proof.verdict, proof.dkim[0].result), (Verdict::Unknown, DkimFinding::TempError));
    w.zone.add(w.signer.dns_record());
    w.zone.say("_dmarc.lawfirm.example", Says::Truncated);
    assert_eq!(w.prove(&mail()).await.verdict, Verdict::Unknown);
}

const BORDER_PASS: &str = "dkim=pass header.d=lawfirm.example header.s=s1; dmarc=pass header.from=lawfirm.example";

#[tokio::test]
async fn t21_the_border_vouches_for_a_signature_whose_key_is_gone() {
    let w = world();
    let signed = w.signer.sign(&mail());
    w.zone.remove(KEY);
    let proof = w.prove_with_border(BORDER_PASS, &signed).await;
    assert_eq!((proof.verdict, proof.aligned.as_deref(), proof.to_signed), (Verdict::Aligned, Some(DOMAIN), true));
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Strong);
    w.zone.say(KEY, Says::Failure);
    assert_eq!(w.prove_with_border(BORDER_PASS, &signed).await.verdict, Verdict::Aligned);
    assert_eq!(w.prove(&signed).await.verdict, Verdict::Unknown);
}

/// Five days on the way, and the key was taken away and the signature ended since.
#[tokio::test]
async fn t21_a_mail_of_five_days_is_proved_by_the_border_that_saw_its_key() {
    let w = world();
    let written = text(mail()).replace("Mon, 2 Mar 2026", "Wed, 25 Feb 2026");
    let now = arrived().as_second();
    let signed = w.signer.sign_as(written.as_bytes(), &USUAL, &format!("t={}; x={};", now - 5 * 86_400, now + 60));
    w.zone.remove(KEY);
    let alone = w.prove(&signed).await;
    assert_eq!((alone.verdict, alone.dkim[0].result), (Verdict::Forged, DkimFinding::KeyAbsent));
    let proof = w.prove_with_border(BORDER_PASS, &signed).await;
    assert_eq!(proof.arrived.duration_since(proof.date.unwrap()).as_hours(), 120);
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Strong);
    assert_eq!(worth(&proof, TokenStanding::None, &[]), Level::Good);
    let failing = BORDER_PASS.replace("pass", "fail");
    assert_eq!(w.prove_with_border(&failing, &signed).await.verdict, Verdict::Forged);
}

#[tokio::test]
async fn t17_a_signature_that_nobody_can_check_covers_nothing() {
    let w = world();
    let unknown = Signer::generate(DOMAIN, "nowhere").unwrap();
    let replayed = unknown.sign(&w.signer.sign_as_microsoft(&mail()));
    let proof = w.prove(&replayed).await;
    assert_eq!(
        (proof.verdict, proof.to_signed, proof.dkim[0].result),
        (Verdict::Aligned, false, DkimFinding::KeyAbsent)
    );
    w.zone.remove(KEY);
    let vouched = w.prove_with_border(BORDER_PASS, &replayed).await;
    assert_eq!((vouched.verdict, vouched.to_signed), (Verdict::Aligned, false));
    let uncovered = unknown.sign(&w.signer.sign_as(&mail(), &["From", "Date"], ""));
    assert_ne!(w.prove_with_border(BORDER_PASS, &uncovered).await.verdict, Verdict::Aligned);
}

#[tokio::test]
async fn t10_contradiction_with_the_border_is_believed_by_nobody() {
    let w = world();
    let signed = w.signer.sign(&mail());
    let unsigned = w.prove_with_border(BORDER_PASS, &mail()).await;
    let broken = [signed.as_slice(), b"more\r\n"].concat();
    let broken = w.prove_with_border(BORDER_PASS, &broken).await;
    let failing = "dkim=fail header.d=lawfirm.example; dmarc=fail header.from=lawfirm.example";
    let denied = w.prove_with_border(failing, &signed).await;
    for proof in [unsigned, broken, denied] {
        assert!(proof.sources_disagree);
        assert_eq!(proof.verdict, Verdict::Unproven);
        assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Weak);
    }
    let agreeing = w.prove_with_border(BORDER_PASS, &signed).await;
    assert!(!agreeing.sources_disagree);
    assert_eq!(agreeing.verdict, Verdict::Aligned);
}

#[tokio::test]
async fn t10_results_are_not_read_without_a_policy_or_from_within_the_mail() {
    let w = world_without_dmarc();
    let forged = [b"Authentication-Results: mx.firm.example; ", BORDER_PASS.as_bytes(), b"\r\n", &mail()].concat();
    assert_eq!(w.prove(&forged).await.verdict, Verdict::Unproven);
    let proof = w.verifier.prove(&forged, arrived(), Some(&border_policy())).await;
    assert_eq!((proof.verdict, proof.border.unwrap().void), (Verdict::Unproven, Some(Void::Hops)));
    let attached = [mail().as_slice(), b"Authentication-Results: mx.firm.example; ", BORDER_PASS.as_bytes()].concat();
    assert_eq!(w.verifier.prove(&attached, arrived(), Some(&border_policy())).await.verdict, Verdict::Unproven);
}

#[tokio::test]
async fn t13_t18_spf_alone_is_never_strong_and_counts_only_with_a_token() {
    let w = world();
    let results = "spf=pass smtp.mailfrom=bounce@lawfirm.example; dkim=none; dmarc=pass header.from=lawfirm.example";
    let proof = w.prove_with_border(results, &mail()).await;
    assert_eq!(proof.verdict, Verdict::SpfOnlyTrusted);
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Good);
    assert_eq!(worth(&proof, TokenStanding::None, &[]), Level::None);
    let strict = AuthResults { spf_alone: false, ..border_policy() };
    let proof = w.prove_under(&strict, results, &mail()).await;
    assert_eq!(worth(&proof, TokenStanding::ValidForThisPerson, &[]), Level::Weak, "the firm switched it off");
    let elsewhere = results.replace("bounce@lawfirm.example", "bounce@other.example");
    assert_eq!(w.prove_with_border(&elsewhere, &mail()).await.verdict, Verdict::Forged);
}

#[tokio::test]
async fn t22_a_chain_of_arc_seals_proves_nothing() {
    let w = world_without_dmarc();
    let arc = "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=evil.test; s=a; b=AAAA\r\n\
               ARC-Authentication-Results: i=1; mx.firm.example; dmarc=pass header.from=lawfirm.example\r\n";
    let raw = [arc.as_bytes(), &mail()].concat();
    assert_eq!(w.prove(&raw).await.verdict, Verdict::Unproven);
    assert_eq!(w.verifier.prove(&raw, arrived(), Some(&border_policy())).await.verdict, Verdict::Unproven);
}

#[tokio::test]
async fn only_ten_signatures_are_examined() {
    let w = world();
    let stranger = Signer::generate("stranger.example", "s").unwrap();
    w.zone.add(stranger.dns_record());
    let mut raw = w.signer.sign(&mail());
    for _ in 0..10 {
        raw = stranger.sign(&raw);
    }
    let proof = w.prove(&raw).await;
    assert_eq!(proof.dkim[10].result, DkimFinding::Void(DkimVoid::TooMany));
    assert_eq!(proof.aligned, None);
}

#[test]
fn no_header_makes_the_verifier_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let w = world();
    proptest!(ProptestConfig::with_cases(96), |(value in "[ -~\t]{0,120}", body in "[ -~\r\n]{0,80}")| {
        let raw = format!("DKIM-Signature: v=1; a=rsa-sha256; d=lawfirm.example; s=s1; {value}\r\n{}{body}", text(mail()));
        prop_assert_ne!(runtime.block_on(w.prove(raw.as_bytes())).verdict, Verdict::Aligned);
        let proof = runtime.block_on(w.prove(format!("{value}\r\n{body}").as_bytes()));
        prop_assert_ne!(proof.verdict, Verdict::Aligned);
    });
}
