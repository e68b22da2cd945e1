/**
 * What the page does with a device, as programs to copy. Pure functions that return text; no
 * program contains a key or token.
 *
 * @typedef {object} Sent a telemetry message
 * @property {string} text the body
 * @property {Record<string, string>} properties
 * @property {{contentType: string, contentEncoding: string}} systemProperties
 *
 * @typedef {{kind: 'send'} & Sent
 *   | {kind: 'report' | 'desire', patch: object}
 *   | {kind: 'answer', methods: Array<{name: string, status: number, payload: unknown,
 *      delayMs: number}>}
 *   | {kind: 'upload', name: string}
 *   | {kind: 'deliver', body: string, properties: Record<string, string>}
 *   | {kind: 'invoke', methodName: string, payload: unknown}} Action
 *
 * @typedef {object} Device
 * @property {string} id followed by a slash and the module id for a module
 * @property {string} [hostname] of its hub, if the page knows it
 * @property {string} [endpoint] of a local hub
 * @property {string} [httpEndpoint] of the relay for file uploads
 *
 * @typedef {object} Program
 * @property {string} name of the language
 * @property {string} text
 * @property {string[]} needs what is needed to run it, a line each
 */
import { calls, curlCall, curlTelemetry, nodeCall, pythonCall } from './http.js';
import { nodeProgram, pageProgram } from './javascript.js';
import { pythonProgram } from './python.js';
import { nodeDeliver, pythonDeliver } from './service.js';

const LOCAL_ENDPOINT = 'IOTHUB_ENDPOINT: the WebSocket URL of a local hub; not for Azure';
const CONNECTION_STRING = 'IOTHUB_DEVICE_CONNECTION_STRING: the connection string of the device';
const LOCAL_TLS = 'For a local hub: run it with --https-port 443, and set IOTHUB_CA to its CA';
const URL = 'IOTHUB_URL: https://YOUR-HUB.azure-devices.net, or the address of a local hub';
const LOCAL_URL = 'IOTHUB_URL: the address of the local hub';
const LOCAL_ONLY =
  'For a local hub. IoT Hub in Azure accepts these messages over AMQP: see the other programs';
const SERVICE_STRING =
  'IOTHUB_SERVICE_CONNECTION_STRING: of a policy with the permission ServiceConnect, such as service';

/**
 * @param {Action} action
 * @param {Device} device
 * @returns {Program[]}
 */
export function programsFor(action, device) {
  return Object.hasOwn(calls, action.kind)
    ? backEndPrograms(action, device)
    : devicePrograms(action, device);
}

function devicePrograms(action, device) {
  const programs = [
    {
      name: 'Node.js',
      text: nodeProgram(action),
      needs: ['npm install iothub-device-client', CONNECTION_STRING, LOCAL_ENDPOINT],
    },
    {
      name: 'Page',
      // A token function is for devices.
      text: device.id.includes('/') ? undefined : pageProgram(action, device),
      needs: [
        'npm install iothub-device-client, and a bundler or an import map',
        'A server that gives the page SAS tokens at /device-token',
      ],
    },
    {
      name: 'Python',
      text: pythonProgram(action, device),
      needs: ['pip install azure-iot-device', CONNECTION_STRING, LOCAL_TLS],
    },
    {
      name: 'curl',
      text: action.kind === 'send' ? curlTelemetry(action, device.id) : undefined,
      needs: [
        'IOTHUB_URL: https://YOUR-HUB.azure-devices.net. A local hub accepts telemetry only over MQTT',
        `IOTHUB_AUTHORIZATION: a SAS token of the device, from az iot hub generate-sas-token`,
      ],
    },
  ];
  return programs.filter(({ text }) => text !== undefined);
}

function backEndPrograms(action, { id }) {
  const call = calls[action.kind](action, id);
  const token = 'IOTHUB_AUTHORIZATION: a SAS token with the permission ServiceConnect';
  const needs = action.kind === 'deliver' ? [LOCAL_ONLY, LOCAL_URL, token] : [URL, token];
  const programs = [
    { name: 'Node.js', text: nodeCall(call), needs },
    { name: 'Python', text: pythonCall(call), needs },
    { name: 'curl', text: curlCall(call), needs },
  ];
  return action.kind === 'deliver' ? [...programs, ...azurePrograms(action, id)] : programs;
}

/** What a hub in Azure accepts over AMQP only, with Microsoft's clients. */
const azurePrograms = (action, id) => [
  {
    name: 'Azure, Node.js',
    text: nodeDeliver(action, id),
    needs: ['npm install azure-iothub azure-iot-common', SERVICE_STRING],
  },
  {
    name: 'Azure, Python',
    text: pythonDeliver(action, id),
    // Version 2.7.0 imports six, and does not install it.
    needs: ['pip install azure-iot-hub six', SERVICE_STRING],
  },
];
