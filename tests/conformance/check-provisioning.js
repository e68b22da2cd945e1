/** Questions that only the real provisioning service can answer, each with the expected answer. */
import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { certificateRequest } from '../../pkg/certificate-request.js';
import { connectToHub, createToken, deviceKeyOf, register } from './registration.js';

/** @typedef {import('./registration.js').Access} Access */

/** The service accepts five requests in ten seconds. */
const TOO_MANY_POLLS = 10;

/**
 * @param {Access} access
 * @param {(line: string) => void} print
 * @returns {Promise<number>} how many differ
 */
export async function checkProvisioning(access, print) {
  let differing = 0;
  for (const [question, expected, ask] of QUESTIONS) {
    const answer = await ask(access).catch(({ message }) => message);
    if (answer === expected) {
      print(`as expected  ${question}: ${answer}`);
    } else {
      differing += 1;
      print(`differs      ${question}: ${answer}, not ${expected}`);
    }
  }
  return differing;
}

/** @type {[question: string, expected: string, ask: (access: Access) => Promise<string>][]} */
const QUESTIONS = [
  ['the first answer', '202 with retry-after', async (access) => (await register(access)).first],
  ['the last answer', '200 assigned', async (access) => (await register(access)).last],
  [
    'a WebSocket with Origin, as a page opens it',
    '200 assigned',
    async (access) => (await register(access, { origin: 'https://example.com' })).last,
  ],
  [
    'the path /',
    '200 assigned',
    async (access) =>
      (await register({ ...access, endpoint: new URL('/', access.endpoint).href })).last,
  ],
  [
    'a token without skn',
    '200 assigned',
    async (access) => (await register(access, { skn: '' })).last,
  ],
  [
    'a wrong key',
    'CONNACK 0, then 401 with 401000',
    async (access) => {
      const groupKey = Buffer.alloc(64).toString('base64');
      return `CONNACK 0, then ${(await register({ ...access, groupKey })).first}`;
    },
  ],
  [
    'another id scope',
    'CONNACK 5',
    async (access) => (await register({ ...access, idScope: '0ne00000000' })).first,
  ],
  [
    `${TOO_MANY_POLLS} polls at once`,
    '429 with 429001 and retry-after',
    async (access) => {
      const registrationId = `${access.registrationId}-throttled`;
      return (await register({ ...access, registrationId }, { polls: TOO_MANY_POLLS })).last;
    },
  ],
  [
    'a SAS token for the .device. name of the hub, which TLS 1.3 needs',
    'CONNACK 0',
    async (access) => {
      const { assignedHub, deviceId } = (await register(access)).state;
      const host = assignedHub.replace('.', '.device.');
      const password = createToken(`${host}/devices/${deviceId}`, deviceKeyOf(access));
      return connectToHub(access, host, deviceId, { password });
    },
  ],
  [
    'a certificate signing request',
    '200 assigned, with a chain for its key',
    async (access) => (await requestCertificate(access)).answer,
  ],
  [
    'the issued certificate at the hub, over a WebSocket',
    'CONNACK 0',
    async (access) => connectWithCertificate(await requestCertificate(access), access),
  ],
  [
    'the same without renegotiation, so that the hub has to ask in the first handshake',
    'CONNACK 0',
    async (access) => {
      const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
      return connectWithCertificate(await requestCertificate(access), access, { secureOptions });
    },
  ],
];

/** Registers with a certificate request: the response, and what the hub must accept. */
async function requestCertificate(access) {
  const { csr, key } = certificateRequest(access.registrationId);
  const { last, state } = await register(access, { csr });
  if (!state?.issuedCertificateChain) throw new Error(`${last}, without a chain`);
  const cert = state.issuedCertificateChain
    .map((base64) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
    .join('');
  createSecureContext({ cert, key });
  return { answer: `${last}, with a chain for its key`, state, tls: { cert, key } };
}

const connectWithCertificate = ({ state, tls }, access, more) =>
  connectToHub(access, state.assignedHub, state.deviceId, { tls: { ...tls, ...more } });
