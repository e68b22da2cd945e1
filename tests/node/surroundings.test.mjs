/** Programs that change JavaScript's globals before they import the client. */
import { createDevice, runProgram, test } from './support.mjs';

const WORK = `
  const client = createClient();
  await client.sendMessage({ a: [1] });
  await client.sendMessage(Object.assign(new Message(''), { customProperties: { a: 'b' } }));
  await client.patchTwinReportedProperties({ a: 1 });
  await client.uploadFile('a.txt', 'text');
  await client.shutdown();`;

const changes = {
  'adds data to Object.prototype': 'Object.prototype.added = 1',
  'freezes the prototypes':
    'for (const type of [Object, Array, Function, Error, Promise]) Object.freeze(type.prototype)',
};

for (const [name, code] of Object.entries(changes)) {
  test(`the client works in a program that ${name}`, async (t) => {
    const script = `data:text/javascript,${encodeURIComponent(code)}`;
    await runProgram(t, await createDevice(), WORK, '--import', script);
  });
}
