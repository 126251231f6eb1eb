import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { placeholder } from './variables.ts'

/** The dashboards of the kit: their uids, by which alerts and links name them, and titles. */
export const dashboardTitles = {
  overview: 'Overview',
  service: 'Service',
  messaging: 'Messaging',
  security: 'Security',
} as const
export type DashboardUid = keyof typeof dashboardTitles

export interface Link {
  readonly title: string
  readonly url: string
}

/**
 * A link from a value to a dashboard, with the time range of the page it is on.
 *
 * @param variables by name; a value may be a variable of data links, such as `__field.labels.service_name`
 */
export function dashboardLink(
  title: string,
  uid: DashboardUid,
  variables: Readonly<Record<string, string>>,
): Link {
  const parameters = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`)
  return {
    title,
    url: `/d/${uid}?${[...parameters, placeholder('__url_time_range')].join('&')}`,
  }
}

/** From a series with a label `service_name` to that service's dashboard. */
export const toService: Link = dashboardLink('Open service', 'service', {
  service: placeholder('__field.labels.service_name'),
})

/** From a series with a label `service_instance_id` to the service's dashboard, that replica alone. */
export const toInstance: Link = dashboardLink('Open this replica', 'service', {
  service: placeholder('__field.labels.service_name'),
  instance: placeholder('__field.labels.service_instance_id'),
})

/** The SDK tucks every link away in the controls menu, where nobody looks at 3 a.m.: this takes it out. */
function inPlainView(builder: DashboardLinkBuilder): Builder<DashboardLink> {
  return {
    build: () => {
      const { placement: _, ...link } = builder.build()
      return link
    },
  }
}

/** Links of a panel's values as the SDK wants them. */
export const dataLinks = (links: readonly Link[]): Builder<DashboardLink>[] =>
  links.map(({ title, url }) =>
    inPlainView(new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url)),
  )

/** A link at the top of a dashboard to another one, with variables and time range. */
export const dashboardTab = (uid: DashboardUid): Builder<DashboardLink> =>
  inPlainView(
    new DashboardLinkBuilder(dashboardTitles[uid])
      .type(DashboardLinkType.Link)
      .icon('dashboard')
      .url(`/d/${uid}`)
      .includeVars(true)
      .keepTime(true),
  )

/** From a cell that holds a service's name. */
export const cellToService: Link = dashboardLink('Open service', 'service', {
  service: placeholder('__value.raw'),
})
