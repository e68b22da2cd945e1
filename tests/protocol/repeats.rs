//! The client retries what the hub refuses or does not respond to, on the same connection.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ErrorKind, Reply};

use crate::harness::Harness;
use crate::hub::Sent;

const DESIRED: &str = r#"{"a":5,"$version":5}"#;

fn connected() -> Harness {
    let mut h = Harness::connected(Options::default());
    h.hub.script.twin = format!(r#"{{"desired":{DESIRED},"reported":{{"$version":1}}}}"#);
    h
}

fn is_fetch(sent: &Sent) -> bool {
    matches!(sent, Sent::Publish { topic, .. } if topic.starts_with("$iothub/twin/GET/"))
}

fn is_subscribe(sent: &Sent) -> bool {
    matches!(sent, Sent::Subscribe { .. })
}

/// How many packets of a kind arrived on the first connection.
fn count(h: &Harness, kind: fn(&Sent) -> bool) -> usize {
    h.hub.on_connection(1).into_iter().filter(|sent| kind(sent)).count()
}

/// Lets time pass until this many packets of a kind have arrived. Returns the seconds between them.
fn pauses(h: &mut Harness, kind: fn(&Sent) -> bool, packets: usize) -> Vec<u64> {
    let mut pauses = Vec::new();
    let mut since = 0;
    while pauses.len() < packets {
        let before = count(h, kind);
        h.advance_secs(1);
        since += 1;
        assert!(since < 1000, "after {pauses:?} nothing comes any more");
        if count(h, kind) > before {
            pauses.push(std::mem::take(&mut since));
        }
    }
    pauses
}

/// Each about twice as long as the one before, up to five minutes.
fn assert_grow(pauses: &[u64]) {
    for (pause, expected) in pauses.iter().zip([10, 20, 40, 80, 160, 300, 300]) {
        assert!((expected * 8 / 10..=expected * 12 / 10 + 1).contains(pause), "{pauses:?}");
    }
}

#[test]
fn a_fetch_that_the_hub_refuses_is_repeated_with_growing_pauses_and_reported_once() {
    for status in [429, 500] {
        let mut h = connected();
        h.hub.script.twin_status = Some((status, String::new()));
        h.subscribe(Feature::DesiredProperties);
        h.run();
        let pauses = pauses(&mut h, is_fetch, 7);
        assert_grow(&pauses);
        assert_eq!(h.background(), [ErrorKind::Client]);
        h.hub.script.twin_status = None;
        h.advance_secs(400);
        assert_eq!(h.desired_properties(), [DESIRED]);
        let fetches = count(&h, is_fetch);
        h.advance_secs(4000);
        assert_eq!(count(&h, is_fetch), fetches, "one that succeeded is not repeated");
    }
}

#[test]
fn a_fetch_without_an_answer_is_repeated_and_the_answer_is_delivered() {
    let mut h = connected();
    h.hub.script.withhold_twin = true;
    h.subscribe(Feature::DesiredProperties);
    h.advance_secs(60);
    assert_eq!((count(&h, is_fetch), h.background().len()), (1, 1));
    h.hub.script.withhold_twin = false;
    h.advance_secs(13);
    assert_eq!(h.desired_properties(), [DESIRED]);
    assert_eq!(h.background(), [ErrorKind::Client]);
}

#[test]
fn a_fetch_is_not_repeated_without_a_handler_or_a_connection() {
    let mut h = connected();
    h.hub.script.twin_status = Some((429, String::new()));
    h.subscribe(Feature::DesiredProperties);
    h.run();
    h.client.unsubscribe(Feature::DesiredProperties);
    h.advance_secs(1000);
    assert_eq!(count(&h, is_fetch), 1);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    h.disconnect();
    h.run();
    assert_eq!(h.client.next_timeout(), None);
    assert_eq!(count(&h, is_fetch), 2);
}

#[test]
fn pauses_start_over_after_a_success_and_on_a_new_connection() {
    let mut h = connected();
    h.hub.script.twin_status = Some((429, String::new()));
    h.subscribe(Feature::DesiredProperties);
    h.run();
    pauses(&mut h, is_fetch, 4);
    h.hub.script.twin_status = None;
    pauses(&mut h, is_fetch, 1);
    h.hub.script.twin_status = Some((429, String::new()));
    h.client.unsubscribe(Feature::DesiredProperties);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    let after_success = pauses(&mut h, is_fetch, 2);
    assert_grow(&after_success);
    assert_eq!(h.background().len(), 2);
    h.drop_connection();
    h.run();
    let fetches_on =
        |h: &Harness| h.hub.on_connection(2).iter().filter(|sent| is_fetch(sent)).count();
    assert_eq!(fetches_on(&h), 1);
    h.advance_secs(13);
    assert_eq!(fetches_on(&h), 2);
}

#[test]
fn a_subscription_that_was_refused_once_is_requested_again_and_everything_that_needs_it_follows() {
    let mut h = connected();
    h.hub.script.refuse_subscriptions = true;
    h.subscribe(Feature::DesiredProperties);
    h.subscribe(Feature::Methods);
    h.advance_secs(1);
    assert_eq!(h.background().len(), 2);
    h.hub.script.refuse_subscriptions = false;
    h.advance_secs(13);
    assert_eq!(h.desired_properties(), [DESIRED]);
    assert!(h.hub.subscriptions.contains("$iothub/methods/POST/#"));
    assert_eq!((h.background().len(), h.hub.connections), (2, 1));
}

#[test]
fn a_subscription_that_the_hub_always_refuses_is_reported_once_and_requested_less_and_less_often() {
    let mut h = connected();
    h.hub.script.refuse_subscriptions = true;
    h.subscribe(Feature::Methods);
    h.run();
    let pauses = pauses(&mut h, is_subscribe, 7);
    assert_grow(&pauses);
    assert_eq!(h.background(), [ErrorKind::Client]);
    h.client.unsubscribe(Feature::Methods);
    h.run();
    let subscribes = count(&h, is_subscribe);
    h.advance_secs(1000);
    assert_eq!(count(&h, is_subscribe), subscribes, "nobody wants it any more");
}

#[test]
fn a_subscription_without_a_response_fails_the_connect_and_is_requested_again() {
    let mut h = Harness::new();
    h.hub.script.withhold_suback = true;
    h.hub.script.twin = format!(r#"{{"desired":{DESIRED},"reported":{{"$version":1}}}}"#);
    h.subscribe(Feature::DesiredProperties);
    let connect = h.call(Client::connect);
    h.advance_secs(60);
    assert_eq!(h.result(connect), Err(ErrorKind::OperationTimeout));
    h.hub.script.withhold_suback = false;
    h.advance_secs(13);
    assert_eq!(h.desired_properties(), [DESIRED]);
    assert_eq!((h.background().len(), h.hub.connections), (0, 1));
}

#[test]
fn twin_responses_whose_subscription_was_refused_once_are_subscribed_to_again() {
    let mut h = connected();
    h.subscribe(Feature::DesiredProperties);
    h.hub.script.withhold_suback = true;
    h.run();
    h.receive(&crate::hub::suback(1, true));
    h.receive(&crate::hub::suback(2, false));
    assert_eq!(h.background(), [ErrorKind::Client]);
    h.hub.script.withhold_suback = false;
    h.advance_secs(13);
    assert_eq!(h.desired_properties(), [DESIRED]);
    let twin = h.call(Client::get_twin);
    h.run();
    assert!(matches!(h.result(twin), Ok(Reply::Twin(_))));
}
