/** What is measured, of whom, and what it is held against. */

export const CONTENDERS = ['ours', 'raw', 'u8', 'mqttjs', 'paho', 'azure'];
const CLIENTS = CONTENDERS.filter((contender) => contender !== 'raw');

/**
 * @typedef {object} Row
 * @property {string} name by which `--only` finds it
 * @property {string} work a function of work.js
 * @property {object} [settings] what that takes
 * @property {number} [devices]
 * @property {'hub'} [server] where not any server will do
 * @property {string[]} contenders
 */

/** @type {Row[]} */
export const ROWS = [
  ...[{ bytes: 110 }, { bytes: 4096 }, { bytes: 110, properties: true }].flatMap((message) =>
    [1, 100, 1000].map((inFlight) => telemetryRow({ inFlight, ...message })),
  ),
  { name: 'c2d', work: 'receive', settings: { perSecond: 40_000 }, contenders: CLIENTS },
  { name: 'twin', work: 'twin', server: 'hub', contenders: ['ours', 'azure'] },
  { name: 'start', work: 'start', contenders: CONTENDERS },
  ...[1, 100, 1000].map((devices) => ({
    name: `idle-${devices}`,
    work: 'idle',
    devices,
    contenders: CLIENTS,
  })),
];

/** @returns {Row} */
function telemetryRow(settings) {
  const { inFlight, bytes, properties } = settings;
  return {
    name: `telemetry-${inFlight}-${bytes}${properties ? '-properties' : ''}`,
    work: 'telemetry',
    settings,
    contenders: CONTENDERS,
  };
}
