import type { TransportVerdict } from './breaker.ts';
import type { EgressOutcome } from './egress-outcome.ts';

/**
 * What an outcome says about the way to the provider. No HTTP status and no business answer counts against it, nor does
 * anything that one organization's request can bring about alone (an answer that is too large, a request out of bounds).
 * @param tried whether a connection was opened or used for the request; false: it only waited for one
 */
export function transportVerdict(outcome: EgressOutcome, tried: boolean): TransportVerdict {
  if (outcome.kind === 'answered') return 'works';
  switch (outcome.reason) {
    case 'answer_too_large':
      return 'works';
    case 'connection_closed':
    case 'answer_cut':
    case 'answer_malformed':
    case 'tls_alert':
    case 'connect_timeout':
    case 'dns':
    case 'connect_refused':
    case 'connection_lost':
    case 'tls_untrusted':
    case 'tls_refused':
    case 'tls_aborted':
    case 'tls_failed':
    case 'proxy_no_route':
    case 'source_address_unavailable':
      return 'fails';
    case 'timeout':
      return tried ? 'fails' : 'says_nothing';
    case 'invalid_request':
    case 'credential_unusable':
    case 'withdrawn':
    case 'overloaded':
    case 'closed':
    case 'breaker_open':
    // The proxy has a breaker of its own, which all ways through it share.
    case 'proxy_unavailable':
      return 'says_nothing';
  }
}

/** What an outcome says about the proxy that the request went through, or should have gone through. */
export function proxyVerdict(outcome: EgressOutcome): TransportVerdict {
  if (outcome.kind === 'answered') return 'works';
  switch (outcome.reason) {
    case 'proxy_unavailable':
      return 'fails';
    // A tunnel stood, or the proxy knew what it could not reach.
    case 'proxy_no_route':
    case 'connect_timeout':
    case 'tls_untrusted':
    case 'tls_refused':
    case 'tls_failed':
    case 'tls_alert':
    case 'answer_too_large':
      return 'works';
    default:
      return 'says_nothing';
  }
}
