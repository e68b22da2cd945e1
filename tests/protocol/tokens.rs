//! Clients whose tokens are created elsewhere: passed once and updated, or returned by a function.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use iothub_device_client::protocol::{
    Client, ConnectionState, ErrorKind, Event, OperationId, Reply,
};

use crate::harness::{Harness, KEY, START_UNIX};
use crate::hub::{Sent, suback};

fn token_for(resource: &str, expires_after: u64) -> String {
    let key = SharedAccessKey::from_base64(KEY).unwrap();
    key.sign(resource, START_UNIX + expires_after, None).expose().into()
}

fn token(expires_after: u64) -> String {
    token_for("hub.example/devices/dev", expires_after)
}

/// A client with a token, whose user is notified when it needs a new one.
fn with_token(expires_after: u64) -> Harness {
    let (token, _) = SasToken::parse(&token(expires_after)).unwrap();
    let mut h = Harness::with_credentials(Credentials::SasToken(token), Options::default());
    let now = h.now();
    h.client.can_ask_for_token(now, true);
    h
}

fn with_function() -> Harness {
    Harness::with_credentials(Credentials::TokenFunction, Options::default())
}

fn connected(mut h: Harness) -> Harness {
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.result(connect), Ok(Reply::Done));
    h
}

fn update(h: &mut Harness, token: &str) -> OperationId {
    h.call(|client, now| client.update_sas_token(now, token))
}

fn provide(h: &mut Harness, token: &str) {
    let now = h.now();
    h.client.provide_token(now, token).unwrap();
    h.run();
}

/// How often the client requested a token from the user.
fn asked(h: &Harness) -> usize {
    h.events.iter().filter(|event| matches!(event, Event::SasTokenRequired)).count()
}

fn passwords(h: &Harness) -> Vec<&str> {
    h.hub
        .log
        .iter()
        .filter_map(|(_, sent)| match sent {
            Sent::Connect { password, .. } => Some(password.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_new_token_is_requested_120_seconds_before_the_expiry_and_again_until_it_arrives() {
    let mut h = connected(with_token(3600));
    h.advance_secs(3600 - 120 - 2);
    assert_eq!(asked(&h), 0);
    h.advance_secs(2);
    assert_eq!(asked(&h), 1);
    h.advance_secs(7);
    assert_eq!(asked(&h), 1);
    h.advance_secs(3);
    assert_eq!(asked(&h), 2, "after connectionRetryInterval");
    assert_eq!(h.hub.connections, 1, "the old token is good for some time yet");
    update(&mut h, &token(7200));
    h.advance_secs(1000);
    assert_eq!(asked(&h), 2);
}

#[test]
fn a_token_that_expires_in_two_months_is_requested_in_time() {
    let two_months = 60 * 24 * 3600;
    let mut h = connected(with_token(two_months));
    h.sleep(Duration::from_secs(two_months - 130));
    h.advance_secs(5);
    assert_eq!(asked(&h), 0);
    h.advance_secs(5);
    assert_eq!(asked(&h), 1);
}

#[test]
fn with_less_than_120_seconds_left_a_token_is_requested_immediately() {
    let h = connected(with_token(60));
    assert_eq!(asked(&h), 1);
}

#[test]
fn an_update_settles_when_the_client_has_reconnected_with_the_new_token() {
    let mut h = connected(with_token(3600));
    h.subscribe(Feature::Methods);
    h.run();
    h.hub.script.withhold_suback = true;
    let new = token(7200);
    let updated = update(&mut h, &new);
    h.run();
    assert_eq!(passwords(&h).last(), Some(&new.as_str()));
    assert!(!h.is_settled(updated), "the subscriptions are part of the connection");
    h.receive(&suback(2, true));
    assert_eq!(h.result(updated), Ok(Reply::Done));
    assert_eq!(h.state_changes(), [true], "a renewal is no change");
}

#[test]
fn an_update_without_a_connection_does_not_connect() {
    let mut h = with_token(3600);
    let updated = update(&mut h, &token(7200));
    h.run();
    assert_eq!(h.result(updated), Ok(Reply::Done));
    assert!(h.urls.is_empty());
    let h = connected(h);
    assert_eq!(passwords(&h), [token(7200)]);
}

#[test]
fn an_update_to_the_token_in_use_settles_immediately() {
    let mut h = connected(with_token(3600));
    let updated = update(&mut h, &token(3600));
    h.run();
    assert_eq!(h.result(updated), Ok(Reply::Done));
    assert_eq!(h.hub.connections, 1);
}

#[test]
fn an_update_that_the_hub_refuses_says_so() {
    let mut h = connected(with_token(3600));
    h.hub.script.connack = Some(mqttrs::ConnectReturnCode::NotAuthorized);
    let updated = update(&mut h, &token(7200));
    h.run();
    assert_eq!(h.result(updated), Err(ErrorKind::Credential));
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    assert_eq!(h.state_changes(), [true, false]);
}

#[test]
fn an_update_while_connecting_uses_the_new_token() {
    let mut h = with_token(3600);
    h.slow_open = true;
    let connect = h.call(Client::connect);
    h.run();
    h.slow_open = false;
    let updated = update(&mut h, &token(7200));
    h.run();
    assert_eq!((h.result(connect), h.result(updated)), (Ok(Reply::Done), Ok(Reply::Done)));
    assert_eq!(passwords(&h), [token(7200)]);
}

#[test]
fn a_wrong_token_is_refused_and_the_old_one_kept() {
    let mut h = connected(with_token(3600));
    for wrong in [
        "nonsense".to_owned(),
        token_for("hub.example/devices/other", 7200),
        token_for("other.example/devices/dev", 7200),
        token_for("hub.example/devices/dev/modules/m", 7200),
        token(0),
    ] {
        let refused = h.try_call(|client, now| client.update_sas_token(now, &wrong));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument, "{wrong}");
    }
    h.run();
    assert_eq!(h.hub.connections, 1);
    h.drop_connection();
    h.advance_secs(20);
    assert_eq!(passwords(&h), [token(3600), token(3600)]);
}

#[test]
fn only_a_client_with_a_token_accepts_another() {
    for mut h in [Harness::new(), with_function()] {
        let refused = h.try_call(|client, now| client.update_sas_token(now, &token(7200)));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Client);
    }
}

#[test]
fn an_expired_token_is_not_dialled_and_calls_wait_for_the_next() {
    let mut h = with_token(3600);
    h.advance_secs(4000);
    let message = h.send("a");
    h.run();
    assert_eq!((asked(&h), h.urls.len()), (1, 0));
    h.advance_secs(59);
    assert!(!h.is_settled(message), "a user may take their time");
    let updated = update(&mut h, &token(9000));
    h.run();
    assert_eq!((h.result(message), h.result(updated)), (Ok(Reply::Done), Ok(Reply::Done)));
}

#[test]
fn an_expired_token_that_is_not_replaced_is_a_credential_error() {
    let mut h = with_token(3600);
    let now = h.now();
    h.client.can_ask_for_token(now, false);
    h.advance_secs(4000);
    let message = h.send("a");
    h.run();
    assert_eq!(h.result(message), Err(ErrorKind::Credential));
}

#[test]
fn a_connection_lost_after_the_expiry_waits_for_a_token() {
    let mut h = connected(with_token(3600));
    h.sleep(Duration::from_secs(5000));
    h.drop_connection();
    h.run();
    assert_eq!((asked(&h), h.hub.connections), (1, 1));
    h.advance_secs(1000);
    assert!((50..=100).contains(&asked(&h)), "{}", asked(&h));
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    update(&mut h, &token(9000));
    h.run();
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
}

#[test]
fn a_wait_for_a_token_ends_when_there_is_no_handler_left() {
    let mut h = with_token(3600);
    h.advance_secs(4000);
    let calls = [h.call(Client::connect), h.send("a")];
    h.run();
    let now = h.now();
    h.client.can_ask_for_token(now, false);
    h.run();
    assert!(calls.into_iter().all(|call| h.result(call) == Err(ErrorKind::Credential)));
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
}

#[test]
fn a_handler_that_provided_no_token_in_time_is_called_again_by_the_next_connect() {
    let mut h = connected(with_token(300));
    h.advance_secs(400);
    h.disconnect();
    h.run();
    let before = asked(&h);
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!((asked(&h), h.is_settled(connect)), (before + 1, false));
    update(&mut h, &token(9000));
    h.run();
    assert_eq!(h.result(connect), Ok(Reply::Done));
}

#[test]
fn updates_to_tokens_that_live_for_less_than_120_seconds_make_no_loop_of_reconnects() {
    let mut h = connected(with_token(300));
    for update_number in 1..=5 {
        h.advance_secs(10);
        let before = asked(&h);
        update(&mut h, &token(60 + update_number * 10));
        h.run();
        h.advance_secs(1);
        assert_eq!(asked(&h), before, "a token of a minute is not asked for again at once");
    }
    assert_eq!(h.hub.connections, 6);
}

#[test]
fn an_update_lets_the_answer_to_a_method_leave_by_the_old_connection() {
    let mut h = connected(with_token(3600));
    h.subscribe(Feature::Methods);
    h.run();
    h.deliver("$iothub/methods/POST/m/?$rid=1", "");
    let updated = update(&mut h, &token(7200));
    h.advance_secs(5);
    assert_eq!((h.hub.connections, h.is_settled(updated)), (1, false));
    let response = h.call(|client, now| client.send_method_response(now, "1", 200, "null".into()));
    h.run();
    assert_eq!(h.result(response), Ok(Reply::Done));
    assert_eq!(h.hub.published_on(1).len(), 1);
    assert_eq!((h.hub.connections, h.result(updated)), (2, Ok(Reply::Done)));
}

#[test]
fn a_call_waits_for_a_token_no_longer_than_operation_timeout_and_a_timer_is_armed_all_the_time() {
    let mut h = with_token(3600);
    h.advance_secs(4000);
    let calls = [h.call(Client::connect), h.send("a")];
    h.run();
    for second in 0..60 {
        assert_eq!(asked(&h), 1 + second / 10);
        assert!(h.next_timeout().is_some(), "a process without timers would end");
        h.advance_secs(1);
    }
    assert!(calls.into_iter().all(|call| h.result(call) == Err(ErrorKind::OperationTimeout)));
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    assert_eq!(h.next_timeout(), None);
}

#[test]
fn a_connection_that_waits_for_a_token_lets_calls_time_out_and_comes_back_with_one() {
    let mut h = connected(with_token(3600));
    h.sleep(Duration::from_secs(5000));
    h.drop_connection();
    let message = h.send("a");
    h.advance_secs(60);
    assert_eq!(h.result(message), Err(ErrorKind::OperationTimeout));
    let later = h.send("b");
    h.advance_secs(20);
    update(&mut h, &token(9000));
    h.run();
    assert_eq!(h.result(later), Ok(Reply::Done));
    assert_eq!(h.hub.bodies_on(2), [(false, "b")]);
}

#[test]
fn disconnect_ends_the_wait_for_a_token() {
    let mut h = with_token(3600);
    h.advance_secs(4000);
    let connect = h.call(Client::connect);
    h.run();
    let disconnect = h.disconnect();
    h.run();
    assert_eq!(h.result(connect), Err(ErrorKind::OperationCancelled));
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    assert_eq!(h.client.next_timeout(), None);
}

#[test]
fn a_function_is_called_before_the_first_connection_and_again_at_80_percent() {
    let mut h = with_function();
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!((asked(&h), h.urls.len()), (1, 0));
    provide(&mut h, &token(101));
    assert_eq!(h.result(connect), Ok(Reply::Done));
    h.advance_secs(70);
    assert_eq!(asked(&h), 1);
    h.advance_secs(15);
    assert_eq!(asked(&h), 2);
    provide(&mut h, &token(4000));
    assert_eq!(passwords(&h), [token(101), token(4000)]);
    assert_eq!(h.state_changes(), [true]);
}

#[test]
fn a_function_that_fails_at_first_fails_the_connect_and_is_called_again_by_the_next() {
    let mut h = with_function();
    let connect = h.call(Client::connect);
    h.run();
    let now = h.now();
    h.client.token_unavailable(now);
    h.run();
    assert_eq!(h.result(connect), Err(ErrorKind::NoToken));
    let again = h.call(Client::connect);
    h.run();
    assert_eq!(asked(&h), 2);
    provide(&mut h, &token(3600));
    assert_eq!(h.result(again), Ok(Reply::Done));
}

#[test]
fn a_function_that_fails_while_reconnecting_is_called_again_later() {
    let mut h = with_function();
    h.call(Client::connect);
    h.run();
    provide(&mut h, &token(100));
    h.sleep(Duration::from_secs(200));
    h.drop_connection();
    h.run();
    assert_eq!(asked(&h), 2);
    let message = h.send("waits");
    let now = h.now();
    h.client.token_unavailable(now);
    h.advance_secs(13);
    assert_eq!(asked(&h), 3, "after the retry interval");
    provide(&mut h, &token(9000));
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn the_pause_after_a_function_that_failed_is_not_measured_on_the_wall_clock() {
    let mut h = with_function();
    h.call(Client::connect);
    h.run();
    provide(&mut h, &token(3600));
    h.set_wall_clock(90_000);
    h.run();
    assert_eq!(asked(&h), 2);
    let now = h.now();
    h.client.token_unavailable(now);
    h.run();
    h.set_wall_clock(-90_000);
    h.advance_secs(3580);
    assert_eq!(asked(&h), 3, "in time before the expiry");
}

#[test]
fn a_token_that_may_expire_on_its_way_to_the_hub_is_replaced_first() {
    let mut h = with_function();
    h.call(Client::connect);
    h.run();
    provide(&mut h, &token(3600));
    h.sleep(Duration::from_secs(3595));
    assert_eq!(asked(&h), 2);
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 1, "the hub would refuse it, which ends all retries");
    provide(&mut h, &token(7200));
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_short_lived_token_of_a_function_is_still_used() {
    let mut h = with_function();
    let connect = h.call(Client::connect);
    h.run();
    provide(&mut h, &token(4));
    assert_eq!((h.result(connect), asked(&h)), (Ok(Reply::Done), 1));
}

#[test]
fn a_function_that_never_answers_is_a_failed_attempt_after_sixty_seconds() {
    let mut h = with_function();
    let connect = h.call(Client::connect);
    h.advance_secs(60);
    assert_eq!(h.result(connect), Err(ErrorKind::ConnectionFailed));
    let message = h.error(connect).message();
    assert!(message.contains("60 seconds"), "{message}");
    assert!(!message.contains("onBackgroundException"), "there is no error: {message}");
}

#[test]
fn the_token_in_use_given_again_changes_no_connection() {
    let mut h = with_function();
    h.call(Client::connect);
    h.run();
    provide(&mut h, &token(3600));
    provide(&mut h, &token(3600));
    assert_eq!(h.hub.connections, 1);
    provide(&mut h, &token(3601));
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_wrong_token_of_a_function_is_a_failure_too() {
    let mut h = with_function();
    let connect = h.call(Client::connect);
    h.run();
    let now = h.now();
    let refused = h.client.provide_token(now, &token_for("hub.example/devices/other", 3600));
    h.run();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(h.result(connect), Err(ErrorKind::NoToken));
}

#[test]
fn a_clock_that_is_ahead_is_named_with_how_far_the_expiry_is_behind_it() {
    let hour_ago = "expired 3600 seconds ago by this machine's clock";
    for mut h in [with_function(), with_token(9000)] {
        h.set_wall_clock(7200);
        let now = h.now();
        let refused = match h.try_call(|client, now| client.update_sas_token(now, &token(3601))) {
            Err(error) if error.kind() == ErrorKind::InvalidArgument => error,
            _ => h.client.provide_token(now, &token(3601)).unwrap_err(),
        };
        assert!(refused.message().contains(hour_ago), "{refused}");
        assert!(refused.message().contains("check the clock"), "{refused}");
    }
    let mut h = with_token(3601);
    let now = h.now();
    h.client.can_ask_for_token(now, false);
    h.set_wall_clock(7200);
    let message = h.send("a");
    h.run();
    assert!(h.error(message).message().contains(hour_ago), "{}", h.error(message));
}

#[test]
fn a_certificate_needs_no_password_and_no_query() {
    let h = connected(Harness::with_credentials(Credentials::X509, Options::default()));
    assert_eq!(passwords(&h), [""]);
    assert_eq!(h.urls, ["wss://hub.example/$iothub/websocket"]);
}

#[test]
fn a_first_connection_outlives_a_withdrawn_update() {
    let mut h = with_token(600);
    h.slow_open = true;
    h.subscribe(Feature::Methods);
    h.run();
    h.client.unsubscribe(Feature::Methods);
    let updated = update(&mut h, &token(7200));
    let now = h.now();
    h.client.withdraw(now, updated);
    h.run();
    assert_eq!(h.result(updated), Err(ErrorKind::OperationCancelled));
    assert_eq!(h.client.connection_state(), ConnectionState::Connecting);
}
