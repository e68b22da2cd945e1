/** Devices that authenticate with a certificate of the hub's authority. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { BackEnd, callHub } from '../../../scripts/start/back-end.mjs';

/** A new device that authenticates only with a certificate. */
export async function createX509Device(hub, deviceId) {
  const authentication = { type: 'certificateAuthority' };
  const path = `/local/devices/${encodeURIComponent(deviceId)}`;
  return new BackEnd(hub, await callHub(hub, 'PUT', path, { authentication }));
}

/** Writes certificate, key and authority into a folder. Returns the variables that name them. */
export async function writeCertificate(hub, deviceId, folder) {
  const { cert, key } = await hub.issueCertificate(deviceId);
  const files = {
    IOTHUB_CERT_FILE: join(folder, 'cert.pem'),
    IOTHUB_KEY_FILE: join(folder, 'key.pem'),
    IOTHUB_CA_FILE: join(folder, 'ca.pem'),
  };
  await writeFile(files.IOTHUB_CERT_FILE, cert);
  await writeFile(files.IOTHUB_KEY_FILE, key);
  await writeFile(files.IOTHUB_CA_FILE, hub.ca);
  return files;
}
