//! What each factory makes of its arguments: who the client is, how it proves that, its options.

use wasm_bindgen::prelude::*;

use super::options::{self, Allowed};
use crate::protocol::Error;
use crate::protocol::client::Options;
use crate::protocol::hub::connection_string::ConnectionString;
use crate::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use crate::protocol::hub::{Credentials, Identity};

/// What a [`Config`](crate::protocol::client::Config) is made of.
pub type Parts = (Identity, Credentials, Options);

const HOSTNAME: &str = "hostname";
const DEVICE_ID: &str = "deviceId";
const SAS_TOKEN_TTL: &str = "sasTokenTtl";
const GATEWAY_HOSTNAME: &str = "gatewayHostname";

pub fn connection_string(text: &str, given: &JsValue) -> Result<Parts, Error> {
    let ConnectionString { identity, credentials, gateway_hostname } =
        ConnectionString::parse(text)?;
    let without: &[_] = match credentials {
        // A token that is given is not made.
        Credentials::SasToken(_) => &[GATEWAY_HOSTNAME, SAS_TOKEN_TTL],
        _ => &[GATEWAY_HOSTNAME],
    };
    let options = options::read(given, Allowed::without(without))?;
    Ok((identity, credentials, Options { gateway_hostname, ..options }))
}

pub fn sas_token(text: &str, given: &JsValue) -> Result<Parts, Error> {
    let options = options::read(given, Allowed::without(&[SAS_TOKEN_TTL]))?;
    let (token, resource) = SasToken::parse(text)?;
    Ok((Identity::of_device(&resource)?, Credentials::SasToken(token), options))
}

pub fn token_function(given: &JsValue) -> Result<Parts, Error> {
    let allowed = Allowed { without: &[SAS_TOKEN_TTL], with: &[HOSTNAME, DEVICE_ID] };
    let options = options::read(given, allowed)?;
    let hostname = options::text(given, HOSTNAME)?;
    let device_id = options::text(given, DEVICE_ID)?;
    let (Some(hostname), Some(device_id)) = (hostname, device_id) else {
        return Err(Error::invalid_argument(
            "with a function that gives tokens, the options need hostname and deviceId",
        ));
    };
    Ok((Identity::new(&hostname, &device_id, None)?, Credentials::TokenFunction, options))
}

pub fn symmetric_key(
    key: &str,
    hostname: &str,
    device_id: &str,
    given: &JsValue,
) -> Result<Parts, Error> {
    let options = options::read(given, Allowed::without(&[]))?;
    let key = SharedAccessKey::from_base64(key)?;
    let credentials = Credentials::SharedAccessKey { key, policy: None };
    Ok((Identity::new(hostname, device_id, None)?, credentials, options))
}

pub fn x509_certificate(hostname: &str, device_id: &str, given: &JsValue) -> Result<Parts, Error> {
    let options = options::read(given, Allowed::without(&[SAS_TOKEN_TTL]))?;
    Ok((Identity::new(hostname, device_id, None)?, Credentials::X509, options))
}
