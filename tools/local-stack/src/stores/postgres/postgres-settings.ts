export interface PostgresSettings {
  port: number;
  /** True: what is committed survives a power cut. False only for clusters that are thrown away. */
  durable: boolean;
  maxConnections: number;
}

/**
 * Command-line settings of the server: sized for a machine with 2 cores that also runs everything else, reachable from
 * this machine only, and without a Unix socket, whose folder might be missing or shared.
 */
export function postgresArguments(clusterDir: string, settings: PostgresSettings): string[] {
  const common: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port: settings.port,
    unix_socket_directories: '',
    max_connections: settings.maxConnections,
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    checkpoint_timeout: '10min',
    max_worker_processes: 4,
    max_parallel_workers: 2,
    max_parallel_workers_per_gather: 1,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    password_encryption: 'scram-sha-256',
  };
  const durability: Record<string, string | number> = settings.durable
    ? { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }
    : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: 0 };
  const flags = Object.entries({ ...common, ...durability }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', clusterDir, ...flags];
}

/**
 * Arguments of initdb. The builtin locale provider gives the same order and the same upper and lower case on every
 * machine, whatever locales its system has installed.
 */
export function initdbArguments(clusterDir: string, passwordFile: string, durable: boolean): string[] {
  return [
    `--pgdata=${clusterDir}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ];
}
