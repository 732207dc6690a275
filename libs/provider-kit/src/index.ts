/** What a provider service is made of. Knows no provider. */
export * from './call.ts';
export * from './certificates/certificate-work.ts';
export * from './connections/credential.ts';
export { watchEgress } from './service/egress-metrics.ts';
export * from './service/migrate-command.ts';
export * from './service/migrate-provider.ts';
export { failureOf } from './failure-of.ts';
export { DEFAULT_TIMETABLE, type Timetable } from './payments/payment-picture.ts';
export * from './payments/payment-method.ts';
export * from './provider.ts';
export * from './service/provider-package.ts';
export * from './service/provider-service.ts';
export * from './questions/question.ts';
export * from './refunds/refunds.ts';
export { DEFAULT_KIT_SETTINGS, type KitSettings } from './settings.ts';
