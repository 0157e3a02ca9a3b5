// What both checks need: a Chromium that reaches this machine only, and eyes that tell a picture from a blank.
import { execFileSync } from 'node:child_process'
import { chromium } from 'playwright-core'

/** launch starts a headless Chromium for which no other machine exists. The caller closes it. */
export function launch() {
  return chromium.launch({
    executablePath: executable(),
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  })
}

function executable() {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  if (process.env.CHROMIUM) names.unshift(process.env.CHROMIUM)
  for (const name of names) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim()
    } catch { /* the next one */ }
  }
  throw new Error(`no browser: install Debian's package chromium, or let $CHROMIUM name one (looked for ${names.join(', ')})`)
}

/** check throws the message unless the condition holds. */
export function check(condition, message) {
  if (!condition) throw new Error(message)
}

/** contrast returns the standard deviation of an element's brightness as it is seen on the page, of 0 (one colour) to 127. */
export async function contrast(page, element) {
  const png = await element.screenshot({ animations: 'disabled' })
  return page.evaluate(async address => {
    const image = await createImageBitmap(await (await fetch(address)).blob())
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    let sum = 0, squares = 0
    for (let i = 0; i < data.length; i += 4) {
      const brightness = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]
      sum += brightness
      squares += brightness * brightness
    }
    const n = data.length / 4
    return Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 0))
  }, `data:image/png;base64,${png.toString('base64')}`)
}

/** blank is the contrast below which a figure has too few dark pixels for axes and curves. */
export const blank = 8
