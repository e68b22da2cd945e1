//! Messages between the core and JavaScript. Properties cross as names and values in turn.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::host::Host;
use crate::protocol::hub::{Message, MessageProperties};

/// A message as an instance of the JavaScript class.
pub fn to_js(host: &Host, message: &Message) -> JsValue {
    let (system, custom) = (Array::new(), Array::new());
    let properties = &message.properties;
    for (name, value) in [
        ("messageId", &properties.message_id),
        ("correlationId", &properties.correlation_id),
        ("userId", &properties.user_id),
        ("contentType", &properties.content_type),
        ("contentEncoding", &properties.content_encoding),
        ("expiryTimeUtc", &properties.expiry_time_utc),
        ("ack", &properties.ack),
        ("inputName", &properties.input_name),
    ] {
        if let Some(value) = value {
            system.push(&name.into());
            system.push(&value.into());
        }
    }
    for (name, value) in &properties.custom_properties {
        custom.push(&name.into());
        custom.push(&value.as_ref().map_or(JsValue::NULL, Into::into));
    }
    host.create_message(Uint8Array::from(&message.body[..]), system, custom)
}

/// A message of what `pkg-template/message.js` has checked.
pub fn from_js(body: Vec<u8>, system: &Array, custom: &Array) -> Message {
    let mut properties = MessageProperties::default();
    for (name, value) in pairs(system) {
        let field = match name.as_str() {
            "messageId" => &mut properties.message_id,
            "correlationId" => &mut properties.correlation_id,
            "userId" => &mut properties.user_id,
            "contentType" => &mut properties.content_type,
            "contentEncoding" => &mut properties.content_encoding,
            "expiryTimeUtc" => &mut properties.expiry_time_utc,
            "ack" => &mut properties.ack,
            "outputName" => &mut properties.output_name,
            "iothubInterfaceId" => &mut properties.iothub_interface_id,
            _ => continue,
        };
        *field = value;
    }
    for (name, value) in pairs(custom) {
        properties.set_custom(name, value);
    }
    Message { body: body.into(), properties }
}

fn pairs(array: &Array) -> impl Iterator<Item = (String, Option<String>)> {
    (0..array.length()).step_by(2).map(|index| {
        let name = array.get(index).as_string().unwrap_or_default();
        (name, array.get(index + 1).as_string())
    })
}
