//! The two HTTP calls of a file upload, as the core describes them.

use iothub_device_client::protocol::client::{Config, HttpRequest, Options};
use iothub_device_client::protocol::hub::file_upload::UploadResult;
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use iothub_device_client::protocol::hub::{Credentials, Identity};
use iothub_device_client::protocol::{Client, Error, ErrorKind, Event};

use crate::harness::{Harness, KEY, START_UNIX, connection_string};

fn token(expires_after: u64) -> String {
    let key = SharedAccessKey::from_base64(KEY).unwrap();
    key.sign("hub.example/devices/dev", START_UNIX + expires_after, None).expose().into()
}

fn with_token(expires_after: u64) -> Harness {
    let (token, _) = SasToken::parse(&token(expires_after)).unwrap();
    Harness::with_credentials(Credentials::SasToken(token), Options::default())
}

fn storage_info(h: &mut Harness) -> Result<HttpRequest, Error> {
    let now = h.now();
    h.client.storage_info_request(now, "folder/a \"b\"")
}

fn notification(h: &mut Harness) -> Result<HttpRequest, Error> {
    let result = UploadResult {
        correlation_id: "c".into(),
        is_success: false,
        status_code: 507,
        status_description: "full".into(),
    };
    let now = h.now();
    h.client.notification_request(now, &result)
}

type Call = fn(&mut Harness) -> Result<HttpRequest, Error>;
const CALLS: [Call; 2] = [storage_info, notification];

fn asked(h: &mut Harness) -> usize {
    h.run();
    h.events.iter().filter(|event| matches!(event, Event::SasTokenRequired)).count()
}

#[test]
fn the_calls_have_the_documented_urls_and_bodies() {
    let mut h = Harness::new();
    let request = storage_info(&mut h).unwrap();
    assert_eq!(request.url, "https://hub.example/devices/dev/files?api-version=2021-04-12");
    assert_eq!(request.body, r#"{"blobName":"folder/a \"b\""}"#);
    let request = notification(&mut h).unwrap();
    assert_eq!(
        request.url,
        "https://hub.example/devices/dev/files/notifications?api-version=2021-04-12"
    );
    assert_eq!(
        request.body,
        r#"{"correlationId":"c","isSuccess":false,"statusCode":507,"statusDescription":"full"}"#
    );
    h.run();
    assert!(h.urls.is_empty(), "they need no connection");
}

#[test]
fn the_calls_go_to_the_host_that_is_dialled() {
    for (endpoint, origin) in
        [("ws://127.0.0.1:8080/path", "http://127.0.0.1:8080/"), ("wss://relay/", "https://relay/")]
    {
        let options = Options { endpoint: Some(endpoint.into()), ..Options::default() };
        let mut h = Harness::with(options);
        assert!(storage_info(&mut h).unwrap().url.starts_with(origin), "{endpoint}");
    }
}

#[test]
fn the_calls_go_to_a_relay_of_their_own_and_the_connection_does_not() {
    for (http_endpoint, base) in [
        ("https://relay.example", "https://relay.example/devices/dev/"),
        ("https://relay.example:8443/", "https://relay.example:8443/devices/dev/"),
        ("https://relay.example/to/hub//", "https://relay.example/to/hub/devices/dev/"),
        ("http://localhost:8080", "http://localhost:8080/devices/dev/"),
    ] {
        let options = Options { http_endpoint: Some(http_endpoint.into()), ..Options::default() };
        let mut h = Harness::with(options);
        assert!(storage_info(&mut h).unwrap().url.starts_with(base), "{http_endpoint}");
        assert!(notification(&mut h).unwrap().url.starts_with(base), "{http_endpoint}");
        h.call(Client::connect);
        h.run();
        assert!(h.urls[0].starts_with("wss://hub.example/"));
    }
}

#[test]
fn a_call_is_authorized_by_a_token_as_connect_is_and_by_none_with_a_certificate() {
    for call in CALLS {
        let made = call(&mut Harness::new()).unwrap().authorization.unwrap();
        let (made, resource) = SasToken::parse(&made).unwrap();
        assert_eq!(resource, "hub.example/devices/dev");
        assert_eq!(made.expiry_unix_secs(), START_UNIX + 1 + 3600);
        let given = call(&mut with_token(3600)).unwrap().authorization;
        assert_eq!(given, Some(token(3600)));
        let mut h = Harness::with_credentials(Credentials::X509, Options::default());
        assert_eq!(call(&mut h).unwrap().authorization, None);
    }
}

#[test]
fn with_a_token_function_a_call_needs_a_valid_token_and_requests_none() {
    for call in CALLS {
        let mut h = Harness::with_credentials(Credentials::TokenFunction, Options::default());
        assert_eq!(call(&mut h).unwrap_err().kind(), ErrorKind::Credential);
        assert_eq!(asked(&mut h), 0, "whoever makes the call asks");
        let now = h.now();
        h.client.provide_token(now, &token(3600)).unwrap();
        assert_eq!(call(&mut h).unwrap().authorization, Some(token(3600)));
        h.advance_secs(4000);
        assert_eq!(call(&mut h).unwrap_err().kind(), ErrorKind::Credential);
        assert_eq!(asked(&mut h), 0);
    }
}

#[test]
fn with_an_expired_token_a_call_fails_and_the_handler_is_called_once() {
    let mut h = with_token(3600);
    let now = h.now();
    h.client.can_ask_for_token(now, true);
    h.advance_secs(4000);
    for call in CALLS {
        assert_eq!(call(&mut h).unwrap_err().kind(), ErrorKind::Credential);
    }
    assert_eq!(asked(&mut h), 1);
}

#[test]
fn a_token_authorizes_a_call_until_the_second_of_its_expiry() {
    for call in CALLS {
        let mut h = with_token(3600);
        h.set_wall_clock(3598);
        assert!(call(&mut h).is_ok());
        h.set_wall_clock(1);
        assert_eq!(call(&mut h).unwrap_err().kind(), ErrorKind::Credential);
    }
}

#[test]
fn a_module_uploads_nothing() {
    let identity = Identity::new("hub.example", "dev", Some("m")).unwrap();
    for call in CALLS {
        let config =
            Config::new(identity.clone(), Credentials::X509, "agent/1(test)", &Options::default());
        let mut h = Harness::new();
        h.client = Client::new(config.unwrap(), 1);
        let error = call(&mut h).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Client);
        assert!(error.message().contains("module"), "{}", error.message());
    }
}

#[test]
fn after_shutdown_nothing_is_uploaded() {
    for credentials in [None, Some(Credentials::X509), Some(Credentials::TokenFunction)] {
        let mut h = match credentials {
            Some(credentials) => Harness::with_credentials(credentials, Options::default()),
            None => Harness::new(),
        };
        h.shutdown();
        for call in CALLS {
            let error = call(&mut h).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Client);
            assert!(error.message().contains("shut down"), "{}", error.message());
        }
    }
}

#[test]
fn a_blob_without_a_name_is_refused() {
    let mut h = Harness::new();
    let now = h.now();
    let refused = h.client.storage_info_request(now, "");
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn neither_a_call_nor_its_client_shows_a_secret_in_its_debug_output() {
    for mut h in [Harness::from(&connection_string(), Options::default()), with_token(3600)] {
        h.call(Client::connect);
        h.run();
        let request = storage_info(&mut h).unwrap();
        let signature = request.authorization.clone().unwrap();
        let signature = signature.split("sig=").nth(1).unwrap().split('&').next().unwrap();
        for shown in [format!("{request:?}"), format!("{:?}", h.client)] {
            assert!(shown.contains("hub.example"));
            for secret in ["sig=", KEY, signature] {
                assert!(!shown.contains(secret), "{secret}");
            }
        }
    }
}
