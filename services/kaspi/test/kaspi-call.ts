import type { EgressOutcome, EgressRequest } from '@tolem/egress';
import type { Access, Call } from '@tolem/provider-kit';
import { KaspiClient } from '../src/client/kaspi.client.ts';

export const TOKEN = '7f0c1d7e-1111-4222-8333-944445555666';
export const BIN = '180340021791';

/** A call under a scheme, as the kit makes it. */
export function callUnder(scheme: string, mode: Access['mode'] = 'test'): Call {
  const access: Access = {
    connectionId: 'con_1',
    version: 1,
    mode,
    baseUrl: 'https://bank.example:8545',
    scheme,
    enabled: true,
    taxId: BIN,
    options: {},
    credential: undefined,
  };
  return { access, requestId: '0123456789abcdef0123456789abcdef', mayWrite: () => true };
}

/** A client whose bank answers with these bodies, one after the other, and the requests that it got. */
export function clientHearing(...bodies: readonly string[]) {
  const requests: EgressRequest[] = [];
  const request = (asked: EgressRequest): Promise<EgressOutcome> => {
    const body = bodies[requests.length] ?? '';
    requests.push(asked);
    return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body, ms: 1 });
  };
  return { client: new KaspiClient({ egress: { request }, requestId: () => 'drawn' }), requests };
}
