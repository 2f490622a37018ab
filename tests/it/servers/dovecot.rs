//! A private Dovecot: IMAP in clear, with STARTTLS and with TLS from the first byte, passwords and XOAUTH2, delivery by
//! LMTP. Any user at any domain exists; every password is `PASSWORD`; tokens are JWTs signed with a key made up here.

use super::{
    Certificates, DEADLINE, PASSWORD, Reaper, entries, free_port, program, raw, running_in_group, server_folder,
    signal, wait_for, wait_for_port, wait_until, write_private,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit, Mac};
use std::{
    fs::{self, File},
    os::unix::fs::chown,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The user and group which mails belong to when the tests run as root; any but 0 will do.
const MAIL_ID: u32 = 5000;
const TOKEN_KEY: &[u8] = b"a key that only the tests know, 32+ bytes";

/// A running Dovecot.
pub struct Dovecot {
    /// Its folder: configuration, log, mails.
    pub folder: PathBuf,
    /// The port for IMAP in clear and STARTTLS.
    pub imap: u16,
    /// The port for IMAP with TLS from the first byte.
    pub imaps: u16,
    /// The port for LMTP.
    pub lmtp: u16,
    /// The authority to trust and the certificate.
    pub certificates: Certificates,
    as_root: bool,
    master: Mutex<Child>,
    _reaper: ReapOnDrop,
}

struct ReapOnDrop(Reaper);

impl Drop for ReapOnDrop {
    fn drop(&mut self) {
        self.0.reap();
    }
}

impl Dovecot {
    /// Starts one and waits until it answers.
    pub fn start() -> Dovecot {
        let binary = program("dovecot", "dovecot-imapd dovecot-lmtpd");
        let folder = server_folder("dovecot");
        let reaper = Reaper::new(&folder.join("run/master.pid"), &folder);
        let certificates = Certificates::make(&folder.join("tls"));
        let (imap, imaps, lmtp) = (free_port(), free_port(), free_port());
        let as_root = fs::metadata(&folder).map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap() == 0;
        for name in ["run", "state", "mail", "keys/default/HS256"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("keys/default/HS256/default"), BASE64.encode(TOKEN_KEY)).unwrap();
        if as_root {
            chown(folder.join("mail"), Some(MAIL_ID), Some(MAIL_ID)).unwrap();
        }
        fs::write(folder.join("oauth2.conf.ext"), oauth2_config(&folder)).unwrap();
        fs::write(folder.join("dovecot.conf"), config(&folder, as_root, [imap, imaps, lmtp], &certificates)).unwrap();
        let master = Mutex::new(launch(&binary, &folder, imap));
        Dovecot { folder, imap, imaps, lmtp, certificates, as_root, master, _reaper: ReapOnDrop(reaper) }
    }

    /// Kills the master and all its children with SIGKILL, as a power cut would, and waits until they are gone.
    pub fn kill_imap(&self) {
        let mut master = self.master.lock().unwrap();
        // The master first, so that it starts no more.
        signal("KILL", master.id());
        master.wait().unwrap();
        wait_until("the killed Dovecot is gone", DEADLINE, || {
            let left = running_in_group(master.id());
            left.iter().for_each(|pid| signal("KILL", *pid));
            left.is_empty().then_some(())
        });
    }

    /// Starts it again after `kill_imap`, on the same ports with the same mails. Locks which the killed processes left
    /// are removed; Dovecot would respect them for two minutes.
    pub fn restart(&self) {
        for home in entries(&self.folder.join("mail")) {
            let locks =
                entries(&home.join("Maildir")).into_iter().filter(|path| path.extension() == Some("lock".as_ref()));
            locks.for_each(|lock| fs::remove_file(lock).unwrap());
        }
        let _ = fs::remove_file(self.folder.join("run/master.pid"));
        *self.master.lock().unwrap() = launch(&program("dovecot", "dovecot-imapd"), &self.folder, self.imap);
    }

    /// The Maildir of a user.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.folder.join("mail").join(user.to_lowercase()).join("Maildir")
    }

    /// The mails of a user as they lie in the folder (`INBOX`, or a name below it), in the order they were delivered.
    pub fn mails_in(&self, user: &str, mailbox: &str) -> Vec<Vec<u8>> {
        let mut folder = self.maildir(user);
        if mailbox != "INBOX" {
            folder.push(format!(".{}", mailbox.replace('/', ".")));
        }
        let mut paths = [entries(&folder.join("new")), entries(&folder.join("cur"))].concat();
        paths.sort_by_key(|path| path.file_name().map(|name| name.to_owned()));
        // A mail may be moved from new to cur between the listing and the reading; the next look will see it.
        paths.iter().filter_map(|path| fs::read(path).ok()).collect()
    }

    /// The mails of a user's INBOX as they lie in the folder.
    pub fn mails(&self, user: &str) -> Vec<Vec<u8>> {
        self.mails_in(user, "INBOX")
    }

    /// The mails of a user's INBOX, read by IMAP over TLS with the password.
    pub fn imap_mails(&self, user: &str) -> Vec<Vec<u8>> {
        raw::Imap::login(self.imaps, &self.certificates.ca, user, PASSWORD).mails("INBOX")
    }

    /// Waits until a user's INBOX holds at least `count` mails and gives them, read by IMAP.
    pub fn wait_for_mails(&self, user: &str, count: usize) -> Vec<Vec<u8>> {
        wait_until(&format!("{count} mails for {user}; {}", self.folder.display()), DEADLINE, || {
            Some(self.mails(user)).filter(|mails| mails.len() >= count)
        });
        self.imap_mails(user)
    }

    /// Puts a mail into a user's INBOX without any server: a file renamed into the Maildir.
    pub fn drop_mail(&self, user: &str, mail: &[u8]) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let maildir = self.maildir(user);
        for name in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(name)).unwrap();
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}.{:09}P{number:06}.test", now.as_secs(), now.subsec_nanos());
        fs::write(maildir.join("tmp").join(&name), mail).unwrap();
        if self.as_root {
            let home = maildir.parent().unwrap();
            let folders = ["tmp", "new", "cur"].map(|name| maildir.join(name));
            for path in folders.iter().map(PathBuf::as_path).chain([home, &maildir, &maildir.join("tmp").join(&name)]) {
                chown(path, Some(MAIL_ID), Some(MAIL_ID)).unwrap();
            }
        }
        fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name)).unwrap();
    }

    /// A token with which XOAUTH2 lets this user in for `valid` from now.
    pub fn token(&self, user: &str, valid: Duration) -> String {
        sign_token(user, TOKEN_KEY, SystemTime::now() + valid)
    }

    /// A token that ended an hour ago.
    pub fn expired_token(&self, user: &str) -> String {
        sign_token(user, TOKEN_KEY, SystemTime::now() - Duration::from_secs(3600))
    }

    /// A token that somebody else signed.
    pub fn forged_token(&self, user: &str) -> String {
        sign_token(user, b"another key altogether, not the server's", SystemTime::now() + Duration::from_secs(600))
    }

    /// What Dovecot has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("dovecot.log")).unwrap_or_default()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let mut master = self.master.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        signal("TERM", master.id());
        if wait_for(DEADLINE, || master.try_wait().unwrap()).is_none() {
            let _ = master.kill();
        }
    }
}

fn launch(binary: &Path, folder: &Path, port: u16) -> Child {
    let output = || File::options().create(true).append(true).open(folder.join("stdout.log")).unwrap();
    let child = Command::new(binary)
        .arg("-F")
        .arg("-c")
        .arg(folder.join("dovecot.conf"))
        .stdin(Stdio::null())
        .stdout(output())
        .stderr(output())
        .process_group(0)
        .spawn()
        .unwrap();
    wait_for_port("Dovecot", port, &folder.join("stdout.log"));
    child
}

fn sign_token(user: &str, key: &[u8], ends: SystemTime) -> String {
    let ends = ends.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let head = BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = serde_json::json!({ "sub": user, "iat": ends.saturating_sub(7200), "exp": ends });
    let signed = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

fn oauth2_config(folder: &Path) -> String {
    format!(
        "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\nusername_attribute = sub\n",
        folder.display()
    )
}

fn config(folder: &Path, as_root: bool, [imap, imaps, lmtp]: [u16; 3], certificates: &Certificates) -> String {
    let whoami = |flag: &str| super::run(Command::new("/usr/bin/id").arg(flag)).trim().to_owned();
    let (uid, gid) = if as_root { (MAIL_ID.to_string(), MAIL_ID.to_string()) } else { (whoami("-u"), whoami("-g")) };
    // Somebody who is not root may not change the root folder of a process, nor its user.
    let users = if as_root {
        "default_internal_user = dovecot\ndefault_login_user = dovenull\n".to_owned()
    } else {
        let (user, group) = (whoami("-un"), whoami("-gn"));
        let chroots: String =
            ["anvil", "imap-login", "stats"].map(|s| format!("service {s} {{\n  chroot =\n}}\n")).concat();
        format!(
            "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n{chroots}"
        )
    };
    let Certificates { cert, key, .. } = certificates;
    let (root, cert, key) = (folder.display(), cert.display(), key.display());
    write_private(&folder.join("README"), b"A private server of a test run; it may be removed.\n");
    format!(
        "base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
instance_name = docketpost-{imap}
protocols = imap lmtp
listen = 127.0.0.1
{users}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_username_format = %Lu
auth_failure_delay = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf.ext
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = allow_all_users=yes uid={uid} gid={gid} home={root}/mail/%Lu
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener smtp-auth {{
    mode = 0666
  }}
}}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 1000
recipient_delimiter = +
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@firm.example
}}
"
    )
}
