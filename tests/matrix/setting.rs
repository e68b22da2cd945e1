//! The settings of a schedule: options of the client, the network and the hub.

use fastrand::Rng;
use iothub_device_client::protocol::client::{Config, ConnectionRetry, Options};
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use iothub_device_client::protocol::hub::{Credentials, Identity};

pub const KEY: &str = "c2VjcmV0IG9mIGEgbWF0cml4";
const RESOURCE: &str = "hub.example/devices/dev";

/// How the client authenticates; lifetimes are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    Key {
        life: u64,
    },
    /// A token that the application replaces.
    Token {
        life: u64,
    },
    /// A function of the application that returns tokens.
    Function {
        life: u64,
    },
    Certificate,
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub login: Login,
    pub retry: ConnectionRetry,
    /// Milliseconds, as the next.
    pub retry_interval: u64,
    pub retry_max_interval: u64,
    pub auto_connect: bool,
    pub ensure_desired: bool,
    /// Milliseconds; `None` waits forever.
    pub operation_timeout: Option<u64>,
    pub max_pending: usize,
    /// Milliseconds.
    pub keep_alive: u64,
    pub after_handler: bool,
    /// The application uses receive calls, no handlers.
    pub by_calls: bool,
    /// How many of 1000 packets are affected by a fault.
    pub fault_rate: u32,
    /// The maximum latency of a frame, in milliseconds.
    pub latency: u64,
    /// QoS 0 for direct methods, twin responses and patches.
    pub push_at_most_once: bool,
    /// The hub restarts the request identifiers of methods on each connection.
    pub request_ids_restart: bool,
    pub steps: u32,
}

impl Setting {
    pub fn random(rng: &mut Rng) -> Self {
        let life = [90, 300, 3600][rng.usize(..3)];
        let retry_interval = [500, 2_000, 10_000, 60_000][rng.usize(..4)];
        Self {
            login: match rng.u32(..8) {
                0..4 => Login::Key { life },
                4 | 5 => Login::Token { life },
                6 => Login::Function { life },
                _ => Login::Certificate,
            },
            retry: match rng.u32(..5) {
                0 => ConnectionRetry::Never,
                1 => ConnectionRetry::Always,
                _ => ConnectionRetry::Lost,
            },
            retry_interval,
            retry_max_interval: retry_interval * [1, 1, 4][rng.usize(..3)],
            auto_connect: rng.u32(..6) != 0,
            ensure_desired: rng.u32(..5) != 0,
            operation_timeout: [None, Some(5_000), Some(60_000), Some(60_000)][rng.usize(..4)],
            max_pending: [2, 8, 100_000][rng.usize(..3)],
            keep_alive: [20_000, 60_000, 600_000][rng.usize(..3)],
            after_handler: rng.bool(),
            by_calls: rng.u32(..5) == 0,
            fault_rate: [0, 10, 40, 90, 180][rng.usize(..5)],
            latency: [0, 20, 200, 2_000][rng.usize(..4)],
            push_at_most_once: rng.bool(),
            request_ids_restart: rng.bool(),
            steps: rng.u32(10..80),
        }
    }

    /// The client's configuration; `unix` is the time of day in seconds.
    pub fn config(&self, unix: u64) -> Config {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let seconds = |millis: u64| Some(millis as f64 / 1000.0);
        let life = match self.login {
            Login::Key { life } | Login::Token { life } | Login::Function { life } => life,
            Login::Certificate => 3600,
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let options = Options {
            sas_token_ttl: Some(life as f64),
            keep_alive: seconds(self.keep_alive),
            auto_connect: Some(self.auto_connect),
            connection_retry: Some(self.retry),
            connection_retry_interval: seconds(self.retry_interval),
            connection_retry_max_interval: seconds(self.retry_max_interval),
            ensure_desired_properties: Some(self.ensure_desired),
            operation_timeout: seconds(self.operation_timeout.unwrap_or(0)),
            max_pending_messages: Some(self.max_pending as f64),
            acknowledge_messages: self.after_handler.then(|| "after-handler".into()),
            ..Options::default()
        };
        let key = SharedAccessKey::from_base64(KEY).expect("base64");
        let credentials = match self.login {
            Login::Key { .. } => Credentials::SharedAccessKey { key, policy: None },
            Login::Token { life } => {
                Credentials::SasToken(SasToken::parse(&token(unix + life)).expect("a token").0)
            }
            Login::Function { .. } => Credentials::TokenFunction,
            Login::Certificate => Credentials::X509,
        };
        let identity = Identity::new("hub.example", "dev", None).expect("a valid identity");
        Config::new(identity, credentials, "agent/1(matrix)", &options).expect("valid options")
    }
}

/// A token for the device, as text.
pub fn token(expiry: u64) -> String {
    let key = SharedAccessKey::from_base64(KEY).expect("base64");
    key.sign(RESOURCE, expiry, None).expose().to_owned()
}
