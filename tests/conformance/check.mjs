/** Runs the rows against a real hub, one after the other, and prints the result of each. */
import { IoTHubDeviceClient } from '../../pkg/index.node.js';
import { startSilentServer } from '../node/transport/servers.mjs';
import { runInNode } from './node.mjs';
import { openRealHub } from './real-hub.js';
import { rows } from './rows/index.js';

/**
 * @param {{device: string, service?: string, endpoint?: string}} access
 * @param {string} filter part of the ids of the rows
 * @returns {Promise<number>} how many differ
 */
export async function check(access, filter) {
  // A row that failed early leaves calls behind that nothing awaits.
  process.on('unhandledRejection', () => {});
  const secrets = [];
  const ends = [];
  const t = { after: (work) => ends.push(work) };
  const counts = { passed: 0, partly: 0, failed: 0 };
  const report = (id, { outcome, error }) => {
    counts[outcome] += 1;
    console.log(withoutSecrets(secrets, lineOf(id, outcome, error)));
  };
  try {
    const { port } = await startSilentServer(t);
    const silentEndpoint = `ws://127.0.0.1:${port}/`;
    const takeOver = (connectionString) => connectBriefly(connectionString, access.endpoint);
    const hub = { ...access, ...t, takeOver };
    const openHub = (known, onSecret) =>
      openRealHub(known, (secret) => {
        secrets.push(secret);
        onSecret(secret);
      });
    const servers = { hub, openHub, concurrency: 1, silentEndpoint };
    // The `last` rows inspect provoked faults, and here there are none.
    const chosen = rows.filter(({ id, when }) => id.includes(filter) && when !== 'last');
    await runInNode(servers, report, t, chosen.map(oneByOne));
  } finally {
    // A failing one must not prevent the others.
    for (const end of ends) await attempt(end);
  }
  console.log(`\n${counts.passed} passed, ${counts.partly} in part, ${counts.failed} differ`);
  return counts.failed;
}

/** Rows may share a device, so even long ones cannot run beside others. */
const oneByOne = (row) => (row.when === 'first' ? { ...row, when: undefined } : row);

async function connectBriefly(connectionString, endpoint) {
  const options = { endpoint, connectionRetry: false };
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, options);
  client.onBackgroundException = () => {};
  await client.connect();
  await client.shutdown();
}

function lineOf(id, outcome, error) {
  if (outcome === 'failed') return `DIFFERS  ${id}\n${error.replaceAll(/^/gm, '         ')}`;
  return outcome === 'partly' ? `in part  ${id}: up to ${error}` : `passed   ${id}`;
}

/** The rows' own messages may repeat what the hub sent, or compared values. */
function withoutSecrets(secrets, text) {
  const keyless = secrets.reduce((said, key) => said.replaceAll(key, '[key]'), text);
  return keyless.replaceAll(/sig=[^&\s"']+/g, 'sig=[signature]');
}

async function attempt(work) {
  try {
    await work();
  } catch ({ message }) {
    console.log(message);
  }
}
