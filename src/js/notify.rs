//! From events of the core to the user: settled Promises and calls of handlers.

use std::rc::Rc;

use js_sys::{Function, Promise};
use serde::Serialize;
use serde_wasm_bindgen::to_value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::console_error;
use super::driver::Driver;
use super::future;
use super::handlers::{After, Assigned, Dispatch, Handler, Notice, is_thenable};
use super::host::{from_json, to_json};
use super::message;
use crate::protocol::Event;
use crate::protocol::client::Feature;

/// What `onConnectionStateChange` gets.
#[derive(Serialize)]
struct ConnectionStateChange {
    connected: bool,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    cause: JsValue,
}

impl Driver {
    /// Sets a handler property.
    ///
    /// # Errors
    ///
    /// A `TypeError` for a value that cannot be a handler, a `ClientError` for a receive handler
    /// on a client that receives by calls.
    pub fn set_handler(self: &Rc<Self>, handler: Handler, value: &JsValue) -> Result<(), JsValue> {
        let receives = feature(handler).is_some() && !value.is_null() && !value.is_undefined();
        if receives && !self.receiving.borrow_mut().use_handlers() {
            return Err(self.excluded(handler.name(), "receive calls"));
        }
        let assigned = self.handlers.borrow_mut().assign(handler, value);
        match assigned {
            None => {
                let name = handler.name();
                let message = format!(
                    "{name} must be a function, a Promise of a function, null or undefined"
                );
                return Err(self.host.named_error("TypeError", &message, &JsValue::UNDEFINED));
            }
            Some(Assigned::Cleared) => self.listen(handler, false, false),
            Some(Assigned::Ready) => self.listen(handler, true, true),
            Some(Assigned::Pending(promise, number)) => {
                self.listen(handler, true, false);
                let driver = self.clone();
                future::spawn(async move {
                    let result = JsFuture::from(promise).await;
                    driver.handler_resolved(handler, number, result);
                });
            }
        }
        Ok(())
    }

    /// Tells the user about `event`.
    pub(super) fn notify(self: &Rc<Self>, event: Event) {
        let (handler, argument, after) = match event {
            Event::Settled { operation, result } => {
                if let Err(error) = self.settle(operation, result) {
                    self.report(self.host.error(&error));
                }
                return;
            }
            Event::SasTokenRequired => return self.token_required(),
            Event::BackgroundException(error) => return self.report(self.host.error(&error)),
            Event::ConnectionStateChanged { connected, cause } => {
                let cause = cause.map_or(JsValue::UNDEFINED, |cause| self.host.error(&cause));
                let state = to_value(&ConnectionStateChange { connected, cause });
                (Handler::ConnectionState, state.unwrap_or_default(), After::Nothing)
            }
            Event::MessageReceived { message, delivery } => {
                let message = message::to_js(&self.host, &message);
                (Handler::Message, message, delivery.map_or(After::Nothing, After::Acknowledge))
            }
            Event::MethodCalled(request) => {
                let payload = from_json(&request.payload);
                let argument =
                    self.host.create_method_request(&request.request_id, &request.name, payload);
                (
                    Handler::Method,
                    argument,
                    After::Answer { request_id: request.request_id, name: request.name },
                )
            }
            Event::DesiredPropertiesReceived(json) => {
                (Handler::DesiredProperties, from_json(&json), After::Nothing)
            }
        };
        let method = match &after {
            After::Answer { name, .. } => Some(name.as_str()),
            _ => None,
        };
        let Some(argument) = self.received(handler, method, argument) else {
            if let After::Acknowledge(delivery) = after {
                self.command(|core, now| core.acknowledge(now, delivery));
            }
            return;
        };
        self.dispatch(handler, Notice { argument, after });
    }

    /// An error that belongs to no call.
    pub(super) fn report(self: &Rc<Self>, error: JsValue) {
        self.dispatch(
            Handler::BackgroundException,
            Notice { argument: error, after: After::Nothing },
        );
    }

    pub(super) fn dispatch(self: &Rc<Self>, handler: Handler, notice: Notice) {
        let dispatch = self.handlers.borrow_mut().dispatch(handler, notice);
        match dispatch {
            Dispatch::Call(function, notice) => self.call(handler, &function, notice),
            Dispatch::Unwanted(notice) if handler == Handler::BackgroundException => {
                console_error(&notice.argument);
            }
            Dispatch::Unwanted(_) | Dispatch::Waiting => {}
        }
    }

    fn call(self: &Rc<Self>, handler: Handler, function: &Function, notice: Notice) {
        let result = if notice.argument.is_undefined() {
            function.call0(&JsValue::UNDEFINED)
        } else {
            function.call1(&JsValue::UNDEFINED, &notice.argument)
        };
        match result {
            Ok(value) if is_thenable(&value) => {
                let driver = self.clone();
                future::spawn(async move {
                    let result = JsFuture::from(Promise::resolve(&value)).await;
                    driver.handled(handler, notice.after, result);
                });
            }
            result => self.handled(handler, notice.after, result),
        }
    }

    fn handled(self: &Rc<Self>, handler: Handler, after: After, result: Result<JsValue, JsValue>) {
        let value = match result {
            Ok(value) => value,
            Err(thrown) => {
                self.handler_failed(handler, after, &thrown);
                return;
            }
        };
        match after {
            After::Nothing => {}
            After::Acknowledge(delivery) => {
                self.command(|core, now| core.acknowledge(now, delivery));
            }
            After::Answer { .. } => {
                if let Some(response) = self.host.as_method_response(&value) {
                    self.answer(&response.request_id(), response.status(), &response.payload());
                }
            }
        }
    }

    fn answer(self: &Rc<Self>, request_id: &str, status: i32, payload: &JsValue) {
        let result = match to_json(payload) {
            Err(thrown) => Err(self.host.error_caused_by("a method response is not JSON", &thrown)),
            Ok(payload) => {
                let payload = payload.unwrap_or_else(|| "null".into());
                self.command(|core, now| {
                    core.send_method_response(now, request_id, status, payload)
                })
                .map_err(|error| self.host.error(&error))
            }
        };
        if let Err(error) = result {
            self.report(error);
        }
    }

    fn handler_failed(self: &Rc<Self>, handler: Handler, after: After, thrown: &JsValue) {
        match after {
            After::Nothing => {}
            After::Acknowledge(delivery) => {
                self.command(|core, now| core.abandon(now, delivery));
            }
            After::Answer { request_id, .. } => {
                self.command(|core, _| core.fail_method(&request_id));
            }
        }
        if handler == Handler::BackgroundException {
            console_error(thrown);
        } else {
            let message = format!("the handler {} failed", handler.name());
            self.report(self.host.error_caused_by(&message, thrown));
        }
    }

    fn handler_resolved(
        self: &Rc<Self>,
        handler: Handler,
        number: u32,
        result: Result<JsValue, JsValue>,
    ) {
        let problem = match &result {
            Ok(value) if value.is_function() || value.is_null() || value.is_undefined() => None,
            Ok(_) => Some(JsValue::UNDEFINED),
            Err(thrown) => Some(thrown.clone()),
        };
        let function = result.ok().and_then(|value| value.dyn_into::<Function>().ok());
        let resolved = self.handlers.borrow_mut().resolved(handler, number, function.clone());
        let Some(waiting) = resolved else { return };
        if let Some(cause) = problem {
            let message = format!("the Promise set as {} gave no function", handler.name());
            self.report(self.host.error_caused_by(&message, &cause));
        }
        self.listen(handler, function.is_some(), function.is_some());
        if let Some(function) = function {
            for notice in waiting {
                self.call(handler, &function, notice);
            }
        }
    }

    /// Tells the core what is wanted, and whether there is a function to take it already.
    fn listen(&self, handler: Handler, wanted: bool, ready: bool) {
        if handler == Handler::NewSasToken {
            self.command(|core, _| core.can_ask_for_token(wanted));
        }
        let Some(feature) = feature(handler) else { return };
        self.command(|core, now| {
            if feature == Feature::Messages {
                core.take_messages(ready);
            }
            if wanted {
                core.subscribe(now, feature);
            } else {
                core.unsubscribe(feature);
            }
        });
    }
}

/// What a handler receives, if it receives anything from the hub.
fn feature(handler: Handler) -> Option<Feature> {
    match handler {
        Handler::Message => Some(Feature::Messages),
        Handler::Method => Some(Feature::Methods),
        Handler::DesiredProperties => Some(Feature::DesiredProperties),
        Handler::ConnectionState | Handler::NewSasToken | Handler::BackgroundException => None,
    }
}
