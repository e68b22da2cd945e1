/** A local hub in a thread with its own clock: rows change the clock of their thread. */
import { parentPort } from 'node:worker_threads';

import { startHub } from 'iothub-local';

// Rows wait until tokens expire.
const settings = { clockSkew: 0 };
const { url, authorization } = await startHub({ https: true, settings });
// A soak may take hours.
parentPort.postMessage({ url, authorization: authorization({ seconds: 24 * 60 * 60 }) });
