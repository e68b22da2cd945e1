/** A client created from a token, its device, and a function that creates more tokens. */
export async function tokenPair(context, se) {
  const device = await context.createDevice();
  const token = await context.makeToken(device, se);
  const { endpoint } = device;
  const options = { endpoint, connectionRetryInterval: 0.1 };
  const client = context.keep(context.IoTHubDeviceClient.createFromSasToken(token, options));
  return { device, client, ...context.watch(client) };
}
