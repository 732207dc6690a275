import { Module } from '@nestjs/common';
import { ApplyConnectionStates } from './apply-connection-states.ts';
import { ConnectionCommands } from './connection-commands.ts';
import { ConnectionFactsController } from './connection-facts.controller.ts';
import { ConnectionsController } from './connections.controller.ts';
import { Connections } from './connections.ts';
import { CutConnections } from './cut-connections.ts';

@Module({
  controllers: [ConnectionsController, ConnectionFactsController],
  providers: [Connections, ConnectionCommands, CutConnections, ApplyConnectionStates],
  exports: [CutConnections],
})
export class ConnectionsModule {}
