import { STORE_NAMES, type StoreName } from '../stores/stores.ts';
import { type LocalJson, readLocalJson, type StackJson } from '../tolem-folder/local-json.ts';
import { StartLock } from '../tolem-folder/start-lock.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';
import { answers } from './answers.ts';
import { processMemoryMib } from './process-memory.ts';

interface Part {
  name: string;
  /** Undefined for a container. */
  pid: number | undefined;
  address: string;
  ready: () => Promise<boolean>;
}

/** What runs, as a table for people; `whole` when all of it is ready. */
export async function stackStatus(
  folder: Pick<StackFolder, 'lock' | 'local'>,
): Promise<{ text: string; whole: boolean }> {
  const holder = await StartLock.holder(folder.lock);
  if (holder === undefined) return { text: 'Nothing runs here: npm run stack\n', whole: false };
  if (holder.command === 'npm start') {
    return { text: `What runs here is "npm start" (process ${holder.pid}), not the stack.\n`, whole: false };
  }
  const local = await readLocalJson(folder.local);
  if (local?.stack === undefined) {
    return { text: `The stack is starting or stopping (process ${holder.pid}).\n`, whole: false };
  }
  const rows = await Promise.all(
    partsOf(local, local.stack).map(async ({ name, pid, address, ready }) => {
      const [isReady, memoryMib] = await Promise.all([ready(), pid === undefined ? undefined : processMemoryMib(pid)]);
      return { name, pid, address, ready: isReady && (pid === undefined || memoryMib !== undefined), memoryMib };
    }),
  );
  const lines = rows.map(({ name, pid, ready, memoryMib, address }) => [
    name,
    String(pid ?? 'container'),
    ready ? 'yes' : 'NO',
    memoryMib === undefined ? '' : `${memoryMib} MiB`,
    address,
  ]);
  return {
    text: table([['', 'process', 'ready', 'memory', 'where'], ...lines]),
    whole: rows.every((row) => row.ready),
  };
}

function partsOf(local: LocalJson, stack: StackJson): Part[] {
  const parts = stack.processes.map(({ name, replica, role, pid, management }): Part => {
    const store = STORE_NAMES.find((known) => known === name);
    if (role === 'store' && store !== undefined) return { name, pid, ...storeOf(store, stack) };
    if (role === 'sandbox') {
      const { control } = local.sandbox;
      return { name, pid, address: control, ready: () => answers.http(`${control}/health`) };
    }
    if (role === 'proxy') {
      const address = stack.egress_proxy ?? '';
      return { name, pid, address, ready: () => answers.listens(address) };
    }
    const api = name === 'gateway' ? `, API ${stack.gateways[replica - 1] ?? ''}` : '';
    return {
      ...{ name: `${name} ${replica}`, pid, address: `${management ?? ''}${api}` },
      ready: () => answers.http(`${management ?? ''}/readyz`),
    };
  });
  const containers = STORE_NAMES.filter((name) => !stack.processes.some((process) => process.name === name));
  return [...parts, ...containers.map((name) => ({ name, pid: undefined, ...storeOf(name, stack) }))];
}

function storeOf(store: StoreName, stack: StackJson): Pick<Part, 'address' | 'ready'> {
  const { database_admin_url: database, brokers, redis_url: redis } = stack;
  switch (store) {
    case 'postgres':
      return { address: new URL(database).host, ready: () => answers.postgres(database) };
    case 'kafka':
      return { address: brokers.join(', '), ready: () => answers.kafka(brokers[0] ?? '') };
    case 'redis':
      return { address: new URL(redis).host, ready: () => answers.redis(redis) };
  }
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
