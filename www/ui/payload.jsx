import { tooDeepAt } from '../../simulator/src/limits.js';
import { CopyButton } from './copy-button.jsx';
import { count, pretty, size } from './format.js';
import { Highlighted } from './highlight.jsx';

/**
 * The body of a message, as JSON, text, or hexadecimal digits.
 * @param {{bytes: Uint8Array, total?: number}} props `total` if only the first bytes are there
 */
export function Payload({ bytes, total = bytes.length, children }) {
  const { kind, shown } = read(bytes, total > bytes.length);
  return (
    <div class="payload">
      <div class="payload-head">
        <span class="quiet small">
          {kind} · {size(total)}
          {total > bytes.length && ` · the first ${count(bytes.length)} bytes`}
        </span>
        <div class="buttons">
          {children}
          <CopyButton text={shown} class="chip" />
        </div>
      </div>
      <Highlighted text={shown} label="Payload" />
    </div>
  );
}

const HEX_BYTES = 4096;

function read(bytes, isCut) {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const text = decoder.decode(bytes, { stream: isCut });
    return asJson(text) ?? { kind: 'Text', shown: text };
  } catch {
    const digits = [...bytes.subarray(0, HEX_BYTES)].map((byte) =>
      byte.toString(16).padStart(2, '0'),
    );
    return { kind: 'Binary', shown: digits.join(' ') };
  }
}

/** White space outside of strings; the first group is a string. */
const SPACE = /("(?:[^"\\]|\\.)*")|\s+/g;

/** Formatted, unless that would change it: numbers beyond a double, repeated names. */
function asJson(text) {
  // Deeper, it would be mostly indents.
  if (tooDeepAt(text) >= 0) return undefined;
  try {
    const value = JSON.parse(text);
    const isSame = JSON.stringify(value) === text.replace(SPACE, '$1');
    return { kind: 'JSON', shown: isSame ? pretty(value) : text };
  } catch {
    return undefined;
  }
}
