//! What the JavaScript half of the package does for the Rust half.

use wasm_bindgen::prelude::*;

use super::names::ErrorClass;
use crate::protocol::Error;

#[wasm_bindgen]
extern "C" {
    /// The platform, as `pkg-template/host.js` presents it.
    #[derive(Clone, Debug)]
    pub type Host;

    /// The platform's name, for the hub.
    #[wasm_bindgen(method, getter)]
    pub fn platform(this: &Host) -> String;

    #[wasm_bindgen(method, js_name = createError)]
    fn create_error(
        this: &Host,
        class: ErrorClass,
        message: &str,
        cause: &JsValue,
        status: Option<u32>,
        code: Option<&str>,
        tracking_id: Option<&str>,
        result: Option<&str>,
    ) -> JsValue;

    /// The client's half in JavaScript, `pkg-template/shell.js`. None of these methods throws or
    /// calls handlers. Those that deliver something may call the core, for receive calls, and the
    /// user's `trace` function runs when a socket is opened or written to. So the core is never
    /// borrowed while one of them runs.
    #[derive(Clone, Debug)]
    pub type Shell;

    /// Opens a WebSocket with the sub-protocol `mqtt`, and listens to it. Returns it, or a string
    /// that says why the platform refused.
    #[wasm_bindgen(method, js_name = openSocket)]
    pub fn open_socket(this: &Shell, url: &str) -> JsValue;

    /// Drops the socket without waiting for its closing handshake.
    #[wasm_bindgen(method, js_name = dropSocket)]
    pub fn drop_socket(this: &Shell);

    /// The timer has fired: notify the core once everything that had arrived is read.
    #[wasm_bindgen(method, js_name = timerFired)]
    pub fn timer_fired(this: &Shell);

    /// Operations have succeeded.
    #[wasm_bindgen(method)]
    pub fn settled(this: &Shell, operations: &[u32]);

    /// An operation has failed; the error may say that several connections ended on it.
    #[wasm_bindgen(method)]
    pub fn failed(this: &Shell, operation: u32, error: JsValue, has_ended_connections: bool);

    /// An operation returns a value, as JSON text.
    #[wasm_bindgen(method, js_name = jsonReceived)]
    pub fn json_received(this: &Shell, operation: u32, json: &str);

    /// A receive call returns a message.
    #[wasm_bindgen(method, js_name = messageTaken)]
    pub fn message_taken(
        this: &Shell,
        operation: u32,
        body: &[u8],
        system_properties: &str,
        custom_properties: &str,
    );

    /// An error that belongs to no call.
    #[wasm_bindgen(method)]
    pub fn report(this: &Shell, error: JsValue);

    /// The client has connected, or the connection was lost.
    #[wasm_bindgen(method, js_name = connectionStateChanged)]
    pub fn connection_state_changed(this: &Shell, connected: bool, cause: JsValue);

    /// A message arrived. If it has a `delivery`, it must be acknowledged or abandoned.
    #[wasm_bindgen(method, js_name = messageReceived)]
    pub fn message_received(
        this: &Shell,
        body: &[u8],
        system_properties: &str,
        custom_properties: &str,
        delivery: Option<u32>,
    );

    /// A method was called.
    #[wasm_bindgen(method, js_name = methodCalled)]
    pub fn method_called(this: &Shell, request_id: &str, name: &str, payload: &str);

    /// Desired properties arrived, as JSON text.
    #[wasm_bindgen(method, js_name = desiredPropertiesReceived)]
    pub fn desired_properties_received(this: &Shell, json: &str);

    /// The provisioning service has issued a certificate: the result of the registration, as JSON
    /// text.
    #[wasm_bindgen(method, js_name = certificateIssued)]
    pub fn certificate_issued(this: &Shell, result: &str);

    /// A SAS token is wanted.
    #[wasm_bindgen(method, js_name = tokenRequired)]
    pub fn token_required(this: &Shell);
}

impl Host {
    /// An error of the core as an instance of its JavaScript class.
    pub fn error(&self, error: &Error) -> JsValue {
        let cause = error.cause().map_or(JsValue::UNDEFINED, |cause| self.error(cause));
        self.error_caused_by(error, &cause)
    }

    /// As [`Host::error`], with a cause from JavaScript.
    pub fn error_caused_by(&self, error: &Error, cause: &JsValue) -> JsValue {
        self.create_error(
            error.kind().into(),
            error.message(),
            cause,
            error.status(),
            error.code(),
            error.tracking_id(),
            error.result(),
        )
    }
}
