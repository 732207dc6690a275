import type { Access } from '@tolem/provider-kit';
import type { __Name__Endpoint } from './client/__name__.client.ts';

/** Where the provider is for a connection, with the certificate that serves it. */
export function endpointOf(access: Access): __Name__Endpoint {
  const { credential } = access;
  return { baseUrl: access.baseUrl, ...(credential?.is === 'certificate' ? { credential } : {}) };
}
