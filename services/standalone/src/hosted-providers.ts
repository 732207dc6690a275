import { PROVIDERS } from '@tolem/contracts';
import type { ProviderPackage } from '@tolem/provider-kit';

/** Every provider of the contracts' list, from the package of its name: a new one changes nothing here. */
export const HOSTED_PROVIDERS: readonly ProviderPackage[] = await Promise.all(PROVIDERS.map(({ name }) => load(name)));

async function load(name: string): Promise<ProviderPackage> {
  const { service } = (await import(`@tolem/${name}`)) as { readonly service?: ProviderPackage };
  if (service?.name !== name) throw new Error(`@tolem/${name} exports no service of that name`);
  return service;
}
