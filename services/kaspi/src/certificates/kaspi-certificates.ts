import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { CertificateSubject } from '@tolem/contracts';
import { certificateRequest, type KeyUsage } from '@tolem/egress';
import type { CertificateWork, PingOutcome } from '@tolem/provider-kit';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { verifyOutcome } from '../connections/verify-kaspi.ts';

const KEY_BITS = 2048;
/** Exactly these and clientAuth, or the bank sends the request back (Kaspi QR v3.9, Appendix 2). */
const KEY_USAGE: readonly KeyUsage[] = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'];

const makeKeys = promisify(generateKeyPair);

/** Certificates as the bank wants them, and the harmless call by which one is tried. */
export function kaspiCertificates(client: Pick<KaspiClient, 'ping'>): CertificateWork {
  return {
    async request(subject) {
      const { privateKey } = await makeKeys('rsa', { modulusLength: KEY_BITS });
      return {
        privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        csrPem: certificateRequest(privateKey, { subject: nameOf(subject), keyUsage: KEY_USAGE }),
      };
    },
    ping: async (call) => pingOutcome(await client.ping(endpointOf(call.access), call)),
  };
}

/** The bank wants the department, the challenge password and the optional company name left out. */
function nameOf(subject: CertificateSubject) {
  return [
    { type: 'C', value: 'KZ' },
    { type: 'ST', value: subject.region },
    { type: 'L', value: subject.town },
    { type: 'O', value: subject.organization },
    { type: 'CN', value: subject.common_name },
    { type: 'emailAddress', value: subject.email },
  ] as const;
}

function pingOutcome(answer: KaspiAnswer<null>): PingOutcome {
  if (answer.is === 'ok') return { is: 'answered' };
  const outcome = verifyOutcome(answer);
  switch (outcome.is) {
    case 'up':
      return { is: 'answered' };
    case 'refused':
      return outcome;
    case 'down':
      return { ...outcome, is: 'unreachable' };
  }
}
