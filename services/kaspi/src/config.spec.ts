import { describe, expect, it } from '@jest/globals';
import { kaspiConfig, migrationConfig } from './config.ts';
import { exitOf } from './static-egress.ts';

const LEAST = {
  TOLEM_KASPI_DATABASE_URL: 'postgres://tolem_kaspi:secret@127.0.0.1:5432/tolem',
  TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
};

describe('configuration of the Kaspi service', () => {
  it('needs the database and the master key, and every limit has the default of the house', () => {
    expect(kaspiConfig.load(LEAST)).toEqual({
      databaseUrl: LEAST.TOLEM_KASPI_DATABASE_URL,
      masterKey: LEAST.TOLEM_MASTER_KEY,
      poolSize: 6,
      connections: 96,
      connectTimeoutMs: 3_000,
      startTimeoutMs: 8_000,
      readTimeoutMs: 10_000,
      writeTimeoutMs: 30_000,
      resolveAfterMs: 90_000,
      unchangedOverMs: 120_000,
      graceMs: 5_000,
      statusVersion: 'v01',
      statusMeanings: {},
      certificateFiles: {},
      egressProxies: [],
    });
  });

  it.each(Object.keys(LEAST))('refuses to start without %s, naming it', (name) => {
    expect(() => kaspiConfig.load({ ...LEAST, [name]: undefined })).toThrow(name);
  });

  it('takes new status words of the bank with one of the known meanings', () => {
    const loaded = kaspiConfig.load({
      ...LEAST,
      TOLEM_KASPI_STATUS_MEANINGS: '{"Completed":"paid","Held":"pending"}',
      TOLEM_KASPI_STATUS_VERSION: 'v02',
    });
    expect(loaded.statusMeanings).toEqual({ Completed: 'paid', Held: 'pending' });
    expect(loaded.statusVersion).toBe('v02');
  });

  it.each([
    ['TOLEM_KASPI_STATUS_MEANINGS', '{"Completed":"succeeded"}'],
    ['TOLEM_KASPI_STATUS_MEANINGS', '["paid"]'],
    ['TOLEM_KASPI_STATUS_MEANINGS', '{"Completed":'],
    ['TOLEM_KASPI_STATUS_MEANINGS', JSON.stringify({ ['x'.repeat(65)]: 'paid' })],
    ['TOLEM_KASPI_STATUS_VERSION', 'v03'],
    ['TOLEM_KASPI_START_TIMEOUT_MS', '8'],
    ['TOLEM_KASPI_READ_TIMEOUT_MS', '120001'],
    ['TOLEM_KASPI_CONNECT_TIMEOUT_MS', '3s'],
    ['TOLEM_KASPI_GRACE_MS', '-1'],
    ['TOLEM_KASPI_CONNECTIONS', '0'],
    ['TOLEM_KASPI_POOL_SIZE', 'many'],
    ['TOLEM_KASPI_DATABASE_URL', 'mysql://127.0.0.1/tolem'],
    ['TOLEM_KASPI_EGRESS_PROXIES', '10.0.0.5:3128'],
    ['TOLEM_KASPI_EGRESS_PROXIES', 'http://10.0.0.5:3128,socks5://10.0.0.6:1080'],
    ['TOLEM_KASPI_EGRESS_PROXIES', 'http://10.0.0.5:3128,http://user:word@10.0.0.5:3128'],
    ['TOLEM_KASPI_EGRESS_SOURCE_ADDRESS', 'bank-gate'],
    ['TOLEM_KASPI_EGRESS_SOURCE_ADDRESS', '10.0.0.256'],
  ])('refuses %s=%s, naming the variable', (name, value) => {
    expect(() => kaspiConfig.load({ ...LEAST, [name]: value })).toThrow(name);
  });

  it('takes proxies in the order of preference, and never prints their passwords', () => {
    const url = 'http://gate:word-4711@10.0.0.5:3128';
    const loaded = kaspiConfig.load({ ...LEAST, TOLEM_KASPI_EGRESS_PROXIES: `${url}, https://10.0.0.6` });
    expect(exitOf(loaded)).toEqual({ proxies: [url, 'https://10.0.0.6'] });
    expect(JSON.stringify(kaspiConfig.masked(loaded))).not.toContain('word-4711');
    expect(() => kaspiConfig.load({ ...LEAST, TOLEM_KASPI_EGRESS_PROXIES: `${url}/path` })).not.toThrow('word-4711');
  });

  it('takes a source address, but not together with proxies: which of them should it be?', () => {
    const TOLEM_KASPI_EGRESS_SOURCE_ADDRESS = '10.0.0.7';
    const loaded = kaspiConfig.load({ ...LEAST, TOLEM_KASPI_EGRESS_SOURCE_ADDRESS });
    expect(exitOf(loaded)).toEqual({ sourceAddress: '10.0.0.7' });
    const both = { ...LEAST, TOLEM_KASPI_EGRESS_SOURCE_ADDRESS, TOLEM_KASPI_EGRESS_PROXIES: 'http://10.0.0.5:3128' };
    expect(() => kaspiConfig.load(both)).toThrow(
      /one mistake:\n {2}TOLEM_KASPI_EGRESS_SOURCE_ADDRESS: is set, and TOLEM_KASPI_EGRESS_PROXIES too/,
    );
    expect(exitOf(kaspiConfig.load(LEAST))).toBeUndefined();
  });

  it('is printed without its secrets', () => {
    const printed = JSON.stringify(kaspiConfig.masked(kaspiConfig.load(LEAST)));
    expect(printed).not.toContain('secret');
    expect(printed).not.toContain(LEAST.TOLEM_MASTER_KEY);
    expect(printed).toContain('TOLEM_KASPI_GRACE_MS');
  });

  it('the migration command needs the administrator’s address as well', () => {
    expect(() => migrationConfig.load(LEAST)).toThrow('TOLEM_DATABASE_ADMIN_URL');
  });
});
