/** A client with a store in a page, whatever drives the browser. */

/** Creates it; it is `client` in the page. */
export async function createClient(tab, { connectionString, endpoint }, { store, ...options }) {
  await tab.evaluate(
    async ({ connectionString, store, ...options }) => {
      const { IoTHubDeviceClient } = await import('/pkg/index.browser.js');
      const { indexedDbStore } = await import('/pkg/indexeddb-store.js');
      const client = IoTHubDeviceClient.createFromConnectionString(connectionString, {
        ...options,
        store: indexedDbStore({ drainRate: 1e6, ...store }),
      });
      const errors = [];
      client.onBackgroundException = (error) => errors.push(error.message);
      /** The outcome of a call, as text. */
      const outcome = (call) =>
        call.then(
          () => 'done',
          (error) => `${error.name}: ${error.message}`,
        );
      Object.assign(window, { client, errors, outcome });
    },
    { connectionString, endpoint, connectionRetryInterval: 0.2, store, ...options },
  );
}

export const numbers = (count, from = 0) =>
  Array.from({ length: count }, (_, i) => String(from + i));

/** An endpoint on which nothing listens. */
export const NOWHERE = 'ws://127.0.0.1:9/$iothub/websocket';
