import forge from 'node-forge';
import { testKeyPair } from '../../test/certificate.ts';

let certificate: { key: string; cert: string } | undefined;

/** A certificate of its own authority for 127.0.0.1 and receiver.test. */
export function serverCertificate(): { key: string; cert: string } {
  certificate ??= makeServerCertificate();
  return certificate;
}

function makeServerCertificate(): { key: string; cert: string } {
  const { publicKey, privateKey } = testKeyPair();
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(publicKey);
  made.serialNumber = '02';
  made.validity.notBefore = new Date('2025-01-01T00:00:00Z');
  made.validity.notAfter = new Date('2045-01-01T00:00:00Z');
  const name = [{ shortName: 'CN', value: 'receiver.test' }];
  made.setSubject(name);
  made.setIssuer(name);
  made.setExtensions([
    { name: 'basicConstraints', cA: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 7, ip: '127.0.0.1' },
        { type: 2, value: 'receiver.test' },
      ],
    },
  ]);
  made.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { key: privateKey, cert: forge.pki.certificateToPem(made) };
}
