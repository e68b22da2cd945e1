const TEXT = { type: 'string' };
const OPTIONAL_TEXT = { type: ['string', 'null'] };
const INTEGER = { type: 'integer' };
const KEY = { type: ['string', 'null'], description: 'base64' };

const object = (properties) => ({ type: ['object', 'null'], properties });

const CERTIFICATE = object({
  certificate: { type: 'string', description: 'PEM, or the base64 in it' },
  info: object({
    subjectName: TEXT,
    sha1Thumbprint: TEXT,
    sha256Thumbprint: TEXT,
    issuerName: TEXT,
    notBeforeUtc: TEXT,
    notAfterUtc: TEXT,
    serialNumber: TEXT,
    version: INTEGER,
  }),
});

const CERTIFICATES = object({ primary: CERTIFICATE, secondary: CERTIFICATE });

/** How devices authenticate to an enrollment. */
export const ATTESTATION = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { enum: ['symmetricKey', 'x509'] },
    symmetricKey: object({ primaryKey: KEY, secondaryKey: KEY }),
    x509: object({
      clientCertificates: { ...CERTIFICATES, description: 'of a single device' },
      signingCertificates: { ...CERTIFICATES, description: 'of a group' },
    }),
  },
};

const FREE = { type: ['object', 'null'] };

/** The result of a registration. */
export const REGISTRATION_STATE = object({
  registrationId: TEXT,
  createdDateTimeUtc: TEXT,
  lastUpdatedDateTimeUtc: TEXT,
  assignedHub: TEXT,
  deviceId: TEXT,
  status: { enum: ['unassigned', 'assigning', 'assigned', 'failed', 'disabled'] },
  substatus: {
    enum: [
      ...['initialAssignment', 'deviceDataMigrated', 'deviceDataReset'],
      'reprovisionedToInitialAssignment',
    ],
  },
  errorCode: INTEGER,
  errorMessage: TEXT,
  etag: TEXT,
  payload: { type: 'object', description: 'of the webhook of a custom allocation' },
  symmetricKey: object({ enrollmentGroupId: TEXT }),
  x509: object({ enrollmentGroupId: TEXT }),
});

/** An enrollment of one device or of a group. */
export const ENROLLMENT = {
  type: 'object',
  properties: {
    registrationId: TEXT,
    enrollmentGroupId: TEXT,
    deviceId: { ...OPTIONAL_TEXT, description: 'of a single device; default: the registration id' },
    attestation: ATTESTATION,
    capabilities: object({ iotEdge: { type: 'boolean' } }),
    iotHubHostName: { ...OPTIONAL_TEXT, description: 'the hub of every device' },
    iotHubs: { type: ['array', 'null'], items: TEXT, description: 'those to choose from' },
    allocationPolicy: { enum: ['hashed', 'geoLatency', 'static', 'custom', null] },
    customAllocationDefinition: object({ webhookUrl: TEXT, apiVersion: TEXT }),
    initialTwin: object({ tags: FREE, properties: object({ desired: FREE }) }),
    optionalDeviceInformation: FREE,
    provisioningStatus: { enum: ['enabled', 'disabled'] },
    reprovisionPolicy: object({
      updateHubAssignment: { type: 'boolean' },
      migrateDeviceData: { type: 'boolean' },
    }),
    registrationState: REGISTRATION_STATE,
    etag: OPTIONAL_TEXT,
    createdDateTimeUtc: TEXT,
    lastUpdatedDateTimeUtc: TEXT,
  },
};

/** The service's response when a call or a registration fails. */
export const REGISTRATION_ERROR = {
  type: 'object',
  required: ['errorCode', 'trackingId', 'message', 'timestampUtc'],
  properties: {
    errorCode: { type: 'integer', description: 'the HTTP status, and three more digits' },
    trackingId: TEXT,
    message: TEXT,
    timestampUtc: TEXT,
  },
};
