import { createHmac } from 'node:crypto';

/**
 * Creates a SAS token for one device.
 * @param {object} options
 * @param {string} options.key the key of the device, in base64, as the hub shows it
 * @param {string} options.hostname of the hub
 * @param {string} options.deviceId
 * @param {number} options.seconds how long the token is valid
 */
export function createSasToken({ key, hostname, deviceId, seconds }) {
  const resource = encodeURIComponent(`${hostname}/devices/${deviceId}`);
  const expiry = Math.floor(Date.now() / 1000) + seconds;
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${resource}\n${expiry}`)
    .digest('base64');
  const encoded = encodeURIComponent(signature);
  return `SharedAccessSignature sr=${resource}&sig=${encoded}&se=${expiry}`;
}
