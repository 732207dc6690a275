import type { Failure } from '@tolem/contracts';
import type { Call } from '../call.ts';
import type { DeviceUnknown, Noted, NotFound } from '../payments/payment-method.ts';
import type { MoneySubject } from '../subject.ts';
import type { FollowingOperation } from '../subject-store.ts';

/** What came of sending a critical call. */
export type Sent<Done> =
  | { readonly is: 'performed'; readonly done: Done }
  | { readonly is: 'refused' | 'device_unknown' | 'not_sent' | 'lost'; readonly failure: Failure };

/** What reading showed of a critical call whose answer was lost. */
export type Found<Done> = { readonly is: 'performed'; readonly done: Done } | NotFound;

/**
 * A call that moves money and must happen once, whatever it is about: how it is made and found out, and what its outcome
 * makes of the payment or refund that it belongs to. Everything that differs between kinds of subjects stands here;
 * `sendCritical` and `resolveDoubt` know no other difference.
 */
export interface CriticalCall<S extends MoneySubject, Done> {
  /** Phases of its subject from which it may leave. */
  readonly leavesFrom: readonly S['picture']['phase'][];
  /** Reads what will show the effect later. */
  note(call: Call): Promise<Noted>;
  send(call: Call, note: unknown): Promise<Sent<Done>>;
  /** Null where nothing that could be read would show it: lost is `unknown` at once. */
  readonly resolve: ((call: Call, note: unknown) => Promise<Found<Done> | DeviceUnknown>) | null;
  /** After a proven "not performed": once more as a new attempt, or the end. */
  readonly afterNotPerformed: 'repeat_once' | 'refuse';
  /** How long after the first sending a repeat may leave; null where the deadline of the start holds for it too. */
  readonly repeatWithinMs: number | null;
  /** Whether the subject still wants it after the first one has proven to be nothing. */
  mayRepeat(subject: S): boolean;
  performed(subject: S, done: Done, evidence: 'stated' | 'inferred'): S;
  refused(subject: S, failure: Failure): S;
  notPerformed(subject: S, failure: Failure): S;
  inDoubt(subject: S, failure: Failure): S;
  /** What is told of a call that nobody will find out. @param failure what was heard, or null after a crash */
  doubtOf(failure: Failure | null): Failure;
  /** What the operation remembers of its end. */
  answerOf(done: Done): object;
  /** What has to follow from success. */
  followedBy(subject: S): FollowingOperation | null;
  /** Called with the subject as written after success. */
  begun(subject: S): Promise<void>;
}
