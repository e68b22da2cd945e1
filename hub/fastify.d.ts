// What the hub adds to the requests and routes of fastify.
import type { Identity } from './src/identity.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborts when the client has disconnected. */
    gone: AbortSignal;
    /** The device that sent the request, at the endpoints of devices. */
    device: Identity;
  }
  interface FastifyContextConfig {
    /** The rights that a route requires, if they differ from those of its scope. */
    rights?: string[];
    /** False if pages of other origins must not read the response. */
    cors?: boolean;
  }
  /** The schemas have checked the contents of a request, and define their types. */
  interface FastifyTypeProviderDefault {
    readonly validator: Record<string, any>;
  }
}
