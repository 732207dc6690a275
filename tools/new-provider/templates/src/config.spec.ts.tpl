import { describe, expect, it } from '@jest/globals';
import { __name__Config, migrationConfig } from './config.ts';

const LEAST = {
  TOLEM___NAME___DATABASE_URL: 'postgres://tolem___name__:secret@127.0.0.1:5432/tolem',
  TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
};

describe('configuration of the service of __title__', () => {
  it('needs the database and the master key, and every limit has a default', () => {
    expect(__name__Config.load(LEAST)).toEqual({
      databaseUrl: LEAST.TOLEM___NAME___DATABASE_URL,
      masterKey: LEAST.TOLEM_MASTER_KEY,
      poolSize: 6,
      connections: 96,
      connectTimeoutMs: 3_000,
      startTimeoutMs: 8_000,
      readTimeoutMs: 10_000,
      graceMs: 5_000,
    });
  });

  it.each(Object.keys(LEAST))('refuses to start without %s, naming it', (name) => {
    expect(() => __name__Config.load({ ...LEAST, [name]: undefined })).toThrow(name);
  });

  it.each([
    ['TOLEM___NAME___START_TIMEOUT_MS', '8'],
    ['TOLEM___NAME___READ_TIMEOUT_MS', '120001'],
    ['TOLEM___NAME___CONNECT_TIMEOUT_MS', '3s'],
    ['TOLEM___NAME___GRACE_MS', '-1'],
    ['TOLEM___NAME___CONNECTIONS', '0'],
    ['TOLEM___NAME___POOL_SIZE', 'many'],
    ['TOLEM___NAME___DATABASE_URL', 'mysql://127.0.0.1/tolem'],
  ])('refuses %s=%s, naming the variable', (name, value) => {
    expect(() => __name__Config.load({ ...LEAST, [name]: value })).toThrow(name);
  });

  it('is printed without its secrets', () => {
    const printed = JSON.stringify(__name__Config.masked(__name__Config.load(LEAST)));
    expect(printed).not.toContain('secret');
    expect(printed).not.toContain(LEAST.TOLEM_MASTER_KEY);
    expect(printed).toContain('TOLEM___NAME___GRACE_MS');
  });

  it('the migration command needs the administrator’s address as well', () => {
    expect(() => migrationConfig.load(LEAST)).toThrow('TOLEM_DATABASE_ADMIN_URL');
  });
});
