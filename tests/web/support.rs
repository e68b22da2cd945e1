//! A client whose platform the test controls, and whose hub responds from memory.

use std::cell::RefCell;
use std::rc::Rc;

use iothub_device_client::bridge::{ClientHandle, Host};
use js_sys::{Array, Error, Function, JSON, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::hub::{Hub, Sent};

#[wasm_bindgen(module = "/target/web-tests.js")]
extern "C" {
    #[derive(Clone, Debug)]
    pub type Platform;
    #[wasm_bindgen(constructor)]
    fn new() -> Platform;
    #[wasm_bindgen(method, getter)]
    fn host(this: &Platform) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub fn sockets(this: &Platform) -> Array;
    #[wasm_bindgen(method, setter)]
    pub fn set_protocol(this: &Platform, protocol: &str);
    #[wasm_bindgen(method, setter, js_name = bufferedAmount)]
    pub fn set_buffered_amount(this: &Platform, bytes: u32);
    #[wasm_bindgen(method, getter)]
    pub fn watches(this: &Platform) -> Array;
    #[wasm_bindgen(method, setter, js_name = onFrame)]
    fn set_on_frame(this: &Platform, call: &Function);
    #[wasm_bindgen(method)]
    fn changed(this: &Platform) -> Promise;
    #[wasm_bindgen(method)]
    pub fn notify(this: &Platform);

    #[derive(Clone, Debug)]
    pub type ScriptedWatch;
    #[wasm_bindgen(method, structural, getter)]
    pub fn resource(this: &ScriptedWatch) -> String;
    #[wasm_bindgen(method, structural, getter, js_name = takenOver)]
    pub fn taken_over(this: &ScriptedWatch) -> u32;
    #[wasm_bindgen(method, structural, getter, js_name = isStopped)]
    pub fn is_stopped(this: &ScriptedWatch) -> bool;
    #[wasm_bindgen(method, structural)]
    pub fn report(this: &ScriptedWatch, what: &JsValue);

    #[derive(Clone, Debug)]
    pub type ScriptedSocket;
    #[wasm_bindgen(method, structural, getter)]
    pub fn url(this: &ScriptedSocket) -> String;
    #[wasm_bindgen(method, structural, getter)]
    pub fn frames(this: &ScriptedSocket) -> Array;
    #[wasm_bindgen(method, structural, getter)]
    pub fn aborted(this: &ScriptedSocket) -> bool;
    #[wasm_bindgen(method, structural)]
    pub fn deliver(this: &ScriptedSocket, data: &JsValue);
    #[wasm_bindgen(method, structural)]
    pub fn end(this: &ScriptedSocket, code: u16);

    pub type RealPlatform;
    #[wasm_bindgen(constructor)]
    fn new() -> RealPlatform;
    #[wasm_bindgen(method, getter)]
    fn host(this: &RealPlatform) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub fn sockets(this: &RealPlatform) -> Array;

    pub fn closed(socket: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = nextTask)]
    fn next_task_promise() -> Promise;
    pub type Timeouts;
    #[wasm_bindgen(constructor)]
    pub fn new() -> Timeouts;
    #[wasm_bindgen(method, getter)]
    pub fn lengths(this: &Timeouts) -> Vec<f64>;
    #[wasm_bindgen(method)]
    pub fn fire(this: &Timeouts);
    #[wasm_bindgen(method)]
    pub fn stop(this: &Timeouts);
    #[wasm_bindgen(js_name = recordConsoleErrors)]
    pub fn record_console_errors(errors: &Array) -> Function;
    #[wasm_bindgen(js_name = takeUncaught)]
    fn take_uncaught() -> Vec<JsValue>;
}

/// The class that users see.
#[wasm_bindgen(module = "/target/web-tests.js")]
extern "C" {
    #[derive(Clone, Debug)]
    #[wasm_bindgen(js_name = IoTHubDeviceClient)]
    pub type Client;
    #[wasm_bindgen(catch, static_method_of = Client, js_class = IoTHubDeviceClient,
                   js_name = createFromConnectionString)]
    pub fn from_connection_string(text: &str, options: &JsValue) -> Result<Client, Error>;
    #[wasm_bindgen(catch, static_method_of = Client, js_class = IoTHubDeviceClient,
                   js_name = createFromSymmetricKey)]
    pub fn from_symmetric_key(
        key: &str,
        hostname: &str,
        device_id: &str,
        options: &JsValue,
    ) -> Result<Client, Error>;
    #[wasm_bindgen(method)]
    pub fn connect(this: &Client) -> Promise;
    #[wasm_bindgen(method)]
    pub fn disconnect(this: &Client) -> Promise;
    #[wasm_bindgen(method)]
    pub fn shutdown(this: &Client) -> Promise;
    #[wasm_bindgen(method, js_name = sendMessage)]
    pub fn send_message(this: &Client, message: &JsValue) -> Promise;
    #[wasm_bindgen(method, getter, js_name = connectionState)]
    pub fn connection_state(this: &Client) -> String;
}

impl Client {
    /// Sets a handler property.
    pub fn set_handler(&self, name: &str, value: &JsValue) -> Result<(), JsValue> {
        Reflect::set(self, &name.into(), value).map(|_| ())
    }
}

#[wasm_bindgen(module = "/target/web-tests.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = host)]
    static HOST: Host;
    #[wasm_bindgen(js_name = setPlatform)]
    fn set_platform(platform: &JsValue);
}

#[wasm_bindgen(module = "/target/web-tests.js")]
extern "C" {
    #[wasm_bindgen(extends = Error)]
    pub type ClientError;
}

#[wasm_bindgen(module = "/target/web-tests.js")]
extern "C" {
    pub type Message;
    #[wasm_bindgen(method)]
    pub fn text(this: &Message) -> String;
}

#[wasm_bindgen(module = "/target/web-tests.js")]
extern "C" {
    pub type MethodResponse;
    #[wasm_bindgen(constructor)]
    pub fn new(request_id: &str, status: i32, payload: &JsValue) -> MethodResponse;
}

pub const KEY: &str = "c2VjcmV0";

pub struct Device {
    pub client: Client,
    pub platform: Platform,
    pub hub: Rc<RefCell<Hub>>,
}

impl Device {
    /// A client that is not connected; the options are JSON.
    pub fn new(options: &str) -> Self {
        let platform = Platform::new();
        let hub = Rc::new(RefCell::new(Hub::new()));
        platform.set_on_frame(&answer_with(hub.clone()));
        use_platform(&platform.host());
        let client = create_client(options).expect("right options");
        Self { client, platform, hub }
    }

    pub async fn connected(options: &str) -> Self {
        let device = Self::new(options);
        fulfilled(device.client.connect()).await;
        device
    }

    pub fn send(&self, body: &str) -> Promise {
        self.client.send_message(&body.into())
    }

    /// The socket that was opened last.
    pub fn socket(&self) -> ScriptedSocket {
        self.platform.sockets().at(-1).unchecked_into()
    }

    /// The client's last watch on the platform.
    pub fn watch(&self) -> ScriptedWatch {
        self.platform.watches().at(-1).unchecked_into()
    }

    /// The hub publishes to the client.
    pub fn publish(&self, topic: &str, body: &str) {
        let bytes = self.hub.borrow_mut().publish(topic, body.as_bytes());
        self.deliver(&bytes);
    }

    pub fn publish_message(&self, body: &str) {
        self.publish("devices/d/messages/devicebound/", body);
    }

    pub fn publish_method(&self, request_id: &str) {
        self.publish(&format!("$iothub/methods/POST/m/?$rid={request_id}"), "null");
    }

    pub fn deliver(&self, bytes: &[u8]) {
        self.socket().deliver(&Uint8Array::from(bytes));
    }

    /// Waits, without a timer, until `seen` finds something at the hub or a recorded handler.
    pub async fn until(&self, seen: impl Fn() -> bool) {
        while !seen() {
            fulfilled(self.platform.changed()).await;
        }
    }

    pub async fn until_sent(&self, wanted: impl Fn(&Sent) -> bool) {
        self.until(|| self.hub.borrow().log.iter().any(|(_, sent)| wanted(sent))).await;
    }

    /// Returns when the hub has received everything that the client wrote before.
    pub async fn round_trip(&self) {
        fulfilled(self.send("round trip")).await;
    }

    /// The bodies of all telemetry, in the order of arrival.
    pub fn telemetry(&self) -> Vec<String> {
        let hub = self.hub.borrow();
        let telemetry = hub.publishes().filter(|(_, _, topic, _)| topic.contains("/events/"));
        telemetry.map(|(_, _, _, body)| String::from_utf8(body.into()).unwrap()).collect()
    }

    pub fn set_handler(&self, name: &str, value: &JsValue) {
        self.client.set_handler(name, value).expect("can be a handler");
    }

    /// A handler that records its arguments.
    pub fn recorder(&self) -> (JsValue, Record) {
        let record = Record::default();
        let calls = record.clone();
        let platform = self.platform.clone();
        let handler = function(move |argument| {
            calls.0.borrow_mut().push(argument);
            platform.notify();
            Ok(JsValue::UNDEFINED)
        });
        (handler, record)
    }

    /// Sets a handler that records its arguments.
    pub fn record(&self, name: &str) -> Record {
        let (handler, record) = self.recorder();
        self.set_handler(name, &handler);
        record
    }
}

/// The calls of a handler.
#[derive(Clone, Default)]
pub struct Record(Rc<RefCell<Vec<JsValue>>>);

impl Record {
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub fn get(&self, index: usize) -> JsValue {
        self.0.borrow()[index].clone()
    }

    /// The texts of the messages.
    pub fn texts(&self) -> Vec<String> {
        self.0.borrow().iter().map(text_of).collect()
    }
}

fn answer_with(hub: Rc<RefCell<Hub>>) -> Function {
    let connection = RefCell::new(JsValue::UNDEFINED);
    let answer = move |frame: Uint8Array, socket: ScriptedSocket| {
        if connection.replace(socket.clone().into()) != *socket {
            hub.borrow_mut().connection_opened();
        }
        let answers = hub.borrow_mut().receive(&frame.to_vec());
        if !answers.is_empty() {
            socket.deliver(&Uint8Array::from(&answers[..]));
        }
    };
    Closure::<dyn Fn(Uint8Array, ScriptedSocket)>::new(answer).into_js_value().unchecked_into()
}

/// A client of the device `d`; the options are JSON.
pub fn create_client(options: &str) -> Result<Client, Error> {
    let options = JSON::parse(options).expect("JSON");
    Client::from_symmetric_key(KEY, "h.example", "d", &options)
}

/// The browser's own sockets.
pub fn real_platform() -> RealPlatform {
    let platform = RealPlatform::new();
    use_platform(&platform.host());
    platform
}

/// Clients that are created from now on use this platform.
fn use_platform(host: &JsValue) {
    set_platform(host);
    // Only an instance gives access to the class.
    let core = HOST.with(|host| {
        ClientHandle::from_symmetric_key(host.clone(), KEY, "h.example", "d", &JsValue::UNDEFINED)
    });
    let core = JsValue::from(core.expect("right arguments"));
    let class = Reflect::get(&core, &"constructor".into()).expect("an object");
    let entry = Array::of2(&"ClientHandle".into(), &class);
    let platform = js_sys::Object::from_entries(&Array::of1(&entry)).expect("entries");
    set_platform(&platform);
}

/// A JavaScript function; an `Err` is thrown.
pub fn function(call: impl Fn(JsValue) -> Result<JsValue, JsValue> + 'static) -> JsValue {
    Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(call).into_js_value()
}

/// A Promise, and the function that resolves it.
pub fn deferred() -> (Promise, Function) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (promise, resolver.expect("set by the constructor"))
}

pub fn call(function: &Function, argument: &JsValue) {
    function.call1(&JsValue::UNDEFINED, argument).expect("does not throw");
}

pub async fn fulfilled(promise: Promise) -> JsValue {
    JsFuture::from(promise).await.expect("fulfilled")
}

pub async fn rejected(promise: Promise) -> Error {
    JsFuture::from(promise).await.expect_err("rejected").into()
}

/// Whether a Promise has not settled yet.
pub async fn is_pending(promise: &Promise) -> bool {
    let marker = js_sys::Object::new();
    fulfilled(Promise::race(&Array::of2(promise, &marker))).await == *marker
}

/// Returns in a later task, after every timeout that is due now.
pub async fn next_task() {
    fulfilled(next_task_promise()).await;
}

/// Fails if there was an uncaught error since the last call, including the current task.
pub async fn assert_nothing_is_uncaught() {
    next_task().await;
    let uncaught = take_uncaught();
    assert!(uncaught.is_empty(), "{uncaught:?}");
}

pub fn text_of(message: &JsValue) -> String {
    message.unchecked_ref::<Message>().text()
}

/// The name of an error's class.
pub fn name_of(error: &Error) -> String {
    error.name().into()
}

/// The message of an error.
pub fn message_of(error: &Error) -> String {
    error.message().into()
}
