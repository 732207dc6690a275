import { describe, expect, it } from '@jest/globals';
import { kaspiConfig, migrationConfig } from './config.ts';

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
      graceMs: 5_000,
      statusVersion: 'v01',
      statusMeanings: {},
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
  ])('refuses %s=%s, naming the variable', (name, value) => {
    expect(() => kaspiConfig.load({ ...LEAST, [name]: value })).toThrow(name);
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
