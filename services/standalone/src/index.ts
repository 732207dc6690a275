/** Every service in one process. */
export { loadConfig, type StandaloneConfig } from './config.ts';
export { type RunningStandalone, startStandalone } from './standalone.ts';
