/** What to do about an error, by its class, in addition to its message. */
const hints = {
  CredentialError:
    'The portal shows the key, in the connection string: IoT hub → Devices → the device. A ' +
    'token that has expired takes a new one: remove the device and add it again. Else start it ' +
    'again.',
  ConnectionFailedError:
    'A hub is dialled at wss, port 443, which not every network lets out. Then start the device ' +
    'again.',
  ConnectionDroppedError: 'The device connects again by itself. If it does not, check the network.',
  NoConnectionError:
    'Start the device. If it was on, another client has connected as the same device: only one ' +
    'can.',
  OperationTimeout:
    'The hub is slow or busy, or the network is: what was asked for may have been done all the ' +
    'same.',
  RangeError: 'Make the message smaller: a hub takes 256 KB.',
};

const byStatus = {
  400: 'The hub found something wrong with the request; file upload needs a storage account.',
  401: 'Check the key or token, and the clock of this machine.',
  403: 'The hub has no room: its quota is used up, or ten uploads of the device are active.',
  404: 'Check that the device exists.',
  429: 'The hub throttles: let fewer devices send, or in a longer period.',
};

const LOCAL_HUB_IS_AWAY = 'Is the local hub there? It ends with the `npm start` that began it.';
const IS_ELSEWHERE =
  'Only one tab or program can connect as a device. Start it here to take the connection back.';
const QUEUE_IS_FULL =
  'The hub acknowledges less than the device sends: wait until it is connected, or lengthen the ' +
  'period.';
const STORAGE_REFUSES =
  'The storage account refuses the upload, not the hub: check its network rules and its CORS rules.';
const RELAY_IS_AWAY =
  'A hub answers no page itself: use the page of `npm start`, which has a relay for file upload. ' +
  'The storage account has to allow this page by CORS, too (PUT, all headers).';

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
