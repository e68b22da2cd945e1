//! The options: their limits, their errors, and their secrets.

use std::time::Duration;

use iothub_device_client::protocol::client::{Config, Options};
use iothub_device_client::protocol::hub::{Credentials, Identity};
use iothub_device_client::protocol::{Client, Error, ErrorKind, Output};

use crate::harness::{Harness, KEY, config, connection_string};
use crate::hub::Sent;

fn refused(options: Options) -> Error {
    config(&connection_string(), options).expect_err("refused")
}

fn accepts(options: Options) {
    config(&connection_string(), options).expect("accepted");
}

fn endpoint(url: &str) -> Options {
    Options { endpoint: Some(url.into()), ..Options::default() }
}

fn gateway(host: &str) -> Options {
    Options { gateway_hostname: Some(host.into()), ..Options::default() }
}

/// A number option: its name, how to set it, what is allowed and what is not.
struct Number {
    name: &'static str,
    set: fn(f64) -> Options,
    allowed: &'static [f64],
    refused: &'static [f64],
}

const NUMBERS: [Number; 7] = [
    Number {
        name: "sasTokenTtl",
        set: |value| Options { sas_token_ttl: Some(value), ..Options::default() },
        allowed: &[1.0, 120.0, 3600.0, 31_536_000.0],
        refused: &[0.0, -1.0, 1.5],
    },
    Number {
        name: "keepAlive",
        set: |value| Options { keep_alive: Some(value), ..Options::default() },
        allowed: &[1.0, 60.0, 1740.0],
        refused: &[0.0, -1.0, 0.5, 1741.0, 65_537.0],
    },
    Number {
        name: "connectionRetryInterval",
        set: |value| Options { connection_retry_interval: Some(value), ..Options::default() },
        allowed: &[0.1, 10.0, 2_147_483.0],
        refused: &[0.0, -0.0, -1.0, 2_147_484.0],
    },
    Number {
        name: "connectionRetryMaxInterval",
        set: |value| Options { connection_retry_max_interval: Some(value), ..Options::default() },
        allowed: &[0.1, 10.0, 2_147_483.0],
        refused: &[0.0, -1.0, 2_147_484.0],
    },
    Number {
        name: "operationTimeout",
        set: |value| Options { operation_timeout: Some(value), ..Options::default() },
        allowed: &[0.0, 0.5, 60.0, 2_147_483.0],
        refused: &[-1.0, 2_147_484.0],
    },
    Number {
        name: "maxPendingMessages",
        set: |value| Options { max_pending_messages: Some(value), ..Options::default() },
        allowed: &[1.0, 100_000.0],
        refused: &[0.0, -1.0, 1.5],
    },
    Number {
        name: "maxPendingBytes",
        set: |value| Options { max_pending_bytes: Some(value), ..Options::default() },
        allowed: &[1.0, 1_073_741_824.0],
        refused: &[0.0, -1.0, 1.5, 1_073_741_825.0],
    },
];

#[test]
fn every_number_has_its_range_and_its_error_names_it() {
    for Number { name, set, allowed, refused: wrong } in NUMBERS {
        for &value in allowed {
            accepts(set(value));
        }
        for &value in wrong.iter().chain(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300]) {
            let error = refused(set(value));
            assert_eq!(error.kind(), ErrorKind::OutOfRange, "{name} = {value}");
            assert!(error.message().contains(name), "{name} = {value}: {error}");
        }
    }
}

#[test]
fn without_web_sockets_there_is_no_transport() {
    let error = refused(Options { websockets: Some(false), ..Options::default() });
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("websockets"));
    accepts(Options { websockets: Some(true), ..Options::default() });
}

#[test]
fn messages_are_acknowledged_in_one_of_two_ways() {
    for way in ["on-arrival", "after-handler"] {
        accepts(Options { acknowledge_messages: Some(way.into()), ..Options::default() });
    }
    for way in ["", "On-Arrival", "never"] {
        let options = Options { acknowledge_messages: Some(way.into()), ..Options::default() };
        let error = refused(options);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("acknowledgeMessages"));
    }
}

#[test]
fn a_product_info_that_begins_with_dtmi_is_the_id_of_a_model_as_in_python() {
    let user_name = |product_info: Option<&str>, model_id: Option<&str>| {
        let options = Options {
            product_info: product_info.map(Into::into),
            model_id: model_id.map(Into::into),
            ..Options::default()
        };
        let mut h = Harness::with(options);
        h.call(Client::connect);
        h.run();
        match h.hub.log.remove(0) {
            (_, Sent::Connect { user_name, .. }) => user_name,
            other => panic!("CONNECT comes first, not {other:?}"),
        }
    };
    let model = "&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1";
    let id = "dtmi:com:example:Thermostat;1";
    assert_eq!(user_name(Some(id), None), user_name(None, Some(id)));
    assert!(user_name(None, Some(id)).ends_with(&format!("agent%2F1%28test%29{model}")));
    assert!(user_name(Some("/2"), Some(id)).ends_with(&format!("%29%2F2{model}")));
}

#[test]
fn a_model_id_must_be_valid_and_given_only_once() {
    let model = |product_info: &str, model_id: &str| Options {
        product_info: Some(product_info.into()),
        model_id: Some(model_id.into()),
        ..Options::default()
    };
    for (options, named) in [
        (model("", ""), "modelId must be"),
        (model("", "Thermostat"), "modelId must be"),
        (model("dtmi:a;1", "dtmi:a;1"), "exclude each other"),
    ] {
        let error = refused(options);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(named), "{error}");
    }
}

#[test]
fn a_product_info_that_fits_no_packet_is_refused() {
    let info = |length| Options { product_info: Some("x".repeat(length)), ..Options::default() };
    accepts(info(65_000));
    let error = refused(info(66_000));
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert!(error.message().contains("productInfo"));
}

#[test]
fn the_keep_alive_is_announced_to_the_hub() {
    let h = Harness::connected(Options { keep_alive: Some(1740.0), ..Options::default() });
    let Sent::Connect { keep_alive, .. } = h.hub.on_connection(1)[0] else {
        panic!("the first packet is CONNECT");
    };
    assert_eq!(*keep_alive, 1740);
}

#[test]
fn a_gateway_is_dialled_and_the_hub_is_named() {
    let text = format!("{};GatewayHostName=gate:8443", connection_string());
    let mut h = Harness::from(&text, Options::default());
    h.call(Client::connect);
    h.run();
    assert_eq!(h.urls, ["wss://gate:8443/$iothub/websocket?iothub-no-client-cert=true"]);
    let Sent::Connect { user_name, password, .. } = h.hub.on_connection(1)[0] else {
        panic!("the first packet is CONNECT");
    };
    assert!(user_name.starts_with("hub.example/dev/?"));
    assert!(password.contains("sr=hub.example%2Fdevices%2Fdev&"));
}

#[test]
fn a_gateway_is_a_host_and_perhaps_a_port() {
    for host in ["gate", "gate.example", "gate:443", "10.0.0.1:443", "[::1]:443"] {
        accepts(gateway(host));
    }
    for host in ["", "https://gate", "gate/path", "user@gate", "gate?x", "gate#x", "a b", "g\\h"] {
        let error = refused(gateway(host));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{host}");
        assert!(error.message().contains("gatewayHostname"), "{host}");
    }
}

#[test]
fn an_endpoint_is_dialled_as_it_is() {
    let mut h = Harness::with(endpoint("ws://localhost:8080/x?y=z"));
    h.call(Client::connect);
    h.run();
    assert_eq!(h.urls, ["ws://localhost:8080/x?y=z"]);
}

#[test]
fn an_endpoint_and_a_gateway_exclude_each_other() {
    let both = Options { endpoint: Some("wss://a/".into()), ..gateway("b") };
    let error = refused(both);
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("endpoint") && error.message().contains("gatewayHostname"));
}

#[test]
fn unencrypted_endpoints_are_on_this_machine() {
    for url in [
        "ws://localhost/",
        "ws://LOCALHOST:1/x",
        "ws://hub.localhost:8080/$iothub/websocket",
        "ws://127.0.0.1/",
        "ws://127.255.255.254:80/",
        "ws://[::1]:80/x",
        "ws://[::1]/",
        "ws://localhost/?x=@y",
        "ws://localhost/@evil.com",
    ] {
        accepts(endpoint(url));
    }
}

#[test]
fn an_unencrypted_endpoint_anywhere_else_is_refused() {
    for url in [
        "ws://evil.com",
        "ws://localhost.evil.com",
        "ws://127.0.0.1.evil.com",
        "ws://127.evil.com",
        "ws://notlocalhost",
        "ws://evillocalhost:80",
        "ws://128.0.0.1",
        "ws://10.0.0.1",
        "ws://0.0.0.0",
        "ws://[::2]:80/x",
        "ws://[::ffff:10.0.0.1]",
        "ws://[::ffff:127.0.0.1]",
        "ws://[0:0:0:0:0:0:0:1]",
        "ws://[::1%25lo]",
        "ws://127.1",
        "ws://127.0.0.1.",
        "ws://127.0.0.01",
        "ws://2130706433",
        "ws://0x7f000001",
        "ws://localhost.",
        "ws://.localhost",
        "ws://a..localhost",
        "ws://evil;.localhost",
        "ws://\u{ff0f}.localhost",
        "ws://localhost%2eevil.com",
        "ws://evil.com\\@localhost",
        "ws://evil.com/@localhost",
        "ws://evil.com/.localhost",
        "ws://evil.com?.localhost",
        "ws://evil.com:80.localhost",
        "ws://evil.com%2flocalhost",
        "ws://user@localhost",
        "ws://user:password@localhost",
        "ws://localhost@evil.com",
        "ws://localhost:80@evil.com",
        "ws://[::1]@evil.com",
        "ws://[::1]evil.com",
        "ws://[::1].evil.com",
        "ws://evil.com#.localhost",
        "ws://evil.com#@localhost",
        "ws://ev\til.com",
        "ws://localhost\n.evil.com",
        " ws://localhost",
        "ws:localhost",
        "ws:/localhost",
        "ws:///localhost",
        "ws://",
        "ws://:80",
    ] {
        let error = refused(endpoint(url));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
        assert!(error.message().contains("endpoint"), "{url}: {error}");
        assert!(!error.message().contains("no path"), "{url} is refused for something else");
    }
}

#[test]
fn the_error_of_an_invalid_endpoint_shows_the_complete_form() {
    for url in [
        "http://127.0.0.1:34000",
        "https://127.0.0.1:34000/$iothub/websocket",
        "127.0.0.1:34000",
        "ws://127.0.0.1:34000",
        "wss://relay.example",
        "wss://relay.example?x=/",
    ] {
        let error = refused(endpoint(url));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
        for form in ["wss://HOST/$iothub/websocket", "ws://localhost:PORT/$iothub/websocket"] {
            assert!(error.message().contains(form), "{url}: {error}");
        }
    }
}

#[test]
fn an_encrypted_endpoint_is_anywhere_but_still_a_web_socket_url() {
    accepts(endpoint("wss://relay.example/hub"));
    accepts(endpoint("wss://10.0.0.1:8443/"));
    for url in [
        "",
        "relay.example",
        "https://relay.example",
        "wss:/relay",
        "wss://",
        "wss://u:p@relay",
        "wss://relay/#x",
        "wss://relay/\\x",
        "wss://relay/a b",
        "wss://relay/\u{7f}",
    ] {
        assert_eq!(refused(endpoint(url)).kind(), ErrorKind::InvalidArgument, "{url}");
    }
}

#[test]
fn the_endpoint_of_http_calls_is_a_url_and_encrypted_unless_on_this_machine() {
    let http_endpoint =
        |url: &str| Options { http_endpoint: Some(url.into()), ..Options::default() };
    accepts(http_endpoint("https://relay.example/path"));
    accepts(http_endpoint("http://127.0.0.1:8080"));
    accepts(Options { endpoint: Some("wss://relay/".into()), ..http_endpoint("https://other") });
    accepts(Options { gateway_hostname: Some("gate".into()), ..http_endpoint("https://other") });
    for url in [
        "",
        "relay",
        "http://relay.example",
        "wss://relay",
        "https://",
        "https://a@b",
        "https://a#",
        "https://a/b?code=1",
        "http://127.0.0.1?",
    ] {
        let error = refused(http_endpoint(url));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
        assert!(error.message().starts_with("httpEndpoint "), "{url}: {error}");
    }
    let message = refused(http_endpoint("wss://relay")).message().to_owned();
    assert!(message.ends_with("must begin with https://"), "{message}");
    let identity = Identity::new("hub.example", "dev", None).unwrap();
    let options = http_endpoint("http://127.0.0.1");
    let error = Config::new(identity, Credentials::X509, "agent", &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_certificate_needs_an_encrypted_endpoint() {
    let with = |url: &str| {
        let identity = Identity::new("hub.example", "dev", None).unwrap();
        Config::new(identity, Credentials::X509, "agent", &endpoint(url))
    };
    assert!(with("wss://localhost/").is_ok());
    let error = with("ws://localhost/").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("certificate"));
}

#[test]
fn no_secret_is_shown() {
    let token =
        "SharedAccessSignature sr=hub.example%2Fdevices%2Fdev&sig=c2lnbmF0dXJl&se=4000000000";
    let signed = format!("HostName=hub.example;DeviceId=dev;SharedAccessSignature={token}");
    for (text, secret) in [(connection_string(), KEY), (signed, "c2lnbmF0dXJl")] {
        let mut shown = format!("{:?}", config(&text, Options::default()).unwrap());
        let mut h = Harness::from(&text, Options::default());
        h.slow_open = true;
        h.call(Client::connect);
        h.run();
        h.open_socket();
        // CONNECT is encoded but not written yet.
        shown += &format!("{:?}", h.client);
        h.run();
        shown += &format!("{:?}", h.client);
        assert!(!shown.contains(secret), "{shown}");
        // The signature must not show either.
        assert!(!shown.contains("sig="), "{shown}");
    }
}

#[test]
fn debug_output_shows_only_the_length_of_written_bytes() {
    let mut h = Harness::new();
    h.slow_open = true;
    h.call(Client::connect);
    h.run();
    h.open_socket();
    let now = h.now();
    let output = h.client.poll_output(now).expect("CONNECT");
    let Output::Transmit(bytes) = &output else { panic!("CONNECT is written, not {output:?}") };
    assert_eq!(format!("{output:?}"), format!("Transmit({} bytes)", bytes.len()));
}

#[test]
fn no_error_shows_what_was_wrong_with_a_secret() {
    for text in [
        "HostName=hub.example;DeviceId=dev;SharedAccessKey=s3cret!",
        "HostName=hub.example;DeviceId=dev;SharedAccessKey=c2VjcmV0;s3cret!",
        "HostName=hub.example;DeviceId=dev;SharedAccessKey=c2VjcmV0;s3cret!=1",
        "HostName=hub.example;DeviceId=dev;SharedAccessSignature=s3cret!",
        "HostName=hub.example;DeviceId=dev;SharedAccessSignature=SharedAccessSignature s3cret!",
        "HostName=hub.example;DeviceId=dev;SharedAccessSignature=SharedAccessSignature sr=x&sig=s3cret!&se=x",
        "HostName=hub.example;DeviceId=dev;SharedAccessSignature=SharedAccessSignature sr=x&sig=s3cret!&se=1",
    ] {
        let error = config(text, Options::default()).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("c2VjcmV0"), "{shown}");
    }
    let error = refused(endpoint("ws://user:s3cret@localhost/"));
    assert!(!format!("{error:?}").contains("s3cret"));
}

#[test]
fn the_time_limit_of_upload_calls_is_available_to_the_shell() {
    let limit = |operation_timeout| {
        Harness::with(Options { operation_timeout, ..Options::default() })
            .client
            .operation_timeout()
    };
    assert_eq!(limit(None), Some(Duration::from_secs(60)));
    assert_eq!(limit(Some(2.5)), Some(Duration::from_millis(2500)));
    assert_eq!(limit(Some(0.0)), None);
}

#[test]
fn a_client_names_the_identity_that_it_is_of() {
    assert_eq!(Harness::new().client.resource(), "hub.example/devices/dev");
}
