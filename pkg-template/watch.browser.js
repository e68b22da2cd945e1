// What pages and workers are told: that the network came or went, that they slept, that the same
// client was opened once more.

/** What a client says when it ends, to others of its identity. */
const GONE = 'gone';

/**
 * @param {string} resource names the device or module; the channel has its name, and nothing secret
 * @param {(what?: boolean) => void} report called with `true` when there is a network or the page
 *   wakes up, with `false` when there is none, with nothing when a newer client takes over
 */
export function watch(resource, report) {
  const listening = new AbortController();
  let told = true;
  const tell = () => report((told = navigator.onLine));
  for (const event of ['online', 'offline', 'pageshow', 'resume']) {
    // `resume` is an event of the document.
    addEventListener(event, tell, { capture: true, signal: listening.signal });
  }
  // Chromium keeps `online` and `offline` from workers, but not that their connection changes,
  // which it often does without being lost.
  const tellNews = () => navigator.onLine !== told && tell();
  const { connection } = /** @type {Navigator & {connection?: EventTarget}} */ (navigator);
  connection?.addEventListener('change', tellNews, { signal: listening.signal });
  tellNews();

  // Two that begin in the same millisecond differ all the same.
  const begun = Date.now() + Math.random();
  const others = new BroadcastChannel(`iothub-device-client/${resource}`);
  const takeOver = () => others.postMessage(begun);
  others.onmessage = ({ data }) => {
    // One that connected late may have taken the connection before it heard that it must not.
    if (data === GONE) tell();
    else if (data > begun) report();
    else takeOver();
  };
  return {
    takeOver,
    stop() {
      listening.abort();
      others.postMessage(GONE);
      others.close();
    },
  };
}
