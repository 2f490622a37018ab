//! A private virus scanner: Debian's clamd with a signature database of its own, which knows nothing but the test file that
//! every scanner knows (EICAR). It listens on a socket in its folder and never asks the network for more.

use super::{DEADLINE, Reaper, program, server_folder, wait_until};
use std::{
    fs::{self, File},
    os::unix::net::UnixStream,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// What the scanner calls the test file.
pub const FOUND: &str = "Test.Eicar.UNOFFICIAL";
/// The longest file that it takes, in bytes.
pub const LONGEST: usize = 1024 * 1024;

/// The test file, put together here so that no scanner finds it in this source.
pub fn eicar() -> String {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

/// A running clamd.
pub struct Clamd {
    /// Where it listens.
    pub socket: PathBuf,
    child: Child,
    _reaper: Reaper,
}

impl Clamd {
    /// Starts one and waits until it answers.
    pub fn start() -> Clamd {
        let binary = program("clamd", "clamav-daemon");
        let folder = server_folder("clamd");
        let at = |name: &str| folder.join(name);
        let reaper = Reaper::new(&at("pid"), &folder);
        fs::create_dir(at("db")).unwrap();
        let signature = data_encoding::HEXLOWER.encode(eicar().as_bytes());
        fs::write(at("db/test.ndb"), format!("Test.Eicar:0:*:{signature}\n")).unwrap();
        let config = format!(
            "Foreground yes\nLogFile {log}\nDatabaseDirectory {db}\nLocalSocket {socket}\nPidFile {pid}\nMaxThreads 2\n\
             StreamMaxLength {LONGEST}\n",
            log = at("log").display(),
            db = at("db").display(),
            socket = at("socket").display(),
            pid = at("pid").display(),
        );
        fs::write(at("clamd.conf"), config).unwrap();
        let said = File::create(at("said")).unwrap();
        let child = Command::new(binary)
            .arg(format!("--config-file={}", at("clamd.conf").display()))
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .process_group(0)
            .spawn()
            .unwrap();
        let socket = at("socket");
        wait_until("clamd answers", DEADLINE, || UnixStream::connect(&socket).ok());
        Clamd { socket, child, _reaper: reaper }
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        super::signal("TERM", self.child.id());
        let _ = self.child.wait();
    }
}
