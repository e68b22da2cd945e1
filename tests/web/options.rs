//! Errors for invalid options name the option.

use js_sys::{Error, Object, Reflect, Symbol};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Client, KEY, create_client, message_of, name_of, real_platform};

fn refused(options: &str) -> Error {
    real_platform();
    create_client(options).expect_err(options)
}

#[wasm_bindgen_test]
fn an_unknown_option_is_a_type_error_that_names_it() {
    for name in ["keepalive", "sastokenTtl", "toString"] {
        let error = refused(&format!(r#"{{"{name}": 1}}"#));
        assert_eq!(name_of(&error), "TypeError");
        assert!(message_of(&error).starts_with(name), "{}", message_of(&error));
    }
}

#[wasm_bindgen_test]
fn an_option_of_the_wrong_type_is_a_type_error_that_names_it() {
    let wrong = [
        ("endpoint", "1"),
        ("httpEndpoint", "1"),
        ("websockets", "\"true\""),
        ("websockets", "false"),
        ("productInfo", "{}"),
        ("keepAlive", "\"60\""),
        ("autoConnect", "0"),
        ("connectionRetry", "null"),
        ("connectionRetryInterval", "\"10\""),
        ("connectionRetryMaxInterval", "true"),
        ("ensureDesiredProperties", "1"),
        ("operationTimeout", "null"),
        ("maxPendingMessages", "[1]"),
        ("acknowledgeMessages", "true"),
        ("acknowledgeMessages", "\"never\""),
        ("sasTokenTtl", "\"3600\""),
        ("gatewayHostname", "[]"),
    ];
    for (name, value) in wrong {
        let error = refused(&format!(r#"{{"{name}": {value}}}"#));
        assert_eq!(name_of(&error), "TypeError", "{name}: {value}");
        assert!(message_of(&error).contains(name), "{}", message_of(&error));
    }
}

#[wasm_bindgen_test]
fn an_option_out_of_its_range_is_a_range_error_that_names_it() {
    let wrong = [
        ("keepAlive", "0"),
        ("keepAlive", "1741"),
        ("keepAlive", "1.5"),
        ("connectionRetryInterval", "0"),
        ("connectionRetryInterval", "2147484"),
        ("connectionRetryMaxInterval", "-1"),
        ("operationTimeout", "-0.5"),
        ("operationTimeout", "1e300"),
        ("maxPendingMessages", "0"),
        ("sasTokenTtl", "0"),
        ("sasTokenTtl", "1e300"),
    ];
    for (name, value) in wrong {
        let error = refused(&format!(r#"{{"{name}": {value}}}"#));
        assert_eq!(name_of(&error), "RangeError", "{name}: {value}");
        assert!(message_of(&error).contains(name), "{}", message_of(&error));
    }
}

#[wasm_bindgen_test]
fn an_invalid_number_is_a_range_error() {
    let options = Object::new();
    Reflect::set(&options, &"keepAlive".into(), &f64::NAN.into()).unwrap();
    let error = create(&options).unwrap_err();
    assert_eq!(name_of(&error), "RangeError");
}

#[wasm_bindgen_test]
fn options_that_are_no_object_are_a_type_error() {
    let symbol = JsValue::from(Symbol::iterator());
    for options in [JsValue::NULL, 1.into(), "options".into(), js_sys::Array::new().into(), symbol]
    {
        let error = create(&options).unwrap_err();
        assert_eq!(name_of(&error), "TypeError");
        assert!(message_of(&error).contains("options"), "{}", message_of(&error));
    }
    create(&JsValue::UNDEFINED).expect("options may be left out");
}

#[wasm_bindgen_test]
fn an_option_that_is_undefined_is_as_if_left_out() {
    let options = Object::new();
    Reflect::set(&options, &"keepAlive".into(), &JsValue::UNDEFINED).unwrap();
    create(&options).expect("undefined stands for the default");
}

#[wasm_bindgen_test]
fn a_connection_string_excludes_the_option_that_it_replaces() {
    let text = format!("HostName=h.example;DeviceId=d;SharedAccessKey={KEY}");
    let options = js_sys::JSON::parse(r#"{"gatewayHostname": "g.example"}"#).unwrap();
    real_platform();
    let error = Client::from_connection_string(&text, &options).unwrap_err();
    assert_eq!(name_of(&error), "TypeError");
    assert!(message_of(&error).starts_with("gatewayHostname"), "{}", message_of(&error));
    assert!(!message_of(&error).contains(KEY));
}

fn create(options: &JsValue) -> Result<Client, Error> {
    real_platform();
    Client::from_symmetric_key(KEY, "h.example", "d", options)
}
