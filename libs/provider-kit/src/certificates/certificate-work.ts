import type { CertificateSubject, Failure } from '@tolem/contracts';
import type { Call } from '../call.ts';

/** A private key with the request for its certificate; PEM, the key PKCS #8 without encryption. */
export interface RequestedCertificate {
  readonly privateKeyPem: string;
  readonly csrPem: string;
}

export type PingOutcome =
  | { readonly is: 'answered' }
  /** The provider does not let us in with it; a person must act. */
  | { readonly is: 'refused'; readonly failure: Failure }
  /** The provider cannot be asked now. `lasting`: or that was its "no", for this reason; only a repeat tells. */
  | { readonly is: 'unreachable'; readonly failure: Failure; readonly lasting?: Failure };

/** What a provider's certificates are like, and how to try one. */
export interface CertificateWork {
  /** Makes a key by the provider's rules; does its computing beside the event loop. */
  request(subject: CertificateSubject): Promise<RequestedCertificate>;
  /** Asks the provider something that changes nothing, under the credential of this call. */
  ping(call: Call): Promise<PingOutcome>;
}

/** A pair that came from outside, checked to belong together. */
export interface CertificatePair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly caPem?: string;
  /** Epoch milliseconds. */
  readonly notAfter: number;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
}

/**
 * Keeps a pair as the next version of a certificate where it is not one of its versions already. It is tried and takes
 * over like any other. With `changed` it was another pair until now, so it may also be one of before that comes back.
 */
export type BringCertificate = (id: string, pair: CertificatePair, changed: boolean) => Promise<void>;
