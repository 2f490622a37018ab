//! TLS as a client: the system's certificate authorities, and one further file if the configuration names it. There is
//! no way to switch the checking of certificates off.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

/// Says why TLS can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of further authorities can't be read as PEM, or holds none.
    #[error("{0} holds no certificate authority in PEM form")]
    CaFile(PathBuf),
    /// rustls refuses the set-up.
    #[error("TLS can't be set up: {0}")]
    Rustls(#[from] rustls::Error),
}

/// A client's set-up which trusts the system's authorities and those in `extra_ca`.
pub fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra = extra_ca.map(read_authorities).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = || TlsError::CaFile(path.to_owned());
    let found = CertificateDer::pem_file_iter(path).map_err(|_| unusable())?;
    let all = found.collect::<Result<Vec<_>, _>>().map_err(|_| unusable())?;
    if all.is_empty() { Err(unusable()) } else { Ok(all) }
}
