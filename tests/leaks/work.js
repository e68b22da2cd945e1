/** The work of the clients in these tests, the same in Node.js and in a page. */

/** Creates, uses and shuts down clients, one after the other. */
export async function comeAndGo(createClient, count) {
  for (let number = 0; number < count; number++) {
    const client = createClient();
    client.onMessageReceived = () => {};
    client.onTwinDesiredPropertiesPatchReceived = () => {};
    await client.sendMessage(`client ${number}`);
    await client.shutdown();
  }
}

/** Sends messages, a number of them at a time. */
export async function send(client, count, atOnce = 1000) {
  for (let sent = 0; sent < count; sent += atOnce) {
    const messages = Array.from({ length: atOnce }, (_, index) => `message ${sent + index}`);
    await Promise.all(messages.map((message) => client.sendMessage(message)));
  }
}
