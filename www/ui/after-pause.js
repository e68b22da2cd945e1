/**
 * Looks for something a moment after the last key, and shows it. Returns a function that ends this:
 * what is found afterwards is of an earlier text, and is not shown.
 * @template T
 * @param {number} milliseconds
 * @param {() => Promise<T>} find
 * @param {(found: T) => void} show
 */
export function afterPause(milliseconds, find, show) {
  let isCurrent = true;
  const timer = setTimeout(async () => {
    const found = await find();
    if (isCurrent) show(found);
  }, milliseconds);
  return () => {
    isCurrent = false;
    clearTimeout(timer);
  };
}
