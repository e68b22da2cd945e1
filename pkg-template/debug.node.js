/** Whether the environment variable `DEBUG` includes this package. */
export const isDebugged = () => isNamed('iothub-device-client', process.env.DEBUG ?? '');

/** Whether a list in the format of npm `debug`, such as `a,b*,-c`, includes a name. */
function isNamed(name, list) {
  const patterns = list.split(/[\s,]+/);
  const matches = (pattern) =>
    new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(
      name,
    );
  const isOff = (pattern) => pattern.startsWith('-') && matches(pattern.slice(1));
  return patterns.some(matches) && !patterns.some(isOff);
}
