//! What the platform tells while a client is connected or tries to be.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::host::Host;
use crate::protocol::Input;

/// Listeners of the platform, which owns their target; dropping this takes them away.
#[derive(Debug)]
pub struct Watch {
    control: Function,
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
        let control = host.watch(resource, on_report.as_ref().unchecked_ref());
        Self { control, _on_report: on_report }
    }

    /// Other clients of this identity are to make room.
    pub fn take_over(&self) {
        // Neither use of it throws.
        let _ = self.control.call1(&JsValue::UNDEFINED, &true.into());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.control.call0(&JsValue::UNDEFINED);
    }
}
