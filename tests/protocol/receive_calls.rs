//! The receive calls: what each subscribes to, waits for, and how it ends.

use iothub_device_client::protocol::client::{ConnectionRetry, Feature, Options};
use iothub_device_client::protocol::{Client, ErrorKind, Input, Reply};

use crate::harness::Harness;
use crate::hub::suback;

const TOPIC: &str = "devices/dev/messages/devicebound/";
const FEATURES: [Feature; 3] = [Feature::Messages, Feature::Methods, Feature::DesiredProperties];

/// Connected, with a subscription to messages but no receiver.
fn subscribed() -> Harness {
    let mut h = Harness::connected(Options::default());
    let call = h.receive_call(Feature::Messages, false);
    h.run();
    assert_eq!(h.result(call), Ok(Reply::Done));
    h
}

#[test]
fn a_call_connects_and_subscribes() {
    for feature in FEATURES {
        let mut h = Harness::new();
        h.receive_call(feature, true);
        h.run();
        assert!(!h.hub.subscribed_on(1).is_empty(), "{feature:?}");
    }
}

#[test]
fn a_non_blocking_call_settles_with_the_subscription() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_suback = true;
    let first = h.receive_call(Feature::Methods, false);
    h.run();
    assert!(!h.is_settled(first));
    h.receive(&suback(1, true));
    assert_eq!(h.result(first), Ok(Reply::Done));
    let second = h.receive_call(Feature::Methods, false);
    h.run();
    assert_eq!(h.result(second), Ok(Reply::Done));
    assert_eq!(h.hub.subscribed_on(1).len(), 1);
}

#[test]
fn a_call_that_blocks_waits_until_it_is_ended() {
    for feature in FEATURES {
        let mut h = Harness::connected(Options::default());
        let call = h.receive_call(feature, true);
        h.advance_secs(3600);
        assert!(!h.is_settled(call), "{feature:?}");
        h.client.end_receive(call);
        h.disconnect();
        h.run();
        assert!(!h.is_settled(call), "{feature:?}: whoever ends a call settles it");
    }
}

#[test]
fn messages_are_taken_only_while_a_call_that_blocks_waits_for_them() {
    let mut h = subscribed();
    h.receive_call(Feature::Methods, true);
    h.deliver(TOPIC, "a");
    assert!(h.messages().is_empty() && h.hub.pubacks_on(1).is_empty());
    let calls = [true, true].map(|block| h.receive_call(Feature::Messages, block));
    h.run();
    assert_eq!((h.messages(), h.hub.pubacks_on(1)), (vec!["a"], vec![1]));
    h.client.end_receive(calls[0]);
    h.deliver(TOPIC, "b");
    assert_eq!(h.messages(), ["a", "b"], "the second call still waits");
    h.client.end_receive(calls[1]);
    h.deliver(TOPIC, "c");
    assert_eq!((h.messages(), h.hub.pubacks_on(1)), (vec!["a", "b"], vec![1, 2]));
}

#[test]
fn a_message_that_waits_is_acknowledged_when_a_call_takes_it() {
    let mut h = subscribed();
    for body in ["a", "b"] {
        h.deliver(TOPIC, body);
    }
    for (packet_id, expected) in [(1, "a"), (2, "b")] {
        let call = h.receive_call(Feature::Messages, false);
        h.run();
        assert_eq!(body(h.result(call)), Some(expected.into()));
        assert_eq!(h.hub.pubacks_on(1).last(), Some(&packet_id));
    }
    let call = h.receive_call(Feature::Messages, false);
    h.run();
    assert_eq!(h.result(call), Ok(Reply::Done));
    assert!(h.messages().is_empty(), "each was the result of its call");
}

#[test]
fn a_message_that_comes_with_the_subscription_is_the_result_of_the_call() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_suback = true;
    let calls = [false, false].map(|block| h.receive_call(Feature::Messages, block));
    h.run();
    let bytes = [suback(1, true), h.hub.publish(TOPIC, b"a")].concat();
    h.receive(&bytes);
    assert_eq!(calls.map(|call| body(h.result(call))), [Some("a".into()), None]);
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

#[test]
fn calls_that_block_get_what_came_before_a_call_that_does_not() {
    let mut h = subscribed();
    let waiting = h.receive_call(Feature::Messages, true);
    for body in ["a", "b"] {
        let bytes = h.hub.publish(TOPIC, body.as_bytes());
        h.input(Input::Received(&bytes));
    }
    let call = h.receive_call(Feature::Messages, false);
    h.run();
    h.client.end_receive(waiting);
    assert_eq!((h.messages(), h.result(call)), (vec!["a", "b"], Ok(Reply::Done)));
    assert_eq!(h.hub.pubacks_on(1), [1, 2]);
}

#[test]
fn a_message_that_a_call_has_taken_is_acknowledged_before_a_disconnect_and_no_other() {
    let mut h = subscribed();
    for body in ["a", "b"] {
        h.deliver(TOPIC, body);
    }
    let call = h.receive_call(Feature::Messages, false);
    h.run();
    let late = h.receive_call(Feature::Messages, false);
    h.disconnect();
    h.run();
    assert_eq!(body(h.result(call)), Some("a".into()));
    assert_eq!(h.result(late), Ok(Reply::Done), "what has not been handed out comes again");
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

/// The body of the message that a call returned.
fn body(result: Result<Reply, ErrorKind>) -> Option<String> {
    match result {
        Ok(Reply::Message(message)) => Some(String::from_utf8(message.body.into()).unwrap()),
        _ => None,
    }
}

#[test]
fn calls_wait_on_over_the_loss_of_the_connection() {
    let mut h = subscribed();
    let message = h.receive_call(Feature::Messages, true);
    h.run();
    h.drop_connection();
    let method = h.receive_call(Feature::Methods, false);
    h.run();
    assert!(!h.is_settled(message) && !h.is_settled(method));
    h.advance_secs(60);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.result(method), Ok(Reply::Done));
    h.deliver(TOPIC, "a");
    assert_eq!(h.messages(), ["a"]);
    assert!(!h.is_settled(message));
}

#[test]
fn without_retry_a_loss_fails_the_calls_and_no_call_receives_messages_any_more() {
    let options = Options { connection_retry: Some(ConnectionRetry::Never), ..Options::default() };
    let mut h = Harness::connected(options);
    let calls = FEATURES.map(|feature| h.receive_call(feature, true));
    h.run();
    h.drop_connection();
    h.run();
    for call in calls {
        assert_eq!(h.result(call), Err(ErrorKind::ConnectionDropped));
    }
    h.call(Client::connect);
    h.run();
    h.deliver(TOPIC, "a");
    assert!(h.messages().is_empty());
    h.receive_call(Feature::Messages, true);
    h.run();
    assert_eq!(h.messages(), ["a"]);
}

#[test]
fn a_first_attempt_that_fails_fails_the_calls() {
    let mut h = Harness::new();
    h.refuse_sockets = true;
    let calls = [true, false].map(|block| h.receive_call(Feature::Messages, block));
    h.run();
    assert!(calls.into_iter().all(|call| h.result(call) == Err(ErrorKind::ConnectionFailed)));
    assert!(h.background().is_empty(), "the calls have heard it");
}

#[test]
fn disconnect_and_shutdown_cancel_the_calls() {
    for leave in [Harness::disconnect, Harness::shutdown] {
        let mut h = subscribed();
        let waiting = FEATURES.map(|feature| h.receive_call(feature, true));
        h.run();
        let begun = h.receive_call(Feature::Messages, true);
        leave(&mut h);
        h.run();
        for call in [&waiting[..], &[begun]].concat() {
            assert_eq!(h.result(call), Err(ErrorKind::OperationCancelled));
        }
    }
}

#[test]
fn after_disconnect_messages_wait_for_the_next_call() {
    let mut h = subscribed();
    h.receive_call(Feature::Messages, true);
    h.disconnect();
    h.call(Client::connect);
    h.run();
    h.deliver(TOPIC, "a");
    assert!(h.messages().is_empty() && h.hub.pubacks_on(2).is_empty());
    h.receive_call(Feature::Messages, true);
    h.run();
    assert_eq!(h.messages(), ["a"]);
}

#[test]
fn a_refused_subscription_fails_its_calls_and_no_others() {
    for block in [true, false] {
        let mut h = subscribed();
        let waiting = h.receive_call(Feature::Messages, true);
        h.hub.script.refuse_subscriptions = true;
        let refused = h.receive_call(Feature::Methods, block);
        h.run();
        assert_eq!(h.result(refused), Err(ErrorKind::Client));
        assert!(!h.is_settled(waiting));
        assert!(h.background().is_empty(), "the call has heard it");
    }
}

#[test]
fn a_subscription_without_a_response_fails_its_calls() {
    for block in [true, false] {
        let mut h = Harness::connected(Options::default());
        h.hub.script.withhold_suback = true;
        let call = h.receive_call(Feature::Methods, block);
        h.advance_secs(60);
        assert_eq!(h.result(call), Err(ErrorKind::OperationTimeout));
    }
}

#[test]
fn without_auto_connect_a_call_without_a_connection_is_refused() {
    let mut h = Harness::with(Options { auto_connect: Some(false), ..Options::default() });
    let refused = h.try_call(|client, now| client.begin_receive(now, Feature::Messages, true));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NoConnection);
}

#[test]
fn after_shutdown_a_call_is_refused() {
    let mut h = Harness::connected(Options::default());
    h.shutdown();
    h.run();
    for block in [true, false] {
        let refused = h.try_call(|client, now| client.begin_receive(now, Feature::Messages, block));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Client);
    }
}
