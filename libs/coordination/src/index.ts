/** Who does what when: poll schedule, wake-ups, slots, rate limits, work done once; in memory for one process, in Redis for many. */
export * from './answers.ts';
export * from './memory-poll-schedule.ts';
export * from './poll-schedule.ts';
export { checkRedis, watchFitness } from './redis/check-redis.ts';
export { redisAddress } from './redis/redis-address.ts';
export { RedisAnswers } from './redis/redis-answers.ts';
export { RedisAway } from './redis/redis-away.ts';
export { connectRedis, type RedisConnectionOptions, type RedisHandle } from './redis/redis-handle.ts';
export { RedisPollSchedule, type RedisPollScheduleOptions } from './redis/redis-poll-schedule.ts';
export { RedisSingleFlight, type RedisSingleFlightOptions } from './redis/redis-single-flight.ts';
export { RedisSlots, type RedisSlotsOptions } from './redis/redis-slots.ts';
export { RedisTokenBuckets } from './redis/redis-token-buckets.ts';
export { RedisWakeUps } from './redis/redis-wake-ups.ts';
export { SteadyPollSchedule } from './redis/steady-poll-schedule.ts';
export * from './single-flight.ts';
export * from './slots.ts';
export * from './token-buckets.ts';
export * from './wake-ups.ts';
