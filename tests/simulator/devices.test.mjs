import assert from 'node:assert/strict';

import { createSasToken } from '../../examples/token-server/sas-token.mjs';
import { callHub } from '../../scripts/start/back-end.mjs';
import { createDevice, createFleet, hub, only, sending, startDevice, test } from './support.mjs';

const identityOf = ({ connectionString, endpoint }) => ({ connectionString, endpoint });

test('a device is added by connection string, by token, or by key', async (t) => {
  const { fleet } = createFleet(t);
  const [one, two, three] = [await createDevice(), await createDevice(), await createDevice()];
  const { hostname, endpoint } = hub;
  const { deviceId, primaryKey: key } = two;
  const sasToken = createSasToken({ key, hostname, deviceId, seconds: 600 });
  const { ids } = await fleet.add(
    [
      identityOf(one),
      { sasToken, endpoint },
      { hostname, deviceId: three.deviceId, key: three.primaryKey, endpoint },
    ],
    'kind',
  );
  assert.deepEqual(
    ids,
    [one, two, three].map((backEnd) => backEnd.deviceId),
  );
  await fleet.start('all');
  for (const backEnd of [one, two, three]) assert.equal((await backEnd.state()).connected, true);
});

test('a module can be part of the fleet', async (t) => {
  const { fleet, snapshots } = createFleet(t, sending());
  const { deviceId } = await createDevice();
  const path = `/local/devices/${deviceId}/modules/module-1`;
  const { connectionString, endpoint } = await callHub(hub, 'PUT', path);
  const { ids } = await fleet.add([{ connectionString, endpoint }], 'kind');
  assert.deepEqual(ids, [`${deviceId}/module-1`]);
  await fleet.start(ids);
  await snapshots.until((snapshot) => only(snapshot).acknowledged > 0);
  const { messages } = await callHub(hub, 'GET', `${path}/telemetry`);
  assert.ok(messages.length > 0);
});

test('devices are added all or none; the invalid one is reported without its key', async (t) => {
  const { fleet, snapshots } = createFleet(t);
  const good = await createDevice();
  const bad = identityOf(good).connectionString.replace('DeviceId', 'Device');
  const add = (...identities) => fleet.add(identities, 'kind');
  const wrong = [
    [/^Device 2 of the list cannot be added: /, identityOf(good), { connectionString: bad }],
    [/^There is already a device device-\d+/, identityOf(good), identityOf(good)],
    [/the deviceId is missing/, { hostname: 'h.azure-devices.net', key: 'a2V5' }],
    [/cannot be added: /, { sasToken: 'SharedAccessSignature sr=x' }],
  ];
  for (const [expected, ...identities] of wrong) {
    const error = await add(...identities).catch((error) => error);
    assert.match(error.message, expected);
    assert.ok(!error.message.includes(good.primaryKey));
  }
  await snapshots.until(({ devices }) => devices.length === 0);
  await add(identityOf(good));
  await assert.rejects(add(identityOf(good)), /There is already a device/);
  await assert.rejects(fleet.add([], 'other'), /no kind "other", only kind/);
  await assert.rejects(fleet.start(['nobody']), /There is no device nobody/);
});

test('the mistake in each of many identities is reported, and none of them is added', async (t) => {
  const { fleet, snapshots } = createFleet(t);
  const backEnd = await createDevice();
  const good = identityOf(backEnd);
  await fleet.add([good], 'kind');
  const other = { ...good, connectionString: good.connectionString.replace(backEnd.deviceId, 'x') };
  const badKey = { connectionString: 'HostName=h;DeviceId=d;SharedAccessKey=%%%' };
  const mistakes = await fleet.mistakesInIdentities([good, other, badKey]);
  assert.match(mistakes[0], /There is already a device/);
  assert.equal(mistakes[1], undefined);
  assert.match(mistakes[2], /is not base64/);
  assert.ok(!mistakes[2].includes('%%%'));
  await snapshots.until(({ devices }) => devices.length === 1);
});

test('everything that is sent arrives and is counted', async (t) => {
  const properties = { room: 'r{{counter}}', id: '{{deviceId}}' };
  const telemetry = { properties, contentType: 'application/x-y', contentEncoding: 'utf-16' };
  const { fleet, backEnd, id, snapshots } = await startDevice(t, sending(telemetry));
  await snapshots.until((snapshot) => only(snapshot).acknowledged >= 10);
  await fleet.stop('all');
  const { totals, ...snapshot } = await snapshots.until(({ totals }) => totals.connected === 0);
  const { sent, acknowledged, failed, state, last } = only(snapshot);
  assert.deepEqual([state, failed, acknowledged], ['stopped', 0, sent]);
  assert.deepEqual([totals.sent, totals.acknowledged], [sent, sent]);
  assert.deepEqual(last, { number: sent });

  const messages = await backEnd.telemetry();
  const numbers = messages.map(({ text }) => JSON.parse(text).number);
  assert.deepEqual(
    numbers,
    Array.from({ length: sent }, (_, index) => index + 1),
  );
  assert.deepEqual(messages[1].properties, { room: 'r2', id });
  assert.equal(messages[1].systemProperties.contentType, 'application/x-y');
  assert.equal(messages[1].systemProperties.contentEncoding, 'utf-16');
});

test('a device that stops waits for what is not acknowledged yet', async (t) => {
  const { fleet, backEnd, snapshots } = await startDevice(t, sending());
  await backEnd.setFaults({ delay: { puback: 300 } });
  await snapshots.until((snapshot) => only(snapshot).sent - only(snapshot).acknowledged > 3);
  await fleet.stop('all');
  const snapshot = await snapshots.until((news) => only(news).state === 'stopped');
  assert.equal(only(snapshot).acknowledged, only(snapshot).sent);
  assert.equal(only(snapshot).lastError, undefined);
  assert.equal((await backEnd.state()).connected, false);
});

test('stopping a device twice waits for the same end, and it can start again', async (t) => {
  const { fleet, backEnd, snapshots } = await startDevice(t, sending());
  await backEnd.setFaults({ delay: { puback: 1000 } });
  await snapshots.until((news) => only(news).sent - only(news).acknowledged > 3);
  const settled = [];
  fleet.stop('all').then(() => settled.push('first'));
  await fleet.stop('all');
  assert.deepEqual(settled, ['first']);
  await backEnd.setFaults({ clear: true });
  await fleet.start('all');
  const { acknowledged } = only(snapshots.last);
  await snapshots.until((news) => only(news).acknowledged > acknowledged + 2);
  await fleet.stop('all');
  const { sent } = only(await snapshots.until((news) => only(news).state === 'stopped'));
  // A device that was left in the schedule would continue to try.
  await snapshots.until(({ series }) => series.sent.at(-1) === 0);
  assert.equal(only(snapshots.last).sent, sent);
});

test('a device that stops while it connects, and starts immediately, is connected', async (t) => {
  const { fleet, snapshots } = createFleet(t, sending());
  const backEnd = await createDevice();
  await backEnd.setFaults({ withhold: ['connack'] });
  await fleet.add([identityOf(backEnd)], 'kind');
  fleet.start('all');
  await backEnd.waitForPackets('connect', 'in');
  await fleet.stop('all');
  await backEnd.setFaults({ clear: true });
  await fleet.start('all');
  await snapshots.until((news) => only(news).acknowledged > 0);
  assert.equal(only(snapshots.last).state, 'connected');
});

test('a device that was stopped starts again', async (t) => {
  const { fleet, snapshots } = await startDevice(t, sending());
  await fleet.stop('all');
  const { acknowledged } = only(await snapshots.until((news) => only(news).state === 'stopped'));
  await fleet.start('all');
  await snapshots.until((news) => only(news).acknowledged > acknowledged + 2);
  assert.equal(only(snapshots.last).state, 'connected');
});

test('no message is lost when the connection is', async (t) => {
  const { fleet, backEnd, snapshots, details } = await startDevice(t, sending());
  await snapshots.until((news) => only(news).acknowledged > 5);
  await backEnd.setFaults({ withhold: ['puback'] });
  await snapshots.until((news) => only(news).sent - only(news).acknowledged > 5);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await details.until(({ errors }) => errors[0]?.name === 'ConnectionDroppedError');
  await backEnd.waitForPackets('connect', 'in', 2);
  await fleet.stop('all');
  const stopped = await snapshots.until((news) => only(news).state === 'stopped');
  const { sent, acknowledged } = only(stopped);
  assert.equal(acknowledged, sent);
  const numbers = (await backEnd.telemetry()).map(({ text }) => JSON.parse(text).number);
  assert.equal(new Set(numbers).size, sent);
});

test('a hundred devices connect gradually', async (t) => {
  const { fleet, snapshots } = createFleet(t);
  const backEnds = await Promise.all(Array.from({ length: 100 }, createDevice));
  await fleet.add(backEnds.map(identityOf), 'kind');
  await fleet.start('all');
  await snapshots.until(({ totals }) => totals.connected === 100);
  let [most, opening] = [0, 0];
  for (const line of fleet.exportTrace().trim().split('\n')) {
    const { state, packet } = JSON.parse(line);
    if (state === 'socket opening') opening += 1;
    if (packet === 'CONNACK') opening -= 1;
    most = Math.max(most, opening);
  }
  assert.ok(most > 1 && most <= 20, `${most} at once`);
});

test('a device that is stopped while it waits for its turn never connects', async (t) => {
  const { fleet, snapshots } = createFleet(t);
  const backEnds = await Promise.all(Array.from({ length: 21 }, createDevice));
  const last = backEnds.pop();
  await Promise.all(backEnds.map((backEnd) => backEnd.setFaults({ withhold: ['connack'] })));
  await fleet.add([...backEnds, last].map(identityOf), 'kind');
  const started = fleet.start('all');
  await Promise.all(backEnds.map((backEnd) => backEnd.waitForPackets('connect', 'in')));
  await fleet.stop([last.deviceId]);
  await Promise.all(backEnds.map((backEnd) => backEnd.drop()));
  await started;
  const { devices } = await snapshots.until(({ devices }) => devices[0]?.state === 'failed');
  assert.equal(devices[20].state, 'stopped');
  assert.deepEqual(await last.packets(), []);
});

test('a wrong key is reported with what to do, and without the key', async (t) => {
  const { fleet, snapshots } = createFleet(t, sending());
  const backEnd = await createDevice();
  const wrong = Buffer.from('a wrong key').toString('base64');
  const connectionString = backEnd.connectionString.replace(backEnd.primaryKey, wrong);
  await fleet.add([{ ...identityOf(backEnd), connectionString }], 'kind');
  await fleet.start('all');
  const { state, lastError, sent } = only(await snapshots.until((news) => only(news).lastError));
  assert.deepEqual([state, lastError.name, sent], ['failed', 'CredentialError', 0]);
  assert.match(lastError.hint, /Azure portal: IoT hub → Devices/);
  assert.ok(!JSON.stringify(snapshots.last).includes(wrong));
});

test('an unreachable hub is reported; later the device starts', async (t) => {
  const { fleet, snapshots } = createFleet(t);
  const backEnd = await createDevice();
  const endpoint = 'ws://127.0.0.1:1/$iothub/websocket';
  await fleet.add([{ ...identityOf(backEnd), endpoint }], 'kind');
  await fleet.start('all');
  const { state, lastError } = only(await snapshots.until((news) => only(news).lastError));
  assert.deepEqual([state, lastError.name], ['failed', 'ConnectionFailedError']);
  assert.match(lastError.hint, /npm start/);
});

test('a device that failed starts when the reason is gone', async (t) => {
  const { fleet, backEnd, snapshots } = await startDevice(t, sending());
  await backEnd.setFaults({ connack: 5 });
  await backEnd.drop();
  await snapshots.until((news) => only(news).state === 'failed');
  assert.equal(only(snapshots.last).lastError.name, 'CredentialError');
  await backEnd.setFaults({ clear: true });
  const { acknowledged } = only(snapshots.last);
  await fleet.start('all');
  const news = await snapshots.until((news) => only(news).acknowledged > acknowledged);
  assert.deepEqual([only(news).state, only(news).lastError], ['connected', undefined]);
});

test('a device can be removed while it connects, and comes back', async (t) => {
  const { fleet, snapshots } = createFleet(t);
  const backEnd = await createDevice();
  await backEnd.setFaults({ withhold: ['connack'] });
  await fleet.add([identityOf(backEnd)], 'kind');
  const started = fleet.start('all');
  await backEnd.waitForPackets('connect', 'in');
  await fleet.remove('all');
  await started;
  await snapshots.until(({ devices }) => devices.length === 0);
  await backEnd.setFaults({ clear: true });
  await fleet.add([identityOf(backEnd)], 'kind');
  await fleet.start('all');
  assert.equal((await backEnd.state()).connected, true);
});

test('one message can be sent immediately', async (t) => {
  const { fleet, backEnd, id } = await startDevice(t);
  await fleet.sendNow(id);
  const [seen] = await backEnd.telemetry();
  assert.equal(seen.text, '{"number":1}');
  await fleet.stop('all');
  await assert.rejects(fleet.sendNow(id), { name: 'NoConnectionError' });
});
