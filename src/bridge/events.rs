//! Events that the shell passes to the core: the results of handlers, tokens, the socket, the
//! timer, the platform.

use wasm_bindgen::prelude::*;

use super::client::ClientHandle;
use super::clock;
use super::host::Shell;
use super::names::{Feature, Pumped};
use crate::protocol::{Client, Input};

/// Handlers: see the methods of [`Client`] by the same names.
#[wasm_bindgen]
impl ClientHandle {
    #[wasm_bindgen(js_name = takeMessages)]
    pub fn take_messages(&self, taken: bool) {
        self.core().take_messages(taken);
    }

    pub fn subscribe(&self, feature: Feature) {
        self.core().subscribe(clock::now(), feature.into());
    }

    pub fn unsubscribe(&self, feature: Feature) {
        self.core().unsubscribe(feature.into());
    }

    pub fn acknowledge(&self, delivery: u32) {
        self.core().acknowledge(clock::now(), delivery.into());
    }

    pub fn abandon(&self, delivery: u32) {
        self.core().abandon(clock::now(), delivery.into());
    }

    #[wasm_bindgen(js_name = failMethod)]
    pub fn fail_method(&self, request_id: &str) {
        self.core().fail_method(request_id);
    }

    #[wasm_bindgen(js_name = forgetDeliveredProperties)]
    pub fn forget_delivered_properties(&self) {
        self.core().forget_delivered_properties();
    }

    #[wasm_bindgen(js_name = canAskForToken)]
    pub fn can_ask_for_token(&self, can_ask: bool) {
        self.core().can_ask_for_token(clock::now(), can_ask);
    }

    #[wasm_bindgen(js_name = provideToken)]
    pub fn provide_token(&self, token: &str) -> Result<(), JsValue> {
        let provided = self.core().provide_token(clock::now(), token);
        self.checked(provided).inspect_err(|error| {
            self.driver.token_failure.replace(error.clone());
        })
    }

    /// `failure` says why.
    #[wasm_bindgen(js_name = tokenUnavailable)]
    pub fn token_unavailable(&self, failure: JsValue) {
        self.driver.token_failure.replace(failure);
        self.core().token_unavailable(clock::now());
    }
}

/// Socket, timer and platform: see [`Input`].
#[wasm_bindgen]
impl ClientHandle {
    #[wasm_bindgen(js_name = socketOpened)]
    pub fn socket_opened(&self) {
        self.input(Input::SocketOpened);
    }

    pub fn received(&self, frame: &[u8]) {
        self.input(Input::Received(frame));
    }

    #[wasm_bindgen(js_name = receivedText)]
    pub fn received_text(&self) {
        self.input(Input::ReceivedText);
    }

    #[wasm_bindgen(js_name = socketClosed)]
    pub fn socket_closed(&self, detail: &str) {
        self.driver.socket.borrow_mut().end();
        self.input(Input::SocketClosed { detail });
    }

    #[wasm_bindgen(js_name = certificateExpired)]
    pub fn certificate_expired(&self) {
        self.core().certificate_expired();
    }

    pub fn online(&self) {
        self.input(Input::Online);
    }

    pub fn offline(&self) {
        self.input(Input::Offline);
    }

    pub fn replaced(&self) {
        self.input(Input::Replaced);
    }

    /// The timer has fired, and what had arrived before was read.
    #[wasm_bindgen(js_name = timerFired)]
    pub fn timer_fired(&self) {
        self.driver.timer.disarm();
        self.core().handle_timeout(clock::now());
    }

    /// Does everything that is due: see [`Driver::pump`](super::driver::Driver::pump). The
    /// shell does not call it while it runs.
    pub fn pump(&self, shell: &Shell) -> Pumped {
        self.driver.pump(shell)
    }

    /// The core has panicked: no timeout may fire any more.
    #[wasm_bindgen(js_name = breakDown)]
    pub fn break_down(&self) {
        self.driver.timer.disarm();
    }

    fn input(&self, input: Input<'_>) {
        Client::handle_input(&mut self.core(), self.driver.now(), input);
    }
}
