//! What to connect to: the service, a gateway, or the user's URL.

use super::error::Error;

const WANTED: &str = "must be wss://HOST/$iothub/websocket, or ws://localhost:PORT/$iothub/websocket \
                      for a hub on this machine";

/// What the client connects to.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// The service itself.
    Service,
    /// A gateway instead of the service: host, or host:port.
    Gateway(String),
    /// The user's URL.
    Url(String),
}

impl Endpoint {
    /// Checks the user's options.
    ///
    /// # Errors The gateway is not a host, the URL is invalid, or both are given.
    pub fn new(
        with_certificate: bool,
        gateway: Option<&str>,
        endpoint: Option<&str>,
    ) -> Result<Self, Error> {
        match (gateway, endpoint) {
            (Some(_), Some(_)) => Err(Error::invalid_argument(
                "endpoint and gatewayHostname exclude each other: both say what to connect to",
            )),
            (None, Some(endpoint)) => {
                check("endpoint", "ws", endpoint, with_certificate)?;
                Ok(Self::Url(endpoint.into()))
            }
            (Some(gateway), None) => {
                let allowed = |c: char| {
                    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']')
                };
                if gateway.is_empty() || !gateway.chars().all(allowed) {
                    return Err(Error::invalid_argument(
                        "gatewayHostname must be a host or host:port",
                    ));
                }
                Ok(Self::Gateway(gateway.into()))
            }
            (None, None) => Ok(Self::Service),
        }
    }

    /// The URL to connect to; `hostname` and `query` are those of the service.
    pub fn url(&self, hostname: &str, query: &str) -> String {
        let host = match self {
            Self::Service => hostname,
            Self::Gateway(gateway) => gateway,
            Self::Url(url) => return url.clone(),
        };
        format!("wss://{host}/$iothub/websocket{query}")
    }
}

/// Checks a URL of the user. `scheme` is the one without TLS; with TLS, it ends in `s`.
///
/// # Errors The URL is invalid. The error names the option and never shows the URL.
pub fn check(
    name: &str,
    scheme: &str,
    endpoint: &str,
    with_certificate: bool,
) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::invalid_argument(format!("{name} {what}")));
    let rest = endpoint.strip_prefix(scheme).unwrap_or_default();
    let (rest, plain) = match (rest.strip_prefix("s://"), rest.strip_prefix("://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) if scheme == "ws" => return wrong(WANTED),
        (None, None) => return wrong(&format!("must begin with {scheme}s://")),
    };
    if endpoint.bytes().any(|byte| matches!(byte, b'#' | b'\\' | b'\0'..=b' ' | b'\x7f')) {
        return wrong("must have no fragment, backslash or white space");
    }
    if scheme == "http" && endpoint.contains('?') {
        return wrong("must have no query: paths are added to it");
    }
    let authority = before(rest, &['/', '?']);
    if authority.contains('@') {
        return wrong("must not contain a user name or password");
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
        return wrong("has no TLS, which a certificate needs: use wss: or https:");
    }
    if plain && !is_loopback(host) {
        return wrong(
            "with ws: or http: must be on this machine (localhost, 127.0.0.0/8 or [::1]): \
             anywhere else the token would travel unencrypted",
        );
    }
    // A single / is a valid path, too, for example of a user's own server.
    if scheme == "ws" && !rest.get(authority.len()..).unwrap_or_default().starts_with('/') {
        return wrong(&format!("has no path; it {WANTED}"));
    }
    Ok(())
}

/// The part of a URL before the first of `ends`.
pub fn before<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split(ends).next().unwrap_or(text)
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // Only in plain form: the platform that connects may read 010 and +1 differently.
    let is_byte = |label: &str| {
        label.parse::<u32>().is_ok_and(|byte| byte < 256 && byte.to_string() == label)
    };
    let are_bytes = |rest: &str| rest.split('.').count() == 3 && rest.split('.').all(is_byte);
    ((host == "localhost" || host.ends_with(".localhost")) && host.split('.').all(is_label))
        || host.strip_prefix("127.").is_some_and(are_bytes)
        || host == "::1"
}
