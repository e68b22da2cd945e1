/**
 * Reads the MQTT user name of a client that registers:
 * `{idScope}/registrations/{registrationId}/api-version=...&...`.
 * @param {string | undefined} text
 * @returns {{idScope: string, registrationId: string, apiVersion?: string} | null}
 */
export function parseRegistrationUserName(text) {
  const [idScope, kind, registrationId, ...rest] = (text ?? '').split('/');
  if (!idScope || kind !== 'registrations' || !registrationId) return null;
  const query = new URLSearchParams(rest.join('/').replace(/^\?/, ''));
  return { idScope, registrationId, apiVersion: query.get('api-version') ?? undefined };
}
