//! The exported handle. The class that users see, `pkg-template/client.js`, is a thin cover of it.

use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::clock;
use super::driver::Driver;
use super::future;
use super::handlers::Handler;
use super::host::{Host, MethodResponse, to_json};
use super::message;
use super::options::{self, Extra, Given};
use super::receiving::Wanted;
use crate::protocol::client::{Config, HttpRequest, UploadResult};
use crate::protocol::hub::connection_string::ConnectionString;
use crate::protocol::hub::file_upload::check_answer;
use crate::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use crate::protocol::hub::{Credentials, Identity};
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
        let read = || {
            let parsed = ConnectionString::parse(&text(connection_string, "connection string")?)?;
            let given = match &parsed.credentials {
                Credentials::SasToken(token) => {
                    token.check_expiry(clock::now())?;
                    options::read(options, &[])
                }
                _ => options::read(options, &[Extra::SasTokenTtl]),
            };
            let mut given = given?;
            given.options.gateway_hostname = parsed.gateway_hostname;
            Ok((parsed.identity, parsed.credentials, given))
        };
        let (identity, credentials, given) = read().map_err(|error| host.error(&error))?;
        Self::new(identity, credentials, None, given, host)
    }

    /// See `IoTHubDeviceClient.createFromSasToken`.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromSasToken)]
    pub fn from_sas_token(
        token: &JsValue,
        options: &JsValue,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let function = token.dyn_ref::<Function>().cloned();
        let read = || {
            if function.is_some() {
                let given = options::read(options, &[Extra::GatewayHostname, Extra::Identity])?;
                let missing = || {
                    Error::invalid_argument(
                        "with a function that gives tokens, the options need hostname and deviceId",
                    )
                };
                let hostname = given.hostname.as_deref().ok_or_else(missing)?;
                let device_id = given.device_id.as_deref().ok_or_else(missing)?;
                let identity = Identity::new(hostname, device_id, None)?;
                return Ok((identity, Credentials::TokenFunction, given));
            }
            let (token, resource) = SasToken::parse(&text(token, "SAS token")?)?;
            token.check_expiry(clock::now())?;
            let identity = Identity::of_device(&resource)?;
            let given = options::read(options, &[Extra::GatewayHostname])?;
            Ok((identity, Credentials::SasToken(token), given))
        };
        let (identity, credentials, given) = read().map_err(|error| host.error(&error))?;
        Self::new(identity, credentials, function, given, host)
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
        let read = || {
            let key = SharedAccessKey::from_base64(&text(key, "shared access key")?)?;
            let identity = device(hostname, device_id)?;
            let given = options::read(options, &[Extra::SasTokenTtl, Extra::GatewayHostname])?;
            Ok((identity, Credentials::SharedAccessKey { key, policy: None }, given))
        };
        let (identity, credentials, given) = read().map_err(|error| host.error(&error))?;
        Self::new(identity, credentials, None, given, host)
    }

    /// See `IoTHubDeviceClient.createFromX509Certificate`.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromX509Certificate)]
    pub fn from_x509_certificate(
        x509: &JsValue,
        hostname: &JsValue,
        device_id: &JsValue,
        options: &JsValue,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let read = || {
            let identity = device(hostname, device_id)?;
            let given = options::read(options, &[Extra::GatewayHostname])?;
            // A plain object takes every property.
            let _ = Reflect::set(&given.transport, &"x509".into(), x509);
            Ok((identity, given))
        };
        let (identity, given) = read().map_err(|error: Error| host.error(&error))?;
        Self::new(identity, Credentials::X509, None, given, host)
    }

    /// See `IoTHubDeviceClient.connect`.
    pub fn connect(&self) -> Promise {
        self.driver.operation(Client::connect)
    }

    /// See `IoTHubDeviceClient.disconnect`.
    pub fn disconnect(&self) -> Promise {
        self.driver.forget_received();
        self.driver.operation(|core, now| Ok(core.disconnect(now)))
    }

    /// See `IoTHubDeviceClient.shutdown`.
    pub fn shutdown(&self) -> Promise {
        self.driver.forget_received();
        self.driver.operation(|core, now| Ok(core.shutdown(now)))
    }

    /// See `IoTHubDeviceClient.updateSasToken`.
    #[wasm_bindgen(js_name = updateSasToken)]
    pub fn update_sas_token(&self, token: &JsValue) -> Promise {
        self.driver.operation(|core, now| core.update_sas_token(now, &text(token, "SAS token")?))
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
        let target = response.target();
        match to_json(&response.payload()) {
            Err(thrown) => Promise::reject(&thrown),
            Ok(json) => self.driver.operation(|core, now| {
                let payload = json.unwrap_or_else(|| "null".into());
                let (request_id, status) = target?;
                core.send_method_response(now, &request_id, status, payload)
            }),
        }
    }

    /// The HTTP call of `IoTHubDeviceClient.getStorageInfoForBlob`, which `pkg-template/upload.js`
    /// makes: URL, `Authorization` header, body, and milliseconds until it is given up (0: never).
    ///
    /// # Errors
    ///
    /// What keeps it from being made.
    #[wasm_bindgen(js_name = storageInfoRequest)]
    pub fn storage_info_request(&self, name: &str) -> Result<JsValue, JsValue> {
        self.http_request(self.driver.try_command(|core, now| core.storage_info_request(now, name)))
    }

    /// The HTTP call of `IoTHubDeviceClient.notifyBlobUploadStatus`.
    ///
    /// # Errors
    ///
    /// What keeps it from being made.
    #[wasm_bindgen(js_name = notificationRequest)]
    pub fn notification_request(
        &self,
        correlation_id: String,
        is_success: bool,
        status_code: i32,
        status_description: String,
    ) -> Result<JsValue, JsValue> {
        let result = UploadResult { correlation_id, is_success, status_code, status_description };
        self.http_request(
            self.driver.try_command(|core, now| core.notification_request(now, &result)),
        )
    }

    /// Looks at the answer to one of the two calls.
    ///
    /// # Errors
    ///
    /// A `ServiceError` for a status that is none of the 200s.
    #[wasm_bindgen(js_name = checkHttpAnswer)]
    pub fn check_http_answer(&self, status: u16, body: &str) -> Result<(), JsValue> {
        check_answer(status, body).map_err(|error| self.driver.host.error(&error))
    }

    /// What the host's `createTransport` gave.
    #[wasm_bindgen(getter)]
    pub fn transport(&self) -> JsValue {
        self.driver.transport.clone()
    }

    /// The `operationTimeout`, in milliseconds; 0 is for ever.
    #[wasm_bindgen(getter, js_name = operationTimeoutMs)]
    pub fn operation_timeout_ms(&self) -> f64 {
        self.driver
            .read(Client::operation_timeout)
            .flatten()
            .map_or(0.0, |limit| limit.as_secs_f64() * 1000.0)
    }

    /// Whether the client was made with a function that gives tokens.
    #[wasm_bindgen(getter, js_name = asksForTokens)]
    pub fn asks_for_tokens(&self) -> bool {
        self.driver.token_function.is_some()
    }

    /// Asks the user's function for a token; rejects with what kept it from giving one.
    #[wasm_bindgen(js_name = fetchToken)]
    pub fn fetch_token(&self) -> Promise {
        let driver = self.driver.clone();
        future::promise(async move {
            driver.fetch_token().await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// See `IoTHubDeviceClient.receiveMessage`; `timeout` is in seconds.
    #[wasm_bindgen(js_name = receiveMessage)]
    pub fn receive_message(&self, block: bool, timeout: Option<f64>) -> Promise {
        self.driver.receive(Wanted::Message, block, timeout)
    }

    /// See `IoTHubDeviceClient.receiveMethodRequest`; `timeout` is in seconds.
    #[wasm_bindgen(js_name = receiveMethodRequest)]
    pub fn receive_method_request(
        &self,
        name: Option<String>,
        block: bool,
        timeout: Option<f64>,
    ) -> Promise {
        self.driver.receive(Wanted::Method(name), block, timeout)
    }

    /// See `IoTHubDeviceClient.receiveTwinDesiredPropertiesPatch`; `timeout` is in seconds.
    #[wasm_bindgen(js_name = receiveTwinDesiredPropertiesPatch)]
    pub fn receive_desired_properties(&self, block: bool, timeout: Option<f64>) -> Promise {
        self.driver.receive(Wanted::DesiredProperties, block, timeout)
    }

    /// See `IoTHubDeviceClient.connectionState`.
    #[wasm_bindgen(getter, js_name = connectionState)]
    pub fn connection_state(&self) -> String {
        let state = match self.driver.read(Client::connection_state) {
            None | Some(ConnectionState::Disconnected) => "disconnected",
            Some(ConnectionState::Connecting) => "connecting",
            Some(ConnectionState::Connected) => "connected",
            Some(ConnectionState::Reconnecting) => "reconnecting",
        };
        state.into()
    }

    /// Sets the handler property `name`.
    ///
    /// # Errors
    ///
    /// A `TypeError` for a value that cannot be a handler, a `ClientError` for a receive handler
    /// on a client that receives by calls.
    #[wasm_bindgen(js_name = setHandler)]
    pub fn set_handler(&self, name: &str, value: &JsValue) -> Result<(), JsValue> {
        match Handler::from_name(name) {
            Some(handler) => self.driver.set_handler(handler, value),
            None => Ok(()),
        }
    }
}

impl ClientHandle {
    fn http_request(&self, request: Result<HttpRequest, Error>) -> Result<JsValue, JsValue> {
        let request = request.map_err(|error| self.driver.host.error(&error))?;
        let timeout_ms = self.operation_timeout_ms();
        let call = (request.url, request.authorization, request.body, timeout_ms);
        Ok(serde_wasm_bindgen::to_value(&call)?)
    }

    fn new(
        identity: Identity,
        credentials: Credentials,
        token_function: Option<Function>,
        given: Given,
        host: Host,
    ) -> Result<Self, JsValue> {
        let agent = format!(
            "{}/{}({})",
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            host.platform()
        );
        let Given { options, transport, .. } = given;
        let config = Config::new(identity, credentials, &agent, options)
            .map_err(|error| host.error(&error))?;
        let transport = host.create_transport(&transport)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits do")]
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        let core = Client::new(config, seed);
        Ok(Self { driver: Driver::new(host, transport, token_function, core) })
    }
}

fn device(hostname: &JsValue, device_id: &JsValue) -> Result<Identity, Error> {
    Identity::new(&text(hostname, "hostname")?, &text(device_id, "device id")?, None)
}

fn text(value: &JsValue, what: &str) -> Result<String, Error> {
    value.as_string().ok_or_else(|| Error::invalid_argument(format!("the {what} must be a string")))
}
