import { describe, expect, it } from 'vitest'
import { operationsOf, publicServices } from './public-services.ts'

describe('the public services', () => {
  it.each(publicServices)('$name: has a schema for each value in its paths', (service) => {
    for (const { path, operation } of operationsOf(service)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(Object.keys(operation.requestParams?.path?.shape ?? {}), operation.operationId).toEqual(names)
    }
  })

  it('have names that make a variable, and no two answer the same', () => {
    const names = publicServices.map(({ name }) => name)
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
    expect(new Set(names).size).toBe(names.length)
    const routes = publicServices
      .flatMap(operationsOf)
      .map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`)
    expect(new Set(routes).size).toBe(routes.length)
  })
})
