// The signals of users. One listener on each serves all calls: Node.js warns about more than ten,
// and removing one of many is slow.

/** The callbacks for each signal. */
const all = new WeakMap();

/**
 * Calls `abort` when the signal is aborted.
 * @param {AbortSignal | undefined} signal
 * @param {() => void} abort
 * @returns {() => void} removes `abort`
 */
export function onAbort(signal, abort) {
  if (!signal) return () => {};
  let aborts = all.get(signal);
  if (!aborts) all.set(signal, (aborts = new Set()));
  const listener = (aborts.listener ??= () => aborts.forEach((abort) => abort()));
  if (aborts.size === 0) signal.addEventListener('abort', listener);
  aborts.add(abort);
  return () => {
    if (aborts.delete(abort) && aborts.size === 0) signal.removeEventListener('abort', listener);
  };
}
