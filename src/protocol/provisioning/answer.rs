//! What the service says: the topics of its answers, and their bodies.

use super::failures;
use crate::protocol::error::Error;
use crate::protocol::json;

/// Where every answer comes.
pub(super) const FILTER: &str = "$dps/registrations/res/#";

const PREFIX: &str = "$dps/registrations/res/";

/// What the topic of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub status: u16,
    pub request_id: &'a str,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// Reads the topic of an answer; `None` for any other.
pub(super) fn route(topic: &str) -> Option<Route<'_>> {
    let (status, query) = topic.strip_prefix(PREFIX)?.split_once('/')?;
    let parameter = |name: &str| {
        let pairs = query.trim_start_matches('?').split('&');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    };
    Some(Route {
        status: status.parse().ok()?,
        request_id: parameter("$rid")?,
        retry_after: parameter("retry-after").and_then(|seconds| seconds.parse().ok()),
    })
}

/// How the service answers a request that it has understood.
#[derive(Debug)]
pub(super) enum Progress {
    /// It is over: with the result as JSON text, or with why there is none.
    Ended(Result<String, Error>),
    /// It goes on. The service knows the registration by this, if it says so.
    Assigning(Option<String>),
}

/// Reads the body of an answer with a status below 300.
///
/// # Errors
///
/// One that is not JSON.
pub(super) fn progress(status: u16, body: &[u8]) -> Result<Progress, Error> {
    let json = json::text(body)?;
    Ok(match json::text_of(&json, "status").as_deref() {
        Some("assigned") => Progress::Ended(Assignment::of(&json).map(|_| json)),
        Some(word @ ("failed" | "disabled")) => {
            Progress::Ended(Err(failures::not_assigned(status, word, &json)))
        }
        _ => Progress::Assigning(json::text_of(&json, "operationId").map(Into::into)),
    })
}

/// The hub that a device was assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The host name of the hub.
    pub hostname: String,
    /// Its name there.
    pub device_id: String,
}

impl Assignment {
    /// Reads the result of a registration.
    ///
    /// # Errors
    ///
    /// A hub that speaks a protocol other than that of this client, or a result without a hub.
    pub fn of(result: &str) -> Result<Self, Error> {
        let state = json::member(result, "registrationState").unwrap_or_default();
        let text = |name| json::text_of(state, name);
        if let Some(profile) = text("connectionProfile")
            && profile != "classic"
        {
            return Err(failures::other_protocol(&profile));
        }
        match (text("assignedHub"), text("deviceId")) {
            (Some(hostname), Some(device_id)) => {
                Ok(Self { hostname: hostname.into(), device_id: device_id.into() })
            }
            _ => Err(failures::not_understood("assigns no hub")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_hub_of_another_protocol_is_no_hub_for_this_client() {
        let result = |profile: &str| {
            format!(r#"{{"registrationState":{{"assignedHub":"h","deviceId":"d"{profile}}}}}"#)
        };
        let expected = Ok(Assignment { hostname: "h".into(), device_id: "d".into() });
        for profile in ["", r#","connectionProfile":null"#, r#","connectionProfile":"classic""#] {
            assert_eq!(Assignment::of(&result(profile)), expected);
        }
        let error = Assignment::of(&result(r#","connectionProfile":"mqttV5""#)).unwrap_err();
        assert!(error.message().contains("mqttV5"), "{error}");
        for result in ["{}", r#"{"registrationState":{"deviceId":"d"}}"#, "[]"] {
            assert!(Assignment::of(result).is_err(), "{result}");
        }
    }
}
