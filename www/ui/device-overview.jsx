import { Outcome, useAction } from './action.jsx';
import { Chart } from './chart.jsx';
import { Faults } from './faults.jsx';
import { details, device, fleet } from './fleet.js';
import { count, pretty, rate, timeOfDay } from './format.js';
import { isLocal } from './local-hub.js';
import { hasOutbox } from './outbox-choice.jsx';
import { unitsOf } from './units.js';
import { inWords } from './words.js';

/** What a device has sent, and what went wrong. */
export function DeviceOverview({ id }) {
  const shown = device(id);
  const send = useAction(async () => void (await fleet.sendNow(id)));
  return (
    <>
      <div class="section-head">
        <dl class="totals">
          <div>
            <dt>Rate</dt>
            <dd>{rate(shown.ratePerSecond)}</dd>
          </div>
          <div>
            <dt>Sent</dt>
            <dd>{count(shown.sent)}</dd>
          </div>
          <div>
            <dt>Acknowledged</dt>
            <dd>{count(shown.acknowledged)}</dd>
          </div>
          <div class={shown.failed ? 'bad' : ''}>
            <dt>Failed</dt>
            <dd>{count(shown.failed)}</dd>
          </div>
          {hasOutbox(shown) && (
            <div>
              <dt>In the outbox</dt>
              <dd>{count(shown.waiting)}</dd>
            </div>
          )}
        </dl>
        <button disabled={shown.state !== 'connected'} onClick={() => send.run()}>
          Send one now
        </button>
      </div>
      <Outcome result={send.result} />
      <Values units={unitsOf(shown.kind)} />
      {isLocal(id) && <Faults ids={[id]} />}
      <div class="columns">
        <section>
          <h3>Latest message</h3>
          {shown.last === undefined ? (
            <p class="empty">Nothing sent yet.</p>
          ) : (
            <pre class="json" tabIndex={0}>
              {pretty(shown.last)}
            </pre>
          )}
        </section>
        <Errors />
      </div>
    </>
  );
}

function Values({ units }) {
  const { values: charted = {}, omittedValues } = details.value ?? {};
  const values = Object.entries(charted);
  if (values.length === 0) return null;
  return (
    <section>
      <h3>Values sent</h3>
      <div class="charts small">
        {values.map(([path, { time, value }]) => (
          <Chart
            key={path}
            title={path}
            time={time}
            unit={units[path]}
            height={100}
            lines={[{ label: 'now', values: value }]}
          />
        ))}
      </div>
      {omittedValues > 0 && (
        <p class="hint">
          Charts of the first {values.length} of {values.length + omittedValues} values.
        </p>
      )}
    </section>
  );
}

function Errors() {
  const errors = details.value?.errors ?? [];
  return (
    <section>
      <h3>Errors</h3>
      {errors.length === 0 && <p class="empty">None so far.</p>}
      <ol class="log">
        {errors.slice(0, 20).map(({ time, message, hint }) => (
          <li key={`${time} ${message}`}>
            <time>{timeOfDay(time)}</time>
            <span class="bad">{inWords(message)}</span>
            {hint && <p class="hint">{hint}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}
