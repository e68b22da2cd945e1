import { ActionForm } from './action.jsx';
import { DeviceFilter, isFiltered, shownIds, whom } from './device-filter.jsx';
import { Faults } from './faults.jsx';
import { fleet, ids, peekDevice } from './fleet.js';
import { counted } from './format.js';
import { forEachDevice } from './groups.js';
import { HubSide } from './hub-side.jsx';
import { JsonField } from './json-field.jsx';
import { KeptInput, keptText } from './kept-text.jsx';
import { askLocalHub, isLocal } from './local-hub.js';
import { openAdding } from './navigation.js';
import { readJson } from './read-json.js';
import { removeDevices } from './removing.jsx';
import { behaviourOf } from './scene.js';
import { TagEditor } from './tag-editor.jsx';
import { inWords } from './words.js';

/** Actions for all devices that the filter shows. */
export function GroupView() {
  const shown = shownIds.value;
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
  const locals = shown.filter(isLocal);
  return (
    <>
      <section>
        <h3>
          Which devices{' '}
          <span class="quiet">
            {isFiltered.value ? `${shown.length} of ${ids.value.length}` : `all ${shown.length}`}
          </span>
        </h3>
        <div class="group-filter">
          <DeviceFilter />
        </div>
        <GroupButtons shown={shown} />
        <TagEditor ids={shown} />
      </section>
      <div class="columns">
        <Report shown={shown} />
        {locals.length > 0 && <Desire locals={locals} />}
      </div>
      {locals.length > 0 && (
        <>
          <div class="columns">
            <Invoke locals={locals} />
            <Send locals={locals} />
          </div>
          <Faults ids={isFiltered.value ? locals : 'all'} />
        </>
      )}
      {locals.length < shown.length && (
        <p class="hint">
          {counted(shown.length - locals.length, 'device')} of a real hub: only its back end can
          change desired properties, invoke methods and send messages.
        </p>
      )}
    </>
  );
}

function GroupButtons({ shown }) {
  const isNone = shown.length === 0;
  return (
    <div class="buttons">
      <button disabled={isNone} onClick={() => fleet.start(shown)}>
        Start {whom()}
      </button>
      <button disabled={isNone} onClick={() => fleet.stop(shown)}>
        Stop {whom()}
      </button>
      <button class="plain" disabled={isNone} onClick={() => removeDevices(shown)}>
        Remove {whom()}
      </button>
    </div>
  );
}

/** The outcomes, in words, the most frequent first. */
async function inSum(ids, work) {
  const results = await forEachDevice(ids, work);
  return [...results]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([result, having]) => {
      const which = having.length < 4 ? having.join(', ') : counted(having.length, 'device');
      return `${which}: ${inWords(result)}`;
    })
    .join(' · ');
}

function Report({ shown }) {
  const json = jsonOf('report', '{\n  "firmware": "1.0.1"\n}', 'object');
  const work = () =>
    inSum(shown, async (id) => {
      await fleet.reportProperties(id, json.value);
      return 'reported';
    });
  return (
    <section>
      <h3>Report properties</h3>
      <GroupForm work={work} button="Report" ids={shown} json={json}>
        <JsonField label="Patch of the reported properties" {...json.field} />
      </GroupForm>
    </section>
  );
}

function Desire({ locals }) {
  const json = jsonOf('desire', '{\n  "targetTemperature": 23\n}', 'object');
  const work = () =>
    inSum(locals, async (id) => {
      await askLocalHub('desired', { id, patch: json.value });
      return 'patched';
    });
  return (
    <HubSide title="Change desired properties">
      <GroupForm work={work} button="Patch" ids={locals} json={json}>
        <JsonField label="Patch of the desired properties" {...json.field} />
      </GroupForm>
    </HubSide>
  );
}

function Invoke({ locals }) {
  const json = jsonOf('call', '{}');
  const kinds = [...new Set(locals.map((id) => peekDevice(id).kind))];
  const methods = kinds.flatMap((kind) => behaviourOf(kind).methods);
  const names = [...new Set(methods.map(({ name }) => name))];
  const work = ({ methodName }) =>
    inSum(locals, async (id) => {
      const call = { id, methodName, payload: json.value };
      const { status, payload } = await askLocalHub('methods', call);
      return `status ${status} ${JSON.stringify(payload)}`;
    });
  return (
    <HubSide title="Invoke a method">
      <GroupForm work={work} button="Invoke" ids={locals} json={json}>
        <label>
          Name
          <KeptInput
            field="method"
            initial={names[0] ?? ''}
            name="methodName"
            required
            spellcheck={false}
            list="group-methods"
          />
        </label>
        <datalist id="group-methods">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <JsonField label="Payload" rows={2} {...json.field} />
      </GroupForm>
    </HubSide>
  );
}

function Send({ locals }) {
  const json = jsonOf('properties', '{\n  "priority": "high"\n}', 'object');
  const work = ({ body }) =>
    inSum(locals, async (id) => {
      await askLocalHub('messages', { id, body, properties: json.value });
      return 'queued at the hub';
    });
  return (
    <HubSide title="Send a message to the devices">
      <GroupForm work={work} button="Send" ids={locals} json={json}>
        <label>
          Text
          <KeptInput field="message" initial="Hello, device" name="body" required />
        </label>
        <JsonField label="Properties" rows={3} {...json.field} />
      </GroupForm>
    </HubSide>
  );
}

function GroupForm({ ids, json, button, children, ...rest }) {
  return (
    <ActionForm
      button={`${button}: ${counted(ids.length, 'device')}`}
      isWrong={ids.length === 0 || json.field.error !== undefined}
      {...rest}
    >
      {children}
    </ActionForm>
  );
}

/** A text for JSON, with its value and what a `JsonField` needs. */
function jsonOf(field, begin, wanted) {
  const { text, type } = keptText(undefined, field, begin);
  const { value, error } = readJson(text, wanted);
  return { value, field: { text, type, error } };
}
