//! The options object of the factories.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::protocol::Error;
use crate::protocol::client::Options;

/// What a factory may take beside the options that all take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// A lifetime of the tokens that the client makes.
    SasTokenTtl,
    /// A gateway; a connection string names it itself.
    GatewayHostname,
    /// Who the client is, where nothing else says so.
    Identity,
}

/// What was found in an options object.
#[derive(Debug, Default)]
pub struct Given {
    /// For the core.
    pub options: Options,
    /// For the platform's `createTransport`: what only some platforms can do.
    pub transport: Object,
    /// With [`Extra::Identity`].
    pub hostname: Option<String>,
    /// With [`Extra::Identity`].
    pub device_id: Option<String>,
}

/// Reads `value`, which may be undefined.
///
/// # Errors
///
/// An option that is unknown, not for this factory, or not of its type, named.
pub fn read(value: &JsValue, extras: &[Extra]) -> Result<Given, Error> {
    let mut given = Given::default();
    if value.is_undefined() {
        return Ok(given);
    }
    if !value.is_object() || Array::is_array(value) {
        return Err(Error::invalid_argument("the options must be an object"));
    }
    let mut reader = Reader { object: value, known: Vec::new() };
    given.options = reader.common_options()?;
    for extra in extras {
        match extra {
            Extra::SasTokenTtl => given.options.sas_token_ttl = reader.number("sasTokenTtl")?,
            Extra::GatewayHostname => {
                given.options.gateway_hostname = reader.string("gatewayHostname")?;
            }
            Extra::Identity => {
                given.hostname = reader.string("hostname")?;
                given.device_id = reader.string("deviceId")?;
            }
        }
    }
    for name in ["serverVerificationCert", "cipher", "proxy"] {
        if let Some(value) = reader.take(name, "", |value| Some(value.clone()))? {
            // A plain object takes every property.
            let _ = Reflect::set(&given.transport, &name.into(), &value);
        }
    }
    // pkg-template/trace.js has taken it.
    reader.known.push("trace");
    reader.finish()?;
    Ok(given)
}

struct Reader<'a> {
    object: &'a JsValue,
    known: Vec<&'static str>,
}

impl Reader<'_> {
    fn common_options(&mut self) -> Result<Options, Error> {
        Ok(Options {
            endpoint: self.string("endpoint")?,
            websockets: self.boolean("websockets")?,
            product_info: self.string("productInfo")?,
            keep_alive: self.number("keepAlive")?,
            auto_connect: self.boolean("autoConnect")?,
            connection_retry: self.boolean("connectionRetry")?,
            connection_retry_interval: self.number("connectionRetryInterval")?,
            connection_retry_max_interval: self.number("connectionRetryMaxInterval")?,
            ensure_desired_properties: self.boolean("ensureDesiredProperties")?,
            operation_timeout: self.number("operationTimeout")?,
            max_pending_messages: self.number("maxPendingMessages")?,
            acknowledge_messages: self.string("acknowledgeMessages")?,
            ..Options::default()
        })
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        kind: &str,
        convert: impl FnOnce(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        self.known.push(name);
        let value = Reflect::get(self.object, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if value.is_undefined() {
            return Ok(None);
        }
        let wrong = || Error::invalid_argument(format!("the option {name} must be {kind}"));
        convert(&value).map(Some).ok_or_else(wrong)
    }

    fn string(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.take(name, "a string", JsValue::as_string)
    }

    fn number(&mut self, name: &'static str) -> Result<Option<f64>, Error> {
        self.take(name, "a number", JsValue::as_f64)
    }

    fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Error> {
        self.take(name, "true or false", JsValue::as_bool)
    }

    fn finish(self) -> Result<(), Error> {
        for name in Object::keys(self.object.unchecked_ref::<Object>()) {
            let name = name.as_string().unwrap_or_default();
            if !self.known.contains(&name.as_str()) {
                return Err(Error::invalid_argument(format!(
                    "{name} is not an option here; the options are {}",
                    self.known.join(", ")
                )));
            }
        }
        Ok(())
    }
}
