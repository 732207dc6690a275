import { setTimeout as pause } from 'node:timers/promises';
import type { ChainServer } from './chain-server.ts';
import { type AskedRefund, giveBack } from './refund-till.ts';
import { type Sale, type SalesPlace, sell } from './sale.ts';
import { wantedRefunds } from './wanted-refunds.ts';

export interface LoadInput {
  chain: ChainServer;
  place: SalesPlace;
  /** Payments per second. */
  rate: number;
  /** Unique among all loads, so that no payment of an earlier one answers. */
  name: string;
  desks: readonly string[];
  /** A refund has its end by then. */
  refundsEndWithinMs: number;
  signal: AbortSignal;
}

/** Arrivals end when so many sales are under way; memory stays bounded. */
const MOST_UNDER_WAY = 4_000;
/** Nothing more is refunded while so many refunds have no end. */
const MOST_REFUNDS_UNDER_WAY = 500;
/** From 1 000 ₸ up, each amount another one for a while; below those that the simulated bank has a script for. */
const LEAST_AMOUNT_MINOR = 100_000;
const AMOUNTS = 8_000;

/** Sales at a fixed rate, whatever becomes of them, until it is stopped; of some the money goes back once it is there. */
export class Load {
  readonly sales: Sale[] = [];
  readonly refunds: AskedRefund[] = [];
  /** A desk of its own for every sale from now on: its device is registered with it. */
  freshDesks = false;
  /** Sales from now on are canceled. */
  cancels = false;
  private readonly input: LoadInput;
  private readonly underWay = new Set<Promise<void>>();
  private refundsUnderWay = 0;
  private readonly stopped = new AbortController();
  private readonly arrivals: Promise<void>;

  constructor(input: LoadInput) {
    this.input = input;
    this.arrivals = this.arrive();
  }

  /** No sale begins any more; resolves when the last one has ended, and the last refund. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.arrivals;
    await Promise.all(this.underWay);
  }

  private async arrive(): Promise<void> {
    const signal = AbortSignal.any([this.stopped.signal, this.input.signal]);
    const startedMs = performance.now();
    for (let sent = 0; !signal.aborted; sent += 1) {
      const nextMs = (sent * 1_000) / this.input.rate - (performance.now() - startedMs);
      if (nextMs > 0) await pause(nextMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted && this.underWay.size < MOST_UNDER_WAY) this.fire(sent);
    }
  }

  private fire(index: number): void {
    const { name, desks } = this.input;
    const key = `${name}-${index}`;
    const sale: Sale = {
      key,
      desk: this.freshDesks ? key : (desks[index % desks.length] ?? key),
      amountMinor: LEAST_AMOUNT_MINOR + (index % AMOUNTS) * 100,
      sentAtMs: Date.now(),
      cancels: this.cancels,
    };
    this.sales.push(sale);
    const over: Promise<void> = this.play(sale, index).finally(() => this.underWay.delete(over));
    this.underWay.add(over);
  }

  private async play(sale: Sale, index: number): Promise<void> {
    const { chain, place, refundsEndWithinMs, signal } = this.input;
    await sell(chain, place, sale);
    const { payment, told } = sale;
    if (payment === undefined || told !== 'succeeded' || this.refundsUnderWay >= MOST_REFUNDS_UNDER_WAY) return;
    const asked = wantedRefunds(index, sale.amountMinor).map((wanted, part): AskedRefund => ({
      ...{ ...wanted, payment, key: `${sale.key}-back-${part + 1}`, sentAtMs: Date.now() },
    }));
    this.refunds.push(...asked);
    this.refundsUnderWay += asked.length;
    await Promise.all(asked.map((refund) => giveBack(chain, refund, refundsEndWithinMs, signal)));
    this.refundsUnderWay -= asked.length;
  }
}
