import { describeState, NEVER, STATE, THUMBPRINTS } from './identity-json.js';

/** A twin as back ends read it. */
export function describeTwin(identity) {
  const { deviceId, moduleId, etag, modelId, twin } = identity;
  return {
    deviceId,
    ...(moduleId !== undefined && { moduleId }),
    etag: twin.etag,
    deviceEtag: etag,
    ...describeState(identity),
    statusUpdateTime: NEVER,
    authenticationType: identity.authenticationType,
    x509Thumbprint: identity.thumbprints,
    modelId,
    version: twin.version,
    tags: twin.tags,
    properties: { desired: twin.desired.toService(), reported: twin.reported.toService() },
  };
}

export const TWIN = {
  type: 'object',
  properties: {
    deviceId: { type: 'string' },
    moduleId: { type: 'string' },
    etag: { type: 'string' },
    deviceEtag: { type: 'string' },
    ...STATE,
    statusUpdateTime: { type: 'string' },
    authenticationType: { type: 'string' },
    x509Thumbprint: THUMBPRINTS,
    modelId: { type: 'string' },
    version: { type: 'integer' },
    tags: { type: 'object' },
    properties: {
      type: 'object',
      properties: { desired: { type: 'object' }, reported: { type: 'object' } },
    },
  },
};
