import { useEffect } from 'preact/hooks';

import { Outcome, useAction } from './action.jsx';
import { FaultForm } from './fault-form.jsx';
import { inWords } from './fault-kinds.js';
import {
  changeHubFaults,
  clearFaults,
  faultsById,
  faultsForAll,
  faultsOf,
  hubFaults,
  refreshFaults,
  spare,
  turnOff,
  turnOn,
} from './faults-on.js';
import { counted } from './format.js';
import { isSoForEach } from './groups.js';
import { HubSide } from './hub-side.jsx';
import { Icon } from './icon.jsx';
import { askLocalHub, localIds } from './local-hub.js';

/** Faults with a button of their own, and the texts that the page then shows. */
const QUICK = {
  delay: {
    request: { delay: { puback: 2000 } },
    on: 'The hub now acknowledges 2 seconds late: see the latency.',
    off: 'The hub acknowledges immediately again.',
  },
  rate: {
    request: { rate: { telemetry: 1 } },
    on: 'The hub now closes the connection if a second message arrives within one second.',
    off: 'The hub accepts any number of messages again.',
  },
};

/**
 * Causes faults at the local hub, to show how the client recovers.
 * @param {{ids: string[] | 'all'}} props for which devices
 */
export function Faults({ ids }) {
  const { run, result } = useAction((work) => work());
  useEffect(() => {
    // If the server does not respond, the next click reports it.
    refreshFaults(ids).catch(() => {});
    changeHubFaults({}).catch(() => {});
  }, [ids === 'all' ? ids : ids.join()]);
  const drop = async (how, words) => {
    await askLocalHub('drop', { ids, how });
    return `${words} Unacknowledged messages are resent after the reconnect.`;
  };
  const isOn = (name) => isSoForEach([ids].flat(), (id) => faultsOf(id)[name] !== undefined);
  const toggle = async (name) => {
    const { request, on, off } = QUICK[name];
    if (isOn(name)) await turnOff(ids, name);
    else await turnOn(ids, request);
    return isOn(name) ? on : off;
  };
  return (
    <HubSide title="Inject faults" isLine>
      <div class="buttons">
        <div class="buttons">
          <button onClick={() => run(() => drop('reset', 'The TCP connection was reset.'))}>
            Reset connection
          </button>
          <button onClick={() => run(() => drop('close', 'The WebSocket was closed.'))}>
            Close connection
          </button>
        </div>
        <div class="buttons">
          <button aria-pressed={isOn('delay')} onClick={() => run(() => toggle('delay'))}>
            Delay PUBACK
          </button>
          <button aria-pressed={isOn('rate')} onClick={() => run(() => toggle('rate'))}>
            Throttle
          </button>
        </div>
      </div>
      <Outcome result={result} />
      <ActiveFaults ids={ids} run={run} />
      <ClosedHub run={run} />
      <details class="more-faults">
        <summary>More faults and their settings</summary>
        <FaultForm ids={ids} />
      </details>
    </HubSide>
  );
}

/** What keeps every device from connecting. */
function ClosedHub({ run }) {
  if (Object.keys(hubFaults.value).length === 0) return null;
  const open = async () => {
    await changeHubFaults({ clear: true });
    return 'The hub accepts connections again.';
  };
  return (
    <p class="hint">
      The hub now refuses every new connection.{' '}
      <button type="button" class="link" onClick={() => run(open)}>
        Accept them again
      </button>
    </p>
  );
}

/** The active faults, and how many devices have them. */
function ActiveFaults({ ids, run }) {
  const chosen = ids === 'all' ? [...localIds.value] : ids;
  const active = new Map();
  for (const id of chosen) {
    for (const [name, value] of Object.entries(faultsById.value.get(id) ?? {})) {
      const words = inWords(name, value);
      const { having = [] } = active.get(words) ?? {};
      active.set(words, { name, having: [...having, id] });
    }
  }
  if (active.size === 0) return null;
  const end = async (words, name, having) => {
    const { [name]: forAll } = faultsForAll.value;
    if (ids === 'all' && forAll !== undefined && inWords(name, forAll) === words) spare(name);
    await turnOff(having, name);
    return 'Ended.';
  };
  const endAll = async () => {
    await clearFaults(ids);
    return 'All faults have ended.';
  };
  return (
    <div class="active-faults">
      <ul aria-label="Faults that are on">
        {[...active].map(([words, { name, having }]) => (
          <li key={words} class="tag">
            {words}
            {chosen.length > 1 && ` · ${counted(having.length, 'device')}`}
            <button
              class="plain only-icon"
              aria-label={`End: ${words}`}
              onClick={() => run(() => end(words, name, having))}
            >
              <Icon name="remove" />
            </button>
          </li>
        ))}
      </ul>
      <button class="plain" onClick={() => run(endAll)}>
        End all faults
      </button>
    </div>
  );
}
