//! The options of a client: checked once, then known to be valid.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::protocol::endpoint::{self, Endpoint};
use crate::protocol::error::Error;
use crate::protocol::hub::connect;
use crate::protocol::hub::credentials::Credentials;
use crate::protocol::hub::identity::Identity;
use crate::protocol::hub::sas_token::SasToken;
use crate::protocol::json;
use crate::protocol::provisioning::{self, Registrant};
use crate::protocol::time::Now;
use crate::protocol::tokens::TokenSource;

/// When a cloud-to-device message is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// When it is passed to a handler or a receive call.
    #[default]
    OnArrival,
    /// When [`Client::acknowledge`](super::Client::acknowledge) is called.
    AfterHandler,
}

/// Which connections are retried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionRetry {
    /// `false`: none.
    Never,
    /// `true`: one that was lost.
    #[default]
    Lost,
    /// `"always"`: the first one, too.
    Always,
}

impl<'de> Deserialize<'de> for ConnectionRetry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = ConnectionRetry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"always\"")
            }

            fn visit_bool<E>(self, retries: bool) -> Result<ConnectionRetry, E> {
                Ok(if retries { ConnectionRetry::Lost } else { ConnectionRetry::Never })
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ConnectionRetry, E> {
                match word {
                    "always" => Ok(ConnectionRetry::Always),
                    _ => Err(E::custom("connectionRetry must be true, false or \"always\"")),
                }
            }
        }
        deserializer.deserialize_any(Words)
    }
}

/// What a user may set; `None` means the default. Numbers are not checked yet. In JavaScript, each
/// has the same name in camel case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Host, or host:port, to connect to instead of the hub.
    pub gateway_hostname: Option<String>,
    /// WebSocket URL to connect to instead of the hub.
    pub endpoint: Option<String>,
    /// Base URL of the HTTP calls, instead of the origin of the connection.
    pub http_endpoint: Option<String>,
    /// Must not be false: there is no other transport.
    pub websockets: Option<bool>,
    /// Appended to the agent, or a model id that begins with `dtmi`, as in Microsoft's client for
    /// Python.
    pub product_info: Option<String>,
    /// The id of a Plug and Play model.
    pub model_id: Option<String>,
    /// Lifetime of a token, in seconds.
    pub sas_token_ttl: Option<f64>,
    /// Seconds.
    pub keep_alive: Option<f64>,
    /// Whether an operation opens the connection that it needs.
    pub auto_connect: Option<bool>,
    /// Which connections are retried.
    pub connection_retry: Option<ConnectionRetry>,
    /// Seconds.
    pub connection_retry_interval: Option<f64>,
    /// Seconds.
    pub connection_retry_max_interval: Option<f64>,
    /// Whether desired properties are fetched on each new connection.
    pub ensure_desired_properties: Option<bool>,
    /// Seconds; 0 means no limit.
    pub operation_timeout: Option<f64>,
    /// Number of telemetry messages that may be accepted and unacknowledged.
    pub max_pending_messages: Option<f64>,
    /// How many bytes such telemetry and twin requests may hold; the caller of the core counts
    /// them.
    pub max_pending_bytes: Option<f64>,
    /// `"on-arrival"` or `"after-handler"`.
    pub acknowledge_messages: Option<String>,
}

/// What the configuration of a registration also contains.
impl Options {
    pub(crate) fn check_websockets(&self) -> Result<(), Error> {
        if self.websockets == Some(false) {
            return Err(Error::invalid_argument(
                "websockets must not be false: MQTT over WebSockets is the only transport",
            ));
        }
        Ok(())
    }

    pub(crate) fn sas_token_ttl(&self) -> Result<u64, Error> {
        whole("sasTokenTtl", self.sas_token_ttl, 3600, 1 << 52)
    }

    pub(crate) fn keep_alive_secs(&self) -> Result<u16, Error> {
        whole("keepAlive", self.keep_alive, 60, 1740)
    }
}

/// Everything that a client is created with.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) identity: Identity,
    pub(super) credentials: Credentials,
    endpoint: Endpoint,
    http_endpoint: Option<String>,
    software: String,
    pub(super) sas_token_ttl: u64,
    pub(super) keep_alive_secs: u16,
    pub(super) auto_connect: bool,
    pub(super) connection_retry: ConnectionRetry,
    pub(super) retry_interval: Duration,
    pub(super) retry_max_interval: Duration,
    pub(super) ensure_desired_properties: bool,
    pub(super) operation_timeout: Option<Duration>,
    pub(super) max_pending_messages: usize,
    pub(super) max_pending_bytes: u32,
    pub(super) acknowledge: Acknowledge,
    /// Where the hub comes from, if it is not known from the beginning.
    pub(super) provisioning: Option<Box<Provisioning>>,
}

/// What a client needs to get its hub from the provisioning service.
#[derive(Clone, Debug)]
pub(super) struct Provisioning {
    pub config: provisioning::Config,
    /// What is sent with each registration: JSON text.
    pub payload: Option<String>,
}

/// The longest interval, in seconds: the platform's timers cannot wait longer.
const MAX_SECONDS: f64 = 2_147_483.0;

impl Config {
    /// Checks `options`. `agent` names the client's software to the hub.
    ///
    /// # Errors
    ///
    /// The first invalid option, by its JavaScript name.
    pub fn new(
        identity: Identity,
        credentials: Credentials,
        agent: &str,
        options: &Options,
    ) -> Result<Self, Error> {
        options.check_websockets()?;
        let with_certificate = matches!(credentials, Credentials::X509);
        let software = software(&identity, agent, options)?;
        let (sas_token_ttl, keep_alive_secs) =
            (options.sas_token_ttl()?, options.keep_alive_secs()?);
        let gateway = options.gateway_hostname.as_deref();
        let endpoint = Endpoint::new(with_certificate, gateway, options.endpoint.as_deref())?;
        let http_endpoint = options.http_endpoint.as_deref();
        if let Some(origin) = http_endpoint {
            endpoint::check("httpEndpoint", "http", origin, with_certificate)?;
        }
        let retry_interval =
            seconds("connectionRetryInterval", options.connection_retry_interval.unwrap_or(10.0))?;
        let retry_max_interval = match options.connection_retry_max_interval {
            None => retry_interval,
            Some(value) => seconds("connectionRetryMaxInterval", value)?.max(retry_interval),
        };
        let operation_timeout = options.operation_timeout.unwrap_or(60.0);
        if !(0.0..=MAX_SECONDS).contains(&operation_timeout) {
            return Err(range("operationTimeout", "from 0 (no timeout) to 2147483 seconds"));
        }
        let (messages, bytes) = (options.max_pending_messages, options.max_pending_bytes);
        Ok(Self {
            endpoint,
            http_endpoint: http_endpoint.map(|origin| origin.trim_end_matches('/').into()),
            software,
            identity,
            credentials,
            sas_token_ttl,
            keep_alive_secs,
            auto_connect: options.auto_connect.unwrap_or(true),
            connection_retry: options.connection_retry.unwrap_or_default(),
            retry_interval,
            retry_max_interval,
            ensure_desired_properties: options.ensure_desired_properties.unwrap_or(true),
            operation_timeout: (operation_timeout > 0.0).then(|| duration(operation_timeout)),
            max_pending_messages: whole("maxPendingMessages", messages, 100_000, 1 << 31)?,
            max_pending_bytes: whole("maxPendingBytes", bytes, 256 << 20, 1 << 30)?,
            provisioning: None,
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

impl Config {
    /// The same for a device that gets its hub from the provisioning service, and does not have one
    /// yet. `payload` is a JSON object, which gets the `modelId` if it has none.
    ///
    /// # Errors Like [`Config::new`].
    pub fn provisioned(
        registrant: Registrant,
        credentials: Credentials,
        agent: &str,
        options: &Options,
        payload: Option<&str>,
    ) -> Result<Self, Error> {
        let identity = Identity::new(&registrant.hostname, &registrant.registration_id, None)?;
        let payload = match options.model_id.as_deref() {
            Some(model_id) => Some(with_model_id(payload.unwrap_or("{}"), model_id)),
            None => payload.map(Into::into),
        };
        let at_hub = match registrant.csr {
            Some(_) => Credentials::X509,
            None => credentials.clone(),
        };
        let config = provisioning::Config::new(registrant, credentials, agent, options)?;
        let provisioning = Some(Box::new(Provisioning { config, payload }));
        Ok(Self { provisioning, ..Self::new(identity, at_hub, agent, options)? })
    }

    /// The URL to connect to.
    pub(super) fn url(&self) -> String {
        let query = connect::query(matches!(self.credentials, Credentials::X509));
        self.endpoint.url(&self.identity.hostname, query)
    }

    /// The user name of CONNECT.
    pub(super) fn user_name(&self) -> String {
        connect::user_name(&self.identity, &self.software)
    }

    pub(super) fn token_source(&self) -> TokenSource<'_> {
        TokenSource {
            credentials: &self.credentials,
            resource: self.identity.resource(),
            ttl: self.sas_token_ttl,
            retry_interval: self.retry_interval,
        }
    }

    /// Reads a token from the user.
    ///
    /// # Errors
    ///
    /// It is malformed, expired or for another identity.
    pub(super) fn check_token(&self, now: Now, text: &str) -> Result<SasToken, Error> {
        let (token, resource) = SasToken::parse(text)?;
        if !self.identity.is_covered_by(&resource) {
            return Err(Error::invalid_argument(
                "the SAS token is for another host, device or module (sr)",
            ));
        }
        token.check_expiry(now)?;
        Ok(token)
    }

    /// The URL before the paths of the HTTP calls.
    pub(super) fn http_origin(&self) -> String {
        self.http_endpoint.clone().unwrap_or_else(|| Self::origin_of(&self.url()))
    }
}

fn with_model_id(payload: &str, model_id: &str) -> String {
    if json::member(payload, "modelId").is_some() {
        return payload.into();
    }
    let rest = payload.strip_prefix('{').unwrap_or_default();
    let separator = if rest.starts_with('}') { "" } else { "," };
    format!("{{\"modelId\":{}{separator}{rest}", json::quote(model_id))
}

fn software(identity: &Identity, agent: &str, options: &Options) -> Result<String, Error> {
    let product_info = options.product_info.as_deref().unwrap_or_default();
    let (product_info, model_id) = match &options.model_id {
        None if product_info.starts_with("dtmi") => ("", Some(product_info)),
        Some(_) if product_info.starts_with("dtmi") => {
            return Err(Error::invalid_argument(
                "modelId and a productInfo that begins with dtmi exclude each other: both are the \
                 id of a model",
            ));
        }
        Some(model_id) if !connect::is_model_id(model_id) => {
            return Err(Error::invalid_argument(
                "modelId must be the id of a DTDL model, such as \"dtmi:com:example:Thermostat;1\"",
            ));
        }
        model_id => (product_info, model_id.as_deref()),
    };
    let software = connect::software(agent, product_info, model_id);
    if connect::user_name(identity, &software).len() > usize::from(u16::MAX) {
        return Err(Error::out_of_range("productInfo or modelId is too long for a CONNECT packet"));
    }
    Ok(software)
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

/// At least a millisecond, the resolution of every timer.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn duration(seconds: f64) -> Duration {
    Duration::from_millis(((seconds * 1000.0) as u64).max(1))
}

fn range(name: &str, allowed: &str) -> Error {
    Error::out_of_range(format!("{name} must be {allowed}"))
}
