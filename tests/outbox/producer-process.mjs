/**
 * Stores numbered messages, and writes a line for each that was accepted, refused or dropped. It ends
 * when all are sent, or kills itself at a write of its store.
 */
import { writeSync } from 'node:fs';

import { ClassicLevel } from 'classic-level';

import { IoTHubDeviceClient } from '../../pkg/index.node.js';
import { levelStore } from '../../pkg/level-store.js';

const {
  connectionString,
  endpoint,
  location,
  first = 0,
  count = 0,
  killAt,
  killWhen,
  ...options
} = JSON.parse(process.argv[2]);
const { endless, ...storeOptions } = options;

const say = (line) => writeSync(1, `${line}\n`);
const die = () => process.kill(process.pid, 'SIGKILL');

if (killAt !== undefined) killAtWrite();

const client = IoTHubDeviceClient.createFromConnectionString(connectionString, {
  endpoint,
  connectionRetryInterval: 0.05,
  store: levelStore({ location, drainRate: 1e6, ...storeOptions }),
});
client.onBackgroundException = () => {};
client.onMessageDropped = ({ message }) => say(`dropped ${message.text()}`);

const end = endless ? Infinity : first + count;
for (let number = first; number < end; number += 1) {
  // A few at a time, so that batches have several.
  const call = client.enqueue(String(number)).then(
    () => say(`accepted ${number}`),
    (error) => say(`refused ${error.message}`),
  );
  if (number % 4 === 3) await call;
}
await client.outbox.drained();
await client.shutdown();

/** Before the write, while LevelDB writes, or after the write but before anything reports it. */
function killAtWrite() {
  const { batch } = ClassicLevel.prototype;
  let writes = 0;
  ClassicLevel.prototype.batch = function (...args) {
    writes += 1;
    if (writes !== killAt) return batch.apply(this, args);
    if (killWhen === 'before') die();
    const written = batch.apply(this, args);
    if (killWhen === 'during') setImmediate(die);
    return killWhen === 'after' ? written.finally(die) : written;
  };
}
