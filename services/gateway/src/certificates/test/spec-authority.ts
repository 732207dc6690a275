import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { signCertificate } from '../../test/sign-certificate.ts';

/** Making keys is slow; nobody attacks the authorities of specs. */
const KEY_BITS = 1024;
const DAY_MS = 86_400_000;

export interface Issue {
  readonly key: KeyObject;
  readonly commonName?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Names as node-forge has them; by default clientAuth. */
  readonly usage?: 'clientAuth' | 'serverAuth';
}

/** A provider's mail desk: signs what it is given. */
export class SpecAuthority {
  readonly #key: KeyObject;
  readonly #name: string;
  readonly pem: string;
  /** DER wants no zeros before it. */
  static #serial = 0x10_00;

  constructor(name: string, issuer?: SpecAuthority) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: KEY_BITS });
    this.#key = privateKey;
    this.#name = name;
    const extensions = [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true },
    ];
    this.pem = (issuer ?? this).#sign(publicKey, { commonName: name, extensions });
  }

  /** PEM. */
  issue({ key, commonName = 'till', usage = 'clientAuth', ...dates }: Issue): string {
    return this.#sign(key, { commonName, extensions: [{ name: 'extKeyUsage', [usage]: true }], ...dates });
  }

  #sign(key: KeyObject, what: { commonName: string; extensions: object[]; notBefore?: Date; notAfter?: Date }): string {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(key.export({ type: 'spki', format: 'pem' }).toString());
    certificate.serialNumber = (SpecAuthority.#serial += 1).toString(16);
    certificate.validity.notBefore = what.notBefore ?? new Date(Date.now() - DAY_MS);
    certificate.validity.notAfter = what.notAfter ?? new Date(Date.now() + 1_000 * DAY_MS);
    certificate.setSubject([{ shortName: 'CN', value: what.commonName }]);
    certificate.setIssuer([{ shortName: 'CN', value: this.#name }]);
    certificate.setExtensions(what.extensions);
    return signCertificate(certificate, this.#key);
  }
}
