//! The one TLS set-up of the program: what the machine trusts, and the authority a firm names for its own servers.
//! In comes a PEM file or nothing, out a configuration for clients. It never offers a way round verification.

use rustls::{
    ClientConfig,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

/// Why no TLS configuration came about; none of these heals by itself.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The file of the firm's authority can't be read as PEM.
    #[error("cannot read the certificates in {}: {why}", path.display())]
    Authority {
        /// The file named in the configuration.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file of the firm's authority holds no certificate.
    #[error("there is no certificate in {}", .0.display())]
    Empty(PathBuf),
    /// The authorities could not be used.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// Gives the configuration with which clients verify servers: the platform's authorities and, if a PEM file is named,
/// those in it as well.
pub fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let extra = extra_ca.map(authorities).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let broken = |e: &dyn std::fmt::Display| TlsError::Authority { path: path.to_owned(), why: e.to_string() };
    let found = CertificateDer::pem_file_iter(path).map_err(|e| broken(&e))?;
    let certificates = found.collect::<Result<Vec<_>, _>>().map_err(|e| broken(&e))?;
    if certificates.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named_in_the_error() {
        let error = client_config(Some(Path::new("/nowhere/firm.pem"))).unwrap_err();
        assert!(error.to_string().contains("/nowhere/firm.pem"), "{error}");
    }

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no certificate here\n").unwrap();
        assert!(matches!(client_config(Some(file.path())), Err(TlsError::Empty(_))));
    }
}
