/** What turns on again what the hub says is on. */
export function requestOf({ twinAnswer, ...active }) {
  if (twinAnswer === undefined) return active;
  const { status, body } = twinAnswer;
  return { ...active, twinStatus: status, ...(body !== undefined && { body }) };
}
