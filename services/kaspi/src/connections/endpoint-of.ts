import type { Access } from '@tolem/provider-kit';
import type { KaspiEndpoint } from '../client/kaspi.client.ts';

/** Where the bank is for a connection, under which scheme and settings, with what the connection proves itself by. */
export function endpointOf(access: Access): KaspiEndpoint {
  return {
    baseUrl: access.baseUrl,
    share: access.connectionId,
    scheme: access.scheme,
    options: access.options,
    ...proofOf(access.credential),
  };
}

function proofOf(credential: Access['credential']): Pick<KaspiEndpoint, 'credential' | 'apiKey' | 'caPem'> {
  switch (credential?.is) {
    case 'certificate':
      return { credential };
    case 'api_key':
      return { apiKey: credential.key, ...(credential.caPem === undefined ? {} : { caPem: credential.caPem }) };
    case undefined:
      return {};
  }
}
