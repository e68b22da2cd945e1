//! A client that gets its hub from the provisioning service: when it registers, and when again.

use std::time::Duration;

use iothub_device_client::protocol::client::{Config, ConnectionRetry, Feature, Options};
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::SharedAccessKey;
use iothub_device_client::protocol::{
    Activity, Client, ConnectionState, Error, ErrorKind, Event, Input, OperationId, Reply,
};
use mqttrs::ConnectReturnCode;

use super::harness::{key, registrant};
use super::service::{Answer, RESULT};
use crate::harness::{Harness, KEY, START_UNIX};
use crate::packets::Sent;

const HUB: &str = "wss://hub.example/$iothub/websocket?iothub-no-client-cert=true";
const SERVICE: &str = "wss://dps.example/$iothub/websocket";

fn with(credentials: Credentials, options: Options, payload: Option<&str>) -> Harness {
    let config = Config::provisioned(registrant(), credentials, "agent/1(test)", &options, payload);
    Harness::of(config.expect("valid options"))
}

fn provisioned() -> Harness {
    with(key(), Options::default(), None)
}

/// A client that was registered and connected, long ago.
fn connected() -> Harness {
    let mut harness = provisioned();
    let connect = connect(&mut harness);
    harness.advance_secs(3);
    assert_eq!(harness.result(connect), Ok(Reply::Done));
    harness.advance_secs(1_000);
    harness
}

fn connect(harness: &mut Harness) -> OperationId {
    let operation = harness.call(Client::connect);
    harness.run();
    operation
}

/// The hub refuses the login from now on.
fn refuse(harness: &mut Harness) {
    harness.hub.script.connack = Some(ConnectReturnCode::NotAuthorized);
}

/// Lets time pass until `done`, and returns how much.
fn seconds_until(harness: &mut Harness, done: impl Fn(&Harness) -> bool) -> u64 {
    for seconds in 0..10_000 {
        if done(harness) {
            return seconds;
        }
        harness.advance_secs(1);
    }
    panic!("it does not happen");
}

#[test]
fn it_registers_with_its_first_connection_and_keeps_the_hub() {
    let mut harness = provisioned();
    assert!(harness.urls.is_empty());
    let operation = connect(&mut harness);
    assert_eq!(harness.client.connection_state(), ConnectionState::Connecting);
    assert_eq!(harness.client.activity(), Some(Activity::Registering));
    assert_eq!(harness.client.resource(), "dps.example/devices/dev");
    harness.advance_secs(3);
    assert_eq!(harness.result(operation), Ok(Reply::Done));
    assert_eq!(harness.urls, [SERVICE, HUB]);
    assert_eq!(harness.client.resource(), "hub.example/devices/dev");
    let Sent::Connect { user_name, password, .. } = harness.hub.on_connection(1)[0] else {
        panic!("CONNECT comes first")
    };
    assert!(user_name.starts_with("hub.example/dev/?api-version="), "{user_name}");
    assert!(password.contains("sr=hub.example%2Fdevices%2Fdev&"), "{password}");
    assert!(!password.contains("skn="), "{password}");

    harness.disconnect();
    harness.run();
    connect(&mut harness);
    harness.drop_connection();
    harness.advance_secs(20);
    assert_eq!(harness.urls, [SERVICE, HUB, HUB, HUB]);
    assert!(harness.background().iter().all(|kind| *kind == ErrorKind::ConnectionDropped));
}

#[test]
fn earlier_calls_wait_and_reach_the_assigned_device() {
    let mut harness = provisioned();
    harness.service.script = [Answer::assigned_to("hub.example", "other")].into();
    harness.subscribe(Feature::Messages);
    let message = harness.send("early");
    let twin = harness.call(Client::get_twin);
    harness.run();
    assert_eq!(harness.result(message), Ok(Reply::Done));
    assert!(matches!(harness.result(twin), Ok(Reply::Twin(_))));
    assert!(harness.hub.subscribed_on(1).contains(&"devices/other/messages/devicebound/#"));
    let topics: Vec<_> = harness.hub.publishes().map(|(_, _, topic, _)| topic).collect();
    assert!(topics.contains(&"devices/other/messages/events/"), "{topics:?}");
    harness.deliver("devices/other/messages/devicebound/", "hello");
    harness.client.take_messages(true);
    harness.run();
    assert_eq!(harness.messages(), ["hello"]);
}

#[test]
fn the_model_id_is_sent_to_the_service_and_to_the_hub() {
    for (payload, expected) in [
        (None, r#"{"modelId":"dtmi:a;1"}"#),
        (Some("{}"), r#"{"modelId":"dtmi:a;1"}"#),
        (Some(r#"{"site":"ä"}"#), r#"{"modelId":"dtmi:a;1","site":"ä"}"#),
        (Some(r#"{"modelId":"dtmi:b;1"}"#), r#"{"modelId":"dtmi:b;1"}"#),
    ] {
        let options = Options { model_id: Some("dtmi:a;1".into()), ..Options::default() };
        let mut harness = with(key(), options, payload);
        connect(&mut harness);
        harness.advance_secs(3);
        let body = format!(r#"{{"registrationId":"dev","payload":{expected}}}"#);
        assert_eq!(harness.service.body(), body);
        let Sent::Connect { user_name, .. } = harness.hub.on_connection(1)[0] else {
            panic!("CONNECT comes first")
        };
        assert!(user_name.ends_with("&model-id=dtmi%3Aa%3B1"), "{user_name}");
    }
}

#[test]
fn a_hub_that_does_not_know_the_device_yet_is_retried_for_a_minute() {
    let mut harness = provisioned();
    refuse(&mut harness);
    let operation = connect(&mut harness);
    harness.advance_secs(3 + 40);
    assert!(!harness.is_settled(operation));
    let attempts = harness.hub.connections;
    assert!((4..=7).contains(&attempts), "pauses that grow: {attempts} attempts");
    harness.hub.script.connack = None;
    harness.advance_secs(40);
    assert_eq!(harness.result(operation), Ok(Reply::Done));
    assert_eq!(harness.service.registrations(), 1);
    assert!(harness.background().is_empty(), "all of it was one attempt");
}

#[test]
fn a_hub_that_refuses_for_longer_fails_the_call_and_registrations_are_apart() {
    let mut harness = provisioned();
    refuse(&mut harness);
    let first = connect(&mut harness);
    let took = seconds_until(&mut harness, |harness| harness.is_settled(first));
    assert!((60..=150).contains(&took), "{took} s");
    assert_eq!(harness.result(first), Err(ErrorKind::Credential));
    assert_eq!(harness.client.connection_state(), ConnectionState::Disconnected);
    // The next call tries the known hub, unless it is time to register again.
    harness.advance_secs(200);
    let second = connect(&mut harness);
    assert_eq!(harness.client.activity(), Some(Activity::Registering));
    harness.advance_secs(3);
    assert_eq!(harness.service.registrations(), 2);
    let took = seconds_until(&mut harness, |harness| harness.is_settled(second));
    let third = connect(&mut harness);
    assert!(took < 150 && harness.is_settled(third), "too early for a third registration");
    assert_eq!(harness.result(third), Err(ErrorKind::Credential));
    assert_eq!(harness.service.registrations(), 2);
}

#[test]
fn a_device_that_was_moved_gets_its_new_hub_immediately() {
    let mut harness = connected();
    let version = r#"{"desired":{"$version":9},"reported":{"$version":1}}"#;
    harness.hub.script.twin = version.into();
    harness.subscribe(Feature::DesiredProperties);
    harness.run();
    assert_eq!(harness.desired_properties().len(), 1);
    refuse(&mut harness);
    harness.service.script = [Answer::assigned_to("second.example", "dev")].into();
    harness.drop_connection();
    harness.hub.script.twin = r#"{"desired":{"$version":2},"reported":{"$version":1}}"#.into();
    harness.run();
    // It was refused by the old hub, registered, and is refused by the new one, for a moment.
    let urls: Vec<_> = harness.urls.iter().skip(2).map(String::as_str).collect();
    let second = HUB.replace("hub.example", "second.example");
    assert_eq!(urls, [HUB, SERVICE, &second]);
    harness.hub.script.connack = None;
    harness.advance_secs(2);
    assert_eq!(harness.client.connection_state(), ConnectionState::Connected);
    assert_eq!(harness.client.resource(), "second.example/devices/dev");
    assert_eq!(harness.service.registrations(), 2);
    // Versions are those of another twin.
    assert_eq!(harness.desired_properties().len(), 2);
    assert_eq!(harness.state_changes(), [true, false, true]);
}

#[test]
fn registrations_that_lead_to_no_connection_are_further_and_further_apart() {
    let mut harness = connected();
    refuse(&mut harness);
    harness.drop_connection();
    harness.run();
    let mut apart = Vec::new();
    for count in 2..=5 {
        let done = |harness: &Harness| harness.service.registrations() == count;
        apart.push(seconds_until(&mut harness, done));
    }
    assert_eq!(apart[0], 0);
    // A little more than the interval, because a registration begins with an attempt to connect.
    for (seconds, spacing) in apart[1..].iter().zip([120, 240, 480]) {
        assert!((spacing * 8 / 10..spacing * 12 / 10 + 370).contains(seconds), "{apart:?}");
    }
    harness.hub.script.connack = None;
    let is_up = |h: &Harness| h.client.connection_state() == ConnectionState::Connected;
    seconds_until(&mut harness, is_up);
    // The next loss starts from the beginning.
    harness.advance_secs(1_000);
    refuse(&mut harness);
    let before = harness.service.registrations();
    harness.drop_connection();
    harness.run();
    assert_eq!(harness.service.registrations(), before + 1);
}

#[test]
fn a_service_that_never_assigns_is_polled_less_and_less_often() {
    let connection_retry = Some(ConnectionRetry::Always);
    let mut harness = with(key(), Options { connection_retry, ..Options::default() }, None);
    harness.service.script = vec![Answer::assigning(5); 1_000].into();
    connect(&mut harness);
    let mut apart = Vec::new();
    for count in 2..=4 {
        let done = |harness: &Harness| harness.service.registrations() == count;
        apart.push(seconds_until(&mut harness, done));
    }
    // The two minutes that a registration may take, and the pause after it.
    for (seconds, pause) in apart.iter().zip([120, 240, 480]) {
        assert!((120 + pause * 8 / 10..=125 + pause * 12 / 10).contains(seconds), "{apart:?}");
    }
}

#[test]
fn ten_attempts_that_reach_a_server_lead_to_a_registration_and_being_offline_does_not() {
    let mut harness = connected();
    harness.refuse_sockets = true;
    harness.drop_connection();
    harness.advance_secs(10_000);
    assert!(harness.urls.len() > 100);
    assert_eq!(harness.service.registrations(), 1);
    harness.refuse_sockets = false;
    harness.hub.script.connack = Some(ConnectReturnCode::ServerUnavailable);
    let before = harness.hub.connections;
    seconds_until(&mut harness, |harness| harness.service.registrations() == 2);
    assert_eq!(harness.hub.connections - before, 10);
}

#[test]
fn a_registration_that_fails_is_reported_with_the_result() {
    let mut harness = provisioned();
    let body = r#"{"operationId":"4.op","status":"disabled","registrationState":{}}"#;
    harness.service.script = [Answer::new(200, None, body)].into();
    let (message, operation) = (harness.send("x"), connect(&mut harness));
    for call in [message, operation] {
        assert_eq!(harness.result(call), Err(ErrorKind::Service));
        assert_eq!(harness.error(call).result(), Some(body));
    }
    assert!(!harness.has_socket());
    // The next call registers again.
    let operation = connect(&mut harness);
    harness.advance_secs(3);
    assert_eq!(harness.result(operation), Ok(Reply::Done));
}

#[test]
fn a_service_that_cannot_be_reached_fails_the_first_call_or_is_retried_like_a_hub() {
    let mut harness = provisioned();
    harness.refuse_sockets = true;
    let operation = connect(&mut harness);
    assert_eq!(harness.result(operation), Err(ErrorKind::ConnectionFailed));

    let always = Options { connection_retry: Some(ConnectionRetry::Always), ..Options::default() };
    let mut harness = with(key(), always, None);
    harness.refuse_sockets = true;
    let operation = connect(&mut harness);
    harness.advance_secs(100);
    assert!(!harness.is_settled(operation) && harness.urls.len() > 5);
    harness.refuse_sockets = false;
    harness.advance_secs(20);
    assert_eq!(harness.result(operation), Ok(Reply::Done));
}

#[test]
fn a_registration_that_no_call_waits_for_ends_immediately() {
    for leaves in [
        (|harness, _| {
            harness.disconnect();
        }) as fn(&mut Harness, OperationId),
        |harness, _| {
            harness.shutdown();
        },
        |harness, _| harness.input(Input::Replaced),
        |harness, connect| {
            let now = harness.now();
            harness.client.withdraw(now, connect);
        },
    ] {
        for millis in [0, 1_000] {
            let mut harness = provisioned();
            harness.slow_open = millis == 0;
            let operation = connect(&mut harness);
            harness.advance(Duration::from_millis(millis));
            leaves(&mut harness, operation);
            harness.run();
            assert!(harness.is_settled(operation));
            assert!(!harness.has_socket());
            assert_eq!(harness.next_timeout(), None);
            assert_eq!(harness.client.connection_state(), ConnectionState::Disconnected);
        }
    }
}

#[test]
fn an_assignment_that_has_arrived_is_kept_although_no_call_waits_for_it() {
    let mut harness = provisioned();
    harness.service.script = [Answer::assigned()].into();
    harness.slow_close = true;
    let operation = connect(&mut harness);
    harness.slow_close = false;
    let now = harness.now();
    harness.client.withdraw(now, operation);
    harness.run();
    assert_eq!(harness.result(operation), Err(ErrorKind::OperationCancelled));
    assert_eq!(harness.urls, [SERVICE]);

    let again = connect(&mut harness);
    assert_eq!(harness.result(again), Ok(Reply::Done));
    assert_eq!(harness.urls, [SERVICE, HUB]);
}

#[test]
fn leaving_and_connecting_in_one_turn_registers_once() {
    let mut harness = provisioned();
    let first = connect(&mut harness);
    harness.disconnect();
    let second = connect(&mut harness);
    harness.advance_secs(3);
    assert_eq!(harness.result(first), Err(ErrorKind::OperationCancelled));
    assert_eq!(harness.result(second), Ok(Reply::Done));
    assert_eq!(harness.urls, [SERVICE, SERVICE, HUB]);
}

#[test]
fn a_function_is_called_for_both_tokens() {
    let mut harness = with(Credentials::TokenFunction, Options::default(), None);
    let operation = connect(&mut harness);
    let mut resources = Vec::new();
    for asked in 1..=2 {
        let is_request = |event: &&Event| matches!(event, Event::SasTokenRequired);
        assert_eq!(harness.events.iter().filter(is_request).count(), asked);
        let resource = harness.client.token_resource();
        let key = SharedAccessKey::from_base64(KEY).unwrap();
        let token = key.sign(&resource, START_UNIX + 3_600, None);
        let now = harness.now();
        harness.client.provide_token(now, token.expose()).expect("a good token");
        resources.push(resource);
        harness.advance_secs(3);
    }
    assert_eq!(resources, ["0ne1/registrations/dev", "hub.example/devices/dev"]);
    assert_eq!(harness.result(operation), Ok(Reply::Done));
}

#[test]
fn a_function_that_fails_fails_the_call() {
    let mut harness = with(Credentials::TokenFunction, Options::default(), None);
    let operation = connect(&mut harness);
    let now = harness.now();
    harness.client.token_unavailable(now);
    harness.run();
    assert_eq!(harness.result(operation), Err(ErrorKind::NoToken));

    let operation = connect(&mut harness);
    let now = harness.now();
    let wrong = harness.client.provide_token(now, "nonsense").map_err(|error| error.kind());
    assert_eq!(wrong, Err(ErrorKind::InvalidArgument));
    harness.run();
    assert_eq!(harness.result(operation), Err(ErrorKind::NoToken));
}

#[test]
fn files_can_be_uploaded_when_there_is_a_hub() {
    let mut harness = provisioned();
    let now = harness.now();
    let error = harness.client.storage_info_request(now, "a").unwrap_err();
    assert!(error.message().contains("call connect() first"), "{error}");
    let mut harness = connected();
    let now = harness.now();
    let url = harness.client.storage_info_request(now, "a").map(|request| request.url);
    assert!(url.is_ok_and(|url| url.starts_with("https://hub.example/devices/dev/files")));
}

#[test]
fn invalid_arguments_are_reported_immediately() {
    let provisioned = |options: Options| {
        Config::provisioned(registrant(), key(), "agent", &options, None).map(|_| ())
    };
    let wrong = [
        Options { keep_alive: Some(0.0), ..Options::default() },
        Options { websockets: Some(false), ..Options::default() },
        Options { connection_retry_interval: Some(-1.0), ..Options::default() },
        Options { endpoint: Some("ws://elsewhere/".into()), ..Options::default() },
    ];
    for options in wrong {
        let error: Error = provisioned(options).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::OutOfRange));
    }
}

/// A call that registers and needs no connection.
fn register(harness: &mut Harness) -> OperationId {
    let operation = harness.call(|client, now| client.register(now, Some("{}"), None));
    harness.run();
    operation
}

#[test]
fn a_client_can_register_without_connecting_to_a_hub() {
    let mut harness = provisioned();
    for round in 1..=2 {
        let operation = register(&mut harness);
        assert!(!harness.client.is_active(), "nothing is watched for it");
        let now = harness.now();
        let second = harness.client.register(now, None, Some(Duration::from_secs(1)));
        assert!(second.unwrap_err().message().contains("already running"));
        harness.advance_secs(3);
        assert_eq!(harness.result(operation), Ok(Reply::Registration(RESULT.into())));
        assert_eq!(harness.client.connection_state(), ConnectionState::Disconnected);
        assert_eq!(harness.next_timeout(), None);
        assert_eq!(harness.urls.len(), round);
    }
    assert!(harness.background().is_empty() && harness.state_changes().is_empty());
}

#[test]
fn a_registration_without_a_connection_can_be_withdrawn_and_can_fail() {
    let mut harness = provisioned();
    let operation = register(&mut harness);
    let now = harness.now();
    harness.client.withdraw(now, operation);
    harness.run();
    assert_eq!(harness.result(operation), Err(ErrorKind::OperationCancelled));
    assert!(!harness.has_socket());
    harness.service.script = [Answer::new(404, None, "{}")].into();
    let operation = register(&mut harness);
    assert_eq!(harness.result(operation), Err(ErrorKind::Service));
    assert_eq!(harness.client.connection_state(), ConnectionState::Disconnected);
    assert!(harness.background().is_empty());
}
