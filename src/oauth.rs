//! Access tokens for mail servers that take no password (RFC 6749, sections 4.4 and 6). In come the client's
//! registration and, for the refresh grant, a first refresh token; out come access tokens that are good for a while
//! yet. A rotated refresh token is on the disk before the access token that came with it is used. It never talks to
//! anything but the token endpoint, in clear only on loopback, and no error text holds a token or a secret.

use crate::config::{Grant, OAuth};
use crate::store::permissions;
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use thiserror::Error;
use tokio::sync::Mutex;
use ureq::{
    Agent,
    http::{StatusCode, Uri},
    tls::{RootCerts, TlsConfig},
};

/// A token is renewed this long before it ends, or at half of its life if that is shorter.
const MARGIN: SignedDuration = SignedDuration::from_secs(120);
/// How long a token is taken to live when the server doesn't say.
const UNSAID_LIFE: i64 = 300;
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_ANSWER: u64 = 64 * 1024;

/// Why there is no access token.
#[derive(Debug, Error)]
pub enum OAuthError {
    /// The endpoint is no URL, or would be spoken to in clear beyond this machine.
    #[error("the token endpoint must be an https address")]
    Endpoint,
    /// The server has said no, with this code of RFC 6749, section 5.2: nobody but a person can help.
    #[error("the token endpoint refused: {0}")]
    Refused(String),
    /// The server can't answer now, or not in a way that can be understood.
    #[error("the token endpoint gave no token: {0}")]
    Unavailable(String),
    /// The refresh token's file can't be read or written.
    #[error("cannot keep the refresh token in {}: {why}", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: io::Error,
    },
}

impl OAuthError {
    /// Tells whether trying again later may help without anybody doing something.
    pub fn is_temporary(&self) -> bool {
        matches!(self, OAuthError::Unavailable(_) | OAuthError::Kept { .. })
    }
}

/// Where access tokens come from; clones share one token, and only one of them asks the server at a time.
#[derive(Clone)]
pub struct TokenSource {
    server: Arc<TokenServer>,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("endpoint", &self.server.client.token_url).finish_non_exhaustive()
    }
}

struct TokenServer {
    client: OAuth,
    agent: Agent,
}

#[derive(Default)]
struct State {
    access: Option<(SecretString, Timestamp)>,
    /// A rotated refresh token that could not be written down yet.
    unkept: Option<SecretString>,
}

impl TokenSource {
    /// Gives a source that has asked for nothing yet.
    pub fn new(client: OAuth) -> Result<TokenSource, OAuthError> {
        let https_only = !is_on_loopback(&client.token_url)?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .https_only(https_only)
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(TokenSource { server: Arc::new(TokenServer { client, agent }), state: Arc::default() })
    }

    /// Gives an access token that is good for a while after `now`, asking the server only if there is none.
    pub async fn token(&self, now: Timestamp) -> Result<SecretString, OAuthError> {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        if let Some((token, renew_at)) = &state.access
            && now < *renew_at
        {
            return Ok(token.clone());
        }
        let server = Arc::clone(&self.server);
        // The lock goes with the work: a caller who stops waiting must not lose a rotated refresh token.
        let work = tokio::task::spawn_blocking(move || server.renew(&mut state, now));
        work.await.unwrap_or_else(|_| Err(OAuthError::Unavailable("the request was broken off".into())))
    }

    /// Forgets the access token, for a mail server has refused it.
    pub async fn forget(&self) {
        self.state.lock().await.access = None;
    }
}

impl TokenServer {
    fn renew(&self, state: &mut State, now: Timestamp) -> Result<SecretString, OAuthError> {
        state.access = None;
        let answer = match &self.client.grant {
            Grant::ClientCredentials => self.ask("client_credentials", None)?,
            Grant::RefreshToken { first, kept_in } => {
                let token = match state.unkept.clone() {
                    Some(token) => token,
                    None => kept(kept_in, first)?.unwrap_or_else(|| first.clone()),
                };
                let answer = self.ask("refresh_token", Some(&token))?;
                state.unkept = answer.refresh_token.clone().or(state.unkept.take());
                if let Some(newest) = &state.unkept {
                    keep(kept_in, first, newest).map_err(|why| OAuthError::Kept { path: kept_in.clone(), why })?;
                }
                state.unkept = None;
                answer
            }
        };
        state.access = Some((answer.access_token.clone(), renew_at(now, answer.expires_in)));
        Ok(answer.access_token)
    }

    fn ask(&self, grant_type: &str, refresh_token: Option<&SecretString>) -> Result<Answer, OAuthError> {
        let client = &self.client;
        let mut form = vec![("grant_type", grant_type), ("client_id", client.client_id.as_str())];
        form.extend(client.client_secret.as_ref().map(|s| ("client_secret", s.expose_secret())));
        form.extend(client.scope.as_ref().map(|s| ("scope", s.as_str())));
        form.extend(refresh_token.map(|t| ("refresh_token", t.expose_secret())));
        let unavailable = |e: ureq::Error| OAuthError::Unavailable(e.to_string());
        let sent = self.agent.post(&client.token_url).header("accept", "application/json").send_form(form);
        let mut response = sent.map_err(unavailable)?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string().map_err(unavailable)?;
        understand(status, &body)
    }
}

struct Answer {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_in: i64,
}

#[derive(Deserialize)]
struct Wire {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
}

fn understand(status: StatusCode, body: &str) -> Result<Answer, OAuthError> {
    let wire: Option<Wire> = serde_json::from_str(body).ok();
    if !status.is_success() {
        return Err(refusal(status, wire.and_then(|w| w.error)));
    }
    let strange = || OAuthError::Unavailable("its answer has no access token".into());
    let Wire { access_token, refresh_token, expires_in, .. } = wire.ok_or_else(strange)?;
    let access_token = access_token.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic()));
    // Some servers write the number as a string.
    let seconds = |v: serde_json::Value| v.as_i64().or_else(|| v.as_str()?.parse().ok());
    Ok(Answer {
        access_token: access_token.ok_or_else(strange)?.into(),
        refresh_token: refresh_token.filter(|t| !t.is_empty()).map(Into::into),
        expires_in: expires_in.and_then(seconds).unwrap_or(UNSAID_LIFE),
    })
}

fn refusal(status: StatusCode, error: Option<String>) -> OAuthError {
    let is_code = |code: &String| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let code = error.filter(is_code);
    let passing = matches!(code.as_deref(), Some("temporarily_unavailable" | "server_error" | "slow_down"));
    match code {
        Some(code) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && !passing => {
            OAuthError::Refused(code)
        }
        _ => OAuthError::Unavailable(format!("it answered with status {}", status.as_u16())),
    }
}

fn renew_at(now: Timestamp, expires_in: i64) -> Timestamp {
    let life = SignedDuration::from_secs(expires_in.clamp(0, 365 * 24 * 3600));
    let half = SignedDuration::from_secs(life.as_secs().checked_div(2).unwrap_or(0));
    now.saturating_add(life.saturating_sub(MARGIN.min(half))).unwrap_or(now)
}

fn is_on_loopback(endpoint: &str) -> Result<bool, OAuthError> {
    let uri: Uri = endpoint.parse().map_err(|_| OAuthError::Endpoint)?;
    let host = uri.host().ok_or(OAuthError::Endpoint)?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match uri.scheme_str() {
        Some("https") => Ok(false),
        Some("http") if host == "localhost" || address.is_ok_and(|ip| ip.is_loopback()) => Ok(true),
        _ => Err(OAuthError::Endpoint),
    }
}

/// What the file holds: the newest token, and the digest of the configured one it descends from.
#[derive(Serialize, Deserialize)]
struct KeptToken {
    descends_from: String,
    refresh_token: String,
}

fn digest(token: &SecretString) -> String {
    HEXLOWER.encode(&Sha256::digest(token.expose_secret().as_bytes()))
}

fn kept(path: &Path, first: &SecretString) -> Result<Option<SecretString>, OAuthError> {
    let failed = |why| OAuthError::Kept { path: path.to_owned(), why };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    permissions::refuse_readable(path, "600").map_err(|e| failed(io::Error::other(e.to_string())))?;
    let kept: KeptToken =
        serde_json::from_str(&text).map_err(|_| failed(io::Error::other("it is not as it was written")))?;
    // Another token in the configuration means that somebody has signed in anew.
    Ok((kept.descends_from == digest(first)).then(|| kept.refresh_token.into()))
}

fn keep(path: &Path, first: &SecretString, newest: &SecretString) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let kept = KeptToken { descends_from: digest(first), refresh_token: newest.expose_secret().to_owned() };
    // tempfile creates with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(serde_json::to_string(&kept)?.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader, Read},
        net::{Ipv4Addr, TcpListener},
        os::unix::fs::PermissionsExt,
        sync::mpsc::{self, Receiver},
        thread,
    };

    /// An endpoint that gives these answers in turn, then goes; and the forms it was sent.
    fn endpoint(answers: Vec<(u16, &'static str)>) -> (String, Receiver<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let (tell, forms) = mpsc::channel();
        thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut stream = BufReader::new(stream);
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).unwrap();
                    if line == "\r\n" {
                        break;
                    }
                    if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = n.trim().parse().unwrap();
                    }
                }
                let mut form = vec![0; length];
                stream.read_exact(&mut form).unwrap();
                let head =
                    format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.get_mut().write_all(format!("{head}{body}").as_bytes()).unwrap();
                tell.send(String::from_utf8(form).unwrap()).unwrap();
            }
        });
        (url, forms)
    }

    fn client(token_url: String, grant: Grant) -> OAuth {
        OAuth {
            token_url,
            client_id: "gateway".into(),
            client_secret: Some("hush".to_owned().into()),
            scope: Some("https://outlook.office365.com/.default".into()),
            grant,
        }
    }

    fn refresh(first: &str, kept_in: &Path) -> Grant {
        Grant::RefreshToken { first: first.to_owned().into(), kept_in: kept_in.to_owned() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_and_renewed_before_it_ends() {
        let (url, forms) = endpoint(vec![
            (200, r#"{"access_token":"one","token_type":"Bearer","expires_in":3600}"#),
            (200, r#"{"access_token":"two","token_type":"Bearer","expires_in":"3600"}"#),
        ]);
        let source = TokenSource::new(client(url, Grant::ClientCredentials)).unwrap();
        let clone = source.clone();
        let (a, b) = tokio::join!(source.token(at(0)), clone.token(at(0)));
        assert_eq!((a.unwrap().expose_secret(), b.unwrap().expose_secret()), ("one", "one"));
        assert_eq!(source.token(at(3479)).await.unwrap().expose_secret(), "one");
        assert_eq!(source.token(at(3480)).await.unwrap().expose_secret(), "two");
        let form = forms.recv().unwrap();
        assert!(form.contains("grant_type=client_credentials") && form.contains("client_secret=hush"), "{form}");
        assert_eq!(forms.iter().count(), 1);
    }

    #[tokio::test]
    async fn a_rotated_refresh_token_is_kept_and_used_next_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let (url, forms) = endpoint(vec![
            (200, r#"{"access_token":"a1","expires_in":3600,"refresh_token":"r1"}"#),
            (200, r#"{"access_token":"a2","expires_in":3600,"refresh_token":"r2"}"#),
            (200, r#"{"access_token":"a3","expires_in":3600}"#),
        ]);
        let grant = refresh("r0", &file);
        let source = TokenSource::new(client(url.clone(), grant.clone())).unwrap();
        source.token(at(0)).await.unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        source.token(at(4000)).await.unwrap();
        let restarted = TokenSource::new(client(url, grant)).unwrap();
        restarted.token(at(4000)).await.unwrap();
        let forms: Vec<String> = forms.iter().collect();
        assert!(forms[0].contains("refresh_token=r0"), "{forms:?}");
        assert!(forms[1].contains("refresh_token=r1"), "{forms:?}");
        assert!(forms[2].contains("refresh_token=r2"), "{forms:?}");
    }

    #[tokio::test]
    async fn a_new_token_in_the_configuration_replaces_the_kept_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        keep(&file, &"old".to_owned().into(), &"dead".to_owned().into()).unwrap();
        let (url, forms) = endpoint(vec![(200, r#"{"access_token":"a","expires_in":3600}"#)]);
        TokenSource::new(client(url, refresh("new", &file))).unwrap().token(at(0)).await.unwrap();
        assert!(forms.recv().unwrap().contains("refresh_token=new"));
    }

    #[tokio::test]
    async fn t77_a_kept_token_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        keep(&file, &"r0".to_owned().into(), &"r1".to_owned().into()).unwrap();
        let set_mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        set_mode(0o640);
        let (url, forms) = endpoint(vec![(200, r#"{"access_token":"a","expires_in":3600}"#)]);
        let source = TokenSource::new(client(url, refresh("r0", &file))).unwrap();
        let error = source.token(at(0)).await.unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        set_mode(0o600);
        source.token(at(0)).await.unwrap();
        assert!(forms.recv().unwrap().contains("refresh_token=r1"));
    }

    #[tokio::test]
    async fn an_access_token_is_not_used_before_the_rotated_refresh_token_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("later/token");
        let (url, forms) = endpoint(vec![
            (200, r#"{"access_token":"a1","expires_in":3600,"refresh_token":"r1"}"#),
            (200, r#"{"access_token":"a2","expires_in":3600}"#),
        ]);
        let source = TokenSource::new(client(url, refresh("r0", &file))).unwrap();
        let error = source.token(at(0)).await.unwrap_err();
        assert!(matches!(error, OAuthError::Kept { .. }) && error.is_temporary());
        fs::create_dir(folder.path().join("later")).unwrap();
        assert_eq!(source.token(at(0)).await.unwrap().expose_secret(), "a2");
        assert!(forms.iter().nth(1).unwrap().contains("refresh_token=r1"));
        assert!(fs::read_to_string(&file).unwrap().contains("r1"));
    }

    #[tokio::test]
    async fn a_dead_grant_is_permanent_and_a_busy_server_is_not() {
        let (url, _forms) = endpoint(vec![
            (400, r#"{"error":"invalid_grant","error_description":"AADSTS700082 someone@firm.example"}"#),
            (503, "busy"),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (200, "<html>"),
        ]);
        let source = TokenSource::new(client(url, Grant::ClientCredentials)).unwrap();
        let dead = source.token(at(0)).await.unwrap_err();
        assert!(!dead.is_temporary());
        assert_eq!(dead.to_string(), "the token endpoint refused: invalid_grant");
        for _ in 0..3 {
            assert!(source.token(at(0)).await.unwrap_err().is_temporary());
        }
        assert!(source.token(at(0)).await.unwrap_err().is_temporary(), "nobody listens any more");
    }

    #[tokio::test]
    async fn a_forgotten_token_is_asked_for_again() {
        let (url, _forms) = endpoint(vec![(200, r#"{"access_token":"one"}"#), (200, r#"{"access_token":"two"}"#)]);
        let source = TokenSource::new(client(url, Grant::ClientCredentials)).unwrap();
        assert_eq!(source.token(at(0)).await.unwrap().expose_secret(), "one");
        source.forget().await;
        assert_eq!(source.token(at(0)).await.unwrap().expose_secret(), "two");
    }

    #[test]
    fn secrets_go_in_clear_to_nobody_but_this_machine() {
        for bad in ["http://login.example/token", "ftp://127.0.0.1/token", "token", "http://127.0.0.1.example/"] {
            let made = TokenSource::new(client(bad.into(), Grant::ClientCredentials));
            assert!(matches!(made, Err(OAuthError::Endpoint)), "{bad}");
        }
        for good in ["https://login.example/token", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/"] {
            assert!(TokenSource::new(client(good.into(), Grant::ClientCredentials)).is_ok(), "{good}");
        }
    }

    #[test]
    fn t78_nothing_secret_is_printed() {
        let grant = refresh("r0", Path::new("/x"));
        let made = client("https://login.example/token".into(), grant);
        let printed = format!("{made:?} {:?}", TokenSource::new(made.clone()).unwrap());
        assert!(!printed.contains("hush") && !printed.contains("r0"), "{printed}");
    }
}
