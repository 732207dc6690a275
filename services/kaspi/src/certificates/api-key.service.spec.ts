import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtInApiKey } from '@tolem/sandbox';
import { BIN } from '../../test/running-bank.ts';
import { CertificateHouse } from './test/certificate-house.ts';

let house: CertificateHouse;
beforeAll(async () => {
  house = await CertificateHouse.open();
  await house.start();
});
afterAll(() => house.close());

async function healthUnder(key: string, ca?: string): Promise<string> {
  const id = house.ids.next('crt');
  await house.keepKey(id, key, ca);
  return house.health(house.connection(id, house.bank.sandbox.r1Url, 'r1').id);
}

describe('a connection with an API key', () => {
  it('is let in by the bank with the key from the vault, and refused with another one', async () => {
    expect(await healthUnder(builtInApiKey(BIN))).toBe('up');
    expect(await healthUnder('test_00000000-0000-4000-8000-000000000000')).toBe('refused');
    for (const text of [house.log.join(''), JSON.stringify(house.events)])
      expect(text).not.toContain(builtInApiKey(BIN));
  });

  it('trusts the bank’s own authority because it was given, and no other', async () => {
    const foreign = house.read(house.bank.sandbox.tls.foreignCert);
    expect(await healthUnder(builtInApiKey(BIN), foreign)).toBe('refused');
  });
});
