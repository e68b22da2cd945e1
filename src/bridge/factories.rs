//! The factories: each turns its arguments into an identity, credentials and options. It throws a
//! `TypeError` or `RangeError` that names what is wrong.

use wasm_bindgen::prelude::*;

use super::client::ClientHandle;
use super::clock;
use super::driver::Driver;
use super::host::Host;
use super::options::{self, Allowed};
use crate::protocol::client::{Config, Options};
use crate::protocol::hub::connection_string::ConnectionString;
use crate::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use crate::protocol::hub::{Credentials, Identity};
use crate::protocol::provisioning::{self, Registrant};
use crate::protocol::{Client, Error};

/// What a [`Config`] is made of.
type Parts = (Identity, Credentials, Options);

const HOSTNAME: &str = "hostname";
const DEVICE_ID: &str = "deviceId";
const SAS_TOKEN_TTL: &str = "sasTokenTtl";
const GATEWAY_HOSTNAME: &str = "gatewayHostname";

#[wasm_bindgen]
extern "C" {
    /// A device as `pkg-template/provisioning.js` has checked it. Without a key or a token, it has a
    /// certificate, which the transport knows, or a function that returns tokens.
    pub type ProvisionedDevice;

    #[wasm_bindgen(method, getter, js_name = provisioningHost)]
    fn provisioning_host(this: &ProvisionedDevice) -> String;

    #[wasm_bindgen(method, getter, js_name = registrationId)]
    fn registration_id(this: &ProvisionedDevice) -> String;

    #[wasm_bindgen(method, getter, js_name = idScope)]
    fn id_scope(this: &ProvisionedDevice) -> String;

    #[wasm_bindgen(method, getter, js_name = symmetricKey)]
    fn symmetric_key(this: &ProvisionedDevice) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn token(this: &ProvisionedDevice) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = hasCertificate)]
    fn has_certificate(this: &ProvisionedDevice) -> bool;

    /// A certificate signing request, in DER as base64.
    #[wasm_bindgen(method, getter)]
    fn csr(this: &ProvisionedDevice) -> Option<String>;

    /// JSON text.
    #[wasm_bindgen(method, getter)]
    fn payload(this: &ProvisionedDevice) -> Option<String>;
}

/// See the methods of `IoTHubDeviceClient` by the same names, with `create` in front.
#[wasm_bindgen]
impl ClientHandle {
    #[wasm_bindgen(js_name = fromConnectionString)]
    pub fn from_connection_string(
        host: Host,
        text: &str,
        options: &JsValue,
    ) -> Result<Self, JsValue> {
        Self::create(host, &|| {
            let ConnectionString { identity, credentials, gateway_hostname } =
                ConnectionString::parse(text)?;
            let without: &[_] = match credentials {
                // A token from the user is not created here, so it has no lifetime option.
                Credentials::SasToken(_) => &[GATEWAY_HOSTNAME, SAS_TOKEN_TTL],
                _ => &[GATEWAY_HOSTNAME],
            };
            let options = options::read(options, Allowed::without(without))?;
            Ok((identity, credentials, Options { gateway_hostname, ..options }))
        })
    }

    #[wasm_bindgen(js_name = fromSasToken)]
    pub fn from_sas_token(host: Host, text: &str, options: &JsValue) -> Result<Self, JsValue> {
        Self::create(host, &|| {
            let options = options::read(options, Allowed::without(&[SAS_TOKEN_TTL]))?;
            let (token, resource) = SasToken::parse(text)?;
            Ok((Identity::of_device(&resource)?, Credentials::SasToken(token), options))
        })
    }

    /// `createFromSasToken` with a function.
    #[wasm_bindgen(js_name = fromTokenFunction)]
    pub fn from_token_function(host: Host, given: &JsValue) -> Result<Self, JsValue> {
        Self::create(host, &|| {
            let allowed = Allowed { without: &[SAS_TOKEN_TTL], with: &[HOSTNAME, DEVICE_ID] };
            let options = options::read(given, allowed)?;
            let hostname = options::text(given, HOSTNAME)?;
            let device_id = options::text(given, DEVICE_ID)?;
            let (Some(hostname), Some(device_id)) = (hostname, device_id) else {
                return Err(Error::invalid_argument(
                    "with a function that returns tokens, the options need hostname and deviceId",
                ));
            };
            Ok((Identity::new(&hostname, &device_id, None)?, Credentials::TokenFunction, options))
        })
    }

    #[wasm_bindgen(js_name = fromSymmetricKey)]
    pub fn from_symmetric_key(
        host: Host,
        key: &str,
        hostname: &str,
        device_id: &str,
        options: &JsValue,
    ) -> Result<Self, JsValue> {
        Self::create(host, &|| {
            let options = options::read(options, Allowed::without(&[]))?;
            let key = SharedAccessKey::from_base64(key)?;
            let credentials = Credentials::SharedAccessKey { key, policy: None };
            Ok((Identity::new(hostname, device_id, None)?, credentials, options))
        })
    }

    /// The transport has the certificate.
    #[wasm_bindgen(js_name = fromX509Certificate)]
    pub fn from_x509_certificate(
        host: Host,
        hostname: &str,
        device_id: &str,
        options: &JsValue,
    ) -> Result<Self, JsValue> {
        Self::create(host, &|| {
            let options = options::read(options, Allowed::without(&[SAS_TOKEN_TTL]))?;
            Ok((Identity::new(hostname, device_id, None)?, Credentials::X509, options))
        })
    }

    #[wasm_bindgen(js_name = fromProvisioning)]
    pub fn from_provisioning(
        host: Host,
        device: &ProvisionedDevice,
        options: &JsValue,
    ) -> Result<Self, JsValue> {
        Self::of(host, &|agent| {
            let registrant = Registrant {
                csr: device.csr(),
                ..Registrant::new(
                    &device.provisioning_host(),
                    &device.id_scope(),
                    &device.registration_id(),
                )?
            };
            let credentials = match (device.symmetric_key(), device.token()) {
                (Some(key), _) => {
                    let key = SharedAccessKey::from_base64(&key)?;
                    Credentials::SharedAccessKey { key, policy: None }
                }
                (None, Some(token)) => {
                    Credentials::SasToken(registrant.check_token(clock::now(), &token)?)
                }
                (None, None) if device.has_certificate() => Credentials::X509,
                (None, None) => Credentials::TokenFunction,
            };
            let without: &[_] = match credentials {
                Credentials::SharedAccessKey { .. } => &[],
                _ => &[SAS_TOKEN_TTL],
            };
            let options = options::read(options, Allowed::without(without))?;
            let payload = device.payload();
            Config::provisioned(registrant, credentials, agent, &options, payload.as_deref())
        })
    }

    /// The key of a device, derived from that of its enrollment group: see
    /// [`SharedAccessKey::derive`].
    #[wasm_bindgen(js_name = deriveDeviceKey)]
    pub fn derive_device_key(
        host: &Host,
        group_key: &str,
        registration_id: &str,
    ) -> Result<String, JsValue> {
        let derived = provisioning::check_registration_id(registration_id)
            .and_then(|()| SharedAccessKey::from_base64(group_key))
            .map(|key| key.derive(registration_id));
        derived.map_err(|error| host.error(&error))
    }

    fn create(host: Host, parts: &dyn Fn() -> Result<Parts, Error>) -> Result<Self, JsValue> {
        Self::of(host, &|agent| {
            let (identity, credentials, options) = parts()?;
            if let Credentials::SasToken(token) = &credentials {
                token.check_expiry(clock::now())?;
            }
            Config::new(identity, credentials, agent, &options)
        })
    }

    fn of(host: Host, config: &dyn Fn(&str) -> Result<Config, Error>) -> Result<Self, JsValue> {
        let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let agent = format!("{name}/{version}({})", host.platform());
        let config = config(&agent).map_err(|error| host.error(&error))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits do")]
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        Ok(Self { driver: Driver::new(host, Client::new(config, seed)) })
    }
}
