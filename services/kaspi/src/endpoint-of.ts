import type { Access } from '@tolem/provider-kit';
import type { KaspiEndpoint } from './client/kaspi.client.ts';

/** Where the bank is for a connection, with the certificate that serves it. */
export function endpointOf(access: Access): KaspiEndpoint {
  return {
    baseUrl: access.baseUrl,
    share: access.connectionId,
    ...(access.credential === undefined ? {} : { credential: access.credential }),
  };
}
