import { describe, expect, it } from '@jest/globals';
import { CASHIER_KEYS, cashierText } from './cashier-texts.ts';

describe('cashier texts', () => {
  it('has the keys that the rest of the house names', () => {
    expect(CASHIER_KEYS).toEqual(
      expect.arrayContaining([
        'show_qr',
        'confirm_in_app',
        'wait',
        'paid',
        'paid_late',
        'declined',
        'expired',
        'canceled',
        'failed',
        'unknown_ask_admin',
        'cancel_pending',
        'not_started',
        'provider_overloaded',
        'desk_setup',
        'wrong_amount',
        'no_payment_methods',
        'provider_unavailable',
        'limit_exceeded',
        'reference_locked',
      ]),
    );
  });

  it.each(CASHIER_KEYS)('%s says something in all three languages, with nothing left to fill in', (key) => {
    for (const params of [{}, { max: '1 000.00 ₸', reference: 'S-1' }]) {
      const { ru, kk, en } = cashierText(key, params);
      for (const text of [ru, kk, en]) {
        expect(text.length).toBeGreaterThan(5);
        expect(text.length).toBeLessThanOrEqual(140);
        expect(text).not.toMatch(/[{}[\]]|undefined|\s{2}/);
      }
    }
  });

  it.each(CASHIER_KEYS)('%s is written in the letters of its language', (key) => {
    const { ru, kk, en } = cashierText(key);
    expect(ru).toMatch(/^[А-ЯЁ]/);
    expect(ru).not.toMatch(/[әғқңөұүһі]/i);
    expect(kk).toMatch(/^(QR-[а-я]|[А-ЯЁӘҒҚҢӨҰҮҺІ])/);
    expect(kk).toMatch(/[әғқңөұүһі]/i);
    expect(kk).not.toBe(ru);
    expect(en).toMatch(/^[\x20-\x7e]+$/);
    expect((ru + kk).replaceAll('QR', '')).not.toMatch(/[a-z]/i);
  });

  it('fills in a parameter in every language', () => {
    for (const text of Object.values(cashierText('limit_exceeded', { max: '500.00 ₸' }))) {
      expect(text).toContain('(500.00 ₸)');
    }
  });

  it('takes a parameter as it is, brackets and braces included', () => {
    const { en } = cashierText('reference_locked', { reference: 'A[{reference}]$1' });
    expect(en).toContain('(A[{reference}]$1)');
  });

  it('tells to hand over goods in one text only', () => {
    expect(CASHIER_KEYS.filter((key) => cashierText(key).en.startsWith('Paid'))).toEqual(['paid']);
    expect(CASHIER_KEYS.filter((key) => /(^|[^а-яё])отдайте/i.test(cashierText(key).ru))).toEqual(['paid']);
  });
});
