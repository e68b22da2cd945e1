import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { fleet } from './fleet.js';
import { pretty, size } from './format.js';
import { GeneratorHelp } from './generator-help.jsx';
import { KindEditor, useDraft } from './kind-editor.jsx';
import { Notice } from './notice.jsx';
import { PropertyRows } from './property-rows.jsx';

const PAUSE_MILLISECONDS = 150;

/** What devices of a kind send, and when; with a preview of the next message. */
export function TelemetryView({ kindName, id = 'device-1' }) {
  const draft = useDraft(kindName, 'telemetry');
  const area = useRef();
  const preview = usePreview(kindName, draft, id);
  const telemetry = draft.value.value;
  const isTemplateWrong = Boolean(preview.value.error?.message.includes('telemetry.template'));
  const set = (change) => draft.change({ ...telemetry, ...change });
  const insert = (generator) => {
    const { selectionStart, selectionEnd } = area.current;
    area.current.setRangeText(generator, selectionStart, selectionEnd, 'end');
    set({ template: area.current.value });
    area.current.focus();
  };
  return (
    <KindEditor kindName={kindName} draft={draft} isWrong={preview.value.error !== undefined}>
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
          <PropertyRows
            properties={telemetry.properties}
            change={(properties) => set({ properties })}
          />
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
  const telemetry = draft.value.value;
  useEffect(() => {
    const timer = setTimeout(async () => {
      preview.value = await fleet.preview(draft.behaviour(), id);
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
      {error && <Notice kind="bad" text={error.message} />}
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

function Timing({ telemetry, set }) {
  const { isOn, periodMs, jitter, contentType, contentEncoding } = telemetry;
  const number = (event, change) => {
    if (event.currentTarget.validity.valid) set(change(event.currentTarget.valueAsNumber));
  };
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
        <label>
          Every, in seconds
          <input
            type="number"
            min="0.01"
            max="86400"
            step="any"
            required
            value={periodMs / 1000}
            onInput={(event) =>
              number(event, (seconds) => ({ periodMs: Math.round(seconds * 1000) }))
            }
          />
        </label>
        <label>
          Jitter, in percent
          <input
            type="number"
            min="0"
            max="100"
            step="any"
            required
            value={Math.round(jitter * 100)}
            onInput={(event) => number(event, (percent) => ({ jitter: percent / 100 }))}
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
      </div>
    </>
  );
}
