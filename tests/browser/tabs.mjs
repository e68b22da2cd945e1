/** Devices in ordinary tabs. */
import assert from 'node:assert/strict';

import { Profile } from './profile.mjs';
import { browser, createDevice, serveRepository } from './support.mjs';

/** A wait of this length can only end by an event. */
const AN_HOUR = 3600;

/** A document to open in a tab. Any works: the tests inject the script. */
export const documentOf = (origin) => `${origin}/package.json`;

/** Connects a client in a tab; its events are in `told`. */
export function connect(tab, { connectionString, endpoint }, options = {}) {
  const identity = { connectionString, endpoint, connectionRetryInterval: AN_HOUR, ...options };
  return tab.evaluate(async ({ connectionString, ...options }) => {
    const { IoTHubDeviceClient } = await import('/pkg/index.browser.js');
    const client = IoTHubDeviceClient.createFromConnectionString(connectionString, options);
    const told = [];
    client.onConnectionStateChange = ({ connected, cause }) =>
      told.push(cause ? `${cause.name}: ${cause.message}` : `connected: ${connected}`);
    client.onBackgroundException = () => {};
    Object.assign(window, { client, told });
    await client.connect();
  }, identity);
}

/** Connects a client in a worker of a tab; its state is in `state`. */
export function connectWorker(tab, { connectionString, endpoint }) {
  const identity = { connectionString, endpoint, connectionRetryInterval: AN_HOUR };
  return tab.evaluate(
    (identity) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/tests/browser/worker.js', { type: 'module' });
        worker.onerror = (event) => reject(new Error(event.message || 'the worker did not load'));
        worker.onmessage = ({ data: { state } }) => {
          window.state = state;
          if (state === 'ready') worker.postMessage(identity);
          if (state === 'connected') resolve();
        };
      }),
    identity,
  );
}

/** A tab with a connected client. */
export async function openConnected(t, options) {
  const backEnd = await createDevice();
  const origin = await serveRepository(t);
  const profile = await openProfile(t);
  const tab = await profile.openTab(documentOf(origin));
  await connect(tab, backEnd, options);
  return { backEnd, origin, profile, tab };
}

/**
 * Opens tabs that share one profile, which is closed at the end of the test. Uncaught errors in
 * them fail the test.
 */
export async function openProfile(t) {
  const profile = await Profile.open(browser);
  t.after(async () => {
    await profile.close();
    assert.deepEqual(profile.uncaught, []);
  });
  return profile;
}
