/** The commands for one device: `send`, `listen`, `twin` and `upload`. */
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

import { IoTHubDeviceClient, Message } from 'iothub-device-client';

import { HELP } from './help.js';
import {
  CommandError,
  duration,
  EXIT,
  readOptions,
  UsageError,
  webSocketUrl,
  wholeNumber,
} from './usage.js';

const VARIABLE = 'IOTHUB_DEVICE_CONNECTION_STRING';

const SHARED = { endpoint: { type: 'string' }, timeout: { type: 'string' } };

const print = (members) => console.log(JSON.stringify(members));

/** Sends a message, or one for each line of standard input. */
export async function send(args) {
  const options = {
    property: { type: 'string', multiple: true },
    'content-type': { type: 'string' },
  };
  const { values, positionals } = readOptions(args, { ...SHARED, ...options }, ['BODY?']);
  const properties = (values.property ?? []).map(nameAndValue);
  return withClient(values, async (client) => {
    for await (const body of positionals.length > 0 ? positionals : linesOfInput()) {
      const message = new Message(body, {
        contentType: values['content-type'] ?? 'application/json',
        contentEncoding: 'utf-8',
      });
      Object.assign(message.customProperties, Object.fromEntries(properties));
      await client.sendMessage(message);
      print({ event: 'sent', bytes: Buffer.byteLength(body) });
    }
  });
}

const linesOfInput = () => createInterface({ input: process.stdin });

function nameAndValue(text) {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name) return [name, value];
  throw new UsageError(`--property takes NAME=VALUE, not "${text}"`);
}

/** Prints events, until there are enough, the time is over, or Ctrl-C. */
export async function listen(args) {
  const { values } = readOptions(args, { ...SHARED, count: { type: 'string' } });
  const most = wholeNumber('--count', values.count, 1) ?? Infinity;
  return withClient(
    values,
    async (client, milliseconds) => {
      let count = 0;
      let timer;
      await new Promise((resolve) => {
        const tell = (members) => {
          if (count >= most) return;
          count += 1;
          print(members);
          // The handler returns first: shutdown still sends its response.
          if (count === most) setImmediate(resolve);
        };
        hear(client, tell);
        if (milliseconds) timer = setTimeout(resolve, milliseconds);
        process.once('SIGINT', resolve);
        process.once('SIGTERM', resolve);
        client.connect().then(
          () => print({ event: 'listening' }),
          (error) => resolve(Promise.reject(error)),
        );
      }).finally(() => clearTimeout(timer));
      client.onBackgroundException = (error) => {
        // The response to the last method is sent; nothing waits for its acknowledgement.
        if (error.name !== 'OperationCancelled') console.error(error.message);
      };
    },
    { waits: true },
  );
}

function hear(client, tell) {
  client.onMessageReceived = (message) =>
    tell({
      event: 'message',
      body: message.text(),
      properties: { ...message.customProperties },
      messageId: message.messageId,
      correlationId: message.correlationId,
      contentType: message.contentType,
    });
  client.onMethodRequestReceived = ({ name, payload }) => {
    tell({ event: 'method', name, payload });
    return { status: 200, payload: {} };
  };
  client.onTwinDesiredPropertiesPatchReceived = (patch) => tell({ event: 'desired', patch });
}

/** `twin get` and `twin report JSON`. */
export async function twin(args) {
  const { values, positionals } = readOptions(args, SHARED, ['get or report', 'JSON?']);
  const [act, text] = positionals;
  if (act === 'get') return withClient(values, async (client) => print(await client.getTwin()));
  if (act !== 'report' && !values.help) throw new UsageError(`unknown command "twin ${act}"`);
  const patch = values.help ? undefined : objectOf(text);
  return withClient(values, async (client) => {
    await client.patchTwinReportedProperties(patch);
    print({ event: 'reported' });
  });
}

function objectOf(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same error as for JSON that is not an object.
  }
  throw new UsageError('twin report takes a JSON object, such as \'{"firmware": "1.2"}\'');
}

/** Uploads a file to the hub's storage account. */
export async function upload(args) {
  const { values, positionals } = readOptions(args, { ...SHARED, name: { type: 'string' } }, [
    'FILE',
  ]);
  return withClient(values, async (client) => {
    const [file] = positionals;
    const blob = await blobOf(file);
    const name = values.name ?? basename(file);
    await client.uploadFile(name, blob);
    print({ event: 'uploaded', name, bytes: blob.size });
  });
}

async function blobOf(file) {
  try {
    if ((await stat(file)).isFile()) return await openAsBlob(file);
  } catch {
    // The same error as for a folder.
  }
  throw new CommandError(`${file} is not a readable file`);
}

/** Does something as the device of the environment, then shuts it down. */
async function withClient(values, work, { waits = false } = {}) {
  if (values.help) {
    console.log(HELP);
    return EXIT.ok;
  }
  const milliseconds = duration('--timeout', values.timeout);
  const connectionString = process.env[VARIABLE];
  if (!connectionString) {
    throw new CommandError(
      `${VARIABLE} is not set: copy it from the Azure portal, IoT hub → Devices → the device`,
    );
  }
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, {
    endpoint: webSocketUrl('--endpoint', values.endpoint),
    // `twin get` prints the current desired properties.
    ensureDesiredProperties: false,
    ...(!waits && { operationTimeout: (milliseconds ?? 30_000) / 1000 }),
  });
  try {
    await work(client, milliseconds);
    return EXIT.ok;
  } finally {
    await client.shutdown();
  }
}
