//! All topics that the client subscribes to, publishes to or receives.

use super::identity::Identity;
use super::message::{MAX_MESSAGE_SIZE, Message};
use super::percent;
use super::properties;
use crate::protocol::error::Error;
use crate::protocol::mqtt::MAX_TOPIC;

const METHOD_REQUEST: &str = "$iothub/methods/POST/";
const TWIN_RESPONSE: &str = "$iothub/twin/res/";
const DESIRED_PATCH: &str = "$iothub/twin/PATCH/properties/desired/";

/// The kind of an incoming publish, by its topic.
#[derive(Debug, PartialEq)]
pub enum Route<'a> {
    /// A cloud-to-device message, or one for an input of a module.
    Message {
        /// The input.
        input_name: Option<&'a str>,
        /// Its properties, encoded.
        bag: &'a str,
    },
    /// A call of a direct method.
    MethodRequest {
        /// The method's name.
        name: String,
        /// The request identifier for the response.
        request_id: &'a str,
    },
    /// The response to a twin request.
    TwinResponse {
        /// An HTTP-like status.
        status: u32,
        /// The identifier of the request.
        request_id: &'a str,
    },
    /// New desired properties.
    DesiredPatch {
        /// The version of the desired properties after the patch.
        version: Option<u64>,
    },
}

/// The filter of cloud-to-device messages, or of a module's inputs.
pub fn messages_filter(identity: &Identity) -> String {
    let base = identity.topic_base();
    match identity.module_id {
        None => format!("{base}/messages/devicebound/#"),
        Some(_) => format!("{base}/inputs/#"),
    }
}

/// The filter of direct methods.
pub fn methods_filter() -> String {
    format!("{METHOD_REQUEST}#")
}

/// The filter of responses to twin requests.
pub fn twin_responses_filter() -> String {
    format!("{TWIN_RESPONSE}#")
}

/// The filter of desired properties.
pub fn desired_patches_filter() -> String {
    format!("{DESIRED_PATCH}#")
}

/// The topic of telemetry, with the properties of the message.
///
/// # Errors
///
/// [`ErrorKind::OutOfRange`](crate::protocol::error::ErrorKind::OutOfRange) if the hub would close
/// the connection because of it.
pub fn telemetry(identity: &Identity, message: &Message<'_>) -> Result<String, Error> {
    let size = message.size();
    if size > MAX_MESSAGE_SIZE {
        return Err(Error::out_of_range(format!(
            "the message has {size} bytes; IoT Hub accepts at most {MAX_MESSAGE_SIZE}, including the properties"
        )));
    }
    let base = identity.topic_base();
    // Enough for the few properties that most messages have.
    let mut topic = String::with_capacity(base.len() + 160);
    topic.push_str(base);
    topic.push_str("/messages/events/");
    properties::encode_into(&mut topic, &message.properties);
    if topic.len() > MAX_TOPIC {
        return Err(Error::out_of_range(format!(
            "the properties make a topic of {} bytes; MQTT allows at most {MAX_TOPIC}",
            topic.len()
        )));
    }
    Ok(topic)
}

/// The topic for requesting the twin.
pub fn twin_get(request_id: &str) -> String {
    format!("$iothub/twin/GET/?$rid={request_id}")
}

/// The topic for patching reported properties.
pub fn reported_patch(request_id: &str) -> String {
    format!("$iothub/twin/PATCH/properties/reported/?$rid={request_id}")
}

/// The topic for responding to a method request.
pub fn method_response(status: i32, request_id: &str) -> String {
    format!("$iothub/methods/res/{status}/?$rid={request_id}")
}

/// Returns the kind of a publish to `topic`; `None` if the client never subscribes to it.
pub fn route<'a>(identity: &Identity, topic: &'a str) -> Option<Route<'a>> {
    if let Some(rest) = topic.strip_prefix(METHOD_REQUEST) {
        // The service does not encode the slashes and question marks of a name.
        let (name, query) = rest.rsplit_once('?')?;
        let name = name.strip_suffix('/')?;
        let request_id = parameter(query, "$rid")?;
        return Some(Route::MethodRequest { name: percent::decode(name), request_id });
    }
    if let Some(rest) = topic.strip_prefix(TWIN_RESPONSE) {
        let (status, query) = rest.split_once('/')?;
        let request_id = parameter(query, "$rid")?;
        return Some(Route::TwinResponse { status: status.parse().ok()?, request_id });
    }
    if let Some(query) = topic.strip_prefix(DESIRED_PATCH) {
        let version = parameter(query, "$version").and_then(|version| version.parse().ok());
        return Some(Route::DesiredPatch { version });
    }
    let rest = topic.strip_prefix(identity.topic_base())?;
    if identity.module_id.is_some() {
        let (name, bag) = rest.strip_prefix("/inputs/")?.split_once('/')?;
        return Some(Route::Message { input_name: Some(name), bag });
    }
    let bag = rest.strip_prefix("/messages/devicebound")?;
    (bag.is_empty() || bag.starts_with('/'))
        .then(|| Route::Message { input_name: None, bag: bag.trim_start_matches('/') })
}

/// A parameter of the query that ends a topic, without its percent-decoding.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.trim_start_matches('?').split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        percent::decode(key).eq_ignore_ascii_case(name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::super::MessageProperties;
    use super::*;

    fn device() -> Identity {
        Identity::new("h", "d", None).unwrap()
    }

    #[test]
    fn each_topic_of_the_hub_is_recognized() {
        let d = device();
        assert_eq!(
            route(&d, "$iothub/methods/POST/set%20it/?$rid=a1"),
            Some(Route::MethodRequest { name: "set it".into(), request_id: "a1" })
        );
        assert_eq!(
            route(&d, "$iothub/twin/res/204/?$rid=7&$version=3"),
            Some(Route::TwinResponse { status: 204, request_id: "7" })
        );
        assert_eq!(
            route(&d, "$iothub/twin/PATCH/properties/desired/?$version=12"),
            Some(Route::DesiredPatch { version: Some(12) })
        );
        assert_eq!(
            route(&d, "devices/d/messages/devicebound/%24.mid=1"),
            Some(Route::Message { input_name: None, bag: "%24.mid=1" })
        );
        assert_eq!(
            route(&d, "devices/d/messages/devicebound"),
            Some(Route::Message { input_name: None, bag: "" })
        );
    }

    #[test]
    fn a_method_may_have_slashes_in_its_name() {
        for (encoded, name) in [("a/b", "a/b"), ("a%2Fb", "a/b"), ("/?/a/", "/?/a/")] {
            let topic = format!("$iothub/methods/POST/{encoded}/?$rid=1");
            let request = Route::MethodRequest { name: name.into(), request_id: "1" };
            assert_eq!(route(&device(), &topic), Some(request));
        }
    }

    #[test]
    fn a_module_has_inputs() {
        let module = Identity::new("h", "d", Some("m")).unwrap();
        assert_eq!(
            route(&module, "devices/d/modules/m/inputs/in/%24.cid=1"),
            Some(Route::Message { input_name: Some("in"), bag: "%24.cid=1" })
        );
        assert_eq!(messages_filter(&module), "devices/d/modules/m/inputs/#");
    }

    #[test]
    fn the_longest_topic_that_mqtt_has_is_sent() {
        let with_id_of = |length: usize| {
            let message_id = Some("m".repeat(length).into());
            let properties = MessageProperties { message_id, ..MessageProperties::default() };
            telemetry(&device(), &Message { properties, ..Message::default() })
        };
        let rest = with_id_of(0).unwrap().len();
        assert_eq!(with_id_of(MAX_TOPIC - rest).map(|topic| topic.len()), Ok(MAX_TOPIC));
        assert!(with_id_of(MAX_TOPIC - rest + 1).is_err());
    }

    #[test]
    fn topics_of_other_devices_are_ignored() {
        for topic in [
            "",
            "x",
            "devices/other/messages/devicebound/",
            "devices/dd/messages/devicebound/",
            "devices/d/messages/deviceboundary",
            "$iothub/twin/res/abc/?$rid=1",
            "$iothub/twin/res/200/?$r=1",
            "$iothub/methods/POST/x",
            "$iothub/methods/POST/x/?rid=1",
            "$iothub/twin/res/200",
        ] {
            assert_eq!(route(&device(), topic), None, "{topic}");
        }
    }
}
