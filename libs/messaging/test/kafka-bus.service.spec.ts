import { afterAll, beforeAll } from '@jest/globals';
import { busContract } from './bus-contract.ts';
import { KAFKA_START_TIMEOUT_MS, kafkaBusUnderTest, testKafka, type TestKafka } from './test-kafka.ts';

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await testKafka();
}, KAFKA_START_TIMEOUT_MS);
afterAll(() => kafka.stop());

busContract('the bus of many machines', (setting) => kafkaBusUnderTest(kafka, setting));
