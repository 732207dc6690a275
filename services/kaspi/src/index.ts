/** The Kaspi service, for whoever hosts it. */
export { type KaspiConfig, kaspiConfig } from './config.ts';
export { type KaspiSurroundings, startKaspi } from './kaspi.ts';
