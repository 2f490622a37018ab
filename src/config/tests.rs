//! Tests of the configuration: a good file, and a table of bad ones with the line and key that each must name.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;

const EXAMPLE: &str = include_str!("../../config.example.toml");

const GOOD: &str = r#"store = "/s"
[[firm]]
slug = "hale"
address = "r@gw.hale.example"
addressing = "subdomain"
domains = ["hale.example"]
[firm.smtp]
host = "smtp.hale.example"
user = "gw"
password_env = "PW"
[[mailbox]]
name = "main"
firm = "hale"
[mailbox.imap]
host = "imap.hale.example"
user = "gw"
password_env = "PW"
"#;

fn environment(name: &str) -> Option<String> {
    (name == "PW").then(|| "hunter2\n".to_owned())
}

fn parse(text: &str) -> Result<Config, Vec<ConfigError>> {
    read(text, Path::new("/etc/docketpost"), &environment, Secrets::Read)
}

fn smtp(config: &Config) -> &Smtp {
    match &config.firms[0].way_out {
        WayOut::Smtp(smtp) => smtp,
        WayOut::Directory(_) => panic!("no smtp"),
    }
}

fn imap(config: &Config) -> &Imap {
    match &config.mailboxes[0].way_in {
        WayIn::Imap(imap) => imap,
        WayIn::Maildir(_) => panic!("no imap"),
    }
}

#[test]
fn the_example_is_a_good_configuration() {
    let config = read(EXAMPLE, Path::new("/"), &environment, Secrets::Leave).unwrap();
    assert_eq!(config.firms[0].address.as_str(), "r@gw.hale.example");
    assert_eq!(config.limits, Limits::default());
    assert_eq!(smtp(&config).envelope_sender, EnvelopeSender::Plain);
    assert!(!matches!(&imap(&config).auth, Auth::OAuth(_)), "what needs values of one's own is commented out");
    assert!(config.mailboxes[0].auth_results.is_none() && config.resolver.is_empty());
}

/// The keys that a written type knows, as serde itself lists them when it meets one that it doesn't know.
fn keys_of<T: serde::de::DeserializeOwned>() -> Vec<String> {
    let Err(error) = toml::from_str::<T>("surely_no_key = 1") else { panic!("an unknown key was accepted") };
    let expected = error.message().split_once("expected").unwrap().1.to_owned();
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_example_shows_every_key_and_no_other() {
    let mut known = Vec::new();
    known.extend(keys_of::<written::File>());
    known.extend(keys_of::<written::Log>());
    known.extend(keys_of::<written::Limits>());
    known.extend(keys_of::<written::Firm>());
    known.extend(keys_of::<written::Files>());
    known.extend(keys_of::<written::Clamd>());
    known.extend(keys_of::<written::Smtp>());
    known.extend(keys_of::<written::OAuth>());
    known.extend(keys_of::<written::Mailbox>());
    known.extend(keys_of::<written::Imap>());
    known.extend(keys_of::<written::AuthResults>());
    assert!(known.len() > 50);

    let key = regex::Regex::new(r"(?m)^(?:# )?([a-z_]+) = ").unwrap();
    let table = regex::Regex::new(r"(?m)^(?:# )?\[+([a-z_.]+)\]+$").unwrap();
    let mut shown: Vec<&str> = key.captures_iter(EXAMPLE).map(|c| c.get(1).unwrap().as_str()).collect();
    shown.extend(table.captures_iter(EXAMPLE).flat_map(|c| c.get(1).unwrap().as_str().split('.')));
    for key in &known {
        assert!(shown.contains(&key.as_str()), "{key} isn't in config.example.toml");
    }
    for key in shown {
        assert!(known.iter().any(|k| k == key), "config.example.toml shows {key}, which is no key");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = parse(GOOD).unwrap();
    assert_eq!((smtp(&config).port, imap(&config).port), (465, 993));
    assert_eq!(smtp(&config).hello_name, "gw.hale.example");
    assert_eq!(smtp(&config).final_timeout.as_secs(), 600);
    assert_eq!(imap(&config).processed_folder.as_deref(), Some("Processed"));
    assert_eq!(config.log, Log { level: LogLevel::Info, format: LogFormat::Plain });
    assert!(config.resolver.is_empty());
}

#[test]
fn starttls_and_none_have_their_own_ports() {
    let config = parse(&GOOD.replace("host = ", "tls = \"starttls\"\nhost = ")).unwrap();
    assert_eq!((smtp(&config).port, imap(&config).port), (587, 143));
    let local =
        GOOD.replace("smtp.hale.example", "127.0.0.1").replace("user = \"gw\"\npassword_env = \"PW\"\n[[", "[[");
    let config = parse(&local.replace("host = \"127", "tls = \"none\"\nhost = \"127")).unwrap();
    assert_eq!(smtp(&config).port, 25);
    assert!(smtp(&config).login.is_none());
}

#[test]
fn relative_paths_are_meant_from_the_folder_of_the_file() {
    let config = parse(&GOOD.replace("\"/s\"", "\"data\"")).unwrap();
    assert_eq!(config.store, Path::new("/etc/docketpost/data"));
}

#[test]
fn an_empty_processed_folder_leaves_mails_where_they_are() {
    let config = parse(&format!("{GOOD}processed_folder = \"\"\n")).unwrap();
    assert_eq!(imap(&config).processed_folder, None);
}

/// Each bad file is the good one with one text replaced by another; then the line, the key and a word of the message.
#[test]
fn f51_a_bad_file_is_refused_with_line_and_key() {
    let auth = |rest: &str| format!("firm = \"hale\"\n[mailbox.auth_results]\nlayout = \"above\"\n{rest}");
    let oauth = |rest: &str| format!("user = \"gw\"\noauth = {{ client_id = \"c\", {rest} }}\n[[mailbox]]");
    let smtp_auth = "user = \"gw\"\npassword_env = \"PW\"\n[[mailbox]]";
    let mailbox = "firm = \"hale\"\n";
    let https = "token_url = \"https://t.example/\"";
    let second_firm = |slug: &str, address: &str| {
        format!(
            "[[firm]]\nslug = \"{slug}\"\naddress = \"{address}\"\naddressing = \"plus\"\n\
             domains = [\"x.example\"]\ndirectory = \"o\"\n[[mailbox]]"
        )
    };
    #[rustfmt::skip]
    let table: Vec<(&str, String, usize, &str, &str)> = vec![
        // what TOML itself refuses
        ("slug = \"hale\"", "slug = hale".into(), 3, "slug", "string values must be quoted"),
        ("slug = \"hale\"", "slug = \"hale\"\nslug = \"b\"".into(), 4, "slug", "duplicate"),
        ("[firm.smtp]", "[firm.smtp".into(), 7, "", ""),
        // unknown keys
        ("store = \"/s\"", "store = \"/s\"\nstroe = \"/t\"".into(), 2, "stroe", "unknown field"),
        ("slug = ", "colour = 1\nslug = ".into(), 3, "firm.colour", "unknown field"),
        ("[firm.smtp]", "[firm.smtp]\npassword = \"hunter2\"".into(), 8, "firm.smtp.password", "unknown field"),
        ("[mailbox.imap]", "[mailbox.imap]\nidle = true".into(), 15, "mailbox.imap.idle", "unknown field"),
        (mailbox, auth("received_by = [\"x\"]\ntrust = 1\n"), 17, "mailbox.auth_results.trust", "unknown field"),
        // wrong types and words
        ("store = \"/s\"", "store = 5".into(), 1, "store", "invalid type"),
        ("store = \"/s\"", "store = \"/s\"\nresolver = \"127.0.0.1\"".into(), 2, "resolver", "invalid type"),
        ("store = \"/s\"", "store = \"/s\"\n[log]\nlevel = \"loud\"".into(), 3, "log.level", "unknown variant"),
        ("\"subdomain\"", "\"both\"".into(), 5, "firm.addressing", "unknown variant"),
        ("[firm.smtp]", "[firm.smtp]\nport = \"465\"".into(), 8, "firm.smtp.port", "invalid type"),
        ("[firm.smtp]", "[firm.smtp]\nport = 70000".into(), 8, "firm.smtp.port", "must be between 1 and 65535"),
        ("[firm.smtp]", "[firm.smtp]\ntls = \"ssl\"".into(), 8, "firm.smtp.tls", "unknown variant"),
        // missing keys
        ("store = \"/s\"\n", String::new(), 1, "store", "missing field"),
        ("host = \"smtp.hale.example\"\n", String::new(), 7, "firm.smtp.host", "missing field"),
        ("name = \"main\"\n", String::new(), 11, "mailbox.name", "missing field"),
        // values that can't be meant
        ("\"/s\"", "\"\"".into(), 1, "store", "must name"),
        ("store = \"/s\"", "store = \"/s\"\nresolver = [\"9.9.9.9\",\n\"dns\"]".into(), 3, "resolver", "must be an address"),
        ("store = \"/s\"", "store = \"/s\"\n[limits]\nmail_bytes = 10".into(), 3, "limits.mail_bytes", "between"),
        ("slug = \"hale\"", "slug = \"Hale & Co\"".into(), 3, "firm.slug", "small letters"),
        ("[firm.smtp]", "local_part_unproven = [\"nowhere\"]\n[firm.smtp]".into(), 7, "firm.local_part_unproven", "mail domain"),
        ("r@gw.hale.example", "gateway".into(), 4, "firm.address", "plain mail address"),
        ("r@gw.hale.example", "r+x@gw.hale.example".into(), 4, "firm.address", "plus"),
        ("r@gw.hale.example", "r@hale.example".into(), 4, "firm.address", "own domains"),
        ("[\"hale.example\"]", "[]".into(), 6, "firm.domains", "at least one"),
        ("[\"hale.example\"]", "[\"hale.example\", \"no domain\"]".into(), 6, "firm.domains", "mail domain"),
        ("[\"hale.example\"]", "[\"GMail.com\"]".into(), 6, "firm.domains", "anybody"),
        ("[\"hale.example\"]", "[\"hale.example\",\n\"outlook.com\"]".into(), 7, "firm.domains", "anybody"),
        ("[\"hale.example\"]", "[\"gmx.de\"]".into(), 6, "firm.domains", "anybody"),
        ("[\"hale.example\"]", "[\"icloud.com\"]".into(), 6, "firm.domains", "anybody"),
        ("[firm.smtp]", "directory = \"out\"\n[firm.smtp]".into(), 7, "firm.directory", "beside"),
        ("[firm.smtp]", "[firm.files]\nmacros = \"ask\"\n[firm.smtp]".into(), 8, "firm.files.macros", "unknown variant"),
        ("[firm.smtp]", "[firm.files]\npdftoppm = \"pdftoppm\"\n[firm.smtp]".into(), 8, "firm.files.pdftoppm", "absolute path"),
        ("[firm.smtp]", "[firm.clamd]\naddress = \"scanner\"\n[firm.smtp]".into(), 8, "firm.clamd.address", "address and port"),
        ("[firm.smtp]", "[firm.clamd]\n[firm.smtp]".into(), 7, "firm.clamd", "not both"),
        ("smtp.hale.example", "smtp.hale.example:465".into(), 8, "firm.smtp.host", "without a port"),
        ("smtp.hale.example\"", "smtp.hale.example\"\nport = 0".into(), 9, "firm.smtp.port", "between"),
        ("smtp.hale.example\"", "smtp.hale.example\"\ntls = \"none\"".into(), 9, "firm.smtp.tls", "this machine"),
        ("smtp.hale.example\"", "smtp.hale.example\"\ntimeout_secs = 0".into(), 9, "firm.smtp.timeout_secs", "between"),
        ("smtp.hale.example\"", "smtp.hale.example\"\nhello_name = \"a b\"".into(), 9, "firm.smtp.hello_name", "host name"),
        ("smtp.hale.example\"", "smtp.hale.example\"\nca_file = \"/no/such.pem\"".into(), 9, "firm.smtp.ca_file", "can't be read"),
        (smtp_auth, "user = \"gw\"\n[[mailbox]]".into(), 9, "firm.smtp.user", "password_file"),
        (smtp_auth, "password_env = \"PW\"\n[[mailbox]]".into(), 9, "firm.smtp.password_env", "as whom"),
        (smtp_auth, "user = \"gw\"\npassword_env = \"NONE\"\n[[mailbox]]".into(), 10, "firm.smtp.password_env", "isn't set"),
        (smtp_auth, "user = \"gw\"\npassword_file = \"/no/such\"\n[[mailbox]]".into(), 10, "firm.smtp.password_file", "can't be read"),
        (smtp_auth, "user = \"gw\"\npassword_credential = \"x\"\n[[mailbox]]".into(), 10, "firm.smtp.password_credential", "CREDENTIALS_DIRECTORY"),
        (smtp_auth, "user = \"gw\"\npassword_credential = \"../x\"\n[[mailbox]]".into(), 10, "firm.smtp.password_credential", "plain name"),
        (smtp_auth, oauth("flow = \"client_credentials\", token_url = \"http://t.example/\", client_secret_env = \"PW\", scope = \"s\""), 10, "firm.smtp.oauth.token_url", "https"),
        (smtp_auth, oauth(&format!("flow = \"client_credentials\", {https}, scope = \"s\"")), 10, "firm.smtp.oauth", "client_secret_file"),
        (smtp_auth, oauth(&format!("flow = \"client_credentials\", {https}, client_secret_env = \"PW\"")), 10, "firm.smtp.oauth", "scope"),
        (smtp_auth, oauth(&format!("flow = \"refresh_token\", {https}")), 10, "firm.smtp.oauth", "refresh_token_file"),
        ("firm = \"hale\"\n", "firm = \"hall\"\n".into(), 13, "mailbox.firm", "no [[firm]]"),
        ("[mailbox.imap]", "maildir = \"m\"\n[mailbox.imap]".into(), 14, "mailbox.maildir", "beside"),
        ("[mailbox.imap]", "[mailbox.imap]\nfolder = \"Processed\"".into(), 14, "mailbox.imap.processed_folder", "watched"),
        ("[mailbox.imap]", "[mailbox.imap]\nfolder = \"\"".into(), 15, "mailbox.imap.folder", "not empty"),
        ("[mailbox.imap]", "[mailbox.imap]\npoll_secs = 0".into(), 15, "mailbox.imap.poll_secs", "between"),
        (mailbox, auth("received_by = [\"x\"]\n"), 14, "mailbox.auth_results.authserv_id", "anybody"),
        (mailbox, auth("received_by = [\"x\"]\nauthserv_id = [\"\"]\n"), 17, "mailbox.auth_results.authserv_id", "one name"),
        (mailbox, auth("received_by = [\"x\"]\nauthserv_id = [\"*\"]\n"), 17, "mailbox.auth_results.authserv_id", "whole name"),
        (mailbox, auth("received_by = [\"x\"]\nauthserv_id = [\"y\",\n\"*.y\"]\n"), 18, "mailbox.auth_results.authserv_id", "whole name"),
        (mailbox, auth("authserv_id = [\"y\"]\nreceived_by = [\"*\"]\n"), 17, "mailbox.auth_results.received_by", "whole name"),
        (mailbox, auth("received_by = [\"x.y\"]\nauthserv_id = [\"y\"]\nprofile = \"m365\"\n"), 17, "mailbox.auth_results.authserv_id", "left out"),
        (mailbox, auth("received_by = [\"x\"]\nprofile = \"m365\"\n"), 16, "mailbox.auth_results.received_by", "mail.protection.outlook.com"),
        (mailbox, auth("received_by = [\"x.y\"]\nprofile = \"m365\"\nhops = 2\n"), 18, "mailbox.auth_results.hops", "left out"),
        (mailbox, auth("received_by = []\nauthserv_id = [\"y\"]\n"), 16, "mailbox.auth_results.received_by", "must name"),
        (mailbox, auth("received_by = [\"x\"]\nauthserv_id = [\"y\"]\nhops = 0\n"), 18, "mailbox.auth_results.hops", "between"),
        ("[[mailbox]]", second_firm("hale", "r@x.example"), 12, "firm.slug", "earlier firm"),
        ("[[mailbox]]", second_firm("b", "s@gw.hale.example"), 13, "firm.address", "shares its domain"),
    ];
    assert!(table.len() >= 40);
    let mut failures = Vec::new();
    for (from, to, line, key, word) in table {
        assert!(GOOD.contains(from), "nothing to replace: {from}");
        let Err(errors) = parse(&GOOD.replacen(from, &to, 1)) else { panic!("accepted: {to}") };
        let first = (errors[0].line, errors[0].key.as_str());
        if first != (line, key) || !errors[0].text.contains(word) || (errors.len() != 1 && key != "firm.slug") {
            failures.push(format!("{to}\n  -> {errors:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_border_writes_above_its_received_line_if_nothing_else_is_said() {
    let policy = "firm = \"hale\"\n[mailbox.auth_results]\nauthserv_id = [\"mx.hale.example\"]\nreceived_by = [\"mx.hale.example\"]\n";
    let config = parse(&GOOD.replace("firm = \"hale\"\n", policy)).unwrap();
    assert_eq!(config.mailboxes[0].auth_results.as_ref().unwrap().layout, Layout::Above);
    assert!(EXAMPLE.contains("above (the default)") && EXAMPLE.contains("# layout = \"above\""));
}

/// What leaves into a Maildir that is watched comes in again.
#[test]
fn t92_a_way_out_that_lies_in_a_way_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("in"), folder.path().join("link")).unwrap();
    let said = |out: &str, way_in: &str| {
        let text = format!(
            "store = \"s\"\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\naddressing = \"subdomain\"\n\
             domains = [\"hale.example\"]\ndirectory = {out:?}\n[[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = {way_in:?}\n"
        );
        read(&text, folder.path(), &environment, Secrets::Read).map_err(|errors| errors[0].clone())
    };
    for out in ["in", "in/new", "./in/out/deep", "x/../in/new", "link/new", "in/."] {
        let error = said(out, "in").unwrap_err();
        assert_eq!((error.line, error.key.as_str()), (7, "firm.directory"), "{out}");
        assert!(error.text.contains("\"main\"") && error.text.contains("come in again"), "{}", error.text);
    }
    assert!(said("in/new", "link").is_err(), "a link to it is it");
    for (out, way_in) in [("out", "in"), ("inside", "in"), ("in/../out", "in"), ("mail", "mail/in")] {
        assert!(said(out, way_in).is_ok(), "{out} {way_in}");
    }
}

#[test]
fn all_wrong_values_are_told_at_once_in_the_order_of_their_lines() {
    let bad = GOOD
        .replace("smtp.hale.example", "smtp hale")
        .replace("slug = \"hale\"", "slug = \"\"")
        .replace("\"imap.hale.example\"", "\"\"");
    let keys: Vec<_> = parse(&bad).unwrap_err().into_iter().map(|e| (e.line, e.key)).collect();
    let expected = [(3, "firm.slug"), (8, "firm.smtp.host"), (13, "mailbox.firm"), (15, "mailbox.imap.host")];
    assert_eq!(keys, expected.map(|(line, key)| (line, key.to_owned())));
}

#[test]
fn two_mailboxes_on_one_account_and_folder_are_refused() {
    let (_, mailbox) = GOOD.split_once("[[mailbox]]").unwrap();
    let errors = parse(&format!("{GOOD}[[mailbox]]{}", mailbox.replace("main", "again"))).unwrap_err();
    assert_eq!((errors[0].line, errors[0].key.as_str()), (18, "mailbox"));
}

#[test]
fn no_firm_at_all_is_an_error() {
    let errors = parse("store = \"/s\"").unwrap_err();
    assert_eq!((errors[0].line, errors[0].key.as_str()), (1, "firm"));
}

#[test]
fn a_mistake_is_shown_with_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.toml");
    std::fs::write(&path, GOOD.replace("password_env = \"PW\"", "").replace("slug =", "slgu =")).unwrap();
    let shown = Config::load(&path).unwrap_err().to_string();
    assert!(shown.starts_with(&format!("{}:3: firm.slgu: unknown field", path.display())), "{shown}");
    let missing = Config::load(&folder.path().join("none.toml")).unwrap_err();
    assert_eq!(missing.errors[0].line, 0);
}

#[test]
fn t78_secrets_are_read_and_never_shown() {
    let config = parse(GOOD).unwrap();
    let Auth::Password(secret) = &imap(&config).auth else { panic!("no password") };
    assert_eq!(secret.expose_secret(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    let oauth = "oauth = { flow = \"client_credentials\", token_url = \"https://t.example/\", client_id = \"c\", \
                 client_secret_env = \"PW\", scope = \"s\" }";
    let config = parse(&GOOD.replace("password_env = \"PW\"", oauth)).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_refresh_token_is_kept_beside_the_database_under_the_name_of_its_account() {
    let oauth = "oauth = { flow = \"refresh_token\", token_url = \"http://127.0.0.1:8080/token\", client_id = \"c\", \
                 refresh_token_env = \"PW\" }";
    let config = parse(&GOOD.replace("password_env = \"PW\"", oauth)).unwrap();
    let kept = |auth: &Auth| match auth {
        Auth::OAuth(OAuth { grant: Grant::RefreshToken { kept_in, first }, .. }) => {
            assert_eq!(first.expose_secret(), "hunter2");
            kept_in.display().to_string()
        }
        _ => panic!("no refresh token"),
    };
    assert_eq!(kept(&imap(&config).auth), "/s/refresh-token-imap-main");
    assert_eq!(kept(&smtp(&config).login.as_ref().unwrap().auth), "/s/refresh-token-smtp-hale");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_command_without_network_needs_no_secret() {
    let config = read(&GOOD.replace("\"PW\"", "\"UNSET\""), Path::new("/"), &|_| None, Secrets::Leave).unwrap();
    let Auth::Password(secret) = &imap(&config).auth else { panic!("no password") };
    assert_eq!(secret.expose_secret(), "");
}

#[test]
fn t77_f51_a_secret_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hunter2\n").unwrap();
    for mode in [0o644, 0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = read_private_file(&path).unwrap_err();
        assert!(matches!(refused, SecretError::Open(_)));
        assert!(!refused.to_string().contains("hunter2"));
    }
    for mode in [0o600, 0o400] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(read_private_file(&path).unwrap().expose_secret(), "hunter2");
    }
}

#[test]
fn a_secret_is_one_line_and_not_empty() {
    let read = |text: &str| secrets::read(&secrets::Source::Variable("X".into()), &|_| Some(text.to_owned()));
    assert!(matches!(read("\n"), Err(SecretError::Empty)));
    assert!(matches!(read("a\nb"), Err(SecretError::NotText)));
    assert_eq!(read(" a b \r\n").unwrap().expose_secret(), " a b ");
}

#[test]
fn a_credential_is_read_from_systemds_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("imap"), "hunter2").unwrap();
    let place = folder.path().display().to_string();
    let source = secrets::Source::Credential("imap".into());
    let found = secrets::read(&source, &|name| (name == "CREDENTIALS_DIRECTORY").then(|| place.clone()));
    assert_eq!(found.unwrap().expose_secret(), "hunter2");
}

#[test]
fn a_firm_says_what_becomes_of_files_that_may_do_harm() {
    let config = parse(GOOD).unwrap();
    assert_eq!((config.firms[0].files.rules, &config.firms[0].files.clamd), (FileRules::default(), &None));
    let text = GOOD.replace(
        "[firm.smtp]",
        "[firm.files]\nmacros = \"hold\"\nencrypted = \"file\"\npdftoppm = \"\"\n[firm.clamd]\nsocket = \"clamd.ctl\"\n[firm.smtp]",
    );
    let files = parse(&text).unwrap().firms.remove(0).files;
    let rules = FileRules { programs: FileRule::Refuse, macros: FileRule::Hold, encrypted: FileRule::File };
    assert_eq!((files.rules, files.pdftoppm), (rules, None));
    assert_eq!(files.clamd.unwrap().place, ClamdPlace::Socket("/etc/docketpost/clamd.ctl".into()));
}
