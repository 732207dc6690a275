import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPublicAddress, mayReach } from './address-rules.ts';

const CLOSED = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  'localhost',
  '',
];

describe('addresses that webhooks go to', () => {
  it.each(CLOSED)('never include %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(mayReach(address, true, [])).toBe(false);
  });

  it.each([
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '2a00:1450:4010::5',
    '2606:4700::1111',
  ])('include %s over HTTPS and never over HTTP', (address) => {
    expect(mayReach(address, true, [])).toBe(true);
    expect(mayReach(address, false, [])).toBe(false);
  });

  it('include networks that the operator opened, over HTTP too, in whatever form the address comes', () => {
    const allowed = ['127.0.0.0/8', 'fd00::/8'];
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', 'fd00::1']) {
      expect({ address, may: mayReach(address, false, allowed) }).toEqual({ address, may: true });
    }
    expect(mayReach('10.0.0.1', true, allowed)).toBe(false);
    expect(mayReach('::1', true, allowed)).toBe(false);
  });

  it('judge an IPv4 address the same in IPv6 clothes', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
      }),
    );
  });
});
