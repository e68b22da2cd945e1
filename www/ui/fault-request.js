/** The request that turns on again the faults that the hub reports as active. */
export function requestOf({ twinAnswer, ...active }) {
  if (twinAnswer === undefined) return active;
  const { status, body } = twinAnswer;
  return { ...active, twinStatus: status, ...(body !== undefined && { body }) };
}
