import { failureOf, type Question, type QuestionOutcome } from '@tolem/provider-kit';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import type { Payer } from '../client/wire-remote.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { failureOfAnswer, isMisconfigured } from '../answers/failures.ts';

/**
 * The bank allows 50 calls a minute per device (Kaspi QR v3.9 §4.6, official). A bucket gives its capacity at once and its
 * refill besides, so the two together stay within 50 in any minute.
 */
export const PAYER_LIMIT = { capacity: 10, refillPerSecond: 40 / 60 };

/** Whose phone this is (`remote/client-info` §4.6.1): the name is shown to the cashier and kept nowhere. */
export function payerQuestion(client: KaspiClient): Question {
  return {
    kind: 'payer',
    limit: PAYER_LIMIT,
    async ask(call, { deviceToken, args }) {
      if (deviceToken === null) return { is: 'refused', failure: failureOf('desk_not_registered', 'desk_setup') };
      const given = {
        device: { bin: call.access.taxId, deviceToken },
        phoneNumber: args['phone'] ?? '',
      };
      return payerOutcome(await client.clientInfo(endpointOf(call.access), given, call));
    },
  };
}

/**
 * ASSUMPTION: the codes that `remote/client-info` alone lists without a text (-1401, -1404, 990000029, 990000031,
 * 990000032) say that nobody can be sent an invoice under this number; the bank's own words go along.
 */
const NOBODY_THERE: ReadonlySet<string> = new Set(['-1401', '-1404', '990000029', '990000031', '990000032']);

export function payerOutcome(answer: KaspiAnswer<Payer>): QuestionOutcome {
  if (answer.is === 'ok') return { is: 'answered', answer: { name: answer.data.clientName } };
  const failure = failureOfAnswer(answer);
  if (answer.is !== 'refused') return { is: isMisconfigured(answer) ? 'refused' : 'unreachable', failure };
  if (answer.code.registerDeviceAgain) return { is: 'device_unknown', failure };
  if (answer.code.class === 'temporary') return { is: 'unreachable', failure };
  return answer.code.class === 'unlisted' && NOBODY_THERE.has(answer.code.statusCode)
    ? { is: 'refused', failure: { ...failure, code: 'payer_not_found', cashier_key: 'phone_unknown' } }
    : { is: 'refused', failure };
}
