import { z } from 'zod';
import { tradePointsOf } from '../onboarding/onboard.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { DemoStage } from './demo-stage.ts';
import { readPayment, startPayment, type TillPlace } from './shown-payment.ts';
import { isFinal } from '@tolem/domain';

const AMOUNT_MINOR = 100_000;
const FOLLOW_WAIT_S = 10;
const ROUND_TIMEOUT_MS = 60_000;

export interface SteadyTills {
  /** Payments that succeeded, by our ids. */
  readonly paid: readonly string[];
  /** Whatever a till saw that was no success: a request that failed, or a payment that ended otherwise. */
  readonly failures: readonly string[];
  /** Until every till has been paid once for a payment that it begins from now on, or one has failed. */
  nextRound(): Promise<void>;
  /** When the payments under way have ended. */
  close(): Promise<void>;
}

/** Tills beside the one that stands there already, each of which takes one payment after the other. */
export async function openTills(stage: DemoStage, first: TillPlace, count: number): Promise<SteadyTills> {
  const places = [first, ...(await moreDesks(stage, first, count - 1))];
  const paid: string[] = [];
  const failures: string[] = [];
  const begun = places.map(() => 0);
  const done = places.map(() => 0);
  const rounds = new Set<() => void>();
  let closing = false;

  const serve = async (till: number, place: TillPlace): Promise<void> => {
    while (!closing && failures.length === 0) {
      const payment = (begun[till] = (begun[till] ?? 0) + 1);
      try {
        paid.push(await onePayment(stage, place));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
      done[till] = payment;
      for (const check of rounds) check();
    }
  };
  const running = places.map((place, till) => serve(till, place));

  return {
    paid,
    failures,
    async nextRound() {
      const wanted = begun.map((payment) => payment + 1);
      const round = Promise.withResolvers<undefined>();
      const check = (): void => {
        if (failures.length > 0 || wanted.every((payment, till) => (done[till] ?? 0) >= payment))
          round.resolve(undefined);
      };
      const tooLong = setTimeout(() => round.reject(new PlainFailure('The tills stand still.')), ROUND_TIMEOUT_MS);
      rounds.add(check);
      try {
        await round.promise;
      } finally {
        rounds.delete(check);
        clearTimeout(tooLong);
      }
    },
    async close() {
      closing = true;
      await Promise.all(running);
    },
  };
}

async function onePayment(stage: DemoStage, place: TillPlace): Promise<string> {
  let payment = await startPayment(stage, { place, amountMinor: AMOUNT_MINOR, method: { type: 'kaspi_qr' } });
  while (!isFinal(payment.status)) payment = await readPayment(stage, payment.id, FOLLOW_WAIT_S);
  if (payment.status === 'succeeded') return payment.id;
  throw new PlainFailure(`the payment ${payment.id} ended as ${payment.status} (${payment.failure?.code ?? ''})`);
}

const anything = z.unknown();

async function moreDesks({ chain }: DemoStage, first: TillPlace, count: number): Promise<TillPlace[]> {
  const { organization } = first;
  const [tradePoint] = await tradePointsOf(chain, organization);
  const places = Array.from({ length: count }, (_, at) => ({ organization, desk: `${first.desk}-${at + 2}` }));
  for (const { desk } of places) {
    await chain.call({
      method: 'POST',
      path: '/v1/desks',
      body: { organization, desk, trade_point: tradePoint },
      idempotencyKey: `demo-${organization}-${desk}`,
      answer: anything,
    });
  }
  return places;
}
