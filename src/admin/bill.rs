//! `docketpost bill`: the firm's bills as far as co-counsel see them (BIL-01–05): entered, sent, paid, void; and where they
//! are paid online. The lines of a bill are the firm's own system's; `import` takes bills in too.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::show::table;
use super::{Office, Told, administrator, money};
use crate::actions::bills;
use crate::allowed;
use crate::domain::dates::Direction;
use crate::domain::{Item, Kind};
use crate::sharing::{Ability, BillState};
use crate::store::audit::Entry;
use crate::store::bills::{NewBill, Pdf, state_of_word, state_word};
use crate::store::shares::Subject;

const STATES: [&str; 5] = ["draft", "awaiting_approval", "awaiting_payment", "paid", "void"];

/// Bills of the firm.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists the bills that the acting user may see
    List {
        /// Of this matter only
        #[arg(long)]
        matter: Option<String>,
    },
    /// Enters a bill of a matter
    Add {
        /// The firm's own number, such as 2026-0417
        number: String,
        /// M-12, or the firm's own number
        #[arg(long)]
        matter: String,
        /// The total, such as 1200.00
        #[arg(long, value_parser = money::parse, allow_negative_numbers = true)]
        total: i64,
        /// Issued on [default: today]
        #[arg(long, value_name = "DATE")]
        issued: Option<String>,
        /// Due on
        #[arg(long, value_name = "DATE")]
        due: Option<String>,
        /// The bill as a PDF
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// What it is for
        #[arg(long, default_value = "")]
        subject: String,
        /// Where it stands; only what awaits payment or is paid can be seen by co-counsel
        #[arg(long, value_parser = STATES, default_value = "draft")]
        state: String,
    },
    /// Says where a bill stands; whoever it was shared with hears that it is paid
    State {
        /// BILL-17
        bill: String,
        /// Where it stands
        #[arg(value_parser = STATES)]
        state: String,
    },
    /// Says where bills are paid online: a link with {number} for the bill's number, or off [default: tells what is set]
    PaymentLink {
        /// `https://pay.example.com/?invoice={number}`
        link: Option<String>,
    },
}

/// Does it.
pub fn run(office: &Office, what: &What) -> Result<Told> {
    match what {
        What::List { matter } => list(office, matter.as_deref()),
        What::Add { number, matter, total, issued, due, file, subject, state } => {
            let matter = office.matter(matter)?;
            let issued = match issued {
                Some(day) => office.day(day, Direction::Past)?,
                None => office.now.to_zoned(office.firm.zone()).date(),
            };
            let due = due.as_deref().map(|d| office.day(d, Direction::Future)).transpose()?;
            if due.is_some_and(|due| due < issued) {
                bail!("--due is before --issued; nothing was entered");
            }
            let state = state_of_word(state).unwrap_or(BillState::Draft);
            let paid = state == BillState::Paid;
            let new = NewBill {
                state,
                subject: subject.trim().to_owned(),
                matter: Some(matter.id),
                issued_at: Some(issued),
                due_at: due,
                total_minor: *total,
                balance_minor: if paid { 0 } else { *total },
                pdf: file.as_ref().map(|f| pdf(office, f)).transpose()?,
                ..NewBill::new(number.trim(), &office.firm.currency)
            };
            add(office, matter, &new)
        }
        What::State { bill, state } => set_state(office, bill, state),
        What::PaymentLink { link } => payment_link(office, link.as_deref()),
    }
}

fn pdf(office: &Office, file: &PathBuf) -> Result<Pdf> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    if !bytes.starts_with(b"%PDF-") {
        bail!("{}: this is no PDF", file.display());
    }
    let sha256 = office.keep(file, &bytes)?;
    Ok(Pdf { sha256, size: u64::try_from(bytes.len()).unwrap_or(u64::MAX) })
}

fn list(office: &Office, matter: Option<&str>) -> Result<Told> {
    let wanted = matter.map(|m| office.matter(m)).transpose()?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for bill in office.store.read(|s| s.bills(office.firm.id))? {
        let is_wanted = wanted.is_none_or(|m| bill.matter == Some(m.id));
        if !is_wanted || !office.may(Ability::View, Subject::Item(bill.item()))? {
            continue;
        }
        let id = format!("BILL-{}", bill.number);
        let matter =
            bill.matter.map(|row| office.number(Item::new(Kind::Matter, row))).transpose()?.unwrap_or_default();
        let due = bill.due_at.map(|d| d.to_string()).unwrap_or_default();
        let shared = office.store.read(|s| s.live_shares_of(office.firm.id, bill.item(), office.now))?.len();
        let (total, balance) = (money::show(bill.total_minor), money::show(bill.balance_minor));
        objects.push(json!({"bill": id, "number": bill.bill_number, "matter": matter, "state": state_word(bill.state),
            "due": bill.due_at.map(|d| d.to_string()), "total": total, "balance": balance, "currency": bill.currency,
            "shares": shared, "file": bill.pdf.is_some()}));
        let state = state_word(bill.state).to_owned();
        rows.push([id, bill.bill_number, matter, state, due, total, balance, bill.currency, shared.to_string()]);
    }
    let heading = ["bill", "number", "matter", "state", "due", "total", "to pay", "currency", "shares"];
    Ok(Told::new(table(heading, &rows), json!(objects)))
}

fn add(office: &Office, matter: Item, new: &NewBill) -> Result<Told> {
    if new.bill_number.is_empty() {
        bail!("the bill's number must not be empty");
    }
    if office.store.read(|s| s.bill_by_number(office.firm.id, &new.bill_number))?.is_some() {
        bail!("there is a bill {} already", new.bill_number);
    }
    let (entered, number) = (new.clone(), new.bill_number.clone());
    let bill = office.act(&format!("bill.add:{number}"), move |act| bills::enter(act, matter.id, &entered))?;
    let id = office.number(bill)?;
    let note = match new.pdf {
        Some(_) => String::new(),
        None => " It has no file yet: #get can't send it.".to_owned(),
    };
    Ok(Told::new(format!("{number} is {id}.{note}\n"), json!({"bill": id, "number": number})))
}

fn set_state(office: &Office, text: &str, word: &str) -> Result<Told> {
    let bill = office.thing(text)?;
    if bill.kind != Kind::Bill {
        bail!("{text} is a {}; a bill such as BILL-17 is needed", bill.kind.word());
    }
    let state = state_of_word(word).with_context(|| format!("{word}: no state of a bill"))?;
    office.act(&format!("bill.state:{}:{word}", bill.id), move |act| bills::set_state(act, bill, state))?;
    let id = office.number(bill)?;
    Ok(Told::new(format!("{id} is {}.\n", word.replace('_', " ")), json!({"bill": id, "state": word})))
}

fn payment_link(office: &Office, link: Option<&str>) -> Result<Told> {
    let Some(link) = link else {
        let said = match &office.firm.payment_link {
            Some(link) => format!("Bills are paid at {link}\n"),
            None => "Online payment isn't set up.\n".to_owned(),
        };
        return Ok(Told::new(said, json!({"payment_link": office.firm.payment_link})));
    };
    let wanted = Some(link.trim()).filter(|l| *l != "off").map(str::to_owned);
    if let Some(link) = &wanted {
        let plain = link.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\''));
        if !link.starts_with("https://") || !plain || link.len() > 500 || !link.contains("{number}") {
            bail!(
                "a link such as https://pay.example.com/?invoice={{number}} is needed: https, {{number}} for the bill's number"
            );
        }
    }
    let set = wanted.clone();
    office.act("bill.payment_link", move |act| {
        allowed!(administrator(act, Ability::Edit));
        act.tx.set_payment_link(act.firm.id, set.as_deref())?;
        let entry = Entry::new(Some(act.actor.id), "settings.payment_link").with(json!({"set": set.is_some()}));
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(()))
    })?;
    let said = match &wanted {
        Some(link) => format!("Bills are paid at {link}\n"),
        None => "Online payment is off.\n".to_owned(),
    };
    Ok(Told::new(said, json!({"payment_link": wanted})))
}
