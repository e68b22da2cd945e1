import { assertReady, host } from './host.js';
import { tracingHost } from './trace.js';

/** @typedef {typeof import('./iothub_device_client.js').ClientHandle} Handles */

/**
 * A shell with its core and its platform.
 * @param {typeof import('./shell.js').Shell} type
 * @param {Record<string, any> | undefined} options of the user
 * @param {(core: Handles) => import('./iothub_device_client.js').ClientHandle} createCore checks the
 *   options
 * @param {{ x509?: unknown, tokenFunction?: (resource: string) => unknown, key?: string }}
 *   [credentials] those that the core does not handle; `key` is that of a certificate that the
 *   provisioning service issues
 */
export function createShell(type, options, createCore, { x509, tokenFunction, key } = {}) {
  assertReady();
  const core = createCore(host.ClientHandle);
  const { serverVerificationCert, cipher, proxy, trace } = options ?? {};
  const createTransport = (x509) =>
    host.createTransport({ serverVerificationCert, cipher, proxy, x509 });
  const platform = tracingHost(host, trace, core.resource, () => shell.activity);
  const shell = new type(platform, core, createTransport(x509), tokenFunction);
  if (key) shell.transportOf = (result) => createTransport(host.issuedX509(result, key));
  return shell;
}
