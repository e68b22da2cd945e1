//! Where tokens come from that the client does not make itself: a function or a handler.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::driver::Driver;
use super::future;
use super::handlers::{After, Handler, Notice};

impl Driver {
    /// The core wants a token.
    pub(super) fn token_required(self: &Rc<Self>) {
        if self.gets_tokens_from_function() {
            let driver = self.clone();
            future::spawn(async move { driver.fetch_token().await });
        } else {
            self.dispatch(
                Handler::NewSasToken,
                Notice { argument: JsValue::UNDEFINED, after: After::Nothing },
            );
        }
    }

    pub(super) fn gets_tokens_from_function(&self) -> bool {
        self.token_function.is_some()
    }

    /// Calls the user's function and gives its token to the core.
    pub(super) async fn fetch_token(self: &Rc<Self>) {
        let Some(function) = &self.token_function else { return };
        let error = match call(function).await {
            Ok(token) => match token.as_string() {
                Some(token) => match self.command(|core, now| core.provide_token(now, &token)) {
                    Ok(()) => return,
                    Err(error) => self.host.error(&error),
                },
                None => {
                    self.command(|core, now| core.token_unavailable(now));
                    let message = "the function that gives SAS tokens must give a string";
                    self.host.named_error("TypeError", message, &JsValue::UNDEFINED)
                }
            },
            Err(thrown) => {
                self.command(|core, now| core.token_unavailable(now));
                self.host.error_caused_by("the function that gives SAS tokens failed", &thrown)
            }
        };
        self.report(error);
    }
}

async fn call(function: &Function) -> Result<JsValue, JsValue> {
    let value = function.call0(&JsValue::UNDEFINED)?;
    JsFuture::from(Promise::resolve(&value)).await
}
