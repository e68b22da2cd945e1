/**
 * What a back end does with Microsoft's service clients, for actions that hubs accept over AMQP
 * only.
 */
import { jsLiteral, jsString, pyLiteral, pyString } from './literals.js';

/** A cloud-to-device message by Node.js. */
export const nodeDeliver = ({ body, properties }, id) => `import common from 'azure-iot-common';
import service from 'azure-iothub';

const { IOTHUB_SERVICE_CONNECTION_STRING } = process.env;
const client = service.Client.fromConnectionString(IOTHUB_SERVICE_CONNECTION_STRING);

const message = new common.Message(${jsString(body)});
for (const [name, value] of ${jsLiteral(Object.entries(properties))}) {
  message.properties.add(name, value);
}
await client.open();
await client.send(${jsString(id)}, message);
await client.close();
`;

/** A cloud-to-device message by Python. */
export const pythonDeliver = ({ body, properties }, id) => `import os

from azure.iot.hub import IoTHubRegistryManager

manager = IoTHubRegistryManager.from_connection_string(
    os.environ["IOTHUB_SERVICE_CONNECTION_STRING"]
)
manager.send_c2d_message(
    ${pyString(id)},
    ${pyString(body)},
    properties=${pyLiteral(properties, '    ')},
)
`;
