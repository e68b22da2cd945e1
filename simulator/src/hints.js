/** What to do about an error, by its class, in addition to its message. */
const hints = {
  CredentialError:
    'Compare the key with the Azure portal: IoT hub → Devices → the device → Primary connection ' +
    'string. If a token has expired, remove the device and add it again with a new one. ' +
    'Otherwise, start it again.',
  ConnectionFailedError:
    'The device connects to port 443 with WebSockets, which some networks block. Check the ' +
    'network, then start the device again.',
  ConnectionDroppedError: 'The device reconnects automatically. If it does not, check the network.',
  NoConnectionError:
    'Start the device. If it was running, another client has connected as the same device: only ' +
    'one client can be connected.',
  OperationTimeout:
    'The hub or the network is slow or busy. The hub may still have acted on the request.',
  RangeError: 'Make the message smaller: a hub accepts at most 256 KB.',
};

const byStatus = {
  400: 'The hub found a mistake in the request. File uploads need a storage account.',
  401: 'Check the key or token, and the clock of this machine.',
  403: 'The hub has reached a limit: its quota is used up, or ten uploads of the device are active.',
  404: 'Check that the device exists.',
  429: 'The hub throttles requests: let fewer devices send, or send less often.',
};

const LOCAL_HUB_IS_AWAY =
  'Is the local hub running? It stops with the `npm start` that started it.';
const IS_ELSEWHERE =
  'Only one tab or program can connect as a device. Start it here to take the connection back.';
const QUEUE_IS_FULL =
  'The device sends faster than the hub acknowledges: wait until it is connected, or increase the ' +
  'period.';
const STORAGE_REFUSES =
  'The storage account, not the hub, refuses the upload: check its network rules and CORS rules.';
const RELAY_IS_AWAY =
  'Hubs send no CORS headers: use the page of `npm start`, which has a relay for file uploads. ' +
  'The CORS rules of the storage account must allow this page, too (PUT, all headers).';

/**
 * The text that the page shows for an error. The package's messages contain no secrets.
 * @param {Error} error
 * @param {{isLocal: boolean, isUpload?: boolean}} circumstances whether it is at a local hub
 */
export function explain(error, { isLocal, isUpload = false }) {
  return { name: error.name, message: error.message, hint: hintOf(error, isLocal, isUpload) };
}

function hintOf({ name, message, status }, isLocal, isUpload) {
  if (message.includes('another page or worker has connected')) return IS_ELSEWHERE;
  if (name === 'ConnectionFailedError' && isUpload) return RELAY_IS_AWAY;
  if (name === 'ConnectionFailedError' && isLocal) return LOCAL_HUB_IS_AWAY;
  if (name === 'ClientError' && message.includes('maxPendingMessages')) return QUEUE_IS_FULL;
  if (message.startsWith('the storage account answered')) return STORAGE_REFUSES;
  if (name === 'ServiceError') return byStatus[status] ?? 'Try again later.';
  return hints[name] ?? 'Stop the device and start it again.';
}
