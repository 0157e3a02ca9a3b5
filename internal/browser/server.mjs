// Starts JupyterLab from gomtl's set-up.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * startLab starts JupyterLab on a folder of notebooks and resolves when it answers. Its settings, log and runs go to the folder work, so that nothing
 * of the user's is touched. The caller stops it.
 */
export async function startLab(gomtl, folder, work) {
  const python = join(await environment(gomtl), 'bin', 'python')
  const token = randomBytes(16).toString('hex')
  const port = await freePort()
  mkdirSync(work, { recursive: true })
  const logFile = join(work, 'lab.log')
  const log = openSync(logFile, 'w')
  const child = spawn(python, ['-m', 'jupyterlab', '--no-browser', '--allow-root', `--port=${port}`, '--ServerApp.port_retries=0',
    `--notebook-dir=${folder}`, `--IdentityProvider.token=${token}`, '--LabApp.expose_app_in_browser=True'], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env, PYTHONNOUSERSITE: '1', GOMTL_RUNS: join(work, 'runs'), JUPYTER_PREFER_ENV_PATH: '1',
      JUPYTER_CONFIG_DIR: join(work, 'config'), JUPYTER_DATA_DIR: join(work, 'data'), JUPYTER_RUNTIME_DIR: join(work, 'runtime'),
    },
  })
  let running = true
  const ended = new Promise(resolve => child.once('exit', resolve).once('error', resolve)).then(() => { running = false })
  const stop = async () => {
    child.kill('SIGTERM') // it ends its kernels first
    await Promise.race([ended, sleep(30_000, null, { ref: false })])
    if (running) child.kill('SIGKILL')
    await ended
  }
  const url = `http://127.0.0.1:${port}`
  for (const end = Date.now() + 120_000; ; await sleep(200)) {
    const answer = await fetch(`${url}/api/status?token=${token}`).catch(() => null)
    if (answer?.ok) return { url, token, stop, logFile }
    if (!running || answer || Date.now() > end) {
      await stop()
      throw new Error(`JupyterLab did not start (${answer?.status ?? 'no answer'}):\n${readFileSync(logFile, 'utf8').slice(-3000)}`)
    }
  }
}

/** environment returns the folder of the Python environment that `gomtl setup` made. */
async function environment(gomtl) {
  const parts = await new Promise((resolve, reject) => execFile(gomtl, ['doctor', '-json'], (error, out, complaint) => {
    // It exits with 1 when any part is broken; that part may be another one.
    try { resolve(JSON.parse(out)) } catch { reject(error ?? new Error(complaint)) }
  }))
  const broken = parts.filter(part => !part.ok && !part.optional)
  if (broken.length) throw new Error(broken.map(part => `${part.name}: ${part.error}; mend it with: ${part.mend}`).join('\n'))
  return parts.find(part => part.name === 'JupyterLab').path
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
