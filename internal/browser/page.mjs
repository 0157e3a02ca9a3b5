// Opens exported pages without a network and looks at every picture and formula.
//
//   node page.mjs [--screenshots FOLDER] PAGE.html...
import { mkdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { blank, check, contrast, launch } from './browser.mjs'

const { values: { screenshots }, positionals } = parseArgs({ options: { screenshots: { type: 'string' } }, allowPositionals: true })
check(positionals.length > 0, 'want the HTML pages to look at')
const browser = await launch()
try {
  for (const path of positionals) await look(path)
} catch (error) {
  console.error(`FAILED: ${error.message}`)
  process.exitCode = 1
} finally {
  await browser.close()
}

async function look(path) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } })
  const wanted = []
  await page.route('**/*', route => { // nothing but the page itself
    const url = route.request().url()
    if (url === pathToFileURL(resolve(path)).href || url.startsWith('data:')) return route.continue()
    wanted.push(url)
    return route.abort()
  })
  await page.goto(pathToFileURL(resolve(path)).href)
  if (screenshots) {
    mkdirSync(screenshots, { recursive: true })
    await page.screenshot({ path: join(screenshots, `${basename(path, '.html')}-page.png`), fullPage: true })
  }
  check(wanted.length === 0, `${path} wants what is not in it: ${wanted.join(', ')}`)
  const pictures = await page.locator('img, svg').filter({ visible: true }).all()
  check(pictures.length > 0, `${path}: no picture`)
  for (const [i, picture] of pictures.entries()) {
    const loaded = await picture.evaluate(p => p.tagName !== 'IMG' || p.decode().then(() => p.naturalWidth > 0, () => false))
    check(loaded, `${path}: picture ${i + 1} of ${pictures.length} is broken`)
    const seen = await contrast(page, picture)
    check(seen > blank, `${path}: picture ${i + 1} of ${pictures.length} is blank: its brightness varies by ${seen.toFixed(1)}, want more than ${blank}`)
  }
  const spots = await page.evaluate(() => {
    const found = { all: 0, astray: [] }
    for (const image of document.querySelectorAll('img[usemap]')) {
      image.scrollIntoView({ block: 'center' })
      const box = image.getBoundingClientRect()
      for (const area of document.querySelectorAll(`map[name="${image.useMap.slice(1)}"] area`)) {
        const c = area.coords.split(',').map(Number), n = c.length
        const [x, y] = area.shape === 'circle' ? c : [(c[0] + c[n - 2]) / 2, (c[1] + c[n - 1]) / 2] // an outline's ends are on both sides of its line
        found.all++
        if (!document.elementFromPoint(box.left + x, box.top + y)?.title) found.astray.push(area.title) // another area may lie over this one
      }
    }
    return found
  })
  check(spots.astray.length === 0, `${path}: nothing is said under the mouse where this should be: ${spots.astray.join(' | ')}`)
  const formulas = await page.evaluate(() => {
    const shown = [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect()).map(box => box.width > 0 && box.height > 0)
    // What is left of a formula that was not rendered: dollar signs around it, or a command of TeX.
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const raw = []
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (node.parentElement.closest('pre, script, style, annotation')) continue
      if (/\$[^$]+\$|\\[([]|\\[a-zA-Z]{2,}|\\,/.test(node.data)) raw.push(node.data.trim())
    }
    return { shown, raw }
  })
  check(formulas.raw.length === 0, `${path}: formulas that were not rendered: ${formulas.raw.join(' | ')}`)
  check(formulas.shown.every(Boolean), `${path}: a formula takes no room`)
  console.log(`${path}: ${pictures.length} pictures with ${spots.all} spots and ${formulas.shown.length} formulas shown without a network`)
  await page.close()
}
