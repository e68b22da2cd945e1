//! Tokens from the user.

use iothub_device_client::protocol::ErrorKind;
use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};

use super::harness::Harness;
use crate::harness::{KEY, START_UNIX};
use crate::packets::Sent;

fn token(resource: &str, expiry: u64) -> String {
    let key = SharedAccessKey::from_base64(KEY).expect("a valid key");
    key.sign(resource, expiry, Some("registration")).expose().into()
}

fn with_function() -> Harness {
    Harness::with(Credentials::TokenFunction, &Options::default())
}

fn provide(harness: &mut Harness, token: &str) -> Result<(), ErrorKind> {
    let now = harness.now();
    let provided = harness.registrar.provide_token(now, token);
    harness.run();
    provided.map_err(|error| error.kind())
}

#[test]
fn a_function_is_called_for_a_token_and_again_when_it_has_expired() {
    let mut harness = with_function();
    assert_eq!(harness.registrar.resource(), "0ne1/registrations/dev");
    let operation = harness.register();
    assert_eq!((harness.tokens_asked, harness.urls.len()), (1, 0));
    // Registration ids are case-insensitive.
    let given = token("0NE1/registrations/Dev", START_UNIX + 60);
    assert_eq!(provide(&mut harness, &given), Ok(()));
    harness.advance_secs(3);
    harness.assert_assigned(operation);
    let (_, connect) = &harness.service.log[0];
    assert!(matches!(connect, Sent::Connect { password, .. } if *password == given));

    let operation = harness.register();
    harness.advance_secs(3);
    harness.assert_assigned(operation);
    assert_eq!(harness.tokens_asked, 1);
    harness.advance_secs(60);
    harness.register();
    assert_eq!((harness.tokens_asked, harness.urls.len()), (2, 2));
}

#[test]
fn without_a_token_the_call_fails() {
    let mut harness = with_function();
    let operation = harness.register();
    let now = harness.now();
    harness.registrar.token_unavailable(now);
    harness.run();
    harness.assert_failed(operation, ErrorKind::NoToken, "the function that returns them failed");
    assert!(harness.urls.is_empty());

    let operation = harness.register();
    let other = token("0ne1/registrations/other", START_UNIX + 60);
    assert_eq!(provide(&mut harness, &other), Err(ErrorKind::InvalidArgument));
    harness.assert_failed(operation, ErrorKind::NoToken, "failed");

    let operation = harness.register();
    let expired = token("0ne1/registrations/dev", START_UNIX);
    assert_eq!(provide(&mut harness, &expired), Err(ErrorKind::InvalidArgument));
    harness.assert_failed(operation, ErrorKind::NoToken, "failed");

    let operation = harness.register();
    harness.advance_secs(60);
    harness.assert_failed(operation, ErrorKind::ConnectionFailed, "within 60 seconds");
}

#[test]
fn a_token_that_was_given_serves_until_it_expires() {
    let text = token("0ne1/registrations/dev", START_UNIX + 30);
    let given = Credentials::SasToken(SasToken::parse(&text).unwrap().0);
    let mut harness = Harness::with(given, &Options::default());
    let operation = harness.register();
    harness.advance_secs(3);
    harness.assert_assigned(operation);
    harness.advance_secs(30);
    let operation = harness.register();
    harness.assert_failed(operation, ErrorKind::Credential, "expired");
    assert_eq!(harness.urls.len(), 1);
}

#[test]
fn a_certificate_needs_no_password() {
    let mut harness = Harness::with(Credentials::X509, &Options::default());
    let operation = harness.register();
    harness.advance_secs(3);
    harness.assert_assigned(operation);
    let (_, connect) = &harness.service.log[0];
    assert!(matches!(connect, Sent::Connect { password, .. } if password.is_empty()));
}

#[test]
fn no_secret_is_shown() {
    let mut harness = Harness::new();
    harness.register();
    let shown = format!("{:?} {:?}", harness.registrar, super::harness::key());
    assert!(!shown.contains("sig=") && !shown.contains("secret of"), "{shown}");
}
