/**
 * A device client for Azure IoT Hub. All times are in seconds.
 *
 * @module iothub-device-client
 */

/** A value parsed from JSON: a twin, the payload of a direct method, the body of a message. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. A member that is `undefined` counts as absent. */
export type JsonObject = { [name: string]: JsonValue | undefined };

/**
 * A value that can be written as JSON without losing anything: any plain object, including an
 * `interface`, a `Date` or a `readonly` array. Functions, Promises, Maps, Sets, Blobs and the like
 * are not allowed.
 */
export type JsonInput = JsonValue | JsonInputObject;

/**
 * Excludes functions, Promises, Maps, Sets, URLSearchParams, Blobs and streams: each of them has
 * one of these methods.
 */
type JsonInputObject = object & {
  readonly bind?: NoFunction;
  readonly then?: NoFunction;
  readonly has?: NoFunction;
  readonly arrayBuffer?: NoFunction;
  readonly getReader?: NoFunction;
  readonly [isJsonInput]?: true;
};
type NoFunction = null | boolean | number | string | (object & { readonly bind?: never });
declare const isJsonInput: unique symbol;

/** An object of {@link JsonInput}, not an array. */
export type JsonObjectInput = JsonObject | (JsonInputObject & { readonly map?: NoFunction });

/**
 * `T`, if all its members, at any depth, are {@link JsonInput} or `undefined`. Any other member
 * becomes `never`.
 */
export type Json<T> = T extends JsonValue | undefined | { toJSON(): unknown }
  ? T
  : T extends JsonInputObject
    ? typeof isJsonInput extends keyof T
      ? T
      : { [Name in keyof T]: Json<T[Name]> }
    : never;

/**
 * The data that a message can carry.
 *
 * | data | sent as |
 * | --- | --- |
 * | `string` | UTF-8 text, no content type |
 * | `ArrayBuffer`, typed array, `DataView`, `Buffer` | the bytes, no content type |
 * | any other value that JSON can hold | JSON, content type `application/json`, encoding `utf-8` |
 */
export type MessageData = string | ArrayBuffer | ArrayBufferView | JsonInput;

/**
 * The value of a handler property: a function (which may be async), a Promise of one, or `null` or
 * `undefined` for no handler. While the Promise is pending, up to 1,024 events of each kind wait
 * for it. Beyond that, messages stay with the hub, desired properties arrive as one complete set,
 * and the oldest events of the other kinds are lost.
 */
export type Handler<F> = F | PromiseLike<F | null | undefined> | null | undefined;

/**
 * Receives cloud-to-device messages. If it returns a Promise, the client awaits it and ignores its
 * value.
 */
export type MessageHandler = (message: Message) => unknown;

/**
 * Receives direct method calls. A {@link MethodResponse} or {@link MethodResult} that it returns,
 * or resolves to, is sent as the response. If it returns `undefined`, respond with
 * `sendMethodResponse`. Any other value is a TypeError, and the caller gets status 500.
 *
 * `Payload` is the type that you state, which may be an `interface`; it is not checked.
 */
export type MethodRequestHandler<Payload = JsonValue | Record<string, any>> = Takes<
  MethodRequest<Payload>,
  MethodResponse | MethodResult | void | PromiseLike<MethodResponse | MethodResult | void>
>;

/**
 * A function whose argument may be declared more narrowly: the type that you state is not checked.
 */
type Takes<T, Result> = { handle(argument: T): Result }['handle'];

/**
 * The response to the call that the handler received: a {@link MethodResponse} without its request
 * id.
 */
export interface MethodResult {
  /** See {@link MethodResponse.status}. */
  status: number;
  /** See {@link MethodResponse.payload}. */
  payload?: JsonInput | undefined;
}

/**
 * Receives desired properties. If it returns a Promise, the client awaits it and ignores its value.
 */
export type DesiredPropertiesHandler<Patch = JsonProperties> = Takes<
  TwinProperties<Patch>,
  unknown
>;

/** Receives changes of the connection state. */
export type ConnectionStateHandler = (change: ConnectionStateChange) => unknown;

/** Called when a new SAS token is needed. Pass one to `updateSasToken`. */
export type NewSasTokenHandler = () => unknown;

/**
 * Returns a SAS token that has not expired, or a Promise of one. `resource` is what the token must
 * be valid for, its `sr` before percent-encoding: `{hostname}/devices/{deviceId}`, or
 * `{idScope}/registrations/{registrationId}` for a registration.
 */
export type SasTokenFunction = (resource: string) => string | PromiseLike<string>;

/** Receives errors that belong to no call. */
export type BackgroundExceptionHandler = (error: Error) => unknown;

/** The state of a client's connection. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting';

/** The argument of {@link IoTHubDeviceClient.onConnectionStateChange}. */
export interface ConnectionStateChange {
  /** Whether the client is connected. */
  readonly connected: boolean;
  /** Why the connection was lost; `undefined` if it was not lost, or if you closed it. */
  readonly cause: Error | undefined;
}

/** Properties of unknown names and types. */
export type JsonProperties = { [name: string]: JsonValue };

/**
 * One half of a twin: its properties by name, and its version, which the hub increases with each
 * change. `Properties` is the type that you state; it is not checked.
 */
export type TwinProperties<Properties = JsonProperties> = Properties & {
  readonly $version: number;
};

/** A device's twin, as the hub sends it to the device. */
export interface Twin<Desired = JsonProperties, Reported = JsonProperties> {
  /** What the back end wants the device to apply. */
  desired: TwinProperties<Desired>;
  /** What the device has reported. */
  reported: TwinProperties<Reported>;
}

/** The data that {@link IoTHubDeviceClient.uploadFile} accepts. */
export type UploadData =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | UploadBlob
  | UploadStream
  | AsyncIterable<string | ArrayBuffer | ArrayBufferView | UploadBlob>;

/** Where to upload a blob, and the token that permits it. */
export interface StorageInfo {
  /** Pass this to {@link IoTHubDeviceClient.notifyBlobUploadStatus}. */
  correlationId: string;
  /** The host of the storage account. */
  hostName: string;
  /** The container in the storage account. */
  containerName: string;
  /** The name of the blob in the container: the device id, a slash, and the requested name. */
  blobName: string;
  /**
   * The query string of the upload's URL, including its `?`. Keep it secret for as long as it is
   * valid.
   */
  sasToken: string;
}

/** Options of {@link IoTHubDeviceClient.uploadFile}. */
export interface UploadOptions extends CallOptions {
  /**
   * The media type of the blob, in printable ASCII; anything else is a TypeError. Default: the type
   * of the `Blob`, or `application/octet-stream`.
   */
  contentType?: string | undefined;
  /**
   * Called each time a block of 1 MiB has been stored. If it returns a Promise, the next block
   * waits for it. If it throws or rejects, the upload ends with that error.
   */
  onProgress?: ((progress: UploadProgress) => unknown) | undefined;
}

/** The progress of an upload. */
export interface UploadProgress {
  /** Bytes stored so far. */
  readonly loaded: number;
  /** Total bytes; `undefined` for a stream. */
  readonly total: number | undefined;
}

/** Options of every call that may have to wait. `disconnect` and `shutdown` have none. */
export interface CallOptions {
  /**
   * Cancels the call: it rejects with the signal's `reason`, and is not sent, or not resent. If it
   * was sent already, it may still reach the hub. If the signal is already aborted, nothing is
   * sent. For a timeout, pass `AbortSignal.timeout(5000)`, which counts milliseconds; all other
   * times in this package are in seconds.
   */
  signal?: Signal | undefined;
}

/** How long a receive call waits. */
export interface ReceiveOptions extends CallOptions {
  /** Whether to wait if nothing has arrived yet. Default `true`. */
  block?: boolean | undefined;
  /** Maximum time to wait, in seconds, 0 or more. Default: no limit. */
  timeout?: number | undefined;
}

/** Which method requests a receive call returns, and how long it waits. */
export interface ReceiveMethodOptions extends ReceiveOptions {
  /**
   * Return only calls of this method, which from now on has its own queue. Default: calls of all
   * methods that have no queue of their own.
   */
  methodName?: string | undefined;
}

/**
 * Options of every factory. An unknown option, or a value of the wrong type, is a `TypeError` that
 * names the option; a number out of range is a `RangeError`. `undefined` means the default.
 */
export interface ClientOptions {
  /**
   * The full WebSocket URL to connect to instead of the hub's own, such as a local hub's
   * `ws://localhost:8080/$iothub/websocket`. HTTP calls go to the same origin. The scheme is
   * `wss:`, or `ws:` on this machine only (`localhost`, `*.localhost`, 127.0.0.0/8, `[::1]`), since
   * anywhere else the token would travel unencrypted. Cannot be combined with a gateway; `ws:`
   * cannot be combined with a certificate.
   */
  endpoint?: string | undefined;
  /**
   * The base URL for the HTTP calls of a file upload, instead of the hub or the origin of
   * `endpoint`: `/devices/...` is appended to it. Use it for a relay that adds the CORS headers
   * that pages need. The relay receives the device's token. The scheme is `https:`, or `http:` on
   * this machine only, as for `endpoint`. No query string.
   */
  httpEndpoint?: string | undefined;
  /** MQTT over WebSockets is the only transport, so `false` is a `TypeError`. Default `true`. */
  websockets?: true | undefined;
  /**
   * Text that is appended, without a separator, to the name of this package in the product
   * information that the client sends to the hub. If it begins with `dtmi`, it is used as the
   * `modelId`, as in the Python client. Default `""`.
   */
  productInfo?: string | undefined;
  /**
   * The id of the IoT Plug and Play model that the device implements, such as
   * `dtmi:com:example:Thermostat;1`. The back end sees it as the twin's `modelId`. Default: none.
   */
  modelId?: string | undefined;
  /**
   * The keep-alive interval: the longest time for which the client may send nothing, in whole
   * seconds from 1 to 1740. The client sends a ping after three quarters of it; if nothing comes
   * back within 15 seconds, the connection counts as lost. Default 60.
   */
  keepAlive?: number | undefined;
  /** Whether an operation that needs a connection opens one. Default `true`. */
  autoConnect?: boolean | undefined;
  /**
   * Which connections the client retries: `true`, a connection that was lost; `"always"`, the first
   * one, too; `false`, none. With `"always"`, a device that starts before its network connects as
   * soon as it can: all calls, including {@link IoTHubDeviceClient.connect}, wait until then, and
   * `onBackgroundException` receives the error of each failed attempt. If the hub refuses the
   * login, the client stops retrying. Default `true`.
   */
  connectionRetry?: boolean | 'always' | undefined;
  /**
   * Seconds between attempts to reconnect, from 0.001 to 2147483, varied at random by ±20 %. If the
   * lost connection had lasted longer than this, the first attempt follows immediately. In a page
   * or worker, an `online` event ends the wait, and while the browser reports that it is offline,
   * the wait is at least a minute. Default 10.
   */
  connectionRetryInterval?: number | undefined;
  /**
   * The longest interval between attempts, in seconds. If it is larger than
   * `connectionRetryInterval`, the interval doubles with each failure until it reaches this.
   * Default: `connectionRetryInterval`, so that the interval stays the same.
   */
  connectionRetryMaxInterval?: number | undefined;
  /**
   * Whether the client makes sure that no desired properties are missed. If `true`, it fetches the
   * twin each time it subscribes to desired properties (at first, and after each reconnect), and
   * passes its desired properties to the handler if their `$version` differs from the last one
   * passed. Default `true`.
   */
  ensureDesiredProperties?: boolean | undefined;
  /**
   * How long an operation waits for its response, in seconds up to 2147483. The time begins when
   * the operation has been sent, and counts only while connected. After that, the operation rejects
   * with {@link OperationTimeout} and is not resent; the hub may still have acted on it. 0 means no
   * limit. This also applies to subscriptions: if the hub never answers one, an operation that
   * needs it does not settle until the next connection. Default 60.
   */
  operationTimeout?: number | undefined;
  /**
   * How many calls of `sendMessage` may wait to be acknowledged, and how many calls of `getTwin`
   * and `patchTwinReportedProperties` may wait for a response. Further calls reject immediately
   * with {@link ClientError}. A whole number from 1 to 2147483648. Default 100,000.
   */
  maxPendingMessages?: number | undefined;
  /**
   * How many bytes may wait in calls of `sendMessage`, `patchTwinReportedProperties` and
   * `sendMethodResponse`, and in responses that method handlers returned. A call that would exceed
   * the limit rejects immediately with {@link ClientError}; a call that alone is larger than the
   * limit rejects with RangeError. The body of a message counts as its size in bytes; each
   * character of properties, patches and payloads counts as three. A whole number from 1 to
   * 1073741824 (1 GiB), which is also the limit of all clients together. Default 268,435,456 (256
   * MiB).
   */
  maxPendingBytes?: number | undefined;
  /**
   * When the client acknowledges a cloud-to-device message: `"on-arrival"`, when the message is
   * passed to the handler; `"after-handler"`, when the handler has returned or its Promise is
   * fulfilled. With `"after-handler"`, a message whose handler failed is not acknowledged, and the
   * hub delivers it again on the next connection. Default `"on-arrival"`.
   */
  acknowledgeMessages?: 'on-arrival' | 'after-handler' | undefined;
  /**
   * Certificates to trust instead of the system's, as PEM text. They also apply to the storage
   * account when `uploadFile` stores a file there. Node.js only: a `TypeError` in a browser, where
   * a page cannot choose which certificates to trust.
   */
  serverVerificationCert?: string | undefined;
  /**
   * The TLS ciphers to offer: a list in OpenSSL format, or an array of names. Node.js only: a
   * `TypeError` in a browser.
   */
  cipher?: string | readonly string[] | undefined;
  /**
   * A proxy for both WebSocket and HTTP: a URL with `http:`, `https:`, `socks4:`, `socks4a:`,
   * `socks5:` or `socks5h:`, such as `http://user:password@host:8080`, with user and password
   * percent-encoded. Node.js only: a `TypeError` in a browser.
   */
  proxy?: string | undefined;
  /**
   * Logs what the client does, for debugging: each packet, each state of the socket and the
   * connection, each wait before a retry, each HTTP call, and each error that belongs to no call.
   * `"console"` writes each as one line with `console.log`, or in Node.js with `console.error`, so
   * that standard output stays free for your program. A function is called with a {@link
   * TraceRecord}; if it throws or rejects, the error goes to `console.error`. Tokens, user names
   * and passwords are left out, and so are payloads, unless you read `payload` of a record. Topics
   * contain the properties of messages.
   *
   * In Node.js, the environment variable `DEBUG=iothub-device-client` does the same as `"console"`
   * for every client without this option. As with the npm package `debug`, it may be a list or a
   * pattern.
   */
  trace?: 'console' | ((record: TraceRecord) => void) | undefined;
  /**
   * Stores telemetry before it is sent, so that it outlives the process. Create a store for each
   * client with `indexedDbStore`, `levelStore` or `ownStore`, from
   * `iothub-device-client/indexeddb-store`, `/level-store` or `/own-store`. Telemetry then outlives
   * `operationTimeout`, `disconnect` and `shutdown`, and `connectionRetry` is `"always"` by
   * default. The store is opened by the first call that needs it or the connection. Default: none.
   */
  store?: OutboxStore | undefined;
}

/** A store for the option {@link ClientOptions.store}. */
export interface OutboxStore {
  /** The client calls this once. */
  attach(client: unknown): void;
}

/** The options of every store. */
export interface StoreOptions {
  /** How many messages may be stored, including those that were moved aside. Default 100,000. */
  maxMessages?: number | undefined;
  /**
   * How many bytes may be stored: for each message, the bytes of its body and the characters of its
   * properties. A single message that is larger than this is a RangeError. Default 268,435,456 (256
   * MiB).
   */
  maxBytes?: number | undefined;
  /**
   * Seconds after which a message is dropped instead of sent. This uses the machine's clock; if the
   * clock is set back, nothing is dropped early. Default: never.
   */
  maxAge?: number | undefined;
  /**
   * What happens if there is no room for a message. `"refuse"`: its call rejects with {@link
   * ClientError}. `"drop-oldest"`: the oldest messages are dropped to make room, including those
   * that were moved aside. Default `"refuse"`.
   */
  whenFull?: 'refuse' | 'drop-oldest' | undefined;
  /**
   * How many of the messages that were stored before the connection was made are sent per second.
   * Newer messages follow as fast as the connection allows. Default 100.
   */
  drainRate?: number | undefined;
  /**
   * Encrypts a body before it is stored. Properties are stored as they are. Requires `decrypt`. It
   * may return an `ArrayBuffer`, as `crypto.subtle.encrypt` does.
   */
  encrypt?:
    ((body: Bytes) => Uint8Array | ArrayBuffer | PromiseLike<Uint8Array | ArrayBuffer>) | undefined;
  /** Decrypts what `encrypt` returned. If it fails, the message is moved aside. */
  decrypt?:
    ((body: Bytes) => Uint8Array | ArrayBuffer | PromiseLike<Uint8Array | ArrayBuffer>) | undefined;
}

/**
 * A store of your own, for `ownStore` of `iothub-device-client/own-store`. The client calls `open`
 * first and `close` last, and may call a method while another one is pending. Only one client may
 * use a store: if two processes might open it, let the second `open` reject. The errors of its
 * methods appear in the errors that users see.
 */
export interface MessageStore {
  /**
   * Opens the store of a device or module; returns how many messages it holds, and the sum of their
   * `size`. `resource` is `{hub}/devices/{deviceId}`, followed by `/modules/{moduleId}` for a
   * module, or `{idScope}/registrations/{registrationId}` for a client from
   * `createFromProvisioning`.
   */
  open(device: { readonly resource: string }): Promise<{ count: number; bytes: number }>;
  /**
   * Stores all messages or none, and returns their sequence numbers: whole numbers above 0, in the
   * order of the messages, each larger than all before it, including those of removed messages.
   */
  append(messages: readonly MessageToStore[]): Promise<number[]>;
  /** Returns up to `count` messages with sequence numbers above `after`, the smallest first. */
  read(after: number, count: number): Promise<StoredMessage[]>;
  /** Removes messages and ignores those that do not exist. */
  remove(
    messages: readonly { readonly sequence: number; readonly size: number }[],
  ): Promise<unknown>;
  /** Closes the store; it may be opened again. */
  close(): Promise<unknown>;
}

/** What a {@link MessageStore} stores and returns unchanged. */
export interface MessageToStore {
  /** When the message was stored, in milliseconds since 1970. */
  readonly storedAt: number;
  /** How many bytes it counts towards `maxBytes`. */
  readonly size: number;
  /** The body, encrypted if there is an `encrypt`. */
  readonly body: Bytes;
  /** JSON, or empty. */
  readonly systemProperties: string;
  /** JSON, or empty. */
  readonly customProperties: string;
  /** Why the message was moved aside, if it was. */
  readonly movedAside?: string | undefined;
}

/** A message as a {@link MessageStore} returns it. */
export interface StoredMessage extends MessageToStore {
  /** Its sequence number. */
  readonly sequence: number;
}

/** The stored messages that the hub has not acknowledged. */
export interface Outbox {
  /**
   * How many messages the store holds, including those that were moved aside; 0 until it is open.
   */
  readonly count: number;
  /** How many bytes they count towards `maxBytes`. */
  readonly bytes: number;
  /** When the oldest waiting message was stored; `undefined` if another tab sends the messages. */
  readonly oldest: Date | undefined;
  /**
   * Opens the connection if needed, and resolves when the hub has acknowledged everything that is
   * waiting. Rejects with the error of the connection, or with {@link NoConnectionError} if another
   * tab sends the messages.
   */
  drained(options?: CallOptions): Promise<void>;
  /** The messages that were moved aside, oldest first. */
  movedAside(): Promise<MovedAsideMessage[]>;
}

/** A message that the hub did not accept. It stays in the store until you discard it. */
export interface MovedAsideMessage {
  readonly message: Message;
  readonly storedAt: Date;
  /** Why the hub did not accept it: the message of the error. */
  readonly reason: string;
  /** Removes the message from the store. Further calls do nothing. */
  discard(): Promise<void>;
}

/** The argument of {@link IoTHubDeviceClient.onMessageDropped}. */
export interface DroppedMessage {
  readonly message: Message;
  /**
   * `"expired"`: older than `maxAge`. `"full"`: newer messages needed its room. `"refused"`: three
   * connections in a row ended before it was acknowledged, or it cannot be sent; it was moved
   * aside, see {@link Outbox.movedAside}.
   */
  readonly reason: 'expired' | 'full' | 'refused';
  /** The error, if the reason is `"refused"`. */
  readonly cause: Error | undefined;
}

/** Receives messages that leave the outbox without reaching the hub. */
export type MessageDroppedHandler = (dropped: DroppedMessage) => unknown;

/** A record that is passed to {@link ClientOptions.trace}. */
export type TraceRecord = TracedPacket | TracedState | TracedRequest | TracedError;

/** A packet that was written to the socket or read from it. */
export interface TracedPacket {
  readonly time: Date;
  readonly direction: 'sent' | 'received';
  /** Its MQTT name: `'CONNECT'`, `'PUBLISH'`, ... */
  readonly packet: string;
  /** Its length in bytes. */
  readonly size: number;
  readonly packetId?: number;
  /** Of a PUBLISH. */
  readonly topic?: string;
  /** Of a PUBLISH. */
  readonly qos?: number;
  /** Of a PUBLISH. */
  readonly dup?: boolean;
  /** Of a SUBSCRIBE or an UNSUBSCRIBE. */
  readonly filter?: string;
  /** Of a CONNACK: 0 for an accepted connection. */
  readonly returnCode?: number;
  /**
   * Of a PUBLISH, its payload. The property is not enumerable: `console.log`, `JSON.stringify` and
   * copies with `...` leave it out.
   */
  readonly payload?: Uint8Array;
}

/** A change of state of the socket or the connection. */
export interface TracedState {
  readonly time: Date;
  readonly state:
    | 'socket opening'
    | 'socket open'
    | 'socket closed'
    | ConnectionState
    | 'waiting to try again'
    | 'registering'
    | 'waiting for a SAS token'
    | 'renewing the SAS token';
  /** The URL of a socket that is opening. */
  readonly url?: string;
  /** The WebSocket close code of a socket that has closed. */
  readonly code?: number;
  /** Why the socket has closed, if the platform or the server gave a reason. */
  readonly reason?: string | undefined;
  /** The wait before the next attempt, in seconds. */
  readonly seconds?: number;
}

/** A finished HTTP call of a file upload. */
export interface TracedRequest {
  readonly time: Date;
  /** Its method, such as `'POST'`. */
  readonly http: string;
  /** The URL without its query string, which holds a secret. */
  readonly url: string;
  /** The status of the response, if there was one. */
  readonly status?: number;
  /** Why there was no response. */
  readonly error?: Error;
  /** How long the call took. */
  readonly seconds: number;
}

/**
 * An error that belongs to no call, as passed to {@link IoTHubDeviceClient.onBackgroundException}.
 */
export interface TracedError {
  readonly time: Date;
  readonly error: Error;
}

/** Options of {@link IoTHubDeviceClient.createFromConnectionString}. */
export interface ConnectionStringOptions extends ClientOptions {
  /**
   * The lifetime of the SAS tokens that the client creates from its key, in whole seconds above 0.
   * The client renews a token by reconnecting with a new one, 120 seconds before the token expires
   * or after 80 % of its lifetime, whichever is later. Has no effect if the connection string
   * contains a token. Default 3600.
   */
  sasTokenTtl?: number | undefined;
}

/**
 * The additional option of factories that take no connection string, which could name a gateway.
 */
export interface GatewayOptions extends ClientOptions {
  /**
   * A gateway to connect to instead of the hub, as `host` or `host:port`. The client's user name
   * and token still name the hub. Cannot be combined with `endpoint`. Default: none.
   */
  gatewayHostname?: string | undefined;
}

/** Options of {@link IoTHubDeviceClient.createFromSymmetricKey}. */
export interface SymmetricKeyOptions extends ConnectionStringOptions, GatewayOptions {}

/** Options of {@link IoTHubDeviceClient.createFromSasToken} with a function. */
export interface SasTokenFunctionOptions extends GatewayOptions {
  /** The hub's host name, such as `my-hub.azure-devices.net`. */
  hostname: string;
  /** The device id. */
  deviceId: string;
}

/**
 * A client for Azure IoT Hub that acts as one device, or as one module of a device.
 *
 * Create it with one of its five factories, not with `new`.
 *
 * Methods that return a Promise never throw: they reject. An operation that is called without a
 * connection opens one (option `autoConnect`); if that fails, it rejects with the connection's
 * error. While the client reconnects, operations wait. Everything that was sent but not
 * acknowledged is resent, in order, except method responses. If three connections in a row end
 * while the same telemetry message or twin request is unacknowledged, it is not resent again and
 * rejects with {@link ConnectionDroppedError}.
 *
 * Every call except `disconnect` and `shutdown` accepts a `signal` that cancels it: see {@link
 * CallOptions}. An unknown option is a TypeError that names it.
 *
 * A client does not work through a JavaScript `Proxy`. Vue's `ref` and `reactive` do not wrap it in
 * one; with other libraries that would, keep the client out of their state.
 *
 * If the platform has `Symbol.asyncDispose`, `await using client = ...` shuts the client down at
 * the end of its block.
 */
export class IoTHubDeviceClient {
  private constructor();
  readonly [Symbol.toStringTag]: 'IoTHubDeviceClient';

  /**
   * Creates a client from the connection string of a device or a module. Does not connect.
   *
   * @param connectionString `HostName=...;DeviceId=...;SharedAccessKey=...`, in any order. It may
   * also contain `ModuleId`, `SharedAccessKeyName`, `GatewayHostName`, and, instead of the key,
   * `SharedAccessSignature`: a token, as for {@link IoTHubDeviceClient.createFromSasToken}.
   * @param options see {@link ConnectionStringOptions}
   * @throws TypeError for a name that is missing, unknown or repeated, a missing value, a key that
   * is not base64, a token that has expired, or a wrong option; RangeError for an option out of
   * range. No error message contains a key or a token.
   */
  static createFromConnectionString(
    connectionString: string,
    options?: ConnectionStringOptions,
  ): IoTHubDeviceClient;

  /**
   * Creates a client from a device's SAS token, which names the hub and the device. Does not
   * connect.
   *
   * The client cannot create the next token. It calls `onNewSasTokenRequired` 120 seconds before
   * the token expires; pass a new one to `updateSasToken`. An expired token is not sent: calls that
   * need a connection then wait for a new token, or reject with {@link CredentialError} if there is
   * no such handler.
   *
   * @param token `SharedAccessSignature sr=...&sig=...&se=...`, in which `sr` is
   * `{hostname}/devices/{deviceId}`
   * @param options see {@link GatewayOptions}
   * @throws TypeError for a token that is malformed, has expired or is for a module, and for a
   * wrong option; RangeError for an option out of range. No error message contains the token.
   */
  static createFromSasToken(token: string, options?: GatewayOptions): IoTHubDeviceClient;

  /**
   * Creates a client from a function that returns SAS tokens, for example by fetching them from
   * your server. This is the safe way for pages. Does not connect.
   *
   * The client calls the function for the first connection. It calls it again 120 seconds before
   * the token expires, or after 80 % of the time between receiving the token and its expiry,
   * whichever is later. If the function fails, `onBackgroundException` receives the error, and the
   * client calls the function again after `connectionRetryInterval` or with the next attempt to
   * connect. If a connection has waited 60 seconds for the function, that is a failure, too.
   * If the first connection has no token for this reason, it fails with {@link
   * ConnectionFailedError}, whose `cause` is the function's error.
   *
   * @param getToken returns a token that has not expired, or a Promise of one
   * @param options see {@link SasTokenFunctionOptions}; `hostname` and `deviceId` are required
   * @throws TypeError for a missing or wrong option; RangeError for an option out of range
   */
  static createFromSasToken(
    getToken: SasTokenFunction,
    options: SasTokenFunctionOptions,
  ): IoTHubDeviceClient;

  /**
   * Creates a client from a device's key. Does not connect.
   *
   * @param key the primary or secondary key in base64, as the hub shows it
   * @param hostname the hub's host name, such as `my-hub.azure-devices.net`
   * @param deviceId the device id
   * @param options see {@link SymmetricKeyOptions}
   * @throws TypeError for a key that is not base64, a host name or id with characters that are not
   * allowed, or a wrong option; RangeError for an option out of range. No error message contains
   * the key.
   */
  static createFromSymmetricKey(
    key: string,
    hostname: string,
    deviceId: string,
    options?: SymmetricKeyOptions,
  ): IoTHubDeviceClient;

  /**
   * Creates a client that authenticates with an X.509 certificate in the TLS handshake. Does not
   * connect.
   *
   * @param x509 in Node.js, a certificate with its key; in a browser, {@link X509.platform}
   * @param hostname the hub's host name, such as `my-hub.azure-devices.net`
   * @param deviceId the device id
   * @param options see {@link GatewayOptions}
   * @throws TypeError for a certificate that this platform cannot use, a host name or id with
   * characters that are not allowed, or a wrong option; RangeError for an option out of range
   */
  static createFromX509Certificate(
    x509: X509,
    hostname: string,
    deviceId: string,
    options?: GatewayOptions,
  ): IoTHubDeviceClient;

  /**
   * Creates a client that gets its hub from the Device Provisioning Service. Does not connect.
   *
   * The client registers before its first connection and keeps the hub for as long as it exists. It
   * registers again only if the hub is probably no longer the right one: the hub refused the login
   * (CONNACK 4 or 5), or ten attempts in a row reached a server but got no connection. For a minute
   * after a registration, the client only retries a refused login, with growing pauses, because the
   * hub may not know the device yet. Registrations are billed, so those that lead to no connection
   * are at least two minutes apart, and up to an hour if this continues. Being offline never causes
   * a registration.
   *
   * With `certificateRequest` the client authenticates at the hub with the certificate that the
   * service issues. If the hub refuses the certificate after it has expired, the client registers
   * again, which issues a new one.
   *
   * Calls that are made before the first registration wait for it. If it fails, they reject with
   * the errors of {@link ProvisioningDeviceClient.register}. `endpoint` and `gatewayHostname` are
   * used for the service and for the hub.
   *
   * @param device the device, and how it authenticates to the service and to the hub
   * @param options see {@link SymmetricKeyOptions}; `sasTokenTtl` only with a `symmetricKey`.
   * `modelId` is also sent with the registration
   * @throws TypeError for a missing or wrong name, key, payload or option; RangeError for an option
   * out of range. No error message contains the key.
   */
  static createFromProvisioning(
    device: ProvisionedDevice,
    options?: SymmetricKeyOptions,
  ): IoTHubDeviceClient;

  /**
   * Whether the client is connected: `connectionState` is `"connected"`. Renewing a token does not
   * change it.
   */
  readonly connected: boolean;

  /**
   * The state of the connection.
   *
   * - `"disconnected"`: there is no connection, and the client is not making one
   * - `"connecting"`: the client is making the first connection
   * - `"connected"`: the client is connected
   * - `"reconnecting"`: the connection was lost, and the client is reconnecting or waiting to retry
   */
  readonly connectionState: ConnectionState;

  /**
   * Connects. Resolves when the hub has accepted the connection and acknowledged the subscription
   * of every handler that was set before the call, or immediately if that is already the case.
   * While the client is reconnecting, this call retries immediately and settles with that attempt.
   *
   * A first connection that fails is not retried, unless the option `connectionRetry` is
   * `"always"`. Then this call waits through all failed attempts until the client is connected. It
   * rejects only if the hub refuses the login, if it refuses or does not answer a subscription, if
   * a handler does not provide a token in time, or because of a `signal`, `disconnect` or
   * `shutdown`.
   *
   * Rejects with
   * - {@link CredentialError}: the hub refused the login, or the token has expired
   * - {@link ConnectionFailedError}: the WebSocket could not be opened, or the hub is not available
   * - {@link ConnectionDroppedError}: the connection was lost during the call
   * - {@link OperationTimeout}: the hub did not accept the connection within 60 seconds, or did not
   *   acknowledge a subscription within `operationTimeout`
   * - {@link OperationCancelled}: `disconnect` or `shutdown` was called
   * - {@link ClientError}: the hub refused a subscription or broke the protocol, or the client was
   *   shut down
   *
   * Aborting this call during the first attempt ends the attempt and leaves the client
   * disconnected. The attempt continues if another call, or with `autoConnect` a handler or a loop,
   * needs the connection. Reconnecting always continues.
   */
  connect(options?: CallOptions): Promise<void>;

  /**
   * Disconnects: sends what earlier calls have queued, then closes the socket. Calls without a
   * response reject with {@link OperationCancelled}. No receive handler is started afterwards;
   * running handlers are not awaited, so a handler may call this. The client can connect again.
   * Resolves even if there is no connection.
   */
  disconnect(): Promise<void>;

  /**
   * Disconnects for good: like {@link IoTHubDeviceClient.disconnect}, but every later call except
   * `disconnect` and `shutdown` rejects with {@link ClientError}. If there is a store, this also
   * closes it, and rejects with {@link ClientError} if that fails or takes longer than
   * `operationTimeout`.
   */
  shutdown(): Promise<void>;

  /**
   * Replaces the token of a client that was created from one. Resolves when the client has
   * reconnected with the new token, or immediately if it is not connected.
   *
   * Rejects with TypeError for a token that is malformed, has expired, or is for another host,
   * device or module (the client keeps the old one); with {@link ClientError} if the client was not
   * created from a token or was shut down; otherwise like {@link IoTHubDeviceClient.connect}.
   * Aborting this call only ends the wait: the client still uses the new token.
   */
  updateSasToken(token: string, options?: CallOptions): Promise<void>;

  /**
   * Sends telemetry. Resolves when the hub has acknowledged it. Messages are delivered at least
   * once, in the order of the calls. Bytes are copied when you call this.
   *
   * Rejects with
   * - RangeError, and nothing is sent: the message is larger than 262,144 bytes (see {@link
   *   Message.getSize}) or than `maxPendingBytes`, or its properties make the topic longer than
   *   65,535 bytes
   * - TypeError: data that JSON cannot hold or would turn into `{}`, such as a Promise or a Map; a
   *   property that is not a string; an unknown option
   * - {@link ClientError}: `maxPendingMessages` calls are already waiting; the waiting calls would
   *   hold more than `maxPendingBytes`, or those of all clients more than 1 GiB; or the client was
   *   shut down
   * - {@link OperationTimeout}, {@link OperationCancelled}, {@link ConnectionDroppedError}, {@link
   *   NoConnectionError}, or the error of the connection that it tried to open
   *
   * @param message a {@link Message}, or just the data of a message without properties
   */
  sendMessage<T extends {} | null>(
    message: T & (T extends Message | ArrayBuffer | ArrayBufferView ? T : Json<T>),
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Stores telemetry, for a client with the option `store`. Resolves when the message is stored;
   * the client sends it at least once, as soon as it can, after the messages before it. If it has
   * no `messageId`, the client sets one, so that a back end can recognize copies.
   *
   * Rejects like {@link IoTHubDeviceClient.sendMessage} for what cannot be sent, and with {@link
   * ClientError}: the store is full, could not be opened, failed, or did not respond within
   * `operationTimeout` (the message may still be stored); there is no store; or the client was shut
   * down. Aborting this call only ends the wait.
   *
   * With a store, `sendMessage` does the same, but resolves when the hub has acknowledged the
   * message. If it rejects with an error of the connection or {@link OperationCancelled}, the
   * message remains stored and is sent later.
   */
  enqueue<T extends {} | null>(
    message: T & (T extends Message | ArrayBuffer | ArrayBufferView ? T : Json<T>),
    options?: CallOptions,
  ): Promise<void>;

  /**
   * The stored messages that the hub has not acknowledged; `undefined` without the option `store`.
   */
  readonly outbox: Outbox | undefined;

  /**
   * Fetches the twin. `getTwin<Desired, Reported>()` states the types of its halves; they are not
   * checked.
   *
   * Rejects with {@link ServiceError} if the hub responds with a status of 300 or more, with {@link
   * ClientError} if the response is not JSON or the client was shut down, with {@link
   * OperationTimeout}, {@link OperationCancelled}, {@link ConnectionDroppedError} or {@link
   * NoConnectionError}, or with the error of the connection that it tried to open.
   */
  getTwin<Desired = JsonProperties, Reported = JsonProperties>(
    options?: CallOptions,
  ): Promise<Twin<Desired, Reported>>;

  /**
   * Merges a patch into the twin's reported properties; `null` deletes a property. Resolves when
   * the hub has accepted the patch.
   *
   * Rejects with TypeError if the patch is not a JSON object, or contains a value that JSON would
   * turn into `{}` or `null` (such as `NaN`, an infinity or an invalid `Date`); with RangeError if
   * it is larger than 262,144 bytes; with {@link ServiceError} if the hub refuses it (the hub's own
   * limit is far lower: 32 KB of reported properties); with {@link ClientError} if the waiting
   * calls would hold more than `maxPendingBytes`; otherwise like {@link
   * IoTHubDeviceClient.getTwin}.
   */
  patchTwinReportedProperties<T extends object>(
    patch: T & (T extends readonly unknown[] ? never : Json<T>),
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Responds to a direct method call. Each call takes one response. Resolves when the hub has
   * acknowledged it. Not needed if the handler returns its response.
   *
   * Rejects with
   * - TypeError: the argument is not a {@link MethodResponse}, or its payload is something that
   *   JSON cannot hold
   * - RangeError: the payload is larger than 131,072 bytes, or than `maxPendingBytes`
   * - {@link ClientError}: the request has already been answered or is unknown, or the client was
   *   shut down
   * - {@link ConnectionDroppedError}: the connection was lost; the response is not resent
   * - {@link OperationTimeout}, {@link OperationCancelled}, {@link NoConnectionError}, or the error
   *   of the connection that it tried to open
   */
  sendMethodResponse(response: MethodResponse, options?: CallOptions): Promise<void>;

  /**
   * Uploads a file: asks the hub where to upload it, stores it in the storage account, and notifies
   * the hub of success or failure. The client need not be connected.
   *
   * Streams, and data of more than 1 MiB, are sent in blocks, one after another, up to 50,000
   * blocks. A block is 1 MiB, or one chunk of the stream if that is larger. If a request to the
   * storage account or the hub gets no response, a 429 or a 5xx, it is retried up to three times,
   * with growing waits; the notification of a failure is sent only once. Each block must be sent
   * and confirmed within `operationTimeout`: with 60 seconds, this takes a connection of at least
   * 18 kB per second. The storage account accepts the upload for an hour, unless the hub is
   * configured otherwise. `disconnect` does not end an upload; its `signal` does. If it is aborted
   * after everything has been stored, it rejects, but the hub is still notified of the success.
   *
   * Rejects like {@link IoTHubDeviceClient.getStorageInfoForBlob}; also with {@link ServiceError}
   * if the storage account refuses the upload, with {@link ConnectionFailedError} if it cannot be
   * reached (in a page, its CORS rules must allow `PUT` and the headers `x-ms-*`), and with
   * TypeError for data of any other type.
   *
   * @param blobName the name of the blob, without the device id
   * @param data the bytes. A string is sent as UTF-8. A `Blob` is read piece by piece. A stream (a
   * Node.js stream, or a `ReadableStream` if the platform can iterate over it) is read once.
   */
  uploadFile(blobName: string, data: UploadData, options?: UploadOptions): Promise<void>;

  /**
   * Asks the hub, over HTTPS, where to upload a blob. The client need not be connected. Upload the
   * blob yourself (`PUT https://{hostName}/{containerName}/{blobName}{sasToken}` with the header
   * `x-ms-blob-type: BlockBlob`), then call `notifyBlobUploadStatus`.
   *
   * IoT Hub sends no CORS headers, so a page needs a relay that adds them: set `httpEndpoint` (or
   * `endpoint`, or `gatewayHostname`).
   *
   * Rejects with
   * - {@link ServiceError}: the hub responded with a status other than 200 to 299
   * - {@link ConnectionFailedError}: there was no HTTP response (network, CORS)
   * - {@link OperationTimeout}: there was no response within `operationTimeout`
   * - {@link CredentialError}: there is no valid token
   * - {@link ClientError}: the client is a module, which cannot upload, or was shut down
   * - TypeError: the name is missing, or cannot be part of a URL: it has `.` or `..` between
   *   slashes, or half of a surrogate pair
   *
   * @param name the name of the blob, without the device id
   */
  getStorageInfoForBlob(name: string, options?: CallOptions): Promise<StorageInfo>;

  /**
   * Notifies the hub, over HTTPS, whether an upload succeeded. Rejects like {@link
   * IoTHubDeviceClient.getStorageInfoForBlob}.
   *
   * @param correlationId the one in the {@link StorageInfo}
   * @param isSuccess whether the blob was stored
   * @param statusCode the status with which the storage account responded
   * @param statusDescription a text that describes the result
   */
  notifyBlobUploadStatus(
    correlationId: string,
    isSuccess: boolean,
    statusCode: number,
    statusDescription: string,
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Waits for a cloud-to-device message. Returns the message and acknowledges it, or `undefined` if
   * none arrives in time.
   *
   * All three receive calls subscribe, and cannot be mixed with receive handlers: whichever a
   * client uses first decides, and using the other is a {@link ClientError}. `disconnect` drops
   * messages that have arrived but have not been returned yet.
   *
   * Rejects with {@link OperationCancelled}, {@link NoConnectionError}, the error of the connection
   * that it tried to open, TypeError for an option of the wrong type, or RangeError for a negative
   * timeout.
   *
   * @deprecated set `onMessageReceived`
   */
  receiveMessage(options?: ReceiveOptions): Promise<Message | undefined>;

  /**
   * Waits for a direct method call; respond with `sendMethodResponse`. Otherwise like {@link
   * IoTHubDeviceClient.receiveMessage}.
   *
   * @deprecated set `onMethodRequestReceived`
   */
  receiveMethodRequest<Payload = JsonValue>(
    options?: ReceiveMethodOptions,
  ): Promise<MethodRequest<Payload> | undefined>;

  /**
   * Waits for desired properties. Returns the current ones first, unless `ensureDesiredProperties`
   * is off. Otherwise like {@link IoTHubDeviceClient.receiveMessage}.
   *
   * @deprecated set `onTwinDesiredPropertiesPatchReceived`
   */
  receiveTwinDesiredPropertiesPatch<Patch = JsonProperties>(
    options?: ReceiveOptions,
  ): Promise<TwinProperties<Patch> | undefined>;

  /**
   * Iterates over cloud-to-device messages: `for await (const message of client.messages())`.
   *
   * All three iterations replace the handler for as long as they run. They subscribe immediately,
   * as setting a handler does, and continue across lost connections. `break`, or leaving the loop
   * in any other way, unsubscribes. The loop ends at `shutdown`, and rejects with the signal's
   * reason if the signal is aborted. Events that arrive before the loop asks for them wait, as they
   * would for the Promise of a {@link Handler}. Use each iterator in one loop only: two loops that
   * share one would acknowledge each other's messages.
   *
   * A message stays with the hub until the loop asks for it. With `acknowledgeMessages:
   * "after-handler"` it is acknowledged when the loop asks for the next one. If `break` or an error
   * ends the loop first, it is not acknowledged, and the hub delivers it again.
   *
   * @throws ClientError if a handler of the same kind is set, before or during the loop; if another
   * loop over the same kind is running; or if the client has used a receive call
   */
  messages(options?: CallOptions): AsyncIterableIterator<Message>;

  /**
   * Iterates over direct method calls of every name; respond with `sendMethodResponse`. Calls that
   * are still waiting when the loop ends get status 500. Otherwise like {@link
   * IoTHubDeviceClient.messages}.
   */
  methodRequests<Payload = JsonValue>(
    options?: CallOptions,
  ): AsyncIterableIterator<MethodRequest<Payload>>;

  /**
   * Iterates over desired properties, beginning with the current ones, unless
   * `ensureDesiredProperties` is off. Otherwise like {@link IoTHubDeviceClient.messages}.
   */
  desiredPropertiesPatches<Patch = JsonProperties>(
    options?: CallOptions,
  ): AsyncIterableIterator<TwinProperties<Patch>>;

  /**
   * Receives cloud-to-device messages, or in a module the messages for its inputs (`inputName`).
   *
   * All three receive handlers work alike. Setting one subscribes, and opens the connection if
   * `autoConnect` is on (a failure goes to `onBackgroundException`); clearing it unsubscribes. The
   * handler is called in order of arrival, without waiting for the Promise of the previous call,
   * and never during a call to the client. It may call every method. If it throws or rejects,
   * `onBackgroundException` receives a {@link ClientError} whose `cause` is the handler's error;
   * nothing else is affected.
   *
   * A message that arrives while there is no handler is kept, unacknowledged, until there is one.
   * Reading the property returns the value that was set. Setting anything but a {@link Handler}
   * throws a TypeError; setting a receive handler on a client that has used a receive call throws a
   * {@link ClientError}.
   */
  onMessageReceived: Handler<MessageHandler>;

  /**
   * Receives direct method calls of every name. It is set, cleared and called like {@link
   * IoTHubDeviceClient.onMessageReceived}.
   *
   * If it throws or rejects before a response was sent, the caller gets status 500. The caller also
   * gets 500 if the handler returns something that is neither `undefined` nor a response, such as
   * `null`, the `Response` of a `fetch`, or an object whose `status` is not a whole number;
   * `onBackgroundException` then receives a TypeError. If nothing handles the method any more, the
   * caller gets 500, too. A call whose payload is not JSON never reaches the handler: the client
   * responds with 400.
   */
  onMethodRequestReceived: Handler<MethodRequestHandler>;

  /**
   * Receives patches of the desired properties, including `$version`. It is set, cleared and called
   * like {@link IoTHubDeviceClient.onMessageReceived}.
   *
   * With `ensureDesiredProperties`, it also receives the complete current desired properties when
   * the client first subscribes and after each reconnect, unless that version was the last one
   * delivered.
   */
  onTwinDesiredPropertiesPatchReceived: Handler<DesiredPropertiesHandler>;

  /**
   * Called when the client has connected and when the connection has ended. Called once more, with
   * the reason, if a client stops reconnecting because another page has connected. Renewing a token
   * successfully is not a change.
   */
  onConnectionStateChange: Handler<ConnectionStateHandler>;

  /**
   * Called when a client that was created from a token needs a new one: 120 seconds before the
   * token expires, or immediately if less time is left, and then every `connectionRetryInterval`
   * until you pass a new token to `updateSasToken`.
   */
  onNewSasTokenRequired: Handler<NewSasTokenHandler>;

  /**
   * Called with each error that belongs to no call: an unexpected loss of the connection, a failed
   * attempt to reconnect or to renew the token, a handler that failed, a response from the hub that
   * the client cannot parse. If there is no such handler, or if it fails itself, the error goes to
   * `console.error`.
   */
  onBackgroundException: Handler<BackgroundExceptionHandler>;

  /** Called with each message that leaves the outbox without reaching the hub, and the reason. */
  onMessageDropped: Handler<MessageDroppedHandler>;
}

export interface IoTHubDeviceClient extends AsyncDisposal {}

/** The key of `await using` if your `lib` or types declare it; otherwise `never`. */
type AsyncDisposeKey = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
  ? Key
  : never;

/**
 * `[Symbol.asyncDispose]()`, which shuts the client down. Declared without adding to your globals.
 */
type AsyncDisposal = { [key in AsyncDisposeKey]: () => Promise<void> };

/** The fields of a {@link Message}, as options of its constructor. */
export interface MessageOptions {
  /** Copied. See {@link Message.customProperties}. */
  customProperties?: Readonly<Record<string, string | null>> | undefined;
  /** See {@link Message.messageId}. */
  messageId?: string | undefined;
  /** See {@link Message.correlationId}. */
  correlationId?: string | undefined;
  /** See {@link Message.userId}. */
  userId?: string | undefined;
  /** See {@link Message.contentType}. */
  contentType?: string | undefined;
  /** See {@link Message.contentEncoding}. */
  contentEncoding?: string | undefined;
  /** See {@link Message.expiryTimeUtc}. */
  expiryTimeUtc?: Date | string | undefined;
  /** See {@link Message.outputName}. */
  outputName?: string | undefined;
  /** See {@link Message.inputName}. */
  inputName?: string | undefined;
  /** See {@link Message.ack}. */
  ack?: string | undefined;
}

/**
 * A message to the hub or from it. A field that is `undefined` is not sent, or was not received.
 */
export class Message {
  readonly [Symbol.toStringTag]: 'Message';

  /**
   * Creates a message to send. The values of its fields are checked when it is sent.
   *
   * @throws TypeError for an unknown option, or if `customProperties` is not a plain object
   */
  constructor(data: MessageData, options?: MessageOptions);

  /** The body: the value that you passed, or a `Uint8Array` in a received message. */
  data: MessageData;
  /** The application's own properties; `null` is a property without a value. */
  customProperties: Record<string, string | null>;
  /** An id that the sender chooses. The hub accepts at most 128 ASCII characters. */
  messageId: string | undefined;
  /**
   * When a cloud-to-device message expires; an ISO 8601 string in a received message. Leave it
   * unset in telemetry: it would be sent, and according to reports IoT Hub then closes the
   * connection.
   */
  expiryTimeUtc: Date | string | undefined;
  /** Relates a message to another one: by convention, the id of the message that it responds to. */
  correlationId: string | undefined;
  /** The user who sent the message, as the sender names it. */
  userId: string | undefined;
  /** The encoding of the body, such as `utf-8`; for JSON data `utf-8` unless set. */
  contentEncoding: string | undefined;
  /** The media type of the body; for JSON data `application/json` unless set. */
  contentType: string | undefined;
  /** The module output through which the message is sent. */
  outputName: string | undefined;
  /** The module input through which the message arrived. Not sent. */
  inputName: string | undefined;
  /** The feedback that the sender of a cloud-to-device message requested from the hub. Not sent. */
  ack: string | undefined;

  /** Set by {@link Message.setAsSecurityMessage}. */
  readonly iothubInterfaceId: string | undefined;

  /** Marks the message as a security message by setting its `iothubInterfaceId`. */
  setAsSecurityMessage(): void;

  /**
   * The size in bytes that counts towards the hub's limit of 262,144: the body, the values of
   * system properties, and the names and values of custom properties.
   *
   * @throws TypeError for data that JSON cannot hold, or a property that is not a string
   */
  getSize(): number;

  /**
   * The body as bytes. If the body is already bytes, they are not copied.
   *
   * @throws TypeError for data that JSON cannot hold
   */
  bytes(): Bytes;

  /** The body as text, decoded as UTF-8; invalid bytes become U+FFFD. */
  text(): string;

  /**
   * The body parsed as JSON. `json<T>()` states its type, which is not checked.
   *
   * @throws SyntaxError for a body that is not JSON
   */
  json<T = JsonValue>(): T;
}

/** A client certificate with its key. Neither can be read back. */
export class X509 {
  readonly [Symbol.toStringTag]: 'X509';

  /**
   * Creates a certificate with its key, for Node.js.
   *
   * @param cert PEM text, followed by any intermediate certificates
   * @param key PEM text
   * @param passPhrase the passphrase of the key
   * @throws TypeError if either is not PEM text
   */
  constructor(cert: string, key: string, passPhrase?: string);

  /**
   * Like the constructor, but reads two PEM files. Node.js only.
   *
   * @throws TypeError in a browser, or if a file is not PEM text; and whatever `fs.readFileSync`
   * throws
   */
  static fromFiles(
    certFile: string | FileUrl,
    keyFile: string | FileUrl,
    passPhrase?: string,
  ): X509;

  /**
   * Lets the browser choose the certificate, from its certificate store or by asking the user. A
   * page cannot choose one.
   *
   * @throws TypeError in Node.js
   */
  static platform(): X509;
}

/** `Uint8Array`; since TypeScript 5.7 `Uint8Array<ArrayBuffer>`, which is what `fetch` accepts. */
type Bytes = ReturnType<typeof Uint8Array.of>;

/** `Blob` if your `lib` or types declare it; otherwise `never`. */
type UploadBlob = typeof globalThis extends { Blob: { prototype: infer Blob } } ? Blob : never;

/** `ReadableStream` if your `lib` or types declare it; otherwise `never`. */
type UploadStream = typeof globalThis extends { ReadableStream: { prototype: infer Stream } }
  ? Stream
  : never;

/** `AbortSignal` if your `lib` or types declare it; otherwise `never`. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer AbortSignal } }
  ? AbortSignal
  : never;

/** `URL` if your `lib` or types declare it; otherwise `never`. */
type FileUrl = typeof globalThis extends { URL: { prototype: infer Url } } ? Url : never;

/**
 * A direct method call. It is read-only. `Payload` is the type that you state; it is not checked.
 */
export class MethodRequest<Payload = JsonValue> {
  /** The client creates these. Create one yourself only to test a handler. */
  constructor(requestId: string, name: string, payload: Payload);

  /** Identifies the call in its response. */
  readonly requestId: string;
  /** The name of the method. */
  readonly name: string;
  /** The payload that the caller sent, or `null`. */
  readonly payload: Payload;
}

/** The response to a direct method call. */
export class MethodResponse {
  readonly [Symbol.toStringTag]: 'MethodResponse';

  /**
   * Creates the response to the request with this id.
   *
   * @param requestId the one in the {@link MethodRequest}
   * @param status the status for the caller, by convention as in HTTP; a 32-bit whole number
   * @param payload the payload for the caller; `null` if omitted
   * @throws TypeError for an empty request id, or a status that is not such a number
   */
  constructor(requestId: string, status: number, payload?: JsonInput);

  /** Creates the response to `request`. Otherwise like the constructor. */
  static createFromMethodRequest(
    request: MethodRequest<unknown>,
    status: number,
    payload?: JsonInput,
  ): MethodResponse;

  /** The id of the request. */
  requestId: string;
  /** The status for the caller, by convention as in HTTP. */
  status: number;
  /** The payload for the caller. */
  payload: JsonInput | undefined;
}

/**
 * Wrong use of the client, or a hub that breaks the protocol; also the base class of the connection
 * errors. No error message contains a key or a token.
 */
export class ClientError extends Error {}
/** The client could not connect: the WebSocket did not open, or the hub is not available. */
export class ConnectionFailedError extends ClientError {}
/** The connection was lost during an operation, or before the hub had accepted it. */
export class ConnectionDroppedError extends ClientError {}
/**
 * There is no connection, and `autoConnect` is off; or another page or worker has connected as this
 * device, and you have not called `connect()` since.
 */
export class NoConnectionError extends ClientError {}
/**
 * The hub refused the login, or the token has expired. Check the key, that the device exists and is
 * enabled, and the clock of this machine. The client does not retry.
 */
export class CredentialError extends ClientError {}
/** `disconnect()` or `shutdown()` was called before the operation finished. */
export class OperationCancelled extends Error {}
/** There was no response in time. The hub may still have acted on the request. */
export class OperationTimeout extends Error {}

/** The hub, or the provisioning service, responded with an error. */
export class ServiceError extends Error {
  constructor(
    message: string,
    details: {
      status: number;
      code?: string | undefined;
      trackingId?: string | undefined;
      result?: RegistrationResult | undefined;
      cause?: unknown;
    },
  );
  /**
   * The status, as in HTTP: 300 or more. For a registration that ended as `"failed"`, the status
   * with which its error code begins; if it has no code, or the client cannot use the result, 200.
   */
  status: number;
  /** The hub's own error code, such as `"400004"`, if it sent one. */
  code: string | undefined;
  /** Identifies the request to Azure support. Only from the provisioning service. */
  trackingId?: string;
  /**
   * The result of a registration that assigned no hub: its `status` is `"failed"` or `"disabled"`,
   * or the client cannot use what was assigned.
   */
  result?: RegistrationResult;
}

/**
 * Options of the factories of {@link ProvisioningDeviceClient}. An unknown option, or a value of the
 * wrong type, is a `TypeError` that names the option; a number out of range is a `RangeError`.
 */
export interface ProvisioningOptions extends Pick<
  GatewayOptions,
  | 'endpoint'
  | 'gatewayHostname'
  | 'websockets'
  | 'productInfo'
  | 'keepAlive'
  | 'serverVerificationCert'
  | 'cipher'
  | 'proxy'
  | 'trace'
> {
  /** As in {@link ProvisionedDeviceNames.certificateRequest}. */
  certificateRequest?: CertificateRequest | undefined;
}

/** Options of {@link ProvisioningDeviceClient.createFromSymmetricKey}. */
export interface ProvisioningKeyOptions
  extends ProvisioningOptions, Pick<SymmetricKeyOptions, 'sasTokenTtl'> {}

/** A device that gets its hub from the provisioning service. */
export type ProvisionedDevice = ProvisionedDeviceNames &
  (
    | {
        /**
         * The key of an individual enrollment in base64, or for a device of a group the result of
         * {@link deriveDeviceKey}.
         */
        symmetricKey: string;
        getToken?: undefined;
        x509?: undefined;
      }
    | {
        /** Returns a token for the service, and later one for the hub: see its `resource`. */
        getToken: SasTokenFunction;
        symmetricKey?: undefined;
        x509?: undefined;
      }
    | {
        /** In Node.js, a certificate with its key; in a browser, {@link X509.platform}. */
        x509: X509;
        symmetricKey?: undefined;
        getToken?: undefined;
      }
  );

/** The names of a device in the provisioning service, and what it sends there. */
export interface ProvisionedDeviceNames {
  /** The service's host name, usually `global.azure-devices-provisioning.net`. */
  provisioningHost: string;
  /** Identifies your instance of the service, such as `0ne00AABBCC`. */
  idScope: string;
  /**
   * The device's name in the service: up to 128 letters, digits and `-._:`, the last one a letter,
   * a digit or `-`.
   */
  registrationId: string;
  /**
   * An object that is sent with each registration, for a custom allocation function. The option
   * `modelId` is added to it. Default: none.
   */
  payload?: JsonObjectInput | undefined;
  /**
   * Asks the service to issue a certificate, with which the device then authenticates at its hub.
   * Node.js only: {@link certificateRequest} of `iothub-device-client/certificate-request`, or a
   * function of your own. Needs an enrollment with a credential policy; the client then uses
   * api-version 2026-11-01. Default: none, and the device has the same credentials at the service
   * and at its hub.
   */
  certificateRequest?: CertificateRequest | undefined;
}

/**
 * Returns a certificate signing request (PKCS #10), and the key of the certificate. Called once for
 * each client, by its factory, with the registration id, which must be the request's common name.
 */
export type CertificateRequest = (registrationId: string) => {
  /**
   * The request in DER as base64, without PEM lines. The service accepts P-384 with SHA-384 only.
   */
  csr: string;
  /** The private key, as PEM text. It is never sent. */
  key: string;
};

/** Options of {@link ProvisioningDeviceClient.register}. */
export interface RegisterOptions extends CallOptions {
  /** How long the registration may take, in seconds above 0 and up to 2147483. Default 120. */
  timeout?: number | undefined;
}

/** The result of a registration, with the names that the service uses. */
export interface RegistrationResult {
  /** Identifies the registration. */
  operationId?: string;
  /** `"assigned"`. In {@link ServiceError.result}, `"failed"` or `"disabled"`. */
  status: string;
  /** What the service knows of the device. */
  registrationState: RegistrationState;
  /**
   * With `certificateRequest`: the certificate that the service has issued, with its key, for {@link
   * IoTHubDeviceClient.createFromX509Certificate}.
   */
  x509?: X509;
}

/**
 * What the provisioning service knows of a device. The service may add fields that are not listed
 * here.
 */
export interface RegistrationState {
  /** The registration id. */
  registrationId?: string;
  /** The host name of the hub, such as `my-hub.azure-devices.net`. */
  assignedHub?: string;
  /** The device id on that hub. */
  deviceId?: string;
  /** As {@link RegistrationResult.status}. */
  status?: string;
  /**
   * `"initialAssignment"`, `"deviceDataMigrated"` (the device has a new hub, and kept its twin),
   * `"deviceDataReset"` (a new hub, and the initial twin), or `"reprovisionedToInitialAssignment"`.
   */
  substatus?: string;
  /** When the registration was created, in ISO 8601. */
  createdDateTimeUtc?: string;
  /** When it was last changed, in ISO 8601. */
  lastUpdatedDateTimeUtc?: string;
  /** The etag, which changes with the registration. */
  etag?: string;
  /** What a custom allocation function returned for the device. */
  payload?: JsonValue;
  /** The certificate that was requested, then those up to its root, each in DER as base64. */
  issuedCertificateChain?: string[];
  /** Why the registration failed. */
  errorCode?: number;
  /** Why the registration failed, in words. */
  errorMessage?: string;
  [name: string]: unknown;
}

/**
 * Registers a device with the Azure IoT Hub Device Provisioning Service, which assigns it to a hub.
 *
 * Create it with one of its factories, not with `new`. It connects for each {@link
 * ProvisioningDeviceClient.register} and disconnects afterwards, so there is nothing to close. It
 * can register any number of times, one at a time. Each registration is billed.
 *
 * For a client that registers itself, see {@link IoTHubDeviceClient.createFromProvisioning}.
 */
export class ProvisioningDeviceClient {
  private constructor();
  readonly [Symbol.toStringTag]: 'ProvisioningDeviceClient';

  /**
   * Creates a client from the device's key. Does not connect.
   *
   * @param provisioningHost the service's host name, usually
   * `global.azure-devices-provisioning.net`
   * @param registrationId the device's name in the service: up to 128 letters, digits and `-._:`,
   * the last one a letter, a digit or `-`
   * @param idScope identifies your instance of the service, such as `0ne00AABBCC`
   * @param symmetricKey the key of an individual enrollment in base64, or for a device of a group
   * the result of {@link deriveDeviceKey}
   * @param options see {@link ProvisioningKeyOptions}
   * @throws TypeError for a name with characters that are not allowed, a key that is not base64, or
   * a wrong option; RangeError for an option out of range. No error message contains the key.
   */
  static createFromSymmetricKey(
    provisioningHost: string,
    registrationId: string,
    idScope: string,
    symmetricKey: string,
    options?: ProvisioningKeyOptions,
  ): ProvisioningDeviceClient;

  /**
   * Creates a client from a SAS token, or from a function that returns one: the safe way for pages,
   * which must not contain a key. Does not connect. The client calls the function when it connects
   * and has no token that is still valid.
   *
   * @param provisioningHost as for {@link ProvisioningDeviceClient.createFromSymmetricKey}
   * @param registrationId as for {@link ProvisioningDeviceClient.createFromSymmetricKey}
   * @param idScope as for {@link ProvisioningDeviceClient.createFromSymmetricKey}
   * @param token `SharedAccessSignature sr=...&sig=...&se=...`, in which `sr` is
   * `{idScope}/registrations/{registrationId}`, or a function that returns it
   * @param options see {@link ProvisioningOptions}
   * @throws TypeError for a token that is malformed, has expired or is for something else, and for
   * a wrong name or option; RangeError for an option out of range. No error message contains the
   * token.
   */
  static createFromSasToken(
    provisioningHost: string,
    registrationId: string,
    idScope: string,
    token: string | SasTokenFunction,
    options?: ProvisioningOptions,
  ): ProvisioningDeviceClient;

  /**
   * Creates a client that authenticates with an X.509 certificate in the TLS handshake. Does not
   * connect.
   *
   * @param provisioningHost as for {@link ProvisioningDeviceClient.createFromSymmetricKey}
   * @param registrationId the common name (CN) of the certificate
   * @param idScope as for {@link ProvisioningDeviceClient.createFromSymmetricKey}
   * @param x509 in Node.js, a certificate with its key; in a browser, {@link X509.platform}
   * @param options see {@link ProvisioningOptions}
   * @throws TypeError for a certificate that this platform cannot use, and for a wrong name or
   * option; RangeError for an option out of range
   */
  static createFromX509Certificate(
    provisioningHost: string,
    registrationId: string,
    idScope: string,
    x509: X509,
    options?: ProvisioningOptions,
  ): ProvisioningDeviceClient;

  /**
   * An object that is sent with each registration, for a custom allocation function; `{ modelId }`
   * tells IoT Central which template to use. `undefined` sends none, which is the default.
   *
   * @throws TypeError for anything but an object that JSON can hold
   */
  get provisioningPayload(): JsonObjectInput | undefined;
  set provisioningPayload(payload: JsonObjectInput | null | undefined);

  /**
   * Registers the device, and waits until the service has assigned it to a hub.
   *
   * The client polls the service at the interval that it requests (`retry-after`). If the service
   * is busy (429), fails (500 or more) or the connection is lost, the client retries with growing
   * pauses until the timeout. Once the service knows the registration, the client asks for its
   * state instead of registering again.
   *
   * @param options see {@link RegisterOptions}
   * @returns the result, whose `registrationState` contains `assignedHub` and `deviceId`
   * @throws {@link ConnectionFailedError} or {@link OperationTimeout} if the service cannot be
   * reached; {@link CredentialError} if it refuses the key, token or certificate; {@link
   * ServiceError} if it responds with an error, or, with the `result`, if the registration ended as
   * `"failed"` or `"disabled"`, the hub does not speak MQTT 3.1.1 (`connectionProfile`) or has an
   * invalid name, or no certificate was issued; {@link OperationTimeout} after the timeout, with the
   * last problem as its `cause`; {@link ClientError} if a registration is already running; the
   * signal's reason. TypeError or RangeError for a wrong option.
   */
  register(options?: RegisterOptions): Promise<RegistrationResult>;
}

/**
 * Derives the key of a device from the key of its enrollment group. The device uses it for the
 * provisioning service and for its hub. Call this where the group's key is safe, never on a device
 * or in a page: anyone who has the group's key can register as any device of the group.
 *
 * @param groupKey the primary or secondary key of the group, in base64
 * @param registrationId the registration id of the device, spelled as the device spells it
 * @returns the key of the device, in base64
 * @throws TypeError for a key that is not base64, or a registration id with characters that are not
 * allowed. No error message contains the key.
 */
export function deriveDeviceKey(groupKey: string, registrationId: string): string;

/** The version of this package. */
export const version: string;

// Keeps declarations without `export` private to this file.
export {};
