/** One service as a process of its own: configuration, what it shares with other processes, its orderly start and end. */
export { busTopology, CONSUMERS } from './bus-topology.ts';
export { type DistributedConfig, distributedConfig } from './distributed-config.ts';
export {
  CHECK_MS,
  hostProcess,
  processConfig,
  STOP_MS,
  type ProcessHost,
  type RunningProcess,
} from './host-process.ts';
export { runProcess, type ProcessProgram } from './run-process.ts';
export { runService } from './run-service.ts';
export { runTopicsCommand } from './topics-command.ts';
export type { HostedService, ServiceAround, ServicePackage } from './service-package.ts';
export { watchBus } from './watch-bus.ts';
