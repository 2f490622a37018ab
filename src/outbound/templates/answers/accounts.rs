//! `#accounts`: in which roles the reader writes to the firms of this gateway (ACC-15). The only answer in which another
//! firm is named, and only by its name; the roles are those of the reader's own proved address.

use crate::language::say;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::store::Result;
use crate::store::people::RoleAt;

/// Lists the reader's roles, one line for each kind.
pub fn accounts(reader: &Reader<'_>, page: &mut Page) -> Result<String> {
    let roles = match reader.person.identity {
        Some(identity) => reader.store.roles_of(identity)?,
        None => Vec::new(),
    };
    let firms = |wanted: fn(&RoleAt) -> bool| {
        let names: Vec<String> = roles.iter().filter(|r| wanted(r)).map(|r| r.firm.clone()).collect();
        names.join(", ")
    };
    page.heading(say!(reader, "You are"));
    page.facts([
        (say!(reader, "User at"), firms(|r| r.is_user)),
        (say!(reader, "Co-counsel at"), firms(|r| !r.is_user && r.is_co_counsel && r.acts_for.is_none())),
        (say!(reader, "Contact at"), firms(|r| !r.is_user && !r.is_co_counsel && r.acts_for.is_none())),
    ]);
    for role in &roles {
        if let Some(principal) = &role.acts_for {
            let whose = say!(reader, "{name} at {firm}", name = principal, firm = &role.firm);
            page.facts([(say!(reader, "Assistant of"), whose)]);
        }
    }
    page.text(say!(
        reader,
        "Each firm writes to you from its own address; the address that you write to decides the firm. Where it does not, begin a line with #as and the firm's name."
    ));
    Ok(say!(reader, "Your roles"))
}
