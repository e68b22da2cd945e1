import { newBudgets } from './budget.js';
import { createSettings } from './settings.js';

/**
 * Puts the hub back to how it starts without data: the devices that it began with are there, and
 * nothing else is. Keys and certificates stay, so that connection strings do.
 * @param {import('./server.js').Hub} hub
 * @param {{settings?: Partial<import('./settings.js').Settings>,
 *          devices: import('./server.js').FirstDevice[]}} start what it began with
 * @returns {Promise<void>} when that is saved
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
