import type { Failure } from '@tolem/contracts';
import type { Egress, EgressExit, ProxyChange } from '@tolem/egress';
import type { Logger, Metrics } from '@tolem/observability';
import type { KaspiConfig } from '../config.ts';

type ExitConfig = Pick<KaspiConfig, 'egressProxies' | 'egressProxyCa' | 'egressSourceAddress'>;

/**
 * How calls to the bank leave: the bank lets a scheme-3 client in from registered addresses only (Kaspi QR v3.9 §1).
 * Undefined: from whichever address the system picks.
 */
export function exitOf({ egressProxies, egressProxyCa, egressSourceAddress }: ExitConfig): EgressExit | undefined {
  if (egressSourceAddress !== undefined) return { sourceAddress: egressSourceAddress };
  if (egressProxies.length === 0) return undefined;
  return { proxies: egressProxies, ...(egressProxyCa === undefined ? {} : { caPem: egressProxyCa }) };
}

/** One line per change and not per request: with the last proxy, everything stops at once. */
export function proxyLog(logger: Pick<Logger, 'error' | 'info'>): (change: ProxyChange) => void {
  return ({ proxy, up, detail, retryAfterMs }) => {
    if (up) logger.info({ proxy }, 'an egress proxy gives tunnels again');
    else logger.error({ proxy, detail, retryAfterMs }, 'an egress proxy gives no tunnels');
  };
}

/** Which proxies carry; a proxy that failed counts as down until it has given a tunnel. */
export function watchProxies(metrics: Metrics, egress: Pick<Egress, 'stats'>): void {
  metrics.gauge<'proxy'>({
    name: 'tolem_egress_proxy_up',
    help: 'Whether a forward proxy gave the last tunnel that it was asked for: 1 yes, 0 no.',
    labels: ['proxy'],
    collect: (gauge) => {
      for (const { proxy, up } of egress.stats().proxies) gauge.set(up ? 1 : 0, { proxy });
    },
  });
}

/** Nothing was sent, because it would have had to leave from another address than the registered one. */
export const PROXIES_DOWN: Failure = {
  code: 'egress_proxy_unavailable',
  provider_code: null,
  provider_message: null,
  cashier_key: 'provider_unavailable',
  admin_text: {
    ru: 'Ни один прокси с зарегистрированным адресом не отвечает, запросы в банк остановлены. Проверьте прокси из TOLEM_KASPI_EGRESS_PROXIES и доступ к ним',
    kk: 'Тіркелген мекенжайы бар бірде-бір прокси жауап бермейді, банкке сұраулар тоқтатылды. TOLEM_KASPI_EGRESS_PROXIES ішіндегі проксилерді және оларға қолжетімділікті тексеріңіз',
    en: 'No proxy with the registered address answers, so requests to the bank have stopped. Check the proxies of TOLEM_KASPI_EGRESS_PROXIES and the way to them',
  },
};

/** The same for a fixed address that the machine does not have. */
export const SOURCE_ADDRESS_GONE: Failure = {
  code: 'egress_source_address_unavailable',
  provider_code: null,
  provider_message: null,
  cashier_key: 'provider_unavailable',
  admin_text: {
    ru: 'На этом сервере нет адреса, с которого разрешены запросы в банк, и они остановлены. Верните адрес или исправьте TOLEM_KASPI_EGRESS_SOURCE_ADDRESS',
    kk: 'Бұл серверде банкке сұраулар рұқсат етілген мекенжай жоқ, сондықтан олар тоқтатылды. Мекенжайды қайтарыңыз немесе TOLEM_KASPI_EGRESS_SOURCE_ADDRESS мәнін түзетіңіз',
    en: 'This server does not have the address from which the bank lets us in, so requests have stopped. Give it the address back or correct TOLEM_KASPI_EGRESS_SOURCE_ADDRESS',
  },
};
