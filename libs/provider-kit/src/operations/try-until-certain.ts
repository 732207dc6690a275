import type { Failure } from '@tolem/contracts';
import { failureOf } from '../failure-of.ts';
import type { Access, Call } from '../call.ts';
import type { MoneySubject } from '../subject.ts';
import type { WorkInHand } from './work-in-hand.ts';

/** Calls within one attempt: the first one, one repeat after a lost answer, and room for a new device registration. */
const MAX_TRIES = 4;
const MAX_LOST = 2;
const PAUSE_AFTER_NOT_SENT_MS = 400;

type Uncertain = { readonly is: 'refused' | 'device_unknown' | 'not_sent' | 'lost'; readonly failure: Failure };

/** How it came out; null where the operation is no longer ours. */
export type Certain<Done> =
  | Done
  | { readonly is: 'refused'; readonly failure: Failure }
  /** The provider was not reached, or nobody heard it, until the deadline or often enough. */
  | { readonly is: 'not_reached'; readonly failure: Failure }
  | null;

/**
 * Makes a call that may be repeated because what it makes hurts nobody until it is shown: before the deadline or not at
 * all, once more after a lost answer, and once with a device registered again.
 */
export async function tryUntilCertain<S extends MoneySubject, Done extends { readonly is: 'started' }>(
  work: WorkInHand<S>,
  access: Access,
  tradePointRef: string | null,
  make: (call: Call, deviceToken: string | null) => Promise<Done | Uncertain>,
): Promise<Certain<Done>> {
  let lost = 0;
  let registeredAgain = false;
  let last = failureOf('not_started', 'not_started');
  while (work.tries < MAX_TRIES && !work.late) {
    if (!(await work.lease.holdForCall())) return null;
    const outcome = await once(work, access, tradePointRef, make);
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
        await work.rooms.pause(PAUSE_AFTER_NOT_SENT_MS * work.tries);
        break;
      case 'lost':
        last = outcome.failure;
        lost += 1;
        if (lost >= MAX_LOST) return { is: 'not_reached', failure: last };
        break;
    }
  }
  return { is: 'not_reached', failure: last };
}

async function once<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  access: Access,
  tradePointRef: string | null,
  make: (call: Call, deviceToken: string | null) => Promise<Done | Uncertain>,
): Promise<Done | Uncertain> {
  const token = await work.token(access, tradePointRef);
  if (token.is !== 'token') return { is: token.is === 'refused' ? 'refused' : 'not_sent', failure: token.failure };
  if (!(await work.lease.holdForCall())) return { is: 'not_sent', failure: failureOf('not_started', 'not_started') };
  return make(work.call(access), token.token);
}
