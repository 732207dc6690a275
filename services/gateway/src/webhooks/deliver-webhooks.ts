import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Clock, idFromUuid } from '@tolem/domain';
import { currentTraceparent, inSpan, type Logger } from '@tolem/observability';
import type { Sealer } from '@tolem/persistence';
import type { EventBell } from '../events/event-bell.ts';
import { EVENT_BELL } from '../events/event-settings.ts';
import { eventView } from '../events/event.view.ts';
import { CLOCK, LOGGER, RANDOM_BYTES } from '../tokens.ts';
import { deliveryOutcome, type DeliveryOutcome, released } from './delivery-outcome.ts';
import { DeliveryResults } from './delivery-results.ts';
import { DeliveryStore, type TakenDelivery } from './delivery-store.ts';
import { secretContext } from './webhook-endpoints.ts';
import { webhookHeaders } from './webhook-secret.ts';
import { WebhookSender } from './webhook-sender.ts';
import { SEALER, WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';

/** Between two looks for due deliveries, however often somebody says that there are some. */
const GAP_MS = 20;
/** Between checking the lease and the last moment of a request. */
const MARGIN_MS = 2_000;
/** What could not be made into a request is a bug of ours: no attempt of the endpoint's, and not for every second. */
const BROKEN_MS = 60_000;

/** Whose changes are remembered with their trace, by the first word of the event's type. */
const TRACED: ReadonlyMap<string, 'pay' | 'ref'> = new Map([
  ['payment', 'pay'],
  ['refund', 'ref'],
]);

/** What waits for one endpoint in this process. */
interface Lane {
  readonly queue: { readonly taken: TakenDelivery; readonly startByMs: number }[];
  running: number;
}

/**
 * Sends events to the endpoints of their tenants. Any number of processes do this side by side: each takes due rows with
 * a lease, sends a bounded number at once per endpoint, and writes what came of it in batches. What a dead process held is
 * taken again when its lease is over; so an event may come twice, and never not at all.
 */
@Injectable()
export class DeliverWebhooks implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #lanes = new Map<string, Lane>();
  readonly #aborted = new AbortController();
  readonly #results: DeliveryResults;
  #outcomeHeard: (outcome: DeliveryOutcome['outcome'], ms: number) => void = () => undefined;
  #isWorthwhile = true;
  #isStopping = false;
  #isRung = true;
  #wake: (() => void) | undefined;
  #isScanDue = true;
  #scanTimer: NodeJS.Timeout | undefined;
  #held = 0;
  #loop: Promise<void> = Promise.resolve();
  #stopListening: () => void = () => undefined;
  #idle: (() => void) | undefined;

  constructor(
    private readonly store: DeliveryStore,
    private readonly sender: WebhookSender,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(EVENT_BELL) private readonly bell: EventBell,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM_BYTES) private readonly randomBytes: (n: number) => Uint8Array,
    @Inject(WEBHOOK_SETTINGS) private readonly settings: WebhookSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#results = new DeliveryResults(store, settings.settleEveryMs, logger, (count) => this.#settled(count));
  }

  onApplicationBootstrap(): void {
    this.#stopListening = this.bell.onCommitHere(() => this.#ring());
    this.#scanTimer = setInterval(() => {
      this.#isScanDue = true;
      this.#isRung = true;
      this.#wake?.();
    }, this.settings.scanEveryMs);
    this.#loop = this.#run();
  }

  /** Takes nothing more, gives back what was not begun, and waits a while for what is under way. */
  async onModuleDestroy(): Promise<void> {
    this.#stopListening();
    clearInterval(this.#scanTimer);
    this.#isStopping = true;
    this.#wake?.();
    await this.#loop;
    for (const { queue } of this.#lanes.values())
      for (const { taken } of queue.splice(0)) this.#finish(taken, released());
    const timer = setTimeout(() => this.#aborted.abort(), this.settings.drainMs);
    if ([...this.#lanes.values()].some((lane) => lane.running > 0))
      await new Promise<void>((resolve) => (this.#idle = resolve));
    clearTimeout(timer);
    this.sender.close();
    await this.#results.close();
  }

  /** Tells of every attempt: what came of it and how long it took. */
  onOutcome(heard: (outcome: DeliveryOutcome['outcome'], ms: number) => void): void {
    this.#outcomeHeard = heard;
  }

  /** How many deliveries this process holds. */
  get held(): number {
    return this.#held;
  }

  /** The loop outlives every request, so that what it does belongs to no trace of theirs. */
  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#rung();
      if (this.#isStopping) return;
      this.#isRung = false;
      try {
        await this.#turn();
      } catch (error) {
        this.logger.warn({ err: error }, 'due webhook deliveries could not be looked up');
      }
      await this.#pause(GAP_MS);
    }
  }

  async #turn(): Promise<void> {
    if (this.#isScanDue) {
      this.#isWorthwhile = await this.store.hasEndpoints();
      this.#isScanDue = false;
    }
    if (!this.#isWorthwhile) return;
    const room = this.settings.held - this.#held;
    if (room <= 0) return;
    const startByMs = this.clock.monotonicMs() + this.settings.leaseMs - this.settings.timeoutMs - MARGIN_MS;
    const all = await this.store.take(room);
    this.#held += all.length;
    for (const taken of all) {
      const lane = this.#lanes.get(taken.endpoint) ?? { queue: [], running: 0 };
      this.#lanes.set(taken.endpoint, lane);
      lane.queue.push({ taken, startByMs });
      this.#fill(taken.endpoint, lane);
    }
  }

  #fill(endpoint: string, lane: Lane): void {
    // Whoever stops gives back what was not begun.
    while (!this.#isStopping && lane.running < this.settings.concurrency) {
      const next = lane.queue.shift();
      if (next === undefined) break;
      lane.running += 1;
      void this.#deliver(next.taken, next.startByMs).then((outcome) => {
        lane.running -= 1;
        this.#finish(next.taken, outcome);
        this.#fill(endpoint, lane);
        if (lane.running === 0) this.#lanes.delete(endpoint);
        if (this.#lanes.size === 0) this.#idle?.();
      });
    }
  }

  #finish({ endpoint, event, attempt }: TakenDelivery, outcome: DeliveryOutcome): void {
    this.#results.add({ endpoint, event, attempt, ...outcome });
  }

  #settled(count: number): void {
    this.#held -= count;
    // There may be more than this process could hold.
    this.#ring();
  }

  /** Never rejects. */
  async #deliver(taken: TakenDelivery, startByMs: number): Promise<DeliveryOutcome> {
    const begunMs = this.clock.monotonicMs();
    // It lay in the queue of a slow endpoint for so long that another process may take it at any moment.
    if (begunMs > startByMs) return released();
    let outcome: DeliveryOutcome;
    try {
      outcome = await this.#attempt(taken);
    } catch (error) {
      this.logger.error({ err: error, delivery: idFromUuid('whd', taken.delivery) }, 'a webhook could not be made');
      outcome = released(BROKEN_MS);
    }
    this.#outcomeHeard(outcome.outcome, this.clock.monotonicMs() - begunMs);
    return outcome;
  }

  #attempt(taken: TakenDelivery): Promise<DeliveryOutcome> {
    const { content: row, attempt, endpoint } = taken;
    const prefix = TRACED.get(row.type.split('.')[0] ?? '');
    const parent = prefix === undefined ? undefined : this.bell.traceOf(idFromUuid(prefix, row.snapshot.id));
    const attributes = {
      'tolem.event': idFromUuid('evt', taken.event),
      'tolem.event_type': row.type,
      'tolem.webhook_endpoint': idFromUuid('whe', endpoint),
      'tolem.attempt': attempt,
    };
    return inSpan('webhook.deliver', { kind: 'client', parent, attributes }, async (span) => {
      const nowMs = this.clock.now();
      const body = JSON.stringify(eventView(row, nowMs));
      const secrets = await this.#secretsOf(taken);
      const traceparent = currentTraceparent();
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Tolem-Webhooks/1',
        ...webhookHeaders(idFromUuid('evt', taken.event), nowMs, body, secrets),
        ...(traceparent === undefined ? {} : { traceparent }),
      };
      const sent = await this.sender.send(taken.url, headers, body, this.#aborted.signal);
      const random = Buffer.from(this.randomBytes(2)).readUInt16BE() / 0xffff;
      const outcome = deliveryOutcome(sent, attempt, random, this.clock.now());
      if (outcome.status !== null) span.set({ 'http.response.status_code': outcome.status });
      if (outcome.error !== null) span.failed(outcome.error);
      return outcome;
    });
  }

  async #secretsOf({ endpoint, secret, secret_before: before }: TakenDelivery): Promise<string[]> {
    const sealed = before === null ? [secret] : [secret, before];
    return Promise.all(
      sealed.map(async (one) => (await this.sealer.open(one, secretContext(endpoint))).toString('utf8')),
    );
  }

  #ring(): void {
    // While nobody has an endpoint the scan alone looks whether that is still so.
    if (!this.#isWorthwhile) return;
    this.#isRung = true;
    this.#wake?.();
  }

  #rung(): Promise<void> {
    if (this.#isRung || this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** Rings do not shorten it, the end of the process does. */
  #pause(ms: number): Promise<void> {
    if (this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (!this.#isStopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
