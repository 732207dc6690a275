import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { heavySpecs } from './heavy-specs.ts';

describe('the specs that the quick run leaves out', () => {
  const heavy = heavySpecs(fileURLToPath(new URL('../../..', import.meta.url))).map((pattern) => new RegExp(pattern));
  const isHeavy = (path: string): boolean => heavy.some((pattern) => pattern.test(path));

  it('are those that start a database, a bank or a service, by what they import', () => {
    expect(isHeavy('/house/libs/persistence/test/outbox.spec.ts')).toBe(true);
    expect(isHeavy('/house/services/gateway/src/organizations/organizations.spec.ts')).toBe(true);
  });

  it('and not those of pure functions', () => {
    expect(isHeavy('/house/libs/domain/src/money.spec.ts')).toBe(false);
    expect(isHeavy('/house/libs/provider-kit/src/payments/payment-life.spec.ts')).toBe(false);
    expect(isHeavy('/house/services/kaspi/src/codes.spec.ts')).toBe(false);
  });
});
