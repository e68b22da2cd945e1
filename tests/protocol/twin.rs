//! Twin requests: each gets its own response or an error, and never hangs.

use std::collections::BTreeSet;

use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::{Client, ErrorKind, OperationId, Reply};

use crate::harness::{Harness, config, connection_string};
use crate::hub::{Hub, puback, suback};

const ANSWERS: &str = "$iothub/twin/res/#";

/// The topics of the twin requests received, in order.
fn requests(h: &Harness) -> Vec<String> {
    let topics = h.hub.publishes().map(|(_, _, topic, _)| topic);
    topics.filter(|topic| topic.starts_with("$iothub/twin/")).map(Into::into).collect()
}

fn answer(h: &mut Harness, request: &str, status: u16, body: &str) {
    let request_id = request.split_once("$rid=").expect("a request identifier").1;
    h.deliver(&format!("$iothub/twin/res/{status}/?$rid={request_id}"), body);
}

fn get(h: &mut Harness) -> OperationId {
    h.call(Client::get_twin)
}

#[test]
fn answers_are_subscribed_to_once_before_the_first_request() {
    let mut h = Harness::connected(Options::default());
    assert!(h.hub.subscribed_on(1).is_empty());
    h.hub.script.withhold_suback = true;
    let calls = [get(&mut h), h.patch("{}")];
    h.run();
    assert_eq!(h.hub.subscribed_on(1), [ANSWERS]);
    assert!(requests(&h).is_empty(), "an answer before the SUBACK would be lost");
    h.receive(&suback(1, true));
    assert_eq!(requests(&h).len(), 2);
    let later = get(&mut h);
    h.run();
    assert_eq!(h.hub.subscribed_on(1), [ANSWERS]);
    assert!(matches!(h.result(calls[0]), Ok(Reply::Twin(_))));
    assert_eq!(h.result(calls[1]), Ok(Reply::Done));
    assert!(matches!(h.result(later), Ok(Reply::Twin(_))));
}

#[test]
fn a_twin_is_requested_with_an_empty_body_and_returned_unchanged() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.twin = r#"{ "desired": {"a": 1.50, "$version": 3} }"#.into();
    let call = get(&mut h);
    h.run();
    let published = h.hub.published_on(1);
    assert!(published[0].2.starts_with("$iothub/twin/GET/?$rid="));
    assert_eq!(published[0].3, "");
    assert_eq!(h.result(call), Ok(Reply::Twin(h.hub.script.twin.clone())));
}

#[test]
fn a_patch_is_published_as_it_is_and_settled_by_the_answer() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    let call = h.patch(r#"{"a":null}"#);
    h.run();
    let published = h.hub.published_on(1);
    assert!(published[0].2.starts_with("$iothub/twin/PATCH/properties/reported/?$rid="));
    assert_eq!(published[0].3, r#"{"a":null}"#);
    assert!(!h.is_settled(call), "a PUBACK is no answer");
    let request = requests(&h).remove(0);
    answer(&mut h, &request, 204, "");
    assert_eq!(h.result(call), Ok(Reply::Done));
}

#[test]
fn a_patch_that_the_hub_cannot_accept_is_refused_immediately() {
    let mut h = Harness::connected(Options::default());
    let mut patch = |text: String| {
        let refused = h.try_call(|client, now| client.patch_reported_properties(now, text));
        refused.unwrap_err().kind()
    };
    assert_eq!(patch("[1]".into()), ErrorKind::InvalidArgument);
    assert_eq!(patch(format!("{{\"a\":\"{}\"}}", "x".repeat(262_144))), ErrorKind::OutOfRange);
    h.run();
    assert!(requests(&h).is_empty());
}

#[test]
fn no_two_requests_have_the_same_identifier() {
    let mut h = Harness::connected(Options::default());
    for _ in 0..3 {
        get(&mut h);
        h.patch("{}");
        h.run();
        h.drop_connection();
        h.advance_secs(20);
        get(&mut h);
        h.disconnect();
        h.run();
        get(&mut h);
        h.run();
    }
    let mut other = Harness::new();
    other.client = Client::new(config(&connection_string(), Options::default()).unwrap(), 2);
    get(&mut other);
    other.run();
    let topics: Vec<_> = requests(&h).into_iter().chain(requests(&other)).collect();
    let count = topics.len();
    assert!(count >= 10, "{count}");
    let ids: BTreeSet<_> =
        topics.iter().map(|topic| topic.split_once("$rid=").unwrap().1).collect();
    assert_eq!(ids.len(), count);
}

#[test]
fn an_error_status_is_a_service_error_with_status_and_code() {
    for status in [300, 400, 404, 412, 429, 500, 503] {
        let mut h = Harness::connected(Options::default());
        let body = r#"{"errorCode":400004,"message":"what was wrong"}"#;
        h.hub.script.twin_status = Some((status, body.into()));
        for call in [get(&mut h), h.patch("{}")] {
            h.run();
            let error = h.error(call);
            assert_eq!(error.kind(), ErrorKind::Service);
            assert_eq!((error.status(), error.code()), (Some(u32::from(status)), Some("400004")));
            assert!(error.message().contains("what was wrong"), "{error}");
        }
    }
}

#[test]
fn an_error_without_a_body_has_its_status() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.twin_status = Some((429, String::new()));
    let call = get(&mut h);
    h.run();
    assert_eq!((h.error(call).status(), h.error(call).code()), (Some(429), None));
}

#[test]
fn a_twin_that_is_not_json_is_a_client_error() {
    for body in [&b""[..], b"{", b"{\"a\":1}}", b"\xff\xfe"] {
        let mut h = Harness::connected(Options::default());
        h.hub.script.withhold_twin = true;
        let call = get(&mut h);
        h.run();
        let request_id = requests(&h)[0].split_once("$rid=").unwrap().1.to_owned();
        let topic = format!("$iothub/twin/res/200/?$rid={request_id}");
        let bytes = h.hub.publish(&topic, body);
        h.receive(&bytes);
        assert_eq!(h.result(call), Err(ErrorKind::Client), "{body:?}");
        assert!(h.socket_is_open());
    }
}

#[test]
fn late_unknown_and_repeated_answers_are_ignored_and_acknowledged() {
    let mut h = Harness::connected(Options { operation_timeout: Some(5.0), ..Options::default() });
    h.hub.script.withhold_twin = true;
    let late = get(&mut h);
    h.advance_secs(5);
    assert_eq!(h.result(late), Err(ErrorKind::OperationTimeout));
    let call = get(&mut h);
    h.run();
    let [first, second] = &requests(&h)[..] else { panic!("two requests") };
    for request in [first, "$rid=", "$rid=1", "$rid=ffffffffffffffff-2"] {
        answer(&mut h, request, 200, "{}");
    }
    assert!(!h.is_settled(call));
    answer(&mut h, second, 200, "{}");
    answer(&mut h, second, 500, "{}");
    assert_eq!(h.result(call), Ok(Reply::Twin("{}".into())));
    assert_eq!(h.hub.pubacks_on(1), [1, 2, 3, 4, 5, 6]);
    assert!(h.background().is_empty());
}

#[test]
fn an_answer_may_come_before_the_puback() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let call = get(&mut h);
    h.run();
    assert!(matches!(h.result(call), Ok(Reply::Twin(_))));
    // The identifier stays in use until the PUBACK, which settles nothing else.
    let message = h.send("a");
    h.run();
    let ids: Vec<u16> = h.hub.published_on(1).iter().map(|publish| publish.1).collect();
    assert_eq!(ids, [2, 3]);
    h.receive(&puback(2));
    assert!(!h.is_settled(message));
}

#[test]
fn an_answer_may_come_with_qos_0() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    let call = get(&mut h);
    h.run();
    let request_id = requests(&h)[0].split_once("$rid=").unwrap().1.to_owned();
    h.receive(&Hub::publish_at_most_once(
        &format!("$iothub/twin/res/200/?$rid={request_id}"),
        b"{}",
    ));
    assert_eq!(h.result(call), Ok(Reply::Twin("{}".into())));
    assert!(h.hub.pubacks_on(1).is_empty());
}

#[test]
fn answers_in_another_order_go_to_their_own_requests() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    let (first, patch, second) = (get(&mut h), h.patch("{}"), get(&mut h));
    h.run();
    let [a, b, c] = &requests(&h)[..] else { panic!("three requests") };
    answer(&mut h, c, 200, r#"{"third":1}"#);
    answer(&mut h, a, 200, r#"{"first":1}"#);
    assert!(!h.is_settled(patch));
    answer(&mut h, b, 400, "");
    assert_eq!(h.result(first), Ok(Reply::Twin(r#"{"first":1}"#.into())));
    assert_eq!(h.result(second), Ok(Reply::Twin(r#"{"third":1}"#.into())));
    assert_eq!(h.result(patch), Err(ErrorKind::Service));
}

#[test]
fn a_request_without_a_response_times_out_and_is_not_repeated() {
    let mut h = Harness::connected(Options { operation_timeout: Some(5.0), ..Options::default() });
    h.hub.script.withhold_twin = true;
    let calls = [get(&mut h), h.patch("{}")];
    h.advance_secs(4);
    assert!(calls.iter().all(|&call| !h.is_settled(call)));
    h.advance_secs(1);
    assert!(calls.iter().all(|&call| h.result(call) == Err(ErrorKind::OperationTimeout)));
    h.drop_connection();
    h.advance_secs(60);
    assert_eq!(requests(&h).len(), 2);
}

#[test]
fn a_request_whose_subscription_is_not_answered_times_out() {
    let mut h = Harness::connected(Options { operation_timeout: Some(5.0), ..Options::default() });
    h.hub.script.withhold_suback = true;
    let call = get(&mut h);
    h.advance_secs(5);
    assert_eq!(h.result(call), Err(ErrorKind::OperationTimeout));
    h.hub.script.withhold_suback = false;
    let next = get(&mut h);
    h.run();
    assert_eq!(h.hub.subscribed_on(1), [ANSWERS, ANSWERS], "the next one tries anew");
    assert!(matches!(h.result(next), Ok(Reply::Twin(_))));
}

#[test]
fn a_refused_subscription_fails_the_requests_that_need_it() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.refuse_subscriptions = true;
    let calls = [get(&mut h), h.patch("{}")];
    h.run();
    assert!(calls.iter().all(|&call| h.result(call) == Err(ErrorKind::Client)));
    assert!(h.error(calls[0]).message().contains("twin"));
    assert!(h.background().is_empty());
    h.hub.script.refuse_subscriptions = false;
    let next = get(&mut h);
    h.run();
    assert!(matches!(h.result(next), Ok(Reply::Twin(_))));
}

#[test]
fn a_subscription_refused_on_the_next_connection_fails_the_requests_in_flight() {
    let mut h = Harness::connected(Options { operation_timeout: Some(0.0), ..Options::default() });
    h.hub.script.withhold_twin = true;
    let calls = [get(&mut h), h.patch("{}")];
    h.run();
    h.hub.script.refuse_subscriptions = true;
    h.drop_connection();
    h.advance_secs(20);
    assert_eq!(h.hub.connections, 2);
    assert!(calls.iter().all(|&call| h.result(call) == Err(ErrorKind::Client)));
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped], "the calls have heard the rest");
}

#[test]
fn an_unacknowledged_request_is_resent_as_a_duplicate() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    h.hub.script.withhold_twin = true;
    let calls = [get(&mut h), h.patch(r#"{"a":1}"#)];
    h.run();
    h.drop_connection();
    h.hub.script.withhold_twin = false;
    h.advance_secs(20);
    let again = h.hub.published_on(2);
    let expected: Vec<_> = h
        .hub
        .published_on(1)
        .into_iter()
        .map(|(_, id, topic, body)| (true, id, topic, body))
        .collect();
    assert_eq!(again, expected);
    assert!(matches!(h.result(calls[0]), Ok(Reply::Twin(_))));
    assert_eq!(h.result(calls[1]), Ok(Reply::Done));
}

#[test]
fn an_acknowledged_request_without_a_response_is_requested_again_in_its_place() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    let calls = [get(&mut h), h.patch(r#"{"a":1}"#)];
    h.run();
    h.hub.script.withhold_puback = true;
    h.send("telemetry");
    h.run();
    h.drop_connection();
    let newer = get(&mut h);
    h.hub.script.withhold_twin = false;
    h.advance_secs(20);
    let before = h.hub.published_on(1);
    let after = h.hub.published_on(2);
    assert_eq!(after.len(), 4);
    for (index, dup) in [false, false, true].into_iter().enumerate() {
        assert_eq!(after[index].0, dup, "acknowledged: a new delivery, else a duplicate");
        assert_eq!((after[index].2, after[index].3), (before[index].2, before[index].3));
    }
    assert!(matches!(h.result(calls[0]), Ok(Reply::Twin(_))));
    assert_eq!(h.result(calls[1]), Ok(Reply::Done));
    assert!(matches!(h.result(newer), Ok(Reply::Twin(_))));
}

#[test]
fn an_acknowledged_request_is_repeated_on_every_connection_until_its_response() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    let call = get(&mut h);
    h.run();
    for _ in 0..5 {
        h.drop_connection();
        h.advance_secs(20);
    }
    assert!(!h.is_settled(call), "acknowledged: the hub does not refuse it");
    let topics = requests(&h);
    assert_eq!(topics.len(), 6);
    assert!(topics.iter().all(|topic| *topic == topics[0]));
    answer(&mut h, &topics[0], 200, "{}");
    assert_eq!(h.result(call), Ok(Reply::Twin("{}".into())));
}
