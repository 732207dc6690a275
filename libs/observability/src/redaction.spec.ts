import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLogger, redact, scrubText } from './index.ts';
import { MAX_TEXT_LENGTH } from './scrub-text.ts';
import { isSecretKey } from './secret-keys.ts';

/** What one log line looks like, whatever is thrown at the logger. */
function lineOf(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ service: 'gateway', level: 'debug', stream: { write: (line) => void lines.push(line) } }));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

const secretKey = fc.constantFrom(
  ...[
    'authorization',
    'Authorization',
    'api_key',
    'X-API-Key',
    'apiKey',
    'secret',
    'clientSecret',
    'token',
    'DeviceToken',
  ],
  ...['ACCESS_TOKEN', 'pass_phrase', 'passPhrase', 'password', 'private_key', 'privateKeyPem', 'phone', 'PhoneNumber'],
  ...[
    'customer_phone',
    'barcode',
    'BarCode',
    'customer_name',
    'clientName',
    'PayerName',
    'firstName',
    'surname',
    'sealed',
  ],
  ...['sealed_customer', 'cookie', 'Set-Cookie', 'qr', 'qrToken', 'QR_CODE', 'payment_qr', 'CLIENTNAME'],
);

/** Printable, unmistakable, and with the characters that make quoting hard. */
const secretText = fc
  .array(fc.constantFrom('a', 'Z', '7', '"', '\\', '\n', ',', '}', ' ', 'ы'), { minLength: 0, maxLength: 12 })
  .map((noise) => `5ecr3t${noise.join('')}5ecr3t`);

const leaks = (line: string): boolean => line.includes('5ecr3t');

/** A value with the given leaf somewhere inside. */
function somewhere(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.tuple(tie('tree'), fc.jsonValue({ maxDepth: 1 })),
      tie('tree').map((inner) => ({ outcome: inner, amountMinor: 149000 })),
      tie('tree').map((inner) => new Map([['answer', inner]])),
      tie('tree').map((inner) => new Set([inner])),
      tie('tree').map((inner) => Object.assign(new Error('failed'), { details: inner })),
      tie('tree').map((inner) => new Error('failed', { cause: inner })),
      tie('tree').map((inner) => new AggregateError([inner], 'several')),
      tie('tree').map((inner) => ({ toJSON: () => inner })),
    ),
  })).tree;
}

describe('what is planted never comes out', () => {
  it('values under secret keys, however they are spelled and however deep they are', () => {
    const planted = fc.tuple(secretKey, fc.oneof(secretText, fc.array(secretText), fc.record({ value: secretText })));
    fc.assert(
      fc.property(somewhere(planted.map(([key, value]) => ({ [key]: value, status: 'open' }))), (value) => {
        expect(leaks(lineOf((logger) => logger.info({ value }, 'x')))).toBe(false);
        expect(leaks(lineOf((logger) => logger.child({ value }).error({ err: value }, 'x')))).toBe(false);
      }),
    );
  });

  it('our API keys in any text: fields, keys, messages, stacks', () => {
    const key = fc
      .tuple(fc.constantFrom('live', 'test', 'op'), fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/))
      .map(([kind, rest]) => `tlm_${kind}_5ecr3t${rest}`);
    fc.assert(
      fc.property(key, fc.string(), fc.string(), somewhere(fc.constant(null)), (planted, before, after, shape) => {
        const text = `${before}${planted} ${after}`;
        const fields = { text, [text]: 1, err: new Error(text), list: [[text]], shape };
        expect(leaks(lineOf((logger) => logger.warn(fields, text)))).toBe(false);
      }),
    );
  });

  it('PEM blocks in any text, whole, cut or quoted', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('PRIVATE KEY', 'CERTIFICATE', 'RSA PRIVATE KEY'),
        fc.nat(60),
        fc.string(),
        (kind, cut, before) => {
          const pem = `-----BEGIN ${kind}-----\n5ecr3tMIIB\n5ecr3tAAAA\n-----END ${kind}-----\n`;
          for (const text of [pem, JSON.stringify(pem), pem.slice(0, pem.length - cut)]) {
            expect(leaks(lineOf((logger) => logger.error({ err: new Error(before + text), text }, text)))).toBe(false);
          }
        },
      ),
    );
  });

  it('secret properties of a JSON text inside a text, quoted once, twice or three times', () => {
    fc.assert(
      fc.property(secretKey, secretText, fc.nat(2), (key, value, quoted) => {
        let text = JSON.stringify({ a: 1, [key]: value, z: [{ [key]: value }] });
        for (let n = 0; n < quoted; n += 1) text = JSON.stringify({ body: text });
        expect(leaks(scrubText(`answer was ${text}`))).toBe(false);
      }),
    );
  });

  it('secrets in queries, credentials in headers and in addresses', () => {
    const text = [
      'GET /a?phone=5ecr3t&x=1',
      'device_token=5ecr3t',
      'Authorization: Bearer 5ecr3t.5ecr3t',
      'Basic 5ecr3t5ecr3t==',
      'postgres://tolem:5ecr3t@127.0.0.1:5432/tolem',
    ].join(' | ');
    expect(leaks(lineOf((logger) => logger.error({ err: new Error(text) }, text)))).toBe(false);
    expect(scrubText(text)).toContain('127.0.0.1:5432/tolem');
  });

  it('phones that begin with +, however people write them', () => {
    const gap = fc.constantFrom('', ' ', '-', '\u00a0', ' (', ') ', '.');
    const digits = fc.tuple(
      fc.constantFrom('7', '998', '1'),
      fc.array(fc.tuple(gap, fc.nat(9)), { minLength: 9, maxLength: 11 }),
    );
    fc.assert(
      fc.property(digits, fc.constantFrom('+', '%2B', '%2b'), ([country, rest], plus) => {
        const phone = `${plus}${country}${rest.map(([between, digit]) => `${between}${digit}`).join('')}`;
        const line = lineOf((logger) => logger.error({ err: new Error(`buyer ${phone}`), text: phone }, `x ${phone}`));
        expect(line).not.toContain(phone);
        expect(scrubText(`buyer ${phone}`)).toBe(`buyer ${plus}***`);
      }),
    );
  });

  it('what a statement was given, in errors of the database', () => {
    const quoted = 'invalid input syntax for type uuid: "5ecr3t "of" somebody"';
    const ofServer = { severity: 'ERROR', code: '22P02', routine: 'string_to_uuid', detail: 'Failing row (5ecr3t)' };
    const errors = [
      Object.assign(new Error(quoted), ofServer, { where: 'PL/pgSQL "5ecr3t"', internalQuery: '5ecr3t' }),
      Object.assign(new Error(quoted), { query: 'SELECT $1', parameters: ['5ecr3t'], driverError: new Error('x') }),
    ];
    for (const err of errors) {
      const line = lineOf((logger) => logger.error({ err, cause: new Error('failed', { cause: err }) }, 'x'));
      expect(leaks(line)).toBe(false);
      expect(line).toContain('invalid input syntax for type uuid: \\"***\\"');
    }
    const broken = new Error('new row for relation "payment" violates check constraint "payment_sums"');
    expect(redact(Object.assign(broken, ofServer))).toMatchObject({ message: broken.message, code: '22P02' });
  });

  it('bytes', () => {
    const line = lineOf((logger) => logger.info({ sent: Buffer.from('5ecr3t'), view: new Uint8Array(3) }, 'x'));
    expect(JSON.parse(line)).toMatchObject({ sent: '[6 bytes]', view: '[3 bytes]' });
  });
});

describe('what is harmless stays readable', () => {
  it.each([
    'tokens_left',
    'name',
    'service',
    'status',
    'QrPaymentId',
    'paymentId',
    'filename',
    'amountMinor',
    'code',
    'step_name',
  ])('the key %s', (key) => expect(isSecretKey(key)).toBe(false));

  it('texts without secrets are left as they are', () => {
    const text =
      'payment pay_01h: 1490.00 KZT, status=open, "reason":"declined", tokens_left=5, https://bank.example/r3?x=1, +149000, 2026-01-01T00:00:00.000+05:00, 1e+21';
    expect(scrubText(text)).toBe(text);
  });

  it('whether a secret is there at all', () => {
    expect(redact({ token: null, phone: undefined, sealed: false, secret: '', qr: 0 })).toEqual({
      token: null,
      phone: undefined,
      sealed: false,
      secret: '***',
      qr: '***',
    });
  });
});

describe('everything is bounded', () => {
  it('circles, depth, width, length and things that cannot be read', () => {
    const loop: Record<string, unknown> = { n: 1n };
    loop.self = loop;
    expect(redact(loop)).toEqual({ n: '1', self: '[circular]' });
    let deep: unknown = 'bottom';
    for (let n = 0; n < 10_000; n += 1) deep = [deep];
    expect(JSON.stringify(redact(deep))).toContain('[too deep]');
    expect(redact(Array.from({ length: 1000 }, () => 0))).toHaveLength(101);
    expect(
      Object.keys(redact(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [n, n]))) as object),
    ).toHaveLength(101);
    const hostile = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(redact({ hostile })).toEqual({ hostile: '[unreadable]' });
    expect(scrubText('x'.repeat(1_000_000)).length).toBeLessThan(MAX_TEXT_LENGTH + 100);
  });

  it('texts made to slow the search down take no time', () => {
    const before = process.cpuUsage();
    for (const part of [
      '"a',
      '\\"a',
      'token',
      '-----BEGIN A-----',
      '://',
      'a=',
      '"token":"\\',
      '\\\\\\"token\\\\\\":\\\\\\"',
    ]) {
      scrubText(part.repeat(100_000));
    }
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });
});
