/**
 * The contract of every store: copy this file to test your own store. It uses no platform API, so
 * it runs in pages, too.
 */

/** @typedef {import('../../pkg-template/index.js').MessageStore} MessageStore */

const device = { resource: 'hub.example/devices/contract' };

/**
 * Tests by their names.
 * @type {Record<string, (create: () => MessageStore, check: typeof deepEqual) => Promise<void>>}
 *   each gets a function that creates another store on the same data, which is empty at first
 */
export const contract = {
  async 'an empty store has nothing'(create, equal) {
    const store = create();
    equal(totals(await store.open(device)), { count: 0, bytes: 0 });
    equal(await store.read(0, 10), []);
    await store.close();
  },

  async 'sequence numbers increase, and messages are read unchanged, oldest first'(create, equal) {
    const store = create();
    await store.open(device);
    const messages = [message(0), message(1, { movedAside: 'why' }), message(2, { body: 0 })];
    const sequences = [
      ...(await store.append(messages.slice(0, 2))),
      ...(await store.append(messages.slice(2))),
    ];
    equal(sequences[0] > 0 && sequences[0] < sequences[1] && sequences[1] < sequences[2], true);
    const read = await store.read(0, 10);
    equal(
      read,
      messages.map((it, index) => ({ ...it, sequence: sequences[index] })),
    );
    equal(await store.read(sequences[0], 1), [read[1]]);
    equal(await store.read(sequences[2], 10), []);
    await store.close();
  },

  async 'a store that is reopened has the same messages'(create, equal) {
    const first = create();
    await first.open(device);
    const [one, , three] = await first.append([message(1), message(2), message(3)]);
    await first.remove([{ sequence: one, size: message(1).size }]);
    await first.close();
    const second = create();
    equal(totals(await second.open(device)), {
      count: 2,
      bytes: message(2).size + message(3).size,
    });
    equal(numbersOf(await second.read(0, 10)), [2, 3]);
    await second.remove(await second.read(0, 10));
    const [four] = await second.append([message(4)]);
    equal(four > three, true);
    await second.close();
    const third = create();
    equal(totals(await third.open(device)), { count: 1, bytes: message(4).size });
    await third.close();
  },

  async 'messages can be removed anywhere, and removing one twice is not an error'(create, equal) {
    const store = create();
    await store.open(device);
    await store.append(Array.from({ length: 10 }, (_, number) => message(number)));
    const all = await store.read(0, 10);
    await store.remove([all[0], all[1], all[5], all[7]]);
    equal(numbersOf(await store.read(0, 10)), [2, 3, 4, 6, 8, 9]);
    equal(numbersOf(await store.read(all[3].sequence, 2)), [4, 6]);
    await store.remove([all[0]]);
    await store.close();
  },

  async 'calls need not wait for each other, and take effect in order'(create, equal) {
    const store = create();
    await store.open(device);
    const sequences = await Promise.all(
      Array.from({ length: 20 }, (_, number) => store.append([message(number)])),
    );
    equal(
      sequences.flat(),
      sequences.flat().sort((a, b) => a - b),
    );
    const all = await store.read(0, 100);
    equal(
      numbersOf(all),
      all.map((_, index) => index),
    );
    await Promise.all(all.slice(0, 10).map((it) => store.remove([it])));
    equal(numbersOf(await store.read(0, 1)), [10]);
    await store.close();
  },

  async 'large messages and many messages fit'(create, equal) {
    const store = create();
    await store.open(device);
    const large = message(0, { body: 262_144 });
    await store.append([large]);
    await store.append(Array.from({ length: 2000 }, (_, number) => message(number + 1)));
    const [first, ...others] = await store.read(0, 5000);
    equal(first.body.length, 262_144);
    equal(others.length, 2000);
    await store.close();
  },
};

function message(number, { body = 100, ...more } = {}) {
  const bytes = Uint8Array.from({ length: body }, (_, index) => index + number);
  return {
    storedAt: 1_700_000_000_000 + number,
    size: body + 20,
    body: bytes,
    systemProperties: `{"messageId":"ü ${number}"}`,
    customProperties: number % 2 ? '{"a":null}' : '',
    ...more,
  };
}

const totals = ({ count, bytes }) => ({ count, bytes });
const numbersOf = (messages) => messages.map(({ storedAt }) => storedAt - 1_700_000_000_000);

/** For pages, which have no `assert`. */
export function deepEqual(actual, expected) {
  const [is, should] = [actual, expected].map((value) => JSON.stringify(sorted(value)));
  if (is !== should) throw new Error(`is ${is}, should be ${should}`);
}

function sorted(value) {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
