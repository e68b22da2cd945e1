import { Outcome, useAction } from './action.jsx';
import { isFaultOn, setFault } from './faults-on.js';
import { HubSide } from './hub-side.jsx';
import { askLocalHub } from './local-hub.js';

/** Lets the local hub misbehave, towards one device or all, so that one sees the client recover. */
export function Faults({ id = 'all' }) {
  const ids = id === 'all' ? id : [id];
  const { run, result } = useAction((work) => work());
  const drop = async (how, words) => {
    await askLocalHub('drop', { ids, how });
    return `${words} What was not acknowledged is sent again after the reconnect.`;
  };
  const toggle = (name, words) => async () => {
    const next = !isFaultOn(name, id);
    await setFault(name, id, next);
    return words[next];
  };
  const delay = toggle('delay', {
    true: 'The hub acknowledges 2 seconds late now: see the latency.',
    false: 'The hub acknowledges at once again.',
  });
  const throttle = toggle('throttle', {
    true: 'The hub closes the connection now when a second message comes within one second.',
    false: 'The hub takes as many messages as come again.',
  });
  return (
    <HubSide title="Let something go wrong" isLine>
      <div class="buttons">
        <button onClick={() => run(() => drop('reset', 'The TCP connection was reset.'))}>
          Reset connection
        </button>
        <button onClick={() => run(() => drop('close', 'The WebSocket was closed.'))}>
          Close connection
        </button>
        <button aria-pressed={isFaultOn('delay', id)} onClick={() => run(delay)}>
          Delay answers
        </button>
        <button aria-pressed={isFaultOn('throttle', id)} onClick={() => run(throttle)}>
          Throttle
        </button>
      </div>
      <Outcome result={result} />
    </HubSide>
  );
}
