import { createHmac } from 'node:crypto';

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** A SAS token, created here so that the hub is not tested with its own code. */
export function sasToken({
  resource,
  key,
  expiry = inAnHour(),
  sr = encodeURIComponent(resource),
  policy,
}) {
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${sr}\n${expiry}`)
    .digest('base64');
  const skn = policy === undefined ? '' : `&skn=${policy}`;
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${expiry}${skn}`;
}

/** The resource of a SAS token of the device or module. */
export function resourceOf(hub, { deviceId, moduleId }) {
  const device = `${hub.hostname}/devices/${deviceId}`;
  return moduleId === undefined ? device : `${device}/modules/${moduleId}`;
}

/** Client id, user name and, if it has a key, password of a device or module. */
export function credentials(hub, { deviceId, moduleId, primaryKey }) {
  const clientId = moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
  const resource = resourceOf(hub, { deviceId, moduleId });
  return {
    clientId,
    username: `${hub.hostname}/${clientId}/?api-version=2021-04-12`,
    ...(primaryKey && { password: sasToken({ resource, key: primaryKey }) }),
  };
}
