import { describe, expect, it } from '@jest/globals';
import { isAddressOrBlock, isAllowed } from './ip-list.ts';

describe('addresses that a key may come from', () => {
  it.each([
    ['10.1.2.3', ['10.1.2.3'], true],
    ['10.1.2.4', ['10.1.2.3'], false],
    ['10.1.2.4', ['192.0.2.1', '10.1.0.0/16'], true],
    ['10.2.0.1', ['10.1.0.0/16'], false],
    ['::ffff:10.1.2.3', ['10.1.2.3'], true],
    ['2001:db8::1', ['2001:db8::/32'], true],
    ['2001:db9::1', ['2001:db8::/32'], false],
    ['10.1.2.3', ['2001:db8::/32'], false],
    ['not an address', ['0.0.0.0/0'], false],
  ])('%s under %j is %s', (ip, allowed, expected) => {
    expect(isAllowed(ip, allowed)).toBe(expected);
  });

  it.each([['10.1.2.3'], ['10.0.0.0/8'], ['::1'], ['2001:db8::/32']])('takes %s', (text) =>
    expect(isAddressOrBlock(text)).toBe(true),
  );
  it.each([['10.1.2'], ['10.0.0.0/33'], ['::1/129'], ['10.0.0.0/8/8'], ['10.0.0.0/'], ['x'], ['']])(
    'refuses %j',
    (text) => expect(isAddressOrBlock(text)).toBe(false),
  );
});
