/** What a piece of a program or of JSON is, by the group that matches. */
const PIECES =
  /(?<comment>(?<=^|\s)(?:\/\/|#).*$)|(?<key>"(?:[^"\\\n]|\\.)*"(?=:))|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<number>\b\d[\d.e]*\b)|(?<keyword>\b(?:async|await|catch|const|def|for|from|function|if|import|in|lambda|let|new|return|throw|try|while|with|as|raise|class|extends|true|false|null|True|False|None|undefined)\b)/gm;

/** A text with colours, in a frame that can be scrolled. */
export function Highlighted({ text, label }) {
  return (
    <pre class="json code-block" tabIndex={0} role="region" aria-label={label}>
      {[...pieces(text)]}
    </pre>
  );
}

function* pieces(text) {
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > end) yield text.slice(end, match.index);
    const [kind] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    yield <span class={`is-${kind}`}>{match[0]}</span>;
    end = match.index + match[0].length;
  }
  yield text.slice(end);
}
