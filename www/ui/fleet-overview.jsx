import { useSignal } from '@preact/signals';

import { Faults } from './faults.jsx';
import { FleetCharts } from './fleet-charts.jsx';
import { FleetMap } from './fleet-map.jsx';
import { FleetTable } from './fleet-table.jsx';
import { ids, totals } from './fleet.js';
import { count, rate } from './format.js';
import { isLocal } from './local-hub.js';
import { openAdding } from './navigation.js';
import { scene } from './scene.js';

/** What the fleet has done, its charts, and what each device sent last. */
export function FleetOverview() {
  const isMap = useSignal(scene.value.view === 'map');
  if (ids.value.length === 0) {
    return (
      <p class="empty">
        No devices yet.{' '}
        <button class="link" onClick={openAdding}>
          Add the first one
        </button>
      </p>
    );
  }
  return (
    <>
      <Totals />
      <FleetCharts />
      {isLocal() && <Faults ids="all" />}
      <section>
        <div class="section-head">
          <h3>Latest values</h3>
          <div class="buttons" role="group" aria-label="Show as">
            <button aria-pressed={!isMap.value} onClick={() => (isMap.value = false)}>
              Table
            </button>
            <button aria-pressed={isMap.value} onClick={() => (isMap.value = true)}>
              Map
            </button>
          </div>
        </div>
        {isMap.value ? <FleetMap /> : <FleetTable />}
      </section>
    </>
  );
}

function Totals() {
  const { devices, connected, sent, acknowledged, failed, ratePerSecond } = totals.value;
  return (
    <dl class="totals">
      <div>
        <dt>Connected</dt>
        <dd>
          {count(connected)}
          <small> of {count(devices)}</small>
        </dd>
      </div>
      <div>
        <dt>Rate</dt>
        <dd>{rate(ratePerSecond)}</dd>
      </div>
      <div>
        <dt>Sent</dt>
        <dd>{count(sent)}</dd>
      </div>
      <div>
        <dt>Acknowledged</dt>
        <dd>{count(acknowledged)}</dd>
      </div>
      <div class={failed ? 'bad' : ''}>
        <dt>Failed</dt>
        <dd>{count(failed)}</dd>
      </div>
    </dl>
  );
}
