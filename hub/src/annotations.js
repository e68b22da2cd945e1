/**
 * The properties that the hub adds to the messages of a connection, and that back ends can rely on.
 * @param {import('./identity.js').Identity} identity
 * @param {ReturnType<typeof import('./sas-token.js').parseSasToken>} [token] none with X.509
 * @returns {Record<string, string>}
 */
export function annotationsOf(identity, token) {
  const { deviceId, moduleId, generationId, modelId } = identity;
  return {
    'iothub-connection-device-id': deviceId,
    ...(moduleId !== undefined && { 'iothub-connection-module-id': moduleId }),
    'iothub-connection-auth-generation-id': generationId,
    'iothub-connection-auth-method': JSON.stringify({
      scope: scopeOf(identity, token),
      type: token ? 'sas' : 'x509',
      issuer: 'iothub',
      acceptingIpFilterRule: null,
    }),
    'iothub-message-source': 'Telemetry',
    ...(modelId && { 'dt-dataschema': modelId }),
  };
}

function scopeOf({ moduleId }, token) {
  if (token?.skn) return 'hub';
  return moduleId === undefined ? 'device' : 'module';
}
