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

/// What a property holds.
#[derive(Debug, Default)]
enum Slot {
    #[default]
    Empty,
    Ready(Function),
    /// A Promise of a function: what comes meanwhile waits.
    Pending(VecDeque<Notice>),
}

/// What a value that was set turned out to be.
#[derive(Debug)]
pub enum Assigned {
    Cleared,
    Ready,
    /// To be awaited, then given to [`Handlers::resolved`] with this number.
    Pending(Promise, u32),
}

/// What to do with a notice.
#[derive(Debug)]
pub enum Dispatch {
    Call(Function, Notice),
    /// Nobody wants it.
    Unwanted(Notice),
    /// It waits.
    Waiting,
}

/// All properties of one client.
#[derive(Debug, Default)]
pub struct Handlers {
    slots: [Slot; ALL.len()],
    /// Counts the assignments, so that a Promise that was replaced is told from one that was not.
    assignments: [u32; ALL.len()],
}

impl Handlers {
    /// Sets a property. Gives `None`, and changes nothing, for what cannot be a handler.
    pub fn assign(&mut self, handler: Handler, value: &JsValue) -> Option<Assigned> {
        let index = handler as usize;
        let (slot, assigned) = if value.is_null() || value.is_undefined() {
            (Slot::Empty, Assigned::Cleared)
        } else if let Some(function) = value.dyn_ref::<Function>() {
            (Slot::Ready(function.clone()), Assigned::Ready)
        } else if is_thenable(value) {
            let number = self.assignments[index].wrapping_add(1);
            (Slot::Pending(VecDeque::new()), Assigned::Pending(Promise::resolve(value), number))
        } else {
            return None;
        };
        self.assignments[index] = self.assignments[index].wrapping_add(1);
        self.slots[index] = slot;
        Some(assigned)
    }

    /// A Promise of a function has been fulfilled. Gives what has waited for it, or `None` if the
    /// property was set anew meanwhile.
    pub fn resolved(
        &mut self,
        handler: Handler,
        number: u32,
        function: Option<Function>,
    ) -> Option<VecDeque<Notice>> {
        let index = handler as usize;
        if self.assignments[index] != number {
            return None;
        }
        let slot = function.map_or(Slot::Empty, Slot::Ready);
        match std::mem::replace(&mut self.slots[index], slot) {
            Slot::Pending(notices) => Some(notices),
            Slot::Empty | Slot::Ready(_) => None,
        }
    }

    /// Where a notice goes.
    pub fn dispatch(&mut self, handler: Handler, notice: Notice) -> Dispatch {
        match &mut self.slots[handler as usize] {
            Slot::Empty => Dispatch::Unwanted(notice),
            Slot::Ready(function) => Dispatch::Call(function.clone(), notice),
            Slot::Pending(notices) => {
                notices.push_back(notice);
                Dispatch::Waiting
            }
        }
    }

    /// The client disconnects: what was received and waits will not be handled any more.
    pub fn forget_received(&mut self) {
        for handler in [Handler::Message, Handler::Method, Handler::DesiredProperties] {
            if let Slot::Pending(notices) = &mut self.slots[handler as usize] {
                notices.clear();
            }
        }
    }
}

/// Whether a value has a `then` to wait for.
pub fn is_thenable(value: &JsValue) -> bool {
    value.is_object()
        && js_sys::Reflect::get(value, &"then".into()).is_ok_and(|then| then.is_function())
}
