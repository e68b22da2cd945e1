/** Whether the environment variable `DEBUG` asks for what this package does. */
export const isDebugged = () => isNamed('iothub-device-client', process.env.DEBUG ?? '');

/** Whether a list in the form of npm `debug` has a name: `a,b*,-c`. */
function isNamed(name, list) {
  const patterns = list.split(/[\s,]+/);
  const matches = (pattern) =>
    new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(
      name,
    );
  const isOff = (pattern) => pattern.startsWith('-') && matches(pattern.slice(1));
  return patterns.some(matches) && !patterns.some(isOff);
}
