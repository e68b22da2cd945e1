//! The handler properties: what the user has set, and what waits until it can be called.

use std::collections::VecDeque;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use crate::protocol::mqtt::DeliveryId;

/// Which handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    Message,
    Method,
    DesiredProperties,
    ConnectionState,
    NewSasToken,
    BackgroundException,
}

const ALL: [(Handler, &str); 6] = [
    (Handler::Message, "onMessageReceived"),
    (Handler::Method, "onMethodRequestReceived"),
    (Handler::DesiredProperties, "onTwinDesiredPropertiesPatchReceived"),
    (Handler::ConnectionState, "onConnectionStateChange"),
    (Handler::NewSasToken, "onNewSasTokenRequired"),
    (Handler::BackgroundException, "onBackgroundException"),
];

impl Handler {
    /// The handler of a property's name.
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, known)| *known == name).map(|(handler, _)| *handler)
    }

    /// The property's name.
    pub fn name(self) -> &'static str {
        ALL[self as usize].1
    }
}

/// What follows when a handler has done its work.
#[derive(Clone, Debug)]
pub enum After {
    Nothing,
    /// The message is acknowledged, or abandoned if the handler failed.
    Acknowledge(DeliveryId),
    /// The method request is answered.
    Answer {
        request_id: String,
        name: String,
    },
}

/// One call of a handler.
#[derive(Debug)]
pub struct Notice {
    pub argument: JsValue,
    pub after: After,
}

/// What a handler property is set to.
#[derive(Debug, Default)]
pub enum Value {
    #[default]
    Nothing,
    Function(Function),
    /// Of a function.
    Promise(Promise),
}

impl Value {
    /// `None` for what cannot be a handler. Looking for a `then` may run code of the user.
    pub fn of(value: &JsValue) -> Option<Self> {
        if value.is_null() || value.is_undefined() {
            Some(Value::Nothing)
        } else if let Some(function) = value.dyn_ref::<Function>() {
            Some(Value::Function(function.clone()))
        } else {
            is_thenable(value).then(|| Value::Promise(Promise::resolve(value)))
        }
    }
}

/// How much may wait for the Promise of one handler.
const MAX_WAITING: usize = 1024;

/// All properties of one client.
#[derive(Debug, Default)]
pub struct Handlers {
    values: [Value; ALL.len()],
    /// Counts the assignments, so that a Promise that was replaced is told from one that was not.
    assignments: [u32; ALL.len()],
    /// What came and was not given to a function yet.
    waiting: [VecDeque<Notice>; ALL.len()],
}

impl Handlers {
    /// Sets a property. Gives the number of the assignment.
    pub fn assign(&mut self, handler: Handler, value: Value) -> u32 {
        let index = handler as usize;
        self.values[index] = value;
        self.assignments[index] = self.assignments[index].wrapping_add(1);
        self.assignments[index]
    }

    /// The Promise of an assignment has settled. Gives false if the property was set anew
    /// meanwhile.
    pub fn resolve(&mut self, handler: Handler, number: u32, function: Option<Function>) -> bool {
        let is_current = self.assignments[handler as usize] == number;
        if is_current {
            self.values[handler as usize] = function.map_or(Value::Nothing, Value::Function);
        }
        is_current
    }

    pub fn push(&mut self, handler: Handler, notice: Notice) {
        self.waiting[handler as usize].push_back(notice);
    }

    /// Takes out a notice that need not wait, and the function for it, if there is one. Of too
    /// many that wait the oldest goes without: the hub has given up such a method request.
    pub fn next(&mut self) -> Option<(Handler, Option<Function>, Notice)> {
        ALL.iter().find_map(|&(handler, _)| {
            let waiting = &mut self.waiting[handler as usize];
            let function = match &self.values[handler as usize] {
                Value::Nothing => None,
                Value::Function(function) => Some(function.clone()),
                Value::Promise(_) if waiting.len() > MAX_WAITING => None,
                Value::Promise(_) => return None,
            };
            Some((handler, function, waiting.pop_front()?))
        })
    }

    /// What waits for a handler will not be handled any more.
    pub fn forget(&mut self, handler: Handler) {
        self.waiting[handler as usize].clear();
    }

    /// The client disconnects: what was received and waits will not be handled any more.
    pub fn forget_received(&mut self) {
        for handler in [Handler::Message, Handler::Method, Handler::DesiredProperties] {
            self.forget(handler);
        }
    }
}

/// Whether a value has a `then` to wait for.
pub fn is_thenable(value: &JsValue) -> bool {
    value.is_object()
        && js_sys::Reflect::get(value, &"then".into()).is_ok_and(|then| then.is_function())
}
