import type { Egress, EgressOutcome, EgressRequest } from '@tolem/egress';

export function answered(body: string, status = 200): EgressOutcome {
  return { kind: 'answered', status, headers: {}, body, ms: 1 };
}

/** The network with one answer for everything (a text is a body with 200), and what was asked of it. */
export function scriptedEgress(outcome: EgressOutcome | string): {
  readonly egress: Pick<Egress, 'request'>;
  readonly requests: EgressRequest[];
} {
  const requests: EgressRequest[] = [];
  const answer = typeof outcome === 'string' ? answered(outcome) : outcome;
  return {
    requests,
    egress: {
      request(request) {
        requests.push(request);
        return Promise.resolve(answer);
      },
    },
  };
}
