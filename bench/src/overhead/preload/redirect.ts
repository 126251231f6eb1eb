import { registerHooks } from 'node:module'

/**
 * From here on, whoever imports one of some modules gets another in its place. Modules are named by what an import
 * leads to, so that it does not matter how it is written.
 *
 * @param modules URLs of the modules that are replaced
 * @param replacement URL of the module that stands in for them
 */
export function redirect(modules: readonly string[], replacement: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      return modules.includes(resolved.url) ? { ...resolved, url: replacement } : resolved
    },
  })
}
