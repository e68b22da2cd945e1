/** A local hub in a thread, and so with a clock of its own: rows put that of their thread wrong. */
import { parentPort } from 'node:worker_threads';

import { startHub } from 'iothub-local';

// Rows wait for the end of tokens.
const settings = { clockSkew: 0 };
const { url, authorization } = await startHub({ https: true, settings });
// A soak may take hours.
parentPort.postMessage({ url, authorization: authorization({ seconds: 24 * 60 * 60 }) });
