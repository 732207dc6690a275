/**
 * Redis cannot be asked: no connection, no answer in time, or it refuses work (full, loading, a replica). Its code begins
 * as those of broken connections do, so that it counts as trouble of infrastructure wherever it arrives.
 */
export class RedisAway extends Error {
  readonly code = 'ECONN_REDIS';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RedisAway';
  }
}
