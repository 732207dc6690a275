import { X509Certificate } from 'node:crypto';

/** What may be shown of a certificate, and what alerts of its end need. */
export interface CertificateSummary {
  /** One line, the most specific part first: `CN=Small Shops LLP, O=…, C=KZ`. */
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  /** SHA-256 of the certificate, hexadecimal, upper case, without colons. */
  fingerprint256: string;
}

/** The first certificate of a PEM text; undefined when there is none that can be read. */
export function certificateSummary(pem: string): CertificateSummary | undefined {
  try {
    const certificate = new X509Certificate(pem);
    return {
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      notBefore: new Date(certificate.validFrom),
      notAfter: new Date(certificate.validTo),
      fingerprint256: certificate.fingerprint256.replaceAll(':', ''),
    };
  } catch {
    return undefined;
  }
}

const MAX_NAME_CHARACTERS = 1_000;

// A certificate without a name gives undefined, against the types of Node.
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').reverse().join(', ').slice(0, MAX_NAME_CHARACTERS);
}
