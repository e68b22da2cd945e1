/**
 * Requests the device's certificate from the provisioning service, for Node.js, Deno and Bun.
 *
 * @module iothub-device-client/certificate-request
 */
import type { CertificateRequest } from './index.js';

/**
 * For the option `certificateRequest`: creates a new key on P-384, which stays in this process, and
 * a certificate signing request for it.
 */
export const certificateRequest: CertificateRequest;
