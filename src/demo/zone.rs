//! A tiny DNS server with a zone of its own on 127.0.0.1, for the demo and the tests (decisions.md 12).
//! In come names with what to say about them, out go TXT records over UDP. Never asks anybody else, never serves anything
//! but TXT, and says "no such name" to all it does not know.

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record, RecordType};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// What the zone says about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// This TXT record.
    Txt(String),
    /// That the server has failed (SERVFAIL).
    Failure,
    /// That the answer is too long for a datagram (TC); over TCP there is none.
    Truncated,
    /// Nothing, for ever.
    Silence,
}

type Names = BTreeMap<String, Says>;

/// A running server; it stops when it is dropped.
pub struct Zone {
    names: Arc<Mutex<Names>>,
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Zone {
    /// Starts a server on a free port of 127.0.0.1 with these names and texts.
    pub fn start(records: impl IntoIterator<Item = (String, String)>) -> io::Result<Zone> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?;
        let names = records.into_iter().map(|(name, text)| (key(&name), Says::Txt(text))).collect();
        let names = Arc::new(Mutex::new(names));
        let stopping = Arc::new(AtomicBool::new(false));
        let (served, stop) = (Arc::clone(&names), Arc::clone(&stopping));
        let thread = std::thread::Builder::new().name("zone".into()).spawn(move || serve(&socket, &served, &stop))?;
        Ok(Zone { names, address, stopping, thread: Some(thread) })
    }

    /// Where it listens: what the configuration's `resolver` key is to name.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Publishes a TXT record under a name, in place of what was there.
    pub fn add(&self, (name, text): (String, String)) {
        self.say(&name, Says::Txt(text));
    }

    /// Sets what the zone says about a name from now on.
    pub fn say(&self, name: &str, says: Says) {
        locked(&self.names).insert(key(name), says);
    }

    /// Takes a name out of the zone.
    pub fn remove(&self, name: &str) {
        locked(&self.names).remove(&key(name));
    }
}

impl Drop for Zone {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The server sleeps in recv: an empty datagram wakes it.
        let woken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|s| s.send_to(&[], self.address));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            drop(thread.join());
        }
    }
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn locked(names: &Mutex<Names>) -> MutexGuard<'_, Names> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(socket: &UdpSocket, names: &Mutex<Names>, stopping: &AtomicBool) {
    let mut buffer = [0u8; 4096];
    while !stopping.load(Ordering::SeqCst) {
        let Ok((length, client)) = socket.recv_from(&mut buffer) else { continue };
        let reply = buffer.get(..length).and_then(|query| reply(query, &locked(names)));
        if let Some(reply) = reply {
            // A client that is gone needs no answer.
            let _ = socket.send_to(&reply, client);
        }
    }
}

/// The answer to a query on the wire; `None` for what is no query, and for names about which the zone is silent.
fn reply(query: &[u8], names: &Names) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    let question = query.queries.first()?.clone();
    let known = names.get(&key(&question.name().to_ascii()));
    let mut reply = Message::response(query.metadata.id, OpCode::Query);
    reply.metadata.authoritative = true;
    reply.metadata.recursion_desired = query.metadata.recursion_desired;
    reply.metadata.recursion_available = true;
    reply.metadata.truncation = known == Some(&Says::Truncated);
    reply.metadata.response_code = match known {
        Some(Says::Silence) => return None,
        Some(Says::Failure) => ResponseCode::ServFail,
        Some(Says::Txt(_) | Says::Truncated) => ResponseCode::NoError,
        None => ResponseCode::NXDomain,
    };
    if let (Some(Says::Txt(text)), RecordType::TXT) = (known, question.query_type()) {
        reply.add_answer(Record::from_rdata(question.name().clone(), 0, RData::TXT(txt(text))));
    }
    reply.add_query(question);
    reply.to_vec().ok()
}

/// A TXT record in strings of at most 255 octets (RFC 1035 3.3).
fn txt(text: &str) -> TXT {
    let strings = text.as_bytes().chunks(255).map(|s| String::from_utf8_lossy(s).into_owned()).collect();
    TXT::new(strings)
}
