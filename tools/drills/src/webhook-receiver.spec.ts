import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isSigned } from './webhook-receiver.ts';

const key = Buffer.alloc(32, 5);
const secret = `whsec_${key.toString('base64')}`;
const nowMs = 1_800_000_000_000;
const body = '{"id":"evt_1"}';
const headersAt = (seconds: number) => {
  const signature = createHmac('sha256', key).update(`evt_1.${seconds}.${body}`).digest('base64');
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} v1,${signature}`,
  };
};

describe('the signature of a webhook', () => {
  const good = headersAt(nowMs / 1_000);

  it('is believed where one of its words is right', () => {
    expect(isSigned(secret, good, body, nowMs)).toBe(true);
  });

  it('is not believed for another body, another key, another id, another time or without one', () => {
    expect(isSigned(secret, good, `${body} `, nowMs)).toBe(false);
    expect(isSigned(`whsec_${Buffer.alloc(32, 6).toString('base64')}`, good, body, nowMs)).toBe(false);
    expect(isSigned(secret, { ...good, 'webhook-id': 'evt_2' }, body, nowMs)).toBe(false);
    expect(isSigned(secret, good, body, nowMs + 301_000)).toBe(false);
    expect(isSigned(secret, { ...good, 'webhook-signature': '' }, body, nowMs)).toBe(false);
    expect(isSigned(secret, {}, body, nowMs)).toBe(false);
  });
});
