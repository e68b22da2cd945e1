// The table of methods: the deprecated receive calls.
import { deepEqual, equal } from '../assert.js';

const isMethod = ({ topic }) => topic.startsWith('$iothub/methods/POST/');

/** Waits until the device has received a number of method calls. */
async function waitForCalls(device, client, count) {
  let last = 0;
  for (let got = 0; got < count; got += 1) {
    ({ sequence: last } = await device.waitForPacket('publish', 'out', isMethod, last));
  }
  await client.sendMessage('round trip');
}

/** Calls a method without requiring a response. */
function invoke(device, name, payload) {
  const answer = device.invokeMethod(name, payload);
  answer.catch(() => {});
  return answer;
}

export const rows = [
  {
    id: 'methods.receiveMessage',
    title: 'receiveMessage(): waits for a message, and acknowledges it when it returns it',
    async run({ connectedPair, Message, roundTrip }) {
      const { client, device } = await connectedPair();
      const options = { block: true, timeout: 60 };
      const waiting = [client.receiveMessage(), client.receiveMessage(options)];
      await device.waitForPackets('suback', 'out');
      for (const body of ['a', 'b', 'c']) await device.sendMessage({ body });
      const [first, second] = await Promise.all(waiting);
      equal(first instanceof Message, true);
      deepEqual([first.text(), second.text()], ['a', 'b']);
      await device.waitForPackets('publish', 'out', 3);
      await roundTrip(client);
      equal((await device.state()).pendingMessages, 1);
      equal((await client.receiveMessage({ block: false })).text(), 'c');
      await device.waitForPackets('puback', 'in', 3);
    },
  },
  {
    id: 'methods.receiveMessage-undefined',
    title: 'receiveMessage(): undefined at the end of the wait, or immediately with block: false',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      equal(await client.receiveMessage({ block: false }), undefined);
      equal(await client.receiveMessage({ timeout: 0.05 }), undefined);
      equal(await client.receiveMessage({ timeout: 0 }), undefined);
      const next = client.receiveMessage();
      await device.sendMessage({ body: 'not lost to a wait that is over' });
      equal((await next).text(), 'not lost to a wait that is over');
    },
  },
  {
    id: 'methods.receiveMethodRequest',
    title: 'receiveMethodRequest(): a request, answered by sendMethodResponse',
    async run({ connectedPair, MethodRequest, MethodResponse }) {
      const { client, device } = await connectedPair();
      equal(await client.receiveMethodRequest({ block: false }), undefined);
      equal(await client.receiveMethodRequest({ timeout: 0.05 }), undefined);
      const waiting = client.receiveMethodRequest();
      const answer = device.invokeMethod('blink', { times: 3 });
      const request = await waiting;
      equal(request instanceof MethodRequest, true);
      deepEqual([request.name, request.payload], ['blink', { times: 3 }]);
      const response = MethodResponse.createFromMethodRequest(request, 200, 'done');
      await client.sendMethodResponse(response);
      deepEqual(await answer, { status: 200, payload: 'done' });
    },
  },
  {
    id: 'methods.receiveMethodRequest-name',
    title: 'receiveMethodRequest(): with a name, only that method, which keeps its own queue',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      equal(await client.receiveMethodRequest({ methodName: 'own', block: false }), undefined);
      for (const name of ['other', 'own', 'third']) invoke(device, name, name);
      await waitForCalls(device, client, 3);
      const take = async (methodName) =>
        (await client.receiveMethodRequest({ methodName, block: false }))?.name;
      const unnamed = [await take(), await take(), await take()];
      deepEqual(unnamed.slice(0, 2).sort(), ['other', 'third']);
      equal(unnamed[2], undefined);
      equal(await take('own'), 'own');
      equal(await take('own'), undefined);
    },
  },
  {
    id: 'methods.receiveMethodRequest-dropped',
    title: 'receiveMethodRequest(): requests not yet taken are dropped at a disconnect',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      await client.receiveMethodRequest({ block: false });
      invoke(device, 'forgotten');
      await waitForCalls(device, client, 1);
      await client.disconnect();
      await client.connect();
      equal(await client.receiveMethodRequest({ block: false }), undefined);
    },
  },
  {
    id: 'methods.receiveTwinDesiredPropertiesPatch',
    title: 'receiveTwinDesiredPropertiesPatch(): a patch, $version included, or undefined',
    async run({ connectedPair }) {
      const options = { ensureDesiredProperties: false };
      const { client, device } = await connectedPair(options);
      equal(await client.receiveTwinDesiredPropertiesPatch({ block: false }), undefined);
      equal(await client.receiveTwinDesiredPropertiesPatch({ timeout: 0.05 }), undefined);
      const waiting = client.receiveTwinDesiredPropertiesPatch();
      await device.patchDesired({ interval: 5 });
      deepEqual(await waiting, { interval: 5, $version: 2 });
    },
  },
  {
    id: 'methods.receive-disconnect',
    title: 'receive calls that wait: OperationCancelled at disconnect() and shutdown()',
    async run({ connectedPair, rejects, OperationCancelled }) {
      const { client, device } = await connectedPair();
      for (const method of ['disconnect', 'shutdown']) {
        const before = (await device.packets({ type: 'suback' })).length;
        const waiting = [
          client.receiveMessage(),
          client.receiveMethodRequest(),
          client.receiveTwinDesiredPropertiesPatch(),
          client.receiveMethodRequest({ methodName: 'own' }),
        ];
        if (before === 0) await device.waitForPackets('suback', 'out', 3);
        // The current desired properties end the wait for them.
        const cancelled = waiting.map((call) =>
          call.then(
            (patch) => equal(patch.$version, 1),
            (error) => rejects(Promise.reject(error), OperationCancelled),
          ),
        );
        await client[method]();
        await Promise.all(cancelled);
      }
    },
  },
  {
    id: 'methods.receive-only',
    title: 'receive calls: only what the hub sends goes to them, not changes and errors',
    async run({ connectedPair }) {
      const { client, device, changes, errors } = await connectedPair();
      const waiting = client.receiveMethodRequest({ timeout: 0.5 });
      await device.waitForPackets('suback', 'out');
      await device.drop();
      equal((await changes.take()).connected, false);
      equal((await changes.take()).connected, true);
      equal((await errors.take()).name, 'ConnectionDroppedError');
      equal(await waiting, undefined);
    },
  },
  {
    id: 'methods.receive-wrong',
    title: 'receive calls: an option of a wrong type: TypeError; a negative timeout: RangeError',
    async run({ pair, rejects }) {
      const { client } = await pair({ autoConnect: false });
      const wrong = [
        [{ block: 'yes' }, TypeError],
        [{ timeout: '5' }, TypeError],
        [{ timeout: -1 }, RangeError],
        [{ timeout: NaN }, RangeError],
      ];
      for (const [options, errorClass] of wrong) {
        await rejects(client.receiveMessage(options), errorClass);
        await rejects(client.receiveMethodRequest(options), errorClass);
        await rejects(client.receiveTwinDesiredPropertiesPatch(options), errorClass);
      }
      await rejects(client.receiveMethodRequest({ methodName: 7 }), TypeError);
    },
  },
];
