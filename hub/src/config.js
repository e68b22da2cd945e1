import { Ajv } from 'ajv';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AUTHENTICATION } from './identity-json.js';
import { ENROLLMENT } from './provisioning/enrollment-json.js';

/** A configuration file is invalid; the message names the file and the member. */
export class ConfigError extends Error {
  name = 'ConfigError';
}

/**
 * The options of the command, with devices and settings.
 * @typedef {{port?: number, httpsPort?: number, host?: string, hostname?: string, data?: string,
 *            devices?: (string | import('./server.js').DeviceOption)[], idScope?: string,
 *            enrollments?: (string | object)[], enrollmentGroups?: (string | object)[],
 *            linkedHubs?: import('./server.js').ProvisioningOptions['linkedHubs'],
 *            settings?: object, page?: boolean, quiet?: boolean, json?: boolean}} Config
 */

/**
 * Reads a configuration file.
 * @param {string} file
 * @returns {Promise<Config>} `data` is absolute
 */
export async function readConfig(file) {
  /** @type {Config} */
  const config = parse(file, await readText(file));
  if (!validate(config)) throw new ConfigError(`${file}: ${explain(validate.errors)}`);
  return config.data === undefined
    ? config
    : { ...config, data: resolve(dirname(file), config.data) };
}

async function readText(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the configuration cannot be read: ${error.message}`);
  }
}

function parse(file, text) {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the file, which may contain keys.
    throw new ConfigError(`${file} is not JSON`);
  }
}

/** A misspelt member is reported as missing, too; the error with its name is more helpful. */
function explain(errors) {
  const isUnknown = ({ params }) => params.additionalProperty !== undefined;
  const { instancePath, message, params } = errors.find(isUnknown) ?? errors[0];
  const member = instancePath.slice(1);
  if (params.additionalProperty !== undefined) {
    const place = member === '' ? '' : ` in "${member}"`;
    return `there is no member "${params.additionalProperty}"${place}`;
  }
  const allowed = params.allowedValues ? `: ${params.allowedValues.join(', ')}` : '';
  return member === '' ? `it ${message}` : `"${member}" ${message}${allowed}`;
}

/** The schema, changed to refuse unknown members. */
function strict(schema) {
  if (!schema.properties) return schema;
  const properties = Object.entries(schema.properties).map(([name, s]) => [name, strict(s)]);
  return { ...schema, properties: Object.fromEntries(properties), additionalProperties: false };
}

const PORT = { type: 'integer', minimum: 0, maximum: 65535 };

const DEVICE = strict({
  type: ['object', 'string'],
  required: ['deviceId'],
  properties: {
    deviceId: { type: 'string' },
    moduleId: { type: 'string' },
    status: { enum: ['enabled', 'disabled'] },
    authentication: AUTHENTICATION,
  },
});

const ENROLLMENT_OPTION = strict({ ...ENROLLMENT, type: ['object', 'string'] });

const LINKED_HUB = strict({
  type: 'object',
  required: ['url', 'serviceConnectionString'],
  properties: { url: { type: 'string' }, serviceConnectionString: { type: 'string' } },
});

const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(
  strict({
    type: 'object',
    properties: {
      port: PORT,
      httpsPort: PORT,
      host: { type: 'string' },
      hostname: { type: 'string' },
      data: { type: 'string', minLength: 1 },
      devices: { type: 'array', items: DEVICE },
      idScope: { type: 'string' },
      enrollments: { type: 'array', items: ENROLLMENT_OPTION },
      enrollmentGroups: { type: 'array', items: ENROLLMENT_OPTION },
      linkedHubs: { type: 'array', items: LINKED_HUB },
      settings: { type: 'object' },
      page: { type: 'boolean' },
      quiet: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  }),
);
