//! Nobody honest is held: every sample mail that Jane really wrote, as each kind of provider sends and signs it. After the
//! first confirmation none waits but where `PROVIDERS` says so, and each comes to what its golden file says. The mails go
//! through the daemon's own steps; only the providers are ours. What is asked, left out or not compared is counted, held to
//! its number, and printed.

use std::collections::BTreeSet;

use docketpost::demo::signer::{MICROSOFT, Signer, USUAL, dmarc_record};
use docketpost::demo::zone::Zone;
use docketpost::inbound::parse;

use crate::golden::{block_on, folder};
use crate::scenes::{Begins, Stage};

/// Jane's domain.
const DOMAIN: &str = "roe.example";
const JANE: &str = "jane@roe.example";

/// How a provider sends a lawyer's mail.
struct Provider {
    name: &'static str,
    /// The domains that sign, in order; the uppermost signature last.
    signs: &'static [&'static str],
    /// The header fields that are signed.
    covers: &'static [&'static str],
    /// What the lawyer's own domain asks of others, if it says anything.
    policy: Option<&'static str>,
    /// Header fields that it adds before it signs.
    adds: &'static str,
    /// Whether it writes its disclaimer below the text before it signs.
    disclaimer: bool,
    /// How often a confirmation is asked for. Once, where somebody else's signature has to be bound to her (decisions.md 3).
    asks: usize,
    /// How many mails are asked about once, which matter they mean: where To is not signed, it says nothing (decisions.md 1).
    asks_which_matter: usize,
}

const OWN: &[&str] = &[DOMAIN];
const OPENDKIM: &[&str] =
    &["From", "Date", "Message-ID", "To", "Cc", "Subject", "MIME-Version", "Content-Type", "References", "In-Reply-To"];

const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Gmail",
        signs: OWN,
        covers: &USUAL,
        policy: Some("none"),
        adds: "X-Gm-Message-State: AOJu0Yx\nX-Google-Smtp-Source: AGHT+IE\nX-Received: by 2002:a05:6402:1 with SMTP id a; Tue, 14 Apr 2026 01:30:00 -0700 (PDT)\n",
        disclaimer: false,
        asks: 0,
        asks_which_matter: 0,
    },
    Provider {
        name: "Google Workspace without a key of the lawyer's domain",
        signs: &["roe-example.20230601.gappssmtp.com"],
        covers: &USUAL,
        policy: None,
        adds: "X-Gm-Message-State: AOJu0Yy\n",
        disclaimer: false,
        asks: 1,
        asks_which_matter: 0,
    },
    Provider {
        name: "Microsoft 365 with the domain's own key",
        signs: OWN,
        covers: &MICROSOFT,
        policy: Some("quarantine"),
        adds: "Thread-Index: AdyxTQ==\nAccept-Language: en-GB, en-US\nmsip_labels: \nx-ms-exchange-messagesentrepresentingtype: 1\nX-MS-Exchange-CrossTenant-id: 00000000-0000-0000-0000-000000000000\n",
        disclaimer: false,
        asks: 0,
        asks_which_matter: 4,
    },
    Provider {
        name: "Microsoft 365 that signs for its tenant",
        signs: &["roelaw.onmicrosoft.com"],
        covers: &MICROSOFT,
        policy: None,
        adds: "Thread-Index: AdyxTR==\nX-MS-Has-Attach: \nX-MS-TNEF-Correlator: \n",
        disclaimer: false,
        asks: 1,
        asks_which_matter: 4,
    },
    Provider {
        name: "Microsoft 365 that signs for its tenant, where the domain asks that others be set aside",
        signs: &["roelaw.onmicrosoft.com"],
        covers: &MICROSOFT,
        policy: Some("quarantine"),
        adds: "Thread-Index: AdyxTS==\nX-MS-Has-Attach: \n",
        disclaimer: false,
        asks: 1,
        asks_which_matter: 4,
    },
    Provider {
        name: "iCloud with a domain of one's own",
        signs: &["icloud.example", DOMAIN],
        covers: &USUAL,
        policy: Some("quarantine"),
        adds: "X-Proofpoint-GUID: abc\nX-Mailer: iPhone Mail (23E100)\n",
        disclaimer: false,
        asks: 0,
        asks_which_matter: 0,
    },
    Provider {
        name: "Proton",
        signs: OWN,
        covers: &USUAL,
        policy: Some("reject"),
        adds: "Feedback-ID: 1:user:proton\nX-Pm-Message-ID: 5f0c\nX-Pm-Content-Encryption: on-delivery\n",
        disclaimer: false,
        asks: 0,
        asks_which_matter: 0,
    },
    Provider {
        name: "a hosted mailbox that signs for itself and the domain",
        signs: &[DOMAIN, "messagingengine.example"],
        covers: &USUAL,
        policy: Some("none"),
        adds: "X-ME-Sender: <xms:abc>\nX-ME-Proxy-Cause: gggruggvucftvghtrhhoucdtuddrgeefjedrtddtgddu\nFeedback-ID: i1\n",
        disclaimer: false,
        asks: 0,
        asks_which_matter: 0,
    },
    Provider {
        name: "Exchange behind a gateway with a disclaimer",
        signs: OWN,
        covers: &USUAL,
        policy: Some("reject"),
        adds: "X-Mimecast-Originator: roe.example\nX-Mimecast-Spam-Score: 0\nX-AOL-SCOLL-URL_COUNT: 0\n",
        disclaimer: true,
        asks: 0,
        asks_which_matter: 0,
    },
    Provider {
        name: "a law firm's own Postfix with OpenDKIM and no policy",
        signs: OWN,
        covers: OPENDKIM,
        policy: None,
        adds: "User-Agent: Mozilla Thunderbird\nContent-Language: en-GB\n",
        disclaimer: true,
        // Her domain signed the mail by which she accepted, which confirmed it.
        asks: 0,
        asks_which_matter: 0,
    },
    // Any customer's mail could bear this signature: it counts at her reply addresses once it is bound, and each mail to
    // no reply address is asked about (decisions.md 2).
    Provider {
        name: "a hoster that signs in one name for all its customers",
        signs: &["provider.example"],
        covers: &USUAL,
        policy: None,
        adds: "X-Authenticated-Sender: jane@roe.example\nX-Originating-IP: 192.0.2.7\n",
        disclaimer: false,
        asks: 8,
        asks_which_matter: 0,
    },
];

/// The samples in Jane's name that are not sent, and why. Whatever else its golden file holds fails the test.
const LEFT_OUT: [(&str, &str); 7] = [
    ("exchange_automatic_reply", "a machine wrote it"),
    ("gmail_vacation", "a machine wrote it"),
    ("gmail_web_accept", "she accepts before all of them"),
    ("gmail_web_new_to_absent_matter", "there is no such matter"),
    ("gmail_web_new_to_unshared_matter", "that matter is not shared with her"),
    ("outlook_read_receipt", "a machine wrote it"),
    (
        "outlook_web_forward_log",
        "names its matter in To alone, which Outlook does not sign; …_with_tag is it with a number",
    ),
];

/// The disclaimer at the end of a plain text or an HTML part; where a part's encoding would have to be undone, the mail goes
/// without one.
fn with_disclaimer(mail: &str) -> String {
    const WORDS: &str = "This e-mail is confidential and may be privileged. If you are not the addressee, delete it.";
    if mail.contains("base64") && !mail.contains("multipart") {
        mail.to_owned()
    } else if let Some((before, after)) = mail.rsplit_once("</body>") {
        format!("{before}<p>{WORDS}</p></body>{after}")
    } else if !mail.contains("multipart") {
        format!("{}\n\n____________________\n{WORDS}\n", mail.trim_end())
    } else {
        mail.to_owned()
    }
}

/// What leaves the provider.
fn sent(provider: &Provider, signers: &[Signer], mail: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(mail).into_owned();
    // Mails in other character sets go through as they are.
    let mail = match text.as_bytes() == mail && provider.disclaimer {
        true => with_disclaimer(&text).into_bytes(),
        false => mail.to_vec(),
    };
    let mail = [provider.adds.replace('\n', "\r\n").as_bytes(), &mail].concat();
    signers.iter().fold(mail, |mail, signer| signer.sign_as(&mail, provider.covers, ""))
}

/// The samples that Jane wrote, in an order in which each finds the mail that it answers.
fn samples() -> Vec<String> {
    let left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(name, _)| *name).collect();
    let is_hers = |name: &String| golden(name)["inspect"]["from"].as_str().is_some_and(|from| from.contains(JANE));
    let (out, mut hers): (Vec<String>, Vec<String>) =
        crate::golden::samples().into_iter().filter(is_hers).partition(|name| left_out.contains(name.as_str()));
    assert_eq!(out.len(), LEFT_OUT.len(), "left out and not there: {LEFT_OUT:?} {out:?}");
    for name in &hers {
        let golden = golden(name);
        let is_well = golden["person"] == "Jane Roe" && golden["outcome"] != "held";
        assert!(is_well, "{name} is {}: mend it, or say in LEFT_OUT why", golden["outcome"]);
    }
    hers.sort_by_key(|name| *name != "gmail_web_time_and_done");
    hers
}

fn golden(name: &str) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join("mail").join(format!("{name}.json"))).unwrap()).unwrap()
}

/// Of which kinds these rows are: `TE` of `TE-31: …`. What Jane has by what was shared with her differs with what was before.
fn kinds<'r>(rows: impl Iterator<Item = &'r str>) -> Vec<String> {
    let kinds = rows.map(|row| row.split(['-', ' ']).next().unwrap_or_default().to_owned());
    let mut kinds: Vec<String> = kinds.filter(|kind| kind != "Jane").collect();
    kinds.sort_unstable();
    kinds
}

/// Mails whose history ends the page: a disclaimer that a gateway puts below it, into the page alone, is taken for words
/// that were written below the quote, and passed on as a message. Nothing is lost or held by that.
const HISTORY_AT_THE_END: [&str; 4] =
    ["apple_mail_iphone_edit", "apple_mail_iphone_thanks", "apple_mail_iphone_time_smart_quotes", "icloud_web_time"];

/// Compares what came of a sample with its golden file: ignored or refused where it should have acted is as bad as held.
/// False if it can't be compared.
fn as_expected(provider: &Provider, name: &str, told: &str) -> bool {
    if provider.disclaimer && HISTORY_AT_THE_END.contains(&name) {
        assert!(told.contains(" applied"), "{}: {name}:\n{told}", provider.name);
        return false;
    }
    let (provider, golden) = (provider.name, golden(name));
    let outcome = golden["outcome"].as_str().unwrap();
    let is_so = told.lines().any(|l| l.starts_with("Q-") && l.split([' ', ',']).nth(1) == Some(outcome));
    assert!(is_so, "{provider}: {name} was to be {outcome}:\n{told}");
    for (mark, key) in [("+ ", "made"), ("- ", "gone")] {
        let came = kinds(told.lines().filter_map(|l| l.strip_prefix(mark)));
        let wanted = kinds(golden[key].as_array().unwrap().iter().filter_map(|row| row.as_str()));
        assert_eq!(came, wanted, "{provider}: {name}, {key}:\n{told}");
    }
    true
}

/// Brings about what a sample needs that another one took away: a receipt of its own, or a task that is open.
async fn prepare(stage: &mut Stage<'_>, name: &str, n: usize) {
    if golden(name)["answers"] == "receipt" {
        stage.play("jane replies to \"Task T-1\"", &format!("#time {}m Read part {n} of the bundle", n + 10)).await;
    }
    if ["outlook_ios_done", "thunderbird_subject_command"].contains(&name) {
        stage.play("firm: task reopen T-2", "").await;
    }
}

/// What was counted.
#[derive(Default)]
struct Figures {
    mails: usize,
    /// Confirmations that bound a signature.
    first: usize,
    /// Confirmations after that, of mail to no reply address of hers.
    again: usize,
    which_matter: usize,
    not_compared: usize,
}

/// Plays all samples through one provider.
async fn nobody_is_held(provider: &Provider, all: &mut Figures) {
    let signers: Vec<Signer> = provider.signs.iter().map(|d| Signer::generate(d, "s1").unwrap()).collect();
    let firm = Signer::generate("hale.example", "s1").unwrap();
    let keys = signers.iter().chain([&firm]).map(Signer::dns_record);
    let policies =
        provider.policy.map(|p| dmarc_record(DOMAIN, p)).into_iter().chain([dmarc_record("hale.example", "reject")]);
    let zone = Zone::start(keys.chain(policies)).unwrap();
    let send = Box::new(|_: &str, mail: &[u8]| {
        let from = parse::parse(mail).from.map(|m| m.address).unwrap_or_default();
        if from.ends_with(DOMAIN) { sent(provider, &signers, mail) } else { firm.sign(mail) }
    });
    let mut stage = Stage::with(zone.address(), send, Begins::Working, &[]).await;
    let message = "#message to Jane Roe: Could you let us know by Friday whether the limitation point holds?";
    stage.play("anna writes to m-1: Limitation", message).await;
    let (mut asked, mut which_matter) = (stage.confirmed, 0);
    for (n, name) in samples().into_iter().enumerate() {
        prepare(&mut stage, &name, n).await;
        let mut told = stage.play(&format!("jane sends mail/{name}.eml"), "").await;
        if told.contains("(CONTEXT_NONE)") && !provider.covers.contains(&"To") {
            which_matter += 1;
            told = stage.play("jane replies to \"Your mail does not say which matter\"", "1").await;
        } else if told.contains(" held") {
            let may_be = asked == 0 || golden(&name)["answers"].is_null();
            assert!(asked < provider.asks && may_be, "{}: {name} is held:\n{told}", provider.name);
            asked += 1;
            told = stage.play("jane replies to \"Please confirm\"", "#confirm [code]").await;
            assert!(told.contains(" applied"), "{}: {name} stays held:\n{told}", provider.name);
        }
        assert!(!told.contains(" held"), "{}: {name} stays held:\n{told}", provider.name);
        all.mails += 1;
        all.not_compared += usize::from(!as_expected(provider, &name, &told));
    }
    println!("{}: {asked} confirmed, {which_matter} asked which matter", provider.name);
    let (asks, asks_which) = (provider.asks, provider.asks_which_matter);
    assert_eq!((asked, which_matter), (asks, asks_which), "{}: questions", provider.name);
    all.first += asked.min(1);
    all.again += asked.saturating_sub(1);
    all.which_matter += which_matter;
}

#[test]
fn no_genuine_mail_is_held_after_the_first_confirmation() {
    let figures = block_on(async {
        let mut all = Figures::default();
        for provider in PROVIDERS {
            nobody_is_held(provider, &mut all).await;
        }
        all
    });
    let Figures { mails, first, again, which_matter, not_compared } = figures;
    assert!(mails >= 100, "{mails}");
    println!(
        "{mails} genuine mails through {} kinds of providers: none was held wrongly; {first} first confirmations, \
         {again} of new mail that a hoster signs in one name for all, {which_matter} asked once which matter (To unsigned), \
         {not_compared} not compared (disclaimer below the history), {} samples left out",
        PROVIDERS.len(),
        LEFT_OUT.len()
    );
}
