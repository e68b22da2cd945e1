import { ActionForm } from './action.jsx';
import { CodeButton } from './code-dialog.jsx';
import { details } from './fleet.js';
import { duration, timeOfDay } from './format.js';
import { HubSide } from './hub-side.jsx';
import { Icon } from './icon.jsx';
import { JsonField } from './json-field.jsx';
import { useDraft } from './drafts.js';
import { KindEditor } from './kind-editor.jsx';
import { KeptInput, keptText } from './kept-text.jsx';
import { inMilliseconds, inSeconds, NumberField } from './number-field.jsx';
import { readJson } from './read-json.js';
import { askLocalHub, isLocal } from './local-hub.js';
import { behaviourOf } from './scene.js';

const NEW = { name: '', delayMs: 0, status: 200, payload: '{"done": true}' };

/** The methods of a kind, and the calls that a device received. */
export function MethodsView({ kindName, id }) {
  return (
    <>
      <MethodsEditor kindName={kindName} />
      <div class="columns">
        <Invocations id={id} kindName={kindName} />
        {isLocal(id) && <Invoke id={id} kindName={kindName} />}
      </div>
    </>
  );
}

/** Edits the methods that a kind responds to. */
export function MethodsEditor({ kindName }) {
  const draft = useDraft(kindName, 'methods');
  const methods = draft.value;
  const change = (index, part) =>
    draft.change(methods.map((method, at) => (at === index ? { ...method, ...part } : method)));
  return (
    <section>
      <h3>
        Methods <span class="quiet">other names get status 404</span>
      </h3>
      <KindEditor kindName={kindName} draft={draft}>
        {methods.length === 0 && <p class="empty">No methods yet.</p>}
        {methods.map((method, index) => (
          <Method
            key={index}
            number={index + 1}
            method={method}
            change={(part) => change(index, part)}
            remove={() => draft.change(methods.filter((_, at) => at !== index))}
          />
        ))}
        <button type="button" class="chip" onClick={() => draft.change([...methods, NEW])}>
          Add a method
        </button>
      </KindEditor>
    </section>
  );
}

function Method({ number, method, change, remove }) {
  const { name, delayMs, status, payload } = method;
  return (
    <fieldset class="method">
      <legend class="unseen">Method {number}</legend>
      <label>
        Name
        <input
          value={name}
          required
          spellcheck={false}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      </label>
      <NumberField
        label="Delay, in seconds"
        min={0}
        max={300}
        step={0.001}
        value={inSeconds(delayMs)}
        change={(next) => change({ delayMs: inMilliseconds(next) })}
      />
      <NumberField
        label="Status"
        min={0}
        max={999}
        value={status}
        change={(next) => change({ status: next })}
      />
      <button
        type="button"
        class="plain only-icon"
        onClick={remove}
        aria-label={`Remove method ${name || number}`}
      >
        <Icon name="remove" />
      </button>
      <label class="wide">
        Response payload
        <textarea
          class="code"
          rows="2"
          value={payload}
          spellcheck={false}
          onInput={(event) => change({ payload: event.currentTarget.value })}
        />
      </label>
    </fieldset>
  );
}

function Invocations({ id, kindName }) {
  const invocations = details.value?.invocations ?? [];
  return (
    <section>
      <div class="section-head">
        <h3 id="invocations">Invocations</h3>
        <CodeButton
          id={id}
          title="Respond to methods"
          action={() => ({ kind: 'answer', methods: behaviourOf(kindName).methods.map(asValues) })}
        />
      </div>
      {invocations.length === 0 && <p class="empty">None yet. A back end invokes methods.</p>}
      <ol class="log" aria-labelledby="invocations">
        {invocations.map(({ time, name, payload, ...rest }, index) => (
          <li key={invocations.length - index}>
            <time>{timeOfDay(time)}</time>
            <b>{name}</b> <code>{JSON.stringify(payload)}</code>
            <Answer {...rest} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A method with its payload as a value: one with generators keeps them as they are written. */
const asValues = ({ name, status, delayMs, payload }) => ({
  ...{ name, status, delayMs },
  payload: readJson(payload).value ?? payload,
});

function Answer({ status, answer, delayMs, durationMs }) {
  if (status === undefined) return <p class="quiet">response in {duration(delayMs)}</p>;
  return (
    <p>
      <span class={status < 400 ? 'good' : 'bad'}>{status}</span>{' '}
      <code>{JSON.stringify(answer)}</code> <span class="quiet">after {duration(durationMs)}</span>
    </p>
  );
}

function Invoke({ id, kindName }) {
  const { text, type } = keptText(id, 'call', '{}');
  const { value, error } = readJson(text);
  const names = behaviourOf(kindName).methods.map(({ name }) => name);
  const invoke = async ({ methodName }) => {
    const { status, payload } = await askLocalHub('methods', { id, methodName, payload: value });
    return `Status ${status}: ${JSON.stringify(payload)}`;
  };
  return (
    <HubSide title="Invoke a method">
      <ActionForm
        work={invoke}
        button="Invoke"
        isWrong={error !== undefined}
        beside={
          <CodeButton
            id={id}
            title="Invoke a method"
            disabled={error !== undefined}
            action={({ methodName }) => ({ kind: 'invoke', methodName, payload: value })}
          />
        }
      >
        <label>
          Name
          <KeptInput
            device={id}
            field="method"
            initial={names[0] ?? ''}
            name="methodName"
            required
            spellcheck={false}
            list="method-names"
          />
        </label>
        <datalist id="method-names">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <JsonField label="Payload" text={text} type={type} error={error} rows={2} />
      </ActionForm>
    </HubSide>
  );
}
