//! Clients that show a certificate: `CN` is their name, each `O` one of their groups.

use super::identity::IdentityError;
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use twin_core::api::User;
use twin_core::tree::Text;
use x509_parser::parse_x509_certificate;
use x509_parser::x509::AttributeTypeAndValue;

/// Who signs certificates of clients.
#[derive(Debug)]
pub(super) struct Signer(pub(super) Issuer<'static, KeyPair>);

/// A certificate and its key, both as PEM.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Signer {
    /// A new certificate for somebody.
    pub(super) fn pair(&self, name: &str, group: Option<&str>) -> Result<Pair, IdentityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        for_clients(&mut params);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?.pem();
        Ok(Pair { certificate, key: key.serialize_pem() })
    }

    /// A certificate for a key that stays with who asks.
    pub(super) fn signed(&self, request: &str) -> Result<String, IdentityError> {
        let mut request = CertificateSigningRequestParams::from_pem(request)?;
        for_clients(&mut request.params);
        Ok(request.signed_by(&self.0)?.pem())
    }
}

fn for_clients(params: &mut CertificateParams) {
    params.is_ca = IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

/// Who shows this certificate; nobody, if it names nobody.
pub(super) fn user(certificate: &CertificateDer<'_>) -> Option<User> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    let subject = certificate.subject();
    let text = |it: &AttributeTypeAndValue<'_>| it.as_str().ok().map(Text::new);
    let name = subject.iter_common_name().find_map(text).filter(|name| !name.is_empty())?;
    Some(User { name, groups: subject.iter_organization().filter_map(text).collect() })
}
