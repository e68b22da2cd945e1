import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSettings } from '../src/settings.js';
import { Feedback } from '../src/feedback.js';
import { MessageQueue } from '../src/message-queue.js';

/** A device with nothing but a queue; its publishes are in `sent`. */
class Device {
  deviceId = 'device1';
  generationId = '1';
  path = ['devices', 'device1'];
  records = { put() {}, delete() {} };
  connection = null;
  sent = [];
  isSubscribed = true;
  #lastPacketId = 0;

  constructor(settings = {}) {
    this.hub = { settings: createSettings(settings), feedback: new Feedback(this.records) };
    this.messages = new MessageQueue(this, this.hub);
  }

  connect() {
    this.connection = { publish: (packet) => this.sent.push(packet) };
    this.messages.deliver();
  }

  disconnect() {
    const lost = this.connection;
    this.connection = null;
    this.messages.release(lost);
  }

  qosOf() {
    return this.connection && this.isSubscribed ? (this.qos ?? 1) : undefined;
  }

  hasSubscription() {
    return this.isSubscribed;
  }

  takePacketId() {
    return ++this.#lastPacketId;
  }

  enqueue(ack, messageId = 'm1', expiryTimeUtc = undefined) {
    const properties = ack === undefined ? {} : { 'iothub-ack': ack };
    const payload = Buffer.from('x');
    return this.messages.enqueue({
      payload,
      systemProperties: { messageId },
      properties,
      expiryTimeUtc,
    });
  }

  acknowledge() {
    return this.messages.acknowledge(this.sent.at(-1).messageId, this.connection);
  }

  /** `[messageId, statusCode]` of each feedback since the last call. */
  feedback() {
    const batch = this.hub.feedback.receive();
    if (!batch) return [];
    this.hub.feedback.complete(batch.lockToken);
    return batch.records.map((record) => [record.originalMessageId, record.statusCode]);
  }
}

const mockTime = (t) => t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });

describe('the lock of a message', () => {
  test('ends after a minute: the device gets it again, with DUP and the same id', (t) => {
    mockTime(t);
    const device = new Device();
    device.connect();
    device.enqueue();
    t.mock.timers.tick(59_999);
    assert.equal(device.sent.length, 1);
    t.mock.timers.tick(1);
    assert.equal(device.sent.length, 2);
    assert.deepEqual(device.sent[1], { ...device.sent[0], dup: true });
    assert.equal(device.acknowledge(), true);
    assert.equal(device.messages.pending, 0);
    t.mock.timers.tick(3_600_000);
    assert.equal(device.sent.length, 2);
  });

  test('lasts as long as messageLock says', (t) => {
    mockTime(t);
    const device = new Device({ messageLock: 5 });
    device.connect();
    device.enqueue();
    t.mock.timers.tick(5000);
    assert.equal(device.sent.length, 2);
  });

  test('delays its expiry, but only until the lock ends', (t) => {
    mockTime(t);
    const device = new Device();
    device.connect();
    device.enqueue('full', 'm1', new Date(Date.now() + 10_000));
    t.mock.timers.tick(59_999);
    assert.equal(device.messages.pending, 1);
    t.mock.timers.tick(1);
    assert.equal(device.messages.pending, 0);
    assert.equal(device.sent.length, 1);
    assert.deepEqual(device.feedback(), [['m1', 'Expired']]);
  });
});

describe('a message is given up', () => {
  function loseTimes(device, times) {
    for (let n = 0; n < times; n++) {
      device.connect();
      device.disconnect();
    }
  }

  test('after ten deliveries whose connections were lost', () => {
    const device = new Device();
    device.enqueue('negative');
    loseTimes(device, 9);
    assert.equal(device.messages.pending, 1);
    loseTimes(device, 1);
    assert.equal(device.messages.pending, 0);
    assert.equal(device.sent.length, 10);
    assert.deepEqual(device.feedback(), [['m1', 'DeliveryCountExceeded']]);
  });

  test('after maxDeliveryCount', () => {
    const device = new Device({ maxDeliveryCount: 1 });
    device.enqueue();
    loseTimes(device, 1);
    assert.equal(device.messages.pending, 0);
  });

  test('after expired locks only when lockExpiryCounts is set', (t) => {
    mockTime(t);
    for (const lockExpiryCounts of [false, true]) {
      const device = new Device({ lockExpiryCounts, maxDeliveryCount: 2 });
      device.connect();
      device.enqueue('full');
      t.mock.timers.tick(60_000);
      t.mock.timers.tick(60_000);
      assert.equal(device.messages.pending, lockExpiryCounts ? 0 : 1);
      const expected = lockExpiryCounts ? [['m1', 'DeliveryCountExceeded']] : [];
      assert.deepEqual(device.feedback(), expected);
      device.messages.purge();
    }
  });
});

describe('a message expires', () => {
  test('on its own, after messageTtl or at its expiry', (t) => {
    mockTime(t);
    const device = new Device({ messageTtl: 60 });
    device.enqueue('negative', 'm1');
    device.enqueue('negative', 'm2', new Date(Date.now() + 120_000));
    t.mock.timers.tick(60_000);
    assert.deepEqual(device.feedback(), [['m1', 'Expired']]);
    t.mock.timers.tick(60_000);
    assert.deepEqual(device.feedback(), [['m2', 'Expired']]);
  });
});

describe('feedback', () => {
  const outcomes = {
    Success: (device) => {
      device.connect();
      device.acknowledge();
    },
    Expired: (device, t) => t.mock.timers.tick(3_600_000),
    Purged: (device) => assert.equal(device.messages.purge(), 1),
  };
  for (const [statusCode, end] of Object.entries(outcomes)) {
    test(`of a message that ends with ${statusCode} is sent if its ack requests it`, (t) => {
      mockTime(t);
      for (const [ack, wanted] of [
        [undefined, false],
        ['none', false],
        ['positive', statusCode === 'Success'],
        ['negative', statusCode !== 'Success'],
        ['full', true],
      ]) {
        const device = new Device();
        device.enqueue(ack);
        end(device, t);
        assert.deepEqual(device.feedback(), wanted ? [['m1', statusCode]] : [], ack);
      }
    });
  }

  test('does not arrive any more if the identity was deleted', (t) => {
    mockTime(t);
    const device = new Device();
    device.enqueue('full');
    device.messages.close();
    t.mock.timers.tick(3_600_000);
    assert.deepEqual(device.feedback(), []);
  });

  test('comes when a message was sent at QoS 0', () => {
    const device = new Device();
    device.qos = 0;
    device.connect();
    device.enqueue('positive');
    assert.deepEqual(device.feedback(), [['m1', 'Success']]);
  });

  test('says Rejected when unsubscribedMessages rejects', () => {
    const device = new Device({ unsubscribedMessages: 'reject' });
    device.isSubscribed = false;
    device.enqueue('full');
    assert.equal(device.messages.pending, 0);
    assert.deepEqual(device.feedback(), [['m1', 'Rejected']]);
    device.isSubscribed = true;
    device.enqueue('full');
    assert.equal(device.messages.pending, 1);
  });

  test('returns message, device and time, in batches of 64 that return unless completed', (t) => {
    mockTime(t);
    const device = new Device();
    device.qos = 0;
    device.connect();
    for (let n = 1; n <= 65; n++) device.enqueue('full', `m${n}`);
    const { feedback } = device.hub;
    const first = feedback.receive();
    assert.equal(first.records.length, 64);
    assert.deepEqual(first.records[0], {
      originalMessageId: 'm1',
      deviceId: 'device1',
      deviceGenerationId: '1',
      enqueuedTimeUtc: new Date().toISOString(),
      statusCode: 'Success',
      description: 'Success',
    });
    const second = feedback.receive();
    assert.deepEqual(
      second.records.map((record) => record.originalMessageId),
      ['m65'],
    );
    assert.equal(feedback.receive(), undefined);
    assert.equal(feedback.complete(second.lockToken), true);
    assert.equal(feedback.complete(second.lockToken), false);
    t.mock.timers.tick(60_000);
    assert.equal(feedback.complete(first.lockToken), false, 'its lock ran out');
    const again = feedback.receive();
    assert.deepEqual(again.records, first.records);
    assert.equal(feedback.abandon(again.lockToken), true);
    assert.deepEqual(feedback.receive().records, first.records);
  });
});
