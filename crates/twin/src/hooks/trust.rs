//! Whose certificates are taken.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::sync::Arc;

/// What Go says of a certificate that nobody known has signed.
pub(super) const UNKNOWN: &str = "certificate signed by unknown authority";

/// A client that takes certificates of these authorities, as PEM, and no other.
pub(super) fn client(authority: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let known: Vec<_> = CertificateDer::pem_slice_iter(authority).filter_map(Result::ok).collect();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(known.iter().cloned());
    if roots.is_empty() {
        return Err(format!("tls: failed to verify certificate: x509: {UNKNOWN}"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(verifier(known, roots, provider.clone())?);
    let client = versions(provider)?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(Arc::new(client.with_no_client_auth()))
}

fn verifier(
    known: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, String> {
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let usual = usual.build().map_err(|error| error.to_string())?;
    Ok(Verifier { usual, known })
}

fn is_of_time(why: &CertificateError) -> bool {
    matches!(
        why,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}

type Building = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn versions(provider: Arc<CryptoProvider>) -> Result<Building, String> {
    let builder = ClientConfig::builder_with_provider(provider);
    builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())
}

/// As Go does, it also takes a certificate that stands among the authorities itself.
#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    known: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(certificate, between, name, stapled, now);
        if usual.is_ok() || !self.known.iter().any(|known| known.as_ref() == certificate.as_ref()) {
            return usual;
        }
        // Without others it can only be its own time that is wrong.
        match self.usual.verify_server_cert(certificate, &[], name, stapled, now) {
            Err(Error::InvalidCertificate(why)) if is_of_time(&why) => {
                return Err(Error::InvalidCertificate(why));
            }
            _ => verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Verifier, is_of_time, verifier};
    use rcgen::{CertificateParams, KeyPair};
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{Error, RootCertStore};
    use std::sync::Arc;
    use std::time::Duration;

    fn known(certificate: &CertificateDer<'static>) -> Verifier {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("it is one");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        verifier(vec![certificate.clone()], roots, provider).expect("there is one authority")
    }

    #[test]
    fn who_is_an_authority_itself_is_taken_in_its_time() {
        let mut params = CertificateParams::new(vec!["h".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        let verifier = known(&certificate);
        let name = ServerName::try_from("h").expect("a name");
        let in_year = |year: u64| {
            let since = Duration::from_hours((year - 1970) * 8_766);
            let now = UnixTime::since_unix_epoch(since);
            verifier.verify_server_cert(&certificate, &[], &name, &[], now)
        };
        in_year(2025).expect("it is good");
        for year in [2015, 2035] {
            let Err(Error::InvalidCertificate(why)) = in_year(year) else { panic!("{year}") };
            assert!(is_of_time(&why), "{why}");
        }
        let other = ServerName::try_from("other").expect("a name");
        let now = UnixTime::since_unix_epoch(Duration::from_hours(55 * 8_766));
        assert!(verifier.verify_server_cert(&certificate, &[], &other, &[], now).is_err());
    }
}
