import { useSignal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { counted } from './format.js';
import { KindSelect, useKind } from './kind-select.jsx';
import { addFromLocalHub, localHub } from './local-hub.js';
import { scene } from './scene.js';

const MOST = 1000;

/** Adds any number of devices of the local hub with one click. */
export function LocalHubForm() {
  const number = useSignal(1);
  const kind = useKind();
  const one = useAction(() => addFromLocalHub(number.value, kind.kindName));
  const all = useAction(async () => {
    for (const { name, count } of scene.value.kinds) await addFromLocalHub(count, name);
  });
  const isBusy = one.result.value.isBusy || all.result.value.isBusy;
  const suggested = scene.value.kinds.reduce((sum, { count }) => sum + count, 0);
  const submit = (event) => {
    event.preventDefault();
    one.run();
  };
  return (
    <section class="way">
      <h3>Add devices from the local hub</h3>
      <p>
        A hub runs beside this page, at <code>{localHub.value.hostname}</code>. It makes the devices
        and their keys; they connect and send at once.
      </p>
      <form onSubmit={submit}>
        <div class="fields">
          <label>
            Number of devices
            <input
              type="number"
              min="1"
              max={MOST}
              required
              value={number}
              onInput={(event) => (number.value = event.currentTarget.valueAsNumber || 1)}
            />
          </label>
          <KindSelect kind={kind} />
        </div>
        <div class="buttons">
          <button class="primary" disabled={isBusy}>
            Add {counted(number.value, 'device')}
          </button>
          {suggested > 1 && (
            <button type="button" disabled={isBusy} onClick={() => all.run()}>
              Add the scene’s {suggested}
            </button>
          )}
        </div>
        <Outcome result={one.result} />
        <Outcome result={all.result} />
      </form>
    </section>
  );
}
