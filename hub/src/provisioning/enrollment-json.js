const TEXT = { type: 'string' };
const KEY = { type: ['string', 'null'], description: 'base64' };

const ATTESTATION = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { enum: ['symmetricKey'] },
    symmetricKey: {
      type: ['object', 'null'],
      properties: { primaryKey: KEY, secondaryKey: KEY },
    },
  },
};

const TWIN = {
  type: ['object', 'null'],
  properties: {
    tags: { type: ['object', 'null'] },
    properties: { type: ['object', 'null'], properties: { desired: { type: ['object', 'null'] } } },
  },
};

const REPROVISION_POLICY = {
  type: ['object', 'null'],
  properties: { updateHubAssignment: { type: 'boolean' }, migrateDeviceData: { type: 'boolean' } },
};

/** An enrollment of one device or of a group. */
export const ENROLLMENT = {
  type: 'object',
  properties: {
    registrationId: TEXT,
    enrollmentGroupId: TEXT,
    deviceId: { type: ['string', 'null'] },
    attestation: ATTESTATION,
    capabilities: { type: ['object', 'null'], properties: { iotEdge: { type: 'boolean' } } },
    iotHubHostName: { type: ['string', 'null'], description: 'the hub of every device' },
    iotHubs: { type: ['array', 'null'], items: TEXT, description: 'those to choose from' },
    allocationPolicy: { enum: ['hashed', 'static', null] },
    initialTwin: TWIN,
    provisioningStatus: { enum: ['enabled', 'disabled'] },
    reprovisionPolicy: REPROVISION_POLICY,
    etag: TEXT,
    createdDateTimeUtc: TEXT,
    lastUpdatedDateTimeUtc: TEXT,
  },
};

/** What the service answers with when a call, or a registration, fails. */
export const REGISTRATION_ERROR = {
  type: 'object',
  required: ['errorCode', 'trackingId', 'message', 'timestampUtc'],
  properties: {
    errorCode: { type: 'integer', description: 'the HTTP status, and three digits more' },
    trackingId: TEXT,
    message: TEXT,
    timestampUtc: TEXT,
  },
};
