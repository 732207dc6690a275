import type { Mode, ProviderDescriptor, SchemeDescriptor } from '@tolem/contracts';
import type { ProviderUrls } from '../config.ts';
import { unprocessable } from '../http/api-problem.ts';

/**
 * Where a connection leads. A tenant cannot name any address: our certificate would introduce itself to whoever it points
 * at, so it must be the one that this installation is configured for.
 */
export function baseUrlOf(
  urls: ProviderUrls,
  to: { provider: ProviderDescriptor; scheme: SchemeDescriptor; mode: Mode; wanted: string | undefined },
): string {
  const { provider, scheme, mode, wanted } = to;
  const configured = urls[provider.name]?.[mode]?.[scheme.name];
  if (configured === undefined) {
    const detail = `This installation has no address of ${provider.title} (${scheme.name}) for ${mode} mode. Ask the operator.`;
    throw unprocessable('provider_not_configured', '/provider', detail);
  }
  const base = withoutSlash(configured);
  if (wanted !== undefined && withoutSlash(wanted) !== base) {
    throw unprocessable('base_url_not_allowed', '/base_url', `The only address allowed here is ${base}.`);
  }
  return base;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
