import { startKafkaBus } from '../../src/kafka/kafka-bus.ts';

// A process that dies: joins a group, and either never comes to an end with what it was given, or does so and is gone before
// its offsets are committed.
const [brokers = '', prefix = '', consumer = '', topic = '', does = 'hangs'] = process.argv.slice(2);
const bus = await startKafkaBus({
  brokers: brokers.split(','),
  clientId: 'spec-child',
  prefix,
  onError: () => undefined,
  onFatal: () => process.exit(1),
  // What is waited for after its death is the end of its session.
  timing: { sessionTimeoutMs: 1_500, heartbeatMs: 300, fetchWaitMs: 100 },
});
bus.subscribe(consumer, [topic], async (batch) => {
  for (const { body } of batch) console.log(`has ${String(body)}`);
  if (does === 'hangs') await new Promise(() => undefined);
  setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  return batch.map(() => 'done');
});
