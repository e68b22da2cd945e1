/** The title of the tab: the view and its state, which the user also sees from other tabs. */

const PAGE = 'Device simulator for Azure IoT Hub';

/**
 * @param {{id?: string, state?: string}} shown the device that is shown, if it is one
 * @param {{devices: number, connected: number}} totals
 * @param {number} failed how many devices have failed
 */
export function titleOf({ id, state }, { devices, connected }, failed) {
  const fleet = devices > 0 && `${connected} of ${devices} connected`;
  const shown = state ? `${id}, ${state}` : fleet;
  const trouble = failed > 0 && `${failed} failed`;
  return [trouble, shown, PAGE].filter(Boolean).join(' · ');
}
