import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { certificateSummary, readPfx } from '../src/index.ts';

describe('the summary of a certificate', () => {
  it('says whose it is, who issued it, from when to when it is good, and its fingerprint', () => {
    const pfx = readPfx(readFileSync(new URL('pfx/rc2-40.pfx', import.meta.url)), 'secret-4711');
    if (!pfx.ok) throw new Error(pfx.detail);
    expect(certificateSummary(pfx.certificatePem)).toEqual({
      subject: 'CN=Till rsa, O=Small Shops LLP, C=KZ',
      issuer: 'CN=Spec Issuing CA',
      notBefore: new Date('2026-11-22T16:34:03Z'),
      notAfter: new Date('2046-11-17T16:34:03Z'),
      fingerprint256: 'F3F8AE477F8DB8E00B4809E3FC2683C25F4718DAD92488D8A40B3B629538BCD9',
    });
    expect(certificateSummary(pfx.privateKeyPem)).toBeUndefined();
  });

  it.each(['', 'no PEM', '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----'])(
    'of %j there is none',
    (text) => {
      expect(certificateSummary(text)).toBeUndefined();
    },
  );
});
