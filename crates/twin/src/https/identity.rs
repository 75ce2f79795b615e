//! Certificates and a token, made for one server.

use super::clients::Signer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::net::IpAddr;
use std::sync::Arc;

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Its text is wrong.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The server does not take it.
    #[error("cannot use the certificate")]
    Tls(#[from] rustls::Error),
    /// Clients' certificates cannot be judged by it.
    #[error("cannot judge certificates by it")]
    Verifier(#[from] VerifierBuilderError),
    /// This machine has no random numbers.
    #[error("no random numbers for a token")]
    Random,
}

/// What a server shows, and what its clients have to know.
pub(super) struct Identity {
    /// Who signs for clients.
    pub(super) signer: Arc<Signer>,
    /// The authority that signed it, as PEM.
    pub(super) authority: String,
    /// What a client says to be let in.
    pub(super) token: String,
    pub(super) server: Arc<ServerConfig>,
}

impl Identity {
    pub(super) fn new(address: IpAddr) -> Result<Self, IdentityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "muster-twin-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let (authority, root) = (certificate.pem(), certificate.der().clone());
        let issuer = Issuer::new(params, key);

        let names = ["localhost", "kubernetes.default.svc"].map(str::to_owned);
        let names = names.into_iter().chain([address.to_string()]).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "muster-twin");
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients(root, provider)?)
            .with_single_cert(vec![certificate.der().clone()], key)?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let signer = Arc::new(Signer(issuer));
        Ok(Self { signer, authority, token: token()?, server: Arc::new(server) })
    }
}

/// Takes certificates of this authority, and clients that show none.
fn clients(
    root: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, IdentityError> {
    let mut roots = RootCertStore::empty();
    roots.add(root)?;
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Ok(builder.allow_unauthenticated().build()?)
}

/// What nobody can guess.
pub(super) fn token() -> Result<String, IdentityError> {
    let mut token = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut token).map_err(|_| IdentityError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(token))
}
