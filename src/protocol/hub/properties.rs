//! The property bag: the properties of a message at the end of its topic.

use super::message::MessageProperties;
use super::percent;

/// Appends the bag: system properties in their fixed order, then the custom ones by key.
pub fn encode_into(topic: &mut String, properties: &MessageProperties<'_>) {
    let system = [
        ("%24.on", &properties.output_name),
        ("%24.mid", &properties.message_id),
        ("%24.cid", &properties.correlation_id),
        ("%24.uid", &properties.user_id),
        ("%24.ct", &properties.content_type),
        ("%24.ce", &properties.content_encoding),
        ("%24.ifid", &properties.iothub_interface_id),
        ("%24.exp", &properties.expiry_time_utc),
    ];
    let mut separator = "";
    for (name, value) in system {
        if let Some(value) = value {
            topic.push_str(separator);
            topic.push_str(name);
            topic.push('=');
            percent::encode_into(topic, value);
            separator = "&";
        }
    }
    for (name, value) in &properties.custom_properties {
        topic.push_str(separator);
        percent::encode_into(topic, name);
        if let Some(value) = value {
            topic.push('=');
            percent::encode_into(topic, value);
        }
        separator = "&";
    }
}

/// Reads a bag. Never fails: a malformed bag is no reason to lose the message.
pub fn decode(bag: &str) -> MessageProperties<'static> {
    let mut properties = MessageProperties::default();
    let bag = bag.strip_prefix('?').unwrap_or(bag);
    let bag = bag.strip_suffix('/').unwrap_or(bag);
    for pair in bag.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        };
        let name = percent::decode(name);
        if name == "$.to" {
            continue;
        }
        let value = value.map(|value| percent::decode(value).into());
        let system = match name.as_str() {
            "$.mid" => &mut properties.message_id,
            "$.cid" => &mut properties.correlation_id,
            "$.uid" => &mut properties.user_id,
            "$.ct" => &mut properties.content_type,
            "$.ce" => &mut properties.content_encoding,
            "$.exp" => &mut properties.expiry_time_utc,
            "iothub-ack" => &mut properties.ack,
            _ => {
                properties.set_custom(name.into(), value);
                continue;
            }
        };
        *system = value;
    }
    properties
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn text(value: &str) -> Option<Cow<'_, str>> {
        Some(value.into())
    }

    #[test]
    fn system_properties_come_first_and_custom_ones_by_key() {
        let mut properties = MessageProperties {
            content_type: text("application/json"),
            message_id: text("1 2"),
            output_name: text("o"),
            expiry_time_utc: text("2026-01-01T00:00:00Z"),
            ..MessageProperties::default()
        };
        properties.set_custom("b".into(), text("+ä"));
        properties.set_custom("a".into(), text(""));
        properties.set_custom("A&".into(), None);
        let mut topic = String::new();
        encode_into(&mut topic, &properties);
        assert_eq!(
            topic,
            "%24.on=o&%24.mid=1%202&%24.ct=application%2Fjson&%24.exp=2026-01-01T00%3A00%3A00Z\
             &A%26&a=&b=%2B%C3%A4"
        );
    }

    #[test]
    fn the_property_bag_of_a_portal_message_is_read() {
        let properties = decode(
            "%24.to=%2Fdevices%2Fd%2Fmessages%2FdeviceBound&%24.ct=text%2Fplain%3B%20charset%3DUTF-8\
             &$.ce=utf-8&$.mid=m&$.cid=c&$.uid=u&$.exp=e&iothub-ack=full&a+b=c+d&null&empty=",
        );
        assert_eq!(properties.content_type, text("text/plain; charset=UTF-8"));
        assert_eq!(properties.content_encoding, text("utf-8"));
        assert_eq!(properties.message_id, text("m"));
        assert_eq!(properties.correlation_id, text("c"));
        assert_eq!(properties.user_id, text("u"));
        assert_eq!(properties.expiry_time_utc, text("e"));
        assert_eq!(properties.ack, text("full"));
        assert_eq!(
            properties.custom_properties,
            [("a+b".into(), text("c+d")), ("empty".into(), text("")), ("null".into(), None)]
        );
    }

    #[test]
    fn a_question_mark_before_and_a_slash_behind_are_no_part_of_it() {
        assert_eq!(decode("?%24.mid=1/").message_id, text("1"));
        assert_eq!(decode(""), MessageProperties::default());
        assert_eq!(decode("/"), MessageProperties::default());
    }
}
