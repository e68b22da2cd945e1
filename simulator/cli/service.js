/** Creates and deletes devices in the registry of a hub. */
import { createHmac } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

import { CommandError } from './usage.js';

/**
 * How many devices the registry accepts in one call:
 * learn.microsoft.com/rest/api/iothub/service/bulk-registry
 */
const BATCH = 100;
const TOKEN_SECONDS = 3600;
const THROTTLED_SECONDS = 5;
const API = 'api-version=2021-04-12';

/** The registry of a hub; needs the connection string of a policy with write access to it. */
export class Service {
  #policy;
  #key;
  #url;

  /**
   * @param {string} connectionString
   * @param {string} [url] of the hub's HTTP API, if it is not at its host name
   */
  constructor(connectionString, url) {
    const parts = connectionString.split(';').map((part) => part.trim().split(/=(.*)/s));
    const { HostName, SharedAccessKeyName, SharedAccessKey } = Object.fromEntries(parts);
    if (!HostName || !SharedAccessKeyName || !SharedAccessKey) {
      throw new CommandError(
        'IOTHUB_SERVICE_CONNECTION_STRING is not the connection string of a hub, with HostName, ' +
          'SharedAccessKeyName and SharedAccessKey',
      );
    }
    this.hostname = HostName;
    this.#policy = SharedAccessKeyName;
    this.#key = Buffer.from(SharedAccessKey, 'base64');
    this.#url = url ?? `https://${HostName}`;
  }

  /** The key of a device is derived from its id, so that it need not be stored. */
  connectionStringOf(deviceId) {
    const key = this.#keyOf(deviceId);
    return `HostName=${this.hostname};DeviceId=${deviceId};SharedAccessKey=${key}`;
  }

  /**
   * Creates devices, and reports the new ones after each call of the registry.
   * @param {string[]} ids
   * @param {(ids: string[]) => Promise<void>} made
   */
  async create(ids, made) {
    for (const batch of batches(ids)) {
      const errors = await this.#bulk(
        batch.map((id) => ({
          id,
          importMode: 'create',
          status: 'enabled',
          authentication: {
            type: 'sas',
            symmetricKey: { primaryKey: this.#keyOf(id), secondaryKey: this.#keyOf(`${id}/2`) },
          },
        })),
      );
      const failed = new Set(errors.map(({ deviceId }) => deviceId));
      await made(batch.filter((id) => !failed.has(id)));
      const [error] = errors;
      if (error) {
        const reason = error.errorStatus ?? error.errorCode;
        throw new CommandError(
          `the device ${error.deviceId} was not created (${reason}): if it already exists, choose ` +
            'another --prefix',
        );
      }
    }
  }

  /** Deletes devices, and ignores those that do not exist. */
  async delete(ids) {
    for (const batch of batches(ids)) {
      const errors = await this.#bulk(batch.map((id) => ({ id, importMode: 'delete' })));
      const left = errors.find((error) => !isNotFound(error));
      if (left) throw new CommandError(`the device ${left.deviceId} was not deleted`);
    }
  }

  #keyOf(text) {
    return createHmac('sha256', this.#key).update(`iothub-simulator/${text}`).digest('base64');
  }

  /** @returns {Promise<{deviceId: string, errorCode?: number, errorStatus?: string}[]>} */
  async #bulk(devices) {
    let response = await this.#post(`/devices?${API}`, devices);
    while (response.status === 429) {
      const seconds = Number(response.headers.get('retry-after')) || THROTTLED_SECONDS;
      await setTimeout(seconds * 1000);
      response = await this.#post(`/devices?${API}`, devices);
    }
    const answer = await response.text();
    if (!response.ok && response.status !== 400) {
      throw new CommandError(
        `the registry of ${this.hostname} responded with ${response.status}: use a policy that may ` +
          'write to the registry, such as iothubowner',
      );
    }
    const { errors = [] } = JSON.parse(answer);
    return errors;
  }

  async #post(path, body) {
    try {
      return await fetch(this.#url + path, {
        method: 'POST',
        headers: { authorization: this.#token(), 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch (error) {
      const reason = error.cause?.code ?? error.message;
      throw new CommandError(`cannot reach the registry at ${this.#url} (${reason})`, {
        cause: error,
      });
    }
  }

  #token() {
    const resource = encodeURIComponent(this.hostname);
    const expiry = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const signature = createHmac('sha256', this.#key).update(`${resource}\n${expiry}`);
    const sig = encodeURIComponent(signature.digest('base64'));
    return `SharedAccessSignature sr=${resource}&sig=${sig}&se=${expiry}&skn=${this.#policy}`;
  }
}

function* batches(ids) {
  for (let from = 0; from < ids.length; from += BATCH) yield ids.slice(from, from + BATCH);
}

/** The service returns a number, the local hub a name. */
const isNotFound = ({ errorCode }) => /^(404001|DeviceNotFound)$/.test(String(errorCode));
