/** A client made of a token, its device, and how to make more. */
export async function tokenPair(context, se) {
  const device = await context.createDevice();
  const token = await context.makeToken(device, se);
  const { endpoint } = device;
  const options = { endpoint, connectionRetryInterval: 0.1 };
  const client = context.keep(context.IoTHubDeviceClient.createFromSasToken(token, options));
  return { device, client, ...context.watch(client) };
}
