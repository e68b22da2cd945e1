//! The exported handle: one method for each user call and each event that the shell,
//! `pkg-template/shell.js`, passes to the core. The factories are in `factories.rs`, the events in
//! `events.rs`.

use std::cell::RefMut;
use std::time::Duration;

use wasm_bindgen::prelude::*;

use super::clock;
use super::driver::Driver;
use super::message;
use super::names::{Activity, ConnectionState, Feature};
use crate::protocol::{Activity as CoreActivity, Client, Error, Now, OperationId};

/// One device or module.
///
/// A method that begins an operation returns its id, under which the shell learns how it ends.
/// Nothing is sent before the next [`ClientHandle::pump`].
#[wasm_bindgen]
pub struct ClientHandle {
    pub(super) driver: Driver,
}

impl std::fmt::Debug for ClientHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHandle").finish_non_exhaustive()
    }
}

/// The calls of the user: see the methods of [`Client`] by the same names.
#[wasm_bindgen]
impl ClientHandle {
    pub fn connect(&self) -> Result<u32, JsValue> {
        self.operation(Client::connect)
    }

    pub fn disconnect(&self) -> u32 {
        self.core().disconnect(clock::now()).into()
    }

    pub fn shutdown(&self) -> u32 {
        self.core().shutdown(clock::now()).into()
    }

    /// See [`Client::send_message`]. The properties are JSON objects, or empty if there are none:
    /// see [`message::from_js`].
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(
        &self,
        body: Vec<u8>,
        system_properties: &str,
        custom_properties: &str,
    ) -> Result<u32, JsValue> {
        let message = message::from_js(body, system_properties, custom_properties);
        self.operation(|core, now| core.send_message(now, message))
    }

    /// See [`Client::send_stored`]; its arguments are those of `sendMessage`.
    #[wasm_bindgen(js_name = sendStored)]
    pub fn send_stored(
        &self,
        body: Vec<u8>,
        system_properties: &str,
        custom_properties: &str,
    ) -> Result<u32, JsValue> {
        let message = message::from_js(body, system_properties, custom_properties);
        self.operation(|core, now| core.send_stored(now, message))
    }

    /// See [`Client::check_message`]; its arguments are those of `sendMessage`.
    #[wasm_bindgen(js_name = checkMessage)]
    pub fn check_message(
        &self,
        body: Vec<u8>,
        system_properties: &str,
        custom_properties: &str,
    ) -> Result<(), JsValue> {
        let message = message::from_js(body, system_properties, custom_properties);
        let checked = self.core().check_message(&message);
        self.checked(checked)
    }

    #[wasm_bindgen(js_name = getTwin)]
    pub fn get_twin(&self) -> Result<u32, JsValue> {
        self.operation(Client::get_twin)
    }

    #[wasm_bindgen(js_name = patchReportedProperties)]
    pub fn patch_reported_properties(&self, json: String) -> Result<u32, JsValue> {
        self.operation(|core, now| core.patch_reported_properties(now, json))
    }

    /// See [`Client::register`]. `payload` is JSON text.
    pub fn register(
        &self,
        payload: Option<String>,
        timeout_ms: Option<u32>,
    ) -> Result<u32, JsValue> {
        let timeout = timeout_ms.map(|millis| Duration::from_millis(millis.into()));
        self.operation(|core, now| core.register(now, payload.as_deref(), timeout))
    }

    #[wasm_bindgen(js_name = sendMethodResponse)]
    pub fn send_method_response(
        &self,
        request_id: &str,
        status: i32,
        json: String,
    ) -> Result<u32, JsValue> {
        self.operation(|core, now| core.send_method_response(now, request_id, status, json))
    }

    #[wasm_bindgen(js_name = updateSasToken)]
    pub fn update_sas_token(&self, token: &str) -> Result<u32, JsValue> {
        self.operation(|core, now| core.update_sas_token(now, token))
    }

    #[wasm_bindgen(js_name = beginReceive)]
    pub fn begin_receive(&self, feature: Feature, block: bool) -> Result<u32, JsValue> {
        self.operation(|core, now| core.begin_receive(now, feature.into(), block))
    }

    #[wasm_bindgen(js_name = endReceive)]
    pub fn end_receive(&self, operation: u32) {
        self.core().end_receive(operation.into());
    }

    pub fn withdraw(&self, operation: u32) {
        self.core().withdraw(clock::now(), operation.into());
    }

    #[wasm_bindgen(getter, js_name = connectionState)]
    pub fn connection_state(&self) -> ConnectionState {
        self.core().connection_state().into()
    }

    /// See [`Client::activity`].
    #[wasm_bindgen(getter)]
    pub fn activity(&self) -> Option<Activity> {
        self.core().activity().map(Into::into)
    }

    /// The remaining wait before the next attempt, in milliseconds.
    #[wasm_bindgen(getter, js_name = waitMs)]
    pub fn wait_ms(&self) -> Option<u32> {
        let core = self.core();
        let Some(CoreActivity::Waiting { until }) = core.activity() else { return None };
        u32::try_from(clock::now().monotonic.millis_until(until)).ok()
    }

    /// How long a call waits for its response, in milliseconds; 0 means no limit.
    #[wasm_bindgen(getter, js_name = operationTimeoutMs)]
    pub fn operation_timeout_ms(&self) -> u32 {
        let limit = self.core().operation_timeout().unwrap_or_default();
        u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)
    }

    #[wasm_bindgen(getter, js_name = maxPendingBytes)]
    pub fn max_pending_bytes(&self) -> u32 {
        self.core().max_pending_bytes()
    }

    #[wasm_bindgen(getter)]
    pub fn resource(&self) -> String {
        self.core().resource()
    }

    /// The resource that the requested token must be valid for.
    #[wasm_bindgen(getter, js_name = tokenResource)]
    pub fn token_resource(&self) -> String {
        self.core().token_resource()
    }
}

impl ClientHandle {
    pub(super) fn core(&self) -> RefMut<'_, Client> {
        self.driver.core.borrow_mut()
    }

    /// An error as JavaScript knows it.
    pub(super) fn checked<T>(&self, result: Result<T, Error>) -> Result<T, JsValue> {
        result.map_err(|error| self.driver.host.error(&error))
    }

    /// Begins an operation. The core is no longer borrowed when its error becomes a JavaScript
    /// error.
    fn operation(
        &self,
        begin: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) -> Result<u32, JsValue> {
        let begun = begin(&mut self.core(), self.driver.now());
        self.checked(begun).map(u32::from)
    }
}
