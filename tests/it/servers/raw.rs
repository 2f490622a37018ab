//! The smallest clients that do: SMTP in clear and IMAP over TLS, blocking, each failing the test when the server says
//! anything but yes.

use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    sync::Arc,
};

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// One SMTP connection.
pub struct Smtp(BufReader<Box<dyn Stream>>);

impl Smtp {
    /// Connects in clear and says hello.
    pub fn connect(port: u16) -> Smtp {
        Smtp::greet(Box::new(tcp(port)))
    }

    /// Connects with TLS, trusting only this authority, and says hello.
    pub fn connect_tls(port: u16, ca: &Path) -> Smtp {
        Smtp::greet(Box::new(tls(port, ca)))
    }

    fn greet(stream: Box<dyn Stream>) -> Smtp {
        let mut smtp = Smtp(BufReader::new(stream));
        smtp.expect("2");
        smtp.say("EHLO test.example", "2");
        smtp
    }

    /// Sends one mail; its lines may end in LF or CRLF.
    pub fn send(&mut self, from: &str, to: &[&str], mail: &[u8]) {
        self.say(&format!("MAIL FROM:<{from}>"), "2");
        for rcpt in to {
            self.say(&format!("RCPT TO:<{rcpt}>"), "2");
        }
        self.say("DATA", "3");
        let mut data = Vec::with_capacity(mail.len() + 100);
        for line in mail.split_inclusive(|b| *b == b'\n') {
            let text = line.strip_suffix(b"\n").map_or(line, |l| l.strip_suffix(b"\r").unwrap_or(l));
            if text.starts_with(b".") {
                data.push(b'.');
            }
            data.extend_from_slice(text);
            data.extend_from_slice(b"\r\n");
        }
        self.0.get_mut().write_all(&data).unwrap();
        self.say(".", "2");
    }

    fn say(&mut self, line: &str, wanted: &str) {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
        self.expect(wanted);
    }

    fn expect(&mut self, wanted: &str) {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            assert!(line.starts_with(wanted), "the SMTP server said: {line}");
            if line.as_bytes().get(3) != Some(&b'-') {
                return;
            }
        }
    }
}

fn tcp(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(super::DEADLINE)).unwrap();
    stream
}

fn tls(port: u16, ca: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    StreamOwned::new(ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap(), tcp(port))
}

/// One IMAP connection over TLS.
pub struct Imap {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    tag: u32,
}

impl Imap {
    /// Connects with TLS, trusting only this authority, and logs in.
    pub fn login(port: u16, ca: &Path, user: &str, password: &str) -> Imap {
        let mut imap = Imap { stream: BufReader::new(tls(port, ca)), tag: 0 };
        imap.line();
        imap.say(&format!("LOGIN \"{user}\" \"{password}\""));
        imap
    }

    /// Sends a command and gives its untagged answers, each with its literals.
    pub fn say(&mut self, command: &str) -> Vec<(String, Vec<Vec<u8>>)> {
        self.tag += 1;
        let tag = format!("t{} ", self.tag);
        self.stream.get_mut().write_all(format!("{tag}{command}\r\n").as_bytes()).unwrap();
        self.stream.get_mut().flush().unwrap();
        let mut answers = Vec::new();
        loop {
            let (line, literals) = self.line();
            match line.strip_prefix(&tag) {
                Some(status) => {
                    assert!(status.starts_with("OK"), "the IMAP server said to {command}: {line}");
                    return answers;
                }
                None => answers.push((line, literals)),
            }
        }
    }

    /// All mails of a mailbox, in order, without marking them as seen.
    pub fn mails(&mut self, mailbox: &str) -> Vec<Vec<u8>> {
        self.say(&format!("EXAMINE \"{mailbox}\""));
        let answers = self.say("UID FETCH 1:* (UID BODY.PEEK[])");
        answers.into_iter().filter_map(|(_, mut literals)| literals.pop()).collect()
    }

    /// Stores one mail in a mailbox.
    pub fn append(&mut self, mailbox: &str, mail: &[u8]) {
        let command = format!("APPEND \"{mailbox}\" {{{}+}}\r\n", mail.len());
        self.tag += 1;
        let tag = format!("t{} ", self.tag);
        let bytes = [tag.as_bytes(), command.as_bytes(), mail, b"\r\n"].concat();
        self.stream.get_mut().write_all(&bytes).unwrap();
        self.stream.get_mut().flush().unwrap();
        loop {
            let (line, _) = self.line();
            if let Some(status) = line.strip_prefix(&tag) {
                assert!(status.starts_with("OK"), "the IMAP server said to APPEND: {line}");
                return;
            }
        }
    }

    fn line(&mut self) -> (String, Vec<Vec<u8>>) {
        let (mut text, mut literals) = (String::new(), Vec::new());
        loop {
            let mut line = Vec::new();
            self.stream.read_until(b'\n', &mut line).unwrap();
            assert!(line.ends_with(b"\r\n"), "the IMAP connection ended in mid-line");
            text.push_str(String::from_utf8_lossy(&line).trim_end());
            let announced = text.strip_suffix('}').and_then(|t| t.rsplit_once('{')?.1.parse::<usize>().ok());
            let Some(length) = announced else { return (text, literals) };
            let mut literal = vec![0; length];
            self.stream.read_exact(&mut literal).unwrap();
            literals.push(literal);
        }
    }
}
