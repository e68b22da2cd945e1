import { IoTHubDeviceClient, MethodResponse } from '../../pkg/index.node.js';

/** One device that is always busy, and what it has received. */
export class SoakDevice {
  /** Numbers of the messages that `sendMessage` resolved. */
  accepted = new Set();
  rejected = 0;
  /** Bodies of the cloud-to-device messages that the handler got, repetitions too. */
  received = [];
  desired = undefined;
  reconnects = 0;
  #backEnd;
  #client;
  #lastNumber = 0;
  #inFlight = new Set();
  #conditions = new Set();

  /**
   * @param {import('../../scripts/start/back-end.mjs').BackEnd} backEnd
   * @param {number} sasTokenTtl seconds
   */
  constructor(backEnd, sasTokenTtl) {
    this.#backEnd = backEnd;
    const { connectionString, endpoint } = backEnd;
    const client = IoTHubDeviceClient.createFromConnectionString(connectionString, {
      endpoint,
      sasTokenTtl,
      acknowledgeMessages: 'after-handler',
      connectionRetryInterval: 0.5,
      connectionRetryMaxInterval: 4,
      operationTimeout: 20,
      keepAlive: 10,
    });
    client.onConnectionStateChange = ({ connected }) => (this.reconnects += connected ? 1 : 0);
    client.onBackgroundException = () => {};
    client.onMessageReceived = async (message) => {
      this.received.push(message.text());
      this.#checkConditions();
    };
    client.onTwinDesiredPropertiesPatchReceived = (patch) => {
      this.desired = patch.step;
      this.#checkConditions();
    };
    client.onMethodRequestReceived = (request) =>
      MethodResponse.createFromMethodRequest(request, 200, request.payload);
    this.#client = client;
  }

  get backEnd() {
    return this.#backEnd;
  }

  get deviceId() {
    return this.#backEnd.deviceId;
  }

  /** Sends the next message, without waiting. */
  send() {
    const number = ++this.#lastNumber;
    const sent = this.#client.sendMessage({ number }).then(
      () => this.accepted.add(number),
      () => (this.rejected += 1),
    );
    this.#inFlight.add(sent);
    sent.finally(() => this.#inFlight.delete(sent));
  }

  report(step) {
    return this.#client.patchTwinReportedProperties({ step });
  }

  /**
   * Ends the pause after a refused token, which only a call can do. A withheld SUBACK fails one
   * call; by then the client has subscribed again, so the next call succeeds.
   */
  connect() {
    return this.#client.connect().catch((error) => {
      if (error.name !== 'OperationTimeout') throw error;
      return this.#client.connect();
    });
  }

  /** Resolves when every message that was sent has been acknowledged or returned. */
  async settled() {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** Resolves when the condition is met; it is checked whenever something has arrived. */
  until(holds) {
    return new Promise((resolve) => {
      this.#conditions.add({ holds, resolve });
      this.#checkConditions();
    });
  }

  shutdown() {
    return this.#client.shutdown();
  }

  #checkConditions() {
    for (const condition of this.#conditions) {
      if (!condition.holds()) continue;
      this.#conditions.delete(condition);
      condition.resolve();
    }
  }
}
