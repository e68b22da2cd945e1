//! A device that requests a certificate from the provisioning service.

use iothub_device_client::protocol::client::{Config, Options};
use iothub_device_client::protocol::provisioning::Registrant;
use iothub_device_client::protocol::{
    Client, ConnectionState, ErrorKind, Event, OperationId, Reply,
};

use super::harness::{key, registrant};
use super::service::Answer;
use crate::harness::Harness;
use crate::packets::Sent;

const RESULT: &str = r#"{"operationId":"4.op","status":"assigned","registrationState":{"assignedHub":"hub.example","deviceId":"dev","issuedCertificateChain":["bGVhZg==","cm9vdA=="]}}"#;

fn certified() -> Harness {
    let registrant = Registrant { csr: Some("cXVlc3Q=".into()), ..registrant() };
    let config = Config::provisioned(registrant, key(), "agent", &Options::default(), None);
    let mut harness = Harness::of(config.expect("valid options"));
    harness.service.script = [Answer::new(200, None, RESULT)].into();
    harness
}

fn connect(harness: &mut Harness) -> OperationId {
    let operation = harness.call(Client::connect);
    harness.run();
    operation
}

fn issued(harness: &Harness) -> Vec<&str> {
    let results = harness.events.iter().filter_map(|event| match event {
        Event::CertificateIssued(result) => Some(result.as_str()),
        _ => None,
    });
    results.collect()
}

#[test]
fn the_key_is_for_the_service_and_the_certificate_for_the_hub() {
    let mut harness = certified();
    let operation = connect(&mut harness);
    assert_eq!(harness.result(operation), Ok(Reply::Done));
    let body = r#"{"registrationId":"dev","csr":"cXVlc3Q="}"#;
    assert_eq!(harness.service.body(), body);
    let Some((_, Sent::Connect { user_name, password, .. })) = harness.service.log.first() else {
        panic!("CONNECT comes first")
    };
    assert!(user_name.contains("/api-version=2026-11-01&"), "{user_name}");
    assert!(password.starts_with("SharedAccessSignature sr=0ne1%2Fregistrations%2Fdev&"));
    assert_eq!(issued(&harness), [RESULT]);
    assert_eq!(harness.urls.last().unwrap(), "wss://hub.example/$iothub/websocket");
    let Sent::Connect { password, .. } = harness.hub.on_connection(1)[0] else {
        panic!("CONNECT comes first")
    };
    assert_eq!(password, "");
}

#[test]
fn a_service_that_issues_no_certificate_gets_one_registration() {
    let mut harness = certified();
    harness.service.script = [Answer::assigned()].into();
    let operation = connect(&mut harness);
    assert_eq!(harness.result(operation), Err(ErrorKind::Service));
    harness.advance_secs(1_000);
    assert_eq!((harness.urls.len(), issued(&harness).len()), (1, 0));
}

#[test]
fn an_expired_certificate_that_the_hub_refuses_leads_to_a_new_one() {
    for is_expired in [false, true] {
        let mut harness = certified();
        connect(&mut harness);
        harness.advance_secs(1_000);
        harness.refuse_sockets = true;
        if is_expired {
            harness.client.certificate_expired();
        }
        harness.drop_connection();
        harness.advance_secs(10);
        harness.refuse_sockets = false;
        harness.service.script = [Answer::new(200, None, RESULT)].into();
        harness.advance_secs(100);
        let registrations = if is_expired { 2 } else { 1 };
        assert_eq!(harness.service.registrations(), registrations);
        assert_eq!(issued(&harness).len(), registrations);
    }
}

#[test]
fn a_hub_that_accepts_an_expired_certificate_is_kept() {
    let mut harness = certified();
    connect(&mut harness);
    harness.slow_open = true;
    harness.drop_connection();
    harness.advance_secs(20);
    harness.client.certificate_expired();
    harness.open_socket();
    harness.run();
    harness.slow_open = false;
    harness.drop_connection();
    harness.advance_secs(20);
    assert_eq!(harness.client.connection_state(), ConnectionState::Connected);
    assert_eq!(harness.service.registrations(), 1);
}
