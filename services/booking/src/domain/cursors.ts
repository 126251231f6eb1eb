/** The cursors of booking's list; see contracts for the format. */
import { cursorFormat, idSchema, instantSchema } from '@faultline/contracts'
import { z } from 'zod'
import type { OrderPosition } from '../repositories/orders.ts'

/** Made for one user: the user's id is the filter that it is bound to. */
export const orderCursor = cursorFormat<OrderPosition>('orders', z.tuple([instantSchema, idSchema]))
