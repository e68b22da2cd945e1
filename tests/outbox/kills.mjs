/**
 * `kill -9` at the writes of a store, repeatedly on the same files, with a hub that has faults at
 * times: accepted messages that were not dropped are delivered, in order.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createDevice } from '../node/support.mjs';
import { Producer, temporaryFolder } from './producer.mjs';

const MOMENTS = ['before', 'during', 'after'];
const FAULTS = [
  {},
  { withhold: ['puback'] },
  { dropAt: { step: 'publish', count: 5, how: 'reset' } },
  { delay: { puback: 20 } },
];
/** The numbers of messages increase across processes. */
const STRIDE = 1000;

const policies = {
  refuse: {},
  'drop-oldest': { maxMessages: 40, whenFull: 'drop-oldest' },
};

/** @param {number} kills for each policy */
export function testKills(kills) {
  suite('kill -9', { concurrency: true }, () => {
    for (const [name, policy] of Object.entries(policies)) {
      test(`${name}: ${kills} kills lose no accepted message and change no order`, async (t) => {
        const backEnd = await createDevice();
        const location = await temporaryFolder(t);
        const accepted = [];
        const dropped = new Set();
        // The hub keeps the newest messages only.
        const arrivals = followTelemetry(backEnd);
        const run = async (kill, options) => {
          await backEnd.setFaults({ clear: true, ...FAULTS[kill % FAULTS.length] });
          const producer = await Producer.start(t, backEnd, location, {
            first: kill * STRIDE,
            ...policy,
            ...options,
          });
          const end = await producer.ended();
          accepted.push(...producer.accepted.map(Number));
          for (const number of producer.dropped) dropped.add(Number(number));
          await arrivals.read();
          return end;
        };
        for (let kill = 0; kill < kills; kill += 1) {
          const killAt = 1 + (Math.floor(kill / MOMENTS.length) % 20);
          const options = { killAt, killWhen: MOMENTS[kill % MOMENTS.length], endless: true };
          const [, signal] = await run(kill, options);
          assert.equal(signal, 'SIGKILL');
        }
        await backEnd.setFaults({ clear: true });
        // A multiple of the number of faults means no fault.
        const last = kills + FAULTS.length - (kills % FAULTS.length);
        assert.deepEqual(await run(last, { count: 10 }), [0, null]);

        const seen = arrivals.first;
        const arrived = [...seen];
        assert.deepEqual(
          arrived,
          [...arrived].sort((a, b) => a - b),
          'the first arrivals are in order',
        );
        const missing = accepted.filter((number) => !seen.has(number) && !dropped.has(number));
        // A process may be killed between a drop and its report: then newer messages have taken its
        // place.
        const unreported = policy.maxMessages
          ? missing.filter(
              (number) => accepted.filter((it) => it > number).length < policy.maxMessages,
            )
          : missing;
        assert.deepEqual(unreported, []);
        assert.ok(missing.length <= kills, `${missing.length} drops were not reported`);
        t.diagnostic(
          `${accepted.length} accepted, ${arrived.length} delivered, ${dropped.size} reported as dropped`,
        );
      });
    }
  });
}

/** Reads what has arrived since the last time; `first` has each number where it came first. */
function followTelemetry(backEnd) {
  const first = new Set();
  let after = 0;
  const read = async () => {
    for (;;) {
      const more = await backEnd.telemetry({ after });
      if (more.length === 0) return;
      after = more.at(-1).sequence;
      for (const { text } of more) first.add(Number(text));
    }
  };
  return { first, read };
}
