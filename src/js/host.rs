//! What the JavaScript half of the package does for the Rust half.

use js_sys::{Array, Function, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::protocol::{Error, ErrorKind};

#[wasm_bindgen]
extern "C" {
    /// The platform, as `pkg-template/host.js` presents it.
    #[derive(Clone, Debug)]
    pub type Host;

    /// Names the platform to the hub: `Node.js 20.19.0`.
    #[wasm_bindgen(method, structural, getter)]
    pub fn platform(this: &Host) -> String;

    /// Checks what only some platforms can do (certificates, ciphers, proxies), and gives what
    /// sockets and HTTP calls are made with. Throws a `TypeError` for what is wrong or impossible.
    #[wasm_bindgen(method, structural, catch, js_name = createTransport)]
    pub fn create_transport(this: &Host, options: &Object) -> Result<JsValue, JsValue>;

    /// Opens a WebSocket with the sub-protocol `mqtt`.
    #[wasm_bindgen(method, structural, catch, js_name = openSocket)]
    pub fn open_socket(this: &Host, url: &str, transport: &JsValue) -> Result<WebSocket, JsValue>;

    /// Drops a socket without waiting for its closing handshake.
    #[wasm_bindgen(method, structural, js_name = abortSocket)]
    pub fn abort_socket(this: &Host, socket: &WebSocket);

    /// Whether `work` came to its end. A trap, which is what a panic is, ends here.
    #[wasm_bindgen(method, structural)]
    pub fn attempt(this: &Host, work: &mut dyn FnMut()) -> bool;

    /// Runs a task after the input that waits already.
    #[wasm_bindgen(method, structural)]
    pub fn defer(this: &Host, task: &Function);

    /// Tells `report` `true` when the platform has a network or wakes up, `false` when it has no
    /// network, and something else when another client of the identity `resource` takes over.
    #[wasm_bindgen(method, structural)]
    pub fn watch(this: &Host, resource: &str, report: &Function) -> PlatformWatch;

    #[wasm_bindgen(method, structural, js_name = createError)]
    fn create_error(
        this: &Host,
        name: &str,
        message: &str,
        cause: &JsValue,
        status: Option<u16>,
        code: Option<&str>,
    ) -> JsValue;

    /// Makes a `Message` of a body, and of names and values in turn.
    #[wasm_bindgen(method, structural, js_name = createMessage)]
    pub fn create_message(this: &Host, body: Uint8Array, system: Array, custom: Array) -> JsValue;

    /// Makes what `onConnectionStateChange` gets.
    #[wasm_bindgen(method, structural, js_name = createStateChange)]
    pub fn create_state_change(this: &Host, connected: bool, cause: &JsValue) -> JsValue;

    /// Makes a `MethodRequest`.
    #[wasm_bindgen(method, structural, js_name = createMethodRequest)]
    pub fn create_method_request(
        this: &Host,
        request_id: &str,
        name: &str,
        payload: JsValue,
    ) -> JsValue;

    /// The value itself if it is a `MethodResponse`, else `undefined`.
    #[wasm_bindgen(method, structural, js_name = asMethodResponse)]
    pub fn as_method_response(this: &Host, value: &JsValue) -> Option<MethodResponse>;

    /// What [`Host::watch`] gives.
    #[derive(Clone, Debug)]
    pub type PlatformWatch;

    /// This client takes over from all others of its identity.
    #[wasm_bindgen(method, structural, js_name = takeOver)]
    pub fn take_over(this: &PlatformWatch);

    #[wasm_bindgen(method, structural)]
    pub fn stop(this: &PlatformWatch);

    /// An instance of the class of that name; the user may have changed its fields since.
    #[derive(Clone, Debug)]
    pub type MethodResponse;
}

impl MethodResponse {
    /// The request that it answers, and the status.
    ///
    /// # Errors
    ///
    /// Fields that are not of their type.
    pub fn target(&self) -> Result<(String, i32), Error> {
        let (request_id, status) = (self.field("requestId"), self.field("status"));
        let status = status.as_f64().filter(|status| status.fract() == 0.0);
        let target = request_id.as_string().zip(status);
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
        target.map(|(request_id, status)| (request_id, status as i32)).ok_or_else(|| {
            Error::invalid_argument(
                "a method response needs the requestId of its request and a whole number as status",
            )
        })
    }

    /// What it says.
    pub fn payload(&self) -> JsValue {
        self.field("payload")
    }

    fn field(&self, name: &str) -> JsValue {
        Reflect::get(self, &name.into()).unwrap_or_default()
    }
}

impl Host {
    /// An error of the core as an instance of its JavaScript class.
    pub fn error(&self, error: &Error) -> JsValue {
        let name = match error.kind() {
            ErrorKind::InvalidArgument => "TypeError",
            ErrorKind::OutOfRange => "RangeError",
            ErrorKind::Client => "ClientError",
            ErrorKind::ConnectionFailed => "ConnectionFailedError",
            ErrorKind::ConnectionDropped => "ConnectionDroppedError",
            ErrorKind::NoConnection => "NoConnectionError",
            ErrorKind::Credential => "CredentialError",
            ErrorKind::OperationCancelled => "OperationCancelled",
            ErrorKind::OperationTimeout => "OperationTimeout",
            ErrorKind::Service => "ServiceError",
        };
        let cause = error.cause().map_or(JsValue::UNDEFINED, |cause| self.error(cause));
        self.create_error(name, error.message(), &cause, error.status(), error.code())
    }

    /// A `ClientError` about something that the user's code threw.
    pub fn error_caused_by(&self, message: &str, cause: &JsValue) -> JsValue {
        self.named_error("ClientError", message, cause)
    }

    /// An error of the class `name` about something that JavaScript threw.
    pub fn named_error(&self, name: &str, message: &str, cause: &JsValue) -> JsValue {
        self.create_error(name, message, cause, None, None)
    }
}

/// Text of `value` in JSON.
///
/// # Errors
///
/// What `JSON.stringify` throws (a cycle, a `BigInt`), or `None` for what JSON cannot hold.
pub fn to_json(value: &JsValue) -> Result<Option<String>, JsValue> {
    // For a function or undefined the result is not a string, whatever its declared type says.
    JSON::stringify(value).map(|text| JsValue::from(text).as_string())
}

/// The value of JSON that the core has checked.
pub fn from_json(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or(JsValue::UNDEFINED)
}
