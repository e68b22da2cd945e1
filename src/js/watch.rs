//! What the platform tells while a client is connected or tries to be.

use wasm_bindgen::prelude::*;

use super::host::{Host, PlatformWatch};
use crate::protocol::Input;

/// Listeners of the platform, which owns their target; dropping this takes them away.
#[derive(Debug)]
pub struct Watch {
    platform: PlatformWatch,
    _on_report: Closure<dyn FnMut(JsValue)>,
}

impl Watch {
    /// Reports to `report`.
    pub fn start(host: &Host, resource: &str, report: impl Fn(Input<'_>) + 'static) -> Self {
        let on_report = Closure::new(move |what: JsValue| {
            report(match what.as_bool() {
                Some(true) => Input::Online,
                Some(false) => Input::Offline,
                None => Input::Replaced,
            });
        });
        let platform = host.watch(resource, on_report.as_ref().unchecked_ref());
        Self { platform, _on_report: on_report }
    }

    /// Other clients of this identity are to make room.
    pub fn take_over(&self) {
        self.platform.take_over();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.platform.stop();
    }
}
