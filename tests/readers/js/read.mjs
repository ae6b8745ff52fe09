// Prints what js-yaml reads in files. See ../README.md.
//
// usage: node read.mjs PACKAGE_JSON MODULE FILE…
//
// PACKAGE_JSON lies beside the node_modules in which MODULE is.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [packageJson, module, ...files] = process.argv.slice(2)
const yaml = createRequire(packageJson)(module)

function shown (value) {
  if (Array.isArray(value)) return value.map(shown)
  if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, shown(of)]))
  }
  return { [value.constructor.name]: String(value) }
}

function read (file) {
  try {
    return { document: shown(yaml.load(readFileSync(file, 'utf8'))) }
  } catch (error) {
    if (error instanceof yaml.YAMLException) return { error: error.message }
    throw error
  }
}

for (const file of files) process.stdout.write(JSON.stringify(read(file)) + '\n')
