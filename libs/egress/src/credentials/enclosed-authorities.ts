import { X509Certificate } from 'node:crypto';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The authorities that came behind a client certificate, as PEM, where a root is among them; undefined otherwise. To
 * prove who we are nobody needs the root, so whoever sends it without naming `ca` means what is to be trusted: a provider
 * that signs its clients by a root of its own signs its servers by it too. Lost, it would
 * leave the provider's server checked by the public list, on which such a root does not stand.
 * @param certificatePem certificates that were read before, the client's first
 */
export function enclosedAuthorities(certificatePem: string): string | undefined {
  const [, ...behind] = certificatePem.match(PEM_CERTIFICATE) ?? [];
  const authorities = behind.filter((pem) => new X509Certificate(pem).ca);
  return authorities.some(isRoot) ? authorities.map((pem) => `${pem}\n`).join('') : undefined;
}

function isRoot(pem: string): boolean {
  const certificate = new X509Certificate(pem);
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}
