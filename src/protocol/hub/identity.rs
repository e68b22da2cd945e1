//! The identity of a client: its hub, device and module.

use crate::protocol::error::Error;

/// Characters that are refused in ids. IoT Hub allows + and #, but MQTT forbids them in the topics
/// of publishes (section 3.3.2.1), which contain the id.
const NOT_IN_IDS: &str = "/\"\\^`{}|~<>[];&+#";

/// A device, or a module of a device, on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The hub's own host name, as in the SAS resource, even if the client connects to another
    /// host.
    pub hostname: String,
    /// The device id.
    pub device_id: String,
    /// The module id, for a module identity.
    pub module_id: Option<String>,
    /// `{host}/devices/{device}[/modules/{module}]`
    resource: String,
}

impl Identity {
    /// Checks the parts of an identity.
    ///
    /// # Errors
    ///
    /// An empty part, or one with invalid characters.
    pub fn new(hostname: &str, device_id: &str, module_id: Option<&str>) -> Result<Self, Error> {
        let id_ok = |c: char| c.is_ascii_graphic() && NOT_IN_IDS.chars().all(|other| other != c);
        check_hostname("hostname", hostname)?;
        check("device id", device_id, id_ok)?;
        let mut resource = format!("{hostname}/devices/{device_id}");
        if let Some(module_id) = module_id {
            check("module id", module_id, id_ok)?;
            resource = format!("{resource}/modules/{module_id}");
        }
        Ok(Self {
            hostname: hostname.into(),
            device_id: device_id.into(),
            module_id: module_id.map(Into::into),
            resource,
        })
    }

    /// Reads the device in a SAS token's resource: `{host}/devices/{device}`.
    ///
    /// # Errors
    ///
    /// Anything else, including a module.
    pub fn of_device(resource: &str) -> Result<Self, Error> {
        let mut segments = resource.split('/');
        let mut next = || segments.next();
        match (next(), next(), next(), next()) {
            (Some(hostname), Some("devices"), Some(device_id), None) => {
                Self::new(hostname, device_id, None)
            }
            (_, Some("devices"), _, Some("modules")) => Err(Error::invalid_argument(
                "the SAS token is for a module; use createFromConnectionString with a ModuleId",
            )),
            _ => Err(Error::invalid_argument(
                "the SAS token is not for one device (sr must be host/devices/id)",
            )),
        }
    }

    /// The MQTT client identifier: `{device}` or `{device}/{module}`.
    pub fn client_id(&self) -> String {
        match &self.module_id {
            None => self.device_id.clone(),
            Some(module_id) => format!("{}/{module_id}", self.device_id),
        }
    }

    /// The resource of this identity's SAS tokens: `{host}/devices/{device}[/modules/{module}]`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The prefix of this identity's own topics: `devices/{device}[/modules/{module}]`.
    pub fn topic_base(&self) -> &str {
        // No indexing: its panic message would pull Unicode tables into the module.
        self.resource.get(self.hostname.len() + 1..).unwrap_or_default()
    }

    /// Returns whether a token for `resource` is valid for this identity: the same resource, or a
    /// parent in whole segments. Host names are case-insensitive.
    pub fn is_covered_by(&self, resource: &str) -> bool {
        let granted = resource.trim_end_matches('/');
        let (host, path) = granted.split_once('/').unwrap_or((granted, ""));
        let below = self.topic_base().strip_prefix(path);
        host.eq_ignore_ascii_case(&self.hostname)
            && below.is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }
}

/// Checks a host name, or another text that allows the same characters.
pub(crate) fn check_hostname(what: &str, value: &str) -> Result<(), Error> {
    check(what, value, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// Checks a name, in which `allowed` says which characters may occur.
pub(crate) fn check(what: &str, value: &str, allowed: fn(char) -> bool) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::invalid_argument(format!("the {what} is empty")));
    }
    if value.len() > 255 {
        return Err(Error::invalid_argument(format!("the {what} is longer than 255 characters")));
    }
    match value.chars().find(|&c| !allowed(c)) {
        Some(c) => Err(Error::invalid_argument(format!("the {what} must not contain '{c}'"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::error::ErrorKind;

    #[test]
    fn a_token_for_one_device_names_it() {
        assert_eq!(Identity::of_device("h/devices/d"), Identity::new("h", "d", None));
        for (resource, hint) in [
            ("h/devices/d/modules/m", "for a module"),
            ("h", "not for one device"),
            ("h/devices", "not for one device"),
            ("h/devices/d/x", "not for one device"),
            ("h/messages/d", "not for one device"),
        ] {
            let error = Identity::of_device(resource).unwrap_err();
            assert!(error.message().contains(hint), "{resource}: {error}");
        }
    }

    #[test]
    fn an_id_that_no_topic_can_have_is_refused_and_its_character_named() {
        for wildcard in ["+", "#"] {
            let id = format!("d{wildcard}1");
            for (device_id, module_id) in [(&*id, None), ("d", Some(&*id))] {
                let error = Identity::new("h", device_id, module_id).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                let what = if module_id.is_none() { "device" } else { "module" };
                let message = format!("the {what} id must not contain '{wildcard}'");
                assert_eq!(error.message(), message);
            }
            let error = Identity::of_device(&format!("h/devices/{id}")).unwrap_err();
            assert!(error.message().contains(wildcard), "{error}");
        }
    }

    #[test]
    fn a_name_has_255_characters_at_most() {
        assert!(Identity::new("h", &"d".repeat(255), None).is_ok());
        let error = Identity::new("h", &"d".repeat(256), None).unwrap_err();
        assert!(error.message().contains("longer than 255"), "{error}");
    }
}
