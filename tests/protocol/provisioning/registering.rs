//! The requests, and what follows from the responses.

use iothub_device_client::protocol::ErrorKind;
use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::provisioning::{Assignment, Registrant};

use super::harness::{Harness, key};
use super::service::{ASSIGNING, Answer, RESULT};
use crate::packets::Sent;

/// A service that responds to the first request immediately.
fn answered(status: u16, body: &str) -> Harness {
    let mut harness = Harness::new();
    harness.service.script.push_back(Answer::new(status, None, body));
    harness
}

#[test]
fn a_device_is_registered_as_the_documentation_says() {
    let mut harness = Harness::new();
    let operation = harness.register();
    harness.advance_secs(3);
    harness.assert_assigned(operation);
    assert_eq!(harness.urls, ["wss://dps.example/$iothub/websocket"]);
    let sent: Vec<_> = harness.service.log.iter().map(|(_, sent)| sent).collect();
    let [Sent::Connect { client_id, user_name, password, clean_session, .. }, subscribe, ..] =
        sent.as_slice()
    else {
        panic!("{sent:?}")
    };
    assert_eq!(client_id, "dev");
    let expected =
        "0ne1/registrations/dev/api-version=2019-03-31&ClientVersion=agent%2F1%28test%29";
    assert_eq!(user_name, expected);
    assert!(password.starts_with("SharedAccessSignature sr=0ne1%2Fregistrations%2Fdev&sig="));
    assert!(password.ends_with("&se=1700003601&skn=registration"), "{password}");
    assert!(clean_session);
    assert!(
        matches!(subscribe, Sent::Subscribe { filters, .. } if filters == &["$dps/registrations/res/#"])
    );
    assert_eq!(
        harness.service.requests(),
        [
            "$dps/registrations/PUT/iotdps-register/?$rid=1",
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=4.op",
        ]
    );
    assert_eq!(harness.service.body(), r#"{"registrationId":"dev"}"#);
    assert!(matches!(sent.last(), Some(Sent::Disconnect)));
    // Each response is acknowledged.
    assert_eq!(sent.iter().filter(|sent| matches!(sent, Sent::Puback(_))).count(), 2);
    let assigned = Assignment::of(RESULT).unwrap().identity;
    assert_eq!((&*assigned.hostname, &*assigned.device_id), ("hub.example", "dev"));
}

#[test]
fn a_payload_crosses_whole_both_ways() {
    let mut harness = Harness::new();
    let operation = harness.register_with(Some(r#"{"modelId":"dtmi:a;1","ü":"\u00e4"}"#), None);
    harness.advance_secs(3);
    assert_eq!(
        harness.service.body(),
        r#"{"registrationId":"dev","payload":{"modelId":"dtmi:a;1","ü":"\u00e4"}}"#
    );
    assert!(harness.result(operation).contains("日本"));
}

#[test]
fn a_service_that_assigns_immediately_is_not_polled() {
    let mut harness = answered(200, RESULT);
    let operation = harness.register();
    harness.assert_assigned(operation);
    assert_eq!(harness.service.requests().len(), 1);
}

#[test]
fn a_registrar_registers_any_number_of_times_but_one_at_a_time() {
    let mut harness = Harness::new();
    for round in 1..=3 {
        let operation = harness.register();
        let now = harness.now();
        let error = harness.registrar.register(now, None, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Client);
        assert!(error.message().contains("already running"), "{error}");
        harness.advance_secs(3);
        harness.assert_assigned(operation);
        assert_eq!(harness.service.registrations(), round);
        assert_eq!(harness.service.connections, round);
    }
}

#[test]
fn failed_and_disabled_are_errors_with_the_result() {
    for (word, state, expected) in [
        (
            "failed",
            r#"{"errorCode":400207,"errorMessage":"Custom allocation failed"}"#,
            (Some(400), Some("400207"), "Custom allocation failed"),
        ),
        ("disabled", "{}", (Some(200), None, "is disabled")),
    ] {
        let body =
            format!(r#"{{"operationId":"4.op","status":"{word}","registrationState":{state}}}"#);
        let mut harness = answered(200, &body);
        let operation = harness.register();
        harness.assert_failed(operation, ErrorKind::Service, expected.2);
        let error = harness.error(operation);
        assert_eq!((error.status(), error.code()), (expected.0, expected.1));
        assert_eq!(error.result(), Some(&*body));
    }
}

#[test]
fn an_error_says_what_the_service_says() {
    let body = r#"{"errorCode":404201,"trackingId":"t-1","message":"Not found ä."}"#;
    let mut harness = answered(404, body);
    let operation = harness.register();
    harness.assert_failed(operation, ErrorKind::Service, "Not found ä.");
    let error = harness.error(operation);
    assert_eq!((error.status(), error.code()), (Some(404), Some("404201")));
    assert_eq!(error.tracking_id(), Some("t-1"));
    assert_eq!(harness.service.requests().len(), 1);
}

#[test]
fn a_refused_login_is_the_same_error_wherever_it_shows() {
    let body = r#"{"errorCode":401002,"trackingId":"t","message":"Unauthorized"}"#;
    let mut harness = answered(401, body);
    let operation = harness.register();
    harness.assert_failed(operation, ErrorKind::Credential, "refused the login (status 401)");
    let cause = harness.error(operation).cause().expect("what the service says");
    assert_eq!((cause.status(), cause.code()), (Some(401), Some("401002")));
    assert_eq!(cause.tracking_id(), Some("t"));

    let mut harness = Harness::new();
    harness.service.connack = mqttrs::ConnectReturnCode::NotAuthorized;
    let operation = harness.register();
    harness.assert_failed(operation, ErrorKind::Credential, "refused the login (CONNACK 5)");
}

#[test]
fn malformed_input_is_an_error() {
    for (body, part) in [("not JSON", "not JSON"), (r#"{"status":"assigning"}"#, "no operationId")]
    {
        let mut harness = answered(200, body);
        let operation = harness.register();
        harness.assert_failed(operation, ErrorKind::Client, part);
    }
}

#[test]
fn a_hub_that_this_client_cannot_use_fails_with_the_result() {
    for (state, part) in [
        ("{}", "the hostname is empty"),
        (r#"{"assignedHub":"a/b","deviceId":"d"}"#, "the hostname must not contain '/'"),
        (
            r#"{"assignedHub":"h","deviceId":"d","connectionProfile":"mqttV5"}"#,
            "speaks another protocol (connectionProfile mqttV5)",
        ),
    ] {
        let body = format!(r#"{{"status":"assigned","registrationState":{state}}}"#);
        let mut harness = answered(200, &body);
        let operation = harness.register();
        harness.assert_failed(operation, ErrorKind::Service, part);
        assert_eq!(harness.error(operation).result(), Some(&*body));
    }
}

#[test]
fn an_answer_to_another_request_changes_nothing() {
    let mut harness = Harness::new();
    harness.service.script.push_back(Answer::Withheld);
    let operation = harness.register();
    for topic in ["$rid=7", "$rid=0"] {
        let bytes = harness.service.publish(topic, 200, None, RESULT);
        harness.receive(&bytes);
        assert!(!harness.is_settled(operation));
    }
    let bytes = harness.service.publish("$rid=1", 202, Some(5), ASSIGNING);
    harness.receive(&bytes);
    // The same again: only the first one counts.
    let bytes = harness.service.publish("$rid=1", 404, None, "{}");
    harness.receive(&bytes);
    harness.advance_secs(5);
    harness.assert_assigned(operation);
}

#[test]
fn invalid_names_are_refused_before_anything_is_sent() {
    let long = "a".repeat(129);
    for (host, scope, id, part) in [
        ("", "s", "i", "provisioning host is empty"),
        ("h/x", "s", "i", "must not contain '/'"),
        ("h", "", "i", "id scope is empty"),
        ("h", "0ne&", "i", "must not contain '&'"),
        ("h", "s", "", "registration id is empty"),
        ("h", "s", "a b", "must not contain ' '"),
        ("h", "s", "a/b", "must not contain '/'"),
        ("h", "s", "a.", "and end with"),
        ("h", "s", &long, "at most 128"),
    ] {
        let error = Registrant::new(host, scope, id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(part), "{error}");
    }
    assert!(Registrant::new("h", "s", "A-b.c_d:1-").is_ok());
}

#[test]
fn the_options_say_what_is_dialled() {
    let endpoint = Some("ws://localhost:1/$iothub/websocket".to_owned());
    let mut harness = Harness::with(key(), &Options { endpoint, ..Options::default() });
    harness.register();
    let gateway_hostname = Some("gateway:8443".to_owned());
    let mut other = Harness::with(key(), &Options { gateway_hostname, ..Options::default() });
    other.register();
    assert_eq!(harness.urls, ["ws://localhost:1/$iothub/websocket"]);
    assert_eq!(other.urls, ["wss://gateway:8443/$iothub/websocket"]);
}
