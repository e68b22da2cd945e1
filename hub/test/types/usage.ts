// What the declarations promise, against the sources; each `@ts-expect-error` must not compile.
import { HubError, startHub, type Hub, type HubSettings } from 'iothub-local';
import type { Settings } from '../../src/settings.js';
import { startHub as startIt } from '../../src/server.js';
import type { HubError as SourceError } from '../../src/errors.js';

type Same<A, B> = [A, B] extends [B, A] ? true : never;
const settings: Same<HubSettings, Settings> = true;
const options: Same<
  keyof NonNullable<Parameters<typeof startHub>[0]>,
  keyof NonNullable<Parameters<typeof startIt>[0]>
> = true;
const start: typeof startHub = startIt;
const error: (thrown: SourceError) => HubError = (thrown) => thrown;

export async function use(): Promise<void> {
  const hub: Hub = await startHub({
    devices: ['device1', { deviceId: 'device2', authentication: { type: 'selfSigned' } }],
    settings: { unknownFilter: 'grant' },
    https: true,
  });
  const [{ connectionString }] = hub.devices;
  const text: string = connectionString;
  const sent = await hub.sendMessage('device1', { on: true }, { ack: 'full' });
  const number: number = sent.sequenceNumber;
  const { status } = await hub.invokeMethod({ deviceId: 'd', moduleId: 'm' }, 'blink', [3]);
  const [message] = await hub.waitForTelemetry('device1', {
    count: 2,
    matches: ({ properties }) => properties.room === 'kitchen',
  });
  const time: number = message.enqueuedTime.getTime();
  // @ts-expect-error: without the option https there is none
  const ca: string = hub.ca;
  // @ts-expect-error: a setting that there is not
  await startHub({ settings: { clockskew: 3 } });
  // @ts-expect-error: an option that there is not
  await hub.waitForTelemetry('device1', { wait: 3 });
  // @ts-expect-error: the hub makes these
  const made = new HubError();
  console.log(text, number, status, time, ca, made, start, error, settings, options);
  await hub.close();
}
