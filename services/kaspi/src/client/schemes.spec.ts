import { describe, expect, it } from '@jest/globals';
import { composeRequest } from './compose-request.ts';
import { KASPI_METHOD_NAMES, KASPI_METHODS, type KaspiMethod } from './methods.ts';
import { KASPI_REQUEST_FIELDS, KASPI_SCHEME_NAMES, KASPI_SCHEMES, kaspiScheme } from './schemes.ts';

// Written from the list of methods in the bank's document, not from the tables under test.
const ALL_METHODS: readonly (readonly [KaspiMethod, string])[] = [
  ['partner/tradepoints', 'GET r1 r2 r3 read'],
  ['device/register', 'POST r1 r2 r3 repeatable'],
  ['device/delete', 'POST r1 r2 r3 repeatable'],
  ['qr/create', 'POST r1 r2 r3 orphanable'],
  ['qr/create-link', 'POST r1 r2 r3 orphanable'],
  ['payment/status', 'GET r1 r2 r3 read'],
  ['return/create', 'POST r2 orphanable'],
  ['return/status', 'GET r2 read'],
  ['return/operations', 'POST r2 read'],
  ['payment/details', 'GET r2 r3 read'],
  ['payment/return', 'POST r2 r3 critical'],
  ['remote/client-info', 'GET r3 read'],
  ['remote/create', 'POST r3 critical'],
  ['remote/cancel', 'POST r3 repeatable'],
  ['health/ping', 'GET r1 r2 r3 read'],
  ['test/payment/scan', 'POST r1 r2 r3 repeatable'],
  ['test/payment/confirm', 'POST r1 r2 r3 repeatable'],
  ['test/payment/scanerror', 'POST r1 r2 r3 repeatable'],
  ['test/payment/confirmerror', 'POST r1 r2 r3 repeatable'],
];

describe('the table of schemes', () => {
  it.each(ALL_METHODS)('%s is %s', (method, expected) => {
    const schemes = KASPI_SCHEME_NAMES.filter((name) => KASPI_SCHEMES[name].methods.includes(method));
    const { verb, effect } = KASPI_METHODS[method];
    expect([verb, ...schemes, effect].join(' ')).toBe(expected);
  });

  it('the bank has these methods and no other', () => {
    expect([...KASPI_METHOD_NAMES].sort()).toEqual(ALL_METHODS.map(([method]) => method).sort());
  });

  it.each([
    ['r1', 'api_key', false, 'none', false, false],
    ['r2', 'client_certificate', false, 'with_buyer', true, false],
    ['r3', 'shared_certificate', true, 'without_buyer', true, true],
  ] as const)('%s: %s, names organizations: %s, refunds: %s, details: %s, invoices: %s', (name, ...expected) => {
    const { credential, namesOrganizations, refunds, details, invoices } = KASPI_SCHEMES[name];
    expect([credential, namesOrganizations, refunds, details, invoices]).toEqual(expected);
  });

  it.each(KASPI_SCHEME_NAMES)('what %s says of itself is what its methods and fields allow', (name) => {
    const { methods, refunds, details, invoices, namesOrganizations } = KASPI_SCHEMES[name];
    expect(methods.includes('payment/return')).toBe(refunds !== 'none');
    expect(methods.includes('return/create')).toBe(refunds === 'with_buyer');
    expect(methods.includes('payment/details')).toBe(details);
    expect(methods.includes('remote/create')).toBe(invoices);
    const named = methods.filter((method) =>
      KASPI_REQUEST_FIELDS[method].some((field) => field.argument === 'bin' && field.schemes.includes(name)),
    );
    expect(named.length > 0).toBe(namesOrganizations);
  });

  it('a scheme is found by its name and by nothing else', () => {
    for (const name of KASPI_SCHEME_NAMES) expect(kaspiScheme(name)?.name).toBe(name);
    for (const name of ['', 'R3', 'r4', 'constructor', '__proto__']) expect(kaspiScheme(name)).toBeUndefined();
  });

  it('only emulators are bound to the test contour', () => {
    const bound = KASPI_METHOD_NAMES.filter((method) => KASPI_METHODS[method].testContourOnly);
    expect(bound).toEqual(KASPI_METHOD_NAMES.filter((method) => method.startsWith('test/')));
  });

  it('what moves money or reaches a buyer gets the longest time, what a buyer waits for the shortest', () => {
    for (const method of KASPI_METHOD_NAMES) {
      const { effect, timeLimit } = KASPI_METHODS[method];
      if (effect === 'read') expect(timeLimit).toBe('read');
      if (effect === 'orphanable') expect(timeLimit).toBe('start');
      if (effect === 'critical') expect(timeLimit).toBe('write');
    }
  });
});

const WHOLE = {
  bin: '180340021791',
  deviceId: 'desk-03',
  tradePointId: '41',
  deviceToken: 'token',
  amountMinor: 100,
  externalId: 'id',
  qrPaymentId: '5',
  qrReturnId: '6',
  maxResult: 3,
  phoneNumber: '77071234567',
  comment: 'A-17',
};

describe('forms of arguments', () => {
  it.each<readonly [KaspiMethod, keyof typeof WHOLE, readonly (string | number)[]]>([
    ['partner/tradepoints', 'bin', ['', '../ping', '18034002179', '18034002179 ', '1803400217911']],
    ['device/register', 'deviceId', ['', 'касса', 'a b', 'a/b', 'x'.repeat(101)]],
    ['device/register', 'tradePointId', ['', '0', '41.5', '-1', '9223372036854775808']],
    ['device/delete', 'deviceToken', ['', 'a\nb', 'x'.repeat(201)]],
    ['qr/create', 'amountMinor', [0, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER, '1']],
    ['qr/create', 'externalId', ['', 'a\u0000', 'x'.repeat(201)]],
    ['payment/status', 'qrPaymentId', ['', '0', '1/../2', '01']],
    ['remote/create', 'phoneNumber', ['', '7071234567', '+77071234567', '97071234567', '770712345678']],
    ['remote/create', 'comment', ['', 'a\r\nb', 'x'.repeat(501)]],
  ])('%s with another %s is malformed', (method, argument, values) => {
    expect(composeRequest('r3', method, WHOLE)).toMatchObject({ is: 'composed' });
    for (const value of values) {
      const request = composeRequest('r3', method, { ...WHOLE, [argument]: value });
      expect(request).toEqual({ is: 'malformed', arguments: [argument] });
    }
  });

  it.each<readonly [KaspiMethod, keyof typeof WHOLE, readonly (string | number)[]]>([
    ['return/status', 'qrReturnId', ['', '0', 'x']],
    ['return/operations', 'maxResult', [0, 11, 1.5]],
    ['payment/return', 'qrReturnId', ['', '0']],
  ])('%s with another %s is malformed under r2', (method, argument, values) => {
    expect(composeRequest('r2', method, WHOLE)).toMatchObject({ is: 'composed' });
    for (const value of values) {
      const request = composeRequest('r2', method, { ...WHOLE, [argument]: value });
      expect(request).toEqual({ is: 'malformed', arguments: [argument] });
    }
  });

  it.each(KASPI_METHOD_NAMES)('%s without its arguments is malformed, and all that are missing are named', (method) => {
    for (const scheme of KASPI_SCHEME_NAMES) {
      const required = KASPI_REQUEST_FIELDS[method]
        .filter((field) => field.required && field.schemes.includes(scheme))
        .map((field) => field.argument);
      const request = composeRequest(scheme, method, {});
      expect(request.is === 'malformed' ? request.arguments : []).toEqual(required);
    }
  });

  it('a malformed argument that the scheme does not send is of no consequence', () => {
    expect(composeRequest('r2', 'qr/create', { ...WHOLE, bin: '' })).toMatchObject({ is: 'composed' });
    expect(composeRequest('r3', 'payment/return', { ...WHOLE, qrReturnId: '' })).toMatchObject({ is: 'composed' });
  });
});
