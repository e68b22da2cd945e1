/** A local hub in a thread, and so with a clock of its own: rows put that of their thread wrong. */
import { parentPort } from 'node:worker_threads';

import { startHub } from 'iothub-local';

const { url } = await startHub({ https: true });
parentPort.postMessage(url);
