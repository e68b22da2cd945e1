/**
 * Declarations, written by hand. Times are in seconds everywhere.
 *
 * @module iothub-device-client
 */

/** What comes out of JSON: twins, payloads of direct methods, bodies of messages. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An object of JSON. A member that is `undefined` is not there. */
export type JsonObject = { [name: string]: JsonValue | undefined };

/**
 * What may go into JSON: any object, an `interface`, a `Date` or a `readonly` array too, that JSON
 * does not lose. A function, a Promise, a Map, a Set, a Blob and their like are no JSON.
 */
export type JsonInput = JsonValue | JsonInputObject;

/** No function, Promise, Map, Set, URLSearchParams, Blob or stream: these have such a method. */
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

/**
 * `T`, if its members, at any depth, are {@link JsonInput} or `undefined`; a member that is not
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
 * What a message can carry.
 *
 * | given | sent |
 * | --- | --- |
 * | `string` | UTF-8 text, no content type |
 * | `ArrayBuffer`, typed array, `DataView`, `Buffer` | the bytes, no content type |
 * | anything else that JSON can hold | JSON, content type `application/json`, encoding `utf-8` |
 */
export type MessageData = string | ArrayBuffer | ArrayBufferView | JsonInput;

/**
 * What a handler property takes: a function (it may be async), a Promise of one, or `null` or
 * `undefined` for none. While a Promise is pending, what arrives waits for it, 1,024 of a kind at
 * most: of more, messages stay with the hub, desired properties come as the whole of them, and of
 * the others the oldest are lost.
 */
export type Handler<F> = F | PromiseLike<F | null | undefined> | null | undefined;

/** Takes cloud-to-device messages. A Promise that it returns is awaited; its value is not used. */
export type MessageHandler = (message: Message) => unknown;

/**
 * Takes calls of direct methods. A {@link MethodResponse} or {@link MethodResult} that it returns,
 * or resolves to, is sent as the answer; when it returns `undefined`, answer with
 * `sendMethodResponse`. Anything else is a TypeError, and the caller gets status 500.
 */
export type MethodRequestHandler<Payload = JsonValue> = Takes<
  MethodRequest<Payload>,
  MethodResponse | MethodResult | void | PromiseLike<MethodResponse | MethodResult | void>
>;

/** A function whose argument may be declared more narrowly: what comes is for you to know. */
type Takes<T, Result> = { handle(argument: T): Result }['handle'];

/** The answer to the call that a handler was given: a {@link MethodResponse} without its id. */
export interface MethodResult {
  /** See {@link MethodResponse.status}. */
  status: number;
  /** See {@link MethodResponse.payload}. */
  payload?: JsonInput | undefined;
}

/** Takes desired properties. A Promise that it returns is awaited; its value is not used. */
export type DesiredPropertiesHandler<Patch = JsonProperties> = Takes<
  TwinProperties<Patch>,
  unknown
>;

/** Takes changes of the connection. */
export type ConnectionStateHandler = (change: ConnectionStateChange) => unknown;

/** Told that a new SAS token is needed; it gives one by `updateSasToken`. */
export type NewSasTokenHandler = () => unknown;

/** Gives a SAS token that has not expired, or a Promise of one. */
export type SasTokenFunction = () => string | PromiseLike<string>;

/** Takes errors that belong to no call. */
export type BackgroundExceptionHandler = (error: Error) => unknown;

/** The state of a client's connection. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting';

/** What {@link IoTHubDeviceClient.onConnectionStateChange} gets. */
export interface ConnectionStateChange {
  /** Whether the connection stands. */
  readonly connected: boolean;
  /** Why the connection was lost; `undefined` when it was not, or was ended by you. */
  readonly cause: Error | undefined;
}

/** Properties of which nothing is known. */
export type JsonProperties = { [name: string]: JsonValue };

/**
 * One half of a twin: properties by name, and the version of the whole, which the hub raises with
 * each change. `Properties` is what you say they are; nothing checks it.
 */
export type TwinProperties<Properties = JsonProperties> = Properties & {
  readonly $version: number;
};

/** What the hub tells a device of its twin. */
export interface Twin<Desired = JsonProperties, Reported = JsonProperties> {
  /** What the back end wants. */
  desired: TwinProperties<Desired>;
  /** What the device has reported. */
  reported: TwinProperties<Reported>;
}

/** What {@link IoTHubDeviceClient.uploadFile} takes. */
export type UploadData =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | UploadBlob
  | UploadStream
  | AsyncIterable<string | ArrayBuffer | ArrayBufferView | UploadBlob>;

/** Where to upload a blob, and by what right. */
export interface StorageInfo {
  /** For {@link IoTHubDeviceClient.notifyBlobUploadStatus}. */
  correlationId: string;
  /** The host of the storage account. */
  hostName: string;
  /** The container in it. */
  containerName: string;
  /** The name of the blob in it: the device id, a slash, and the name that was asked for. */
  blobName: string;
  /** The query of the upload's URL, with its `?`. A secret for as long as it is valid. */
  sasToken: string;
}

/** What {@link IoTHubDeviceClient.uploadFile} takes beside name and data. */
export interface UploadOptions extends CallOptions {
  /**
   * The media type of the blob; TypeError if it has other characters than printable ASCII. Default:
   * that of the `Blob`, or `application/octet-stream`.
   */
  contentType?: string | undefined;
  /**
   * Called after each block of 1 MiB that is stored; the next waits for its Promise. What it throws
   * or rejects with ends the upload.
   */
  onProgress?: ((progress: UploadProgress) => unknown) | undefined;
}

/** How far an upload has come. */
export interface UploadProgress {
  /** Bytes that are stored. */
  readonly loaded: number;
  /** Bytes in all; `undefined` for a stream. */
  readonly total: number | undefined;
}

/** Options of each call that waits for something; `disconnect` and `shutdown` end by themselves. */
export interface CallOptions {
  /**
   * Cancels the call: it rejects with the signal's `reason`, and is not sent, or not again. What was
   * sent may still reach the hub. With a signal that is already aborted, nothing is sent. For a
   * timeout, pass `AbortSignal.timeout(5000)`: it counts milliseconds, while all times in this
   * package are in seconds.
   */
  signal?: Signal | undefined;
}

/** How long a receive call waits. */
export interface ReceiveOptions extends CallOptions {
  /** Whether to wait if there is nothing yet. Default `true`. */
  block?: boolean | undefined;
  /** Seconds to wait at most, 0 or more. Default: for ever. */
  timeout?: number | undefined;
}

/** Which method requests a receive call takes, and how long it waits. */
export interface ReceiveMethodOptions extends ReceiveOptions {
  /**
   * Only calls of this method, which has a queue of its own from now on. Default: all methods that
   * are not received by name.
   */
  methodName?: string | undefined;
}

/**
 * Options of every factory. An unknown one, or one of a wrong type, is a `TypeError` that names
 * it; a number out of its range is a `RangeError`. `undefined` stands for the default.
 */
export interface ClientOptions {
  /**
   * The full WebSocket URL of a local hub, to connect to in place of the hub's, such as
   * `ws://localhost:8080/$iothub/websocket`; HTTP calls go to the same origin. `wss:`, or `ws:` on
   * this machine only (`localhost`, `*.localhost`, 127.0.0.0/8, `[::1]`), since anywhere else the
   * token would travel unencrypted. Not together with a gateway, nor `ws:` with a certificate.
   */
  endpoint?: string | undefined;
  /**
   * Where the HTTP calls of a file upload go, in place of the hub or the origin that is dialled: a
   * URL that `/devices/...` is put behind, of a relay which adds the CORS headers that pages need.
   * It gets the token of the device. `https:`, or `http:` on this machine only, as for `endpoint`.
   * Without a query.
   */
  httpEndpoint?: string | undefined;
  /** MQTT over WebSockets is the only transport: `false` is a `TypeError`. Default `true`. */
  websockets?: true | undefined;
  /**
   * Appended to the name of this software in what the client says of itself to the hub, without a
   * separator. If it begins with `dtmi`, it is a `modelId`, as in the client for Python.
   * Default `""`.
   */
  productInfo?: string | undefined;
  /**
   * The id of the IoT Plug and Play model that the device implements, such as
   * `dtmi:com:example:Thermostat;1`: the back end sees it as the twin's `modelId`. Default none.
   */
  modelId?: string | undefined;
  /**
   * The longest silence of the client, in whole seconds from 1 to 1740. The client sends a ping
   * after three quarters of it; when nothing comes back within 15 seconds, the connection counts
   * as lost. Default 60.
   */
  keepAlive?: number | undefined;
  /** Whether an operation that needs a connection opens it. Default `true`. */
  autoConnect?: boolean | undefined;
  /**
   * Which connections are made again: `true`, one that was lost; `"always"`, the first one, too;
   * `false`, none. With `"always"` a device that starts before its network comes up by itself:
   * calls wait until the connection stands, {@link IoTHubDeviceClient.connect} too, and each
   * attempt that fails is told to `onBackgroundException`. A refused login ends every retry.
   * Default `true`.
   */
  connectionRetry?: boolean | 'always' | undefined;
  /**
   * Seconds between attempts to make a connection again, spread by ±20 %; from 0.001 to 2147483.
   * The first attempt is made at once if the lost connection had stood longer than this. In a page
   * or worker an `online` event ends the wait, and while the browser says that it is offline a
   * minute passes at least.
   * Default 10.
   */
  connectionRetryInterval?: number | undefined;
  /**
   * Seconds that the interval may grow to: when larger than `connectionRetryInterval`, the
   * interval doubles with each failure up to this. Default: the interval, so that it never grows.
   */
  connectionRetryMaxInterval?: number | undefined;
  /**
   * Whether, with a handler of desired properties, the twin is fetched each time they are
   * subscribed to (first, and after each reconnect), and its desired properties are delivered if
   * their `$version` is not the one delivered last. So none is missed. Default `true`.
   */
  ensureDesiredProperties?: boolean | undefined;
  /**
   * Seconds, up to 2147483, that an operation waits for its answer once it was sent and while the
   * connection stands; then it rejects with {@link OperationTimeout} and is not sent again. The
   * hub may have acted on it all the same. 0 waits for ever, for a subscription that is not
   * answered, too: what needs it settles with the next connection. Default 60.
   */
  operationTimeout?: number | undefined;
  /**
   * How many calls of `sendMessage` may wait for their acknowledgement, and how many of `getTwin`
   * and `patchTwinReportedProperties` for their answers; one more rejects at once with
   * {@link ClientError}. A whole number from 1 to 2147483648. Default 100,000.
   */
  maxPendingMessages?: number | undefined;
  /**
   * How many bytes may wait in calls of `sendMessage`, `patchTwinReportedProperties` and
   * `sendMethodResponse`, and in what method handlers returned. A call that would exceed it rejects
   * at once with {@link ClientError}, one that is larger by itself with RangeError. A body counts
   * its bytes; each character of properties, of a patch and of a payload counts three. A whole
   * number from 1 to 1073741824 (1 GiB), which is also the limit of all clients together. Default
   * 268,435,456 (256 MiB).
   */
  maxPendingBytes?: number | undefined;
  /**
   * When a cloud-to-device message is acknowledged: `"on-arrival"`, when it is handed to the
   * handler; `"after-handler"`, when the handler has returned or its Promise is fulfilled. With
   * the latter, a message whose handler failed is not acknowledged, and the hub delivers it again
   * on the next connection. Default `"on-arrival"`.
   */
  acknowledgeMessages?: 'on-arrival' | 'after-handler' | undefined;
  /**
   * Certificates to trust in place of the system's, as PEM text; of the storage account, too, when
   * `uploadFile` puts a file there. Node.js only: in a browser a
   * `TypeError`, as a page cannot choose whom to trust.
   */
  serverVerificationCert?: string | undefined;
  /**
   * The TLS ciphers to offer: a list in the form of OpenSSL, or an array of names. Node.js only:
   * in a browser a `TypeError`.
   */
  cipher?: string | readonly string[] | undefined;
  /**
   * A proxy for WebSocket and HTTP alike: a URL with `http:`, `https:`, `socks4:`, `socks4a:`,
   * `socks5:` or `socks5h:`, such as `http://user:password@host:8080`, user and password
   * percent-encoded. Node.js only: in a browser a `TypeError`.
   */
  proxy?: string | undefined;
  /**
   * Logs what the client does, for debugging: each packet, each state of socket and connection, each
   * wait before a retry, each HTTP call, and each error that belongs to no call. `"console"` writes
   * a line for each with `console.log`, in Node.js with `console.error`, which leaves the standard
   * output to you. A function is called with a {@link TraceRecord}; what it throws goes to
   * `console.error`. Payloads, tokens, user names and passwords are left out; topics contain the
   * properties of messages.
   *
   * In Node.js, the environment variable `DEBUG=iothub-device-client` does the same for every client
   * without this option. As with npm `debug`, it may be a list or a pattern.
   */
  trace?: 'console' | ((record: TraceRecord) => void) | undefined;
}

/** What {@link ClientOptions.trace} is called with. */
export type TraceRecord = TracedPacket | TracedState | TracedRequest | TracedError;

/** A packet that was written to the socket, or came from it. */
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
}

/** A change of the socket, or of what the connection is doing. */
export interface TracedState {
  readonly time: Date;
  readonly state:
    | 'socket opening'
    | 'socket open'
    | 'socket closed'
    | ConnectionState
    | 'waiting to try again'
    | 'waiting for a SAS token'
    | 'renewing the SAS token';
  /** Of a socket that is opening. */
  readonly url?: string;
  /** Of a socket that has closed: the WebSocket close code. */
  readonly code?: number;
  /** Of a socket that has closed: what the platform or the server says about it, if anything. */
  readonly reason?: string | undefined;
  /** How long is waited before the next attempt. */
  readonly seconds?: number;
}

/** An HTTP call of a file upload that has ended. */
export interface TracedRequest {
  readonly time: Date;
  /** Its method, such as `'POST'`. */
  readonly http: string;
  /** Without the query, which holds a secret. */
  readonly url: string;
  /** Of the answer, if there was one. */
  readonly status?: number;
  /** Why there was none. */
  readonly error?: Error;
  /** How long it took. */
  readonly seconds: number;
}

/** An error that belongs to no call, as {@link IoTHubDeviceClient.onBackgroundException} gets it. */
export interface TracedError {
  readonly time: Date;
  readonly error: Error;
}

/** Options of {@link IoTHubDeviceClient.createFromConnectionString}. */
export interface ConnectionStringOptions extends ClientOptions {
  /**
   * How long the SAS tokens live that the client makes from its key, in whole seconds above 0. A
   * token is replaced, by a new connection, at the later of 120 seconds before its expiry and 80 %
   * of its life. No effect on a connection string that holds a token. Default 3600.
   */
  sasTokenTtl?: number | undefined;
}

/** The option of factories that have no connection string to name a gateway. */
export interface GatewayOptions extends ClientOptions {
  /**
   * A gateway, `host` or `host:port`, to dial in place of the hub. What the client says of itself
   * and its token still name the hub. Not together with `endpoint`. Default none.
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
 * A device, or a module of a device, of Azure IoT Hub.
 *
 * Made by one of its four factories, never with `new`.
 *
 * Methods that return a Promise never throw: they reject. An operation that is called without a
 * connection opens one (option `autoConnect`); if that fails, it rejects with the connection's
 * error. While the client reconnects, operations wait, and what was sent without an
 * acknowledgement is sent again, in order; only method responses are not. The telemetry or twin
 * request on which three connections in a row end unacknowledged is given up, with
 * {@link ConnectionDroppedError}.
 *
 * Every call but `disconnect` and `shutdown` takes a `signal` to give it up by: see
 * {@link CallOptions}. An option that a call does not have is a TypeError that names it.
 *
 * A client does not work through a Proxy. Vue's `ref` and `reactive` make none of it; where another
 * library does, keep the client out of its state.
 *
 * Where the platform has `Symbol.asyncDispose`, `await using client = ...` shuts the client down
 * at the end of its block.
 */
export class IoTHubDeviceClient {
  private constructor();
  readonly [Symbol.toStringTag]: 'IoTHubDeviceClient';

  /**
   * Makes a client from the connection string of a device or a module. Does not connect.
   *
   * @param connectionString `HostName=...;DeviceId=...;SharedAccessKey=...`, in any order. Also
   * known are `ModuleId`, `SharedAccessKeyName`, `GatewayHostName`, and `SharedAccessSignature` in
   * place of the key: a token, as for {@link IoTHubDeviceClient.createFromSasToken}.
   * @param options see {@link ConnectionStringOptions}
   * @throws TypeError for a name that is missing, unknown or double, a missing value, a key that
   * is not base64, a token that has expired, or a wrong option; RangeError for an option out of
   * its range. No message holds a key or a token.
   */
  static createFromConnectionString(
    connectionString: string,
    options?: ConnectionStringOptions,
  ): IoTHubDeviceClient;

  /**
   * Makes a client from a SAS token of a device, which says for which hub and device it is. Does
   * not connect.
   *
   * The client cannot make the next token: 120 seconds before the expiry of this one it calls
   * `onNewSasTokenRequired`, and takes a new one by `updateSasToken`. A token that has expired is
   * not sent: calls that need a connection wait for a new one then, or reject with
   * {@link CredentialError} if there is no such handler.
   *
   * @param token `SharedAccessSignature sr=...&sig=...&se=...`, in which `sr` is
   * `{hostname}/devices/{deviceId}`
   * @param options see {@link GatewayOptions}
   * @throws TypeError for a token that is malformed, has expired, or is for a module, or for a
   * wrong option; RangeError for an option out of its range. No message holds the token.
   */
  static createFromSasToken(token: string, options?: GatewayOptions): IoTHubDeviceClient;

  /**
   * Makes a client from a function that gives SAS tokens, such as one that asks your server for
   * them: the safe way for pages. Does not connect.
   *
   * The function is called for the first connection, and again at the later of 120 seconds before
   * the expiry of its token and 80 % of the time from its coming to its expiry. When it fails, the
   * error goes to `onBackgroundException`, and it is called again after `connectionRetryInterval`
   * or with the next attempt to connect. It has failed, too, when a connection has waited for it
   * for 60 seconds. A first connection that has no token for this reason fails with
   * {@link ConnectionFailedError}, whose `cause` is that error.
   *
   * @param getToken gives a token that has not expired, or a Promise of one
   * @param options see {@link SasTokenFunctionOptions}; `hostname` and `deviceId` are needed
   * @throws TypeError for a missing or wrong option; RangeError for an option out of its range
   */
  static createFromSasToken(
    getToken: SasTokenFunction,
    options: SasTokenFunctionOptions,
  ): IoTHubDeviceClient;

  /**
   * Makes a client from the key of a device. Does not connect.
   *
   * @param key the primary or secondary key, base64 as the hub shows it
   * @param hostname the hub's host name, such as `my-hub.azure-devices.net`
   * @param deviceId the device id
   * @param options see {@link SymmetricKeyOptions}
   * @throws TypeError for a key that is not base64, a host name or id with characters that none
   * can have, or a wrong option; RangeError for an option out of its range. No message holds the
   * key.
   */
  static createFromSymmetricKey(
    key: string,
    hostname: string,
    deviceId: string,
    options?: SymmetricKeyOptions,
  ): IoTHubDeviceClient;

  /**
   * Makes a client that proves who it is by a certificate in the TLS handshake. Does not connect.
   *
   * @param x509 in Node.js a certificate with its key, in a browser {@link X509.platform}
   * @param hostname the hub's host name, such as `my-hub.azure-devices.net`
   * @param deviceId the device id
   * @param options see {@link GatewayOptions}
   * @throws TypeError for a certificate that this platform cannot use, a host name or id with
   * characters that none can have, or a wrong option; RangeError for an option out of its range
   */
  static createFromX509Certificate(
    x509: X509,
    hostname: string,
    deviceId: string,
    options?: GatewayOptions,
  ): IoTHubDeviceClient;

  /**
   * Whether the connection stands: `connectionState` is `"connected"`. The renewal of a token
   * does not change it.
   */
  readonly connected: boolean;

  /**
   * The state of the connection.
   *
   * - `"disconnected"`: there is none, and none is being made
   * - `"connecting"`: the first one is being made
   * - `"connected"`: it stands
   * - `"reconnecting"`: it was lost and is being re-established, or the client waits to try
   */
  readonly connectionState: ConnectionState;

  /**
   * Connects. Fulfils when the hub has accepted the connection and answered the subscription of
   * every handler that was set before. While reconnecting, tries at once and settles with that
   * attempt. Fulfils at once when all that is so already.
   *
   * A first connection that fails is not tried again, unless the option `connectionRetry` is
   * `"always"`: then this waits until the connection stands, whatever attempts fail meanwhile, and
   * rejects only for a refused login, a refused or unanswered subscription, a token that a handler
   * does not give in time, a `signal`, `disconnect` or `shutdown`.
   *
   * Rejects with
   * - {@link CredentialError}: the hub refused the login, or the token has expired
   * - {@link ConnectionFailedError}: no WebSocket could be opened, or the hub is not available
   * - {@link ConnectionDroppedError}: the connection ended meanwhile
   * - {@link OperationTimeout}: not accepted within 60 seconds, or a subscription not answered
   *   within `operationTimeout`
   * - {@link OperationCancelled}: `disconnect` or `shutdown` was called meanwhile
   * - {@link ClientError}: the hub refused a subscription or broke the protocol, or the client was
   *   shut down
   *
   * Aborted during the first attempt, it ends the attempt, and the client is disconnected; unless
   * another call waits for the connection, or with `autoConnect` a handler or a loop: it is made
   * then all the same. So is one that was lost.
   */
  connect(options?: CallOptions): Promise<void>;

  /**
   * Disconnects: what was called before is written, and the socket closed. Calls that have no
   * answer yet reject with {@link OperationCancelled}. No handler of something received is started
   * afterwards; running ones are not awaited, so that a handler may call this. The client can
   * connect again. Fulfils, also when there is no connection.
   */
  disconnect(): Promise<void>;

  /**
   * Disconnects for good: as {@link IoTHubDeviceClient.disconnect}, and every later call but
   * `disconnect` and `shutdown` rejects with {@link ClientError}.
   */
  shutdown(): Promise<void>;

  /**
   * Replaces the token of a client that was made from one. Fulfils when the connection stands again
   * under the new token, and at once if there is no connection.
   *
   * Rejects with TypeError for a token that is malformed, has expired, or is for another host,
   * device or module (the old one is kept); with {@link ClientError} on a client that was not made
   * from a token, or was shut down; else as {@link IoTHubDeviceClient.connect}.
   * Aborted, it only waits no longer: the new token is in use.
   */
  updateSasToken(token: string, options?: CallOptions): Promise<void>;

  /**
   * Sends telemetry. Fulfils when the hub has acknowledged it (at least once, in the order of the
   * calls). Bytes are copied at the call.
   *
   * Rejects with
   * - RangeError, and nothing is sent: more than 262,144 bytes as {@link Message.getSize} counts,
   *   or than `maxPendingBytes`, or properties that make more than 65,535 bytes of topic
   * - TypeError: data that JSON cannot hold, or would make `{}` of, such as a Promise or a Map; a
   *   property that is no string; an unknown option
   * - {@link ClientError}: `maxPendingMessages` calls wait already, or they would hold more than
   *   `maxPendingBytes`, or all clients more than 1 GiB, or the client was shut down
   * - {@link OperationTimeout}, {@link OperationCancelled}, {@link ConnectionDroppedError},
   *   {@link NoConnectionError}, or the error of the connection that it needed
   *
   * @param message a {@link Message}, or the data of one without properties
   */
  sendMessage<T extends {} | null>(
    message: T & (T extends Message | ArrayBuffer | ArrayBufferView ? T : Json<T>),
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Fetches the twin. `getTwin<Desired, Reported>()` gives its halves these types; nothing checks
   * them.
   *
   * Rejects with {@link ServiceError} when the hub answers with a status of 300 or more,
   * {@link ClientError} when it answers with something that is not JSON or the client was shut
   * down, {@link OperationTimeout}, {@link OperationCancelled}, {@link ConnectionDroppedError},
   * {@link NoConnectionError}, or the error of the connection that it needed.
   */
  getTwin<Desired = JsonProperties, Reported = JsonProperties>(
    options?: CallOptions,
  ): Promise<Twin<Desired, Reported>>;

  /**
   * Merges a patch into the reported properties of the twin; `null` deletes a property. Fulfils
   * when the hub has accepted it.
   *
   * Rejects with TypeError when the patch is no JSON object, or has in it what JSON would make `{}`
   * or `null` of (`NaN`, an infinity, a `Date` without a time); RangeError when it has more than
   * 262,144 bytes, {@link ServiceError} when the hub refuses it (its own limits are far lower:
   * 32 KB of reported properties), {@link ClientError} when calls would hold more than
   * `maxPendingBytes`, and otherwise as {@link IoTHubDeviceClient.getTwin}.
   */
  patchTwinReportedProperties<T extends object>(
    patch: T & (T extends readonly unknown[] ? never : Json<T>),
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Answers a direct method, once. Fulfils when the hub has acknowledged the answer. There is no
   * need for it when the handler returns its response.
   *
   * Rejects with
   * - TypeError: not a {@link MethodResponse}, or a payload that JSON cannot hold
   * - RangeError: a payload of more than 131,072 bytes, or than `maxPendingBytes`
   * - {@link ClientError}: the request was answered already or is not known, or the client was
   *   shut down
   * - {@link ConnectionDroppedError}: lost with the connection; it is not sent again
   * - {@link OperationTimeout}, {@link OperationCancelled}, {@link NoConnectionError}, or the error
   *   of the connection that it needed
   */
  sendMethodResponse(response: MethodResponse, options?: CallOptions): Promise<void>;

  /**
   * Uploads a file: asks the hub where to, puts it into the storage account, and tells the hub how
   * that went, a failure too. The client need not be connected.
   *
   * More than 1 MiB, and streams, go in blocks of 1 MiB, or of one piece of the stream that is
   * larger, one after the other; 50,000 at most. What gets no answer, 429 or 5xx, of the hub too, is
   * tried three times more, with growing waits; the failure is told once. Each block and its answer
   * may take `operationTimeout`: with 60 seconds, the link has to carry 18 kB a second. The storage
   * account takes it for an hour, if the hub is not set otherwise. `disconnect` does not end it;
   * abort it by its `signal`. Aborted when all is stored, it rejects, and the hub is told of the
   * success.
   *
   * Rejects as {@link IoTHubDeviceClient.getStorageInfoForBlob}; with {@link ServiceError} also
   * when the storage account refuses, and {@link ConnectionFailedError} also when it is not reached:
   * in a page, its CORS rules must allow `PUT` and the headers `x-ms-*`; with TypeError for data of
   * another type.
   *
   * @param blobName the name of the blob, without the device id
   * @param data the bytes; a string is sent as UTF-8. A `Blob` is read piece by piece. A stream
   * (`ReadableStream`, where the platform can iterate over it, or one of Node.js) is read once.
   */
  uploadFile(blobName: string, data: UploadData, options?: UploadOptions): Promise<void>;

  /**
   * Asks where to upload a blob, by HTTPS; the client need not be connected. Upload it yourself
   * (`PUT https://{hostName}/{containerName}/{blobName}{sasToken}` with the header
   * `x-ms-blob-type: BlockBlob`), then call `notifyBlobUploadStatus`.
   *
   * IoT Hub sends no CORS headers: in a page this works through `httpEndpoint` (or `endpoint`, or
   * `gatewayHostname`), with a relay that does.
   *
   * Rejects with
   * - {@link ServiceError}: a status other than 200 to 299
   * - {@link ConnectionFailedError}: no HTTP answer (network, CORS)
   * - {@link OperationTimeout}: none within `operationTimeout`
   * - {@link CredentialError}: there is no token that has not expired
   * - {@link ClientError}: a module, which cannot upload, or a client that was shut down
   * - TypeError: no name, or one that no URL can name: with `.` or `..` between slashes, or half of
   *   a surrogate pair
   *
   * @param name the name of the blob, without the device id
   */
  getStorageInfoForBlob(name: string, options?: CallOptions): Promise<StorageInfo>;

  /**
   * Tells the hub how an upload ended, by HTTPS. Rejects as
   * {@link IoTHubDeviceClient.getStorageInfoForBlob}.
   *
   * @param correlationId that of the {@link StorageInfo}
   * @param isSuccess whether the blob is there
   * @param statusCode the status of the upload, as the storage gave it
   * @param statusDescription what to say about it
   */
  notifyBlobUploadStatus(
    correlationId: string,
    isSuccess: boolean,
    statusCode: number,
    statusDescription: string,
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Waits for a cloud-to-device message, which is acknowledged when it is given. Gives `undefined`
   * if none has come in time.
   *
   * Like the other two receive calls: it subscribes, and it excludes receive handlers. Whichever is
   * used first on a client decides, and the other is a {@link ClientError}. What has come and was
   * not taken is dropped by `disconnect`.
   *
   * Rejects with {@link OperationCancelled}, {@link NoConnectionError}, the error of the connection
   * that it needed, TypeError for an option of a wrong type, or RangeError for a negative timeout.
   *
   * @deprecated set `onMessageReceived`
   */
  receiveMessage(options?: ReceiveOptions): Promise<Message | undefined>;

  /**
   * Waits for a call of a direct method; answer it with `sendMethodResponse`. Otherwise as
   * {@link IoTHubDeviceClient.receiveMessage}.
   *
   * @deprecated set `onMethodRequestReceived`
   */
  receiveMethodRequest<Payload = JsonValue>(
    options?: ReceiveMethodOptions,
  ): Promise<MethodRequest<Payload> | undefined>;

  /**
   * Waits for desired properties, of which the first are those that stand (unless
   * `ensureDesiredProperties` is off). Otherwise as {@link IoTHubDeviceClient.receiveMessage}.
   *
   * @deprecated set `onTwinDesiredPropertiesPatchReceived`
   */
  receiveTwinDesiredPropertiesPatch<Patch = JsonProperties>(
    options?: ReceiveOptions,
  ): Promise<TwinProperties<Patch> | undefined>;

  /**
   * Iterates over cloud-to-device messages: `for await (const message of client.messages())`.
   *
   * Like the other two iterations: it takes the place of the handler as long as it runs. It
   * subscribes at once, as setting a handler does, and waits across lost connections. `break`, or
   * whatever else leaves the loop, unsubscribes. It ends at `shutdown`, and rejects with the
   * signal's reason when that is aborted. What comes before the loop asks for it waits, as it does
   * for the Promise of a {@link Handler}. What it gives is for one loop: two that share it would
   * acknowledge each other's messages.
   *
   * A message stays with the hub until the loop asks for it. With `acknowledgeMessages:
   * "after-handler"` it is acknowledged when the loop asks for the next one; a message whose body
   * was left by `break` or an error is not, and comes again.
   *
   * @throws ClientError where the handler of the kind is set, or is set while this runs; where the
   * kind is iterated over already; on a client that has used a receive call
   */
  messages(options?: CallOptions): AsyncIterableIterator<Message>;

  /**
   * Iterates over calls of direct methods, of every name; answer them with `sendMethodResponse`.
   * Those that still wait when the loop ends are answered with 500. Otherwise as
   * {@link IoTHubDeviceClient.messages}.
   */
  methodRequests<Payload = JsonValue>(
    options?: CallOptions,
  ): AsyncIterableIterator<MethodRequest<Payload>>;

  /**
   * Iterates over desired properties, of which the first are those that stand (unless
   * `ensureDesiredProperties` is off). Otherwise as {@link IoTHubDeviceClient.messages}.
   */
  desiredPropertiesPatches<Patch = JsonProperties>(
    options?: CallOptions,
  ): AsyncIterableIterator<TwinProperties<Patch>>;

  /**
   * Takes cloud-to-device messages; of a module, the messages for its inputs (`inputName`).
   *
   * Like the other two receive handlers: setting it subscribes, opening the connection if
   * `autoConnect` allows (a failure goes to `onBackgroundException`); clearing it unsubscribes.
   * Calls start in order of arrival, each not waiting for the Promise of the one before, and never
   * inside a call of the client. It may call every method. When it throws or rejects, a
   * {@link ClientError} with that as its `cause` goes to `onBackgroundException`; nothing else is
   * disturbed.
   *
   * A message that comes while there is no handler is kept, unacknowledged, until there is one.
   * Gives back what was set. Setting what is no {@link Handler} throws a TypeError; setting a
   * receive handler on a client that has used a receive call throws a {@link ClientError}.
   */
  onMessageReceived: Handler<MessageHandler>;

  /**
   * Takes calls of direct methods, of every name. Set, cleared and called as
   * {@link IoTHubDeviceClient.onMessageReceived}.
   *
   * When it throws or rejects and nothing was answered, the caller gets status 500. So it does
   * when the handler returns what is neither `undefined` nor an answer, such as an object without a
   * whole number as `status`, `null`, or the `Response` of a `fetch`: that is a TypeError in
   * `onBackgroundException`. A call that nobody takes any more is answered with 500, too. A call
   * whose payload is not JSON never gets here: it is answered with 400.
   */
  onMethodRequestReceived: Handler<MethodRequestHandler>;

  /**
   * Takes patches of the desired properties, `$version` included. Set, cleared and called as
   * {@link IoTHubDeviceClient.onMessageReceived}.
   *
   * With `ensureDesiredProperties` it also gets all desired properties as they stand, when they
   * are first subscribed to and after each reconnect, unless that version was the last delivered.
   */
  onTwinDesiredPropertiesPatchReceived: Handler<DesiredPropertiesHandler>;

  /**
   * Told when the connection stands and when it no longer does; told once more, with the reason,
   * when a client that reconnects gives up because another page has connected. The renewal of a
   * token that succeeds is no change.
   */
  onConnectionStateChange: Handler<ConnectionStateHandler>;

  /**
   * Told that a client that was made from a token needs a new one: 120 seconds before the token
   * expires, at once if less is left, and again every `connectionRetryInterval` until it comes. Give
   * it by `updateSasToken`.
   */
  onNewSasTokenRequired: Handler<NewSasTokenHandler>;

  /**
   * Told of each error that belongs to no call: an unexpected loss of the connection, a failed
   * attempt to re-establish it or to renew the token, a handler that failed, an answer of the hub
   * that cannot be understood. While there is none, and when it fails itself, the error is one
   * `console.error`.
   */
  onBackgroundException: Handler<BackgroundExceptionHandler>;
}

export interface IoTHubDeviceClient extends AsyncDisposal {}

/** The key of `await using`, where the user's own `lib` or types declare it; else nothing. */
type AsyncDisposeKey = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
  ? Key
  : never;

/** `[Symbol.asyncDispose]()`, which shuts down. Nothing is added to the user's globals for it. */
type AsyncDisposal = { [key in AsyncDisposeKey]: () => Promise<void> };

/** What the constructor of {@link Message} takes beside the data: its fields. */
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

/** A message, to the hub or from it. A field that is `undefined` is not sent, or was not there. */
export class Message {
  readonly [Symbol.toStringTag]: 'Message';

  /**
   * Makes a message to send. What fields hold is checked when it is sent.
   *
   * @throws TypeError for an unknown option, or `customProperties` that are no plain object
   */
  constructor(data: MessageData, options?: MessageOptions);

  /** The body: as given, or, of a received message, a `Uint8Array`. */
  data: MessageData;
  /** The application's own properties; `null` is a property without a value. */
  customProperties: Record<string, string | null>;
  /** An id that the sender chooses, at most 128 characters of ASCII for the hub. */
  messageId: string | undefined;
  /**
   * When a cloud-to-device message expires; ISO 8601 text in a received one. It would be sent with
   * telemetry too: leave it unset there, as IoT Hub is reported to close the connection on it.
   */
  expiryTimeUtc: Date | string | undefined;
  /** Ties a message to another, by convention the id of the one that it answers. */
  correlationId: string | undefined;
  /** Who the message is from, in the sender's own terms. */
  userId: string | undefined;
  /** The encoding of the body, such as `utf-8`; for JSON data `utf-8` unless set. */
  contentEncoding: string | undefined;
  /** The media type of the body; for JSON data `application/json` unless set. */
  contentType: string | undefined;
  /** The output of a module that the message leaves by. */
  outputName: string | undefined;
  /** The input of a module that the message came by. Not sent. */
  inputName: string | undefined;
  /** What feedback the sender of a cloud-to-device message asked the hub for. Not sent. */
  ack: string | undefined;

  /** Set by {@link Message.setAsSecurityMessage}. */
  readonly iothubInterfaceId: string | undefined;

  /** Marks the message as a security message, by its `iothubInterfaceId`. */
  setAsSecurityMessage(): void;

  /**
   * The size that counts against the hub's limit of 262,144, in bytes: the body, the values of
   * system properties, the names and values of custom properties.
   *
   * @throws TypeError for data that JSON cannot hold, or a property that is no string
   */
  getSize(): number;

  /**
   * The body as bytes. Those of bytes that were given or received are not copied.
   *
   * @throws TypeError for data that JSON cannot hold
   */
  bytes(): Bytes;

  /** The body as text, read as UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(): string;

  /**
   * The body read as JSON. `json<T>()` gives it this type; nothing checks it.
   *
   * @throws SyntaxError for a body that is not JSON
   */
  json<T = JsonValue>(): T;
}

/** A client certificate with its key. What it holds cannot be read. */
export class X509 {
  readonly [Symbol.toStringTag]: 'X509';

  /**
   * A certificate with its key, for Node.js.
   *
   * @param cert PEM text, with the certificates between it and the authority behind it if there
   * are any
   * @param key PEM text
   * @param passPhrase of the key
   * @throws TypeError for what is no PEM text
   */
  constructor(cert: string, key: string, passPhrase?: string);

  /**
   * As the constructor, with the paths of two PEM files. Node.js only.
   *
   * @throws TypeError in a browser, and for what is no PEM text; what `fs.readFileSync` throws
   */
  static fromFiles(
    certFile: string | FileUrl,
    keyFile: string | FileUrl,
    passPhrase?: string,
  ): X509;

  /**
   * Leaves the choice to the browser, its own store and its user: a page cannot choose a
   * certificate.
   *
   * @throws TypeError in Node.js
   */
  static platform(): X509;
}

/** `Uint8Array`; since TypeScript 5.7 one of an `ArrayBuffer`, which is what `fetch` takes. */
type Bytes = ReturnType<typeof Uint8Array.of>;

/** `Blob`, where the user's own `lib` or types declare it; else nothing. */
type UploadBlob = typeof globalThis extends { Blob: { prototype: infer Blob } } ? Blob : never;

/** `ReadableStream`, where the user's own `lib` or types declare it; else nothing. */
type UploadStream = typeof globalThis extends { ReadableStream: { prototype: infer Stream } }
  ? Stream
  : never;

/** `AbortSignal`, where the user's own `lib` or types declare it; else nothing. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer AbortSignal } }
  ? AbortSignal
  : never;

/** `URL`, where the user's own `lib` or types declare it; else nothing. */
type FileUrl = typeof globalThis extends { URL: { prototype: infer Url } } ? Url : never;

/** A call of a direct method. It cannot be changed. `Payload` is what you say it is. */
export class MethodRequest<Payload = JsonValue> {
  /** The client makes these; make one yourself to test a handler. */
  constructor(requestId: string, name: string, payload: Payload);

  /** To answer by. */
  readonly requestId: string;
  /** The name of the method. */
  readonly name: string;
  /** What the caller sent; `null` if nothing. */
  readonly payload: Payload;
}

/** The answer to a call of a direct method. */
export class MethodResponse {
  readonly [Symbol.toStringTag]: 'MethodResponse';

  /**
   * Makes the answer to the request with this id.
   *
   * @param requestId that of the {@link MethodRequest}
   * @param status what the caller gets, by convention as in HTTP; a whole number of 32 bits
   * @param payload what the caller gets beside it; sent as `null` if left out
   * @throws TypeError for an empty request id, or a status that is no such number
   */
  constructor(requestId: string, status: number, payload?: JsonInput);

  /** Makes the answer to `request`; as the constructor otherwise. */
  static createFromMethodRequest(
    request: MethodRequest<unknown>,
    status: number,
    payload?: JsonInput,
  ): MethodResponse;

  /** The id of the request that is answered. */
  requestId: string;
  /** What the caller gets, by convention as in HTTP. */
  status: number;
  /** What the caller gets beside it. */
  payload: JsonInput | undefined;
}

/**
 * Wrong use of the client, or a hub that breaks the protocol; and the base of the errors of the
 * connection. No message of any error holds a key or a token.
 */
export class ClientError extends Error {}
/** No connection could be made: the WebSocket did not open, or the hub is not available. */
export class ConnectionFailedError extends ClientError {}
/** The connection was lost, under an operation or before the hub had accepted it. */
export class ConnectionDroppedError extends ClientError {}
/**
 * There is no connection, and `autoConnect` is off; or another page or worker has connected as this
 * device, and `connect()` was not called since.
 */
export class NoConnectionError extends ClientError {}
/**
 * The hub refused the login, or the token has expired. Check the key, that the device exists and
 * is enabled, and the clock of this machine. The client does not try again by itself.
 */
export class CredentialError extends ClientError {}
/** `disconnect()` or `shutdown()` was called before the operation had ended. */
export class OperationCancelled extends Error {}
/** No answer came in time; what was asked for may have been done all the same. */
export class OperationTimeout extends Error {}

/** The hub answered a request with an error. */
export class ServiceError extends Error {
  constructor(
    message: string,
    details: { status: number; code?: string | undefined; cause?: unknown },
  );
  /** The hub's status, as in HTTP: 300 or more. */
  status: number;
  /** The hub's own error code, such as `"400004"`, if it sent one. */
  code: string | undefined;
}

/** The version of this package. */
export const version: string;

// Keeps what is not marked `export` to this file.
export {};
