//! Desired properties, without gap or repetition.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ErrorKind, Event, Input, Reply};

use crate::harness::Harness;
use crate::hub::{Sent, suback};

const FILTER: &str = "$iothub/twin/PATCH/properties/desired/#";

/// The desired properties of that version, as the hub sends them.
fn desired(version: u64) -> String {
    format!(r#"{{"a":{version},"$version":{version}}}"#)
}

/// From now on the hub has the desired properties of that version.
fn set_twin(h: &mut Harness, version: u64) {
    h.hub.script.twin =
        format!(r#"{{"desired":{},"reported":{{"$version":1}}}}"#, desired(version));
}

fn patch(h: &mut Harness, version: u64) {
    let topic = format!("$iothub/twin/PATCH/properties/desired/?$version={version}");
    h.deliver(&topic, &desired(version));
}

/// How often the client requested the twin.
fn fetches(h: &Harness) -> usize {
    h.hub.publishes().filter(|publish| publish.2.starts_with("$iothub/twin/GET/")).count()
}

/// Responds to the last request for the twin.
fn answer_fetch(h: &mut Harness) {
    let topics = h.hub.publishes().map(|publish| publish.2.to_owned());
    let request = topics.filter(|topic| topic.starts_with("$iothub/twin/GET/")).last().unwrap();
    let bytes = h.hub.twin_answer(&request);
    h.receive(&bytes);
}

/// Connected and subscribed; the hub has version 1, which was delivered.
fn receiving(options: Options) -> Harness {
    let mut h = Harness::connected(options);
    set_twin(&mut h, 1);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    h
}

/// Connected and subscribed, in the middle of the first fetch.
fn fetching() -> Harness {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(fetches(&h), 1);
    h
}

/// Responds to the subscriptions of the current connection.
fn answer_subscriptions(h: &mut Harness) {
    let sent = h.hub.on_connection(h.hub.connections);
    let packet_ids: Vec<u16> = sent
        .into_iter()
        .filter_map(|sent| match sent {
            Sent::Subscribe { packet_id, .. } => Some(*packet_id),
            _ => None,
        })
        .collect();
    for packet_id in packet_ids {
        h.receive(&suback(packet_id, true));
    }
}

fn reconnect(h: &mut Harness) {
    let before = h.hub.connections;
    h.drop_connection();
    h.advance_secs(20);
    assert_eq!(h.hub.connections, before + 1);
}

#[test]
fn they_are_fetched_after_the_subscription_and_delivered() {
    let mut h = Harness::new();
    set_twin(&mut h, 4);
    h.hub.script.withhold_suback = true;
    h.subscribe(Feature::DesiredProperties);
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.hub.subscribed_on(1), [FILTER]);
    assert_eq!(fetches(&h), 0, "what is fetched before the SUBACK may be out of date after it");
    h.hub.script.withhold_suback = false;
    h.receive(&suback(1, true));
    assert_eq!(h.result(connect), Ok(Reply::Done));
    assert_eq!(h.desired_properties(), [desired(4)]);
}

#[test]
fn a_patch_is_delivered_with_its_version_and_acknowledged() {
    let mut h = receiving(Options::default());
    let acknowledged = h.hub.pubacks_on(1).len();
    patch(&mut h, 2);
    assert_eq!(h.desired_properties(), [desired(1), desired(2)]);
    assert_eq!(h.hub.pubacks_on(1).len(), acknowledged + 1);
}

#[test]
fn a_patch_is_not_delivered_twice() {
    let mut h = receiving(Options::default());
    patch(&mut h, 1);
    patch(&mut h, 2);
    patch(&mut h, 2);
    patch(&mut h, 1);
    assert_eq!(h.desired_properties(), [desired(1), desired(2)]);
}

#[test]
fn patches_during_the_fetch_wait_for_it_and_the_newer_ones_follow() {
    let mut h = fetching();
    for version in [2, 3, 4, 5] {
        patch(&mut h, version);
    }
    assert!(h.desired_properties().is_empty());
    set_twin(&mut h, 3);
    answer_fetch(&mut h);
    assert_eq!(h.desired_properties(), [desired(3), desired(4), desired(5)]);
}

#[test]
fn nothing_is_delivered_again_after_a_reconnect() {
    let mut h = receiving(Options::default());
    patch(&mut h, 2);
    set_twin(&mut h, 2);
    reconnect(&mut h);
    assert_eq!(fetches(&h), 2);
    patch(&mut h, 2);
    assert_eq!(h.desired_properties(), [desired(1), desired(2)]);
}

#[test]
fn missed_properties_are_delivered_once_after_a_reconnect() {
    let mut h = receiving(Options::default());
    set_twin(&mut h, 5);
    reconnect(&mut h);
    assert_eq!(h.desired_properties(), [desired(1), desired(5)]);
    reconnect(&mut h);
    assert_eq!(h.desired_properties(), [desired(1), desired(5)]);
}

#[test]
fn the_properties_of_a_recreated_twin_are_delivered() {
    let mut h = receiving(Options::default());
    patch(&mut h, 9);
    set_twin(&mut h, 1);
    reconnect(&mut h);
    patch(&mut h, 2);
    assert_eq!(h.desired_properties(), [1, 9, 1, 2].map(desired));
}

#[test]
fn without_ensure_there_are_only_patches() {
    let mut h = receiving(Options { ensure_desired_properties: Some(false), ..Options::default() });
    set_twin(&mut h, 3);
    reconnect(&mut h);
    patch(&mut h, 4);
    patch(&mut h, 4);
    patch(&mut h, 2);
    assert_eq!(fetches(&h), 0);
    assert_eq!(h.desired_properties(), [desired(4), desired(2)], "the twin was made anew");
}

#[test]
fn a_handler_set_while_connected_is_called_immediately() {
    let mut h = Harness::connected(Options::default());
    set_twin(&mut h, 7);
    h.advance_secs(3600);
    assert_eq!(fetches(&h), 0);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(h.desired_properties(), [desired(7)]);
}

#[test]
fn without_a_handler_nothing_is_reported() {
    let mut h = Harness::connected(Options::default());
    patch(&mut h, 2);
    assert!(h.desired_properties().is_empty());
    assert_eq!(h.hub.pubacks_on(1), [1], "a session of the past may still be subscribed");
    assert!(h.background().is_empty());
}

#[test]
fn a_new_handler_gets_the_missed_properties() {
    let mut h = receiving(Options::default());
    h.client.unsubscribe(Feature::DesiredProperties);
    h.run();
    patch(&mut h, 2);
    assert_eq!(h.desired_properties(), [desired(1)]);
    set_twin(&mut h, 2);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(h.desired_properties(), [desired(1), desired(2)]);
}

#[test]
fn a_fetch_without_a_handler_delivers_nothing_and_the_next_one_does() {
    let mut h = fetching();
    patch(&mut h, 2);
    h.client.unsubscribe(Feature::DesiredProperties);
    h.run();
    set_twin(&mut h, 2);
    answer_fetch(&mut h);
    assert!(h.desired_properties().is_empty());
    h.hub.script.withhold_twin = false;
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(h.desired_properties(), [desired(2)]);
}

#[test]
fn a_subscription_without_a_handler_fetches_nothing_and_the_next_one_does() {
    let mut h = Harness::connected(Options::default());
    set_twin(&mut h, 1);
    h.hub.script.withhold_suback = true;
    h.subscribe(Feature::DesiredProperties);
    h.run();
    h.client.unsubscribe(Feature::DesiredProperties);
    h.run();
    h.hub.script.withhold_suback = false;
    h.receive(&suback(1, true));
    assert_eq!((fetches(&h), h.desired_properties().len()), (0, 0));
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(h.desired_properties(), [desired(1)]);
}

#[test]
fn properties_that_reached_no_handler_are_delivered_on_the_next_connection() {
    let mut h = receiving(Options::default());
    h.client.forget_delivered_properties();
    reconnect(&mut h);
    assert_eq!(h.desired_properties(), [desired(1), desired(1)]);
}

#[test]
fn a_handler_that_is_replaced_in_the_middle_of_a_fetch_gets_them() {
    let mut h = fetching();
    h.hub.script.withhold_twin = false;
    set_twin(&mut h, 2);
    h.client.unsubscribe(Feature::DesiredProperties);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(h.desired_properties(), [desired(2)]);
}

#[test]
fn a_fetch_without_a_handler_is_not_repeated() {
    let mut h = fetching();
    h.client.unsubscribe(Feature::DesiredProperties);
    h.run();
    reconnect(&mut h);
    assert_eq!(fetches(&h), 1);
}

#[test]
fn a_fetch_that_fails_is_reported_and_patches_still_come() {
    let mut h = fetching();
    patch(&mut h, 2);
    h.hub.script.twin_status = Some((429, String::new()));
    answer_fetch(&mut h);
    assert_eq!(h.background(), [ErrorKind::Client]);
    let Some(Event::BackgroundException(error)) =
        h.events.iter().find(|event| matches!(event, Event::BackgroundException(_)))
    else {
        panic!("there is one");
    };
    assert_eq!(
        error.cause().map(iothub_device_client::protocol::Error::kind),
        Some(ErrorKind::Service)
    );
    patch(&mut h, 3);
    assert_eq!(h.desired_properties(), [desired(2), desired(3)]);
}

#[test]
fn a_fetch_without_an_answer_is_reported_and_patches_still_come() {
    let mut h = fetching();
    patch(&mut h, 2);
    h.advance_secs(60);
    assert_eq!(h.background(), [ErrorKind::Client]);
    patch(&mut h, 3);
    assert_eq!(h.desired_properties(), [desired(2), desired(3)]);
}

#[test]
fn a_twin_without_desired_properties_is_reported_and_patches_still_come() {
    let mut h = fetching();
    h.hub.script.twin = r#"{"reported":{}}"#.into();
    answer_fetch(&mut h);
    assert_eq!(h.background(), [ErrorKind::Client]);
    patch(&mut h, 3);
    answer_fetch(&mut h);
    assert_eq!(h.desired_properties(), [desired(3)], "what was before it was asked for once more");
}

#[test]
fn a_patch_that_is_not_json_is_reported() {
    let mut h = receiving(Options::default());
    h.deliver("$iothub/twin/PATCH/properties/desired/?$version=2", "{");
    assert_eq!(h.background(), [ErrorKind::Client]);
    patch(&mut h, 3);
    assert_eq!(h.desired_properties(), [desired(1), desired(3)]);
}

#[test]
fn a_patch_before_the_subscription_is_granted_does_not_hide_missed_ones() {
    let mut h = receiving(Options::default());
    h.hub.script.withhold_suback = true;
    h.hub.script.withhold_twin = true;
    reconnect(&mut h);
    patch(&mut h, 3);
    assert_eq!(h.desired_properties(), [desired(1)]);
    set_twin(&mut h, 3);
    answer_subscriptions(&mut h);
    answer_fetch(&mut h);
    assert_eq!(fetches(&h), 2, "one on each connection");
    assert_eq!(h.desired_properties(), [1, 3].map(desired));
}

#[test]
fn missed_properties_are_delivered_when_the_twin_can_be_fetched_again() {
    let mut h = receiving(Options::default());
    h.hub.script.twin_status = Some((429, String::new()));
    reconnect(&mut h);
    patch(&mut h, 3);
    assert_eq!(h.desired_properties(), [1, 3].map(desired), "better than nothing");
    h.hub.script.twin_status = None;
    set_twin(&mut h, 3);
    reconnect(&mut h);
    reconnect(&mut h);
    assert_eq!(h.desired_properties(), [1, 3, 3].map(desired), "with version 2, and once");
}

#[test]
fn a_twin_without_desired_properties_is_reported_once_and_fetched_again() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.twin = r#"{"reported":{"$version":1}}"#.into();
    h.subscribe(Feature::DesiredProperties);
    h.advance_secs(60);
    assert!(fetches(&h) > 2, "on the same connection");
    assert_eq!(h.background(), [ErrorKind::Client]);
    set_twin(&mut h, 1);
    h.advance_secs(400);
    assert_eq!(h.desired_properties(), [desired(1)]);
}

#[test]
fn a_drop_in_the_middle_of_a_fetch_asks_once_on_the_next_connection() {
    let mut h = fetching();
    patch(&mut h, 2);
    h.hub.script.withhold_twin = false;
    set_twin(&mut h, 3);
    reconnect(&mut h);
    assert_eq!(fetches(&h), 2);
    assert_eq!(h.desired_properties(), [desired(3)]);
    patch(&mut h, 4);
    assert_eq!(h.desired_properties(), [desired(3), desired(4)]);
}

#[test]
fn disconnect_during_a_fetch_ends_it_and_connect_starts_over() {
    let mut h = fetching();
    patch(&mut h, 2);
    let disconnect = h.disconnect();
    h.run();
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    assert!(h.desired_properties().is_empty());
    assert!(h.background().is_empty());
    h.hub.script.withhold_twin = false;
    set_twin(&mut h, 2);
    h.call(Client::connect);
    h.run();
    assert_eq!(fetches(&h), 2);
    assert_eq!(h.desired_properties(), [desired(2)]);
}

#[test]
fn messages_withheld_by_disconnect_are_delivered_on_the_next_connection() {
    let mut h = receiving(Options::default());
    let topic = "$iothub/twin/PATCH/properties/desired/?$version=2";
    let bytes = h.hub.publish(topic, desired(2).as_bytes());
    h.input(Input::Received(&bytes));
    h.disconnect();
    h.run();
    assert_eq!(h.desired_properties(), [desired(1)], "no handler starts after disconnect");
    set_twin(&mut h, 2);
    h.call(Client::connect);
    h.run();
    assert_eq!(h.desired_properties(), [desired(1), desired(2)]);
}

#[test]
fn get_twin_neither_delivers_nor_disturbs_them() {
    let mut h = receiving(Options::default());
    set_twin(&mut h, 2);
    let twin = h.call(Client::get_twin);
    h.run();
    assert!(matches!(h.result(twin), Ok(Reply::Twin(_))));
    assert_eq!(h.desired_properties(), [desired(1)]);
    patch(&mut h, 2);
    assert_eq!(h.desired_properties(), [desired(1), desired(2)]);
}

#[test]
fn a_refused_subscription_is_reported_and_fetches_nothing() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.refuse_subscriptions = true;
    h.subscribe(Feature::DesiredProperties);
    h.run();
    assert_eq!(h.background(), [ErrorKind::Client]);
    assert_eq!(fetches(&h), 0);
}
