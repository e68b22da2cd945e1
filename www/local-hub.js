const MEMBERS = ['hostname', 'endpoint', 'httpEndpoint', 'tunnel'];

/**
 * Asks the server for its local hub. Only that of `npm start` has one; others answer with an error,
 * or with a page of theirs.
 * @returns {Promise<Record<'hostname' | 'endpoint' | 'httpEndpoint' | 'tunnel', string> | undefined>}
 */
export async function readLocalHub() {
  try {
    const told = await (await fetch('local-hub.json')).json();
    return MEMBERS.every((name) => typeof told[name] === 'string') ? told : undefined;
  } catch {
    return undefined;
  }
}
