//! From events of the core to the user: settled Promises and calls of handlers.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::console_error;
use super::driver::Driver;
use super::future;
use super::handlers::{After, Handler, Notice, Value, is_thenable};
use super::host::{MethodResponse, from_json, to_json};
use super::message;
use crate::protocol::Event;
use crate::protocol::client::Feature;

impl Driver {
    /// Sets a handler property.
    ///
    /// # Errors
    ///
    /// A `TypeError` for a value that cannot be a handler, a `ClientError` for a receive handler
    /// on a client that receives by calls.
    pub fn set_handler(self: &Rc<Self>, handler: Handler, value: &JsValue) -> Result<(), JsValue> {
        let Some(value) = Value::of(value) else {
            let name = handler.name();
            let message =
                format!("{name} must be a function, a Promise of a function, null or undefined");
            return Err(self.host.named_error("TypeError", &message, &JsValue::UNDEFINED));
        };
        let receives = feature(handler).is_some();
        if receives && matches!(value, Value::Nothing) && self.receiving.borrow().is_by_calls() {
            return Ok(());
        }
        if receives
            && !matches!(value, Value::Nothing)
            && !self.receiving.borrow_mut().use_handlers()
        {
            return Err(self.excluded(handler.name(), "receive calls"));
        }
        let (wanted, promise) = match &value {
            Value::Nothing => (false, None),
            Value::Function(_) => (true, None),
            Value::Promise(promise) => (true, Some(promise.clone())),
        };
        let number = self.handlers.borrow_mut().assign(handler, value);
        self.listen(handler, wanted, promise.is_none());
        if let Some(promise) = promise {
            let driver = self.clone();
            future::spawn(async move {
                let result = JsFuture::from(promise).await;
                driver.handler_resolved(handler, number, result);
            });
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
                let change = self.host.create_state_change(connected, &cause);
                (Handler::ConnectionState, change, After::Nothing)
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
        self.handlers.borrow_mut().push(handler, notice);
        self.call_handlers();
    }

    /// Gives what waits to the handlers that are there.
    pub(super) fn call_handlers(self: &Rc<Self>) {
        loop {
            let next = self.handlers.borrow_mut().next();
            match next {
                None => break,
                Some((handler, Some(function), notice)) => self.call(handler, &function, notice),
                Some((Handler::BackgroundException, None, notice)) => {
                    console_error(&notice.argument);
                }
                Some((handler @ Handler::DesiredProperties, None, _)) => {
                    // The next subscription fetches the whole.
                    self.handlers.borrow_mut().forget(handler);
                    self.command(|core, _| {
                        core.unsubscribe(Feature::DesiredProperties);
                        core.forget_delivered_properties();
                    });
                }
                Some(_) => {}
            }
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
            After::Answer { request_id, .. } => {
                if let Some(response) = self.host.as_method_response(&value) {
                    self.answer(&request_id, &response);
                }
            }
        }
    }

    /// Sends the response that a handler gave; one that cannot be sent is as good as a failure.
    fn answer(self: &Rc<Self>, asked: &str, response: &MethodResponse) {
        let target = response.target();
        let result = match to_json(&response.payload()) {
            Err(thrown) => Err(self.host.error_caused_by("a method response is not JSON", &thrown)),
            Ok(payload) => {
                let payload = payload.unwrap_or_else(|| "null".into());
                self.try_command(|core, now| {
                    let (request_id, status) = target?;
                    core.send_method_response(now, &request_id, status, payload)
                })
                .map_err(|error| self.host.error(&error))
            }
        };
        if let Err(error) = result {
            self.command(|core, _| core.fail_method(asked));
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
        let found = function.is_some();
        if !self.handlers.borrow_mut().resolve(handler, number, function) {
            return;
        }
        if let Some(cause) = problem {
            let message = format!("the Promise set as {} gave no function", handler.name());
            self.report(self.host.error_caused_by(&message, &cause));
        }
        self.listen(handler, found, found);
    }

    /// Tells the core what is wanted, and whether there is a function to take it already. What
    /// waited for that function gets it when the present call has ended.
    fn listen(self: &Rc<Self>, handler: Handler, wanted: bool, ready: bool) {
        if handler == Handler::NewSasToken {
            self.command(|core, now| core.can_ask_for_token(now, wanted));
        }
        self.wake();
        let Some(feature) = feature(handler) else { return };
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
}

/// What a handler receives, if it receives anything from the hub.
pub(super) fn feature(handler: Handler) -> Option<Feature> {
    match handler {
        Handler::Message => Some(Feature::Messages),
        Handler::Method => Some(Feature::Methods),
        Handler::DesiredProperties => Some(Feature::DesiredProperties),
        Handler::ConnectionState | Handler::NewSasToken | Handler::BackgroundException => None,
    }
}
