import { describe, expect, it } from '@jest/globals';
import { readDemoOptions } from './demo-options.ts';

describe('options of npm run demo', () => {
  it('pays 1 490 tenge unless another amount is given, in tenge and exactly', () => {
    expect(readDemoOptions(['kaspi_qr'])).toEqual({ method: 'kaspi_qr', amountMinor: 149_000, help: false });
    expect(readDemoOptions(['kaspi_qr', '--amount', '1000001'])).toMatchObject({ amountMinor: 100_000_100 });
    expect(readDemoOptions(['--amount=0.10', 'kaspi_qr'])).toMatchObject({ amountMinor: 10 });
  });

  it('refuses what is not an amount of money, naming it', () => {
    for (const text of ['0', '-5', '1.005', 'much', '1e3']) {
      expect(() => readDemoOptions(['kaspi_qr', '--amount', text])).toThrow(`not "${text}"`);
    }
    expect(() => readDemoOptions(['kaspi_qr', '--amount'])).toThrow('--amount needs an amount');
  });

  it('names methods and options that it does not know', () => {
    expect(() => readDemoOptions(['cash'])).toThrow('no demo of "cash"');
    expect(() => readDemoOptions(['kaspi_qr', '--loud'])).toThrow('Unknown option --loud');
    expect(() => readDemoOptions(['kaspi_qr', 'kaspi_qr'])).toThrow('One method at a time');
    expect(() => readDemoOptions([])).toThrow('Name a payment method');
  });

  it('asks for no method when only help is wanted', () => {
    expect(readDemoOptions(['--help'])).toMatchObject({ help: true });
  });
});
