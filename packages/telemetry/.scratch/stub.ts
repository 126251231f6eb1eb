import http from 'node:http'
const items = Array.from({ length: 20 }, (_, i) => ({ id: `0190${i}a7e-1b1f-4b7c-9d2f-00000000000${i}`, name: 'Concert ' + i + ' '.padEnd(80, 'x'), city: 'Berlin', venueId: 'abcd', startsAt: '2026-12-01T20:00:00Z', priceCents: 4200 + i, available: i * 7, tags: ['a', 'b', 'c'], description: 'y'.repeat(120) }))
const body = Buffer.from(JSON.stringify({ items, nextCursor: null }).padEnd(8192, ' '))
http.createServer((q, s) => { s.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }); s.end(body) }).listen(8151, '127.0.0.1')
http.createServer((q, s) => { q.on('data', () => {}); q.on('end', () => s.end()) }).listen(8152, '127.0.0.1')
