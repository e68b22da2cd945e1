/** A local Azure IoT Hub to develop and test device clients against, offline. */

/**
 * Starts a hub in this process. Without `data`, it keeps everything in memory until it is closed.
 *
 * Rejects with a {@link HubError} for a wrong option, and with the system's error if it cannot
 * listen (`EADDRINUSE`) or use `data`.
 */
export function startHub(options?: HubOptions): Promise<Hub>;

export interface HubOptions {
  /** The port for WebSocket and HTTP. Default: 0, any free port. */
  port?: number;
  /** Serves the same over TLS: a port, or `true` for any free one. Default: `false`. */
  https?: boolean | number;
  /**
   * The address to listen on. Default: `'127.0.0.1'`. With an address other than a loopback
   * address, others on the network can connect.
   */
  host?: string;
  /** What devices call the hub, in user names and SAS tokens. Default: `'localhub.azure-devices.net'`. */
  hostname?: string;
  /** A directory that keeps everything across restarts. */
  data?: string;
  /** A directory that keeps the local certificate authority across restarts. Default: `data`. */
  caDirectory?: string;
  /**
   * Devices and modules to create at the start. If they exist, their `authentication` and `status`
   * are set to those given here.
   */
  devices?: (string | DeviceOption)[];
  /** The id scope of the hub's provisioning service. Default: `'0neLOCALHUB'`. */
  idScope?: string;
  /**
   * Individual enrollments to create at the start: registration ids, or objects as in the service's
   * API.
   */
  enrollments?: (string | object)[];
  /** Enrollment groups to create at the start: names, or objects as in the service's API. */
  enrollmentGroups?: (string | object)[];
  /** Further hubs that the provisioning service assigns devices to. Default: only its own hub. */
  linkedHubs?: { url: string; serviceConnectionString: string }[];
  /** See the README for each setting and its default. Can be changed by `PATCH /local/hub/settings`. */
  settings?: Partial<HubSettings>;
  /**
   * Serves a page at `/` that shows devices, telemetry and, if opened as localhost, connection
   * strings. Default: `true` if `host` is a loopback address, otherwise `false`.
   */
  page?: boolean;
  /** Called with a line for each connection that opens or closes, and the reason. */
  log?: (line: string) => void;
}

/** A device, or with `moduleId` a module of it. */
export interface DeviceId {
  deviceId: string;
  moduleId?: string;
}

export interface DeviceOption extends DeviceId {
  status?: 'enabled' | 'disabled';
  authentication?: Authentication;
}

/** How a device authenticates, as in the service's registry. Default: SAS tokens with a new key. */
export interface Authentication {
  type?: 'sas' | 'selfSigned' | 'certificateAuthority';
  /** Base64. */
  symmetricKey?: { primaryKey?: string | null; secondaryKey?: string | null };
  /** SHA-1 or SHA-256, hexadecimal. */
  x509Thumbprint?: { primaryThumbprint?: string | null; secondaryThumbprint?: string | null };
}

/** A running hub. */
export interface Hub {
  /** For HTTP: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** For devices: `ws://127.0.0.1:8080/$iothub/websocket`. */
  readonly endpoint: string;
  /** `url` over TLS, with the option `https`. */
  readonly secureUrl?: string;
  /** `endpoint` over TLS, with the option `https`. */
  readonly secureEndpoint?: string;
  readonly hostname: string;
  /** The devices of the option, in its order. */
  readonly devices: readonly (DeviceId & { connectionString: string })[];
  readonly idScope: string;
  /** All enrollment groups; those with X.509 attestation have no keys. */
  readonly enrollmentGroups: readonly {
    enrollmentGroupId: string;
    primaryKey?: string;
    secondaryKey?: string;
  }[];
  /** The shared access policies, with their keys. */
  readonly policies: Readonly<Record<PolicyName, { primaryKey: string; secondaryKey: string }>>;
  /** The connection string of the policy `iothubowner`, for service clients. */
  readonly serviceConnectionString: string;
  /** A new value for the header `Authorization` of HTTP calls; by default it is valid for an hour. */
  authorization(options?: { seconds?: number }): string;

  /** The certificate of the local authority (PEM), with the option `https`. */
  readonly ca?: string;
  /** Issues a certificate of the local authority, with the option `https`. */
  readonly issueCertificate?: (commonName: string) => Promise<Certificate>;
  /** Issues a self-signed certificate, with the option `https`. */
  readonly issueSelfSignedCertificate?: (commonName: string) => Promise<Certificate>;

  /**
   * Queues a cloud-to-device message, or a message to the input of a module. Text and bytes are
   * sent as they are, any other value as JSON. Resolves when the message is queued, not when the
   * device has it. Rejects with a {@link HubError}, `code` `DeviceMaximumQueueDepthExceeded`, when
   * 50 messages are pending.
   */
  sendMessage(
    device: string | DeviceId,
    body: unknown,
    options?: MessageOptions,
  ): Promise<{ messageId?: string; sequenceNumber: number }>;

  /**
   * Calls a direct method and resolves with the device's response, whatever its status. Rejects
   * with a {@link HubError}: `DeviceNotOnline` if the device is not connected or has not subscribed
   * to methods, `GatewayTimeout` if it does not respond in time.
   */
  invokeMethod(
    device: string | DeviceId,
    methodName: string,
    payload?: unknown,
    timeouts?: MethodTimeouts,
  ): Promise<{ status: number; payload: unknown }>;

  /**
   * Resolves with the telemetry of the device as soon as `count` messages match, including those
   * from before the call. Rejects if they do not arrive within `timeout`.
   */
  waitForTelemetry(
    device: string | DeviceId,
    options?: TelemetryQuery,
  ): Promise<TelemetryMessage[]>;

  /**
   * Resets the hub to its state at the start: the devices and enrollments of the options, with the
   * same keys and empty twins, and nothing else. It closes all connections, and removes faults and
   * changed settings. Connection strings, policies and certificates remain valid.
   */
  reset(): Promise<void>;

  /**
   * Closes all connections and the hub. With `data`, everything has been saved when this resolves.
   */
  close(): Promise<void>;
}

export type PolicyName =
  'iothubowner' | 'service' | 'device' | 'registryRead' | 'registryReadWrite';

/** PEM, with thumbprints in hexadecimal. */
export interface Certificate {
  cert: string;
  key: string;
  sha1Thumbprint: string;
  sha256Thumbprint: string;
}

export interface MessageOptions {
  messageId?: string;
  correlationId?: string;
  userId?: string;
  contentType?: string;
  contentEncoding?: string;
  /** ISO 8601, or a `Date`. Default: now plus the setting `messageTtl`. */
  expiryTimeUtc?: string | Date;
  /** The outcomes that the feedback endpoint reports. Default: `'none'`. */
  ack?: 'none' | 'positive' | 'negative' | 'full';
  /** Application properties. */
  properties?: Record<string, string | null>;
  /** The input of a module; required for a module, not allowed for a device. */
  input?: string;
}

export interface MethodTimeouts {
  /** From 5 to 300. Default: 30. */
  responseTimeoutInSeconds?: number;
  /** How long to wait for a device that is not connected, from 0 to 300. Default: 0. */
  connectTimeoutInSeconds?: number;
}

export interface TelemetryQuery {
  /** Skips messages up to this `sequence`. Default: 0. */
  after?: number;
  /** How many messages to wait for. Default: 1. */
  count?: number;
  /** Seconds. Default: 10. */
  timeout?: number;
  /** Counts only messages for which it returns true. */
  matches?: (message: TelemetryMessage) => boolean;
}

export interface TelemetryMessage {
  /** The number of the message, counted per device from 1. */
  sequence: number;
  /** Base64. */
  body: string;
  /** The body as UTF-8. */
  text: string;
  /** Application properties. */
  properties: Record<string, string | null>;
  /** `messageId`, `contentType` and so on. */
  systemProperties: Record<string, string | null>;
  /** What the service adds for back ends, such as `iothub-connection-device-id`. */
  annotations: Record<string, string | Date>;
  enqueuedTime: Date;
  dup: boolean;
  packetId: number | null;
}

/** Settings of the hub's behaviour; the README describes each. */
export interface HubSettings {
  disableDeviceSAS: boolean;
  disableModuleSAS: boolean;
  disableLocalAuth: boolean;
  clockSkew: number;
  tokenGrace: number;
  disabledConnack: 5 | 3;
  acceptBrowsers: boolean;
  maxSilence: number;
  unknownFilter: 'close' | 'grant';
  maxSubscriptions: number;
  methodQos: 0 | 1;
  twinQos: 0 | 1;
  plusInProperties: 'close' | 'plus' | 'space';
  emptyProperty: 'empty' | 'null';
  expiryInTelemetry: 'accept' | 'close';
  messageTtl: number;
  messageLock: number;
  maxDeliveryCount: number;
  lockExpiryCounts: boolean;
  purgeOnCleanSession: boolean;
  unsubscribedMessages: 'queue' | 'reject';
  deviceNotOnlineCode: 404103 | 404102;
  registrationRetryAfter: number;
  wrongKeyAtProvisioning: 'answer' | 'connack';
}

/** An error as the service's HTTP API reports it. */
export class HubError extends Error {
  private constructor();
  /** Such as `DeviceNotFound`. */
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** Such as 404001. */
  readonly errorCode: number;
}
