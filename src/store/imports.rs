//! Changes to cards, matters, tasks and bills as a second import of the same file makes them. Each says whether anything
//! changed. A login address, a share and what mail brought in are never changed by an import.

use jiff::Timestamp;
use rusqlite::named_params;

use super::bills::{NewBill, state_word};
use super::matters::NewMatter;
use super::people::NewPerson;
use super::tasks::{NewTask, TaskStatus};
use super::{Result, Snapshot, Tx, at};
use crate::domain::duration::Quantity;
use crate::domain::{Address, FirmId, PersonId};
use crate::sharing::Role;

/// A postal address on a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostalAddress {
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: String,
    /// State or county.
    pub state: String,
    /// Postcode.
    pub postal_code: String,
    /// Country.
    pub country: String,
}

impl Snapshot<'_> {
    /// The folder of this name directly in a folder, or at the top of the matter; none that is a co-counsel's drop folder.
    pub fn folder_by_name(&self, firm: FirmId, matter: i64, parent: Option<i64>, name: &str) -> Result<Option<i64>> {
        self.one(
            "SELECT id FROM folders WHERE firm_id = ?1 AND matter_id = ?2 AND parent_id IS ?3 AND name = ?4 AND is_drop = 0 AND deleted_at IS NULL ORDER BY id LIMIT 1",
            (firm.0, matter, parent, name),
            |r| r.get(0),
        )
    }

    /// True if the card says that the person is a client.
    pub fn is_client(&self, firm: FirmId, person: PersonId) -> Result<bool> {
        let sql = "SELECT is_client FROM contacts WHERE firm_id = ?1 AND person_id = ?2";
        Ok(self.one(sql, (firm.0, person.0), |r| r.get(0))?.unwrap_or(false))
    }

    /// The bill with this number of the firm's own, unless it was deleted.
    pub fn bill_by_number(&self, firm: FirmId, bill_number: &str) -> Result<Option<i64>> {
        self.one(
            "SELECT id FROM bills WHERE firm_id = ?1 AND bill_number = ?2 AND state <> 'deleted'",
            (firm.0, bill_number),
            |r| r.get(0),
        )
    }

    /// The price of a time entry in minor units and its bill; firm only (TIM-06).
    pub fn price_and_bill(&self, firm: FirmId, entry: i64) -> Result<(Option<i64>, Option<i64>)> {
        let found = self.one(
            "SELECT price_minor, bill_id FROM activities WHERE firm_id = ?1 AND id = ?2",
            (firm.0, entry),
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        Ok(found.unwrap_or_default())
    }
}

impl Tx<'_> {
    /// Changes a person's card; a contact's flags too, a user's rights never.
    pub fn update_card(&self, firm: FirmId, person: PersonId, new: &NewPerson) -> Result<bool> {
        let card = self.run(
            "UPDATE people SET first_name = ?3, last_name = ?4, company = ?5, title = ?6 WHERE firm_id = ?1 AND id = ?2
               AND (first_name, last_name, company, title) IS NOT (?3, ?4, ?5, ?6)",
            (firm.0, person.0, &new.first_name, &new.last_name, &new.company, &new.title),
        )?;
        let flags = self.run(
            "UPDATE contacts SET is_client = ?3, is_co_counsel = ?4 WHERE firm_id = ?1 AND person_id = ?2
               AND (is_client, is_co_counsel) IS NOT (?3, ?4)",
            (firm.0, person.0, new.is_client, new.role == Role::CoCounsel),
        )?;
        let address = match &new.address {
            Some(address) if !matches!(new.role, Role::User { .. }) => self.set_card_address(firm, person, address)?,
            _ => false,
        };
        Ok(card > 0 || flags > 0 || address)
    }

    /// Sets the primary address of a contact's card; false if it was so before.
    pub fn set_card_address(&self, firm: FirmId, person: PersonId, address: &Address) -> Result<bool> {
        if self.card_address(firm, person)?.as_ref() == Some(address) {
            return Ok(false);
        }
        self.run("UPDATE contact_emails SET is_primary = 0 WHERE firm_id = ?1 AND person_id = ?2", (firm.0, person.0))?;
        self.run(
            "INSERT INTO contact_emails (firm_id, person_id, address, is_primary) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (firm_id, address) DO UPDATE SET is_primary = 1 WHERE person_id = excluded.person_id",
            (firm.0, person.0, address.as_str()),
        )?;
        Ok(true)
    }

    /// Sets the work telephone number of a card.
    pub fn set_phone(&self, firm: FirmId, person: PersonId, number: &str) -> Result<bool> {
        let changed = self.run(
            "UPDATE contact_phones SET number = ?3 WHERE firm_id = ?1 AND person_id = ?2 AND label = 'Work' AND number <> ?3",
            (firm.0, person.0, number),
        )?;
        let added = self.run(
            "INSERT INTO contact_phones (firm_id, person_id, label, number) SELECT ?1, ?2, 'Work', ?3 WHERE NOT EXISTS
               (SELECT 1 FROM contact_phones WHERE firm_id = ?1 AND person_id = ?2 AND label = 'Work')",
            (firm.0, person.0, number),
        )?;
        Ok(changed > 0 || added > 0)
    }

    /// Sets the work postal address of a card.
    pub fn set_postal_address(&self, firm: FirmId, person: PersonId, new: &PostalAddress) -> Result<bool> {
        let values = named_params! {":firm": firm.0, ":person": person.0, ":street": new.street, ":city": new.city,
        ":state": new.state, ":code": new.postal_code, ":country": new.country};
        let changed = self.run(
            "UPDATE contact_addresses SET street = :street, city = :city, state = :state, postal_code = :code, country = :country
             WHERE firm_id = :firm AND person_id = :person AND label = 'Work'
               AND (street, city, state, postal_code, country) IS NOT (:street, :city, :state, :code, :country)",
            values,
        )?;
        let added = self.run(
            "INSERT INTO contact_addresses (firm_id, person_id, label, street, city, state, postal_code, country)
             SELECT :firm, :person, 'Work', :street, :city, :state, :code, :country WHERE NOT EXISTS
               (SELECT 1 FROM contact_addresses WHERE firm_id = :firm AND person_id = :person AND label = 'Work')",
            values,
        )?;
        Ok(changed > 0 || added > 0)
    }

    /// Takes all rights for this firm from a person, for users who left it.
    pub fn disable_person(&self, firm: FirmId, person: PersonId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE people SET disabled_at = ?3 WHERE firm_id = ?1 AND id = ?2 AND disabled_at IS NULL",
            (firm.0, person.0, at(now)),
        )?;
        Ok(changed > 0)
    }

    /// Changes what a matter says.
    pub fn update_matter(&self, firm: FirmId, matter: i64, new: &NewMatter) -> Result<bool> {
        let changed = self.run(
            "UPDATE matters SET display_number = :display, description = :description, status = :status, client_id = :client,
               practice_area = :area, responsible_id = :responsible, location = :location, client_reference = :reference,
               custom_number = :custom, open_date = :open, pending_date = :pending, close_date = :close, sensitivity = :sensitivity
             WHERE firm_id = :firm AND id = :matter AND (display_number, description, status, client_id, practice_area, responsible_id,
               location, client_reference, custom_number, open_date, pending_date, close_date, sensitivity)
               IS NOT (:display, :description, :status, :client, :area, :responsible, :location, :reference, :custom, :open,
               :pending, :close, :sensitivity)",
            named_params! {":firm": firm.0, ":matter": matter, ":display": new.display_number, ":description": new.description,
            ":status": new.status, ":client": new.client.map(|p| p.0), ":area": new.practice_area,
            ":responsible": new.responsible.map(|p| p.0), ":location": new.location, ":reference": new.client_reference,
            ":custom": new.custom_number, ":open": new.open_date.map(|d| d.to_string()),
            ":pending": new.pending_date.map(|d| d.to_string()), ":close": new.close_date.map(|d| d.to_string()),
            ":sensitivity": new.sensitivity.word()},
        )?;
        Ok(changed > 0)
    }

    /// Changes what a task says, but neither whose it is nor a completion.
    pub fn update_task(&self, firm: FirmId, task: i64, new: &NewTask) -> Result<bool> {
        let status = if new.status == TaskStatus::Complete { None } else { Some(new.status.word()) };
        let changed = self.run(
            "UPDATE tasks SET name = :name, description = :description, matter_id = :matter, priority = :priority, due_at = :due,
               permission = :permission, time_estimated = :estimated,
               status = CASE WHEN completed_at IS NULL THEN coalesce(:status, status) ELSE status END
             WHERE firm_id = :firm AND id = :task AND deleted_at IS NULL
               AND ((name, description, matter_id, priority, due_at, permission, time_estimated)
                 IS NOT (:name, :description, :matter, :priority, :due, :permission, :estimated)
                 OR (completed_at IS NULL AND status <> coalesce(:status, status)))",
            named_params! {":firm": firm.0, ":task": task, ":name": new.name, ":description": new.description,
            ":matter": new.matter, ":priority": new.priority.word(), ":due": new.due_at.map(|d| d.to_string()),
            ":permission": if new.private { "private" } else { "public" },
            ":estimated": new.time_estimated.map(Quantity::seconds), ":status": status},
        )?;
        Ok(changed > 0)
    }

    /// Changes what a bill says; its file stays if none comes with the change.
    pub fn update_bill(&self, firm: FirmId, bill: i64, new: &NewBill) -> Result<bool> {
        let changed = self.run(
            "UPDATE bills SET bill_number = :number, kind = :kind, state = :state, subject = :subject, matter_id = :matter,
               client_id = :client, issued_at = :issued, due_at = :due, start_at = :start, end_at = :end, total_minor = :total,
               balance_minor = :balance, currency = :currency, pdf_sha256 = coalesce(:pdf, pdf_sha256),
               pdf_size = coalesce(:pdf_size, pdf_size), payment_url = :payment, memo = :memo
             WHERE firm_id = :firm AND id = :bill AND (bill_number, kind, state, subject, matter_id, client_id, issued_at, due_at,
               start_at, end_at, total_minor, balance_minor, currency, pdf_sha256, payment_url, memo)
               IS NOT (:number, :kind, :state, :subject, :matter, :client, :issued, :due, :start, :end, :total, :balance,
               :currency, coalesce(:pdf, pdf_sha256), :payment, :memo)",
            named_params! {":firm": firm.0, ":bill": bill, ":number": new.bill_number, ":kind": new.kind,
            ":state": state_word(new.state), ":subject": new.subject, ":matter": new.matter, ":client": new.client.map(|p| p.0),
            ":issued": new.issued_at.map(|d| d.to_string()), ":due": new.due_at.map(|d| d.to_string()),
            ":start": new.start_at.map(|d| d.to_string()), ":end": new.end_at.map(|d| d.to_string()),
            ":total": new.total_minor, ":balance": new.balance_minor, ":currency": new.currency,
            ":pdf": new.pdf.as_ref().map(|p| &p.sha256),
            ":pdf_size": new.pdf.as_ref().map(|p| i64::try_from(p.size).unwrap_or(i64::MAX)),
            ":payment": new.payment_url, ":memo": new.memo},
        )?;
        Ok(changed > 0)
    }
}
