//! A WebSocket and its four event handlers, which live and end together.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::host::Host;
use crate::protocol::mqtt::WRITE_SIZE;

/// So many bytes may wait in the socket: enough to keep it busy, and little enough that what was
/// given to it leaves in time, also where the network is slow.
const HIGH_WATER: usize = 4 * WRITE_SIZE;

/// What a socket reports.
#[derive(Debug)]
pub enum SocketEvent {
    Opened,
    Received(Vec<u8>),
    ReceivedText,
    Closed(String),
}

#[wasm_bindgen]
extern "C" {
    /// npm `ws` says in its error events what a browser keeps to itself.
    type ErrorEventLike;
    #[wasm_bindgen(method, structural, getter)]
    fn message(this: &ErrorEventLike) -> Option<String>;
}

/// An open, opening or closing socket. Dropping it drops the connection.
#[derive(Debug)]
pub struct Socket {
    host: Host,
    socket: WebSocket,
    closed: bool,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(JsValue)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Opens a socket that reports to `report`.
    ///
    /// # Errors
    ///
    /// What the platform throws for a URL it does not take.
    pub fn open(
        host: &Host,
        url: &str,
        transport: &JsValue,
        report: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let socket = host.open_socket(url, transport)?;
        // A Blob could be read only later, and out of order.
        socket.set_binary_type(BinaryType::Arraybuffer);
        let opened = report.clone();
        let received = report.clone();
        let failed = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let failure = failed.clone();
        let this = Self {
            host: host.clone(),
            closed: false,
            _on_open: Closure::new(move || opened(SocketEvent::Opened)),
            _on_message: Closure::new(move |event: MessageEvent| {
                let data = event.data();
                received(if data.is_string() {
                    SocketEvent::ReceivedText
                } else {
                    SocketEvent::Received(
                        Uint8Array::new(&data.unchecked_into::<ArrayBuffer>()).to_vec(),
                    )
                });
            }),
            _on_error: Closure::new(move |event: JsValue| {
                let message = event.unchecked_into::<ErrorEventLike>().message();
                *failure.borrow_mut() = message.unwrap_or_default();
            }),
            _on_close: Closure::new(move |event: CloseEvent| {
                report(SocketEvent::Closed(describe(&event, &failed.borrow())));
            }),
            socket,
        };
        this.listen(true);
        Ok(this)
    }

    /// Whether the server has agreed to the sub-protocol, which a browser leaves to the script.
    pub fn speaks_mqtt(&self) -> bool {
        self.socket.protocol().eq_ignore_ascii_case("mqtt")
    }

    /// Sends one binary frame.
    ///
    /// # Errors
    ///
    /// What the platform throws when the socket is not open any more.
    pub fn send(&self, bytes: &[u8]) -> Result<(), JsValue> {
        // A copy: npm `ws` may read the bytes after this call, when wasm's memory has moved on.
        self.socket.send_with_array_buffer_view(&Uint8Array::from(bytes))
    }

    /// How many more bytes it should be given.
    pub fn room(&self) -> usize {
        HIGH_WATER.saturating_sub(self.socket.buffered_amount() as usize)
    }

    /// Closes when all is sent; [`SocketEvent::Closed`] follows.
    pub fn close(&self) {
        // 1000 and no code are all that a browser lets a script say; 1000 is never refused.
        let _ = self.socket.close_with_code(1000);
    }

    /// The socket has reported its end: there is nothing left to drop.
    pub fn ended(mut self) {
        self.closed = true;
    }

    fn listen(&self, on: bool) {
        fn handler<T: ?Sized>(on: bool, closure: &Closure<T>) -> Option<&js_sys::Function> {
            on.then(|| closure.as_ref().unchecked_ref())
        }
        self.socket.set_onopen(handler(on, &self._on_open));
        self.socket.set_onmessage(handler(on, &self._on_message));
        self.socket.set_onerror(handler(on, &self._on_error));
        self.socket.set_onclose(handler(on, &self._on_close));
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Before the closures go, or a late event would call into nothing.
        self.listen(false);
        if !self.closed {
            self.host.abort_socket(&self.socket);
        }
    }
}

fn describe(event: &CloseEvent, error: &str) -> String {
    let (code, reason) = (event.code(), event.reason());
    match (error, reason.as_str()) {
        ("", "") => format!("close code {code}"),
        ("", reason) => format!("close code {code}: {reason}"),
        (error, _) => error.into(),
    }
}
