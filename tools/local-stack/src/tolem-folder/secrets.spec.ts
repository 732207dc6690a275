import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { databasePassword, keptSecrets, makeSecrets } from './secrets.ts';
import { tolemFolder } from './tolem-folder.ts';

describe('secrets of a house', () => {
  it('are made once, differ from house to house and are read by their owner only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tolem-secrets-'));
    try {
      const place = tolemFolder(folder);
      const made = await keptSecrets(place);
      expect(await keptSecrets(place)).toEqual(made);
      expect((await stat(place.secrets)).mode & 0o777).toBe(0o600);
      const values = (secrets: typeof made): string[] => [
        secrets.operatorKey,
        secrets.masterKey,
        databasePassword(secrets, 'tolem_gateway'),
        databasePassword(secrets, 'tolem_gateway_worker'),
        databasePassword(secrets, 'tolem_kaspi'),
      ];
      expect(new Set([...values(made), ...values(makeSecrets())]).size).toBe(10);
      await writeFile(place.secrets, '{}');
      await expect(keptSecrets(place)).rejects.toThrow('npm start -- --fresh');
      await rm(place.secrets);
      await mkdir(place.postgres);
      await expect(keptSecrets(place)).rejects.toThrow('is missing beside the data that needs it');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('have the forms that the services ask for', () => {
    const secrets = makeSecrets();
    expect(secrets.operatorKey).toMatch(/^tlm_op_[0-9a-z]{52}$/);
    expect(Buffer.from(secrets.masterKey, 'base64')).toHaveLength(32);
  });
});
