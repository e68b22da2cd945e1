const API_VERSION = /^20\d\d-\d\d-\d\d(-preview)?$/;

/**
 * Reads an MQTT user name: `{host}/{device}[/{module}]/?api-version=...&...`, where the question
 * mark or the whole last part may be missing.
 * @param {string | undefined} text
 * @returns {{host: string, deviceId: string, moduleId?: string, apiVersion?: string,
 *            modelId?: string} | null}
 */
export function parseUserName(text) {
  const [host, deviceId, ...rest] = (text ?? '').split('/');
  if (!host || !deviceId) return null;
  const isQuery = (part) => /^($|\?|api-version=)/.test(part);
  const moduleId = rest.length > 0 && !isQuery(rest[0]) ? rest.shift() : undefined;
  const query = new Map();
  for (const pair of rest.join('/').replace(/^\?/, '').split('&')) {
    const [key, value = ''] = pair.split(/=(.*)/s);
    if (!query.has(key)) query.set(key, value);
  }
  const apiVersion = query.get('api-version');
  if (apiVersion !== undefined && !API_VERSION.test(apiVersion)) return null;
  try {
    const modelId = query.has('model-id') ? decodeURIComponent(query.get('model-id')) : undefined;
    return { host, deviceId, moduleId, apiVersion, modelId };
  } catch {
    return null;
  }
}
