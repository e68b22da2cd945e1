//! Where to dial, and what CONNECT says.

use mqttbytes::v4::{Connect, Login};

use super::API_VERSION;
use super::identity::Identity;
use super::percent;

/// The URL of a hub (or a gateway: `host` or `host:port`).
///
/// With SAS tokens the service is asked not to want a client certificate, which browsers cannot
/// refuse quietly.
pub fn url(host: &str, with_certificate: bool) -> String {
    let query = if with_certificate { "" } else { "?iothub-no-client-cert=true" };
    format!("wss://{host}/$iothub/websocket{query}")
}

/// `agent` names the client's software; `product_info` is the user's addition, or a Plug and Play
/// model id if it begins with `dtmi`.
pub fn user_name(identity: &Identity, agent: &str, product_info: &str) -> String {
    let mut name = format!(
        "{}/{}/?api-version={API_VERSION}&DeviceClientType=",
        identity.hostname,
        identity.client_id()
    );
    percent::encode_into(&mut name, agent);
    if product_info.starts_with("dtmi") {
        name.push_str("&model-id=");
    }
    percent::encode_into(&mut name, product_info);
    name
}

/// The CONNECT packet: a persistent session, no will.
pub fn packet(
    identity: &Identity,
    keep_alive_secs: u16,
    user_name: &str,
    password: Option<String>,
) -> Connect {
    let mut connect = Connect::new(identity.client_id());
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
    fn a_model_id_follows_the_agent() {
        let identity = Identity::new("h", "d'1", None).unwrap();
        assert_eq!(
            user_name(&identity, "a/1(b)", "dtmi:x;1"),
            "h/d'1/?api-version=2021-04-12&DeviceClientType=a%2F1%28b%29&model-id=dtmi%3Ax%3B1"
        );
        assert_eq!(
            user_name(&identity, "a/1(b)", " mine"),
            "h/d'1/?api-version=2021-04-12&DeviceClientType=a%2F1%28b%29%20mine"
        );
    }
}
