// Draws every chart of the page. Runs in the browser, after uPlot, with the data of the element #data.
const { charts, phases, marks } = JSON.parse(document.getElementById('data').textContent)

const PHASE_COLOURS = {
  baseline: 'rgba(60, 140, 90, 0.07)',
  fault: 'rgba(200, 50, 40, 0.13)',
  recovery: 'rgba(225, 160, 30, 0.11)',
  cure: 'rgba(40, 110, 200, 0.10)',
}
const LINE_COLOURS = ['#c0392b', '#2c6fbb', '#2d8a5f', '#8e5bb5', '#c98a12', '#555']

/** Phases as bands behind the lines, with their names; alerts and thresholds above them. */
function annotate(threshold) {
  return {
    hooks: {
      drawClear: [
        (plot) => {
          const { ctx, bbox } = plot
          ctx.save()
          for (const { name, start, end } of phases) {
            const left = Math.max(bbox.left, plot.valToPos(start, 'x', true))
            const right = Math.min(bbox.left + bbox.width, plot.valToPos(end, 'x', true))
            if (right <= left) continue
            ctx.fillStyle = PHASE_COLOURS[name]
            ctx.fillRect(left, bbox.top, right - left, bbox.height)
            ctx.fillStyle = '#666'
            ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
            ctx.fillText(name, left + 5, bbox.top + 14 * devicePixelRatio)
          }
          ctx.restore()
        },
      ],
      draw: [
        (plot) => {
          const { ctx, bbox } = plot
          ctx.save()
          ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio])
          if (threshold !== undefined) {
            const y = plot.valToPos(threshold, 'y', true)
            ctx.strokeStyle = '#444'
            line(ctx, bbox.left, y, bbox.left + bbox.width, y)
          }
          for (const { time, kind } of marks) {
            const x = plot.valToPos(time, 'x', true)
            if (x < bbox.left || x > bbox.left + bbox.width) continue
            ctx.strokeStyle = kind === 'fired' ? '#b3261e' : '#2d8a5f'
            line(ctx, x, bbox.top, x, bbox.top + bbox.height)
          }
          ctx.restore()
        },
      ],
    },
  }
}

function line(ctx, x1, y1, x2, y2) {
  ctx.lineWidth = 1.4 * devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(x1, y1)
  ctx.lineTo(x2, y2)
  ctx.stroke()
}

/** One axis of time for lines whose samples may lie at different times. */
function joined(lines) {
  return uPlot.join(lines.map(({ times, values }) => [times, values]))
}

/** UTC, as everywhere else on the page. */
const clock = (_plot, times) => times.map((time) => new Date(time * 1000).toISOString().slice(11, 19))

function format(unit) {
  return (_plot, values) =>
    values.map((value) => {
      if (unit === 'ratio') return `${+(value * 100).toFixed(1)} %`
      if (unit === 'seconds') return value < 1 ? `${Math.round(value * 1000)} ms` : `${+value.toFixed(1)} s`
      return String(value)
    })
}

for (const { id, lines, unit, threshold, from, to, top } of charts) {
  const place = document.getElementById(id)
  if (lines.length === 0) {
    place.textContent = 'No data.'
    continue
  }
  const data = joined(lines)
  const size = () => ({ width: place.clientWidth, height: Number(place.dataset.height ?? 190) })
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: lines.length > 1, live: false },
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { range: () => [from, to] },
        y: { range: (_plot, _low, high) => [0, Math.max(high, threshold ?? 0, top ?? 0) * 1.12 || 1] },
      },
      axes: [
        { grid: { stroke: '#eee' }, values: clock, space: 80 },
        { grid: { stroke: '#eee' }, values: format(unit), size: 62 },
      ],
      series: [
        {},
        ...lines.map(({ label }, i) => ({
          label,
          stroke: LINE_COLOURS[i % LINE_COLOURS.length],
          width: 1.8,
          points: { show: false },
        })),
      ],
      plugins: [annotate(threshold)],
    },
    data,
    place,
  )
  addEventListener('resize', () => plot.setSize(size()))
}
