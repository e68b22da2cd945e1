/** What a device and a back end do: the same for each of Microsoft's device clients. */
import { after } from 'node:test';

import { Driver } from '../driver.mjs';
import { describeWithHub } from '../support.mjs';
import { testConnections } from './connections.mjs';
import { Device } from './device.mjs';
import { testOperations } from './operations.mjs';

/**
 * What differs between the clients.
 * @typedef {object} Traits
 * @property {string} unauthorized name of the error of refused credentials
 * @property {string} twinError name of the error of a twin request that the hub refuses
 * @property {object} systemProperties of telemetry, on top of those that all clients know
 * @property {string | null} nullProperty what a custom property of a message that is null becomes
 * @property {boolean} knowsAck whether `ack` is not just a custom property of a message
 * @property {number | string} thrown what a method call returns if its handler throws
 */

/**
 * What the tests have.
 * @typedef {object} Given
 * @property {import('../../../hub/test/support/hub.js').TestHub} hub
 * @property {(name: string, work: Function) => void} test
 * @property {(settings?: object) => Promise<Device>} create a device
 * @property {() => Promise<Device>} createModule
 * @property {(t: object, device: Device, options?: object) => Promise<Device>} connect has the
 *   client connect until the end of the test
 * @property {Traits} traits
 */

/**
 * @param {string} title
 * @param {string[]} command the program that uses the client
 * @param {Traits} traits
 * @param {string} [missing] why it cannot run here
 */
export function testDeviceClient(title, command, traits, missing) {
  return describeWithHub(title, missing, ({ hub, environment, test }) => {
    const driver = new Driver(command, environment);
    after(() => driver.end());

    const given = {
      hub,
      test,
      traits,
      create: async (settings) =>
        new Device(hub, driver, await hub.createDevice('device', settings)),
      createModule: async () => new Device(hub, driver, await hub.createModule()),
      async connect(t, device, options) {
        await device.open(options);
        t.after(() => device.call('close'));
        return device;
      },
    };
    testConnections(given);
    testOperations(given);
  });
}
