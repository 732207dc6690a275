import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestDatabase, testDatabase } from '@tolem/testing';
import { migrateCommand } from './migrate-command.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ name: 'gateway_empty', migrate: async () => undefined });
});
afterAll(() => database.drop());

async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; out: string; error: string }> {
  const lines = { out: [] as string[], error: [] as string[] };
  const code = await migrateCommand({
    args,
    environment,
    out: (line) => void lines.out.push(line),
    error: (line) => void lines.error.push(line),
  });
  return { code, out: lines.out.join('\n'), error: lines.error.join('\n') };
}

const environment = () => ({
  TOLEM_DATABASE_ADMIN_URL: database.adminUrl,
  TOLEM_GATEWAY_DATABASE_URL: database.urlOf('tolem_gateway'),
  TOLEM_GATEWAY_WORKER_DATABASE_URL: database.urlOf('tolem_gateway_worker'),
});

describe('the command that migrates', () => {
  it('makes an empty database ready, naming each migration and each file of functions; repeating it changes nothing', async () => {
    const first = await run([], environment());
    expect(first).toMatchObject({ code: 0, error: '' });
    expect(first.out).toMatch(
      /gateway: applied outbox1764000000000\n(.*\n)?gateway: applied tenants_and_resources1764000001000\n/,
    );
    expect(first.out).toContain('gateway: applied payments/create-payment/create-payment.sql\n');
    expect(first.out).toMatch(/gateway: \d+ files applied$/);
    expect(await run([], environment())).toEqual({ code: 0, out: 'gateway: nothing to do', error: '' });
  });

  it('says what is missing, and never shows a password', async () => {
    const { TOLEM_GATEWAY_DATABASE_URL: _, ...rest } = environment();
    const missing = await run([], rest);
    expect(missing).toMatchObject({ code: 1, out: '' });
    expect(missing.error).toContain('TOLEM_GATEWAY_DATABASE_URL: is not set');
    expect(missing.error).not.toContain('only-for-tests');
  });

  it('explains itself and refuses what it does not know', async () => {
    const help = await run(['--help'], {});
    expect(help.code).toBe(0);
    for (const variable of Object.keys(environment())) expect(help.out).toContain(variable);
    expect(await run(['--fresh'], environment())).toMatchObject({
      code: 2,
      error: 'Unknown option --fresh. See --help.',
    });
  });

  it('says in one sentence that the server is away', async () => {
    const away = await run([], {
      ...environment(),
      TOLEM_DATABASE_ADMIN_URL: 'postgres://x:secret-pass@127.0.0.1:1/x',
    });
    expect(away).toMatchObject({ code: 1, error: expect.stringMatching(/^The migration failed: .+/) });
    expect(away.error).not.toContain('secret-pass');
  });
});
