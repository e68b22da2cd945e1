import { useSignal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { HubSide } from './hub-side.jsx';
import { askLocalHub } from './local-hub.js';

const DELAY_MILLISECONDS = 2000;

/** Lets the local hub misbehave, towards one device or all, so that one sees the client recover. */
export function Faults({ id }) {
  const ids = id === undefined ? 'all' : [id];
  const whom = id === undefined ? 'all devices' : id;
  const isSlow = useSignal(false);
  const isThrottled = useSignal(false);
  const { run, result } = useAction((work) => work());
  const drop = (how, words) => async () => {
    await askLocalHub('drop', { ids, how });
    return `${words} of ${whom}. They reconnect by themselves, and send again what was lost.`;
  };
  const delay = async () => {
    await askLocalHub('delay', { ids, milliseconds: isSlow.value ? 0 : DELAY_MILLISECONDS });
    isSlow.value = !isSlow.value;
    return isSlow.value ? 'The hub now acknowledges 2 seconds late.' : 'The hub is prompt again.';
  };
  const throttle = async () => {
    await askLocalHub('throttle', { ids, isOn: !isThrottled.value });
    isThrottled.value = !isThrottled.value;
    return isThrottled.value
      ? 'More than a message every second closes the connection now.'
      : 'The hub takes everything again.';
  };
  return (
    <HubSide title="Let something go wrong">
      <div class="buttons">
        <button onClick={() => run(drop('reset', 'Reset the connection'))}>Reset connection</button>
        <button onClick={() => run(drop('close', 'Closed the connection'))}>Close connection</button>
        <button aria-pressed={isSlow.value} onClick={() => run(delay)}>Delay answers</button>
        <button aria-pressed={isThrottled.value} onClick={() => run(throttle)}>Throttle</button>
      </div>
      <Outcome result={result} />
    </HubSide>
  );
}
