//! The columns that are read of each CSV file: those of Clio's import templates, and ours. Of JSON, whose fields are those
//! of Clio's API, nothing is said: it has many that nobody reads.

use serde_json::json;

use super::What;
use super::rows::Rows;
use crate::admin::Told;

/// What each file may have; words that mean the same stand beside each other.
const fn columns(what: What) -> &'static [&'static str] {
    match what {
        What::Users => &[
            "id",
            "external_id",
            "first_name",
            "last_name",
            "name",
            "email_address",
            "email",
            "address",
            "admin",
            "accounts",
            "reports",
            "billing",
            "enabled",
            "company",
            "job_title",
            "title",
            "initials",
        ],
        What::Contacts => &[
            "id",
            "external_id",
            "type",
            "first_name",
            "last_name",
            "name",
            "company",
            "share_email",
            "email_address",
            "primary_email_address",
            "email",
            "is_co_counsel",
            "is_client",
            "client",
            "job_title",
            "title",
            "initials",
            "primary_phone",
            "primary_phone_number",
            "business_street",
            "business_city",
            "business_state",
            "business_postal_code",
            "business_country",
        ],
        What::Matters => &[
            "id",
            "external_id",
            "display_number",
            "custom_number",
            "status",
            "description",
            "client",
            "client_first_name",
            "client_last_name",
            "client_company_name",
            "practice_area",
            "responsible_attorney",
            "location",
            "client_reference",
            "open_date",
            "pending_date",
            "close_date",
            "sensitivity",
            "fields",
            "note",
        ],
        What::Relationships => &["matter", "matter_number", "contact", "contact_email", "relationship", "description"],
        What::Folders => &["id", "external_id", "matter", "matter_number", "path", "name", "parent", "locked"],
        What::Documents => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "path",
            "file",
            "folder",
            "name",
            "creator",
            "author",
            "category",
        ],
        What::Tasks => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "name",
            "description",
            "priority",
            "status",
            "permission",
            "due_at",
            "due_date",
            "assignee",
            "assignee_email",
            "assignee_name",
            "assigner",
            "assigner_email",
            "notify_completion",
            "time_estimated",
        ],
        What::Notes => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "type",
            "subject",
            "detail",
            "date",
            "created_at",
            "author",
            "internal",
        ],
        What::Events => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "summary",
            "event_title",
            "description",
            "location",
            "conference_url",
            "start_at",
            "start_date",
            "start_time",
            "end_at",
            "end_date",
            "end_time",
            "all_day",
            "time_zone",
            "recurrence_rule",
            "attendees",
            "organizer",
            "calendar",
        ],
        What::Communications => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "type",
            "subject",
            "body",
            "date",
            "received_at",
            "created_at",
            "author",
            "user",
            "senders",
            "receivers",
        ],
        What::Bills => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "number",
            "bill_number",
            "kind",
            "state",
            "status",
            "subject",
            "client",
            "issued_at",
            "issued_date",
            "due_at",
            "due_date",
            "start_at",
            "end_at",
            "total",
            "balance",
            "due",
            "payment_url",
            "memo",
            "path",
            "file",
        ],
        What::Activities => &[
            "id",
            "external_id",
            "matter",
            "matter_number",
            "type",
            "date",
            "quantity",
            "quantity_in_hours",
            "note",
            "narrative",
            "price",
            "activity_user",
            "activity_description",
            "task_code",
            "utbms_task_code",
            "activity_code",
            "utbms_activity_code",
            "non_billable",
            "no_charge",
        ],
        What::Shares => &["contact", "contact_email", "resource_type", "resource", "notify"],
    }
}

/// The columns of a file that nobody reads, as they are written; the errors file's own is none of them.
pub(super) fn unread(what: What, rows: &Rows) -> Vec<String> {
    let is_read =
        |name: &str| name.is_empty() || name == "error" || name.contains('.') || columns(what).contains(&name);
    rows.heading().filter(|(name, _)| !is_read(name)).map(|(_, title)| title.to_owned()).collect()
}

/// The columns that a CSV file lacks and no row can do without.
pub(super) fn lacking(what: What, rows: &Rows) -> Vec<&'static str> {
    let needed: &[&[&'static str]] = match what {
        What::Users => &[&["email_address", "email", "address"]],
        What::Contacts | What::Tasks => &[&["name", "last_name", "company"]],
        What::Matters => &[&["status"], &["description"]],
        What::Relationships => &[&["matter", "matter_number"], &["contact", "contact_email"]],
        What::Folders => &[&["matter", "matter_number"], &["path", "name"]],
        What::Documents => &[&["matter", "matter_number"], &["path", "file"]],
        What::Notes => &[&["matter", "matter_number"]],
        What::Events => &[&["summary", "event_title"], &["start_at", "start_date"]],
        What::Communications => &[&["matter", "matter_number"], &["type"]],
        What::Bills => &[&["number", "bill_number"], &["state", "status"]],
        What::Activities => &[&["matter", "matter_number"], &["date"], &["quantity", "quantity_in_hours"]],
        What::Shares => &[&["contact_email", "contact"], &["resource"]],
    };
    if rows.is_json {
        return Vec::new();
    }
    let has = |names: &&&[&str]| {
        rows.heading().any(|(name, _)| names.iter().any(|n| name == *n || name.starts_with(&format!("{n}."))))
    };
    needed.iter().filter(|names| !has(names)).filter_map(|names| names.first().copied()).collect()
}

/// All columns, file by file.
pub(super) fn tell() -> Told {
    let mut text =
        "CSV files have the columns of Clio's import templates, in any order; only what is known need be there.\n\
        JSON files are what Clio's API gives: {\"data\": [ … ]}, with ids; ids in CSV files are the same ids.\n\
        Capitals, spaces and hyphens in a column's name do not matter. Commas or semicolons, UTF-8.\n\n"
            .to_owned();
    let mut object = serde_json::Map::new();
    for what in What::ALL {
        let names = what.names().iter().map(|n| format!("{n}.csv")).collect::<Vec<_>>().join(" or ");
        text.push_str(&format!("{names}\n  {}\n", columns(what).join(", ")));
        object.insert(what.word().to_owned(), json!(columns(what)));
    }
    Told::new(text, serde_json::Value::Object(object))
}
