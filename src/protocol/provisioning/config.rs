//! Which device registers, and how: checked once, then known to be valid.

use super::registration::PAUSE;
use crate::protocol::client::Options;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::Error;
use crate::protocol::hub::Credentials;
use crate::protocol::hub::sas_token::SasToken;
use crate::protocol::hub::{identity, percent};
use crate::protocol::time::Now;
use crate::protocol::tokens::TokenSource;

/// The end of the user name: the version of the service's API, then that of the client.
const VERSIONS: &str = "/api-version=2019-03-31&ClientVersion=";
/// The first version that issues certificates.
const CERTIFICATE_VERSIONS: &str = "/api-version=2026-11-01&ClientVersion=";

/// The name of the policy under which the service knows the key of a device.
const POLICY: &str = "registration";

/// The maximum length of a registration id, in characters.
const MAX_REGISTRATION_ID: usize = 128;

/// A device, as the provisioning service knows it before it has a hub.
#[derive(Clone, Debug)]
pub struct Registrant {
    /// The host name of the service.
    pub hostname: String,
    /// The instance of the service, `idScope`.
    pub id_scope: String,
    /// The device's name in the service.
    pub registration_id: String,
    /// A certificate signing request in DER as base64, if the device needs a certificate for its
    /// hub.
    pub csr: Option<String>,
}

impl Registrant {
    /// Checks the parts.
    ///
    /// # Errors The first part that is empty, too long, or has invalid characters.
    pub fn new(hostname: &str, id_scope: &str, registration_id: &str) -> Result<Self, Error> {
        identity::check_hostname("provisioning host", hostname)?;
        identity::check_hostname("id scope", id_scope)?;
        check_registration_id(registration_id)?;
        Ok(Self {
            hostname: hostname.into(),
            id_scope: id_scope.into(),
            registration_id: registration_id.into(),
            csr: None,
        })
    }

    /// The resource of this device's SAS tokens: `{idScope}/registrations/{registrationId}`.
    pub fn resource(&self) -> String {
        format!("{}/registrations/{}", self.id_scope, self.registration_id)
    }

    /// Reads a token from the user.
    ///
    /// # Errors The token is malformed, has expired or is for another device.
    pub fn check_token(&self, now: Now, text: &str) -> Result<SasToken, Error> {
        let (token, resource) = SasToken::parse(text)?;
        if !resource.eq_ignore_ascii_case(&self.resource()) {
            return Err(Error::invalid_argument(
                "the SAS token is for something else (sr must be idScope/registrations/registrationId)",
            ));
        }
        token.check_expiry(now)?;
        Ok(token)
    }
}

/// Checks the name of a device.
///
/// # Errors The name is empty, too long, or has invalid characters.
pub fn check_registration_id(text: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    identity::check("registration id", text, allowed)?;
    if text.len() > MAX_REGISTRATION_ID || text.ends_with(['.', '_', ':']) {
        return Err(Error::invalid_argument(
            "the registration id must have at most 128 characters, and end with a letter, a digit \
             or \"-\"",
        ));
    }
    Ok(())
}

/// Everything that a [`Registrar`](super::Registrar) is created with.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) registrant: Registrant,
    /// The resource of its tokens.
    pub(super) resource: String,
    pub(super) credentials: Credentials,
    pub(super) url: String,
    pub(super) user_name: String,
    pub(super) sas_token_ttl: u64,
    pub(super) keep_alive_secs: u16,
}

impl Config {
    /// Checks the `options` that apply to a registration: how to connect, `productInfo`,
    /// `sasTokenTtl` and `keepAlive`. `agent` names the client's software to the service.
    ///
    /// # Errors The first invalid option, by its JavaScript name.
    pub fn new(
        registrant: Registrant,
        credentials: Credentials,
        agent: &str,
        options: &Options,
    ) -> Result<Self, Error> {
        options.check_websockets()?;
        let (sas_token_ttl, keep_alive_secs) =
            (options.sas_token_ttl()?, options.keep_alive_secs()?);
        let endpoint = Endpoint::new(
            matches!(credentials, Credentials::X509),
            options.gateway_hostname.as_deref(),
            options.endpoint.as_deref(),
        )?;
        let resource = registrant.resource();
        let mut user_name = resource.clone();
        user_name.push_str(match registrant.csr {
            Some(_) => CERTIFICATE_VERSIONS,
            None => VERSIONS,
        });
        percent::encode_into(&mut user_name, agent);
        percent::encode_into(&mut user_name, options.product_info.as_deref().unwrap_or_default());
        Ok(Self {
            url: endpoint.url(&registrant.hostname, ""),
            registrant,
            resource,
            credentials: match credentials {
                Credentials::SharedAccessKey { key, .. } => {
                    Credentials::SharedAccessKey { key, policy: Some(POLICY.into()) }
                }
                other => other,
            },
            user_name,
            sas_token_ttl,
            keep_alive_secs,
        })
    }

    pub(super) fn token_source(&self) -> TokenSource<'_> {
        TokenSource {
            credentials: &self.credentials,
            resource: &self.resource,
            ttl: self.sas_token_ttl,
            retry_interval: PAUSE,
        }
    }
}
