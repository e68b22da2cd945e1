// What pages and workers can notice: the network came or went, the page slept, the same client was
// opened a second time. The client works without any of this: a platform may lack a part, or throw
// when it is used, for example if the user has blocked site data.

/** The message of a client that ends, to others of its identity. */
const GONE = 'gone';

/**
 * @param {string} resource names the device or module; the channel has its name, and nothing secret
 * @param {(what?: boolean) => void} report called with `true` when there is a network or the page
 *   wakes up, with `false` when there is none, with nothing when a newer client takes over
 */
export function watch(resource, report) {
  const listening = new AbortController();
  const { signal } = listening;
  // If the platform does not know, it counts as online: trying is the only way to find out.
  const isOnline = () => attempt(() => navigator.onLine) !== false;
  let told = true;
  const tell = () => report((told = isOnline()));
  for (const event of ['online', 'offline', 'pageshow', 'resume']) {
    // `resume` is an event of the document.
    attempt(() => addEventListener(event, tell, { capture: true, signal }));
  }
  // In workers, Chromium has no `online` and `offline` events, only changes of the connection,
  // which often happen without a loss.
  const tellNews = () => isOnline() !== told && tell();
  attempt(() => {
    const { connection } = /** @type {Navigator & {connection?: EventTarget}} */ (navigator);
    connection?.addEventListener('change', tellNews, { signal });
  });
  tellNews();

  // Distinguishes clients that begin in the same millisecond.
  const begun = Date.now() + Math.random();
  const others = attempt(() => new BroadcastChannel(`iothub-device-client/${resource}`));
  const say = (what) => attempt(() => others?.postMessage(what));
  const takeOver = () => say(begun);
  if (others) {
    others.onmessage = ({ data }) => {
      // A client that connected late may have taken the connection before it was notified.
      if (data === GONE) tell();
      else if (data > begun) report();
      else takeOver();
    };
  }
  return {
    takeOver,
    stop() {
      listening.abort();
      say(GONE);
      others?.close();
    },
  };
}

/**
 * Returns the result of `use`, or `undefined` if the platform throws.
 * @template T
 * @param {() => T} use
 */
function attempt(use) {
  try {
    return use();
  } catch {
    return undefined;
  }
}
