import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  anyFreePort,
  Child,
  ensureDatabase,
  forgetPostgres,
  HOUSE_PROGRAMS,
  makeSecrets,
  migrateEnvironment,
  readSandboxLine,
  REPOSITORY,
  serviceEnvironment,
  startPostgres,
  waitUntilReady,
} from '@tolem/local-stack';
import type { OpenHouse } from './open-house.ts';

const READY_MS = 120_000;
const GRACE_MS = 15_000;

/** Every service in one process, bus and schedule in its memory, on a PostgreSQL of its own. */
export async function openEmbedded(dir: string): Promise<OpenHouse> {
  const logs = join(dir, 'logs');
  await mkdir(logs, { recursive: true });
  const ends: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const never = new AbortController().signal;
  const start = async (name: string, script: string, args: string[], env: Record<string, string>): Promise<Child> => {
    const child = await Child.start({ name, script, args, env, cwd: REPOSITORY, logFile: join(logs, `${name}.log`) });
    ends.push(() => child.stop(GRACE_MS, never));
    return child;
  };
  try {
    const dataDir = join(dir, 'postgres');
    ends.push(() => forgetPostgres(dataDir));
    const postgres = await startPostgres({ dataDir, remedy: 'run it again', durable: false });
    ends.push(() => postgres.stop());
    await ensureDatabase(postgres.adminUrl);
    const ofBank = ['--data', join(dir, 'sandbox'), '--control-port', '0', '--r3-port', '0', '--exit-with-parent'];
    const sandbox = await start('sandbox', HOUSE_PROGRAMS.sandbox, ofBank, {});
    const bank = await sandbox.lineThat(readSandboxLine, 'said that it listens', READY_MS, never);
    const ports = { gatewayPort: await anyFreePort(), managementPort: await anyFreePort() };
    const secrets = makeSecrets();
    const environment = serviceEnvironment(secrets, { ...ports, postgresPort: postgres.port, kaspiUrls: bank.kaspi });
    for (const { name, script } of HOUSE_PROGRAMS.migrations) {
      const migration = await start(name, script, [], migrateEnvironment(environment, postgres.adminUrl));
      const how = await migration.exited;
      if (how !== 'code 0') throw await migration.ended(how);
    }
    const services = await start('services', HOUSE_PROGRAMS.services, ['--exit-with-parent'], environment);
    await waitUntilReady(`http://127.0.0.1:${ports.managementPort}/readyz`, 'gateway', READY_MS, never);
    return {
      gateways: [`http://127.0.0.1:${ports.gatewayPort}`],
      operatorKey: secrets.operatorKey,
      bankControl: bank.control,
      tls: bank.tls,
      pids: [postgres.pid, sandbox.pid, services.pid],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
