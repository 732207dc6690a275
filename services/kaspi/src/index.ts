import { providerPackage } from '@tolem/provider-kit';
import { kaspiConfig } from './config.ts';
import { startKaspi } from './kaspi.ts';

/** The service of Kaspi, for whoever hosts it. */
export const service = providerPackage('kaspi', kaspiConfig, startKaspi);
export { kaspiConfig, startKaspi };
