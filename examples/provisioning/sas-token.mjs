import { createHmac } from 'node:crypto';

/**
 * Creates a SAS token.
 * @param {string} resource what it is for
 * @param {string} key the key of the device, in base64
 * @param {number} seconds how long it is valid
 */
export function createSasToken(resource, key, seconds) {
  const encoded = encodeURIComponent(resource);
  const expiry = Math.floor(Date.now() / 1000) + seconds;
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${encoded}\n${expiry}`)
    .digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}
