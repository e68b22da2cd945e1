//! When the client polls the service, and when it gives up a registration.

use std::time::Duration;

use iothub_device_client::protocol::{Error, ErrorKind};

use super::harness::Harness;
use super::service::{ASSIGNING, Answer};

const NOTHING: Duration = Duration::from_millis(1);

#[test]
fn the_pause_that_the_service_requests_is_kept_from_the_first_response_on() {
    let mut harness = Harness::new();
    harness.service.script = [Answer::assigning(7), Answer::assigning(11)].into();
    let operation = harness.register();
    for (pause, asked) in [(7, 2), (11, 3)] {
        harness.advance(Duration::from_secs(pause) - NOTHING);
        assert_eq!(harness.service.requests().len(), asked - 1);
        harness.advance(NOTHING);
        assert_eq!(harness.service.requests().len(), asked);
    }
    harness.assert_assigned(operation);
}

#[test]
fn without_a_retry_after_the_service_is_polled_every_two_seconds() {
    let mut harness = Harness::new();
    for retry_after in [None, Some(0)] {
        harness.service.script.push_back(Answer::new(202, retry_after, ASSIGNING));
    }
    let operation = harness.register();
    harness.advance(Duration::from_secs(4) - NOTHING);
    assert_eq!(harness.service.requests().len(), 2);
    harness.advance(NOTHING);
    harness.assert_assigned(operation);
}

#[test]
fn a_busy_service_is_retried_after_growing_pauses() {
    for status in [429, 500, 503] {
        let mut harness = Harness::new();
        let busy = Answer::new(status, None, r#"{"errorCode":429001,"message":"slowly"}"#);
        harness.service.script = vec![busy; 4].into();
        let operation = harness.register();
        let mut pauses = Vec::new();
        for asked in 2..=5 {
            let mut pause = 0;
            while harness.service.requests().len() < asked {
                harness.advance(Duration::from_millis(100));
                pause += 100;
            }
            pauses.push(pause);
        }
        for (pause, nominal) in pauses.iter().zip([2_000, 4_000, 8_000, 16_000]) {
            assert!((nominal * 8 / 10..=nominal * 12 / 10 + 100).contains(pause), "{pauses:?}");
        }
        harness.advance_secs(3);
        harness.assert_assigned(operation);
        assert_eq!(harness.service.connections, 1);
    }
}

#[test]
fn a_busy_service_gets_no_request_before_its_retry_after() {
    let mut harness = Harness::new();
    harness.service.script = [Answer::new(429, Some(40), "{}")].into();
    let operation = harness.register();
    harness.advance(Duration::from_secs(40) - NOTHING);
    assert_eq!(harness.service.requests().len(), 1);
    harness.advance_secs(4);
    harness.assert_assigned(operation);
}

#[test]
fn another_connection_does_not_shorten_the_pause() {
    let mut harness = Harness::new();
    harness.service.script = [Answer::new(429, Some(40), "{}")].into();
    let operation = harness.register();
    harness.drop_connection();
    harness.advance(Duration::from_secs(40) - NOTHING);
    assert_eq!((harness.service.connections, harness.service.requests().len()), (2, 1));
    harness.advance_secs(4);
    harness.assert_assigned(operation);
}

#[test]
fn after_a_busy_response_the_same_registration_is_polled() {
    let mut harness = Harness::new();
    harness.service.script = [Answer::assigning(2), Answer::new(503, None, "")].into();
    let operation = harness.register();
    harness.advance_secs(6);
    harness.assert_assigned(operation);
    assert_eq!(harness.service.registrations(), 1);
}

#[test]
fn a_registration_that_takes_too_long_fails_and_says_why() {
    let mut harness = Harness::new();
    harness.service.script = vec![Answer::new(429, Some(9), "{}"); 20].into();
    let operation = harness.register_with(None, Some(30));
    harness.advance(Duration::from_secs(30) - NOTHING);
    assert!(!harness.is_settled(operation));
    harness.advance(NOTHING);
    harness.assert_failed(operation, ErrorKind::OperationTimeout, "timeout of register()");
    let cause = harness.error(operation).cause().and_then(Error::status);
    assert_eq!(cause, Some(429));
    // The next one starts from the beginning.
    harness.service.script.clear();
    let operation = harness.register();
    harness.advance_secs(3);
    harness.assert_assigned(operation);
}

#[test]
fn a_registration_that_never_ends_is_given_up_too() {
    let mut harness = Harness::new();
    harness.service.script = vec![Answer::assigning(1); 1000].into();
    let operation = harness.register_with(None, Some(60));
    harness.advance_secs(60);
    harness.assert_failed(operation, ErrorKind::OperationTimeout, "assigned no hub");
    assert!(harness.error(operation).cause().is_none());
    assert_eq!(harness.service.registrations(), 1);
}

#[test]
fn a_missing_response_is_requested_on_another_connection() {
    let mut harness = Harness::new();
    harness.service.script = [Answer::assigning(2), Answer::Withheld].into();
    let operation = harness.register();
    harness.advance_secs(40);
    harness.assert_assigned(operation);
    assert_eq!((harness.service.connections, harness.service.registrations()), (2, 1));
}

#[test]
fn a_withdrawn_call_ends_immediately() {
    for seconds in [0, 1, 3] {
        let mut harness = Harness::new();
        harness.service.script = vec![Answer::assigning(2); 1000].into();
        harness.slow_open = seconds == 0;
        let operation = harness.register();
        harness.advance_secs(seconds);
        harness.registrar.withdraw();
        harness.run();
        harness.assert_failed(operation, ErrorKind::OperationCancelled, "abort");
        harness.service.script.clear();
        harness.slow_open = false;
        let operation = harness.register();
        harness.advance_secs(3);
        harness.assert_assigned(operation);
    }
}
