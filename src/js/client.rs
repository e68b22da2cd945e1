//! The exported handle. The class that users see, `pkg-template/client.js`, is a thin cover of it.

use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use super::handlers::Handler;
use super::host::{Host, MethodResponse, to_json};
use super::message;
use super::options::{self, Extra};
use crate::protocol::client::{Config, Options};
use crate::protocol::hub::Identity;
use crate::protocol::hub::connection_string::{ConnectionString, Credentials};
use crate::protocol::hub::sas_token::SharedAccessKey;
use crate::protocol::{Client, ConnectionState, Error};

/// One device or module.
///
/// Every method takes `&self` and hands out a Promise made of shared parts, so that calls may
/// overlap and the handle may be freed at any time.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ClientHandle {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl ClientHandle {
    /// See `IoTHubDeviceClient.createFromConnectionString`.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromConnectionString)]
    pub fn from_connection_string(
        connection_string: &JsValue,
        options: &JsValue,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let make = || {
            let parsed = ConnectionString::parse(&text(connection_string, "connection string")?)?;
            let options = options::read(options, &[Extra::SasTokenTtl])?;
            let options = Options { gateway_hostname: parsed.gateway_hostname, ..options };
            Self::new(parsed.identity, parsed.credentials, options, &host)
        };
        make().map_err(|error| host.error(&error))
    }

    /// See `IoTHubDeviceClient.createFromSymmetricKey`.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromSymmetricKey)]
    pub fn from_symmetric_key(
        key: &JsValue,
        hostname: &JsValue,
        device_id: &JsValue,
        options: &JsValue,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let make = || {
            let key = SharedAccessKey::from_base64(&text(key, "shared access key")?)?;
            let (hostname, device_id) =
                (text(hostname, "hostname")?, text(device_id, "device id")?);
            let identity = Identity::new(&hostname, &device_id, None)?;
            let options = options::read(options, &[Extra::SasTokenTtl, Extra::GatewayHostname])?;
            Self::new(identity, Credentials::SharedAccessKey { key, policy: None }, options, &host)
        };
        make().map_err(|error| host.error(&error))
    }

    /// See `IoTHubDeviceClient.connect`.
    pub fn connect(&self) -> Promise {
        self.driver.operation(Client::connect)
    }

    /// See `IoTHubDeviceClient.disconnect`.
    pub fn disconnect(&self) -> Promise {
        self.driver.handlers.borrow_mut().forget_received();
        self.driver.operation(|core, now| Ok(core.disconnect(now)))
    }

    /// See `IoTHubDeviceClient.shutdown`.
    pub fn shutdown(&self) -> Promise {
        self.driver.handlers.borrow_mut().forget_received();
        self.driver.operation(|core, now| Ok(core.shutdown(now)))
    }

    /// See `IoTHubDeviceClient.sendMessage`; the properties are names and values in turn.
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, body: Vec<u8>, system: &Array, custom: &Array) -> Promise {
        let message = message::from_js(body, system, custom);
        self.driver.operation(|core, now| core.send_message(now, message))
    }

    /// See `IoTHubDeviceClient.getTwin`.
    #[wasm_bindgen(js_name = getTwin)]
    pub fn get_twin(&self) -> Promise {
        self.driver.operation(Client::get_twin)
    }

    /// See `IoTHubDeviceClient.patchTwinReportedProperties`.
    #[wasm_bindgen(js_name = patchTwinReportedProperties)]
    pub fn patch_twin_reported_properties(&self, patch: &JsValue) -> Promise {
        match to_json(patch) {
            Err(thrown) => Promise::reject(&thrown),
            Ok(json) => self.driver.operation(|core, now| {
                core.patch_reported_properties(now, json.unwrap_or_default())
            }),
        }
    }

    /// See `IoTHubDeviceClient.sendMethodResponse`.
    #[wasm_bindgen(js_name = sendMethodResponse)]
    pub fn send_method_response(&self, response: &MethodResponse) -> Promise {
        match to_json(&response.payload()) {
            Err(thrown) => Promise::reject(&thrown),
            Ok(json) => self.driver.operation(|core, now| {
                let payload = json.unwrap_or_else(|| "null".into());
                core.send_method_response(now, &response.request_id(), response.status(), payload)
            }),
        }
    }

    /// See `IoTHubDeviceClient.connectionState`.
    #[wasm_bindgen(getter, js_name = connectionState)]
    pub fn connection_state(&self) -> String {
        let state = match self.driver.read(Client::connection_state) {
            ConnectionState::Disconnected => "disconnected",
            ConnectionState::Connecting => "connecting",
            ConnectionState::Connected => "connected",
            ConnectionState::Reconnecting => "reconnecting",
        };
        state.into()
    }

    /// Sets the handler property `name`.
    ///
    /// # Errors
    ///
    /// A `TypeError` for a value that cannot be a handler.
    #[wasm_bindgen(js_name = setHandler)]
    pub fn set_handler(&self, name: &str, value: &JsValue) -> Result<(), JsValue> {
        let known = Handler::from_name(name);
        if known.is_some_and(|handler| self.driver.set_handler(handler, value)) {
            return Ok(());
        }
        let error = Error::invalid_argument(format!(
            "{name} must be a function, a Promise of a function, null or undefined"
        ));
        Err(self.driver.host.error(&error))
    }
}

impl ClientHandle {
    fn new(
        identity: Identity,
        credentials: Credentials,
        options: Options,
        host: &Host,
    ) -> Result<Self, Error> {
        let agent = format!(
            "{}/{}({})",
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            host.platform()
        );
        let config = Config::new(identity, credentials, &agent, options)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits do")]
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        Ok(Self { driver: Driver::new(host.clone(), Client::new(config, seed)) })
    }
}

fn text(value: &JsValue, what: &str) -> Result<String, Error> {
    value.as_string().ok_or_else(|| Error::invalid_argument(format!("the {what} must be a string")))
}
