//! The receive calls of the reference, deprecated in favour of handlers. What is used first, a
//! receive call or a receive handler, excludes the other from then on.

use std::collections::VecDeque;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::driver::Driver;
use super::future;
use super::handlers::Handler;
use super::message;
use crate::protocol::OperationId;
use crate::protocol::client::Feature;

/// The longest that a timer of the platform can wait.
const LONGEST_MS: u32 = i32::MAX as u32;

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
    queues: Vec<(Wanted, Queue)>,
}

impl Receiving {
    /// A receive handler is being set. Gives false if receive calls exclude it.
    pub fn use_handlers(&mut self) -> bool {
        self.by_handlers |= !self.by_calls;
        self.by_handlers
    }

    fn queue(&mut self, wanted: Wanted) -> &mut Queue {
        let index = self.queues.iter().position(|(known, _)| *known == wanted);
        let index = index.unwrap_or_else(|| {
            self.queues.push((wanted, Queue::default()));
            self.queues.len() - 1
        });
        &mut self.queues[index].1
    }

    fn use_calls(&mut self) -> bool {
        self.by_calls |= !self.by_handlers;
        self.by_calls
    }

    /// What was received and not taken is dropped at a disconnect.
    pub fn forget(&mut self) {
        for (_, queue) in &mut self.queues {
            queue.items.clear();
            queue.waiting.clear();
        }
    }
}

impl Driver {
    /// One receive call. `timeout` is how many seconds it blocks at most; `None` is for ever.
    pub fn receive(self: &Rc<Self>, wanted: Wanted, block: bool, timeout: Option<f64>) -> Promise {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates"
        )]
        let timeout_ms = timeout.map(|seconds| ((seconds * 1000.0) as u32).min(LONGEST_MS));
        if !self.receiving.borrow_mut().use_calls() {
            return Promise::reject(&self.excluded("a receive call", "handlers"));
        }
        self.receiving.borrow_mut().queue(wanted.clone());
        let subscribed = self.operation(|core, now| core.ensure_subscribed(now, wanted.feature()));
        let driver = self.clone();
        future::promise(async move {
            JsFuture::from(subscribed).await?;
            match driver.take_received(&wanted) {
                Some(item) => Ok(item),
                None if block => JsFuture::from(driver.wait(wanted, timeout_ms)).await,
                None => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// The client disconnects: what was received and waits will not be handled any more.
    pub fn forget_received(&self) {
        self.handlers.borrow_mut().forget_received();
        self.receiving.borrow_mut().forget();
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
        if !self.receiving.borrow().by_calls {
            return Some(item);
        }
        let wanted = match handler {
            Handler::Message => Wanted::Message,
            Handler::Method => {
                let named = Wanted::Method(method.map(Into::into));
                let receiving = self.receiving.borrow();
                let is_asked_for = receiving.queues.iter().any(|(known, _)| *known == named);
                if is_asked_for { named } else { Wanted::Method(None) }
            }
            Handler::DesiredProperties => Wanted::DesiredProperties,
            _ => return Some(item),
        };
        let mut receiving = self.receiving.borrow_mut();
        let queue = receiving.queue(wanted);
        // One that the core has failed meanwhile waits no more.
        let waiting = std::iter::from_fn(|| queue.waiting.pop_front())
            .find(|waiting| self.is_pending(waiting.operation));
        let more_wait = !queue.waiting.is_empty();
        let Some(waiting) = waiting else {
            queue.items.push_back(item);
            return None;
        };
        drop(receiving);
        if handler == Handler::Message && !more_wait {
            self.command(|core, _| core.take_messages(false));
        }
        self.end_wait(waiting.operation, &item);
        None
    }

    fn take_received(self: &Rc<Self>, wanted: &Wanted) -> Option<JsValue> {
        let item = self.receiving.borrow_mut().queue(wanted.clone()).items.pop_front();
        if item.is_some() || *wanted != Wanted::Message {
            return item;
        }
        let message = self.command(|core, now| core.receive_message(now))?;
        Some(message::to_js(&self.host, &message))
    }

    fn wait(self: &Rc<Self>, wanted: Wanted, timeout_ms: Option<u32>) -> Promise {
        let mut begun = None;
        let promise = self.operation(|core, _| {
            let operation = core.begin_receive();
            begun = Some(operation);
            Ok(operation)
        });
        let Some(operation) = begun else { return promise };
        if wanted == Wanted::Message {
            self.command(|core, _| core.take_messages(true));
        }
        let (driver, queue) = (self.clone(), wanted.clone());
        let timeout =
            timeout_ms.map(|ms| Timeout::new(ms, move || driver.wait_timed_out(&queue, operation)));
        let mut receiving = self.receiving.borrow_mut();
        let queue = receiving.queue(wanted);
        queue.waiting.push_back(Waiting { operation, _timeout: timeout });
        promise
    }

    fn wait_timed_out(self: &Rc<Self>, wanted: &Wanted, operation: OperationId) {
        let none_wait;
        {
            let mut receiving = self.receiving.borrow_mut();
            let queue = receiving.queue(wanted.clone());
            queue.waiting.retain(|waiting| waiting.operation != operation);
            none_wait = queue.waiting.is_empty();
        }
        if *wanted == Wanted::Message && none_wait {
            self.command(|core, _| core.take_messages(false));
        }
        self.end_wait(operation, &JsValue::UNDEFINED);
    }

    fn end_wait(self: &Rc<Self>, operation: OperationId, item: &JsValue) {
        self.command(|core, _| core.end_receive(operation));
        self.resolve(operation, item);
    }
}
