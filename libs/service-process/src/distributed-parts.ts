import { readFileSync } from 'node:fs';
import { commandsTopic, EVENTS_CONSUMER, EVENTS_TOPIC } from '@tolem/contracts';
import {
  type Answers,
  checkRedis,
  connectRedis,
  MemoryPollSchedule,
  type PollSchedule,
  RedisAnswers,
  RedisPollSchedule,
  RedisSlots,
  RedisTokenBuckets,
  RedisWakeUps,
  type Slots,
  SteadyPollSchedule,
  type TokenBuckets,
  type WakeUps,
  watchFitness,
} from '@tolem/coordination';
import type { Clock } from '@tolem/domain';
import { type KafkaBus, startKafkaBus } from '@tolem/messaging';
import type { Logger } from '@tolem/observability';
import { busTopology, CONSUMERS } from './bus-topology.ts';
import { type DistributedConfig, kafkaConnection } from './distributed-config.ts';

/** What all processes of an installation share. */
export interface DistributedParts {
  readonly bus: KafkaBus;
  readonly schedule: PollSchedule;
  readonly slots: Slots;
  readonly wakeUps: WakeUps;
  readonly answers: Answers;
  readonly buckets: TokenBuckets;
  /** After the services that use them. */
  close(): Promise<void>;
}

/**
 * Connects a service to the brokers and to Redis. Where one of them is away the service starts all the same: readiness
 * tells of the brokers, and without Redis everything works, only slower.
 *
 * @throws TolemError `redis_unfit` for a Redis that must not be used
 */
export async function connectParts(
  service: string,
  config: DistributedConfig,
  around: { readonly clock: Clock; readonly logger: Logger; readonly onFatal: (error: Error) => void },
): Promise<DistributedParts> {
  const { clock, logger, onFatal } = around;
  const redis = connectRedis({
    url: config.redisUrl,
    keyPrefix: config.redisPrefix,
    ...(config.redisCaFile === undefined ? {} : { ca: readFileSync(config.redisCaFile, 'utf8') }),
    clock,
    onError: (err, what) => logger.warn({ err, what }, 'Redis is in trouble: the work goes on without it'),
  });
  try {
    if ((await checkRedis(redis)) === 'away') logger.warn({}, 'Redis does not answer: the work begins without it');
    // A process that works already goes on and says so: ending it would stop payments, which an evicting Redis only slows.
    watchFitness(redis, (err) => logger.error({ err }, 'this Redis must not be used: mend it before keys are missing'));
    const bus = await startKafkaBus({
      ...kafkaConnection(config),
      clientId: `tolem-${service}`,
      prefix: config.busPrefix,
      topology: topologyFor(service),
      clock,
      onError: (err, where) => logger.warn({ err, where }, 'the bus pauses and tries again'),
      onFatal,
    });
    const slots = new RedisSlots(redis, { clock });
    const wakeUps = new RedisWakeUps(redis);
    const answers = new RedisAnswers(redis);
    return {
      bus,
      slots,
      wakeUps,
      answers,
      buckets: new RedisTokenBuckets(redis, { clock }),
      schedule: new SteadyPollSchedule(
        new RedisPollSchedule(redis, { name: service, clock }),
        new MemoryPollSchedule(clock),
      ),
      close: async () => {
        await bus.close();
        await slots.close();
        wakeUps.close();
        answers.close();
        await redis.close();
      },
    };
  } catch (error) {
    await redis.close();
    throw error;
  }
}

/** The topics that a service has to do with; the brokers need not let it see others. */
function topologyFor(service: string): Readonly<Record<string, readonly string[]>> {
  const providers = CONSUMERS.filter((name) => name !== EVENTS_CONSUMER);
  const all = busTopology(providers);
  if (!providers.includes(service)) return all;
  return Object.fromEntries(
    Object.entries(all).filter(([topic]) => [EVENTS_TOPIC, commandsTopic(service)].includes(topic)),
  );
}
