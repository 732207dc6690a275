import { describe, expect, it } from '@jest/globals';
import { DEMOS } from '../demos/demos.ts';
import { readDemoOptions } from './demo-options.ts';
import { helpText } from './help.ts';

describe('options of npm run demo', () => {
  it('pays 1 490 tenge unless another amount is given, in tenge and exactly', () => {
    expect(readDemoOptions(['kaspi_qr'])).toEqual({ demo: 'kaspi_qr', amountMinor: 149_000, help: false });
    expect(readDemoOptions(['kaspi_qr', '--amount', '1000001'])).toMatchObject({ amountMinor: 100_000_100 });
    expect(readDemoOptions(['--amount=0.10', 'kaspi_qr'])).toMatchObject({ amountMinor: 10 });
  });

  it('refuses what is not an amount of money, naming it', () => {
    for (const text of ['0', '-5', '1.005', 'much', '1e3']) {
      expect(() => readDemoOptions(['kaspi_qr', '--amount', text])).toThrow(`not "${text}"`);
    }
    expect(() => readDemoOptions(['kaspi_qr', '--amount'])).toThrow('--amount needs an amount');
  });

  it('every demo has its name and its summary in the help', async () => {
    const help = (await helpText('demo')).replaceAll(/\s+/g, ' ');
    for (const [name, { summary }] of Object.entries(DEMOS)) {
      expect(readDemoOptions([name])).toMatchObject({ demo: name });
      expect(help).toContain(`${name} ${summary.replaceAll('’', "'")}`);
    }
  });

  it('an amount is for the stories that sell something, not for those that have amounts of their own', () => {
    expect(readDemoOptions(['kaspi_link', '--amount', '10'])).toMatchObject({ amountMinor: 1_000 });
    expect(() => readDemoOptions(['kaspi_refund_r3', '--amount', '10'])).toThrow('--amount is not for kaspi_refund_r3');
  });

  it('names demos and options that it does not know', () => {
    expect(() => readDemoOptions(['cash'])).toThrow(
      'no demo of "cash": choose one of kaspi_qr, kaspi_link, kaspi_invoice',
    );
    expect(() => readDemoOptions(['kaspi_qr', '--loud'])).toThrow('Unknown option --loud');
    expect(() => readDemoOptions(['kaspi_qr', 'kaspi_qr'])).toThrow('One demo at a time');
    expect(() => readDemoOptions([])).toThrow('Name a demo');
  });

  it('asks for no method when only help is wanted', () => {
    expect(readDemoOptions(['--help'])).toMatchObject({ help: true });
  });
});
