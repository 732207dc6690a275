import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsTopic, EVENTS_TOPIC } from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets, MemoryWakeUps } from '@tolem/coordination';
import { type Clock, IdFactory, systemClock } from '@tolem/domain';
import { gatewayConfig, type RunningGateway, startGateway } from '@tolem/gateway';
import { kaspiConfig, startKaspi } from '@tolem/kaspi';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import type { TestDatabase } from '@tolem/testing';
import { houseDatabase, houseEnvironment } from './house-database.ts';

/** Real time, and whatever it was put forward by. */
class ForwardClock implements Clock {
  byMs = 0;
  now = (): number => systemClock.now() + this.byMs;
  monotonicMs = (): number => systemClock.monotonicMs();
}

/** Gateway and kaspi in the process of the spec, with the simulated bank, and a gateway that can come back on another day. */
export class ClockedHouse {
  readonly logs: string[] = [];
  private readonly clock = new ForwardClock();
  private readonly ends: (() => unknown)[] = [];
  private readonly environment: Record<string, string>;
  private readonly shared;
  private running: RunningGateway | undefined;

  private constructor(
    readonly bank: Sandbox,
    database: TestDatabase,
  ) {
    this.environment = {
      ...houseEnvironment(database, bank.r3Url),
      TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r2: bank.r2Url, r3: bank.r3Url } } }),
    };
    const stream = { write: (line: string) => void this.logs.push(line) };
    this.shared = {
      bus: new InProcessBus({
        topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('kaspi')]: ['kaspi'] },
        onError: () => undefined,
      }),
      ids: new IdFactory(systemClock),
      logger: createLogger({ service: 'e2e', level: 'debug', stream }),
      answers: new MemoryAnswers(),
    };
  }

  static async open(): Promise<ClockedHouse> {
    const folder = mkdtempSync(join(tmpdir(), 'tolem-clocked-'));
    const [database, bank] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
    ]);
    const house = new ClockedHouse(bank, database);
    house.ends.push(
      () => rmSync(folder, { recursive: true, force: true }),
      () => database.drop(),
      () => bank.close(),
    );
    const kaspi = await startKaspi(kaspiConfig.load(house.environment), {
      ...{ ...house.shared, clock: systemClock, metrics: new Metrics(), alone: true },
      ...{ schedule: new MemoryPollSchedule(systemClock), slots: new MemorySlots() },
      buckets: new MemoryTokenBuckets(systemClock),
    });
    house.ends.push(() => kaspi.close());
    await house.startGateway();
    return house;
  }

  /** Base URL of the gateway that runs now. */
  get gateway(): string {
    return this.running?.url ?? '';
  }

  /** The gateway ends, and another one starts when so much time has passed. */
  async comeBackOn(atMs: number): Promise<void> {
    await this.running?.close();
    this.clock.byMs = atMs - systemClock.now();
    await this.startGateway();
  }

  async close(): Promise<void> {
    await this.running?.close();
    for (const end of this.ends.splice(0).reverse()) await end();
  }

  private async startGateway(): Promise<void> {
    const around = { ...this.shared, clock: this.clock, metrics: new Metrics(), wakeUps: new MemoryWakeUps() };
    this.running = await startGateway(gatewayConfig.load(this.environment), around);
  }
}
