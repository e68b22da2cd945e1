/** A device whose messages outlive its process or page. */

/**
 * Reports when waiting messages begin to be sent, and when the hub has them.
 * @param {import('iothub-device-client').IoTHubDeviceClient} client that has connected
 * @param {(text: string) => void} tell
 */
export async function followDrain({ outbox }, tell) {
  if (!outbox || outbox.count === 0) return;
  tell(outbox.count === 1 ? 'sends 1 stored message' : `sends ${outbox.count} stored messages`);
  try {
    await outbox.drained();
    tell('is empty');
  } catch {
    // The connection has ended: the rest is sent on the next one.
  }
}
