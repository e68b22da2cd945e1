import assert from 'node:assert/strict';
import { test } from 'node:test';

import { titleOf } from '../../www/ui/title.js';

const PAGE = 'Device simulator for Azure IoT Hub';

test('the title names the device and its state, or counts the fleet, and devices that failed', () => {
  const totals = { devices: 3, connected: 2 };
  const titles = [
    [titleOf({}, { devices: 0, connected: 0 }, 0), PAGE],
    [titleOf({}, totals, 0), `2 of 3 connected · ${PAGE}`],
    [titleOf({ id: 'pump', state: 'stopped' }, totals, 0), `pump, stopped · ${PAGE}`],
    [titleOf({ id: 'pump', state: 'failed' }, totals, 1), `1 failed · pump, failed · ${PAGE}`],
  ];
  for (const [title, expected] of titles) assert.equal(title, expected);
});
