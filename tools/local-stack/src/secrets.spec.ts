import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { databasePassword, makeSecrets, makeSecretsFile, readSecrets } from './secrets.ts';
import { migrateEnvironment, serviceEnvironment } from './stack-env.ts';

describe('secrets of a house', () => {
  it('are made once, differ from house to house and are read by their owner only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tolem-secrets-'));
    try {
      const path = join(folder, 'secrets.json');
      expect(await readSecrets(path)).toBeUndefined();
      const made = await makeSecretsFile(path);
      expect(await readSecrets(path)).toEqual(made);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const values = (secrets: typeof made): string[] => [
        secrets.operatorKey,
        secrets.masterKey,
        databasePassword(secrets, 'tolem_gateway'),
        databasePassword(secrets, 'tolem_gateway_worker'),
        databasePassword(secrets, 'tolem_kaspi'),
      ];
      expect(new Set([...values(made), ...values(makeSecrets())]).size).toBe(10);
      await writeFile(path, '{}');
      await expect(readSecrets(path)).rejects.toThrow('npm start -- --fresh');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('have the forms that the services ask for', () => {
    const secrets = makeSecrets();
    expect(secrets.operatorKey).toMatch(/^tlm_op_[0-9a-z]{52}$/);
    expect(Buffer.from(secrets.masterKey, 'base64')).toHaveLength(32);
  });

  it('the superuser’s address reaches the migrate commands only', () => {
    const services = serviceEnvironment(makeSecrets(), {
      gatewayPort: 8081,
      managementPort: 9091,
      postgresPort: 5433,
      kaspiR3Url: 'https://127.0.0.1:8546',
    });
    expect(JSON.stringify(services)).not.toContain('postgres:secret');
    expect(services).toMatchObject({
      TOLEM_GATEWAY_PORT: '8081',
      TOLEM_MANAGEMENT_PORT: '9091',
      TOLEM_PROVIDER_URLS: '{"kaspi":{"test":{"r3":"https://127.0.0.1:8546"}}}',
    });
    expect(services['TOLEM_KASPI_DATABASE_URL']).toMatch(
      /^postgres:\/\/tolem_kaspi:[0-9a-f]{48}@127\.0\.0\.1:5433\/tolem$/,
    );
    const migrate = migrateEnvironment(services, 'postgres://postgres:secret@127.0.0.1:5433/postgres');
    expect(migrate['TOLEM_DATABASE_ADMIN_URL']).toBe('postgres://postgres:secret@127.0.0.1:5433/tolem');
    expect(migrate).toMatchObject(services);
  });
});
