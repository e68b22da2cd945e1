// What the hub adds to the requests and routes of fastify.
import type { Identity } from './src/identity.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborts when the client has gone. */
    gone: AbortSignal;
    /** Who sent it, at the endpoints of devices. */
    device: Identity;
  }
  interface FastifyContextConfig {
    /** Which rights a route takes, where not those of its scope. */
    rights?: string[];
    /** False for what no page of another origin may read. */
    cors?: boolean;
  }
  /** The schemas have checked what a request brings, and say what it is. */
  interface FastifyTypeProviderDefault {
    readonly validator: Record<string, any>;
  }
}
