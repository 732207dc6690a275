import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tlsFiles } from '../src/tls/tls-files.ts';
import { RunningBank } from './running-bank.ts';

describe('the door of scheme 3', () => {
  let bank: RunningBank;

  beforeAll(async () => {
    bank = await RunningBank.start({ r3AllowedAddresses: ['127.0.0.1', '127.0.0.2'] });
  });
  afterAll(() => bank.remove());

  it('opens for the certificate that the bank issued, from listed addresses', async () => {
    expect((await bank.envelope('/v01/health/ping')).StatusCode).toBe(0);
    expect((await bank.envelope('/v01/health/ping', { localAddress: '127.0.0.2' })).StatusCode).toBe(0);
  });

  it('cuts the connection without a certificate, with a foreign one and with an expired one', async () => {
    const { foreignCert, foreignKey, expiredCert, expiredKey } = bank.sandbox.tls;
    for (const credential of [null, { cert: foreignCert, key: foreignKey }, { cert: expiredCert, key: expiredKey }]) {
      expect(await bank.call('/v01/health/ping', { credential })).toMatchObject({ kind: 'cut' });
    }
    expect((await bank.control('GET', '/health')).body).toMatchObject({
      kaspi: { refused_handshakes: 3, refused_addresses: 0 },
    });
  });

  it('cuts the connection from an address that is not listed, whatever the certificate, on scheme 3 only', async () => {
    const localAddress = '127.0.0.3';
    expect(await bank.call('/v01/health/ping', { localAddress })).toMatchObject({ kind: 'cut' });
    expect((await bank.control('GET', '/health')).body).toMatchObject({
      kaspi: { refused_addresses: 1, allowed_addresses: ['127.0.0.1', '127.0.0.2'] },
    });
    for (const scheme of ['r1', 'r2'] as const) {
      expect(await bank.code('/v01/health/ping', { scheme, localAddress })).toBe(0);
    }
  });

  it('changes its list while it runs, ends the connections of those who are off it, and goes back at a reset', async () => {
    const list = (addresses: readonly string[] | null): ReturnType<RunningBank['control']> =>
      bank.control('PUT', '/kaspi/allowed_addresses', { addresses });
    const fromOne = (): Promise<string> => bank.call('/v01/health/ping').then((outcome) => outcome.kind);
    expect(await fromOne()).toBe('answered');
    expect(await list(['127.0.0.2'])).toMatchObject({ status: 200, body: { addresses: ['127.0.0.2'] } });
    expect(await fromOne()).toBe('cut');
    expect(await list([])).toMatchObject({ status: 200 });
    expect(await bank.call('/v01/health/ping', { localAddress: '127.0.0.2' })).toMatchObject({ kind: 'cut' });
    await list(null);
    expect(await bank.code('/v01/health/ping', { localAddress: '127.0.0.9' })).toBe(0);
    expect(await list(['everybody'])).toMatchObject({ status: 400 });
    await bank.control('POST', '/reset');
    expect((await bank.control('GET', '/kaspi/allowed_addresses')).body).toEqual({
      addresses: ['127.0.0.1', '127.0.0.2'],
    });
    expect(await bank.call('/v01/health/ping', { localAddress: '127.0.0.9' })).toMatchObject({ kind: 'cut' });
  });

  it('serves every address unless it is given a list, and can cut as a firewall does, before the handshake', async () => {
    const other = await RunningBank.start();
    try {
      expect(await other.code('/v01/health/ping', { localAddress: '127.0.0.7' })).toBe(0);
      await other.stop();
      await other.open({ allowedAddresses: ['127.0.0.2'] });
      expect(await other.call('/v01/health/ping')).toMatchObject({ kind: 'cut' });
      expect(await other.code('/v01/health/ping', { localAddress: '127.0.0.2' })).toBe(0);
    } finally {
      await other.remove();
    }
  });

  it('issues the partner certificate as the bank does: RSA 2048, client authentication, five years', () => {
    const certificate = new X509Certificate(readFileSync(bank.sandbox.tls.cert));
    expect(certificate.subject).toMatch(/C=KZ[^]*O=[^]*CN=/);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const years = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / (365 * 86_400_000);
    expect(years).toBe(5);
  });

  it('keeps its files to their owner, uses them again, and makes all of them anew when one is broken', async () => {
    const folder = `${bank.folder}/tls`;
    const files = bank.sandbox.tls;
    for (const path of Object.values(files)) expect(statSync(path).mode & 0o777).toBe(0o600);
    const ca = readFileSync(files.ca, 'utf8');
    await tlsFiles(folder, ['127.0.0.1']);
    expect(readFileSync(files.ca, 'utf8')).toBe(ca);
    writeFileSync(files.key, 'nonsense');
    await tlsFiles(folder, ['127.0.0.1']);
    const second = readFileSync(files.ca, 'utf8');
    expect(second).not.toBe(ca);
    unlinkSync(files.foreignCert);
    await tlsFiles(folder, ['127.0.0.1']);
    expect(existsSync(files.foreignCert)).toBe(true);
    const third = readFileSync(files.ca, 'utf8');
    const inElevenYears = Date.now() + 11 * 365 * 86_400_000;
    await tlsFiles(folder, ['127.0.0.1'], inElevenYears);
    expect(readFileSync(files.ca, 'utf8')).not.toBe(third);
    const server = new X509Certificate(readFileSync((await tlsFiles(folder, ['bank.internal'])).serverCert));
    expect([server.checkHost('bank.internal'), server.checkIP('127.0.0.1')]).toEqual(['bank.internal', '127.0.0.1']);
  });
});
