export { type NumberRange, readCommandLine, readNumber } from './commands/command-line.ts';
export type { DistributedHouseInput, HouseProcess } from './house/distributed-house-input.ts';
export { DistributedHouse } from './house/distributed-house.ts';
export { readSandboxLine, type SandboxReady } from './house/sandbox.ts';
export { ApiClient } from './onboarding/api.ts';
export { onboard, type Onboarded } from './onboarding/onboard.ts';
export { askedToStop } from './processes/asked-to-stop.ts';
export { Child } from './processes/child.ts';
export { anyFreePort, choosePort, isPortFree } from './processes/ports.ts';
export { waitUntilReady } from './processes/ready.ts';
export { isAlive } from './processes/running-process.ts';
export { ensureDatabase } from './services/database.ts';
export { HOUSE_PROGRAMS, STACK_PROGRAMS, type StackPrograms } from './services/programs.ts';
export { readReplicas, type Replicas } from './services/replicas.ts';
export { DATABASE, migrateEnvironment, serviceEnvironment } from './services/stack-env.ts';
export { type KafkaOptions, type RunningKafka, startKafka } from './stores/kafka/kafka.ts';
export {
  forgetPostgres,
  type PostgresOptions,
  type RunningPostgres,
  startPostgres,
} from './stores/postgres/postgres.ts';
export { type RedisOptions, type RunningRedis, startRedis } from './stores/redis/redis.ts';
export type { StoreName } from './stores/stores.ts';
export { type Output, standardOutput } from './terminal/output.ts';
export { PlainFailure, withPlainFailures } from './terminal/plain-failure.ts';
export { displayDuration, Progress, type Step } from './terminal/progress.ts';
export { systemErrorCode } from './terminal/system-error-code.ts';
export { forgetStack } from './tolem-folder/forget.ts';
export { type LocalJson, readLocalJson, type StackJson } from './tolem-folder/local-json.ts';
export { makeSecrets, type Secrets } from './tolem-folder/secrets.ts';
export {
  REPOSITORY,
  type StackFolder,
  stackFolder,
  type TolemFolder,
  tolemFolder,
} from './tolem-folder/tolem-folder.ts';
