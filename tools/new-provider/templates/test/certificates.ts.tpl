import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

cryptoProvider.set(webcrypto);

export interface Issued {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface Certificates {
  readonly caPem: string;
  readonly server: Issued;
  /** The one that the provider knows. */
  readonly client: Issued;
  /** One of another authority. */
  readonly foreign: Issued;
}

/** Everything that mutual TLS on this machine needs, made in memory. */
export async function makeCertificates(): Promise<Certificates> {
  const ours = await authority('Stand-in');
  const other = await authority('Somebody else');
  return {
    caPem: ours.caPem,
    server: await ours.issue('127.0.0.1'),
    client: await ours.issue('client'),
    foreign: await other.issue('client'),
  };
}

async function authority(name: string) {
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity,
    signingAlgorithm: EC,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    caPem: root.toString('pem'),
    async issue(commonName: string): Promise<Issued> {
      const own = await newKeys();
      const certificate = await X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        issuer: root.subject,
        ...validity,
        signingAlgorithm: EC,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
        ],
      });
      const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
      return { certificatePem: certificate.toString('pem'), privateKeyPem: PemConverter.encode(key, 'PRIVATE KEY') };
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
}
