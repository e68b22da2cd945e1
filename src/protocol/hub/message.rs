//! Messages and their limits.

use bytes::Bytes;

use super::{Identity, properties};
use crate::protocol::Error;
use crate::protocol::mqtt::MAX_TOPIC;

/// The largest device-to-cloud message, in bytes, as [`Message::size`] counts.
///
/// Source: [IoT Hub quotas](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling).
pub const MAX_MESSAGE_SIZE: usize = 262_144;

/// What a message says beside its body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageProperties {
    /// `$.mid`
    pub message_id: Option<String>,
    /// `$.cid`
    pub correlation_id: Option<String>,
    /// `$.uid`
    pub user_id: Option<String>,
    /// `$.ct`
    pub content_type: Option<String>,
    /// `$.ce`
    pub content_encoding: Option<String>,
    /// `$.exp`, ISO 8601
    pub expiry_time_utc: Option<String>,
    /// `iothub-ack`
    pub ack: Option<String>,
    /// `$.on`: the output of a module that the message leaves by
    pub output_name: Option<String>,
    /// The input of a module that the message came by
    pub input_name: Option<String>,
    /// `$.ifid`
    pub iothub_interface_id: Option<String>,
    /// The application's own, sorted by name; `None` is a property without a value
    pub custom_properties: Vec<(String, Option<String>)>,
}

impl MessageProperties {
    /// The system properties, in the order above.
    pub fn system(&self) -> [&Option<String>; 10] {
        [
            &self.message_id,
            &self.correlation_id,
            &self.user_id,
            &self.content_type,
            &self.content_encoding,
            &self.expiry_time_utc,
            &self.ack,
            &self.output_name,
            &self.input_name,
            &self.iothub_interface_id,
        ]
    }

    /// As [`MessageProperties::system`], to be set.
    pub fn system_mut(&mut self) -> [&mut Option<String>; 10] {
        [
            &mut self.message_id,
            &mut self.correlation_id,
            &mut self.user_id,
            &mut self.content_type,
            &mut self.content_encoding,
            &mut self.expiry_time_utc,
            &mut self.ack,
            &mut self.output_name,
            &mut self.input_name,
            &mut self.iothub_interface_id,
        ]
    }

    /// Sets a custom property.
    pub fn set_custom(&mut self, name: String, value: Option<String>) {
        let custom = &mut self.custom_properties;
        match custom.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(index) => custom[index].1 = value,
            Err(index) => custom.insert(index, (name, value)),
        }
    }
}

/// A message, either way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The body.
    pub body: Bytes,
    /// The rest.
    pub properties: MessageProperties,
}

impl Message {
    /// The size that counts against the hub's limit, in bytes: the body, the values of system
    /// properties, the names and values of custom properties.
    pub fn size(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let system = self.properties.system().into_iter().map(length);
        let custom = &self.properties.custom_properties;
        let custom = custom.iter().map(|(name, value)| name.len() + length(value));
        self.body.len() + system.sum::<usize>() + custom.sum::<usize>()
    }

    /// The topic that the message is published to as telemetry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfRange`](crate::protocol::ErrorKind::OutOfRange) for what the hub would
    /// answer by closing the connection.
    pub fn telemetry_topic(&self, identity: &Identity) -> Result<String, Error> {
        let size = self.size();
        if size > MAX_MESSAGE_SIZE {
            return Err(Error::out_of_range(format!(
                "the message has {size} bytes; IoT Hub takes at most {MAX_MESSAGE_SIZE} with its properties"
            )));
        }
        let base = identity.topic_base();
        // Enough for the few properties that most messages have.
        let mut topic = String::with_capacity(base.len() + 64);
        topic.push_str(base);
        topic.push_str("/messages/events/");
        properties::encode_into(&mut topic, &self.properties);
        if topic.len() > MAX_TOPIC {
            return Err(Error::out_of_range(format!(
                "the properties make a topic of {} bytes; MQTT takes at most {MAX_TOPIC}",
                topic.len()
            )));
        }
        Ok(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_topic_that_mqtt_has_is_sent() {
        let identity = Identity::new("h", "d", None).unwrap();
        let with_id_of = |length: usize| {
            let message_id = Some("m".repeat(length));
            let properties = MessageProperties { message_id, ..MessageProperties::default() };
            Message { properties, ..Message::default() }.telemetry_topic(&identity)
        };
        let rest = with_id_of(0).unwrap().len();
        assert_eq!(with_id_of(MAX_TOPIC - rest).map(|topic| topic.len()), Ok(MAX_TOPIC));
        assert!(with_id_of(MAX_TOPIC - rest + 1).is_err());
    }
}
