//! Messages between the core and JavaScript. Their properties cross as JSON, with the names that
//! users know: one text for all costs less than a string for each.

use std::borrow::Cow;

use crate::protocol::hub::{Message, MessageProperties};
use crate::protocol::json;

/// Creates a message from what `pkg-template/message.js` has checked: the properties are the text
/// of a JSON object of strings (or `null`, for a custom property without a value), or empty.
pub fn from_js<'a>(
    body: Vec<u8>,
    system_properties: &'a str,
    custom_properties: &'a str,
) -> Message<'a> {
    let mut message = Message { body: body.into(), ..Message::default() };
    let properties = &mut message.properties;
    json::for_each_member(system_properties, &mut |name, value| {
        let value = value.string()?;
        if let Some(property) = system_property(properties, &name) {
            *property = Some(value);
        }
        Some(())
    });
    json::for_each_member(custom_properties, &mut |name, value| {
        properties.set_custom(name, value.string_or_null()?);
        Some(())
    });
    message
}

fn system_property<'p, 'a>(
    properties: &'p mut MessageProperties<'a>,
    name: &str,
) -> Option<&'p mut Option<Cow<'a, str>>> {
    Some(match name {
        "messageId" => &mut properties.message_id,
        "correlationId" => &mut properties.correlation_id,
        "userId" => &mut properties.user_id,
        "contentType" => &mut properties.content_type,
        "contentEncoding" => &mut properties.content_encoding,
        "expiryTimeUtc" => &mut properties.expiry_time_utc,
        "ack" => &mut properties.ack,
        "outputName" => &mut properties.output_name,
        "inputName" => &mut properties.input_name,
        "iothubInterfaceId" => &mut properties.iothub_interface_id,
        _ => return None,
    })
}

/// System and custom properties, each as a JSON object, or as an empty text if there are none.
pub fn to_json(properties: &MessageProperties<'_>) -> (String, String) {
    let system = [
        ("messageId", &properties.message_id),
        ("correlationId", &properties.correlation_id),
        ("userId", &properties.user_id),
        ("contentType", &properties.content_type),
        ("contentEncoding", &properties.content_encoding),
        ("expiryTimeUtc", &properties.expiry_time_utc),
        ("ack", &properties.ack),
        ("outputName", &properties.output_name),
        ("inputName", &properties.input_name),
    ];
    let set = system.iter().filter_map(|&(name, value)| Some((name, Some(value.as_deref()?))));
    let custom = properties.custom_properties.iter();
    (object(set), object(custom.map(|(name, value)| (&**name, value.as_deref()))))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut text = String::new();
    for (name, value) in members {
        text.push(if text.is_empty() { '{' } else { ',' });
        json::quote_into(&mut text, name);
        text.push(':');
        match value {
            Some(value) => json::quote_into(&mut text, value),
            None => text.push_str("null"),
        }
    }
    if !text.is_empty() {
        text.push('}');
    }
    text
}
