import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { CreateCertificate } from './certificate.schema.ts';

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

type Upload = Pick<CreateCertificate, 'certificate' | 'private_key' | 'pass_phrase' | 'ca'>;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads an uploaded certificate and throws 422 where it could not be used: not PEM, key of another certificate, wrong
 * pass phrase, expired. No message repeats what was sent.
 * @param now epoch milliseconds
 */
export function readCertificate(upload: Upload, now: number): CertificateFacts {
  const certificate = parse(upload.certificate, '/certificate');
  if (!certificate.checkPrivateKey(keyOf(upload))) {
    throw refusal('private_key_mismatch', '/private_key', 'This private key belongs to another certificate.');
  }
  if (upload.ca !== undefined) for (const pem of upload.ca.match(PEM_CERTIFICATE) ?? ['']) parse(pem, '/ca');
  const notAfter = new Date(certificate.validTo);
  if (notAfter.getTime() <= now) {
    throw refusal('certificate_expired', '/certificate', `This certificate ended on ${notAfter.toISOString()}.`);
  }
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256.replaceAll(':', ''),
    notBefore: new Date(certificate.validFrom),
    notAfter,
  };
}

function parse(pem: string, pointer: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw refusal(
      'certificate_invalid',
      pointer,
      'This is not an X.509 certificate in PEM (-----BEGIN CERTIFICATE-----).',
    );
  }
}

function keyOf(upload: Upload): KeyObject {
  try {
    return createPrivateKey({
      key: upload.private_key,
      ...(upload.pass_phrase === undefined ? {} : { passphrase: upload.pass_phrase }),
    });
  } catch {
    const detail = 'The private key cannot be read: it is not PEM, or its pass phrase is missing or wrong.';
    throw refusal('private_key_invalid', '/private_key', detail);
  }
}

function refusal(code: string, pointer: string, detail: string): ApiProblem {
  return unprocessable(code, pointer, detail);
}

function oneLine(name: string): string {
  return name.split('\n').reverse().join(', ').slice(0, 1_000);
}
