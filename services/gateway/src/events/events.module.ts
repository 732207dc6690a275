import { Module } from '@nestjs/common';
import type { GatewayConfig } from '../config.ts';
import { CONFIG } from '../tokens.ts';
import { EventReaders } from './event-readers.ts';
import { DEFAULT_EVENT_SETTINGS, EVENT_SETTINGS, type EventSettings } from './event-settings.ts';
import { EventStore } from './event-store.ts';
import { EventsController } from './events.controller.ts';
import { ReadEvents } from './read-events.ts';

/**
 * Reading what happened. Events are written by the SQL function record_event, in the statement that changes what they tell
 * of; here they are read by a cursor that never skips one.
 */
@Module({
  controllers: [EventsController],
  providers: [
    {
      provide: EVENT_SETTINGS,
      inject: [CONFIG],
      useFactory: (config: GatewayConfig): EventSettings => ({
        ...DEFAULT_EVENT_SETTINGS,
        maxWaiters: config.maxWaiters,
      }),
    },
    EventStore,
    EventReaders,
    ReadEvents,
  ],
  exports: [EventReaders],
})
export class EventsModule {}
