import { HubError } from '../errors.js';
import { createSasToken } from '../sas-token.js';

const TIMEOUT = 30_000;

/** A hub that devices are assigned to, called through the API for back ends. */
export class LinkedHub {
  #endpoints;
  #policyName;
  #key;

  /**
   * @param {{hostname: string, policyName: string, key: string, endpoints: {url?: string}}} hub
   *   `endpoints.url` may become known later
   */
  constructor({ hostname, policyName, key, endpoints }) {
    this.hostname = hostname;
    this.#endpoints = endpoints;
    this.#policyName = policyName;
    this.#key = key;
  }

  /**
   * A hub in another process.
   * @param {{url: string, serviceConnectionString: string}} hub
   */
  static to({ url, serviceConnectionString }) {
    const pairs = serviceConnectionString.split(';').map((pair) => pair.split(/=(.*)/s));
    const { HostName, SharedAccessKeyName, SharedAccessKey } = Object.fromEntries(pairs);
    if (HostName && SharedAccessKeyName && SharedAccessKey) {
      return new LinkedHub({
        hostname: HostName,
        policyName: SharedAccessKeyName,
        key: SharedAccessKey,
        endpoints: { url },
      });
    }
    const reason =
      'serviceConnectionString of a linked hub lacks HostName, SharedAccessKeyName or SharedAccessKey.';
    throw new HubError('ArgumentInvalid', reason);
  }

  /**
   * Creates the device, or gives an existing one new credentials.
   * @param {string} deviceId
   * @param {{authentication: object, capabilities?: object}} settings
   * @returns {Promise<boolean>} whether it is new
   */
  async ensureDevice(deviceId, settings) {
    const path = `/devices/${encodeURIComponent(deviceId)}`;
    const present = await this.#call('GET', path);
    const body = { ...present, deviceId, ...settings };
    await this.#call('PUT', path, body, present && { 'if-match': '*' });
    return present === undefined;
  }

  /** Resolves when the hub has responded. */
  async ping() {
    await this.#call('GET', '/statistics/service');
  }

  /** @returns {Promise<Record<string, any> | undefined>} */
  twin(deviceId) {
    return this.#call('GET', `/twins/${encodeURIComponent(deviceId)}`);
  }

  /** Replaces tags and desired properties. */
  async putTwin(deviceId, { tags = {}, properties: { desired = {} } = {} }) {
    const path = `/twins/${encodeURIComponent(deviceId)}`;
    await this.#call('PUT', path, { tags, properties: { desired } }, { 'if-match': '*' });
  }

  async deleteDevice(deviceId) {
    await this.#call('DELETE', `/devices/${encodeURIComponent(deviceId)}`, undefined, {
      'if-match': '*',
    });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>} the body, nothing if there is no such device
   */
  async #call(method, path, body, headers) {
    const token = { resource: this.hostname, policyName: this.#policyName, key: this.#key };
    const response = await fetch(`${this.#endpoints.url}${path}?api-version=2021-04-12`, {
      method,
      headers: {
        authorization: createSasToken({ ...token, seconds: 300 }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok)
      throw new Error(`${this.hostname} responded with ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
