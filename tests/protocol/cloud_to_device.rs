//! Cloud-to-device messages: delivered in order, acknowledged in order, never swallowed.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::mqtt::DeliveryId;
use iothub_device_client::protocol::{Client, ErrorKind, Event, Input, Reply};

use crate::harness::{Harness, KEY};
use crate::hub::{Sent, connack};

const TOPIC: &str = "devices/dev/messages/devicebound/%24.mid=1";

/// Connected, subscribed, and with a receiver of messages.
fn receiving(options: Options) -> Harness {
    let mut h = Harness::connected(options);
    h.client.take_messages(true);
    h.subscribe(Feature::Messages);
    h.run();
    h
}

fn after_handler() -> Options {
    Options { acknowledge_messages: Some("after-handler".into()), ..Options::default() }
}

/// The tokens for acknowledging the delivered messages.
fn deliveries(h: &Harness) -> Vec<DeliveryId> {
    let delivery = |event: &Event| match event {
        Event::MessageReceived { delivery, .. } => Some(delivery.expect("to be acknowledged")),
        _ => None,
    };
    h.events.iter().filter_map(delivery).collect()
}

fn acknowledge(h: &mut Harness, delivery: DeliveryId) {
    let now = h.now();
    h.client.acknowledge(now, delivery);
    h.run();
}

fn abandon(h: &mut Harness, delivery: DeliveryId) {
    let now = h.now();
    h.client.abandon(now, delivery);
    h.run();
}

/// A delivery of the hub with a packet identifier chosen by the test.
fn deliver_as(h: &mut Harness, packet_id: u16, dup: bool, body: &str) {
    let bytes = h.hub.publish_as(packet_id, dup, TOPIC, body.as_bytes());
    h.receive(&bytes);
}

#[test]
fn messages_are_subscribed_to_once_when_they_are_wanted() {
    let mut h = Harness::connected(Options::default());
    assert!(h.hub.subscribed_on(1).is_empty());
    h.subscribe(Feature::Messages);
    h.subscribe(Feature::Messages);
    h.run();
    h.subscribe(Feature::Messages);
    h.run();
    assert_eq!(h.hub.subscribed_on(1), ["devices/dev/messages/devicebound/#"]);
}

#[test]
fn messages_are_unsubscribed_from_when_they_are_not_wanted() {
    let mut h = receiving(Options::default());
    h.client.unsubscribe(Feature::Messages);
    h.run();
    assert!(h.hub.subscriptions.is_empty());
    h.subscribe(Feature::Messages);
    h.run();
    assert_eq!(h.hub.subscriptions.len(), 1);
}

#[test]
fn a_message_right_after_connack_is_delivered_before_any_subscribe_is_answered() {
    let mut h = Harness::new();
    h.hub.script.withhold_connack = true;
    h.hub.script.withhold_suback = true;
    h.client.take_messages(true);
    h.subscribe(Feature::Messages);
    h.call(Client::connect);
    h.run();
    let bytes = [connack(true), h.hub.publish(TOPIC, b"queued")].concat();
    h.receive(&bytes);
    assert_eq!(h.messages(), ["queued"]);
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

#[test]
fn a_message_is_acknowledged_when_it_is_handed_out() {
    let mut h = receiving(Options::default());
    let bytes = h.hub.publish(TOPIC, b"a");
    h.input(Input::Received(&bytes));
    assert!(h.hub.pubacks_on(1).is_empty());
    h.run();
    assert_eq!(h.messages(), ["a"]);
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

#[test]
fn the_acknowledgements_of_one_frame_leave_in_one_write() {
    let mut h = receiving(Options::default());
    let before = h.writes;
    let bytes: Vec<u8> = (0..50).flat_map(|_| h.hub.publish(TOPIC, b"a")).collect();
    h.receive(&bytes);
    assert!(h.hub.pubacks_on(1).into_iter().eq(1..=50));
    assert_eq!(h.writes - before, 1);
}

#[test]
fn a_message_has_its_properties() {
    let mut h = receiving(Options::default());
    h.deliver(
        "devices/dev/messages/devicebound/%24.mid=7&%24.to=%2Fdevices%2Fdev%2Fmessages%2FdeviceBound\
         &%24.ct=text%2Fplain&iothub-ack=full&key%20a=b+c&none",
        "hello",
    );
    let Some(Event::MessageReceived { message, .. }) = h.events.last() else {
        panic!("a message is handed out");
    };
    let properties = &message.properties;
    assert_eq!(properties.message_id.as_deref(), Some("7"));
    assert_eq!(properties.content_type.as_deref(), Some("text/plain"));
    assert_eq!(properties.ack.as_deref(), Some("full"));
    let custom = [("key a".into(), Some("b+c".into())), ("none".into(), None)];
    assert_eq!(properties.custom_properties, custom);
}

#[test]
fn without_a_taker_a_message_is_held_unacknowledged_and_handed_out_later() {
    let mut h = Harness::connected(Options::default());
    h.deliver(TOPIC, "a");
    h.deliver(TOPIC, "b");
    assert!(h.messages().is_empty());
    assert!(h.hub.pubacks_on(1).is_empty());
    h.client.take_messages(true);
    h.run();
    assert_eq!(h.messages(), ["a", "b"]);
    assert_eq!(h.hub.pubacks_on(1), [1, 2]);
}

#[test]
fn a_held_message_comes_before_one_that_arrives_with_its_taker() {
    let mut h = Harness::connected(Options::default());
    h.deliver(TOPIC, "held");
    h.client.take_messages(true);
    h.deliver(TOPIC, "new");
    assert_eq!(h.messages(), ["held", "new"]);
    assert_eq!(h.hub.pubacks_on(1), [1, 2]);
}

#[test]
fn a_taker_that_leaves_between_arrival_and_hand_out_loses_nothing() {
    let mut h = receiving(Options::default());
    let bytes = [h.hub.publish(TOPIC, b"a"), h.hub.publish(TOPIC, b"b")].concat();
    h.input(Input::Received(&bytes));
    h.client.take_messages(false);
    h.run();
    assert!(h.messages().is_empty());
    assert!(h.hub.pubacks_on(1).is_empty());
    h.client.take_messages(true);
    h.run();
    assert_eq!(h.messages(), ["a", "b"]);
    assert_eq!(h.hub.pubacks_on(1), [1, 2]);
}

#[test]
fn a_held_message_is_handed_out_once_when_the_hub_delivers_it_again() {
    let mut h = Harness::connected(Options::default());
    deliver_as(&mut h, 9, false, "a");
    h.drop_connection();
    h.advance_secs(20);
    deliver_as(&mut h, 9, true, "a");
    h.client.take_messages(true);
    h.run();
    assert_eq!(h.messages(), ["a"]);
    assert_eq!(h.hub.pubacks_on(2), [9]);
}

#[test]
fn messages_beyond_1024_held_stay_with_the_hub_and_may_be_redelivered() {
    let mut h = Harness::connected(Options::default());
    for packet_id in 1..=1025 {
        deliver_as(&mut h, packet_id, false, "a");
    }
    h.client.take_messages(true);
    h.run();
    assert_eq!(h.messages().len(), 1024);
    assert!(!h.hub.pubacks_on(1).contains(&1025));
    deliver_as(&mut h, 1025, true, "a");
    assert_eq!(h.messages().len(), 1025);
    assert_eq!(h.hub.pubacks_on(1).last(), Some(&1025));
}

#[test]
fn a_backlog_in_one_read_is_delivered_completely() {
    let mut h = receiving(Options::default());
    let backlog: Vec<u8> =
        (1..=30_000).flat_map(|id| h.hub.publish_as(id, false, TOPIC, b"a")).collect();
    h.receive(&backlog);
    assert_eq!(h.messages().len(), 30_000);
    assert_eq!(h.hub.pubacks_on(1), (1..=30_000).collect::<Vec<u16>>());
}

#[test]
fn after_the_handler_messages_are_acknowledged_in_the_order_of_arrival() {
    let mut h = receiving(after_handler());
    for body in ["a", "b", "c"] {
        h.deliver(TOPIC, body);
    }
    let [a, b, c] = deliveries(&h)[..] else { panic!("all are handed out at once") };
    acknowledge(&mut h, c);
    assert!(h.hub.pubacks_on(1).is_empty());
    acknowledge(&mut h, a);
    assert_eq!(h.hub.pubacks_on(1), [1]);
    acknowledge(&mut h, b);
    assert_eq!(h.hub.pubacks_on(1), [1, 2, 3]);
}

#[test]
fn an_abandoned_message_is_never_acknowledged_and_blocks_no_later_one() {
    let mut h = receiving(after_handler());
    for body in ["a", "b", "c"] {
        h.deliver(TOPIC, body);
    }
    let [a, b, c] = deliveries(&h)[..] else { panic!("all are handed out at once") };
    acknowledge(&mut h, b);
    acknowledge(&mut h, c);
    abandon(&mut h, a);
    assert_eq!(h.hub.pubacks_on(1), [2, 3]);
    acknowledge(&mut h, a);
    assert_eq!(h.hub.pubacks_on(1), [2, 3], "abandoned is abandoned");
}

#[test]
fn an_abandoned_message_that_comes_again_on_the_same_connection_is_handed_out_again() {
    let mut h = receiving(after_handler());
    deliver_as(&mut h, 7, false, "a");
    let first = deliveries(&h)[0];
    abandon(&mut h, first);
    deliver_as(&mut h, 7, true, "a");
    assert_eq!(h.messages(), ["a", "a"]);
    let again = deliveries(&h)[1];
    acknowledge(&mut h, again);
    assert_eq!(h.hub.pubacks_on(1), [7]);
}

#[test]
fn the_first_outcome_of_a_message_counts() {
    let mut h = receiving(after_handler());
    for body in ["a", "b", "c"] {
        h.deliver(TOPIC, body);
    }
    let [a, b, c] = deliveries(&h)[..] else { panic!("all are handed out at once") };
    abandon(&mut h, b);
    acknowledge(&mut h, b);
    acknowledge(&mut h, c);
    abandon(&mut h, c);
    acknowledge(&mut h, a);
    assert_eq!(h.hub.pubacks_on(1), [1, 3]);
}

#[test]
fn an_acknowledgement_given_twice_is_sent_once() {
    let mut h = receiving(after_handler());
    h.deliver(TOPIC, "a");
    let a = deliveries(&h)[0];
    acknowledge(&mut h, a);
    acknowledge(&mut h, a);
    abandon(&mut h, a);
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

#[test]
fn a_duplicate_delivery_is_delivered_once_and_acknowledged_again() {
    let mut h = receiving(Options::default());
    deliver_as(&mut h, 5, false, "a");
    deliver_as(&mut h, 5, true, "a");
    assert_eq!(h.messages(), ["a"]);
    assert_eq!(h.hub.pubacks_on(1), [5, 5]);
}

#[test]
fn a_duplicate_of_a_message_being_handled_waits_for_the_same_acknowledgement() {
    let mut h = receiving(after_handler());
    deliver_as(&mut h, 5, false, "a");
    deliver_as(&mut h, 5, true, "a");
    assert_eq!(h.messages(), ["a"]);
    assert!(h.hub.pubacks_on(1).is_empty());
    let a = deliveries(&h)[0];
    acknowledge(&mut h, a);
    assert_eq!(h.hub.pubacks_on(1), [5]);
    deliver_as(&mut h, 5, true, "a");
    assert_eq!((h.messages().len(), h.hub.pubacks_on(1)), (1, vec![5, 5]));
}

#[test]
fn the_same_packet_identifier_with_another_payload_is_a_new_message() {
    let mut h = receiving(Options::default());
    deliver_as(&mut h, 5, false, "a");
    deliver_as(&mut h, 5, true, "b");
    deliver_as(&mut h, 5, false, "b");
    assert_eq!(h.messages(), ["a", "b", "b"], "without DUP it is no duplicate");
    assert_eq!(h.hub.pubacks_on(1), [5, 5, 5]);
}

#[test]
fn a_message_of_an_earlier_connection_is_not_acknowledged_on_the_next() {
    let mut h = receiving(after_handler());
    deliver_as(&mut h, 5, false, "a");
    h.drop_connection();
    h.advance_secs(20);
    let old = deliveries(&h)[0];
    acknowledge(&mut h, old);
    assert!(h.hub.pubacks_on(2).is_empty());
    deliver_as(&mut h, 5, true, "a");
    assert_eq!(h.messages(), ["a", "a"], "the hub has no acknowledgement: it is delivered again");
    acknowledge(&mut h, old);
    assert!(h.hub.pubacks_on(2).is_empty());
    let new = deliveries(&h)[1];
    acknowledge(&mut h, new);
    assert_eq!(h.hub.pubacks_on(2), [5]);
}

#[test]
fn an_acknowledgement_after_disconnect_is_not_sent() {
    let mut h = receiving(after_handler());
    h.deliver(TOPIC, "a");
    h.slow_close = true;
    h.disconnect();
    h.run();
    let a = deliveries(&h)[0];
    acknowledge(&mut h, a);
    assert_eq!(h.hub.on_connection(1).last(), Some(&&Sent::Disconnect));
    assert!(h.hub.pubacks_on(1).is_empty());
}

#[test]
fn a_module_gets_the_messages_of_its_inputs() {
    let text = format!("HostName=hub.example;DeviceId=dev;ModuleId=mod;SharedAccessKey={KEY}");
    let mut h = Harness::from(&text, Options::default());
    h.client.take_messages(true);
    h.subscribe(Feature::Messages);
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.result(connect), Ok(Reply::Done));
    assert_eq!(h.hub.subscribed_on(1), ["devices/dev/modules/mod/inputs/#"]);
    h.deliver("devices/dev/modules/mod/inputs/in1/%24.cid=9&a=b", "hello");
    let Some(Event::MessageReceived { message, .. }) = h.events.last() else {
        panic!("a message is handed out");
    };
    assert_eq!(message.properties.input_name.as_deref(), Some("in1"));
    assert_eq!(message.properties.correlation_id.as_deref(), Some("9"));
    assert_eq!(h.hub.pubacks_on(1), [1]);
}

#[test]
fn a_message_for_another_device_is_reported_and_acknowledged() {
    let mut h = receiving(Options::default());
    h.deliver("devices/other/messages/devicebound/", "a");
    assert!(h.messages().is_empty());
    assert_eq!(h.background(), [ErrorKind::Client]);
    assert_eq!(h.hub.pubacks_on(1), [1], "or it would come again and again");
    assert!(h.socket_is_open());
}
