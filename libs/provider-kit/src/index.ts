/** What a provider service is made of. Knows no provider. */
export { watchEgress } from './egress-metrics.ts';
export * from './migrate-command.ts';
export * from './migrate-provider.ts';
export { failureOf } from './payment-life.ts';
export { DEFAULT_TIMETABLE, type Timetable } from './payment-picture.ts';
export * from './provider.ts';
export * from './provider-package.ts';
export * from './provider-service.ts';
export { DEFAULT_KIT_SETTINGS, type KitSettings } from './settings.ts';
