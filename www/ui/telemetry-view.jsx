import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { afterPause } from './after-pause.js';
import { readable, size } from './format.js';
import { Fold } from './fold.jsx';
import { GeneratorHelp } from './generator-help.jsx';
import { useDraft } from './drafts.js';
import { KindEditor } from './kind-editor.jsx';
import { inMilliseconds, inSeconds, NumberField } from './number-field.jsx';
import { behaviourOf, previewDraft } from './scene.js';
import { inWords } from './words.js';
import { Notice } from './notice.jsx';
import { PropertyRows } from './property-rows.jsx';
import { UnitFields } from './unit-fields.jsx';

const PAUSE_MILLISECONDS = 150;

/** The largest message that a hub accepts, with its properties, in bytes. */
const MAX_SIZE = 256 * 1024;

const isTooLong = (preview) => preview.value.longest?.wholeSize > MAX_SIZE;

const NEW = {
  template: '{"number": "{{counter}}"}',
  periodMs: 10_000,
  jitter: 0,
  properties: [],
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  isOn: true,
};

/** What devices of a kind send, and when; with a preview of the next message. */
export function TelemetryView({ kindName, id = 'device-1' }) {
  const draft = useDraft(kindName, 'telemetry');
  const chosen = useSignal(0);
  const messages = draft.value;
  const index = Math.min(chosen.value, messages.length - 1);
  const preview = usePreview(kindName, draft, id, index);
  const add = () => {
    draft.change([...messages, { name: unusedName(messages), ...NEW }]);
    chosen.value = messages.length;
  };
  const copy = () => {
    draft.change(
      messages.toSpliced(index + 1, 0, { ...messages[index], name: unusedName(messages) }),
    );
    chosen.value = index + 1;
  };
  const remove = () => draft.change(messages.filter((_, at) => at !== index));
  const set = (change) => draft.change(messages.with(index, { ...messages[index], ...change }));
  return (
    <KindEditor
      kindName={kindName}
      draft={draft}
      isWrong={preview.value.error !== undefined || isTooLong(preview)}
    >
      <MessageChoice {...{ messages, index, chosen, add, copy, remove }} />
      {index >= 0 && <MessageEditor message={messages[index]} set={set} preview={preview} />}
    </KindEditor>
  );
}

/** Chooses one of the messages, if there is more than one. */
function MessageChoice({ messages, index, chosen, add, copy, remove }) {
  return (
    <div class="buttons">
      {messages.length > 1 && (
        <label>
          Message to edit
          <select
            value={index}
            onChange={(event) => (chosen.value = Number(event.currentTarget.value))}
          >
            {messages.map((message, at) => (
              <option key={at} value={at}>
                {summaryOf(message)}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="button" class="chip" onClick={add}>
        Add a message
      </button>
      {messages.length > 0 && (
        <>
          <button type="button" class="chip" onClick={copy}>
            <span>
              Copy<span class="wide-only"> this message</span>
            </span>
          </button>
          <button type="button" class="chip" onClick={remove}>
            <span>
              Remove<span class="wide-only"> this message</span>
            </span>
          </button>
        </>
      )}
    </div>
  );
}

function summaryOf({ name, isOn, periodMs }) {
  if (!isOn) return `${name}, by hand`;
  return typeof periodMs === 'number' ? `${name}, every ${periodMs / 1000} s` : name;
}

function MessageEditor({ message, set, preview }) {
  const area = useRef();
  const isTemplateWrong = /telemetry\.\d+\.template/.test(preview.value.error?.message);
  const insert = (generator) => {
    const { selectionStart, selectionEnd } = area.current;
    area.current.setRangeText(generator, selectionStart, selectionEnd, 'end');
    set({ template: area.current.value });
    area.current.focus();
  };
  return (
    <div class="columns">
      <section>
        <h3>Message</h3>
        <label>
          Template: JSON with generators
          <textarea
            class="code"
            rows="9"
            spellcheck={false}
            ref={area}
            value={message.template}
            aria-invalid={isTemplateWrong}
            aria-describedby="template-error"
            onInput={(event) => set({ template: event.currentTarget.value })}
          />
        </label>
        <GeneratorHelp insert={insert} />
        <UnitFields
          units={message.units}
          body={preview.value.message?.body}
          change={(units) => set({ units })}
        />
        <Fold title={<PropertiesTitle of={message.properties} />}>
          <PropertyRows rows={message.properties} change={(properties) => set({ properties })} />
        </Fold>
      </section>
      <section>
        <Preview preview={preview} />
        <Timing telemetry={message} set={set} />
        <Format telemetry={message} set={set} />
      </section>
    </div>
  );
}

const PropertiesTitle = ({ of }) => (
  <>
    Properties <span class="quiet">{of.length}</span>
  </>
);

function unusedName(messages) {
  const names = messages.map(({ name }) => name);
  let number = messages.length + 1;
  while (names.includes(`message ${number}`)) number += 1;
  return `message ${number}`;
}

/** The next message as the worker would send it, a moment after the last key. */
function usePreview(kindName, draft, id, index) {
  const preview = useSignal({});
  const messages = draft.value;
  const find = async () => {
    if (index < 0) return {};
    // When it is sent does not affect its content, and the numbers may be invalid.
    const telemetry = draft.part().map((message) => ({ ...message, periodMs: 1000, jitter: 0 }));
    return previewDraft({ ...behaviourOf(kindName), telemetry }, id, index);
  };
  useEffect(
    () => afterPause(PAUSE_MILLISECONDS, find, (found) => (preview.value = found)),
    [messages, kindName, id, index],
  );
  return preview;
}

function Preview({ preview }) {
  const { message, longest, error } = preview.value;
  return (
    <div id="template-error" class="stack">
      <h3>Preview {message && <span class="quiet">{size(message.size)}</span>}</h3>
      {error && <Notice kind="bad" text={inWords(error.message)} />}
      {isTooLong(preview) && (
        <Notice
          kind="bad"
          text={`A hub accepts at most 256 KB. “${longest.name}” has ${size(longest.wholeSize)}, including its properties.`}
        />
      )}
      {message && <pre class="json preview">{readable(message.body)}</pre>}
      {message && Object.keys(message.properties).length > 0 && (
        <dl class="pairs">
          {Object.entries(message.properties).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** Text that is not a number in the range stays as typed. */
const inPercent = (part) =>
  typeof part === 'number' ? Number((part * 100).toPrecision(12)) : part;

const inParts = (typed) => (typeof typed === 'number' ? typed / 100 : typed);

function Timing({ telemetry, set }) {
  const { isOn, periodMs, jitter } = telemetry;
  return (
    <>
      <h3>Timing</h3>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => set({ isOn: event.currentTarget.checked })}
        />
        Send telemetry
      </label>
      <div class="fields">
        <NumberField
          label="Every, in seconds"
          min={0.01}
          max={86400}
          step={0.001}
          value={inSeconds(periodMs)}
          change={(typed) => set({ periodMs: inMilliseconds(typed) })}
        />
        <NumberField
          label="Jitter, in percent"
          min={0}
          max={100}
          step="any"
          value={inPercent(jitter)}
          change={(typed) => set({ jitter: inParts(typed) })}
        />
      </div>
    </>
  );
}

function Format({ telemetry, set }) {
  const { name, component, contentType, contentEncoding } = telemetry;
  return (
    <Fold title="Name and format">
      <div class="fields">
        <label>
          Name of the message
          <input
            value={name}
            required
            maxLength={128}
            spellcheck={false}
            onInput={(event) => set({ name: event.currentTarget.value })}
          />
        </label>
        <label>
          Content type
          <input
            value={contentType}
            spellcheck={false}
            onInput={(event) => set({ contentType: event.currentTarget.value })}
          />
        </label>
        <label>
          Content encoding
          <input
            value={contentEncoding}
            spellcheck={false}
            onInput={(event) => set({ contentEncoding: event.currentTarget.value })}
          />
        </label>
        <label>
          Component of the model
          <input
            value={component ?? ''}
            maxLength={128}
            spellcheck={false}
            onInput={(event) => set({ component: event.currentTarget.value || undefined })}
          />
        </label>
      </div>
    </Fold>
  );
}
