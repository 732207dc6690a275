import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeHouse } from '../house/describe-house.ts';
import { type LocalJson, readLocalJson, writeLocalJson } from './local-json.ts';

const house: LocalJson = describeHouse(
  'http://127.0.0.1:8080',
  'tlm_op_1',
  {
    tenant: 'ten_1',
    apiKey: 'tlm_test_1',
    organization: 'org_1',
    certificate: 'crt_1',
    connection: 'con_1',
    tradePoint: 'tp_1',
    desk: 'desk-01',
    fresh: true,
  },
  {
    event: 'ready',
    control: 'http://127.0.0.1:8540',
    kaspi: { r1: 'https://127.0.0.1:8543', r2: 'https://127.0.0.1:8544', r3: 'https://127.0.0.1:8545' },
    tls: { ca: '/s/ca.pem', cert: '/s/client.pem', key: '/s/client-key.pem' },
  },
);

describe('.tolem/local.json', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-local-json-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has the published form, with null for what is not built', async () => {
    expect(house).toEqual({
      mode: 'embedded',
      gateway: 'http://127.0.0.1:8080',
      docs: 'http://127.0.0.1:8080/docs',
      operator_key: 'tlm_op_1',
      tenant: 'ten_1',
      api_key: 'tlm_test_1',
      organization: 'org_1',
      desk: 'desk-01',
      certificate: 'crt_1',
      ru: null,
      sandbox: {
        control: 'http://127.0.0.1:8540',
        kaspi: { r1: 'https://127.0.0.1:8543', r2: 'https://127.0.0.1:8544', r3: 'https://127.0.0.1:8545' },
        smartpay: null,
        koshelek: null,
        smart_cashier: null,
        tls: { ca: '/s/ca.pem', cert: '/s/client.pem', key: '/s/client-key.pem' },
      },
    });
  });

  it('is readable by its owner only and replaced as a whole', async () => {
    const path = join(folder, 'local.json');
    await writeFile(path, 'something older', { mode: 0o644 });
    await writeLocalJson(path, house);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readLocalJson(path)).toEqual(house);
    expect(await readdir(folder)).toEqual(['local.json']);
  });

  it('an absent file means that nothing serves, a broken one says what to do', async () => {
    expect(await readLocalJson(join(folder, 'local.json'))).toBeUndefined();
    await writeFile(join(folder, 'local.json'), '{"mode": "embedded"');
    await expect(readLocalJson(join(folder, 'local.json'))).rejects.toThrow(
      /is broken: stop what runs and start it again/,
    );
  });
});
