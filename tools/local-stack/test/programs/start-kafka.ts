import { startKafka } from '../../src/stores/kafka/kafka.ts';

// A parent that can be killed: starts Kafka in the folder given, tells where it is, and stays.
const kafka = await startKafka({ dataDir: process.argv[2] ?? '', quick: true });
console.log(JSON.stringify({ pid: kafka.pid, brokers: kafka.brokers }));
setInterval(() => undefined, 60_000);
