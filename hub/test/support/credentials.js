import { createHmac } from 'node:crypto';

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** A SAS token, made here so that the hub is not checked against its own code. */
export function sasToken({
  resource,
  key,
  expiry = inAnHour(),
  sr = encodeURIComponent(resource),
}) {
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${sr}\n${expiry}`)
    .digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}

/** Client id, user name and password of a device. */
export function credentials(hub, { deviceId, primaryKey }) {
  return {
    clientId: deviceId,
    username: `${hub.hostname}/${deviceId}/?api-version=2021-04-12`,
    password: sasToken({ resource: `${hub.hostname}/devices/${deviceId}`, key: primaryKey }),
  };
}
