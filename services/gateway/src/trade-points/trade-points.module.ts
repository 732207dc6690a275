import { Module } from '@nestjs/common';
import { TradePointsController } from './trade-points.controller.ts';
import { TradePoints } from './trade-points.ts';

@Module({ controllers: [TradePointsController], providers: [TradePoints] })
export class TradePointsModule {}
