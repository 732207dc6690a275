import { describe, expect, it } from '@jest/globals';
import { webhookHeaders, webhookSecret } from './webhook-secret.ts';

/** The example of the Standard Webhooks reference libraries. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const AT_MS = 1_614_265_330_999;
const BODY = '{"test": 2432232314}';

describe('the signature of a webhook', () => {
  it('is that of the Standard Webhooks example, with whole seconds', () => {
    expect(webhookHeaders(ID, AT_MS, BODY, [SECRET])).toEqual({
      'webhook-id': ID,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('stands once for each secret while one replaces the other', () => {
    const other = webhookSecret(new Uint8Array(32).fill(7));
    const [first, second] = webhookHeaders(ID, AT_MS, BODY, [SECRET, other])['webhook-signature'].split(' ');
    expect(first).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    expect(second).toBe(webhookHeaders(ID, AT_MS, BODY, [other])['webhook-signature']);
    expect(second).not.toBe(first);
  });
});
