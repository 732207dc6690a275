import { Module } from '@nestjs/common';
import { DeskDevices } from '../desks/desk-devices.ts';
import { FirstDevices } from '../onboarding/first-devices.ts';
import { ApplyConnectionStates } from './apply-connection-states.ts';
import { ConnectionCommands } from './connection-commands.ts';
import { ConnectionCredentials } from './connection-credential.ts';
import { ConnectionFactsController } from './connection-facts.controller.ts';
import { ConnectionsController } from './connections.controller.ts';
import { Connections } from './connections.ts';
import { CutConnections } from './cut-connections.ts';

@Module({
  controllers: [ConnectionsController, ConnectionFactsController],
  providers: [
    Connections,
    ConnectionCommands,
    ConnectionCredentials,
    CutConnections,
    ApplyConnectionStates,
    FirstDevices,
    DeskDevices,
  ],
  exports: [Connections, CutConnections],
})
export class ConnectionsModule {}
