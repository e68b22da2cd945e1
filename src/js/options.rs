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
        endpoint: reader.string("endpoint")?,
        websockets: reader.boolean("websockets")?,
        product_info: reader.string("productInfo")?,
        keep_alive: reader.number("keepAlive")?,
        auto_connect: reader.boolean("autoConnect")?,
        connection_retry: reader.boolean("connectionRetry")?,
        connection_retry_interval: reader.number("connectionRetryInterval")?,
        connection_retry_max_interval: reader.number("connectionRetryMaxInterval")?,
        ensure_desired_properties: reader.boolean("ensureDesiredProperties")?,
        operation_timeout: reader.number("operationTimeout")?,
        max_pending_messages: reader.number("maxPendingMessages")?,
        acknowledge_messages: reader.string("acknowledgeMessages")?,
        ..Options::default()
    };
    if extras.contains(&Extra::SasTokenTtl) {
        options.sas_token_ttl = reader.number("sasTokenTtl")?;
    }
    if extras.contains(&Extra::GatewayHostname) {
        options.gateway_hostname = reader.string("gatewayHostname")?;
    }
    reader.finish()?;
    Ok(options)
}

struct Reader<'a> {
    object: &'a JsValue,
    known: Vec<&'static str>,
}

impl Reader<'_> {
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
