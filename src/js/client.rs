//! The exported handle. `pkg-template/shell.js` holds it, and the class that users see holds that.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::clock;
use super::command;
use super::driver::Driver;
use super::host::{Host, Shell};
use super::message;
use super::options;
use super::tokens;
use crate::protocol::client::{Config, UploadResult};
use crate::protocol::hub::connection_string::ConnectionString;
use crate::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use crate::protocol::hub::{Credentials, Identity};
use crate::protocol::{Client, Error, Input, Now};

/// One device or module.
///
/// What begins an operation gives its number, under which the shell is told how it ends. What is to
/// be done is done by the next [`ClientHandle::pump`].
#[wasm_bindgen]
pub struct ClientHandle {
    driver: Driver,
}

impl std::fmt::Debug for ClientHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHandle").finish_non_exhaustive()
    }
}

#[wasm_bindgen]
impl ClientHandle {
    /// Makes a client of what `pkg-template/options.js` has checked.
    ///
    /// # Errors
    ///
    /// A `TypeError` or `RangeError` that names what is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, given: &Array) -> Result<ClientHandle, JsValue> {
        let config = config(given).map_err(|error| host.error(&error))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits do")]
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        Ok(Self { driver: Driver::new(host, Client::new(config, seed)) })
    }

    /// One of the commands of `pkg-template/commands.js`.
    ///
    /// # Errors
    ///
    /// What keeps it from being done.
    pub fn command(&self, command: u8, number: u32, text: &str) -> Result<u32, JsValue> {
        match command {
            command::SOCKET_CLOSED => self.driver.socket_closed(),
            command::TIMEOUT => self.driver.timer.disarm(),
            _ => {}
        }
        self.with_core(|core, now| command::run(core, now, command, number, text))
    }

    /// Gives the number of the operation: see [`Client::send_message`].
    ///
    /// # Errors
    ///
    /// What keeps it from being sent.
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, body: Vec<u8>, properties: &str) -> Result<u32, JsValue> {
        let message = message::from_js(body, properties);
        self.with_core(|core, now| core.send_message(now, message).map(u32::from))
    }

    /// URL, `Authorization` header and body of an HTTP call that `pkg-template/upload.js` makes:
    /// for the blob of that name the call that asks where to upload it, or for that correlation id
    /// the one that tells how an upload has ended.
    ///
    /// # Errors
    ///
    /// What keeps it from being made.
    #[wasm_bindgen(js_name = uploadRequest)]
    pub fn upload_request(
        &self,
        has_ended: bool,
        name_or_id: String,
        is_success: bool,
        status_code: i32,
        status_description: String,
    ) -> Result<JsValue, JsValue> {
        let request = self.with_core(|core, now| {
            if has_ended {
                let correlation_id = name_or_id;
                let result =
                    UploadResult { correlation_id, is_success, status_code, status_description };
                core.notification_request(now, &result)
            } else {
                core.storage_info_request(now, &name_or_id)
            }
        })?;
        let call = (request.url, request.authorization, request.body);
        Ok(serde_wasm_bindgen::to_value(&call)?)
    }

    /// See [`Client::resource`].
    pub fn resource(&self) -> String {
        self.driver.core.borrow().resource()
    }

    /// A binary frame came.
    pub fn received(&self, bytes: &[u8]) {
        self.driver.core.borrow_mut().handle_input(clock::now(), Input::Received(bytes));
    }

    /// Does all that is to be done: see [`Driver::pump`]. Nothing comes in while it runs, but for
    /// what the shell does when it is told that a receive call has succeeded.
    pub fn pump(&self, shell: &Shell) -> u8 {
        self.driver.pump(shell)
    }

    /// The core has panicked: nothing is to fire any more.
    #[wasm_bindgen(js_name = breakDown)]
    pub fn break_down(&self) {
        self.driver.timer.disarm();
    }

    /// Calls the function of the user that gives SAS tokens.
    #[wasm_bindgen(js_name = callTokenFunction)]
    pub fn call_token_function(function: Function, resolve: Function, reject: Function) {
        tokens::call(function, resolve, reject);
    }

    fn with_core<T>(
        &self,
        work: impl FnOnce(&mut Client, Now) -> Result<T, Error>,
    ) -> Result<T, JsValue> {
        let result = work(&mut self.driver.core.borrow_mut(), clock::now());
        result.map_err(|error| self.driver.host.error(&error))
    }
}

/// In the order of `pkg-template/options.js`: who the client is, then its options.
fn config(given: &Array) -> Result<Config, Error> {
    let mut given = given.iter();
    let mut next = || given.next().unwrap_or_default();
    let platform = next().as_string().unwrap_or_default();
    let connection_string = next().as_string();
    let (token, key) = (next().as_string(), next().as_string());
    let has_certificate = !next().is_undefined();
    let (hostname, device_id) = (next().as_string(), next().as_string());
    let mut options = options::read(given);
    let identity =
        || Identity::new(&hostname.unwrap_or_default(), &device_id.unwrap_or_default(), None);
    let (identity, credentials) = match (connection_string, token, key) {
        (Some(text), _, _) => {
            let parsed = ConnectionString::parse(&text)?;
            options.gateway_hostname = parsed.gateway_hostname;
            (parsed.identity, parsed.credentials)
        }
        (_, Some(token), _) => {
            let (token, resource) = SasToken::parse(&token)?;
            (Identity::of_device(&resource)?, Credentials::SasToken(token))
        }
        (_, _, Some(key)) => {
            let key = SharedAccessKey::from_base64(&key)?;
            (identity()?, Credentials::SharedAccessKey { key, policy: None })
        }
        _ if has_certificate => (identity()?, Credentials::X509),
        _ => (identity()?, Credentials::TokenFunction),
    };
    if let Credentials::SasToken(token) = &credentials {
        token.check_expiry(clock::now())?;
    }
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let agent = format!("{name}/{version}({platform})");
    Config::new(identity, credentials, &agent, options)
}
