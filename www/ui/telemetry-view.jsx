import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { fleet } from './fleet.js';
import { pretty, size } from './format.js';
import { GeneratorHelp } from './generator-help.jsx';
import { useDraft } from './drafts.js';
import { KindEditor } from './kind-editor.jsx';
import { NumberField } from './number-field.jsx';
import { behaviourOf } from './scene.js';
import { inWords } from './words.js';
import { Notice } from './notice.jsx';
import { PropertyRows } from './property-rows.jsx';

const PAUSE_MILLISECONDS = 150;

/** What a hub takes of a message, in bytes. */
const MAX_SIZE = 256 * 1024;

const isTooLong = (preview) => preview.value.message?.size > MAX_SIZE;

/** What devices of a kind send, and when; with a preview of the next message. */
export function TelemetryView({ kindName, id = 'device-1' }) {
  const draft = useDraft(kindName, 'telemetry');
  const area = useRef();
  const preview = usePreview(kindName, draft, id);
  const telemetry = draft.value;
  const isTemplateWrong = Boolean(preview.value.error?.message.includes('telemetry.template'));
  const set = (change) => draft.change({ ...telemetry, ...change });
  const insert = (generator) => {
    const { selectionStart, selectionEnd } = area.current;
    area.current.setRangeText(generator, selectionStart, selectionEnd, 'end');
    set({ template: area.current.value });
    area.current.focus();
  };
  return (
    <KindEditor
      kindName={kindName}
      draft={draft}
      isWrong={preview.value.error !== undefined || isTooLong(preview)}
    >
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
              value={telemetry.template}
              aria-invalid={isTemplateWrong}
              aria-describedby="template-error"
              onInput={(event) => set({ template: event.currentTarget.value })}
            />
          </label>
          <GeneratorHelp insert={insert} />
          <PropertyRows rows={telemetry.properties} change={(properties) => set({ properties })} />
        </section>
        <section>
          <Preview preview={preview} />
          <Timing telemetry={telemetry} set={set} />
        </section>
      </div>
    </KindEditor>
  );
}

/** The next message as the worker would send it, a moment after the last key. */
function usePreview(kindName, draft, id) {
  const preview = useSignal({});
  const telemetry = draft.value;
  useEffect(() => {
    const timer = setTimeout(async () => {
      // When it sends does not matter to what; the numbers may not be right yet.
      const { periodMs, jitter } = behaviourOf(kindName).telemetry;
      const part = { ...draft.part(), periodMs, jitter };
      preview.value = await fleet.preview({ ...behaviourOf(kindName), telemetry: part }, id);
    }, PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [telemetry, kindName, id]);
  return preview;
}

function Preview({ preview }) {
  const { message, error } = preview.value;
  return (
    <div id="template-error" class="stack">
      <h3>Preview {message && <span class="quiet">{size(message.size)}</span>}</h3>
      {error && <Notice kind="bad" text={inWords(error.message)} />}
      {isTooLong(preview) && <Notice kind="bad" text="A hub takes 256 KB at most." />}
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

function readable(text) {
  try {
    return pretty(JSON.parse(text));
  } catch {
    return text;
  }
}

/** What is no number of the range stays as it was typed. */
const inNumbers = (value, convert) => (typeof value === 'number' ? convert(value) : value);

function Timing({ telemetry, set }) {
  const { isOn, periodMs, jitter, contentType, contentEncoding } = telemetry;
  return (
    <>
      <h3>When, and as what</h3>
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
          value={inNumbers(periodMs, (milliseconds) => milliseconds / 1000)}
          change={(typed) =>
            set({ periodMs: inNumbers(typed, (seconds) => Math.round(seconds * 1000)) })
          }
        />
        <NumberField
          label="Jitter, in percent"
          min={0}
          max={100}
          step="any"
          value={inNumbers(jitter, (part) => Number((part * 100).toPrecision(12)))}
          change={(typed) => set({ jitter: inNumbers(typed, (percent) => percent / 100) })}
        />
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
      </div>
    </>
  );
}
