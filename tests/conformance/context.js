// The tools of a row: devices, clients, and assertions about errors.
import { Inbox, within } from '../../scripts/start/waiting.mjs';
import { equal, fail, match } from './assert.js';
import { signToken } from './tokens.js';

/** Most rows do not test reconnecting. */
const QUICK = { connectionRetryInterval: 0.1 };

/**
 * @param {import('./run.js').Environment} environment
 * @param {import('./hub.js').Hub} hub
 * @param {import('./evidence.js').Evidence} evidence
 */
export function createContext(environment, hub, evidence) {
  const { iothub } = environment;
  const { IoTHubDeviceClient } = iothub;
  const clients = [];

  const context = {
    ...environment,
    ...iothub,
    hub,
    evidence,
    hostname: hub.info.hostname,
    createDevice: (authentication) => hub.createDevice(authentication),
    createModule: () => hub.createModule(),
    inbox: (name) => new Inbox(name),

    /** Shuts the client down when the row ends. */
    keep(client) {
      clients.push(evidence.add('clients', client));
      return client;
    },

    /** A client of the device. */
    createClient(device, options) {
      const all = { endpoint: device.endpoint, ...QUICK, ...options };
      for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
      const { connectionString } = device;
      return context.keep(IoTHubDeviceClient.createFromConnectionString(connectionString, all));
    },

    /** Its changes of state and its background exceptions, in inboxes. */
    watch(client) {
      const changes = new Inbox('change of the connection');
      const errors = new Inbox('background exception');
      client.onConnectionStateChange = (change) => {
        if (change.cause) evidence.add('errors', change.cause);
        changes.put(change);
      };
      client.onBackgroundException = (error) => {
        errors.put(evidence.add('errors', error));
      };
      return { changes, errors };
    },

    /** A new device, and a client of it that is watched. */
    async pair(options) {
      const device = await hub.createDevice();
      const client = context.createClient(device, options);
      return { device, client, ...context.watch(client) };
    },

    /** The same, connected. */
    async connectedPair(options) {
      const pair = await context.pair(options);
      await pair.client.connect();
      equal((await pair.changes.take()).connected, true, 'the first change');
      return pair;
    },

    /** A token of the device that expires at `se`. */
    async makeToken(device, se, options = {}) {
      const parts = { hostname: hub.info.hostname, path: device.path, key: device.primaryKey, se };
      const { token, sig } = await signToken({ ...parts, ...options });
      evidence.addSecret(sig);
      return token;
    },

    /** Waits for a rejection with exactly this class. */
    async rejects(promise, errorClass, pattern) {
      const value = await promise.then(
        () => fail(`the call fulfilled where it should have been a ${errorClass.name}`),
        (error) => error,
      );
      return check(value, errorClass, pattern);
    },

    /** Asserts that the call throws an instance of exactly this class. */
    throws(call, errorClass, pattern) {
      let error;
      try {
        call();
      } catch (thrown) {
        error = thrown;
      }
      if (!error) fail(`nothing was thrown where it should have been a ${errorClass.name}`);
      return check(error, errorClass, pattern);
    },

    /** Waits for a round trip: after it, anything that must not happen would have happened. */
    roundTrip: (client) => client.sendMessage('round trip'),

    /** Runs the work with the clock set ahead; for rows that run alone. */
    async atClock(seconds, work) {
      const now = Date.now;
      Date.now = () => now() + seconds * 1000;
      try {
        await work();
      } finally {
        Date.now = now;
      }
    },

    /**
     * Asserts that `create` throws an explaining TypeError in a browser, and reports that to the
     * table.
     */
    explains(create, pattern) {
      context.throws(create, TypeError, pattern);
      return 'explains';
    },
  };

  function check(error, errorClass, pattern) {
    evidence.add('errors', error);
    if (error?.constructor !== errorClass) {
      fail(`the error is ${error?.stack ?? error}, not a ${errorClass.name}`);
    }
    if (pattern) match(error.message, pattern, 'the message');
    return error;
  }

  async function close() {
    const ends = clients.map((client) => within(10, client.shutdown(), 'shutdown did not end'));
    await Promise.all(ends);
  }

  return { context, close };
}
