/** Marks the record that a log injection would forge. */
export const FORGED = 'forged-record'

/** Header that a response splitting would add. */
export const SPLIT_HEADER = 'x-split'

/** What attackers put into inputs, by what it is meant to break. */
export const attacks: Readonly<Record<string, string>> = {
  'SQL, always true': "' OR '1'='1",
  'SQL, second statement': "x'; DROP TABLE booking.reserved_seats CASCADE; --",
  'SQL, union': "' UNION SELECT username, password_hash FROM gateway.users --",
  'SQL, sleep': "1'||(SELECT pg_sleep(5))||'",
  'SQL, double quotes': '" OR ""="',
  'SQL, backslash': "\\'; SELECT 1; --",
  'header, CRLF': `x\r\n${SPLIT_HEADER}: 1\r\n\r\n<html>`,
  'log, new record': `x\n{"level":50,"time":1,"msg":"${FORGED}"}`,
  'log, JSON': `x","msg":"${FORGED}","y":"`,
  'log, terminal': '\u001b[2J\u001b[31mgone',
  NUL: 'x\u0000y',
  script: '<script>alert(1)</script>',
  template: '{{7*7}}#{7*7}<%= 7*7 %>',
  path: '../../../../etc/passwd',
  prototype: '__proto__',
  'lone surrogate': 'x\ud800y',
}
