import { describe, expect, it } from '@jest/globals';
import { kaspiConfig, migrationConfig } from './config.ts';
import { exitOf } from './connections/static-egress.ts';

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
      repeatRefunds: true,
      graceMs: 5_000,
      statusVersion: 'v01',
      statusMeanings: {},
      returnStatusMeanings: {},
      codeMeanings: {},
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
    ['TOLEM_KASPI_RETURN_STATUS_MEANINGS', '{"CustomerKnown":"paid"}'],
    ['TOLEM_KASPI_CODE_MEANINGS', '{"-77777":"success"}'],
    ['TOLEM_KASPI_CODE_MEANINGS', '{"-77777":"unlisted"}'],
    ['TOLEM_KASPI_CODE_MEANINGS', '{"1e3":"request"}'],
    ['TOLEM_KASPI_CODE_MEANINGS', '{"":"request"}'],
    ['TOLEM_KASPI_CODE_MEANINGS', '["-77777"]'],
    ['TOLEM_KASPI_REPEAT_REFUNDS', 'once'],
    ['TOLEM_KASPI_STATUS_VERSION', 'v03'],
    ['TOLEM_KASPI_START_TIMEOUT_MS', '8'],
    ['TOLEM_KASPI_READ_TIMEOUT_MS', '120001'],
    ['TOLEM_KASPI_CONNECT_TIMEOUT_MS', '3s'],
    ['TOLEM_KASPI_GRACE_MS', '-1'],
    ['TOLEM_KASPI_CONNECTIONS', '0'],
    ['TOLEM_KASPI_POOL_SIZE', 'many'],
    ['TOLEM_MASTER_KEY', `${LEAST.TOLEM_MASTER_KEY},c2hvcnQ=`],
    ['TOLEM_KASPI_DATABASE_URL', 'mysql://127.0.0.1/tolem'],
    ['TOLEM_KASPI_EGRESS_PROXIES', '10.0.0.5:3128'],
    ['TOLEM_KASPI_EGRESS_PROXIES', 'http://10.0.0.5:3128,socks5://10.0.0.6:1080'],
    ['TOLEM_KASPI_EGRESS_PROXIES', 'http://10.0.0.5:3128,http://user:word@10.0.0.5:3128'],
    ['TOLEM_KASPI_EGRESS_SOURCE_ADDRESS', 'bank-gate'],
    ['TOLEM_KASPI_EGRESS_SOURCE_ADDRESS', '10.0.0.256'],
  ])('refuses %s=%s, naming the variable', (name, value) => {
    expect(() => kaspiConfig.load({ ...LEAST, [name]: value })).toThrow(name);
  });

  it('takes what the bank has added: codes in any spelling, and words of refund codes', () => {
    const loaded = kaspiConfig.load({
      ...LEAST,
      TOLEM_KASPI_CODE_MEANINGS: '{"-0077777":"temporary","9900000031":"request"}',
      TOLEM_KASPI_RETURN_STATUS_MEANINGS: '{"CustomerKnown":"identified"}',
      TOLEM_KASPI_REPEAT_REFUNDS: 'false',
    });
    expect(loaded.codeMeanings).toEqual({ '-77777': 'temporary', '990000031': 'request' });
    expect(loaded.returnStatusMeanings).toEqual({ CustomerKnown: 'identified' });
    expect(loaded.repeatRefunds).toBe(false);
  });

  it.each([
    ['TOLEM_KASPI_CODE_MEANINGS', { 0: 'request' }, '0'],
    ['TOLEM_KASPI_CODE_MEANINGS', { '-999': 'request' }, '-999'],
    ['TOLEM_KASPI_CODE_MEANINGS', { '-990000006': 'request' }, '-990000006'],
    ['TOLEM_KASPI_CODE_MEANINGS', { '-77777': 'setup', '-1601': 'temporary' }, '-1601'],
    ['TOLEM_KASPI_STATUS_MEANINGS', { Error: 'paid' }, 'Error'],
    ['TOLEM_KASPI_STATUS_MEANINGS', { Wait: 'not_paid' }, 'Wait'],
    ['TOLEM_KASPI_RETURN_STATUS_MEANINGS', { QrTokenCreated: 'identified' }, 'QrTokenCreated'],
  ])('refuses to start where %s gives another meaning to what the bank describes: %j', (name, meanings, word) => {
    expect(() => kaspiConfig.load({ ...LEAST, [name]: JSON.stringify(meanings) })).toThrow(
      new RegExp(`${name}: .* names ${word}, whose meaning the bank itself has stated[.] Expected: `),
    );
  });

  it('refuses one code under two spellings with two meanings, and takes what says the same as the bank', () => {
    const twice = '{"990000031":"setup","9900000031":"request"}';
    expect(() => kaspiConfig.load({ ...LEAST, TOLEM_KASPI_CODE_MEANINGS: twice })).toThrow('names 990000031 twice');
    const same = { ...LEAST, TOLEM_KASPI_STATUS_MEANINGS: '{"Processed":"paid"}' };
    expect(kaspiConfig.load(same).statusMeanings).toEqual({ Processed: 'paid' });
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
