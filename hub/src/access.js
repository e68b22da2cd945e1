import { HubError } from './errors.js';
import { parseSasToken, whySasRefused } from './sas-token.js';

/**
 * Returns why the credentials do not give access to a device or module, or nothing if they do.
 * @param {import('./identity.js').Identity} identity
 * @param {{sas?: string, certificate?: import('./tls.js').ClientCertificate}} credentials
 * @param {{hostname: string, policies: import('./policies.js').Policies,
 *          settings: import('./settings.js').Settings}} hub
 * @returns {string | undefined}
 */
export function whyNoAccess(identity, { sas, certificate }, hub) {
  if (!identity.usesSas) {
    if (sas)
      return `"${identity.id}" authenticates with an X.509 certificate, not with a SAS token`;
    return whyCertificateRefused(identity, certificate);
  }
  const token = parseSasToken(sas ?? '');
  return (
    whyKindRefused(token, identity, hub.settings) ??
    whySasRefused(token, {
      host: hub.hostname,
      path: identity.path,
      keys: [identity.primaryKey, identity.secondaryKey],
      policies: hub.policies,
      rights: ['DeviceConnect'],
      now: identity.now - hub.settings.clockSkew * 1000,
    })
  );
}

/** A hub may refuse some kinds of SAS tokens altogether. */
function whyKindRefused(token, { moduleId }, settings) {
  const policy = settings.disableLocalAuth && 'disableLocalAuth';
  const module = settings.disableModuleSAS && 'disableModuleSAS';
  const device = settings.disableDeviceSAS && 'disableDeviceSAS';
  const setting = token?.skn ? policy : moduleId === undefined ? device : module;
  return setting ? `the setting ${setting} makes the hub refuse such SAS tokens` : undefined;
}

/**
 * Allows calls to the routes of a scope only with the SAS token of a shared access policy that has
 * the rights in the route's `config.rights`.
 * @param {import('fastify').FastifyInstance} scope
 * @param {import('./server.js').Hub} hub
 * @param {string[]} byDefault the rights for routes that name none
 */
export function requireRights(scope, { hostname, policies }, byDefault) {
  scope.addHook('onRequest', async ({ headers, url, routeOptions }) => {
    const reason = whySasRefused(parseSasToken(headers.authorization ?? ''), {
      host: hostname,
      path: url.split('?')[0].split('/').filter(Boolean).map(decodeURIComponent),
      policies,
      rights: routeOptions.config.rights ?? byDefault,
      now: Date.now(),
    });
    if (reason) throw new HubError('IotHubUnauthorizedAccess', `Unauthorized: ${reason}.`);
  });
}

function whyCertificateRefused(identity, certificate) {
  if (!certificate) {
    return 'the client sent no certificate: use TLS, and no iothub-no-client-cert in the URL';
  }
  if (certificate.expires <= identity.now) return 'the client certificate expired';
  if (identity.authenticationType === 'selfSigned') {
    const expected = Object.values(identity.thumbprints).filter(Boolean);
    return certificate.thumbprints.some((thumbprint) => expected.includes(thumbprint))
      ? undefined
      : 'the thumbprint of the client certificate is not one of the identity';
  }
  if (!certificate.isTrusted) return 'the client certificate does not chain to the CA of the hub';
  return certificate.commonName === identity.id
    ? undefined
    : `the common name of the client certificate is not "${identity.id}"`;
}

/** A thumbprint for comparisons: without separators, in upper case. */
export const normalizeThumbprint = (text) => text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase();
