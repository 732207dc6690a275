/** Every service in one process. */
export { configureServices, type HouseOfServices } from './config.ts';
export { startStandalone } from './standalone.ts';
