import { describe, expect, it } from '@jest/globals';
import { bankAddress } from './endpoint.ts';

describe('address of the bank', () => {
  it.each([
    ['https://127.0.0.1:8545', 'https://127.0.0.1:8545', '/r3', 'v01'],
    ['https://127.0.0.1:8545/', 'https://127.0.0.1:8545', '/r3', 'v01'],
    ['https://mtokentest.kaspi.kz:8545/r3/v01/', 'https://mtokentest.kaspi.kz:8545', '/r3', 'v01'],
    ['https://qrapi-cert-ip.kaspi.kz/r3/v01', 'https://qrapi-cert-ip.kaspi.kz', '/r3', 'v01'],
    ['https://qrapi-cert-ip.kaspi.kz/r3', 'https://qrapi-cert-ip.kaspi.kz', '/r3', 'v01'],
    ['https://gate.example/kaspi/r3/v02/', 'https://gate.example', '/kaspi/r3', 'v02'],
    ['https://gate.example/v02', 'https://gate.example', '/r3', 'v02'],
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
