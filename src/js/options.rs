//! The options object of the factories.

use js_sys::{Array, Object, Reflect};
use serde::de::DeserializeOwned;
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
}

/// Reads `value`, which may be undefined.
///
/// # Errors
///
/// An option that is unknown, not for this factory, or not of its type, named.
pub fn read(value: &JsValue, extras: &[Extra]) -> Result<Options, Error> {
    if value.is_undefined() {
        return Ok(Options::default());
    }
    if !value.is_object() || Array::is_array(value) {
        return Err(Error::invalid_argument("the options must be an object"));
    }
    let mut reader = Reader { object: value, known: Vec::new() };
    let mut options = Options {
        endpoint: reader.take("endpoint", "a string")?,
        websockets: reader.take("websockets", "true or false")?,
        product_info: reader.take("productInfo", "a string")?,
        keep_alive: reader.take("keepAlive", "a number")?,
        auto_connect: reader.take("autoConnect", "true or false")?,
        connection_retry: reader.take("connectionRetry", "true or false")?,
        connection_retry_interval: reader.take("connectionRetryInterval", "a number")?,
        connection_retry_max_interval: reader.take("connectionRetryMaxInterval", "a number")?,
        ensure_desired_properties: reader.take("ensureDesiredProperties", "true or false")?,
        operation_timeout: reader.take("operationTimeout", "a number")?,
        max_pending_messages: reader.take("maxPendingMessages", "a number")?,
        acknowledge_messages: reader.take("acknowledgeMessages", "a string")?,
        ..Options::default()
    };
    if extras.contains(&Extra::SasTokenTtl) {
        options.sas_token_ttl = reader.take("sasTokenTtl", "a number")?;
    }
    if extras.contains(&Extra::GatewayHostname) {
        options.gateway_hostname = reader.take("gatewayHostname", "a string")?;
    }
    reader.finish()?;
    Ok(options)
}

struct Reader<'a> {
    object: &'a JsValue,
    known: Vec<&'static str>,
}

impl Reader<'_> {
    fn take<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        kind: &str,
    ) -> Result<Option<T>, Error> {
        self.known.push(name);
        let wrong = || Error::invalid_argument(format!("the option {name} must be {kind}"));
        let value = Reflect::get(self.object, &name.into()).map_err(|_| wrong())?;
        if value.is_undefined() {
            return Ok(None);
        }
        serde_wasm_bindgen::from_value(value).map(Some).map_err(|_| wrong())
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
