import { type ProviderDescriptor, providerNamed, PROVIDERS, type SchemeDescriptor } from '@tolem/contracts';
import { unprocessable } from '../http/api-problem.ts';

/** A provider and one of its schemes as a body names them, or 422. */
export function providerScheme(body: { readonly provider: string; readonly scheme: string }): {
  provider: ProviderDescriptor;
  scheme: SchemeDescriptor;
} {
  const provider = providerNamed(body.provider);
  if (provider === undefined) {
    const known = PROVIDERS.map(({ name }) => name);
    throw unprocessable('provider_not_available', '/provider', `This installation speaks ${known.join(', ')} only.`, {
      extra: { available: known },
    });
  }
  const scheme = provider.schemes.find(({ name }) => name === body.scheme);
  if (scheme === undefined) {
    const known = provider.schemes.map(({ name }) => name);
    throw unprocessable(
      'scheme_not_available',
      '/scheme',
      `With ${provider.title} this installation speaks ${known.join(', ')} only.`,
      {
        extra: { available: known },
      },
    );
  }
  return { provider, scheme };
}
