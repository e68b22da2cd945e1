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
    for value in properties.system() {
        push(&mut text, value.as_deref());
    }
    for (name, value) in &properties.custom_properties {
        push(&mut text, Some(name));
        push(&mut text, value.as_deref());
    }
    text
}

fn split(text: &str) -> MessageProperties {
    let mut parts = text.split(SEPARATOR).map(unescape);
    let mut properties = MessageProperties::default();
    for value in properties.system_mut() {
        *value = parts.next().flatten();
    }
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        properties.set_custom(name.unwrap_or_default(), value);
    }
    properties
}

/// Each part ends with a separator.
fn push(text: &mut String, part: Option<&str>) {
    match part {
        None => {}
        Some("") => text.push(ESCAPE),
        Some(part) if is_plain(part) => text.push_str(part),
        Some(part) => {
            for c in part.chars() {
                match c {
                    SEPARATOR => text.extend([ESCAPE, '0']),
                    ESCAPE => text.extend([ESCAPE, '1']),
                    _ => text.push(c),
                }
            }
        }
    }
    text.push(SEPARATOR);
}

/// Whether it stands for itself.
fn is_plain(part: &str) -> bool {
    !part.bytes().any(|byte| byte <= ESCAPE as u8)
}

fn unescape(part: &str) -> Option<String> {
    if part.is_empty() {
        return None;
    }
    if is_plain(part) {
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
