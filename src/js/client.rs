//! The exported handle. `pkg-template/shell.js` holds it, and the class that users see holds that.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use super::clock;
use super::driver::Driver;
use super::host::{Host, Shell};
use super::message;
use super::options;
use super::tokens;
use crate::protocol::client::{Config, Feature, HttpRequest, Options, UploadResult};
use crate::protocol::hub::connection_string::ConnectionString;
use crate::protocol::hub::file_upload::check_answer;
use crate::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use crate::protocol::hub::{Credentials, Identity};
use crate::protocol::{Client, ConnectionState, Error, Input, Now, OperationId};

/// One device or module.
///
/// A method that begins an operation gives its number, under which the shell is told how it ends.
/// A method that is given something to do has it done by the next [`ClientHandle::pump`].
#[wasm_bindgen]
pub struct ClientHandle {
    driver: Driver,
}

impl std::fmt::Debug for ClientHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHandle").finish_non_exhaustive()
    }
}

/// The factories: see those of `IoTHubDeviceClient`. The options are as `pkg-template/options.js`
/// gives them.
#[wasm_bindgen]
impl ClientHandle {
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromConnectionString)]
    pub fn from_connection_string(
        connection_string: &str,
        options: &Array,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let mut options = options::read(options);
        let parsed = ConnectionString::parse(connection_string).and_then(|parsed| {
            if let Credentials::SasToken(token) = &parsed.credentials {
                token.check_expiry(clock::now())?;
            }
            options.gateway_hostname = parsed.gateway_hostname;
            Ok((parsed.identity, parsed.credentials))
        });
        Self::new(parsed, options, host)
    }

    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromSasToken)]
    pub fn from_sas_token(
        token: &str,
        options: &Array,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let parsed = SasToken::parse(token).and_then(|(token, resource)| {
            token.check_expiry(clock::now())?;
            Ok((Identity::of_device(&resource)?, Credentials::SasToken(token)))
        });
        Self::new(parsed, options::read(options), host)
    }

    /// For a function that gives tokens.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromTokenFunction)]
    pub fn from_token_function(
        hostname: &str,
        device_id: &str,
        options: &Array,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let identity = Identity::new(hostname, device_id, None);
        let parsed = identity.map(|identity| (identity, Credentials::TokenFunction));
        Self::new(parsed, options::read(options), host)
    }

    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromSymmetricKey)]
    pub fn from_symmetric_key(
        key: &str,
        hostname: &str,
        device_id: &str,
        options: &Array,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let parsed = SharedAccessKey::from_base64(key).and_then(|key| {
            let identity = Identity::new(hostname, device_id, None)?;
            Ok((identity, Credentials::SharedAccessKey { key, policy: None }))
        });
        Self::new(parsed, options::read(options), host)
    }

    /// For a certificate, which is the transport's business.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(js_name = fromX509Certificate)]
    pub fn from_x509_certificate(
        hostname: &str,
        device_id: &str,
        options: &Array,
        host: Host,
    ) -> Result<ClientHandle, JsValue> {
        let identity = Identity::new(hostname, device_id, None);
        let parsed = identity.map(|identity| (identity, Credentials::X509));
        Self::new(parsed, options::read(options), host)
    }

    fn new(
        parsed: Result<(Identity, Credentials), Error>,
        options: Options,
        host: Host,
    ) -> Result<Self, JsValue> {
        let config = parsed.and_then(|(identity, credentials)| {
            let platform = host.platform();
            let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
            let agent = format!("{name}/{version}({platform})");
            Config::new(identity, credentials, &agent, options)
        });
        let config = config.map_err(|error| host.error(&error))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits do")]
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        Ok(Self { driver: Driver::new(host, Client::new(config, seed)) })
    }
}

/// What users call: see `IoTHubDeviceClient`. What cannot be done is thrown.
#[wasm_bindgen]
#[expect(clippy::missing_errors_doc, reason = "the core says which: see its methods")]
impl ClientHandle {
    /// See [`Client::connect`].
    pub fn connect(&self) -> Result<u32, JsValue> {
        self.operation(Client::connect)
    }

    /// See [`Client::disconnect`].
    pub fn disconnect(&self) -> Result<u32, JsValue> {
        self.operation(|core, now| Ok(core.disconnect(now)))
    }

    /// See [`Client::shutdown`].
    pub fn shutdown(&self) -> Result<u32, JsValue> {
        self.operation(|core, now| Ok(core.shutdown(now)))
    }

    /// See [`Client::update_sas_token`].
    #[wasm_bindgen(js_name = updateSasToken)]
    pub fn update_sas_token(&self, token: &str) -> Result<u32, JsValue> {
        self.operation(|core, now| core.update_sas_token(now, token))
    }

    /// See [`Client::send_message`].
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, body: Vec<u8>, properties: Option<String>) -> Result<u32, JsValue> {
        let message = message::from_js(body, properties.as_deref());
        self.operation(|core, now| core.send_message(now, message))
    }

    /// See [`Client::get_twin`].
    #[wasm_bindgen(js_name = getTwin)]
    pub fn get_twin(&self) -> Result<u32, JsValue> {
        self.operation(Client::get_twin)
    }

    /// See [`Client::patch_reported_properties`].
    #[wasm_bindgen(js_name = patchTwinReportedProperties)]
    pub fn patch_twin_reported_properties(&self, json: String) -> Result<u32, JsValue> {
        self.operation(|core, now| core.patch_reported_properties(now, json))
    }

    /// See [`Client::send_method_response`].
    #[wasm_bindgen(js_name = sendMethodResponse)]
    pub fn send_method_response(
        &self,
        request_id: &str,
        status: i32,
        payload: String,
    ) -> Result<u32, JsValue> {
        self.operation(|core, now| core.send_method_response(now, request_id, status, payload))
    }

    /// See [`Client::begin_receive`]; the feature is the number of a [`Feature`].
    #[wasm_bindgen(js_name = beginReceive)]
    pub fn begin_receive(&self, feature: u8, block: bool) -> Result<u32, JsValue> {
        self.operation(|core, now| core.begin_receive(now, FEATURES[usize::from(feature)], block))
    }

    /// URL, `Authorization` header, body, and milliseconds until it is given up (0: never) of the
    /// HTTP call that `pkg-template/upload.js` makes: see [`Client::storage_info_request`].
    #[wasm_bindgen(js_name = storageInfoRequest)]
    pub fn storage_info_request(&self, name: &str) -> Result<JsValue, JsValue> {
        self.http_request(|core, now| core.storage_info_request(now, name))
    }

    /// As [`ClientHandle::storage_info_request`]: see [`Client::notification_request`].
    #[wasm_bindgen(js_name = notificationRequest)]
    pub fn notification_request(
        &self,
        correlation_id: String,
        is_success: bool,
        status_code: i32,
        status_description: String,
    ) -> Result<JsValue, JsValue> {
        let result = UploadResult { correlation_id, is_success, status_code, status_description };
        self.http_request(|core, now| core.notification_request(now, &result))
    }

    /// Looks at the answer to one of the two calls.
    #[wasm_bindgen(js_name = checkHttpAnswer)]
    pub fn check_http_answer(&self, status: u16, body: &str) -> Result<(), JsValue> {
        check_answer(status, body).map_err(|error| self.driver.host.error(&error))
    }

    /// The `operationTimeout`, in milliseconds; 0 is for ever.
    #[wasm_bindgen(getter, js_name = operationTimeoutMs)]
    pub fn operation_timeout_ms(&self) -> f64 {
        let limit = self.driver.core.borrow().operation_timeout();
        limit.map_or(0.0, |limit| limit.as_secs_f64() * 1000.0)
    }

    /// See [`Client::connection_state`].
    #[wasm_bindgen(getter, js_name = connectionState)]
    pub fn connection_state(&self) -> String {
        let state = match self.driver.core.borrow().connection_state() {
            ConnectionState::Disconnected => "disconnected",
            ConnectionState::Connecting => "connecting",
            ConnectionState::Connected => "connected",
            ConnectionState::Reconnecting => "reconnecting",
        };
        state.into()
    }

    fn operation(
        &self,
        begin: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) -> Result<u32, JsValue> {
        let begun = begin(&mut self.driver.core.borrow_mut(), clock::now());
        begun.map(u32::from).map_err(|error| self.driver.host.error(&error))
    }

    fn http_request(
        &self,
        make: impl FnOnce(&mut Client, Now) -> Result<HttpRequest, Error>,
    ) -> Result<JsValue, JsValue> {
        let request = make(&mut self.driver.core.borrow_mut(), clock::now());
        let request = request.map_err(|error| self.driver.host.error(&error))?;
        let timeout_ms = self.operation_timeout_ms();
        let call = (request.url, request.authorization, request.body, timeout_ms);
        Ok(serde_wasm_bindgen::to_value(&call)?)
    }
}

/// What the shell tells.
#[wasm_bindgen]
impl ClientHandle {
    /// Does all that is to be done: see [`Driver::pump`]. Nothing comes in while it runs, but for
    /// what the shell does when it is told that a receive call has succeeded.
    pub fn pump(&self, shell: &Shell, flush: bool) -> u8 {
        self.driver.pump(shell, flush)
    }

    /// The socket is open.
    #[wasm_bindgen(js_name = socketOpened)]
    pub fn socket_opened(&self) {
        self.driver.input(Input::SocketOpened);
    }

    /// A binary frame came.
    pub fn received(&self, bytes: &[u8]) {
        self.driver.input(Input::Received(bytes));
    }

    /// A text frame came.
    #[wasm_bindgen(js_name = receivedText)]
    pub fn received_text(&self) {
        self.driver.input(Input::ReceivedText);
    }

    /// The socket has closed; what the platform says about it.
    #[wasm_bindgen(js_name = socketClosed)]
    pub fn socket_closed(&self, detail: &str) {
        self.driver.input(Input::SocketClosed { detail });
    }

    /// There is a network, there is none, or (without a value) another client takes over.
    #[wasm_bindgen(js_name = platformChanged)]
    pub fn platform_changed(&self, online: Option<bool>) {
        self.driver.input(match online {
            Some(true) => Input::Online,
            Some(false) => Input::Offline,
            None => Input::Replaced,
        });
    }

    /// The timer has fired, and what had arrived is read.
    pub fn timeout(&self) {
        self.driver.timer.disarm();
        self.command(Client::handle_timeout);
    }

    /// The core has panicked: nothing is to fire any more.
    pub fn abandon(&self) {
        self.driver.timer.disarm();
    }

    /// Says whether there is a handler for a feature, and whether it can be called already.
    pub fn listen(&self, feature: u8, wanted: bool, ready: bool) {
        let feature = FEATURES[usize::from(feature)];
        self.command(|core, now| {
            if feature == Feature::Messages {
                core.take_messages(wanted && ready);
            }
            if wanted {
                core.subscribe(now, feature);
            } else {
                core.unsubscribe(feature);
            }
        });
    }

    /// See [`Client::can_ask_for_token`].
    #[wasm_bindgen(js_name = canAskForToken)]
    pub fn can_ask_for_token(&self, can_ask: bool) {
        self.command(|core, now| core.can_ask_for_token(now, can_ask));
    }

    /// Calls the function of the user that gives tokens.
    #[wasm_bindgen(js_name = callTokenFunction)]
    pub fn call_token_function(function: Function) -> Promise {
        tokens::call(function)
    }

    /// See [`Client::provide_token`].
    ///
    /// # Errors
    ///
    /// A token that is malformed, expired or for somebody else.
    #[wasm_bindgen(js_name = provideToken)]
    pub fn provide_token(&self, token: &str) -> Result<(), JsValue> {
        let result = self.command(|core, now| core.provide_token(now, token));
        result.map_err(|error| self.driver.host.error(&error))
    }

    /// See [`Client::token_unavailable`].
    #[wasm_bindgen(js_name = tokenUnavailable)]
    pub fn token_unavailable(&self) {
        self.command(Client::token_unavailable);
    }

    /// The handling of a message has ended.
    pub fn conclude(&self, delivery: u32, handled: bool) {
        self.command(|core, now| {
            if handled {
                core.acknowledge(now, delivery.into());
            } else {
                core.abandon(now, delivery.into());
            }
        });
    }

    /// See [`Client::fail_method`].
    #[wasm_bindgen(js_name = failMethod)]
    pub fn fail_method(&self, request_id: &str) {
        self.command(|core, _| core.fail_method(request_id));
    }

    /// See [`Client::forget_delivered_properties`].
    #[wasm_bindgen(js_name = forgetDeliveredProperties)]
    pub fn forget_delivered_properties(&self) {
        self.command(|core, _| core.forget_delivered_properties());
    }

    /// Tells the shell of the oldest message that waits, if there is one.
    #[wasm_bindgen(js_name = receiveMessage)]
    pub fn receive_message(&self, shell: &Shell) {
        let message = self.command(|core, now| core.receive_message(now));
        if let Some(message) = message {
            message::tell(shell, &message, None);
        }
    }

    /// See [`Client::end_receive`].
    #[wasm_bindgen(js_name = endReceive)]
    pub fn end_receive(&self, operation: u32) {
        self.command(|core, _| core.end_receive(operation.into()));
    }

    /// See [`Client::resource`].
    #[wasm_bindgen(getter)]
    pub fn resource(&self) -> String {
        self.driver.core.borrow().resource()
    }

    fn command<T>(&self, command: impl FnOnce(&mut Client, Now) -> T) -> T {
        command(&mut self.driver.core.borrow_mut(), clock::now())
    }
}

/// In the order in which the shell numbers them.
const FEATURES: [Feature; 3] = [Feature::Messages, Feature::Methods, Feature::DesiredProperties];
