//! `docketpost seal`: the blobs that lie open, or are sealed with a key that is given up, are sealed with the key of the
//! configuration (decisions.md 46). It may be stopped and begun again, and run beside the daemon.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{Office, Told};
use crate::config::{BlobKey, Config, read_private_file};

/// Seals all documents and raw mails with the configured key.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A key that is given up: what is sealed with it is sealed anew
    #[arg(long, value_name = "FILE")]
    pub old_key_file: Option<PathBuf>,
}

/// Seals what is not sealed with the configured key yet.
pub fn run(office: &Office, config: &Config, args: &Args) -> Result<Told> {
    match &config.blobs {
        BlobKey::Key(_) => {}
        BlobKey::None => bail!("the configuration names no key; set blob_key_file or blob_key_credential first"),
        BlobKey::Locked(why) => bail!("the key of the blobs isn't at hand: {why}"),
    }
    let old = match &args.old_key_file {
        Some(file) => BlobKey::Key(read_private_file(file)?),
        None => BlobKey::None,
    };
    let blobs = office.store.blobs();
    let sealed = blobs.seal_all(&old).context("not everything is sealed yet; what was, stays so")?;
    Ok(Told::new(format!("{sealed} blobs were sealed; all of them are now.\n"), json!({"sealed": sealed})))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::admin::sample::{Sample, now};
    use crate::admin::{Chosen, backup};
    use crate::inbound::{Arrived, stage};

    /// The configuration of the sample's store with this key, or without one.
    fn configured(s: &Sample, store: &Path, key: Option<&str>) -> Config {
        let folder = s.folder.path();
        let secret = folder.join("blob-key");
        fs::write(&secret, key.unwrap_or_default()).unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        let line = key.map(|_| format!("blob_key_file = {secret:?}\n")).unwrap_or_default();
        let text = format!(
            "store = {store:?}\n{line}[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\n\
             addressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = \"out\"\n"
        );
        fs::write(folder.join("config.toml"), text).unwrap();
        Config::load_offline(&folder.join("config.toml")).unwrap()
    }

    fn office(config: &Config) -> Office {
        Office::configured(config, &Chosen::default(), now()).unwrap()
    }

    fn mail(office: &Office, bytes: &[u8]) -> String {
        let (mailbox, uid, size) = ("main".into(), crate::blobs::sha256(bytes), bytes.len() as u64);
        let mail = Arrived { mailbox, uid_validity: 1, uid: uid.clone(), size, arrived_at: now(), bytes: bytes.into() };
        stage(&office.store, office.firm.id, mail, now()).unwrap().unwrap();
        uid
    }

    #[test]
    fn everything_is_sealed_and_its_copy_is_read_with_the_key_only() {
        let s = Sample::new();
        s.leave_unchecked();
        let old = mail(&s.office, b"privileged and old");
        let key = "5a".repeat(32);
        let config = configured(&s, s.folder.path(), Some(&key));
        let sealed = office(&config);
        let new = mail(&sealed, b"privileged and new");
        let told = run(&sealed, &config, &Args { old_key_file: None }).unwrap();
        assert!(told.text.starts_with("1 blobs"), "{}", told.text);
        for name in [&old, &new] {
            assert!(sealed.store.blobs().get(name).unwrap().starts_with(b"privileged"));
            let file = sealed.store.blobs().kept(name).unwrap().unwrap();
            assert!(!fs::read(file).unwrap().starts_with(b"priv"));
        }
        let place = tempfile::tempdir().unwrap();
        let (tar, restored) = (place.path().join("copy.tar"), place.path().join("store"));
        backup::run(&sealed, &backup::Args { file: tar.clone(), without_key: false }).unwrap();
        fs::create_dir(&restored).unwrap();
        fs::set_permissions(&restored, Permissions::from_mode(0o700)).unwrap();
        let unpacked = std::process::Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(&restored).status();
        assert!(unpacked.unwrap().success());
        let again = office(&configured(&s, &restored, Some(&key)));
        assert!(again.store.blobs().get(&old).is_ok());
        let without = office(&configured(&s, &restored, None));
        assert!(without.store.blobs().get(&old).unwrap_err().to_string().contains("blob_key_file"));
        let other = office(&configured(&s, &restored, Some(&"00".repeat(32))));
        assert!(other.store.blobs().get(&old).is_err());
    }

    #[test]
    fn without_a_key_nothing_is_sealed_and_it_is_said() {
        let s = Sample::new();
        let config = configured(&s, s.folder.path(), None);
        let error = run(&office(&config), &config, &Args { old_key_file: None }).unwrap_err().to_string();
        assert!(error.contains("names no key"), "{error}");
    }
}
