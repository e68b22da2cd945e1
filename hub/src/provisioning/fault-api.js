import { changeFaults, faultProperties } from '../fault-api.js';

/**
 * The endpoint with which tests inject faults for one registration id, even an unknown one.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the registration id
 * @param {(request: {params: Record<string, any>}) => import('./registrant.js').Registrant} find
 */
export function addRegistrationFaultApi(app, path, find) {
  app.post(`${path}/faults`, { schema: SCHEMA }, (request) => {
    const registrant = find(request);
    changeFaults(registrant, request.body);
    return registrant.faults;
  });
}

const ANSWER = {
  type: 'object',
  required: ['status'],
  additionalProperties: false,
  properties: {
    status: { type: 'integer', minimum: 100, maximum: 999 },
    retryAfter: { type: 'integer', minimum: 0, description: 'seconds; default: none' },
    body: { description: 'default: the error for the status' },
  },
};

const SCHEMA = {
  summary: 'Injects faults until {clear: true}; returns the active faults',
  body: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...faultProperties({ answers: ['register', 'poll'], requests: ['register', 'poll'] }),
      registerAnswer: ANSWER,
      pollAnswer: ANSWER,
      outcome: {
        enum: ['assigning', 'unassigned', 'failed', 'disabled'],
        description: 'what registrations end with; with assigning they never end',
      },
    },
  },
  response: { 200: { type: 'object' } },
};
