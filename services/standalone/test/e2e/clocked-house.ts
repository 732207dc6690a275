import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDERS } from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets, MemoryWakeUps } from '@tolem/coordination';
import { type Clock, IdFactory, systemClock } from '@tolem/domain';
import { gatewayConfig, type RunningGateway, startGateway } from '@tolem/gateway';
import { kaspiConfig, startKaspi } from '@tolem/kaspi';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import type { RunningProvider } from '@tolem/provider-kit';
import { type Sandbox, type SandboxOptions, startSandbox } from '@tolem/sandbox';
import { busTopology } from '@tolem/service-process';
import type { TestDatabase } from '@tolem/testing';
import { houseDatabase, houseEnvironment } from './house-database.ts';

/** Real time, and whatever it was put forward by. */
class ForwardClock implements Clock {
  byMs = 0;
  now = (): number => systemClock.now() + this.byMs;
  monotonicMs = (): number => systemClock.monotonicMs();
}

/**
 * Gateway and kaspi in the process of the spec, with the simulated bank, over all of which the same clock goes. Both
 * services can come back on another day; what they keep is in the database alone.
 */
export class ClockedHouse {
  readonly logs: string[] = [];
  private readonly ends: (() => unknown)[] = [];
  private readonly environment: Record<string, string>;
  private running: { readonly gateway: RunningGateway; readonly kaspi: RunningProvider } | undefined;

  private constructor(
    readonly bank: Sandbox,
    database: TestDatabase,
    private readonly clock: ForwardClock,
  ) {
    this.environment = {
      ...houseEnvironment(database, bank.r3Url),
      TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r2: bank.r2Url, r3: bank.r3Url } } }),
    };
  }

  /** @param bank what the simulated bank does otherwise than usual */
  static async open(bank: Pick<SandboxOptions, 'invoiceLifeMs'> = {}): Promise<ClockedHouse> {
    const dataFolder = mkdtempSync(join(tmpdir(), 'tolem-clocked-'));
    const clock = new ForwardClock();
    const [database, sandbox] = await Promise.all([
      houseDatabase(),
      startSandbox({ ...bank, dataFolder, controlPort: 0, r3Port: 0, timers: 'local', clock }),
    ]);
    const house = new ClockedHouse(sandbox, database, clock);
    house.ends.push(
      () => rmSync(dataFolder, { recursive: true, force: true }),
      () => database.drop(),
      () => sandbox.close(),
    );
    await house.start();
    return house;
  }

  /** Base URL of the gateway that runs now. */
  get gateway(): string {
    return this.running?.gateway.url ?? '';
  }

  now(): number {
    return this.clock.now();
  }

  /** Both services end, and start again when it is as late as that; epoch milliseconds. */
  async comeBackOn(atMs: number): Promise<void> {
    await this.stop();
    this.clock.byMs = atMs - systemClock.now();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    for (const end of this.ends.splice(0).reverse()) await end();
  }

  private async start(): Promise<void> {
    const { clock, environment } = this;
    const stream = { write: (line: string) => void this.logs.push(line) };
    const shared = {
      ...{ clock, ids: new IdFactory(clock), metrics: new Metrics(), answers: new MemoryAnswers() },
      logger: createLogger({ service: 'e2e', level: 'debug', stream }),
      bus: new InProcessBus({
        topology: busTopology(PROVIDERS.map(({ name }) => name)),
        onError: () => undefined,
      }),
    };
    const kaspi = await startKaspi(kaspiConfig.load(environment), {
      ...{ ...shared, alone: true, schedule: new MemoryPollSchedule(clock), slots: new MemorySlots() },
      buckets: new MemoryTokenBuckets(clock),
    });
    const gateway = await startGateway(gatewayConfig.load(environment), { ...shared, wakeUps: new MemoryWakeUps() });
    this.running = { kaspi, gateway };
  }

  private async stop(): Promise<void> {
    await this.running?.gateway.close();
    await this.running?.kaspi.close();
    this.running = undefined;
  }
}
