//! The receive calls of the reference, deprecated in favour of handlers. What is used first, a
//! receive call or a receive handler, excludes the other from then on.

use std::collections::VecDeque;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use super::handlers::Handler;
use super::message;
use super::notify::feature;
use super::timer::LONGEST_MS;
use crate::protocol::OperationId;
use crate::protocol::client::Feature;

/// What a receive call waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Message,
    /// A call of the method of this name, or of any that nobody asks for by name.
    Method(Option<String>),
    DesiredProperties,
}

impl Wanted {
    fn feature(&self) -> Feature {
        match self {
            Wanted::Message => Feature::Messages,
            Wanted::Method(_) => Feature::Methods,
            Wanted::DesiredProperties => Feature::DesiredProperties,
        }
    }
}

#[derive(Debug)]
struct Waiting {
    operation: OperationId,
    _timeout: Option<Timeout>,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<JsValue>,
    waiting: VecDeque<Waiting>,
}

/// How a client is used, and what has come for receive calls.
#[derive(Debug, Default)]
pub struct Receiving {
    by_handlers: bool,
    by_calls: bool,
    /// One for all that was ever asked for.
    queues: Vec<(Wanted, Queue)>,
}

impl Receiving {
    /// A receive handler is being set. Gives false if receive calls exclude it.
    pub fn use_handlers(&mut self) -> bool {
        self.by_handlers |= !self.by_calls;
        self.by_handlers
    }

    pub fn is_by_calls(&self) -> bool {
        self.by_calls
    }

    fn use_calls(&mut self) -> bool {
        self.by_calls |= !self.by_handlers;
        self.by_calls
    }

    fn queue(&mut self, wanted: &Wanted) -> Option<&mut Queue> {
        self.queues.iter_mut().find(|(known, _)| known == wanted).map(|(_, queue)| queue)
    }

    fn queue_or_new(&mut self, wanted: &Wanted) -> &mut Queue {
        let index = self.queues.iter().position(|(known, _)| known == wanted);
        let index = index.unwrap_or_else(|| {
            self.queues.push((wanted.clone(), Queue::default()));
            self.queues.len() - 1
        });
        &mut self.queues[index].1
    }

    /// The queue of what has come.
    fn queue_for(&mut self, handler: Handler, method: Option<&str>) -> &mut Queue {
        let wanted = match handler {
            Handler::Message => Wanted::Message,
            Handler::DesiredProperties => Wanted::DesiredProperties,
            _ => {
                let named = Wanted::Method(method.map(Into::into));
                if self.queue(&named).is_some() { named } else { Wanted::Method(None) }
            }
        };
        self.queue_or_new(&wanted)
    }

    /// What was received and not taken is dropped at a disconnect.
    fn forget(&mut self) {
        for (_, queue) in &mut self.queues {
            queue.items.clear();
        }
    }
}

impl Driver {
    /// One receive call. `timeout` is how many seconds it blocks at most; `None` is for ever.
    pub fn receive(self: &Rc<Self>, wanted: Wanted, block: bool, timeout: Option<f64>) -> Promise {
        if !self.receiving.borrow_mut().use_calls() {
            return Promise::reject(&self.excluded("a receive call", "handlers"));
        }
        let item = self.receiving.borrow_mut().queue_or_new(&wanted).items.pop_front();
        if let Some(item) = item {
            return Promise::resolve(&item);
        }
        let feature = wanted.feature();
        let begun = self.try_command(|core, now| core.begin_receive(now, feature, block));
        if let (true, &Ok(operation)) = (block, &begun) {
            self.wait(&wanted, operation, timeout);
        }
        self.promise(begun, Some(wanted))
    }

    /// The client disconnects: what was received and waits will not be handled any more.
    pub fn forget_received(self: &Rc<Self>) {
        self.handlers.borrow_mut().forget_received();
        self.receiving.borrow_mut().forget();
        self.command(|core, _| core.forget_delivered_properties());
    }

    /// The error of whichever came second, receive calls or receive handlers.
    pub(super) fn excluded(&self, this: &str, other: &str) -> JsValue {
        let message = format!("{this} cannot be used on a client that receives by {other}");
        self.host.named_error("ClientError", &message, &JsValue::UNDEFINED)
    }

    /// Gives `item` to a receive call. Gives it back on a client that receives by handlers.
    pub(super) fn received(
        self: &Rc<Self>,
        handler: Handler,
        method: Option<&str>,
        item: JsValue,
    ) -> Option<JsValue> {
        if feature(handler).is_none() || !self.receiving.borrow().by_calls {
            return Some(item);
        }
        let waiting = {
            let mut receiving = self.receiving.borrow_mut();
            let queue = receiving.queue_for(handler, method);
            let waiting = queue.waiting.pop_front();
            if waiting.is_none() {
                queue.items.push_back(item.clone());
            }
            waiting
        };
        if let Some(waiting) = waiting {
            self.end_wait(waiting.operation, &item);
        }
        None
    }

    /// What a call that does not block gets, now that the subscription stands.
    pub(super) fn take_received(self: &Rc<Self>, wanted: &Wanted) -> JsValue {
        if let Some(item) = self.receiving.borrow_mut().queue_or_new(wanted).items.pop_front() {
            return item;
        }
        let message = match wanted {
            Wanted::Message => self.command(|core, now| core.receive_message(now)).flatten(),
            _ => None,
        };
        message.map_or(JsValue::UNDEFINED, |message| message::to_js(&self.host, &message))
    }

    /// A call that blocks has ended without anything received.
    pub(super) fn stop_waiting(&self, wanted: &Wanted, operation: OperationId) {
        if let Some(queue) = self.receiving.borrow_mut().queue(wanted) {
            queue.waiting.retain(|waiting| waiting.operation != operation);
        }
    }

    fn wait(self: &Rc<Self>, wanted: &Wanted, operation: OperationId, timeout: Option<f64>) {
        let (driver, queue) = (self.clone(), wanted.clone());
        let timed_out = move || {
            driver.stop_waiting(&queue, operation);
            driver.end_wait(operation, &JsValue::UNDEFINED);
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates"
        )]
        let timeout = timeout
            .map(|seconds| Timeout::new(((seconds * 1000.0) as u32).min(LONGEST_MS), timed_out));
        let mut receiving = self.receiving.borrow_mut();
        let queue = receiving.queue_or_new(wanted);
        queue.waiting.push_back(Waiting { operation, _timeout: timeout });
    }

    fn end_wait(self: &Rc<Self>, operation: OperationId, item: &JsValue) {
        self.command(|core, _| core.end_receive(operation));
        self.resolve(operation, item);
    }
}
