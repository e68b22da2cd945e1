//! Connection strings.

use super::credentials::Credentials;
use super::identity::Identity;
use super::sas_token::{SasToken, SharedAccessKey, trimmed};
use crate::protocol::error::Error;

/// The contents of a connection string.
#[derive(Clone, Debug)]
pub struct ConnectionString {
    /// Who the client is.
    pub identity: Identity,
    /// How it authenticates.
    pub credentials: Credentials,
    /// The host, or host:port, to connect to instead of the hub.
    pub gateway_hostname: Option<String>,
}

const NAMES: [&str; 8] = [
    "HostName",
    "DeviceId",
    "ModuleId",
    "SharedAccessKey",
    "SharedAccessKeyName",
    "SharedAccessSignature",
    "GatewayHostName",
    "x509",
];

impl ConnectionString {
    /// Parses a connection string.
    ///
    /// # Errors
    ///
    /// Names what is missing, unknown, duplicate or contradictory, without its value.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = trimmed(text);
        if text.starts_with(['"', '\'']) {
            return Err(wrong("begins with a quotation mark; leave the quotation marks out"));
        }
        let [hostname, device_id, module_id, key, policy, signature, gateway, x509] = split(text)?;
        let hostname = hostname.ok_or_else(|| wrong("has no HostName"))?;
        let device_id = device_id.ok_or_else(|| {
            wrong(if policy.is_some() {
                "belongs to a policy of the hub, which is for back ends (SharedAccessKeyName, no \
                 DeviceId); use that of the device"
            } else {
                "has no DeviceId"
            })
        })?;
        let identity = Identity::new(hostname, device_id, module_id)?;
        let credentials = credentials(&identity, key, policy, signature, x509)?;
        Ok(Self { identity, credentials, gateway_hostname: gateway.map(Into::into) })
    }
}

fn split(text: &str) -> Result<[Option<&str>; NAMES.len()], Error> {
    let mut values = [None; NAMES.len()];
    for part in text.split(';').filter(|part| !part.is_empty()) {
        // A part without a name may be a piece of a key: do not show it.
        let (name, value) = part.split_once('=').ok_or_else(|| {
            wrong("has a part that is not name=value; check for a missing or a surplus \";\"")
        })?;
        if name == "Endpoint" {
            return Err(wrong(
                "belongs to an Event Hubs endpoint, where back ends read; use that of the device, \
                 which begins with HostName=",
            ));
        }
        let index = NAMES.iter().position(|known| *known == name).ok_or_else(|| {
            wrong(&format!("has a name that is not known; the names are {}", NAMES.join(", ")))
        })?;
        if value.is_empty() {
            return Err(wrong(&format!("has no value for {name}")));
        }
        if values[index].replace(value).is_some() {
            return Err(wrong(&format!("has {name} twice")));
        }
    }
    Ok(values)
}

fn credentials(
    identity: &Identity,
    key: Option<&str>,
    policy: Option<&str>,
    signature: Option<&str>,
    x509: Option<&str>,
) -> Result<Credentials, Error> {
    if x509.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(wrong(if key.is_some() || signature.is_some() {
            "has x509=true together with a key or a signature"
        } else {
            "is for an X.509 certificate; use createFromX509Certificate"
        }));
    }
    match (key, signature) {
        (Some(_), Some(_)) => {
            Err(wrong("has both SharedAccessKey and SharedAccessSignature; keep one"))
        }
        (Some(key), None) => Ok(Credentials::SharedAccessKey {
            key: SharedAccessKey::from_base64(key)?,
            policy: policy.map(Into::into),
        }),
        (None, Some(signature)) => {
            let (token, resource) = SasToken::parse(signature)?;
            if !identity.is_covered_by(&resource) {
                return Err(wrong("has a SharedAccessSignature for another resource (sr)"));
            }
            Ok(Credentials::SasToken(token))
        }
        (None, None) => Err(wrong("has no SharedAccessKey (or SharedAccessSignature)")),
    }
}

fn wrong(what: &str) -> Error {
    Error::invalid_argument(format!("the connection string {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "SharedAccessKey=c2VjcmV0";

    fn parse(text: &str) -> Result<ConnectionString, String> {
        ConnectionString::parse(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_device_with_its_key() {
        let parsed = parse(&format!("HostName=h.example;DeviceId=d;{KEY}=")).unwrap_err();
        assert!(parsed.contains("base64"), "{parsed}");
        let parsed = parse(&format!("HostName=h.example;DeviceId=d;{KEY}")).unwrap();
        assert_eq!(parsed.identity.client_id(), "d");
        assert!(matches!(parsed.credentials, Credentials::SharedAccessKey { policy: None, .. }));
    }

    #[test]
    fn white_space_and_marks_around_it_are_ignored() {
        let parsed =
            parse(&format!("\u{feff}HostName=h;DeviceId=d;{KEY}\u{a0}\u{200b}\r\n")).unwrap();
        assert_eq!(parsed.identity.resource(), "h/devices/d");
        assert!(SharedAccessKey::from_base64("\u{feff}c2VjcmV0\r\n").is_ok());
    }

    #[test]
    fn a_module_with_a_policy_behind_a_gateway() {
        let text = format!(
            "HostName=h;DeviceId=d;ModuleId=m;{KEY};SharedAccessKeyName=p;GatewayHostName=g:1"
        );
        let parsed = parse(&text).unwrap();
        assert_eq!(parsed.identity.resource(), "h/devices/d/modules/m");
        assert_eq!(parsed.gateway_hostname.as_deref(), Some("g:1"));
    }

    #[test]
    fn a_signature_instead_of_a_key() {
        let base = "HostName=H;DeviceId=d;SharedAccessSignature=SharedAccessSignature ";
        assert!(parse(&format!("{base}sr=h%2Fdevices%2Fd&sig=x%3D&se=9")).is_ok());
        assert!(parse(&format!("{base}sr=h%2Fdevices&sig=x%3D&se=9&skn=p")).is_ok());
        assert!(parse(&format!("{base}sr=h%2Fdevices%2Fdd&sig=x%3D&se=9")).is_err());
    }

    #[test]
    fn errors_name_the_mistake_and_show_no_value() {
        for (text, named) in [
            ("", "HostName"),
            ("HostName=h;SharedAccessKey=c2VjcmV0", "DeviceId"),
            ("HostName=h;DeviceId=d", "SharedAccessKey"),
            ("\"HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0\"", "quotation mark"),
            (" 'HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0'", "quotation mark"),
            ("Endpoint=sb://h/;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "Event Hubs"),
            ("HostName=h;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "belongs to a policy"),
            ("HostName=h;DeviceId=;SharedAccessKey=c2VjcmV0", "DeviceId"),
            ("HostName=h;DeviceId=d;DeviceId=e;SharedAccessKey=c2VjcmV0", "twice"),
            ("HostName=h;DeviceId=d;Sharedaccesskey=c2VjcmV0", "not known"),
            ("HostName=h;DeviceId=d;c2VjcmV0", "name=value"),
            ("HostName=h;DeviceId=d;x509=true", "createFromX509Certificate"),
            ("HostName=h;DeviceId=d;x509=true;SharedAccessKey=c2VjcmV0", "together"),
            ("HostName=h;DeviceId=a/b;SharedAccessKey=c2VjcmV0", "device id"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(named) && !error.contains("c2Vj"), "{text}: {error}");
        }
    }
}
