import { describe, expect, it } from '@jest/globals';
import { bankAddress, bankPlace, type KaspiEndpoint } from './endpoint.ts';
import type { KaspiMethod } from './methods.ts';

describe('address of the bank', () => {
  it.each([
    ['https://127.0.0.1:8545', 'https://127.0.0.1:8545', undefined, undefined],
    ['https://127.0.0.1:8545/', 'https://127.0.0.1:8545', undefined, undefined],
    ['https://mtokentest.kaspi.kz:8545/r3/v01/', 'https://mtokentest.kaspi.kz:8545', '/r3', 'v01'],
    ['https://qrapi-cert-ip.kaspi.kz/r3/v01', 'https://qrapi-cert-ip.kaspi.kz', '/r3', 'v01'],
    ['https://qrapi-cert-ip.kaspi.kz/r3', 'https://qrapi-cert-ip.kaspi.kz', '/r3', undefined],
    ['https://gate.example/kaspi/r3/v02/', 'https://gate.example', '/kaspi/r3', 'v02'],
    ['https://gate.example/v02', 'https://gate.example', undefined, 'v02'],
  ])('%s is %s %s %s', (baseUrl, origin, prefix, version) => {
    expect(bankAddress(baseUrl)).toEqual({ origin, prefix, version });
  });

  it.each([
    '',
    'kaspi',
    'http://qrapi-cert-ip.kaspi.kz/r3/v01/',
    'https://user:secret@bank.example/r3',
    'https://bank.example/r3?x=1',
    'https://bank.example/r3#x',
    'ftp://bank.example',
  ])('is refused: %j', (baseUrl) => {
    expect(bankAddress(baseUrl)).toBeUndefined();
  });
});

const KEY = 'test_6f1f0c4e-1111-4222-8333-944445555666';
const at: KaspiEndpoint = { scheme: 'r3', baseUrl: 'https://bank.example:8545' };

function root(endpoint: KaspiEndpoint, method: KaspiMethod, statusVersion: 'v01' | 'v02' = 'v01'): string {
  const read = bankPlace(endpoint, { statusVersion });
  return read.ok ? read.place.root(method) : read.detail;
}

describe('prefix and version of a method', () => {
  it.each([
    [{ ...at, scheme: 'r1', apiKey: KEY }, '/r1/v01'],
    [{ ...at, scheme: 'r2' }, '/r2/v01'],
    [at, '/r3/v01'],
    [{ ...at, baseUrl: 'https://bank.example/kaspi/r3/v02' }, '/kaspi/r3/v02'],
    [{ ...at, baseUrl: 'https://bank.example/kaspi/r3/v02', options: { prefix: '/r9' } }, '/r9/v02'],
    [{ ...at, baseUrl: 'https://bank.example/r3/v02', options: { api_version: 'v03' } }, '/r3/v03'],
    [{ ...at, options: { api_version: null, prefix: null } }, '/r3/v01'],
    [{ ...at, options: { api_version: 'v03', qr_create_version: 'v05' } }, '/r3/v05'],
    [{ ...at, options: { qr_create_link_version: 'v05' } }, '/r3/v01'],
  ])('the connection’s option goes before the address, the address before the scheme: row %#', (endpoint, expected) => {
    expect(root(endpoint, 'qr/create')).toBe(expected);
  });

  it('the status method follows its own option, then the process, and never the version of the others', () => {
    const versioned = { ...at, baseUrl: 'https://bank.example/r3/v03', options: { api_version: 'v05' } };
    expect(root(versioned, 'payment/status')).toBe('/r3/v01');
    expect(root(versioned, 'payment/status', 'v02')).toBe('/r3/v02');
    expect(root({ ...at, options: { status_version: 'v04' } }, 'payment/status', 'v02')).toBe('/r3/v04');
    expect(root({ ...at, options: { status_version: 'v04' } }, 'payment/details', 'v02')).toBe('/r3/v01');
  });
});

describe('a connection that cannot be used', () => {
  it.each<readonly [Partial<KaspiEndpoint>, string]>([
    [{ scheme: 'r4' }, 'the scheme must be one of r1, r2, r3'],
    [{ scheme: 'constructor' }, 'the scheme must be one of r1, r2, r3'],
    [{ baseUrl: 'http://bank.example' }, 'the address of the bank is not an https address'],
    [{ options: { status_version: 'v03' } }, 'options.status_version: '],
    [{ scheme: 'r1' }, 'this scheme needs an API key'],
    [{ scheme: 'r1', apiKey: '' }, 'this scheme needs an API key'],
    [{ scheme: 'r1', apiKey: `${KEY}\r\nx: y` }, 'this scheme needs an API key'],
  ])('says what a person must correct: row %#', (wrong, detail) => {
    const read = bankPlace({ ...at, ...wrong }, { statusVersion: 'v01' });
    expect(read).toEqual({ ok: false, detail: expect.stringContaining(detail) });
    expect(JSON.stringify(read)).not.toContain(KEY);
  });
});

describe('who calls', () => {
  const headers = (endpoint: KaspiEndpoint) => {
    const read = bankPlace(endpoint, { statusVersion: 'v01' });
    return read.ok ? read.place.headers : undefined;
  };

  it('the key goes out under the scheme that asks for one and under no other', () => {
    expect(headers({ ...at, scheme: 'r1', apiKey: KEY })).toEqual({ 'Api-Key': KEY });
    expect(headers({ ...at, scheme: 'r2', apiKey: KEY })).toEqual({});
    expect(headers({ ...at, scheme: 'r3', apiKey: KEY })).toEqual({});
  });

  it('nothing of ours but the way and the certificate reaches the engine', () => {
    const credential = { id: 'crt', version: '1', certificatePem: 'certificate', privateKeyPem: 'key' };
    const read = bankPlace({ ...at, credential, share: 'con', apiKey: KEY, options: {} }, { statusVersion: 'v01' });
    expect(read.ok ? read.place.target : undefined).toEqual({ baseUrl: at.baseUrl, credential });
  });
});
