import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { anyFreePort } from '../../processes/ports.ts';
import { kafkaLeads } from './kafka-probe.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** Somebody who says this to whoever asks. */
async function answering(answer: Buffer | undefined): Promise<number> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answer !== undefined && socket.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Metadata v1 of one broker at port 9 that is its own controller, with one topic of one partition. */
function metadata({ controller = 1, leader = 1 }): Buffer {
  const body = Buffer.concat([
    int32(1, 1, 1),
    text('127.0.0.1'),
    int32(9),
    int16(-1),
    int32(controller, 1),
    int16(0),
    text('events'),
    Buffer.from([0]),
    int32(1),
    int16(0),
    int32(0, leader, 1, 1, 1, 1),
  ]);
  return Buffer.concat([int32(body.length), body]);
}

function int32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => buffer.writeInt32BE(value, index * 4));
  return buffer;
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value)]);
}

describe('the question whether Kafka works', () => {
  it('is answered with yes by a broker that leads every partition', async () => {
    expect(await kafkaLeads(await answering(metadata({})))).toBe(true);
  });

  it('is answered with no while a partition has no leader or the broker no controller', async () => {
    expect(await kafkaLeads(await answering(metadata({ leader: -1 })))).toBe(false);
    server?.close();
    expect(await kafkaLeads(await answering(metadata({ controller: -1 })))).toBe(false);
  });

  it('is answered with no where nobody listens, somebody else does, or nobody answers in time', async () => {
    expect(await kafkaLeads(await anyFreePort())).toBe(false);
    expect(await kafkaLeads(await answering(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')))).toBe(false);
    server?.close();
    expect(await kafkaLeads(await answering(undefined), 50)).toBe(false);
  });
});
