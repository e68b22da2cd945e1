import { newBudgets } from './budget.js';
import { createSettings } from './settings.js';

/**
 * Resets the hub to its state after a start without data: it has only its initial devices. Keys and
 * certificates stay, so connection strings remain valid.
 * @param {import('./server.js').Hub} hub
 * @param {{settings?: Partial<import('./settings.js').Settings>,
 *          devices: import('./server.js').FirstDevice[]}} start the initial settings and devices
 * @returns {Promise<void>} resolves when that is saved
 */
export async function reset(hub, { settings, devices }) {
  for (const device of hub.devices.all) hub.devices.delete(device, 'the hub was reset');
  hub.devices.telemetry.clear();
  hub.feedback.clear();
  hub.blobs.clear();
  hub.provisioning.reset();
  hub.faults.change({ clear: true });
  Object.assign(hub.settings, createSettings(settings));
  Object.assign(hub.budgets, newBudgets());
  for (const { id, settings } of devices) hub.devices.ensure(id, settings);
  return new Promise((resolve) => hub.store.whenSaved(resolve));
}
