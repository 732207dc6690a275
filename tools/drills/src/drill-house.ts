import { chmod, mkdir, rm } from 'node:fs/promises';
import {
  ApiClient,
  DistributedHouse,
  forgetStack,
  type HouseProcess,
  type Onboarded,
  PlainFailure,
  type Progress,
  type Replicas,
  stackFolder,
  tolemFolder,
} from '@tolem/local-stack';
import { z } from 'zod';
import { ChainServer } from './chain-server.ts';
import { CrashBox } from './crash-box.ts';
import { EventReader } from './event-reader.ts';
import { type RefundWaits, refundWaitsEnvironment } from './refund-waits.ts';
import { until } from './until.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

export const SERVICES = ['kaspi', 'gateway'] as const;
export type Service = (typeof SERVICES)[number];
export const REPLICAS = 2;

/** Longest time for a process that died to be heard of. */
const END_TIMEOUT_MS = 60_000;
const endpointAnswer = z.looseObject({ id: z.string(), secret: z.string() });

export interface DrillHouseInput {
  /** Everything of this house lies there; forgotten when it closes, but for the logs' folder inside. */
  dir: string;
  /** Services can be told where to die. */
  crashes: boolean;
  /** What kaspi waits for after a return of money whose answer was lost. */
  refundWaits: RefundWaits;
  /** Collector of traces; none if left out. */
  otlpUrl?: string;
  /** What is stored need not survive a power cut. */
  durable?: boolean;
  progress?: Progress;
  stopping?: AbortSignal;
  hurry?: AbortSignal;
}

/** Two of each service on real stores, and a chain beside them: its server, its books by cursor, its webhooks. */
export class DrillHouse {
  readonly house: DistributedHouse;
  readonly chain: Onboarded;
  readonly server: ChainServer;
  readonly events: EventReader;
  readonly webhooks: WebhookReceiver;
  readonly crashes: CrashBox | undefined;
  /** Processes that ended without having been asked to, in order. */
  readonly ends: string[];

  private constructor(
    private readonly input: DrillHouseInput,
    parts: Pick<DrillHouse, 'house' | 'chain' | 'webhooks' | 'crashes' | 'ends'>,
  ) {
    this.house = parts.house;
    this.chain = parts.chain;
    this.webhooks = parts.webhooks;
    this.crashes = parts.crashes;
    this.ends = parts.ends;
    const { ending: signal } = parts.house;
    const chain = { gateways: parts.house.gatewayUrls, apiKey: parts.chain.apiKey, signal };
    this.server = new ChainServer(chain);
    this.events = new EventReader(chain);
  }

  static async open(input: DrillHouseInput): Promise<DrillHouse> {
    const { dir, progress, stopping, hurry, durable = true } = input;
    await mkdir(dir, { recursive: true });
    // The database server runs as another user when we are root; its own folder inside is closed.
    await chmod(dir, 0o711);
    const folder = stackFolder(tolemFolder(dir));
    const crashes = input.crashes ? new CrashBox(`${dir}/crash`) : undefined;
    const ends: string[] = [];
    const replicas: Replicas = new Map(SERVICES.map((service) => [service, REPLICAS]));
    const house = await DistributedHouse.open({
      ...{ folder, durable, replicas, quickKafka: true },
      ...(progress === undefined ? {} : { progress }),
      ...(stopping === undefined ? {} : { stopping }),
      ...(hurry === undefined ? {} : { hurry }),
      environment: (service, replica) => ({
        ...(input.otlpUrl === undefined ? {} : { TOLEM_OTLP_URL: input.otlpUrl }),
        ...(service === 'gateway'
          ? { TOLEM_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' }
          : refundWaitsEnvironment(input.refundWaits)),
        ...crashes?.environment(service, replica),
      }),
      onServiceEnd: (service, replica) => ends.push(`${service} ${replica}`),
    });
    const webhooks = await WebhookReceiver.start();
    try {
      const chain = await house.onboard();
      const api = new ApiClient(house.gatewayUrl, chain.apiKey, house.ending);
      const { secret } = await api.call({
        method: 'POST',
        path: '/v1/webhook_endpoints',
        body: { url: webhooks.url },
        idempotencyKey: 'endpoint-1',
        answer: endpointAnswer,
      });
      webhooks.secret = secret;
      return new DrillHouse(input, { house, chain, webhooks, crashes, ends });
    } catch (error) {
      await house.close();
      await webhooks.close();
      throw error;
    }
  }

  /** A refund that has no end by then, from when it was asked for, is a difference; ms. */
  get refundsEndWithinMs(): number {
    return this.input.refundWaits.endsWithinMs;
  }

  process(name: string, replica = 1): HouseProcess {
    const found = this.house.processes().find((each) => each.name === name && each.replica === replica);
    if (found === undefined) throw new PlainFailure(`${name} ${replica} does not run.`);
    return found;
  }

  /** Waits for the end of a process that was told to die; false: it has not. */
  async ended(service: string, replica: number, before: number): Promise<boolean> {
    const name = `${service} ${replica}`;
    const heard = await until(
      () => (this.ends.slice(before).includes(name) ? true : undefined),
      END_TIMEOUT_MS,
      this.house.ending,
    );
    return heard ?? false;
  }

  /** Starts whatever ended by itself, as a supervisor would. */
  async startEnded(): Promise<void> {
    for (const service of SERVICES) {
      for (let replica = 1; replica <= REPLICAS; replica += 1) await this.house.startService(service, replica);
    }
  }

  /** Nothing of it is left but the logs. */
  async close(): Promise<void> {
    await this.events.stop();
    this.server.close();
    await this.house.close();
    await this.webhooks.close();
    await forgetStack(stackFolder(tolemFolder(this.input.dir)));
  }
}

/** Nothing of an earlier house is left, its logs included. */
export const forgetDir = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true });
