//! Bills. A bill that was shared on purpose may show its money (BIL-05); its memo is for the firm only and not in the type.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, named_params};

use super::firms::Firm;
use super::{Result, Snapshot, Tx, at, moment};
use crate::domain::{FirmId, Item, Kind, PersonId};
use crate::sharing::BillState;

const STATES: [(BillState, &str); 6] = [
    (BillState::Draft, "draft"),
    (BillState::AwaitingApproval, "awaiting_approval"),
    (BillState::AwaitingPayment, "awaiting_payment"),
    (BillState::Paid, "paid"),
    (BillState::Void, "void"),
    (BillState::Deleted, "deleted"),
];

/// The word of a bill's state in the store and in imports.
pub fn state_word(state: BillState) -> &'static str {
    STATES.iter().find(|known| known.0 == state).map_or("draft", |known| known.1)
}

/// The state of a bill that this word means.
pub fn state_of_word(word: &str) -> Option<BillState> {
    STATES.iter().find(|known| known.1 == word).map(|known| known.0)
}

/// The file of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    /// Blob.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// A bill.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Its row.
    pub id: i64,
    /// BILL-17.
    pub number: u32,
    /// The firm's own number.
    pub bill_number: String,
    /// revenue_kind, summary_kind, trust_kind.
    pub kind: String,
    /// Where it stands.
    pub state: BillState,
    /// Heading.
    pub subject: String,
    /// For which matter.
    pub matter: Option<i64>,
    /// For which client.
    pub client: Option<PersonId>,
    /// Issued on.
    pub issued_at: Option<Date>,
    /// Due on.
    pub due_at: Option<Date>,
    /// Period from.
    pub start_at: Option<Date>,
    /// Period to.
    pub end_at: Option<Date>,
    /// Total in minor units.
    pub total_minor: i64,
    /// Still to pay, in minor units.
    pub balance_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The file.
    pub pdf: Option<Pdf>,
    /// Where to pay, if it is set up (BIL-02).
    pub payment_url: Option<String>,
}

impl Bill {
    /// Where it can be paid online: by its own link, or by that of its firm.
    pub fn payment_link(&self, firm: &Firm) -> Option<String> {
        self.payment_url
            .clone()
            .or_else(|| firm.payment_link.as_ref().map(|l| l.replace("{number}", &encoded(&self.bill_number))))
    }

    /// The bill as an item.
    pub const fn item(&self) -> Item {
        Item::new(Kind::Bill, self.id)
    }
}

/// A number as a part of a link (RFC 3986, 2.3).
fn encoded(number: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    number.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A bill as `import` and the demo enter it.
#[derive(Clone, Debug)]
pub struct NewBill {
    /// The firm's own number.
    pub bill_number: String,
    /// revenue_kind, summary_kind, trust_kind.
    pub kind: String,
    /// Where it stands.
    pub state: BillState,
    /// Heading.
    pub subject: String,
    /// For which matter.
    pub matter: Option<i64>,
    /// For which client.
    pub client: Option<PersonId>,
    /// Issued on.
    pub issued_at: Option<Date>,
    /// Due on.
    pub due_at: Option<Date>,
    /// Period from.
    pub start_at: Option<Date>,
    /// Period to.
    pub end_at: Option<Date>,
    /// Total in minor units.
    pub total_minor: i64,
    /// Still to pay, in minor units.
    pub balance_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The file; its blob is on disk.
    pub pdf: Option<Pdf>,
    /// Where to pay, if it is set up (BIL-02).
    pub payment_url: Option<String>,
    /// For the firm only.
    pub memo: String,
}

impl NewBill {
    /// A draft of this number with nothing in it.
    pub fn new(bill_number: &str, currency: &str) -> NewBill {
        NewBill {
            bill_number: bill_number.into(),
            kind: "revenue_kind".into(),
            state: BillState::Draft,
            subject: String::new(),
            matter: None,
            client: None,
            issued_at: None,
            due_at: None,
            start_at: None,
            end_at: None,
            total_minor: 0,
            balance_minor: 0,
            currency: currency.into(),
            pdf: None,
            payment_url: None,
            memo: String::new(),
        }
    }
}

const COLUMNS: &str =
    "id, number, bill_number, kind, state, subject, matter_id, client_id, issued_at, due_at, start_at, end_at,
    total_minor, balance_minor, currency, pdf_sha256, pdf_size, payment_url";

fn read(row: &Row<'_>) -> rusqlite::Result<Bill> {
    let state: String = row.get("state")?;
    let sha256: Option<String> = row.get("pdf_sha256")?;
    let size: Option<i64> = row.get("pdf_size")?;
    Ok(Bill {
        id: row.get("id")?,
        number: row.get("number")?,
        bill_number: row.get("bill_number")?,
        kind: row.get("kind")?,
        state: state_of_word(&state).unwrap_or(BillState::Draft),
        subject: row.get("subject")?,
        matter: row.get("matter_id")?,
        client: row.get::<_, Option<i64>>("client_id")?.map(PersonId),
        issued_at: super::date(row, "issued_at")?,
        due_at: super::date(row, "due_at")?,
        start_at: super::date(row, "start_at")?,
        end_at: super::date(row, "end_at")?,
        total_minor: row.get("total_minor")?,
        balance_minor: row.get("balance_minor")?,
        currency: row.get("currency")?,
        pdf: sha256.map(|sha256| Pdf { sha256, size: size.and_then(|s| u64::try_from(s).ok()).unwrap_or(0) }),
        payment_url: row.get("payment_url")?,
    })
}

impl Snapshot<'_> {
    /// The bill of this row, unless it was deleted.
    pub fn bill(&self, firm: FirmId, bill: i64) -> Result<Option<Bill>> {
        self.one(
            &format!("SELECT {COLUMNS} FROM bills WHERE firm_id = ?1 AND id = ?2 AND state <> 'deleted'"),
            (firm.0, bill),
            read,
        )
    }

    /// The bills of a matter by number.
    pub fn bills_of_matter(&self, firm: FirmId, matter: i64) -> Result<Vec<Bill>> {
        self.all(
            &format!("SELECT {COLUMNS} FROM bills WHERE firm_id = ?1 AND matter_id = ?2 AND state <> 'deleted' ORDER BY number"),
            (firm.0, matter),
            read,
        )
    }

    /// All bills of the firm by number; only for the firm's people.
    pub fn bills(&self, firm: FirmId) -> Result<Vec<Bill>> {
        self.all(
            &format!("SELECT {COLUMNS} FROM bills WHERE firm_id = ?1 AND state <> 'deleted' ORDER BY number"),
            [firm.0],
            read,
        )
    }
}

impl Tx<'_> {
    /// Adds a bill.
    pub fn add_bill(&self, firm: FirmId, new: &NewBill) -> Result<Item> {
        let number = self.next_number(firm, Kind::Bill)?;
        let id = self.insert(
            "INSERT INTO bills (firm_id, number, bill_number, kind, state, subject, matter_id, client_id, issued_at, due_at, start_at,
               end_at, total_minor, balance_minor, currency, pdf_sha256, pdf_size, payment_url, memo, paid_at)
             VALUES (:firm, :number, :bill_number, :kind, :state, :subject, :matter, :client, :issued, :due, :start,
               :end, :total, :balance, :currency, :pdf, :pdf_size, :payment, :memo, iif(:state = 'paid', 0, NULL))",
            named_params! {":firm": firm.0, ":number": number, ":bill_number": new.bill_number, ":kind": new.kind,
            ":state": state_word(new.state), ":subject": new.subject, ":matter": new.matter, ":client": new.client.map(|p| p.0),
            ":issued": new.issued_at.map(|d| d.to_string()), ":due": new.due_at.map(|d| d.to_string()),
            ":start": new.start_at.map(|d| d.to_string()), ":end": new.end_at.map(|d| d.to_string()),
            ":total": new.total_minor, ":balance": new.balance_minor, ":currency": new.currency,
            ":pdf": new.pdf.as_ref().map(|p| &p.sha256),
            ":pdf_size": new.pdf.as_ref().map(|p| i64::try_from(p.size).unwrap_or(i64::MAX)),
            ":payment": new.payment_url, ":memo": new.memo},
        )?;
        Ok(Item::new(Kind::Bill, id))
    }

    /// Notes which bills were paid since this was asked last, and gives those noted at `now`, or not long before.
    pub fn note_paid_bills(&self, firm: FirmId, now: Timestamp, since: Timestamp) -> Result<Vec<(Bill, Timestamp)>> {
        self.run(
            "UPDATE bills SET paid_at = ?2 WHERE firm_id = ?1 AND state = 'paid' AND paid_at IS NULL",
            (firm.0, at(now)),
        )?;
        self.run(
            "UPDATE bills SET paid_at = NULL WHERE firm_id = ?1 AND state <> 'paid' AND paid_at IS NOT NULL",
            [firm.0],
        )?;
        self.all(
            &format!("SELECT {COLUMNS}, paid_at FROM bills WHERE firm_id = ?1 AND paid_at >= ?2 ORDER BY number"),
            (firm.0, at(since)),
            |row| Ok((read(row)?, moment(row.get("paid_at")?))),
        )
    }

    /// Says where a bill stands; false if there is no such bill. What is paid has nothing left to pay.
    pub fn set_bill_state(&self, firm: FirmId, bill: i64, state: BillState) -> Result<bool> {
        let changed = self.run(
            "UPDATE bills SET state = ?3, balance_minor = iif(?3 = 'paid', 0, balance_minor)
             WHERE firm_id = ?1 AND id = ?2 AND state <> 'deleted'",
            (firm.0, bill, state_word(state)),
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn billed(s: &Sample) -> Item {
        let (firm, matter) = (s.firm, s.matter);
        let new = NewBill {
            state: BillState::AwaitingPayment,
            matter: Some(matter),
            due_at: Some("2026-04-30".parse().unwrap()),
            total_minor: 120_000,
            balance_minor: 20_000,
            pdf: Some(Pdf { sha256: "aa".into(), size: 9 }),
            memo: "Client is slow".into(),
            ..NewBill::new("2026-17", "GBP")
        };
        s.write(move |tx| tx.add_bill(firm, &new))
    }

    #[test]
    fn a_bill_is_kept_as_entered_and_its_memo_is_not_shown() {
        let s = Sample::new();
        let item = billed(&s);
        let kept = s.read(|r| r.bill(s.firm, item.id)).unwrap();
        assert_eq!((kept.state, kept.total_minor, kept.balance_minor), (BillState::AwaitingPayment, 120_000, 20_000));
        assert_eq!(kept.pdf, Some(Pdf { sha256: "aa".into(), size: 9 }));
        assert!(!format!("{kept:?}").contains("slow"));
    }

    #[test]
    fn a_deleted_bill_is_gone_and_every_state_is_one_of_the_tables() {
        let s = Sample::new();
        let (firm, item) = (s.firm, billed(&s));
        for (state, _) in STATES {
            assert!(s.write(move |tx| tx.set_bill_state(firm, item.id, state)));
        }
        assert!(s.read(|r| r.bill(firm, item.id)).is_none());
        assert!(s.read(|r| r.bills_of_matter(firm, s.matter)).is_empty());
        assert!(!s.write(move |tx| tx.set_bill_state(firm, item.id, BillState::Paid)));
    }

    #[test]
    fn a_bill_of_another_firm_is_not_found_and_not_changed() {
        let s = Sample::new();
        let (other, item) = (s.other_firm, billed(&s));
        assert!(s.read(|r| r.bill(other, item.id)).is_none());
        assert!(s.read(|r| r.bills(other)).is_empty());
        assert!(!s.write(move |tx| tx.set_bill_state(other, item.id, BillState::Void)));
    }
}
