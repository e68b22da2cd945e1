//! Messages between the core and JavaScript. Their properties cross as one text: see
//! `pkg-template/properties.js`.

use super::host::Shell;
use crate::protocol::hub::{Message, MessageProperties};

const SEPARATOR: char = '\0';
/// Before what stands for a separator or an escape; alone for a text that is empty.
const ESCAPE: char = '\x01';

/// Tells the shell of a message.
pub fn tell(shell: &Shell, message: &Message, delivery: Option<u32>) {
    shell.message_received(&message.body, &join(&message.properties), delivery);
}

/// A message of what `pkg-template/message.js` has checked.
pub fn from_js(body: Vec<u8>, properties: &str) -> Message {
    let is_empty = properties.is_empty();
    let properties = if is_empty { MessageProperties::default() } else { split(properties) };
    Message { body: body.into(), properties }
}

fn join(properties: &MessageProperties) -> String {
    let mut text = String::new();
    let p = properties;
    for value in [
        &p.message_id,
        &p.correlation_id,
        &p.user_id,
        &p.content_type,
        &p.content_encoding,
        &p.expiry_time_utc,
        &p.ack,
        &p.output_name,
        &p.input_name,
        &p.iothub_interface_id,
    ] {
        push(&mut text, value.as_deref());
    }
    for (name, value) in &p.custom_properties {
        push(&mut text, Some(name));
        push(&mut text, value.as_deref());
    }
    text
}

fn split(text: &str) -> MessageProperties {
    let mut parts = text.split(SEPARATOR).map(unescape);
    let mut p = MessageProperties::default();
    for field in [
        &mut p.message_id,
        &mut p.correlation_id,
        &mut p.user_id,
        &mut p.content_type,
        &mut p.content_encoding,
        &mut p.expiry_time_utc,
        &mut p.ack,
        &mut p.output_name,
        &mut p.input_name,
        &mut p.iothub_interface_id,
    ] {
        *field = parts.next().flatten();
    }
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        p.set_custom(name.unwrap_or_default(), value);
    }
    p
}

/// Each part ends with a separator.
fn push(text: &mut String, part: Option<&str>) {
    if let Some(part) = part {
        if part.is_empty() {
            text.push(ESCAPE);
        }
        for c in part.chars() {
            match c {
                SEPARATOR => text.extend([ESCAPE, '0']),
                ESCAPE => text.extend([ESCAPE, '1']),
                _ => text.push(c),
            }
        }
    }
    text.push(SEPARATOR);
}

fn unescape(part: &str) -> Option<String> {
    if part.is_empty() {
        return None;
    }
    if !part.bytes().any(|byte| byte == ESCAPE as u8) {
        return Some(part.into());
    }
    let mut text = String::new();
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => match chars.next() {
                Some('0') => text.push(SEPARATOR),
                Some(_) => text.push(ESCAPE),
                None => {}
            },
            _ => text.push(c),
        }
    }
    Some(text)
}
