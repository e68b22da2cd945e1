/** Microsoft's provisioning clients, for devices and for back ends, driven by commands. */
import deviceClient from 'azure-iot-provisioning-device';
import transport from 'azure-iot-provisioning-device-mqtt';
import serviceClient from 'azure-iot-provisioning-service';
import symmetricKey from 'azure-iot-security-symmetric-key';
import x509 from 'azure-iot-security-x509';

import { answerCommands } from './commands.mjs';

const { ProvisioningDeviceClient } = deviceClient;
const { ProvisioningServiceClient } = serviceClient;

let service;

const own = {
  connect(connectionString) {
    service = ProvisioningServiceClient.fromConnectionString(connectionString);
  },

  /** Registers a device; returns what the client knows about the registration. */
  async register({ idScope, registrationId, key, certificate, payload }) {
    const security = certificate
      ? new x509.X509Security(registrationId, certificate)
      : new symmetricKey.SymmetricKeySecurityClient(registrationId, key);
    const client = ProvisioningDeviceClient.create(
      'localhost',
      idScope,
      new transport.MqttWs(),
      security,
    );
    if (payload) client.setProvisioningPayload(payload);
    return client.register();
  },

  /** Its Promise never settles: it only calls a callback. */
  runBulk: (operation) =>
    new Promise((resolve, reject) => {
      service.runBulkEnrollmentOperation(operation, (error, result) =>
        error ? reject(error) : resolve(result),
      );
    }),

  /**
   * All pages of a query, which without a callback starts over unless it gets a continuation token.
   */
  async query(create, ...values) {
    const query = service[create](...values);
    const pages = [];
    while (query.hasMoreResults) {
      pages.push((await query.next(query.continuationToken)).responseBody);
    }
    return pages;
  },
};

await answerCommands(async ({ client, call, arguments: values }) => {
  if (client === 'own') return own[call](...values);
  const outcome = await service[call](...values);
  return outcome?.responseBody ?? outcome ?? null;
});
