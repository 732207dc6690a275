import type { Failure } from '@tolem/contracts';
import { failureOf } from '../failure-of.ts';
import type { Access, Call } from '../call.ts';
import type { MoneySubject } from '../subject.ts';
import type { WorkInHand } from './work-in-hand.ts';

/**
 * Calls within one attempt, those of its devices included: after a lost answer once more where each call makes another
 * thing, and as often as the deadline has room for where all make the same.
 */
const MOST = { orphanable: { tries: 4, lost: 2 }, repeatable: { tries: 40, lost: 40 } } as const;
const PAUSE_MS = 400;
const MAX_PAUSE_MS = 2_000;

type Uncertain = { readonly is: 'refused' | 'device_unknown' | 'not_sent' | 'lost'; readonly failure: Failure };

/** How it came out; null where the operation is no longer ours. */
export type Certain<Done> =
  | Done
  | { readonly is: 'refused'; readonly failure: Failure }
  /** The provider was not reached, or nobody heard it, until the deadline or often enough. */
  | { readonly is: 'not_reached'; readonly failure: Failure }
  | null;

/**
 * Makes a call that may be repeated because what it makes hurts nobody until it is shown, or because the same request id
 * makes the same thing: before the deadline or not at all, and once with a device registered again.
 */
export async function tryUntilCertain<S extends MoneySubject, Done extends { readonly is: 'started' }>(
  work: WorkInHand<S>,
  access: Access,
  tradePointRef: string | null,
  effect: keyof typeof MOST,
  make: (call: Call, deviceToken: string | null) => Promise<Done | Uncertain>,
): Promise<Certain<Done>> {
  const most = MOST[effect];
  let lost = 0;
  let registeredAgain = false;
  let last = failureOf('not_started', 'not_started');
  while (work.tries < most.tries && !work.late) {
    if (!(await work.lease.holdForCall())) return null;
    const outcome = await once(work, access, tradePointRef, effect, make);
    switch (outcome.is) {
      case 'started':
        return outcome;
      case 'refused':
        return { is: 'refused', failure: outcome.failure };
      case 'device_unknown':
        if (registeredAgain || work.subject.deviceId === null) return { is: 'refused', failure: outcome.failure };
        registeredAgain = true;
        await work.forgetDevice();
        break;
      case 'not_sent':
        last = outcome.failure;
        await work.rooms.pause(Math.min(PAUSE_MS * work.tries, MAX_PAUSE_MS));
        break;
      case 'lost':
        last = outcome.failure;
        lost += 1;
        if (lost >= most.lost) return { is: 'not_reached', failure: last };
        // Whoever waits at the till should not wait for the second call; a provider that is away is not stormed.
        if (lost > 1) await work.rooms.pause(Math.min(PAUSE_MS * lost, MAX_PAUSE_MS));
        break;
    }
  }
  return { is: 'not_reached', failure: last };
}

async function once<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  access: Access,
  tradePointRef: string | null,
  effect: keyof typeof MOST,
  make: (call: Call, deviceToken: string | null) => Promise<Done | Uncertain>,
): Promise<Done | Uncertain> {
  const token = await work.token(access, tradePointRef);
  if (token.is !== 'token') return { is: token.is === 'refused' ? 'refused' : 'not_sent', failure: token.failure };
  if (!(await work.lease.holdForCall())) return { is: 'not_sent', failure: failureOf('not_started', 'not_started') };
  return make(effect === 'repeatable' ? work.sameCall(access) : work.call(access), token.token);
}
