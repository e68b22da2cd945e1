//! Messages and their limits.

use std::borrow::Cow;

use bytes::Bytes;

/// The largest device-to-cloud message, in bytes, as [`Message::size`] counts.
///
/// Source: [IoT Hub quotas](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling).
pub const MAX_MESSAGE_SIZE: usize = 262_144;

/// The properties of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageProperties<'a> {
    /// `$.mid`
    pub message_id: Option<Cow<'a, str>>,
    /// `$.cid`
    pub correlation_id: Option<Cow<'a, str>>,
    /// `$.uid`
    pub user_id: Option<Cow<'a, str>>,
    /// `$.ct`
    pub content_type: Option<Cow<'a, str>>,
    /// `$.ce`
    pub content_encoding: Option<Cow<'a, str>>,
    /// `$.exp`, ISO 8601
    pub expiry_time_utc: Option<Cow<'a, str>>,
    /// `iothub-ack`
    pub ack: Option<Cow<'a, str>>,
    /// `$.on`: the output of a module that the message was sent to
    pub output_name: Option<Cow<'a, str>>,
    /// The input of a module that received the message
    pub input_name: Option<Cow<'a, str>>,
    /// `$.ifid`
    pub iothub_interface_id: Option<Cow<'a, str>>,
    /// The application's own, sorted by name; `None` is a property without a value
    pub custom_properties: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
}

impl<'a> MessageProperties<'a> {
    /// Sets a custom property.
    pub fn set_custom(&mut self, name: Cow<'a, str>, value: Option<Cow<'a, str>>) {
        let custom = &mut self.custom_properties;
        match custom.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(index) => custom[index].1 = value,
            Err(index) => custom.insert(index, (name, value)),
        }
    }

    /// The size that counts against the hub's limit, in bytes: the values of system properties, the
    /// names and values of custom properties.
    fn size(&self) -> usize {
        let length = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| text.len());
        let system = [
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
        ];
        let custom = self.custom_properties.iter();
        system.into_iter().map(length).sum::<usize>()
            + custom.map(|(name, value)| name.len() + length(value)).sum::<usize>()
    }
}

/// A message in either direction. To the hub, its properties may borrow the caller's data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message<'a> {
    /// The body.
    pub body: Bytes,
    /// Its properties.
    pub properties: MessageProperties<'a>,
}

impl Message<'_> {
    /// The size that counts against the hub's limit, in bytes: the body, the values of system
    /// properties, the names and values of custom properties.
    pub fn size(&self) -> usize {
        self.body.len() + self.properties.size()
    }
}
