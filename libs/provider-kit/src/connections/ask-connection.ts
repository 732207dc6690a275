import type { PollClaim } from '@tolem/coordination';
import { type Asking, callAbout, withSlot } from '../polling/asking.ts';
import { isOutdated, lookingAgain, verified } from './verify-connection.ts';

/** Asks whether a connection that did not work does so again, and pings one that works. */
export async function askConnection(asking: Asking, claim: PollClaim): Promise<void> {
  const { rooms, clock, settings } = asking;
  const [found] = await rooms.store.load([claim.id]);
  if (found?.kind !== 'connection') return asking.finish(claim);
  await withSlot(asking, claim, found.id, 'background', async (access) => {
    const { provider } = rooms;
    const askedAt = clock.now();
    const ping = found.health === 'up' ? provider.health : undefined;
    const pinged = await ping?.(callAbout(asking, claim, access, askedAt, 0));
    // One ping that failed shuts no door: the question that is known to need everything decides.
    const outcome = pinged?.is === 'up' ? pinged : await provider.verify(callAbout(asking, claim, access, askedAt, 1));
    const result = await rooms.store.change(claim.id, (subject) => {
      if (subject.kind !== 'connection' || isOutdated(subject, access)) return null;
      const next = verified(subject, access, outcome, clock.now(), lookingAgain({ provider, settings }));
      return { next, tell: next.health !== subject.health };
    });
    if (result !== null) await asking.plan(result.subject);
  });
}
