export { type LocalJson, readLocalJson } from './local-json.ts';
export { PlainFailure } from './plain-failure.ts';
export { anyFreePort, choosePort, isPortFree } from './ports.ts';
export { forgetPostgres, type PostgresOptions, type RunningPostgres, startPostgres } from './postgres.ts';
