//! Texts of the hub and of the user.

use arbitrary::Unstructured;
use iothub_device_client::protocol::hub::connection_string::ConnectionString;
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use iothub_device_client::protocol::hub::topic::{self, Route};
use iothub_device_client::protocol::hub::{
    Credentials, Identity, Message, MessageProperties, percent, properties,
};
use iothub_device_client::protocol::mqtt::MAX_TOPIC;
use iothub_device_client::protocol::{Error, Now, json};
use serde::de::IgnoredAny;
use serde_json::Value;

/// Base64 that is not part of any message. Replaces `KEY` in the input.
const SECRET: &str = "TWFya2VkU2VjcmV0";

/// A parsed topic is one that the client subscribes to, and a topic built from its parts parses
/// alike.
pub fn topics(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let device = Identity::new("h", "d", None).expect("an identity");
    let module = Identity::new("h", "d", Some("m")).expect("an identity");
    for identity in [device, module] {
        if let Some(route) = topic::route(&identity, text) {
            let (filter, again) = rebuilt(&identity, &route);
            let base = filter.trim_end_matches("/#");
            assert!(
                text.strip_prefix(base)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
                "{text:?} does not match {filter}"
            );
            assert_eq!(topic::route(&identity, &again), Some(route), "{text:?} as {again:?}");
        }
    }
}

fn rebuilt(identity: &Identity, route: &Route<'_>) -> (String, String) {
    let base = identity.topic_base();
    match route {
        Route::Message { input_name: None, bag } => {
            (topic::messages_filter(identity), format!("{base}/messages/devicebound/{bag}"))
        }
        Route::Message { input_name: Some(name), bag } => {
            (topic::messages_filter(identity), format!("{base}/inputs/{name}/{bag}"))
        }
        Route::MethodRequest { name, request_id } => {
            let name = percent::encode(name);
            (topic::methods_filter(), format!("$iothub/methods/POST/{name}/?$rid={request_id}"))
        }
        Route::TwinResponse { status, request_id } => (
            topic::twin_responses_filter(),
            format!("$iothub/twin/res/{status}/?$rid={request_id}"),
        ),
        Route::DesiredPatch { version } => {
            let query = version.map(|version| format!("?$version={version}")).unwrap_or_default();
            let filter = topic::desired_patches_filter();
            let again = filter.replace('#', &query);
            (filter, again)
        }
    }
}

/// A bag that was read and written says the same, and reading makes nothing longer. Properties of
/// the user come back as they were, whatever is in them.
pub fn property_bag(data: &[u8]) {
    if let Ok(bag) = str::from_utf8(data) {
        let read = MessageProperties { ack: None, ..properties::decode(bag) };
        let custom = &read.custom_properties;
        assert!(custom.is_sorted_by(|(a, _), (b, _)| a < b), "sorted, and each once");
        let length = Message { properties: read.clone(), ..Message::default() }.size();
        assert!(length <= bag.len(), "{length} bytes of {} bytes", bag.len());
        let mut written = String::new();
        properties::encode_into(&mut written, &read);
        assert_eq!(properties::decode(&written), read, "{bag:?} as {written:?}");
    }
    if let Ok(properties) = sent_properties(&mut Unstructured::new(data)) {
        check_sent(properties);
    }
}

fn sent_properties<'a>(input: &mut Unstructured<'a>) -> arbitrary::Result<MessageProperties<'a>> {
    let mut properties = MessageProperties {
        message_id: input.arbitrary()?,
        content_type: input.arbitrary()?,
        content_encoding: input.arbitrary()?,
        expiry_time_utc: input.arbitrary()?,
        ..MessageProperties::default()
    };
    while !input.is_empty() {
        let name: String = input.arbitrary()?;
        // The hub's own names are other properties; without name and value, there is no property.
        if !name.is_empty() && !name.starts_with("$.") && name != "iothub-ack" {
            properties.set_custom(name.into(), input.arbitrary()?);
        }
    }
    Ok(properties)
}

fn check_sent(properties: MessageProperties<'_>) {
    let identity = Identity::new("h", "d", None).expect("an identity");
    let message = Message { properties, ..Message::default() };
    let Ok(topic) = topic::telemetry(&identity, &message) else { return };
    assert!(topic.len() <= MAX_TOPIC);
    let bag = topic.strip_prefix("devices/d/messages/events/").expect("the topic of telemetry");
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.~%&=".contains(c);
    assert!(bag.chars().all(harmless), "{bag:?}");
    assert_eq!(properties::decode(bag), message.properties);
}

/// Accepted text can be written and read again; errors for refused text do not show secrets.
pub fn connection_string(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let text = text.replace("KEY", SECRET);
    match ConnectionString::parse(&text) {
        Ok(parsed) => {
            let again = ConnectionString::parse(&written(&parsed, &text)).expect("it is as valid");
            assert_eq!(again.identity, parsed.identity);
            assert_eq!(again.gateway_hostname, parsed.gateway_hostname);
            assert_eq!(token(&again.credentials), token(&parsed.credentials));
            hides_secret(&credentials_without_policy(parsed.credentials));
        }
        Err(error) => hides_secrets(&error),
    }
}

/// The connection string that says the same, in another order.
fn written(parsed: &ConnectionString, text: &str) -> String {
    let Identity { hostname, device_id, module_id, .. } = &parsed.identity;
    let secret = text.trim_ascii().split(';').filter(|part| part.starts_with("SharedAccess"));
    let mut parts: Vec<String> = secret.map(Into::into).collect();
    parts.extend([format!("DeviceId={device_id}"), format!("HostName={hostname}")]);
    parts.extend(module_id.iter().map(|module_id| format!("ModuleId={module_id}")));
    parts.extend(parsed.gateway_hostname.iter().map(|host| format!("GatewayHostName={host}")));
    // White space at the end of a value is part of it, except at the end of the text.
    parts.join(";") + ";"
}

fn token(credentials: &Credentials) -> String {
    match credentials {
        Credentials::SharedAccessKey { key, policy } => {
            key.sign("h/devices/d", 1, policy.as_deref()).expose().into()
        }
        Credentials::SasToken(token) => token.expose().into(),
        Credentials::TokenFunction | Credentials::X509 => panic!("no connection string says that"),
    }
}

/// The name of a policy is shown, and may be anything.
fn credentials_without_policy(credentials: Credentials) -> String {
    match credentials {
        Credentials::SharedAccessKey { key, .. } => format!("{key:?}"),
        other => format!("{other:?}"),
    }
}

/// A token that was read is kept unchanged and never shown. A created token can be read.
pub fn sas_token(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let text = text.replace("KEY", SECRET);
        match SasToken::parse(&text) {
            Ok((token, resource)) => {
                assert_eq!(token.expose(), text.trim_ascii());
                hides_secret(&format!("{token:?}"));
                let expired = Now { unix_millis: u64::MAX, ..Now::default() };
                assert_eq!(
                    token.check_expiry(expired).is_err(),
                    token.expiry_unix_secs() <= expired.unix_secs()
                );
                if let Ok(identity) = Identity::of_device(&resource) {
                    assert!(identity.is_covered_by(&resource));
                }
            }
            Err(error) => hides_secrets(&error),
        }
    }
    let mut input = Unstructured::new(data);
    if let Ok((expiry, resource, policy)) = input.arbitrary::<(u64, String, Option<String>)>()
        && !resource.is_empty()
    {
        let key = SharedAccessKey::from_base64(SECRET).expect("base64");
        let token = key.sign(&resource, expiry, policy.as_deref());
        assert_eq!(token.expiry_unix_secs(), expiry);
        assert_eq!(SasToken::parse(token.expose()), Ok((token, resource)));
    }
}

/// Another implementation accepts the same texts as JSON, and finds the same members.
pub fn json(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let quoted = json::quote(text);
    assert_eq!(serde_json::from_str::<String>(&quoted).expect("a JSON string"), text);
    assert!(json::is_valid(&quoted));
    // The other implementation refuses deeper ones, although they are JSON.
    if text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= 100 {
        assert_eq!(json::is_valid(text), serde_json::from_str::<IgnoredAny>(text).is_ok());
    }
    // Names are compared as written, so names with escapes differ.
    if text.contains('\\') {
        return;
    }
    if let Ok(Value::Object(members)) = serde_json::from_str(text) {
        for name in members.keys().map(String::as_str).chain(["desired"]) {
            let found = json::member(text, name).map(|value| serde_json::from_str(value).unwrap());
            assert_eq!(found.as_ref(), members.get(name), "{name:?} in {text}");
        }
    }
}

fn hides_secrets(error: &Error) {
    hides_secret(&format!("{error} {error:?}"));
}

fn hides_secret(shown: &str) {
    assert!(!shown.contains(SECRET), "{shown}");
}
