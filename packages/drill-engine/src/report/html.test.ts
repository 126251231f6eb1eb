import { expect, test } from 'vitest'
import { embedded, html } from './html.ts'

test('what comes from outside is text, never markup', () => {
  expect(html`<p title="${'"x"'}">${'<script>'}</p>`.text).toBe('<p title="&quot;x&quot;">&lt;script&gt;</p>')
})

test('markup, lists, numbers and nothing are put in as they are', () => {
  expect(html`<ul>${[html`<li>${1}</li>`, html`<li>b</li>`]}${undefined}${false}</ul>`.text).toBe(
    '<ul><li>1</li><li>b</li></ul>',
  )
})

test('embedded data cannot end its script', () => {
  const { text } = embedded({ line: '</script><script>alert(1)' })
  expect(text).not.toContain('<')
  expect(JSON.parse(text)).toEqual({ line: '</script><script>alert(1)' })
})
