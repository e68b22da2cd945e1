import { misfit } from './json-schema.js';

/**
 * A device's response to a call: its delay, status and payload, and whether the request was valid.
 * @param {ReturnType<ReturnType<import('./behaviour.js').readBehaviour>>} behaviour
 */
export function answerTo({ name, payload: request }, behaviour, now, desired) {
  const method = behaviour.methods.get(name);
  if (!method) return refusal(404, `this simulated device has no method ${name}`);
  const mistake = misfit(request, method.request);
  if (mistake) return refusal(400, mistake);
  const { delayMs, status, payload } = method;
  const context = { ...behaviour.context(now, desired), request };
  return { delayMs, status, payload: payload(context), isTaken: true };
}

const refusal = (status, message) => ({ delayMs: 0, status, payload: { message }, isTaken: false });
