/**
 * Turns vitest's JSON report and `npm test`'s exit code into the closing line `N passed, N failed`.
 * A check that failed before vitest ran, a skipped test and an empty run all count as a failure: CI must not
 * be green because something was left out.
 */
import { existsSync, readFileSync } from 'node:fs'

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numFailedTestSuites: number
}

const [reportPath = '', exitCode = '1'] = process.argv.slice(2)
const report: VitestReport | undefined = existsSync(reportPath)
  ? (JSON.parse(readFileSync(reportPath, 'utf8')) as VitestReport)
  : undefined

const passed = report?.numPassedTests ?? 0
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
let failed = report?.numFailedTests ?? 0

if (!report) console.error('npm test ended before the tests ran: see the type check and lint output above')
if (skipped > 0) console.error(`${skipped} test(s) were skipped; none may be`)
failed += skipped
if (failed === 0 && (exitCode !== '0' || passed === 0)) failed = Math.max(1, report?.numFailedTestSuites ?? 0)

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
