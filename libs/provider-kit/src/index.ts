/** What a provider service is made of. Knows no provider. */
export * from './migrate-command.ts';
export * from './migrate-provider.ts';
export { DEFAULT_TIMETABLE, failureOf, type Timetable } from './payment-life.ts';
export * from './provider.ts';
export * from './provider-service.ts';
export { DEFAULT_KIT_SETTINGS, type KitSettings } from './settings.ts';
