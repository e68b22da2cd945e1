/** A fleet in eight processes, each with its own address if the machine has network namespaces. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startHub } from 'iothub-local';

import { caFileOf } from '../../hub/src/tls.js';
import { runShards } from './shard-processes.mjs';

const SHARDS = 8;
const DEVICES = 80;

test('eight shards have each device once, also when one is killed', async (t) => {
  const hub = await startHub();
  t.after(() => hub.close());
  await runShards(t, { hub, shards: SHARDS, devices: DEVICES });
});

const unavailable = whyNoNamespaces();

test('separate machines share the devices, too', { skip: unavailable }, async (t) => {
  const { address, within } = createNetwork(t);
  // From other addresses, devices connect over TLS only.
  const caDirectory = await mkdtemp(join(tmpdir(), 'iothub-ca-'));
  t.after(() => rm(caDirectory, { recursive: true, force: true }));
  const hub = await startHub({ host: address, https: true, caDirectory });
  t.after(() => hub.close());
  const env = { NODE_EXTRA_CA_CERTS: caFileOf(caDirectory) };
  await runShards(t, { hub, shards: SHARDS, devices: DEVICES, within, env });
});

function ip(...words) {
  execFileSync('ip', words.join(' ').split(' '), { stdio: ['ignore', 'ignore', 'pipe'] });
}

function whyNoNamespaces() {
  try {
    ip('netns add iothub-probe');
    ip('netns delete iothub-probe');
    return false;
  } catch ({ message }) {
    return `no network namespaces on this machine: ${message.split('\n')[0]}`;
  }
}

/** A bridge with the hub's address, and a namespace for each shard that is connected to it. */
function createNetwork(t) {
  const bridge = 'iothub-br';
  const address = '10.213.7.1';
  const nameOf = (index) => `iothub-${index}`;
  ip('link add', bridge, 'type bridge');
  t.after(() => ip('link delete', bridge));
  ip('address add', `${address}/24`, 'dev', bridge);
  ip('link set', bridge, 'up');
  for (let index = 0; index < SHARDS; index += 1) {
    const name = nameOf(index);
    ip('netns add', name);
    ip('link add', name, 'type veth peer name eth0 netns', name);
    t.after(() => {
      // Otherwise, it would disappear with the last process of the namespace.
      ip('link delete', name);
      ip('netns delete', name);
    });
    ip('link set', name, 'master', bridge, 'up');
    ip('-n', name, 'address add', `10.213.7.${index + 2}/24`, 'dev eth0');
    ip('-n', name, 'link set eth0 up');
  }
  return { address, within: (index) => ['ip', 'netns', 'exec', nameOf(index)] };
}
