import Ajv from 'ajv/dist/2020.js';

/** What `GET /openapi.json` promises about the responses. */
export class Contract {
  #paths;
  #ajv = new Ajv({ strict: false });

  constructor(document) {
    this.#ajv.addSchema(document, 'document');
    this.#paths = Object.keys(document.paths).map((path) => ({
      path,
      pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`),
      methods: document.paths[path],
    }));
  }

  static async of({ url }) {
    return new Contract(await (await fetch(`${url}/openapi.json`)).json());
  }

  /** Throws if the response of a documented call is not one of the documented ones. */
  check(method, url, { status, body }) {
    const name = `${method} ${url}`;
    const found = this.#find(method.toLowerCase(), url.split('?')[0]);
    if (!found) return;
    const { responses } = found.methods[found.method];
    const key = [`${status}`, `${`${status}`[0]}XX`].find((each) => each in responses);
    if (!key) throw new Error(`/openapi.json knows no status ${status} of ${name}`);
    if (!responses[key].content) {
      if (body === undefined) return;
      throw new Error(`/openapi.json knows no body of ${name} with status ${status}`);
    }
    const where = ['paths', found.path, found.method, 'responses', key, 'content'];
    const pointer = [...where, 'application/json', 'schema'].map(escape).join('/');
    if (this.#ajv.validate({ $ref: `document#/${pointer}` }, body)) return;
    throw new Error(`${name} is not as in /openapi.json: ${this.#ajv.errorsText()}`);
  }

  /** The matching path; one without parameters comes first. */
  #find(method, url) {
    const fitting = this.#paths.filter(
      ({ pattern, methods }) => pattern.test(url) && methods[method],
    );
    const found = fitting.find(({ path }) => !path.includes('{')) ?? fitting[0];
    return found && { ...found, method };
  }
}

const escape = (segment) => encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'));
