// Drives JupyterLab on the first part of a notebook, up to the figure after its first live training cell: run all, watch the live figure,
// interrupt, run again, see it go on and complete; the dark theme; the saved notebook opened untrusted.
//
//   node lab.mjs GOMTL NOTEBOOK FOLDER [SCREENSHOTS]
//
// GOMTL is the gomtl program. FOLDER, beside the notebook's own in the repository, gets the copy that is driven, and browser/ with all else.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { blank, check, contrast, launch } from './browser.mjs'
import { startLab } from './server.mjs'

const [gomtl, source, folder, screenshots] = process.argv.slice(2).map(p => resolve(p))
const work = join(folder, 'browser')
const minute = 60_000
const wantedRate = 2 // live pictures a second

const began = Date.now()
const say = text => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`)

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const { cells, training } = firstPart()
const slow = [] // trainings whose live pictures came too seldom
const lab = await startLab(gomtl, folder, work)
say('JupyterLab answers')
let browser
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    console.error(`stopped by ${signal}`)
    await Promise.all([browser?.close(), lab.stop()])
    process.exit(1)
  })
}
try {
  browser = await launch()
  await drive(await browser.newPage({ viewport: { width: 1280, height: 1800 } }))
  check(slow.length === 0, slow.join('\n')) // the rest is worth knowing first
  say('all checks passed')
} catch (error) {
  console.error(`FAILED: ${error.message}\nJupyterLab's log: ${lab.logFile}`)
  const page = browser?.contexts()[0]?.pages()[0]
  await page?.screenshot({ path: join(work, 'failure.png') }).then(() => console.error(`the page: ${join(work, 'failure.png')}`), () => {})
  process.exitCode = 1
} finally {
  await browser?.close()
  await lab.stop()
}

/** firstPart writes the copy, without outputs, and returns its cells and which of them trains. */
function firstPart() {
  const notebook = JSON.parse(readFileSync(source, 'utf8'))
  const code = (cell, word) => cell.cell_type === 'code' && cell.source.join('').includes(word)
  const training = notebook.cells.findIndex(cell => code(cell, 'notebook.Live'))
  const figure = notebook.cells.findIndex((cell, i) => i > training && code(cell, 'notebook.Show'))
  check(training >= 0 && figure > training, `${source}: no cell with notebook.Live and a later one with notebook.Show`)
  notebook.cells.length = figure + 1
  for (const cell of notebook.cells) if (cell.cell_type === 'code') Object.assign(cell, { outputs: [], execution_count: null })
  write('browser.ipynb', notebook)
  return { cells: notebook.cells, training }
}

function write(name, notebook) {
  writeFileSync(join(folder, name), JSON.stringify(notebook, null, 1))
}

async function drive(page) {
  page.setDefaultTimeout(2 * minute)
  await page.goto(`${lab.url}/lab?token=${lab.token}&reset`)
  await page.waitForFunction(() => window.jupyterapp?.restored.then(() => true))
  await open(page, 'browser.ipynb')
  say('JupyterLab is open')

  await watch(page)
  await run(page, 'notebook:run-all-cells')
  await page.waitForFunction(state, 'begun', { timeout: 5 * minute, polling: 100 })
  say('run all: the first live picture')
  await page.waitForFunction(state, 'half', { timeout: 5 * minute, polling: 50 })
  await shoot(page, 'training')
  await page.evaluate(() => window.jupyterapp.commands.execute('kernelmenu:interrupt'))
  await idle(page)
  report('training', await page.evaluate(() => window.frames_))
  const first = await text(page, training)
  const [, step, steps] = first.match(/interrupted at step (\d+) of (\d+); saved in/) ?? []
  check(step, `the interrupted cell does not say that it saved its state:\n${first}`)
  check(0 < +step && +step < +steps, `interrupted at step ${step} of ${steps}: want one in the middle`)
  await errors(page, [training])
  await shoot(page, 'interrupted')
  say(`interrupted and saved at step ${step} of ${steps}`)

  await watch(page)
  await run(page, 'notebook:run-all-below')
  await idle(page)
  report('training, resumed', await page.evaluate(() => window.frames_))
  const second = await text(page, training)
  const from = second.match(/goes on from step (\d+) of/)?.[1]
  check(from === step, `the cell run again goes on from step ${from}, want ${step}:\n${second}`)
  check(second.includes(`${(+steps).toLocaleString('en')} steps in`), `the cell run again does not say that it made all ${steps} steps:\n${second}`)
  await errors(page, [])
  await figures(page, 'svg')
  await shoot(page, 'completed')
  say(`ran again: went on from step ${from}, completed, every figure has content`)

  await page.evaluate(() => window.jupyterapp.commands.execute('docmanager:save'))
  await page.evaluate(() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' }))
  await page.waitForFunction(() => document.body.dataset.jpThemeLight === 'false')
  await figures(page, 'svg')
  await shoot(page, 'dark')
  say('dark theme: every figure has content')

  const saved = JSON.parse(readFileSync(join(folder, 'browser.ipynb'), 'utf8'))
  saved.metadata.title = 'from elsewhere' // trust is by content: a changed notebook is a stranger's
  write('browser-untrusted.ipynb', saved)
  await open(page, 'browser-untrusted.ipynb')
  const trusted = await page.evaluate(() => window.panel_.content.widgets.filter(w => w.model.type === 'code').every(w => w.model.trusted))
  check(!trusted, 'the changed notebook is trusted: this checks nothing')
  await figures(page, 'png')
  await shoot(page, 'untrusted')
  say('opened untrusted: every figure has content')
}

/** open shows a notebook and waits for its kernel; window.panel_ is its panel from here on. */
async function open(page, name) {
  await page.evaluate(async name => {
    const panel = await window.jupyterapp.commands.execute('docmanager:open', { path: name, factory: 'Notebook' })
    await panel.context.ready
    await panel.sessionContext.ready
    await panel.revealed
    window.panel_ = panel
  }, name)
}

/** run starts a command with the training cell active; idle waits for its end. */
async function run(page, command) {
  await page.evaluate(([command, training]) => {
    window.panel_.content.activeCellIndex = training
    window.done_ = false
    window.jupyterapp.commands.execute(command).finally(() => { window.done_ = true })
  }, [command, training])
}

/** idle waits until the command that run started has ended. */
async function idle(page) {
  await page.waitForFunction(() => window.done_, null, { timeout: 5 * minute, polling: 100 })
}

/** watch records in window.frames_ when the live picture of the training cell changes, from now on. */
async function watch(page) {
  await page.evaluate(training => {
    const cell = window.panel_.content.widgets[training]
    window.panel_.content.scrollToItem(training, 'start')
    window.observer_?.disconnect()
    window.frames_ = []
    let last = ''
    window.observer_ = new MutationObserver(async () => {
      const image = cell.outputArea.node.querySelector('img[src^="data:image/svg+xml;base64"]')
      const bar = cell.outputArea.node.querySelector('progress')
      if (!image || !bar || image.src === last) return
      last = image.src
      const frame = { at: performance.now(), step: bar.value, of: bar.max, drawn: false }
      window.frames_.push(frame)
      await image.decode().then(() => { frame.drawn = image.naturalWidth > 0 }, () => {})
    })
    window.observer_.observe(cell.node, { childList: true, subtree: true, attributes: true, attributeFilter: ['src'] })
  }, training)
}

/** state runs in the page: whether training has begun, or is half done, as the live area shows it. */
function state(which) {
  const moving = window.frames_.filter(frame => frame.step > 0)
  if (window.done_) throw new Error('the cells ended before training was seen')
  return which === 'begun' ? moving.length > 0 : moving.some(frame => frame.step >= 0.45 * frame.of)
}

/** report checks the live pictures of one training. */
function report(what, frames) {
  const moving = frames.filter(frame => frame.step > 0)
  check(moving.length >= 2, `${what}: ${moving.length} live pictures, want a figure that moves`)
  const seconds = (moving.at(-1).at - moving[0].at) / 1000
  const rate = (moving.length - 1) / seconds
  const longest = Math.max(...moving.slice(1).map((frame, i) => frame.at - moving[i].at)) / 1000
  const words = `${what}: ${moving.length} live pictures in ${seconds.toFixed(1)} s, ${rate.toFixed(2)} a second, longest wait ${longest.toFixed(2)} s`
  say(words)
  check(moving.slice(0, -1).every(frame => frame.drawn), `${what}: a live picture could not be drawn`) // the last one may be gone too soon
  if (rate < wantedRate) slow.push(`${what}: want ${wantedRate} live pictures a second, got ${rate.toFixed(2)}; seconds from one to the next, by step: ` +
    moving.slice(1).map((frame, i) => `${frame.step}: ${((frame.at - moving[i].at) / 1000).toFixed(2)}`).join(', '))
}

/** text returns what a cell shows as words, of all its outputs. */
function text(page, index) {
  return page.evaluate(index => window.panel_.content.widgets[index].outputArea.node.innerText.replace(/\s+/g, ' '), index)
}

/** errors checks that the cells which ended with an error are exactly these. */
async function errors(page, wanted) {
  const failed = await page.evaluate(() => window.panel_.content.widgets.flatMap((w, i) =>
    w.model.type === 'code' && w.model.outputs.toJSON().some(o => o.output_type === 'error') ? [i] : []))
  for (const index of failed) check(wanted.includes(index), `cell ${index} failed:\n${await text(page, index)}`)
  for (const index of wanted) check(failed.includes(index), `cell ${index} should have ended with an error`)
}

/** figures checks that every figure of the notebook is shown, in this form, and is not blank. */
async function figures(page, form) {
  const address = `data:image/${form}`
  for (const [index, cell] of cells.entries()) {
    if (cell.cell_type !== 'code' || !/notebook\.(Live|Show)/.test(cell.source.join(''))) continue
    await page.evaluate(index => window.panel_.content.scrollToItem(index, 'center'), index)
    const image = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell').nth(index).locator(`.jp-OutputArea-output img[src^="${address}"]`).last()
    await image.waitFor()
    await image.evaluate(image => image.decode())
    const seen = await contrast(page, image)
    check(seen > blank, `the figure of cell ${index} is blank: its brightness varies by ${seen.toFixed(1)}, want more than ${blank}`)
  }
}

async function shoot(page, name) {
  if (!screenshots) return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`) })
}
