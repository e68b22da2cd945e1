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
        if self.token_function.is_some() {
            let driver = self.clone();
            future::spawn(async move {
                if let Err(error) = driver.fetch_token().await {
                    driver.report(error);
                }
            });
        } else {
            self.dispatch(
                Handler::NewSasToken,
                Notice { argument: JsValue::UNDEFINED, after: After::Nothing },
            );
        }
    }

    /// Calls the user's function and gives its token to the core.
    pub(super) async fn fetch_token(self: &Rc<Self>) -> Result<(), JsValue> {
        let Some(function) = &self.token_function else { return Ok(()) };
        let given = call(function).await;
        let token = given.as_ref().ok().and_then(JsValue::as_string);
        if let Some(token) = token {
            return self
                .try_command(|core, now| core.provide_token(now, &token))
                .map_err(|error| self.host.error(&error));
        }
        self.command(|core, now| core.token_unavailable(now));
        Err(match given {
            Err(thrown) => {
                self.host.error_caused_by("the function that gives SAS tokens failed", &thrown)
            }
            Ok(_) => {
                let message = "the function that gives SAS tokens must give a string";
                self.host.named_error("TypeError", message, &JsValue::UNDEFINED)
            }
        })
    }
}

async fn call(function: &Function) -> Result<JsValue, JsValue> {
    let value = function.call0(&JsValue::UNDEFINED)?;
    JsFuture::from(Promise::resolve(&value)).await
}
