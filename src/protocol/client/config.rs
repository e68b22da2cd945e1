//! The options of a client: checked once, then known to be right.

use std::time::Duration;

use serde::Deserialize;

use crate::protocol::error::Error;
use crate::protocol::hub::connect;
use crate::protocol::hub::credentials::Credentials;
use crate::protocol::hub::identity::Identity;

/// When a cloud-to-device message is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// When it is handed to a handler or a receive call.
    #[default]
    OnArrival,
    /// When [`Client::acknowledge`](super::Client::acknowledge) is called.
    AfterHandler,
}

/// What a user may set; `None` stands for the default. Numbers are as given, not yet checked. In
/// JavaScript each has the same name in camel case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Host, or host:port, that is dialled in place of the hub.
    pub gateway_hostname: Option<String>,
    /// WebSocket URL that is dialled in place of the hub.
    pub endpoint: Option<String>,
    /// URL before the paths of the HTTP calls, in place of the origin that is dialled.
    pub http_endpoint: Option<String>,
    /// Must not be false: there is no other transport.
    pub websockets: Option<bool>,
    /// Appended to the agent, or a model id that begins with `dtmi`.
    pub product_info: Option<String>,
    /// Seconds that a token is made for.
    pub sas_token_ttl: Option<f64>,
    /// Seconds.
    pub keep_alive: Option<f64>,
    /// Whether an operation opens the connection that it needs.
    pub auto_connect: Option<bool>,
    /// Whether a lost connection is re-established.
    pub connection_retry: Option<bool>,
    /// Seconds.
    pub connection_retry_interval: Option<f64>,
    /// Seconds.
    pub connection_retry_max_interval: Option<f64>,
    /// Whether desired properties are fetched on each new connection.
    pub ensure_desired_properties: Option<bool>,
    /// Seconds; 0 waits for ever.
    pub operation_timeout: Option<f64>,
    /// Telemetry that is accepted and not yet acknowledged.
    pub max_pending_messages: Option<f64>,
    /// What such telemetry and twin requests may hold; the caller of the core counts.
    pub max_pending_bytes: Option<f64>,
    /// `"on-arrival"` or `"after-handler"`.
    pub acknowledge_messages: Option<String>,
}

/// All that a client is made with.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) identity: Identity,
    pub(super) credentials: Credentials,
    pub(super) url: String,
    pub(super) http_origin: String,
    pub(super) user_name: String,
    pub(super) sas_token_ttl: u64,
    pub(super) keep_alive_secs: u16,
    pub(super) auto_connect: bool,
    pub(super) connection_retry: bool,
    pub(super) retry_interval: Duration,
    pub(super) retry_max_interval: Duration,
    pub(super) ensure_desired_properties: bool,
    pub(super) operation_timeout: Option<Duration>,
    pub(super) max_pending_messages: usize,
    pub(super) max_pending_bytes: u32,
    pub(super) acknowledge: Acknowledge,
}

/// The longest interval, in seconds: what a timer of the platform can wait.
const MAX_SECONDS: f64 = 2_147_483.0;

impl Config {
    /// Checks `options`. `agent` names the client's software to the hub.
    ///
    /// # Errors
    ///
    /// The first option that is wrong, named as JavaScript names it.
    pub fn new(
        identity: Identity,
        credentials: Credentials,
        agent: &str,
        options: Options,
    ) -> Result<Self, Error> {
        if options.websockets == Some(false) {
            return Err(Error::invalid_argument(
                "websockets must not be false: MQTT over WebSockets is the only transport",
            ));
        }
        let with_certificate = matches!(credentials, Credentials::X509);
        let gateway = options.gateway_hostname.as_deref();
        let url = url(&identity, with_certificate, gateway, options.endpoint)?;
        let http_origin = match options.http_endpoint {
            None => Self::origin_of(&url),
            Some(endpoint) => {
                check_endpoint("httpEndpoint", "http", &endpoint, with_certificate)?;
                endpoint.trim_end_matches('/').into()
            }
        };
        let product_info = options.product_info.unwrap_or_default();
        let user_name = connect::user_name(&identity, agent, &product_info);
        if user_name.len() > usize::from(u16::MAX) {
            return Err(Error::out_of_range("productInfo is too long for a CONNECT packet"));
        }
        let retry_interval =
            seconds("connectionRetryInterval", options.connection_retry_interval.unwrap_or(10.0))?;
        let retry_max_interval = match options.connection_retry_max_interval {
            None => retry_interval,
            Some(value) => seconds("connectionRetryMaxInterval", value)?.max(retry_interval),
        };
        let operation_timeout = options.operation_timeout.unwrap_or(60.0);
        if !(0.0..=MAX_SECONDS).contains(&operation_timeout) {
            return Err(range("operationTimeout", "0 (wait for ever) to 2147483 seconds"));
        }
        let (messages, bytes) = (options.max_pending_messages, options.max_pending_bytes);
        Ok(Self {
            http_origin,
            url,
            user_name,
            identity,
            credentials,
            sas_token_ttl: whole("sasTokenTtl", options.sas_token_ttl, 3600, 1 << 52)?,
            keep_alive_secs: whole("keepAlive", options.keep_alive, 60, 1740)?,
            auto_connect: options.auto_connect.unwrap_or(true),
            connection_retry: options.connection_retry.unwrap_or(true),
            retry_interval,
            retry_max_interval,
            ensure_desired_properties: options.ensure_desired_properties.unwrap_or(true),
            operation_timeout: (operation_timeout > 0.0).then(|| duration(operation_timeout)),
            max_pending_messages: whole("maxPendingMessages", messages, 100_000, 1 << 31)?,
            max_pending_bytes: whole("maxPendingBytes", bytes, 256 << 20, 1 << 30)?,
            acknowledge: match options.acknowledge_messages.as_deref() {
                None | Some("on-arrival") => Acknowledge::OnArrival,
                Some("after-handler") => Acknowledge::AfterHandler,
                Some(_) => {
                    return Err(Error::invalid_argument(
                        "acknowledgeMessages must be \"on-arrival\" or \"after-handler\"",
                    ));
                }
            },
        })
    }
}

fn url(
    identity: &Identity,
    with_certificate: bool,
    gateway: Option<&str>,
    endpoint: Option<String>,
) -> Result<String, Error> {
    match (gateway, endpoint) {
        (Some(_), Some(_)) => Err(Error::invalid_argument(
            "endpoint and gatewayHostname exclude each other: both say what to dial",
        )),
        (None, Some(endpoint)) => {
            check_endpoint("endpoint", "ws", &endpoint, with_certificate)?;
            Ok(endpoint)
        }
        (Some(gateway), None) => {
            let allowed = |c: char| {
                c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']')
            };
            if gateway.is_empty() || !gateway.chars().all(allowed) {
                return Err(Error::invalid_argument("gatewayHostname must be a host or host:port"));
            }
            Ok(connect::url(gateway, with_certificate))
        }
        (None, None) => Ok(connect::url(&identity.hostname, with_certificate)),
    }
}

/// `scheme` is the one without TLS; an `s` behind it makes the other.
fn check_endpoint(
    name: &str,
    scheme: &str,
    endpoint: &str,
    with_certificate: bool,
) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::invalid_argument(format!("{name} {what}")));
    let rest = endpoint.strip_prefix(scheme).unwrap_or_default();
    let (authority, plain) = match (rest.strip_prefix("s://"), rest.strip_prefix("://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return wrong(&format!("must begin with {scheme}s://")),
    };
    if endpoint.bytes().any(|byte| matches!(byte, b'#' | b'\\' | b'\0'..=b' ' | b'\x7f')) {
        return wrong("must have no fragment, backslash or white space");
    }
    if scheme == "http" && endpoint.contains('?') {
        return wrong("must have no query: paths are added to it");
    }
    let authority = before(authority, &['/', '?']);
    if authority.contains('@') {
        return wrong("must not hold a user name or password");
    }
    let host = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, after)) if after.is_empty() || after.starts_with(':') => host,
            _ => "",
        },
        None => before(authority, &[':']),
    };
    if host.is_empty() {
        return wrong("has no host");
    }
    if plain && with_certificate {
        return wrong("has no TLS to present a certificate in: use wss: or https:");
    }
    if plain && !is_loopback(host) {
        return wrong(
            "with ws: or http: must be on this machine (localhost, 127.0.0.0/8 or [::1]): \
             anywhere else the token would travel unencrypted",
        );
    }
    Ok(())
}

/// The part of a URL before the first of `ends`.
pub(super) fn before<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split(ends).next().unwrap_or(text)
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // As it is written: 010 and +1 may mean something else to the platform that dials.
    let is_byte = |label: &str| label.parse::<u8>().is_ok_and(|byte| byte.to_string() == label);
    let are_bytes = |rest: &str| rest.split('.').count() == 3 && rest.split('.').all(is_byte);
    ((host == "localhost" || host.ends_with(".localhost")) && host.split('.').all(is_label))
        || host.strip_prefix("127.").is_some_and(are_bytes)
        || host == "::1"
}

fn whole<T: TryFrom<u64>>(
    name: &str,
    value: Option<f64>,
    default: T,
    max: u64,
) -> Result<T, Error> {
    let Some(value) = value else { return Ok(default) };
    let wrong = || range(name, &format!("a whole number from 1 to {max}"));
    #[expect(clippy::cast_precision_loss, reason = "the bounds are below 2^53")]
    if value.fract() != 0.0 || !(1.0..=max as f64).contains(&value) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    T::try_from(value as u64).map_err(|_| wrong())
}

fn seconds(name: &str, value: f64) -> Result<Duration, Error> {
    if value > 0.0 && value <= MAX_SECONDS {
        Ok(duration(value))
    } else {
        Err(range(name, "above 0 and at most 2147483 seconds"))
    }
}

/// At least a thousandth, which is the resolution of every timer.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn duration(seconds: f64) -> Duration {
    Duration::from_millis(((seconds * 1000.0) as u64).max(1))
}

fn range(name: &str, allowed: &str) -> Error {
    Error::out_of_range(format!("{name} must be {allowed}"))
}
