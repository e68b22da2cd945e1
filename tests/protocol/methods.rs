//! Direct methods: each call gets at most one response.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Error, ErrorKind, OperationId, Reply};

use crate::harness::Harness;
use crate::hub::{Hub, puback};

fn listening() -> Harness {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.run();
    h
}

fn call_method(h: &mut Harness, request_id: &str, payload: &str) {
    h.deliver(&format!("$iothub/methods/POST/reboot/?$rid={request_id}"), payload);
}

fn respond(h: &mut Harness, request_id: &str, payload: &str) -> Result<OperationId, Error> {
    h.try_call(|client, now| client.send_method_response(now, request_id, 200, payload.into()))
}

#[test]
fn methods_are_subscribed_to_when_they_are_wanted() {
    let mut h = Harness::connected(Options::default());
    assert!(h.hub.subscribed_on(1).is_empty());
    h.subscribe(Feature::Methods);
    h.run();
    assert_eq!(h.hub.subscribed_on(1), ["$iothub/methods/POST/#"]);
}

#[test]
fn a_call_has_its_name_and_payload_and_is_acknowledged_on_arrival() {
    let mut h = listening();
    h.deliver("$iothub/methods/POST/set%20it/?$rid=a1", r#"{ "delay": 1.0 }"#);
    let request = h.method_calls()[0];
    assert_eq!((&*request.name, &*request.request_id), ("set it", "a1"));
    assert_eq!(request.payload, r#"{ "delay": 1.0 }"#);
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

#[test]
fn a_call_without_a_payload_has_null() {
    let mut h = listening();
    call_method(&mut h, "1", "");
    assert_eq!(h.method_calls()[0].payload, "null");
}

#[test]
fn a_call_with_qos_0_is_a_call_too() {
    let mut h = listening();
    h.receive(&Hub::publish_at_most_once("$iothub/methods/POST/m/?$rid=1", b"1"));
    assert_eq!(h.method_calls().len(), 1);
    assert!(h.hub.pubacks_on(1).is_empty());
}

#[test]
fn a_call_delivered_twice_is_one_call() {
    let mut h = listening();
    for dup in [false, true] {
        let bytes = h.hub.publish_as(3, dup, "$iothub/methods/POST/m/?$rid=1", b"");
        h.receive(&bytes);
    }
    assert_eq!(h.method_calls().len(), 1);
    assert_eq!(h.hub.pubacks_on(1), [3, 3]);
}

#[test]
fn a_response_is_published_as_it_is_and_settles_with_its_puback() {
    let mut h = listening();
    h.hub.script.withhold_puback = true;
    call_method(&mut h, "1", "");
    let response = respond(&mut h, "1", r#"{"ok":true}"#).unwrap();
    h.run();
    assert!(!h.is_settled(response));
    let (dup, packet_id, topic, payload) = h.hub.published_on(1)[0];
    assert_eq!((dup, topic), (false, "$iothub/methods/res/200/?$rid=1"));
    assert_eq!(payload, r#"{"ok":true}"#);
    h.receive(&puback(packet_id));
    assert_eq!(h.result(response), Ok(Reply::Done));
}

#[test]
fn the_request_identifier_goes_back_as_it_came() {
    let mut h = listening();
    let long = "r".repeat(65_000);
    for request_id in ["0", "2f5d5c4b-1b9c-4e6c-8d7e-0a1b2c3d4e5f", "a%20b%2F=", "+1", &long] {
        call_method(&mut h, request_id, "");
        respond(&mut h, request_id, "null").unwrap();
        h.run();
        let topic = h.hub.publishes().last().unwrap().2;
        assert_eq!(topic, format!("$iothub/methods/res/200/?$rid={request_id}"));
    }
}

#[test]
fn a_second_answer_is_refused() {
    let mut h = listening();
    call_method(&mut h, "1", "");
    respond(&mut h, "1", "null").unwrap();
    assert_eq!(respond(&mut h, "1", "null").unwrap_err().kind(), ErrorKind::Client);
    h.run();
    assert_eq!(respond(&mut h, "1", "null").unwrap_err().kind(), ErrorKind::Client);
    assert_eq!(respond(&mut h, "2", "null").unwrap_err().kind(), ErrorKind::Client);
    assert_eq!(h.hub.publishes().count(), 1);
}

#[test]
fn too_large_an_answer_is_refused_and_another_may_follow() {
    let mut h = listening();
    call_method(&mut h, "1", "");
    let answer = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
    let refused = respond(&mut h, "1", &answer(131_073)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::OutOfRange);
    assert!(respond(&mut h, "1", &answer(131_072)).is_ok());
}

#[test]
fn a_handler_that_failed_answers_500_unless_it_had_answered() {
    let mut h = listening();
    call_method(&mut h, "1", "");
    call_method(&mut h, "2", "");
    h.client.fail_method("1");
    respond(&mut h, "2", "null").unwrap();
    h.client.fail_method("2");
    h.client.fail_method("1");
    h.run();
    let topics: Vec<_> = h.hub.published_on(1).into_iter().map(|publish| publish.2).collect();
    assert_eq!(topics, ["$iothub/methods/res/500/?$rid=1", "$iothub/methods/res/200/?$rid=2"]);
    assert!(respond(&mut h, "1", "null").is_err());
}

#[test]
fn a_payload_that_is_not_json_is_answered_with_400_and_reported() {
    let mut h = listening();
    call_method(&mut h, "1", "{");
    assert!(h.method_calls().is_empty());
    assert_eq!(h.hub.published_on(1)[0].2, "$iothub/methods/res/400/?$rid=1");
    assert_eq!(h.background(), [ErrorKind::Client]);
    assert!(respond(&mut h, "1", "null").is_err());
}

#[test]
fn a_call_that_cannot_be_answered_is_reported() {
    let mut h = listening();
    h.deliver("$iothub/methods/POST/m/", "");
    assert!(h.method_calls().is_empty());
    assert_eq!(h.background(), [ErrorKind::Client]);
}

#[test]
fn a_response_lost_with_the_connection_fails_and_is_never_sent_again() {
    let mut h = listening();
    h.hub.script.withhold_puback = true;
    call_method(&mut h, "1", "");
    let response = respond(&mut h, "1", "null").unwrap();
    h.run();
    h.drop_connection();
    h.run();
    assert_eq!(h.result(response), Err(ErrorKind::ConnectionDropped));
    h.advance_secs(60);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.hub.publishes().count(), 1);
}

#[test]
fn the_error_of_a_lost_response_says_how_the_connection_ended() {
    let mut h = listening();
    h.hub.script.withhold_puback = true;
    call_method(&mut h, "1", "");
    let response = respond(&mut h, "1", "null").unwrap();
    h.run();
    h.drop_connection();
    h.run();
    let message = h.error(response).message();
    assert!(message.contains("lost") && message.contains("close code 1006"), "{message}");
}

#[test]
fn a_response_given_when_the_connection_of_its_request_has_ended_is_refused_and_never_sent() {
    let mut h = listening();
    call_method(&mut h, "while reconnecting", "");
    call_method(&mut h, "connected again", "");
    h.drop_connection();
    h.run();
    let refused = respond(&mut h, "while reconnecting", "null").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionDropped);
    h.advance_secs(60);
    assert_eq!(h.hub.connections, 2);
    let refused = respond(&mut h, "connected again", "null").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionDropped);
    h.run();
    assert_eq!(h.hub.publishes().count(), 0);
}

#[test]
fn a_response_that_was_not_written_before_the_connection_ended_is_never_sent() {
    let mut h = listening();
    call_method(&mut h, "1", "");
    let response = respond(&mut h, "1", "null").unwrap();
    h.drop_connection();
    h.advance_secs(60);
    assert_eq!(h.result(response), Err(ErrorKind::ConnectionDropped));
    assert_eq!(h.hub.publishes().count(), 0);
}

#[test]
fn a_request_identifier_that_comes_again_on_the_next_connection_is_another_request() {
    let mut h = listening();
    call_method(&mut h, "1", "\"old\"");
    h.drop_connection();
    h.advance_secs(60);
    call_method(&mut h, "1", "\"new\"");
    let names: Vec<_> = h.method_calls().iter().map(|call| call.request_id.clone()).collect();
    let [old, new] = &names[..] else { panic!("two requests, not {names:?}") };
    let lost = respond(&mut h, old, "\"to the old one\"").unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::ConnectionDropped);
    respond(&mut h, new, "\"to the new one\"").unwrap();
    h.run();
    assert_eq!(
        h.hub.published_on(2).last().map(|&(_, _, topic, body)| (topic, body)),
        Some(("$iothub/methods/res/200/?$rid=1", "\"to the new one\"")),
    );
}

#[test]
fn the_late_failure_of_a_handler_that_had_answered_answers_no_request_of_the_next_connection() {
    let mut h = listening();
    for _ in 0..2 {
        call_method(&mut h, "1", "\"earlier\"");
        let earlier = h.method_calls().last().unwrap().request_id.clone();
        respond(&mut h, &earlier, "null").unwrap();
        h.drop_connection();
        h.advance_secs(60);
        call_method(&mut h, "1", "\"later\"");
        h.client.fail_method(&earlier);
        let later = h.method_calls().last().unwrap().request_id.clone();
        assert!(respond(&mut h, &later, "null").is_ok());
    }
}

#[test]
fn a_request_identifier_too_long_for_the_topic_of_an_answer_breaks_nothing() {
    for payload in ["", "{"] {
        let mut h = listening();
        let request_id = "r".repeat(65_535 - "$iothub/methods/POST/reboot/?$rid=".len());
        call_method(&mut h, &request_id, payload);
        h.client.fail_method(&request_id);
        assert!(respond(&mut h, &request_id, "null").is_err());
        h.run();
        assert_eq!(h.hub.publishes().count(), 0, "{payload}");
        assert_eq!(h.background(), [ErrorKind::Client]);
    }
}

#[test]
fn methods_wanted_again_are_subscribed_to_although_their_unsuback_was_lost() {
    let mut h = listening();
    h.half_open = true;
    h.client.unsubscribe(Feature::Methods);
    h.run();
    h.subscribe(Feature::Methods);
    h.half_open = false;
    for _ in 0..3 {
        h.advance_secs(30);
        h.receive(&Hub::publish_at_most_once("devices/dev/messages/devicebound/", b""));
    }
    assert_eq!(h.hub.subscribed_on(1).len(), 2);
    assert_eq!(h.hub.connections, 1);
}

#[test]
fn the_failure_of_a_handler_sends_nothing_when_the_connection_is_gone() {
    let mut h = listening();
    call_method(&mut h, "1", "");
    h.drop_connection();
    h.run();
    h.client.fail_method("1");
    h.advance_secs(60);
    assert!(h.hub.published_on(2).is_empty());
}

#[test]
fn a_response_without_a_puback_times_out() {
    let mut h = listening();
    h.hub.script.withhold_puback = true;
    call_method(&mut h, "1", "");
    let response = respond(&mut h, "1", "null").unwrap();
    h.advance_secs(60);
    assert_eq!(h.result(response), Err(ErrorKind::OperationTimeout));
}
