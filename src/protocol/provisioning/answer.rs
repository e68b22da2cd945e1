//! The responses of the service: their topics and bodies.

use super::failures;
use crate::protocol::error::Error;
use crate::protocol::hub::Identity;
use crate::protocol::hub::topic::parameter;
use crate::protocol::json;

/// The topic filter of all responses.
pub(super) const FILTER: &str = "$dps/registrations/res/#";

const PREFIX: &str = "$dps/registrations/res/";

/// The contents of a response's topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub status: u32,
    pub request_id: &'a str,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// Reads the topic of a response; `None` for any other topic.
pub(super) fn route(topic: &str) -> Option<Route<'_>> {
    let (status, query) = topic.strip_prefix(PREFIX)?.split_once('/')?;
    Some(Route {
        status: status.parse().ok()?,
        request_id: parameter(query, "$rid")?,
        retry_after: parameter(query, "retry-after").and_then(|seconds| seconds.parse().ok()),
    })
}

/// The response to a request that the service has accepted.
#[derive(Debug)]
pub(super) enum Progress {
    /// The registration has ended: the result as JSON text, or the reason why there is none.
    Ended(Result<String, Error>),
    /// The registration continues, under this id if the service has sent one.
    Assigning(Option<String>),
}

/// Reads the body of a response with a status below 300. It is an error if a requested certificate
/// is missing, because the device could not authenticate at its hub.
///
/// # Errors The body is not JSON.
pub(super) fn progress(
    status: u32,
    body: &[u8],
    wants_certificate: bool,
) -> Result<Progress, Error> {
    let json = json::text(body)?;
    Ok(match json::text_of(&json, "status").as_deref() {
        Some("assigned") => Progress::Ended(match Assignment::of(&json) {
            Ok(Assignment { has_certificate: false, .. }) if wants_certificate => {
                Err(failures::no_certificate(&json))
            }
            assignment => assignment.map(|_| json),
        }),
        Some(word @ ("failed" | "disabled")) => {
            Progress::Ended(Err(failures::not_assigned(status, word, &json)))
        }
        _ => Progress::Assigning(json::text_of(&json, "operationId").map(Into::into)),
    })
}

/// The assignment of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its hub, and its name there.
    pub identity: Identity,
    /// Whether it includes a certificate to authenticate with there.
    pub has_certificate: bool,
}

impl Assignment {
    /// Reads the result of a registration.
    ///
    /// # Errors
    ///
    /// A result without a hub that this client can connect to; the error contains it.
    pub fn of(result: &str) -> Result<Self, Error> {
        let state = json::member(result, "registrationState").unwrap_or_default();
        let text = |name| json::text_of(state, name);
        if let Some(profile) = text("connectionProfile")
            && profile != "classic"
        {
            return Err(failures::other_protocol(result, &profile));
        }
        let hostname = text("assignedHub").unwrap_or_default();
        let device_id = text("deviceId").unwrap_or_default();
        let identity = Identity::new(&hostname, &device_id, None);
        Ok(Self {
            identity: identity.map_err(|error| failures::no_hub(result, error.message()))?,
            has_certificate: json::member(state, "issuedCertificateChain")
                .is_some_and(|chain| chain.starts_with('[')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::error::ErrorKind;

    #[test]
    fn the_topic_of_an_answer_has_a_status_a_request_and_perhaps_a_pause() {
        let pause = Route { status: 202, request_id: "a-1", retry_after: Some(3) };
        let busy = Route { status: 429, request_id: "1", retry_after: None };
        for (topic, expected) in [
            ("$dps/registrations/res/202/?$rid=a-1&retry-after=3", Some(pause)),
            ("$dps/registrations/res/202/?Retry-After=3&$RID=a-1", Some(pause)),
            ("$dps/registrations/res/429/?$rid=1", Some(busy)),
            ("$dps/registrations/res/429/?$rid=1&retry-after=soon", Some(busy)),
            ("$dps/registrations/res/202", None),
            ("$dps/registrations/res/x/?$rid=1", None),
            ("$dps/registrations/res/200/?rid=1", None),
            ("$dps/registrations/PUT/200/?$rid=1", None),
            ("", None),
        ] {
            assert_eq!(route(topic), expected, "{topic}");
        }
    }

    #[test]
    fn a_hub_that_this_client_cannot_use_is_an_error_with_the_result() {
        let result = |hub: &str, more: &str| {
            format!(r#"{{"registrationState":{{"assignedHub":"{hub}","deviceId":"d"{more}}}}}"#)
        };
        for profile in ["", r#","connectionProfile":null"#, r#","connectionProfile":"classic""#] {
            let assignment = Assignment::of(&result("h", profile)).unwrap();
            assert_eq!(assignment.identity, Identity::new("h", "d", None).unwrap());
        }
        for (result, part) in [
            (result("h", r#","connectionProfile":"mqttV5""#), "connectionProfile mqttV5"),
            (result("a/b", ""), "no valid hub: the hostname must not"),
            (
                r#"{"registrationState":{"deviceId":"d"}}"#.into(),
                "no valid hub: the hostname is empty",
            ),
            ("[]".into(), "no valid hub: the hostname is empty"),
        ] {
            let error = Assignment::of(&result).unwrap_err();
            assert!(error.message().contains(part), "{error}");
            assert_eq!((error.kind(), error.result()), (ErrorKind::Service, Some(&*result)));
        }
    }
}
