//! Where to connect, and the contents of CONNECT.

use mqttbytes::v4::{Connect, Login};

use super::API_VERSION;
use super::identity::Identity;
use super::percent;

/// The query of a hub's URL.
///
/// With SAS tokens, the query asks the service not to request a client certificate, for which
/// browsers would prompt the user.
pub fn query(with_certificate: bool) -> &'static str {
    if with_certificate { "" } else { "?iothub-no-client-cert=true" }
}

/// `software` is the result of [`software`].
pub fn user_name(identity: &Identity, software: &str) -> String {
    format!("{}/{}/{software}", identity.hostname, identity.client_id())
}

/// The software in CONNECT, the same for every client. `agent` names it, `product_info` is the
/// user's addition, `model_id` that of a Plug and Play model.
pub fn software(agent: &str, product_info: &str, model_id: Option<&str>) -> String {
    let mut name = format!("?api-version={API_VERSION}&DeviceClientType=");
    percent::encode_into(&mut name, agent);
    percent::encode_into(&mut name, product_info);
    if let Some(model_id) = model_id {
        name.push_str("&model-id=");
        percent::encode_into(&mut name, model_id);
    }
    name
}

/// Returns whether a text has the form of a model id, such as `dtmi:com:example:Thermostat;1`.
///
/// Source: [Digital Twin Model Identifier](https://github.com/Azure/opendigitaltwins-dtdl/blob/master/DTDL/v3/DTDL.v3.md#digital-twin-model-identifier).
pub fn is_model_id(text: &str) -> bool {
    let begins_with = |part: &str, is: fn(u8) -> bool| part.bytes().next().is_some_and(is);
    let is_segment = |segment: &str| {
        segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && begins_with(segment, |first| !first.is_ascii_digit())
            && !segment.ends_with('_')
    };
    let is_number = |number: &str| {
        number.bytes().all(|byte| byte.is_ascii_digit())
            && begins_with(number, |first| first != b'0')
    };
    let parts = text.strip_prefix("dtmi:").and_then(|rest| rest.split_once(';'));
    parts.is_some_and(|(path, version)| {
        path.split(':').all(is_segment) && version.split('.').all(is_number)
    })
}

/// The CONNECT packet: a persistent session, no will.
pub fn packet(
    client_id: String,
    keep_alive_secs: u16,
    user_name: &str,
    password: Option<String>,
) -> Connect {
    let mut connect = Connect::new(client_id);
    connect.keep_alive = keep_alive_secs;
    connect.clean_session = false;
    // mqttbytes leaves out an empty password, flag and all.
    let password = password.unwrap_or_default();
    connect.login = Some(Login { username: user_name.into(), password });
    connect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_follows_the_agent_and_the_product() {
        let identity = Identity::new("h", "d'1", None).unwrap();
        assert_eq!(
            user_name(&identity, &software("a/1(b)", " mine", Some("dtmi:x;1"))),
            "h/d'1/?api-version=2021-04-12&DeviceClientType=a%2F1%28b%29%20mine&model-id=dtmi%3Ax%3B1"
        );
        assert_eq!(
            user_name(&identity, &software("a/1(b)", " mine", None)),
            "h/d'1/?api-version=2021-04-12&DeviceClientType=a%2F1%28b%29%20mine"
        );
    }

    #[test]
    fn a_model_id_has_a_path_and_a_version() {
        for id in ["dtmi:a;1", "dtmi:com:example:Thermo_stat2;999999999", "dtmi:_a:b;1.2"] {
            assert!(is_model_id(id), "{id}");
        }
        for text in [
            "",
            "dtmi",
            "dtmi:",
            "dtmi:a",
            "dtmi:;1",
            "dtmi:a;",
            "dtmi:a;0",
            "dtmi:a;01",
            "dtmi:a;1.",
            "dtmi:a;+1",
            "dtmi:a::b;1",
            "dtmi:1a;1",
            "dtmi:a_;1",
            "dtmi:a-b;1",
            "dtmi:a;1;2",
            "DTMI:a;1",
            " dtmi:a;1",
            "dtmi:\u{e4};1",
        ] {
            assert!(!is_model_id(text), "{text}");
        }
    }
}
