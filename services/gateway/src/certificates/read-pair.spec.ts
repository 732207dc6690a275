import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newKeyPair, testCertificate } from '../test/certificate.ts';
import { readPair } from './read-pair.ts';
import { SpecAuthority } from './test/spec-authority.ts';

const root = new SpecAuthority('Bank root');
const intermediate = new SpecAuthority('Bank intermediate', root);
const other = new SpecAuthority('Another root');
const keys = newKeyPair();
const leaf = intermediate.issue({ key: createPublicKey(keys.publicKey) });

/** What the provider's server will have to be signed by. */
function trusted(behind: string, ca?: string): string | undefined {
  const pair = { certificate: `${leaf}${behind}`, private_key: keys.privateKey };
  return readPair(ca === undefined ? pair : { ...pair, ca }, Date.now()).secret.ca;
}
const squeezed = (pem: string): string => pem.replaceAll(/\s/g, '');

describe('a pair that is uploaded', () => {
  it('with its root behind it and no `ca` has the provider’s server checked by that root', () => {
    expect(squeezed(trusted(`${intermediate.pem}${root.pem}`) ?? '')).toBe(squeezed(`${intermediate.pem}${root.pem}`));
  });

  it('with a `ca` has it checked by that alone', () => {
    expect(trusted(`${intermediate.pem}${root.pem}`, other.pem)).toBe(other.pem);
  });

  it.each([
    ['nothing', ''],
    ['its intermediate', intermediate.pem],
    ['a self-signed certificate that is no authority', testCertificate().certificate],
  ])('with %s behind it leaves the server to the well-known authorities', (_, behind) => {
    expect(trusted(behind)).toBeUndefined();
  });
});
