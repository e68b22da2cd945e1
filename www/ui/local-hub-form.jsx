import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { ids } from './fleet.js';
import { counted } from './format.js';
import { KindSelect, useKind } from './kind-select.jsx';
import {
  addFromLocalHub,
  devicesAtLocalHub,
  localHub,
  MAX_AT_ONCE,
  takeUpFromLocalHub,
} from './local-hub.js';
import { NumberField } from './number-field.jsx';
import { OutboxChoice, useOutboxChoice } from './outbox-choice.jsx';
import { scene } from './scene.js';

/** Adds any number of devices of the local hub with one click. */
export function LocalHubForm() {
  const number = useSignal(1);
  const kind = useKind();
  const outbox = useOutboxChoice();
  const add = (count, name) => addFromLocalHub(count, name, outbox.value);
  const one = useAction(() => add(number.value, kind.kindName));
  const all = useAction(async () => {
    for (const { name, count } of scene.value.kinds) await add(count, name);
  });
  const isBusy = one.result.value.isBusy || all.result.value.isBusy;
  const suggested = scene.value.kinds.reduce((sum, { count }) => sum + count, 0);
  const submit = (event) => {
    event.preventDefault();
    one.run();
  };
  return (
    <section class="way">
      <h4>Local hub</h4>
      <p>
        Creates devices at the hub on this machine, <code>{localHub.value.hostname}</code>. They
        connect and send immediately.
      </p>
      <form onSubmit={submit}>
        <div class="fields">
          <NumberField
            label="Number of devices"
            min={1}
            max={MAX_AT_ONCE}
            value={number.value}
            change={(next) => (number.value = next)}
          />
          <KindSelect kind={kind} />
        </div>
        <OutboxChoice choice={outbox} />
        <div class="buttons">
          {suggested > 1 && (
            <button type="button" class="primary" disabled={isBusy} onClick={() => all.run()}>
              Add the scene’s {counted(suggested, 'device')}
            </button>
          )}
          <button class={suggested > 1 ? '' : 'primary'} disabled={isBusy}>
            Add {typeof number.value === 'number' ? counted(number.value, 'device') : 'devices'}
          </button>
        </div>
        <Outcome result={one.result} />
        <Outcome result={all.result} />
      </form>
      <TakeUp kind={kind} outbox={outbox} />
    </section>
  );
}

/** Devices that exist at the hub and are not in this page. */
function TakeUp({ kind, outbox }) {
  const there = useSignal([]);
  const marked = useSignal(new Set());
  const { run, result } = useAction((chosen) =>
    takeUpFromLocalHub(chosen, kind.kindName, outbox.value),
  );
  useEffect(() => {
    const show = (found) => (there.value = found);
    devicesAtLocalHub().then(show, () => {});
  }, [ids.value]);
  const chosen = there.value.filter((id) => marked.value.has(id));
  const mark = (id, isMarked) => {
    const others = [...marked.value].filter((one) => one !== id);
    marked.value = new Set(isMarked ? [...others, id] : others);
  };
  if (there.value.length === 0) return null;
  return (
    <details class="take-up">
      <summary>Use existing devices of the hub ({there.value.length})</summary>
      <fieldset>
        <legend>They keep their twins and queued messages</legend>
        <div class="take-up-list">
          {there.value.map((id) => (
            <label key={id} class="check">
              <input
                type="checkbox"
                checked={marked.value.has(id)}
                onChange={(event) => mark(id, event.currentTarget.checked)}
              />
              {id}
            </label>
          ))}
        </div>
      </fieldset>
      <div class="buttons">
        <button disabled={chosen.length === 0 || result.value.isBusy} onClick={() => run(chosen)}>
          Use {counted(chosen.length, 'device')}
        </button>
        <button disabled={result.value.isBusy} onClick={() => run(there.value)}>
          Use all
        </button>
      </div>
      <Outcome result={result} />
    </details>
  );
}
