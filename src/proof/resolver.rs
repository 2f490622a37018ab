//! The only way to DNS: TXT records by name, each found, absent or not to be had now (threats.md T20).
//! In come names, out go the texts of their records. Never says "absent" when a server merely failed to answer.

use mail_auth::MessageAuthenticator;
use mail_auth::hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::hickory_resolver::net::{DnsError, NetError};
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::hickory_resolver::proto::rr::{Name, RData};
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use std::net::SocketAddr;
use std::time::Duration;

/// The most octets of one name's TXT records that are read (sender-proof.md 5.4).
const MAX_ANSWER: usize = 64 * 1024;

/// What DNS says about the TXT records of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The records, each with its strings joined.
    Found(Vec<Vec<u8>>),
    /// The name has none.
    Absent,
    /// No server could say; to be asked again later.
    Unavailable,
}

/// A resolver with its limits.
pub(super) struct Resolver {
    /// The resolver as mail-auth wants it.
    pub(super) authenticator: MessageAuthenticator,
    longest: Duration,
}

impl Resolver {
    /// A resolver that asks `servers`, or those of resolv.conf if there are none given; each try lasts `timeout`.
    pub(super) fn new(servers: Option<&[SocketAddr]>, timeout: Duration, tries: u32) -> Result<Resolver, String> {
        let (config, mut options) = match servers {
            Some(servers) => (asking(servers), ResolverOpts::default()),
            None => read_system_conf().map_err(|e| e.to_string())?,
        };
        options.timeout = timeout;
        options.attempts = usize::try_from(tries.saturating_sub(1)).unwrap_or(0);
        let authenticator = MessageAuthenticator::new(config, options).map_err(|e| e.to_string())?;
        // One round more than the tries: a truncated answer is asked for again over TCP.
        Ok(Resolver { authenticator, longest: timeout.saturating_mul(tries.saturating_add(1)) })
    }

    /// The TXT records of a fully qualified name; a name that cannot be one has none.
    pub(super) async fn txt(&self, name: &str) -> Answer {
        let Ok(name) = Name::from_ascii(name) else { return Answer::Absent };
        let asked = tokio::time::timeout(self.longest, self.authenticator.resolver().txt_lookup(name)).await;
        let Ok(asked) = asked else { return Answer::Unavailable };
        match asked {
            Ok(lookup) => found(lookup.answers().iter().map(|r| &r.data)),
            Err(NetError::Dns(DnsError::NoRecordsFound(none)))
                if matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError) =>
            {
                Answer::Absent
            }
            Err(_) => Answer::Unavailable,
        }
    }
}

fn asking(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |at: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].into_iter().map(|mut c| {
            c.port = at.port();
            c
        });
        NameServerConfig::new(at.ip(), true, connections.collect())
    };
    ResolverConfig::from_name_servers(servers.iter().map(server).collect())
}

fn found<'a>(data: impl Iterator<Item = &'a RData>) -> Answer {
    let records: Vec<Vec<u8>> = data
        .filter_map(|d| match d {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        })
        .collect();
    let size = records.iter().map(Vec::len).fold(0usize, usize::saturating_add);
    match records.is_empty() {
        true => Answer::Absent,
        false if size > MAX_ANSWER => Answer::Absent,
        false => Answer::Found(records),
    }
}
