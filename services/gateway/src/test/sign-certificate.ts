import { type KeyLike, sign } from 'node:crypto';
import forge from 'node-forge';

// The types of node-forge leave this part out.
const { getTBSCertificate, oids } = forge.pki as unknown as {
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
  readonly oids: { readonly sha256WithRSAEncryption: string };
};

/** Signs what node-forge has put together, and gives it in PEM. By OpenSSL: in JavaScript it costs a spec up to a second. */
export function signCertificate(certificate: forge.pki.Certificate, privateKey: KeyLike): string {
  certificate.signatureOid = oids.sha256WithRSAEncryption;
  certificate.siginfo.algorithmOid = oids.sha256WithRSAEncryption;
  const signed = Buffer.from(forge.asn1.toDer(getTBSCertificate(certificate)).getBytes(), 'latin1');
  certificate.signature = sign('sha256', signed, privateKey).toString('latin1');
  return forge.pki.certificateToPem(certificate);
}
