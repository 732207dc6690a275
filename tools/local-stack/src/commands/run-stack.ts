import { mkdir, rm } from 'node:fs/promises';
import { describeHouse } from '../house/describe-house.ts';
import { describeStack } from '../house/describe-stack.ts';
import { DistributedHouse } from '../house/distributed-house.ts';
import { UsualPorts } from '../house/stack-ports.ts';
import type { PreferredPorts } from '../house/usual-ports.ts';
import { demoPayment } from '../onboarding/demo-payment.ts';
import type { Onboarded } from '../onboarding/onboard.ts';
import { untilAborted } from '../processes/until-aborted.ts';
import type { StackPrograms } from '../services/programs.ts';
import { forgetDockerStores } from '../stores/docker/docker-stores.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { displayDuration, type Progress } from '../terminal/progress.ts';
import { forgetStack } from '../tolem-folder/forget.ts';
import { type LocalJson, writeLocalJson } from '../tolem-folder/local-json.ts';
import { keptSecrets } from '../tolem-folder/secrets.ts';
import { StartLock } from '../tolem-folder/start-lock.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';
import type { RunOptions } from './stack-options.ts';

const COMMAND = 'npm run stack';

export interface StackInput {
  programs: StackPrograms;
  folder: StackFolder;
  options: RunOptions & { docker: boolean };
  /** Default: the usual ones. */
  ports?: PreferredPorts;
  progress: Progress;
  /** Asks the stack to stop. */
  stopping: AbortSignal;
  /** Asks it to stop without grace. */
  hurry: AbortSignal;
}

/**
 * Everything of one machine as many processes, from nothing to serving: stores, sandbox, migrations, topics, services, demo
 * chain, demo payment, `.tolem/local.json`. Returns when it was asked to stop and everything has ended.
 *
 * @throws PlainFailure when a part cannot start or ends by itself; everything else has been stopped by then.
 */
export async function runStack(input: StackInput): Promise<void> {
  const { folder, progress, stopping } = input;
  await mkdir(folder.logs, { recursive: true });
  const lock = await StartLock.take(folder.lock, COMMAND, (step) => progress.line(`  … ${step}`));
  try {
    await rm(folder.local, { force: true });
    if (input.options.fresh) {
      await progress.step('Forgetting what earlier starts stored', async () => {
        await forgetStack(folder);
        if (input.options.docker) await forgetDockerStores();
      });
    }
    await openAndServe(input, lock, await UsualPorts.from(input.options.port, input.ports));
  } catch (error) {
    // Whatever fails because of the request to stop is that request, not a failure.
    if (!stopping.aborted) throw error;
  } finally {
    await lock.release();
  }
}

async function openAndServe(input: StackInput, register: StartLock, ports: UsualPorts): Promise<void> {
  const { folder, options, progress, stopping, hurry, programs } = input;
  const startedMs = performance.now();
  const house = await DistributedHouse.open({
    ...{ folder, programs, progress, stopping, hurry, register },
    ...{ replicas: options.replicas, docker: options.docker, quickKafka: true },
    egressProxy: options.egressProxy,
    secrets: await keptSecrets(folder),
    ports,
  });
  try {
    const local = await Promise.race([welcome(house, input), house.failure]);
    summary(local, folder, progress, performance.now() - startedMs);
    await Promise.race([untilAborted(stopping), house.failure]);
  } catch (error) {
    throw house.brokenBy ?? error;
  } finally {
    // What cannot be removed must not keep the processes alive; the next start removes it before anything else.
    await rm(folder.local, { force: true }).catch(() => undefined);
    await house.close();
  }
}

/** The demo chain, its payment, and the news for other programs that we serve. */
async function welcome(house: DistributedHouse, { folder, options, progress }: StackInput): Promise<LocalJson> {
  const chain = await progress.step(
    'Demo chain',
    (step) => explained(house, folder, () => house.onboard((text) => step.note(text))),
    (made: Onboarded) => (made.fresh ? 'made' : 'kept'),
  );
  if (options.demo) {
    const shown = { progress, signal: house.ending, command: COMMAND } as const;
    await explained(house, folder, () => demoPayment(house.gatewayUrl, chain, shown));
  }
  const { gatewayUrl, secrets, sandbox } = house;
  const local = describeHouse(gatewayUrl, secrets.operatorKey, chain, sandbox, describeStack(house));
  await writeLocalJson(folder.local, local);
  return local;
}

/** What the API refuses is explained in the logs of the services. */
async function explained<T>(house: DistributedHouse, folder: StackFolder, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PlainFailure) || house.ending.aborted) throw error;
    throw new PlainFailure(`${error.message.replace(/\.$/, '')}; the services' logs are in ${folder.logs}`, {
      cause: error,
    });
  }
}

function summary({ gateway, docs, stack }: LocalJson, folder: StackFolder, progress: Progress, tookMs: number): void {
  const line = (what: string, where: string): void => progress.line(`  ${what.padEnd(20)}${where}`);
  progress.line();
  progress.line(`Tolem serves at ${gateway} (${displayDuration(tookMs)} after the start)`);
  line('the API to read', docs);
  for (const url of stack?.gateways.slice(1) ?? []) line('the API once more', url);
  for (const { name, replica, role, pid, management } of stack?.processes ?? []) {
    const many = role === 'service' ? `${name} ${replica}` : name;
    line(many, `process ${pid}${management === null ? '' : `, management ${management}`}`);
  }
  if (stack?.egress_proxy !== undefined) line('calls to the bank', `leave through ${stack.egress_proxy}`);
  line('brokers', stack?.brokers.join(', ') ?? '');
  line('Redis', stack?.redis_url ?? '');
  line('keys and ids', folder.local);
  line('logs', `${folder.logs}, or npm run stack -- --logs kaspi`);
  line('how they are', 'npm run stack -- --status');
  line('another payment', 'npm run demo -- kaspi_qr');
  line('stop', 'Ctrl-C, or npm run stack -- --stop');
}
