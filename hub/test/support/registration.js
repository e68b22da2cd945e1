import { createHmac } from 'node:crypto';
import { sasToken } from './credentials.js';
import { MqttClient } from './mqtt-client.js';

/**
 * The key of a device in a group, created here so that the service is not tested with its own code.
 */
export const deviceKey = (groupKey, registrationId) =>
  createHmac('sha256', Buffer.from(groupKey, 'base64')).update(registrationId).digest('base64');

/** Client id, user name and, with a key, password of a client that registers. */
export function registrationCredentials({
  idScope,
  registrationId,
  key,
  skn = '&skn=registration',
  apiVersion = '2019-03-31',
}) {
  const resource = `${idScope}/registrations/${registrationId}`;
  return {
    clientId: registrationId,
    username: `${resource}/api-version=${apiVersion}&ClientVersion=test`,
    ...(key && { password: sasToken({ resource, key }) + skn }),
  };
}

/** A client of the provisioning service, with MQTT.js. */
export class RegistrationClient {
  #client;
  #lastRequest = 0;

  /** Connects and subscribes; `options` are MQTT.js'. */
  static async connect(hub, { registrationId, ...rest }, options) {
    const client = new RegistrationClient();
    client.registrationId = registrationId;
    client.#client = await MqttClient.connect(
      hub,
      {},
      {
        ...registrationCredentials({ idScope: hub.started.idScope, registrationId, ...rest }),
        ...options,
      },
    );
    await client.#client.subscribe('$dps/registrations/res/#');
    return client;
  }

  /** Sends a request to register; returns the response. */
  async request(body = { registrationId: this.registrationId }) {
    const rid = `request ${++this.#lastRequest}`;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    await this.#client.publish(`$dps/registrations/PUT/iotdps-register/?$rid=${rid}`, text);
    return this.answer(rid);
  }

  /** Polls the operation; returns the response. */
  async poll(operationId) {
    const rid = `poll ${++this.#lastRequest}`;
    const query = `?$rid=${rid}&operationId=${operationId}`;
    await this.#client.publish(`$dps/registrations/GET/iotdps-get-operationstatus/${query}`, ' ');
    return this.answer(rid);
  }

  /** Registers, and polls until the end; returns the last response. */
  async register(body) {
    const first = await this.request(body);
    let answer = first;
    while (answer.status === 202) answer = await this.poll(first.body.operationId);
    return answer;
  }

  /** The next response, which must be that to the request: `{status, retryAfter, body}`. */
  async answer(rid) {
    const { topic, text } = await this.#client.next();
    const [, status, query] = /^\$dps\/registrations\/res\/(\d+)\/\?(.*)$/.exec(topic);
    const members = new Map(query.split('&').map((pair) => pair.split('=')));
    if (members.get('$rid') !== rid) throw new Error(`${topic} does not answer "${rid}"`);
    const retryAfter = members.has('retry-after') ? Number(members.get('retry-after')) : undefined;
    return { status: Number(status), retryAfter, body: JSON.parse(text) };
  }

  get closed() {
    return this.#client.closed;
  }

  end() {
    return this.#client.end();
  }
}
