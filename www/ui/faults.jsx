import { signal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { HubSide } from './hub-side.jsx';
import { askLocalHub } from './local-hub.js';

const DELAY_MILLISECONDS = 2000;

/** What is on, such as `delay of all`, for as long as the page is open. */
const faultsOn = signal(new Set());

/** Lets the local hub misbehave, towards one device or all, so that one sees the client recover. */
export function Faults({ id = 'all' }) {
  const ids = id === 'all' ? id : [id];
  const { run, result } = useAction((work) => work());
  const drop = async (how, words) => {
    await askLocalHub('drop', { ids, how });
    return `${words} What was not acknowledged is sent again after the reconnect.`;
  };
  const toggle = (name, bodyOf, words) => async () => {
    const key = `${name} of ${id}`;
    const isOn = !faultsOn.value.has(key);
    await askLocalHub(name, { ids, ...bodyOf(isOn) });
    const others = [...faultsOn.value].filter((one) => one !== key);
    faultsOn.value = new Set(isOn ? [...others, key] : others);
    return words[isOn];
  };
  const delay = toggle('delay', (isOn) => ({ milliseconds: isOn ? DELAY_MILLISECONDS : 0 }), {
    true: 'The hub acknowledges 2 seconds late now: see the latency.',
    false: 'The hub acknowledges at once again.',
  });
  const throttle = toggle('throttle', (isOn) => ({ isOn }), {
    true: 'The hub closes the connection now when a second message comes within one second.',
    false: 'The hub takes as many messages as come again.',
  });
  const isOn = (name) => faultsOn.value.has(`${name} of ${id}`);
  return (
    <HubSide title="Let something go wrong" isLine>
      <div class="buttons">
        <button onClick={() => run(() => drop('reset', 'The TCP connection was reset.'))}>
          Reset connection
        </button>
        <button onClick={() => run(() => drop('close', 'The WebSocket was closed.'))}>
          Close connection
        </button>
        <button aria-pressed={isOn('delay')} onClick={() => run(delay)}>
          Delay answers
        </button>
        <button aria-pressed={isOn('throttle')} onClick={() => run(throttle)}>
          Throttle
        </button>
      </div>
      <Outcome result={result} />
    </HubSide>
  );
}
