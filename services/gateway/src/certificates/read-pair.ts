import {
  type CertificateFlaw,
  checkClientCertificate,
  type CheckedCertificate,
  enclosedAuthorities,
  type FlawedCertificate,
  readPfx,
  readPrivateKey,
} from '@tolem/egress';
import type { CertificateSecret } from '@tolem/persistence';
import { type ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { UploadedPair } from './certificate.schema.ts';

/** What may be shown of a certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  /** SHA-256, hexadecimal, upper case. */
  readonly fingerprint: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** An uploaded pair as it is kept: PEM, the key without encryption, because all of it is sealed. */
export interface ReadPair {
  readonly secret: CertificateSecret;
  readonly facts: CertificateFacts;
}

/**
 * Reads an uploaded pair and throws 422 where it could not be used: not PEM or PFX, wrong pass phrase, key of another
 * certificate, its dates, not for clients. No message repeats what was sent.
 * @param now epoch milliseconds
 */
export function readPair(upload: UploadedPair, now: number): ReadPair {
  const { certificatePem, privateKeyPem } = openPair(upload);
  const checked = checkClientCertificate(
    {
      certificatePem,
      key: { privateKeyPem },
      ...(upload.ca === undefined ? {} : { caPem: upload.ca }),
      wholeChain: false,
    },
    now,
  );
  if (!checked.ok) throw flawed(checked, upload.pfx === undefined ? POINTERS : ALL_IN_PFX);
  const ca = upload.ca ?? enclosedAuthorities(certificatePem);
  return {
    secret: {
      kind: 'certificate',
      certificate: certificatePem,
      private_key: privateKeyPem,
      ...(ca === undefined ? {} : { ca }),
    },
    facts: factsOf(checked),
  };
}

export function factsOf(checked: CheckedCertificate): CertificateFacts {
  const { subject, issuer, serial, fingerprint256: fingerprint, notBefore, notAfter } = checked;
  return { subject, issuer, serial, fingerprint, notBefore, notAfter };
}

const POINTERS: Readonly<Partial<Record<CertificateFlaw, string>>> = {
  ca_invalid: '/ca',
  private_key_invalid: '/private_key',
  private_key_mismatch: '/private_key',
};
const ALL_IN_PFX: typeof POINTERS = {
  ...POINTERS,
  ...Object.fromEntries(
    [
      'certificate_invalid',
      'private_key_mismatch',
      'certificate_expired',
      'certificate_not_yet_valid',
      'certificate_not_for_clients',
    ].map((name) => [name, '/pfx']),
  ),
};

/** A certificate that cannot be used, as the API says it. @param pointers of flaws that are not in `/certificate` */
export function flawed({ flaw, detail }: FlawedCertificate, pointers: typeof POINTERS = POINTERS): ApiProblem {
  // An authority is a certificate too; the pointer says which one it is.
  const code = flaw === 'ca_invalid' ? 'certificate_invalid' : flaw;
  return unprocessable(code, pointers[flaw] ?? '/certificate', sentence(detail));
}

function openPair(upload: UploadedPair): { readonly certificatePem: string; readonly privateKeyPem: string } {
  if (upload.pfx !== undefined) return openPfx(upload.pfx, upload.pass_phrase ?? '');
  const read = readPrivateKey(upload.private_key ?? '', upload.pass_phrase ?? '');
  if (read.ok) return { certificatePem: upload.certificate ?? '', privateKeyPem: read.privateKeyPem };
  if (read.reason === 'wrong_pass_phrase') throw passPhraseWrong();
  throw unprocessable('private_key_invalid', '/private_key', `The private key cannot be read: ${read.detail}.`);
}

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

function openPfx(base64: string, passPhrase: string): ReturnType<typeof openPair> {
  if (!BASE64.test(base64)) throw unprocessable('pfx_invalid', '/pfx', 'This is not base64.');
  const read = readPfx(Buffer.from(base64, 'base64'), passPhrase);
  if (read.ok) return { certificatePem: read.certificatePem + read.chainPem, privateKeyPem: read.privateKeyPem };
  if (read.reason === 'wrong_pass_phrase') throw passPhraseWrong();
  const code = read.reason === 'key_mismatch' ? 'private_key_mismatch' : 'pfx_invalid';
  throw unprocessable(code, '/pfx', sentence(read.detail));
}

function passPhraseWrong(): ApiProblem {
  return unprocessable('pass_phrase_wrong', '/pass_phrase', 'The pass phrase is missing or does not open this key.');
}

function sentence(detail: string): string {
  return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
}
