import { objectives as all, BURN_CONDITIONS, latencySeconds } from '@faultline/slo'

/** The objectives whose lines stand on panels, also on those of services that have none of their own. */
export const objectives = {
  errorBudget: all['catalog-availability'].errorBudget,
  latencySeconds: latencySeconds('catalog-latency'),
  ticketSeconds: latencySeconds('ticket-in-time'),
} as const

const [fast, slow] = BURN_CONDITIONS.page

/** Burn rates above which the page goes. */
export const pageBurnRates = { fast: fast.burnRate, slow: slow.burnRate } as const
