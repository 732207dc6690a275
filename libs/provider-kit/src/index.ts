/** What a provider service is made of. Knows no provider. */
export * from './call.ts';
export * from './certificate-work.ts';
export * from './credential.ts';
export { watchEgress } from './egress-metrics.ts';
export * from './migrate-command.ts';
export * from './migrate-provider.ts';
export { failureOf } from './failure-of.ts';
export { DEFAULT_TIMETABLE, type Timetable } from './payment-picture.ts';
export * from './payment-method.ts';
export * from './provider.ts';
export * from './provider-package.ts';
export * from './provider-service.ts';
export * from './question.ts';
export * from './refunds.ts';
export { DEFAULT_KIT_SETTINGS, type KitSettings } from './settings.ts';
